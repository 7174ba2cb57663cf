//! The focus of the keyboard: where Tab begins in a window that comes up, in it, where egui would begin with the
//! menus; and how what has the focus is marked that is no widget of egui.

use eframe::egui::{Color32, Id, Rect, Response, Sense, Stroke, StrokeKind, Ui, Vec2};

/// The frames of a window that comes up: one in which egui measures it, and one that is seen.
const BEGIN: u64 = 2;

/// Deeper than any widget lies in its window.
const MOST_PARENTS: usize = 64;

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

/// Outlines what has the focus, as egui does with its buttons.
pub fn focus_outline(ui: &Ui, response: &Response) {
    if response.has_focus() {
        let color = ui.visuals().widgets.active.bg_stroke.color;
        outline(ui, response.rect.shrink(0.5), color);
    }
}

/// Outlines what has the focus within its edges, in the color of the text on its fill.
pub fn focus_outline_within(ui: &Ui, response: &Response, color: Color32) {
    if response.has_focus() {
        outline(ui, response.rect.shrink(2.5), color);
    }
}

fn outline(ui: &Ui, place: Rect, color: Color32) {
    let stroke = Stroke::new(1.5, color);
    ui.painter()
        .rect_stroke(place, 3.0, stroke, StrokeKind::Inside);
}

/// Scrolls to what got the focus out of sight, as by Tab. Called at the end of what is scrolled.
pub fn follow_focus(ui: &Ui) {
    let focused = ui.memory(eframe::egui::Memory::focused);
    let key = ui.scope_id().with("followed focus");
    let before: Option<Id> = ui.data_mut(|data| {
        let before = data.get_temp(key).flatten();
        data.insert_temp(key, focused);
        before
    });
    let gained = focused.filter(|_| focused != before);
    if let Some(place) = gained.and_then(|id| place_in(ui, id))
        && !ui.clip_rect().contains_rect(place)
    {
        ui.scroll_to_rect(place, None);
    }
}

/// Where a widget is that was drawn in `ui`, or in what that holds. Other panels may be where the rest of this one
/// would be if it were not scrolled, so places alone tell nothing.
fn place_in(ui: &Ui, id: Id) -> Option<Rect> {
    let own = ui.unique_id();
    ui.ctx().viewport(|viewport| {
        let widgets = &viewport.this_pass.widgets;
        let place = widgets.get(id)?.rect;
        let parent = |id: &Id| Some(widgets.get(*id)?.parent_id).filter(|parent| parent != id);
        let mut parents = std::iter::successors(parent(&id), parent).take(MOST_PARENTS);
        parents.any(|parent| parent == own).then_some(place)
    })
}
