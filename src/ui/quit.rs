//! Asks before the window closes on an active run.

use eframe::egui::{self, Align, Button, Layout, Ui, ViewportCommand};

use super::ui_ext::UiExt as _;

/// The question, and whether it was answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QuitDialog {
    asking: bool,
    confirmed: bool,
}

impl QuitDialog {
    /// Keeps the window open while a run is active, until the user has confirmed.
    pub fn logic(&mut self, ctx: &egui::Context, run_active: bool) {
        let wanted = ctx.input(|input| input.viewport().close_requested());
        if wanted && run_active && !self.confirmed {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            self.asking = true;
        }
    }

    /// Draws the question while it is open.
    pub fn ui(&mut self, ui: &Ui) {
        if !self.asking {
            return;
        }
        let closed = ui.question("quit", "A run is active", |ui| {
            ui.label("Closing the window stops it and saves a checkpoint; you can resume it later");
            ui.add_space(6.0);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if ui.default_button(Button::new("Stop and quit")) {
                    self.confirmed = true;
                    ui.ctx().send_viewport_cmd(ViewportCommand::Close);
                    ui.close();
                }
                if ui.button("Keep training").clicked() {
                    ui.close();
                }
            });
        });
        if closed {
            self.asking = false;
        }
    }
}
