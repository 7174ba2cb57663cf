//! Asks before the window closes on an active run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use eframe::egui::{self, Align, Button, Layout, Ui, ViewportCommand};

use crate::engine::on_stop_signal;

use super::ui_ext::UiExt as _;
use super::window::wait_until_unwanted;

/// The question, and whether it was answered.
#[derive(Debug, Clone, Default)]
pub struct QuitDialog {
    asking: bool,
    confirmed: bool,
    /// Set when the system wants the program to end: then nobody is asked.
    demanded: Arc<AtomicBool>,
}

impl QuitDialog {
    /// Lets the window close without a question when the system asks for the end of the program:
    /// the run is stopped and saved on the way.
    pub fn obey_signals(&self, ctx: &egui::Context) {
        let (demanded, ctx) = (Arc::clone(&self.demanded), ctx.clone());
        let installed = on_stop_signal(move || {
            demanded.store(true, Ordering::SeqCst);
            ctx.request_repaint();
        });
        if let Err(err) = installed {
            log::warn!(
                "The end of the session cannot be noticed: {err}. Stop a run before you log out"
            );
        }
    }

    /// Lets the window close without a question when the process that supervises this one wants that, or
    /// is gone.
    pub fn obey_supervisor(&self, ctx: &egui::Context) {
        let (demanded, ctx) = (Arc::clone(&self.demanded), ctx.clone());
        let started = std::thread::Builder::new()
            .name("supervisor".into())
            .spawn(move || {
                wait_until_unwanted();
                demanded.store(true, Ordering::SeqCst);
                ctx.request_repaint();
            });
        if let Err(err) = started {
            log::warn!("The window cannot be closed from outside: {err}");
        }
    }

    /// Keeps the window open while a run is active, until the user has confirmed.
    pub fn logic(&mut self, ctx: &egui::Context, run_active: bool) {
        if self.demanded.swap(false, Ordering::SeqCst) {
            self.confirmed = true;
            ctx.send_viewport_cmd(ViewportCommand::Close);
        }
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
