//! Settings of the next run, progress of the active one, and the list of runs.

mod active;
mod advanced;
mod device;
mod runs;
mod settings;

use eframe::egui::{CollapsingHeader, RichText, ScrollArea, Ui};
use serde::{Deserialize, Serialize};

use crate::engine::{DatasetState, DeviceId, Engine, RunConfig, Trunk, preset};
use crate::ui::command::Command;
use crate::ui::context::PanelCtx;
use crate::ui::icons::Icon;
use crate::ui::theme;
use crate::ui::ui_command::UiCommand;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::draft;
use crate::ui::view_model::selection::RunSelection;

/// The Train panel.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub struct TrainPanel {
    /// The form; its data set and device are filled in at the start.
    draft: RunConfig,
    /// The device that the user chose; `None` = the best one found.
    device: Option<DeviceId>,
    #[serde(skip)]
    deleting: Option<String>,
}

impl Default for TrainPanel {
    fn default() -> Self {
        Self { draft: preset(Trunk::Vgg16Slim), device: None, deleting: None }
    }
}

impl TrainPanel {
    /// The device of the next run.
    pub fn device(&self, engine: &Engine) -> DeviceId {
        draft::choose_device(self.device, &engine.devices().entries)
    }

    /// The settings of the next run, or why none can start.
    pub fn config(&self, engine: &Engine) -> Result<RunConfig, &'static str> {
        if engine.active().is_some() {
            return Err("A run is active: stop it, or wait until it has ended");
        }
        match engine.dataset() {
            DatasetState::Ready(open) if open.dataset.train.is_empty() => {
                Err("The data set has no training images")
            }
            DatasetState::Ready(open) => Ok(RunConfig {
                dataset: open.which.clone(),
                device: self.device(engine),
                ..self.draft.clone()
            }),
            DatasetState::Opening { .. } => Err("The data set is still being opened"),
            DatasetState::None | DatasetState::Failed { .. } => Err("Open a data set first"),
        }
    }

    /// Draws the panel. `selection` holds the ticked runs.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, selection: &mut RunSelection, ui: &mut Ui) {
        match ctx.engine.active() {
            Some(active) => active::active_ui(ctx, ui, active),
            None => self.start_ui(ctx, ui),
        }
        ui.separator();
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            if ctx.engine.active().is_some() {
                CollapsingHeader::new("Settings of the next run")
                    .id_salt("next")
                    .show_unindented(ui, |ui| self.form_ui(ctx, ui));
            } else {
                self.form_ui(ctx, ui);
                ui.add_space(4.0);
            }
            ui.separator();
            runs::runs_ui(ctx, ui, selection, &mut self.deleting);
        });
        runs::confirm_delete_ui(ctx, ui, &mut self.deleting);
    }

    fn start_ui(&self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let config = self.config(ctx.engine);
        let reason = config.as_ref().err().copied();
        let start = ui
            .primary_button(Icon::Play, UiCommand::StartTraining.label(), reason.is_none())
            .on_hover_text(UiCommand::StartTraining.tooltip_with_key(ui.ctx()))
            .on_disabled_hover_text(reason.unwrap_or_default());
        ui.horizontal(|ui| {
            let three = ui
                .labeled_button(Icon::Stairs, UiCommand::TrainThree.label(), reason.is_none())
                .on_hover_text(UiCommand::TrainThree.tooltip())
                .on_disabled_hover_text(reason.unwrap_or_default());
            if let Some(reason) = reason {
                let color = theme::palette(ui.visuals()).warning;
                ui.label(RichText::new(reason).small().color(color));
            }
            if let (true, Ok(config)) = (three.clicked(), &config) {
                ctx.commands.send(Command::StartPlan(draft::three_strides(config)));
            }
        });
        if let (true, Ok(config)) = (start.clicked(), config) {
            ctx.commands.send(Command::StartRun(config));
        }
    }

    fn form_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        ui.horizontal(|ui| {
            ui.section("Settings");
            let changed = draft::changed_fields(&self.draft);
            if !changed.is_empty() {
                let color = theme::palette(ui.visuals()).warning;
                let text = if changed.len() == 1 {
                    "1 change".to_owned()
                } else {
                    format!("{} changes", changed.len())
                };
                ui.tag(&text, color).on_hover_text(format!(
                    "Other than the preset of {}: {}",
                    self.draft.trunk,
                    changed.join(", ")
                ));
                if ui
                    .small_button("Reset to preset")
                    .on_hover_text("Set all values back to the preset")
                    .clicked()
                {
                    draft::reset(&mut self.draft);
                }
            }
        });
        settings::network_ui(ui, &mut self.draft);
        device::device_ui(ctx, ui, &mut self.device);
        settings::learning_ui(ui, &mut self.draft);
        CollapsingHeader::new("Advanced").id_salt("advanced").show_unindented(ui, |ui| {
            advanced::advanced_ui(ui, &mut self.draft);
        });
    }
}
