//! Where Tab begins in a window that comes up: in it. egui would begin with the menus.

use eframe::egui::{Rect, Sense, Ui, Vec2};

/// The frames of a window that comes up: one in which egui measures it, and one that is seen.
const BEGIN: u64 = 2;

/// The frames in which a window was drawn first and last.
#[derive(Clone, Copy)]
struct Drawn {
    first: u64,
    last: u64,
}

/// Gives the focus of the keyboard to the start of a window that just came up, before its first control. Nothing is
/// shown there, and Tab does not come back to it.
pub fn focus_start(ui: &Ui) {
    let id = ui.scope_id().with("focus start");
    let now = ui.ctx().cumulative_frame_nr();
    let first = ui.data_mut(|data| {
        let before: Option<Drawn> = data.get_temp(id);
        let goes_on = before.filter(|drawn| drawn.last + 1 >= now);
        let first = goes_on.map_or(now, |drawn| drawn.first);
        data.insert_temp(id, Drawn { first, last: now });
        first
    });
    let comes_up = now - first < BEGIN;
    if comes_up || ui.memory(|memory| memory.has_focus(id)) {
        let place = Rect::from_min_size(ui.min_rect().min, Vec2::ZERO);
        let start = ui.interact(place, id, Sense::focusable_noninteractive());
        if comes_up {
            start.request_focus();
        }
    }
}
