//! The panels, one struct each. A panel keeps view state only.

pub mod compare;
pub mod curves;
pub mod dataset;
pub mod inspect;
pub mod live;
pub mod train;

use eframe::egui::Ui;

use super::command::{Command, PanelKind};
use super::context::PanelCtx;

/// For panels that are empty because nothing was trained yet.
fn go_to_train(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    if ui.button("Go to Train").clicked() {
        ctx.commands.send(Command::ShowPanel(PanelKind::Train));
    }
}
