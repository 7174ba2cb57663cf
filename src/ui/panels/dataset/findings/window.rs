//! The list of findings in a window of its own.

use eframe::egui::{Align2, ScrollArea, Ui, Vec2, Window, vec2};

use super::Findings;
use crate::ui::context::PanelCtx;
use crate::ui::ui_ext::is_escaped;

/// Size of the window, in points.
const WINDOW: Vec2 = vec2(620.0, 520.0);
/// Of the whole window of the program, what stays in sight around it.
const AROUND: Vec2 = vec2(40.0, 100.0);

/// Where findings are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// In the panel, below everything else.
    Panel,
    /// In a window of their own: the panel is too low.
    Window,
}

impl Findings {
    /// Draws the list in a window of its own, for a panel that is too low for it.
    pub fn window_ui(&mut self, ctx: &PanelCtx<'_>, ui: &Ui) {
        let egui_ctx = ui.ctx();
        let mut open = !is_escaped(egui_ctx);
        let area = egui_ctx.content_rect();
        Window::new("Findings in the dataset")
            .open(&mut open)
            .collapsible(false)
            .pivot(Align2::CENTER_CENTER)
            .default_pos(area.center())
            .default_size(WINDOW.min(area.size() - AROUND))
            .show(egui_ctx, |ui| {
                ScrollArea::vertical()
                    .auto_shrink(false)
                    .show(ui, |ui| self.list_ui(ctx, ui));
            });
        if !open {
            self.is_listed = Some(false);
        }
    }
}
