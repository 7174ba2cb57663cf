//! The keys of commands.

use eframe::egui;

use super::App;
use crate::engine::NoticeLevel;
use crate::ui::command::{Command, Pressed, UiCommand, take_pressed};

impl App {
    /// Sends the command whose key was pressed, or says why it cannot be carried out.
    pub(super) fn take_keys(&self, ctx: &egui::Context) {
        let palette_is_open = self.palette.is_open();
        match take_pressed(ctx, palette_is_open, |command| self.problem(command)) {
            None => {}
            Some(Pressed::Command(command)) => self.send_named(command),
            Some(Pressed::Refused(command, problem)) => {
                let text = format!("{}: {problem}", command.label().trim_end_matches('…'));
                self.send(Command::Notify(NoticeLevel::Info, text));
            }
        }
    }

    /// Sends a command that was named, by its key or in the palette: a panel is shown then, where
    /// the menu, which has a mark for it, also hides it.
    pub(super) fn send_named(&self, command: UiCommand) {
        match command {
            UiCommand::Panel(panel) => self.send(Command::ShowPanel(panel)),
            command => self.send(command),
        }
    }
}
