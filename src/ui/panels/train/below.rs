//! What is below the form: the buttons that start or those of the active run, and what comes and goes above them.

use eframe::egui::{Frame, Margin, Panel, RichText, ScrollArea, Ui};

use super::{TrainPanel, active, alarms, followed, queue, shares};
use crate::ui::command::UiCommand;
use crate::ui::context::PanelCtx;
use crate::ui::icons::Icon;
use crate::ui::panels::{command_button, send_when_clicked};
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;

/// Share of the panel that texts about the run may take; the rest of them is scrolled to.
const MOST_STATUS: f32 = 0.5;
/// Height in points that the form has in any case.
const LEAST_FORM: f32 = 104.0;
const STATUS_MARGIN: Margin = Margin {
    top: 6,
    ..Margin::ZERO
};

impl TrainPanel {
    /// The buttons at the lower end, and above them what comes and goes.
    pub(super) fn below_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let most = ui.available_height() * MOST_STATUS;
        Panel::bottom("train buttons")
            .resizable(false)
            .show_separator_line(false)
            .frame(Frame::new().inner_margin(STATUS_MARGIN))
            .show(ui, |ui| self.buttons_ui(ctx, ui));
        let most = most.min(ui.available_height() - LEAST_FORM);
        Panel::bottom("train status")
            .resizable(false)
            .frame(Frame::new().inner_margin(STATUS_MARGIN))
            .show(ui, |ui| {
                status_area(ui, most, |ui| self.news_ui(ctx, ui));
            });
    }

    /// What comes and goes: alarms, and how the active run does, or what is said of the next one.
    pub(super) fn news_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        alarms::alarms_ui(ctx, ui);
        if let Some(active) = ctx.engine.active() {
            active::lines_ui(ctx, ui, active);
            shares::shares_ui(ctx.engine, ui, active);
        } else {
            followed::followed_ui(ctx, ui);
            self.status_ui(ctx, ui);
        }
    }

    /// The buttons that start, or those of the active run with its phase.
    pub(super) fn buttons_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        if let Some(active) = ctx.engine.active() {
            // It will tell how long the next one takes.
            self.before.forget();
            active::buttons_ui(ctx, ui, active);
            ui.scope(|ui| {
                ui.set_min_height(self.start_height);
                active::phase_ui(ctx, ui, active);
            });
        } else {
            let start = ui.scope(|ui| self.start_ui(ctx, ui)).response;
            self.start_height = start.rect.height();
        }
    }

    fn start_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let command = UiCommand::StartTraining;
        let problem = self.problem(ctx.engine, command);
        let start = ui.primary_button(Icon::Play, command.label(), problem.is_none());
        send_when_clicked(ctx, ui, start, command, problem.as_deref());
        ui.horizontal_wrapped(|ui| {
            for command in [
                UiCommand::TrainThree,
                UiCommand::TrainStaged,
                UiCommand::TrainAtOnce,
                UiCommand::TryOut,
            ] {
                let problem = self.problem(ctx.engine, command);
                command_button(ctx, ui, command, problem.as_deref());
            }
        });
    }

    /// Why nothing can start, and what the next run will take.
    fn status_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        self.before.reasons_ui(ui);
        self.trial.ui(ctx, ui);
        if let Some(problem) = self.problem(ctx.engine, UiCommand::StartTraining) {
            let color = theme::palette(ui.visuals()).warning;
            ui.label(RichText::new(problem).small().color(color));
        }
        let config = self.sound_config(ctx.engine).ok();
        let tried = config.as_ref().and_then(|config| self.trial.time(config));
        let next = (config.as_ref(), tried);
        self.before.ui(ctx, ui, next, &mut self.settings);
        queue::left_ui(ctx, ui);
    }
}

/// Texts of changing height, `most` at most.
fn status_area(ui: &mut Ui, most: f32, add: impl FnOnce(&mut Ui)) {
    ScrollArea::vertical()
        .id_salt("status")
        .auto_shrink([false, true])
        .max_height(most)
        // The panel around it grows with it, so it must not keep to the panel.
        .min_scrolled_height(most)
        .show(ui, add);
}
