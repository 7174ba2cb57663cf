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

use std::path::PathBuf;

use eframe::egui::{Button, Response, ScrollArea, Ui, style::ScrollStyle};

use super::command::{Command, PanelKind, UiCommand};
use super::context::PanelCtx;
use super::ui_ext::UiExt as _;
use crate::ui::when::AddWhen as _;

/// Remembers the size of a part of a panel for the next start. A part that is squeezed into
/// `most` keeps the size that it had with more room.
fn keep_size(kept: &mut f32, size: f32, most: f32) {
    if size < most || *kept < size {
        *kept = size;
    }
}

/// Panels of less height have no room for controls in several lines.
const LOW_PANEL: f32 = 320.0;
/// Width of a separator.
const DIVIDER: f32 = 6.0;

/// A line of controls above the content of a panel: broken where it is too long, or in a low panel one line
/// that can be scrolled.
fn controls_line(ui: &mut Ui, (name, is_low): (&str, bool), add: impl FnOnce(&mut Ui)) {
    if is_low {
        ui.scope(|ui| {
            // In sight, so that people see that there is more.
            ui.spacing_mut().scroll = ScrollStyle::thin();
            ScrollArea::horizontal()
                .id_salt(name)
                .show(ui, |ui| ui.horizontal(add));
        });
    } else {
        ui.horizontal_wrapped(add);
    }
}

/// Separates groups of controls of a [`controls_line`], where the control behind it, `next` wide, is in the
/// same line: a line of a narrow panel neither begins nor ends with a separator.
fn divider(ui: &mut Ui, next: f32) {
    let is_first = ui.cursor().left() <= ui.max_rect().left();
    let room = ui.available_size_before_wrap().x;
    let own = ui.spacing().item_spacing.x + DIVIDER;
    if !is_first && room >= own + next {
        ui.separator();
    }
}

/// The button of a command, disabled while there is a `problem`.
fn command_button(ctx: &PanelCtx<'_>, ui: &mut Ui, command: UiCommand, problem: Option<&str>) {
    let response = match command.icon() {
        Some(icon) => ui.labeled_button(icon, command.label(), problem.is_none()),
        None => ui.add_when(problem.is_none(), Button::new(command.label())),
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

/// A button that has an image filmed from the next run on.
fn film_this_ui(ctx: &PanelCtx<'_>, ui: &mut Ui, image: PathBuf) {
    let button = ui.button("Film this image").on_hover_text(
        "Have the masks of this image in the film of the next runs, beside those of the pinned validation images",
    );
    if button.clicked() {
        ctx.commands.send(Command::AddProbes(vec![image]));
    }
}

#[cfg(test)]
mod tests {
    use eframe::egui::{Sense, vec2};
    use egui_kittest::Harness;

    use super::*;

    /// Whether there is a separator between two controls in a line that is 100 wide.
    fn is_divided([first, second]: [f32; 2]) -> bool {
        let line = move |ui: &mut Ui, divided: &mut bool| {
            ui.set_max_width(100.0);
            ui.horizontal_wrapped(|ui| {
                ui.allocate_exact_size(vec2(first, 18.0), Sense::hover());
                let before = ui.cursor().left();
                divider(ui, second);
                *divided = ui.cursor().left() > before;
                ui.allocate_exact_size(vec2(second, 18.0), Sense::hover());
            });
        };
        let mut harness = Harness::new_ui_state(line, false);
        harness.run();
        *harness.state()
    }

    #[test]
    fn a_separator_is_only_where_controls_stand_on_both_sides() {
        assert!(is_divided([30.0, 30.0]));
        assert!(!is_divided([60.0, 60.0]), "the second is in the next line");
        assert!(
            !is_divided([98.0, 20.0]),
            "itself would be in the next line"
        );
    }
}
