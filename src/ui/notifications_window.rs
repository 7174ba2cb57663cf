//! The window that asks who is told when a run ends.

use eframe::egui::{self, Align2, Label, RichText, TextEdit, Window};

use super::command::Command;
use super::context::PanelCtx;
use super::focus::focus_start;
use super::theme;
use super::ui_ext::{UiExt as _, is_escaped};
use super::view_model::format;
use crate::engine::{EngineError, NoticeLevel, Notifications, Task};
use crate::ui::when::AddWhen as _;

/// The window.
#[derive(Default)]
pub struct NotificationsWindow {
    /// Whether it is shown.
    pub open: bool,
    /// A message that was sent to try the address.
    trying: Option<Task<Result<(), EngineError>>>,
}

impl NotificationsWindow {
    /// Draws the window where it is open.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, egui_ctx: &egui::Context, wanted: &Notifications) {
        self.poll(ctx);
        let mut open = self.open && !is_escaped(egui_ctx);
        let mut changed = wanted.clone();
        Window::new("Notifications")
            .open(&mut open)
            .collapsible(false)
            .resizable(false)
            .pivot(Align2::CENTER_CENTER)
            .default_pos(egui_ctx.content_rect().center())
            .default_width(420.0)
            .show(egui_ctx, |ui| {
                focus_start(ui);
                ui.label("When a run is finished or fails");
                ui.checkbox(&mut changed.desktop, "Show a notification of the desktop")
                    .on_hover_text(
                        "Not while this window has the focus. On Linux by the program notify-send; on Windows there \
                         is none",
                    );
                if let Some(problem) = changed.problem("write an address below") {
                    let color = theme::palette(ui.visuals()).warning;
                    ui.add(Label::new(RichText::new(format::sentence(&problem)).small().color(color)).wrap());
                }
                let label = ui.label("Post a message to this address");
                let field = TextEdit::singleline(&mut changed.webhook)
                    .hint_text("https://example.org/hook")
                    .desired_width(f32::INFINITY);
                ui.add(field).labelled_by(label.id);
                let text = "A JSON object with the name of the run, how it ended, its epochs and its best score. Nothing \
                            is sent while the field is empty, and nothing anywhere else";
                ui.add(Label::new(RichText::new(text).small().weak()).wrap());
                ui.horizontal(|ui| {
                    let possible = self.trying.is_none() && !changed.webhook.trim().is_empty();
                    let send = ui
                        .add_when(possible, egui::Button::new("Send a test"))
                        .on_hover_text("Post a message of a run that is not there")
                        .on_disabled_hover_text("Write an address first");
                    if send.clicked() {
                        self.trying = Some(ctx.engine.try_webhook(&changed.webhook));
                    }
                    if self.trying.is_some() {
                        ui.busy("Sending");
                    }
                });
            });
        self.open = open;
        if changed != *wanted {
            ctx.commands.send(Command::SetNotifications(changed));
        }
    }

    fn poll(&mut self, ctx: &PanelCtx<'_>) {
        let Some(result) = self.trying.as_mut().and_then(Task::poll_result) else {
            return;
        };
        self.trying = None;
        let (level, text) = match result {
            Ok(()) => (NoticeLevel::Info, "The message was taken".to_owned()),
            Err(err) => (NoticeLevel::Error, err.to_string()),
        };
        ctx.commands.send(Command::Notify(level, text));
    }
}
