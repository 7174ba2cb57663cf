//! Tooltips make way for what comes up above their widgets.

use eframe::egui::{self, LayerId, Order, PointerState, Ui};

use super::App;

impl App {
    /// Draws the window; a frame after something came up under a pointer that rests, as if there were no pointer.
    /// egui keeps a tooltip open while the pointer is where its widget is, also over a window or a question that
    /// covers the widget.
    pub(super) fn uncovered_ui(&mut self, ui: &mut Ui) {
        let ctx = ui.ctx().clone();
        if !is_covered_anew(&ctx) {
            self.frame_ui(ui);
            return;
        }
        let pointer = ctx.input_mut(|input| std::mem::take(&mut input.pointer));
        self.frame_ui(ui);
        ctx.input_mut(|input| input.pointer = pointer);
        ctx.request_repaint();
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
    let id = egui::Id::unique("layer under the pointer");
    let before: Option<LayerId> = ctx.data_mut(|data| {
        let before = data.get_temp(id).flatten();
        data.insert_temp(id, now);
        before
    });
    place.is_some() && rests && now != before
}
