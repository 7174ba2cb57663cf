//! The panels, one struct each. A panel keeps view state only.

mod averaging;
pub mod compare;
pub mod curves;
pub mod dataset;
pub mod evaluate;
pub mod inspect;
pub mod live;
pub mod look_inside;
pub mod runs;
pub mod train;

use eframe::egui::{Button, Response, Ui};

use super::command::{Command, PanelKind, UiCommand};
use super::context::PanelCtx;
use super::ui_ext::UiExt as _;

/// Remembers the size of a part of a panel for the next start. A part that is squeezed into
/// `most` keeps the size that it had with more room.
fn keep_size(kept: &mut f32, size: f32, most: f32) {
    if size < most || *kept < size {
        *kept = size;
    }
}

/// The button of a command, disabled while there is a `problem`.
fn command_button(ctx: &PanelCtx<'_>, ui: &mut Ui, command: UiCommand, problem: Option<&str>) {
    let response = match command.icon() {
        Some(icon) => ui.labeled_button(icon, command.label(), problem.is_none()),
        None => ui.add_enabled(problem.is_none(), Button::new(command.label())),
    };
    send_when_clicked(ctx, ui, response, command, problem);
}

/// Gives the button of a command its tooltips, and sends the command when it is clicked.
fn send_when_clicked(
    ctx: &PanelCtx<'_>,
    ui: &Ui,
    response: Response,
    command: UiCommand,
    problem: Option<&str>,
) {
    let response = response
        .on_hover_text(command.tooltip_with_key(ui.ctx()))
        .on_disabled_hover_text(problem.unwrap_or_default());
    if response.clicked() {
        ctx.commands.send(command);
    }
}

/// For panels that are empty because nothing was trained yet.
fn go_to_train(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    if ui.button("Go to Train").clicked() {
        ctx.commands.send(Command::ShowPanel(PanelKind::Train));
    }
}
