//! Tooltips make way for what comes up above or beside their widgets.

use std::collections::BTreeSet;

use eframe::egui::{self, Event, Id, LayerId, Order, PointerState, Ui};

use super::App;

impl App {
    /// Draws the window; after something came up under or beside a pointer that rests, as if there were no pointer.
    /// egui keeps a tooltip open while the pointer is where its widget is, also over a window or a question that
    /// covers the widget or the tooltip.
    pub(super) fn uncovered_ui(&mut self, ui: &mut Ui) {
        let ctx = ui.ctx().clone();
        let is_anew = is_covered_anew(&ctx);
        let has_window = has_new_window(&ctx);
        if !is_anew && !has_window {
            self.frame_ui(ui);
            return;
        }
        let pointer = ctx.input_mut(|input| std::mem::take(&mut input.pointer));
        self.frame_ui(ui);
        ctx.input_mut(|input| input.pointer = pointer);
        if is_anew {
            ctx.request_repaint();
        }
    }
}

/// Whether another layer than in the last frame is under the pointer, which did not move.
fn is_covered_anew(ctx: &egui::Context) -> bool {
    let is_at_rest =
        |pointer: &PointerState| pointer.delta() == egui::Vec2::ZERO && !pointer.any_down();
    let (place, rests) = ctx.input(|input| (input.pointer.hover_pos(), is_at_rest(&input.pointer)));
    let now = place.and_then(|place| ctx.layer_id_at(place));
    if now.is_some_and(|layer| layer.order == Order::Tooltip) {
        return false;
    }
    let id = Id::unique("layer under the pointer");
    let before: Option<LayerId> = ctx.data_mut(|data| {
        let before = data.get_temp(id).flatten();
        data.insert_temp(id, now);
        before
    });
    place.is_some() && rests && now != before
}

/// The windows and questions that are open, and whether the pointer was used since the last of them came up.
#[derive(Clone, Default)]
struct Windows {
    open: BTreeSet<u64>,
    is_unused: bool,
}

/// Whether a window or a question came up, or files are dragged over the window, and the pointer was not used since.
fn has_new_window(ctx: &egui::Context) -> bool {
    let open: BTreeSet<u64> = ctx.memory(|memory| {
        let layers = memory.areas().visible_layer_ids().into_iter();
        let windows = layers.filter(|layer| layer.order == Order::Middle);
        let all = windows.chain(memory.top_modal_layer());
        all.map(|layer| layer.id.value()).collect()
    });
    let (is_used, is_dragged) = ctx.input(|input| {
        let is_used = |event: &Event| {
            matches!(
                event,
                Event::PointerMoved(_)
                    | Event::PointerButton { .. }
                    | Event::MouseWheel { .. }
                    | Event::Touch { .. }
            )
        };
        let is_used = input.events.iter().any(is_used) || input.pointer.any_down();
        (is_used, !input.raw.hovered_files.is_empty())
    });
    let id = Id::unique("windows that were open");
    let is_unused = ctx.data_mut(|data| {
        let windows: &mut Windows = data.get_temp_mut_or_default(id);
        let has_new = !open.is_subset(&windows.open);
        windows.open = open;
        windows.is_unused = !is_used && (has_new || windows.is_unused);
        windows.is_unused
    });
    is_unused || is_dragged
}
