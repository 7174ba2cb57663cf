//! Which networks and which image are compared.

use std::path::{Path, PathBuf};

use eframe::egui::{Button, ComboBox, Key, Modifiers, ScrollArea, Ui};

use super::{ComparePanel, open_dataset};
use crate::engine::{DatasetItem, RunSnapshot, RunWeights};
use crate::ui::command::{Ask, Command};
use crate::ui::context::PanelCtx;
use crate::ui::panels::inspect::run_picker::{self, run_picker};
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::file_label::file_label;
use crate::ui::when::AddWhen as _;

const LIST_WIDTH: f32 = 150.0;
const LIST_HEIGHT: f32 = 320.0;
const CHECKPOINT_WIDTH: f32 = 96.0;
/// Room in the line of the runs for the buttons at its end, and around each run.
const BUTTONS: f32 = 240.0;
const AROUND_RUN: f32 = 98.0;
/// Narrower run names say nothing; the line is broken then.
const MIN_RUN: f32 = 130.0;

impl ComparePanel {
    /// Combo boxes for each network, and buttons to take it off or add one.
    pub(super) fn networks_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let mut removed = None;
        let around = AROUND_RUN + CHECKPOINT_WIDTH;
        let room = (ui.available_width() - BUTTONS) / self.networks.len().max(1) as f32 - around;
        let width = room.clamp(MIN_RUN, run_picker::WIDTH);
        for index in 0..self.networks.len() {
            ui.together(width + around, |ui| {
                if let Some(picked) = network_picker(ctx, ui, index, width, &self.networks[index])
                    && !self.networks.contains(&picked)
                {
                    self.networks[index] = picked;
                }
                let remove = ui
                    .button("×")
                    .on_hover_text("Remove this network from the comparison")
                    .accessible_name(format!("Remove run {}", index + 1));
                if remove.clicked() {
                    removed = Some(index);
                }
            });
        }
        if let Some(index) = removed {
            self.networks.remove(index);
        }
        self.add_run_button(ctx, ui);
        let refresh = ui
            .add_when(!self.networks.is_empty(), Button::new("Predict again"))
            .on_hover_text("Predict again with the newest weights of these runs");
        if refresh.clicked() {
            for weights in &self.networks {
                self.predictions.forget(weights);
            }
        }
        self.export_ui(ctx, ui);
    }

    /// Adds the newest run that is not there yet, one with scores on the same dataset where there is
    /// one, or else a checkpoint of one that is.
    fn add_run_button(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let is_free = |weights: &RunWeights| !self.networks.contains(weights);
        let runs = || {
            let runs = ctx.engine.runs_with_weights();
            runs.filter(|run| is_free(&RunWeights::best(&*run.name)))
        };
        let compared = self.compared_runs(ctx);
        let first = compared.first();
        let next = runs()
            .find(|run| first.is_some_and(|first| run.is_scored_like(first)))
            .or_else(|| runs().next())
            .map(|run| RunWeights::best(&*run.name))
            .or_else(|| {
                let kept = self.networks.iter().flat_map(|weights| {
                    let run = ctx.engine.run(&weights.run);
                    run.into_iter().flat_map(checkpoints_of)
                });
                kept.into_iter().find(is_free)
            });
        let has_room = self.has_room();
        let add = ui
            .add_when(has_room && next.is_some(), Button::new("Add run"))
            .on_hover_text("Compare one more run, or a checkpoint of one, up to six panes")
            .on_disabled_hover_text(if has_room {
                "There is no other run or checkpoint with weights"
            } else {
                "There are six panes already"
            });
        if let Some(weights) = next.filter(|_| add.clicked()) {
            self.networks.push(weights);
        }
    }

    /// Steps through the validation list, or opens any other image.
    pub(super) fn image_picker_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let items = open_dataset(ctx).map_or(&[][..], |open| &open.dataset.val);
        let image = self.image(ctx);
        // Compared as it is written: in each frame, comparing many paths part by part takes too long.
        let is_at = |image: &PathBuf| {
            let written = image.as_os_str();
            (items.iter()).position(|item| item.image.as_os_str() == written)
        };
        let index = image.as_ref().and_then(is_at);
        let places = self.ranking.places();
        // Where the image is in the order that is shown.
        let row = match (places, index) {
            (Some(places), Some(index)) => places.iter().position(|place| *place == index),
            (_, index) => index,
        };
        let step = |by: isize| {
            let row = row.map_or(Some(0), |row| row.checked_add_signed(by))?;
            items.get(places.map_or(Some(row), |places| places.get(row).copied())?)
        };
        let (previous, next) = (step(-1), step(1));
        self.step_button(ui, "Previous", Key::ArrowLeft, previous);
        self.image_combo(ui, items, index, image.as_deref());
        self.step_button(ui, "Next", Key::ArrowRight, next);
        open_image_button(ctx, ui);
    }

    fn step_button(&mut self, ui: &mut Ui, text: &str, key: Key, target: Option<&DatasetItem>) {
        let button = ui
            .add_when(target.is_some(), Button::new(text))
            .on_hover_text(format!("{text} validation image ({})", key.name()))
            .accessible_name(format!("{text} image"));
        let wanted = button.clicked() || self.takes_keys && take_key(ui, key);
        if let Some(item) = target.filter(|_| wanted) {
            self.image = Some(item.image.clone());
        }
    }

    fn image_combo(
        &mut self,
        ui: &mut Ui,
        items: &[DatasetItem],
        index: Option<usize>,
        image: Option<&Path>,
    ) {
        let shown = match (index, image) {
            (Some(index), _) => items[index].id.clone(),
            (None, Some(image)) => file_label(image),
            (None, None) => "None".to_owned(),
        };
        let name = ui.label("Image");
        ComboBox::from_id_salt("compare_image")
            .width(LIST_WIDTH)
            .height(LIST_HEIGHT)
            .truncate()
            .selected_text(shown)
            .show_ui(ui, |ui| self.items_ui(ui, items, index))
            .response
            .labelled_by(name.id);
    }

    /// The validation list; only the visible rows are laid out, since there may be thousands.
    fn items_ui(&mut self, ui: &mut Ui, items: &[DatasetItem], index: Option<usize>) {
        if items.is_empty() {
            ui.weak("Open a dataset to list its validation images");
        }
        let row_height = ui.spacing().interact_size.y;
        ScrollArea::vertical()
            .max_height(LIST_HEIGHT - 20.0)
            .show_rows(ui, row_height, items.len(), |ui, rows| {
                ui.set_min_width(LIST_WIDTH - 30.0);
                for row in rows {
                    let place = self.ranking.places().map_or(row, |places| places[row]);
                    let Some(item) = items.get(place) else {
                        continue;
                    };
                    let text = match self.ranking.text(place) {
                        Some(value) => format!("{}  ·  {value}", item.id),
                        None => item.id.clone(),
                    };
                    if ui.selectable_label(index == Some(place), text).clicked() {
                        self.image = Some(item.image.clone());
                    }
                }
            });
    }
}

/// A run and one of its checkpoints; returns what was picked in this frame.
fn network_picker(
    ctx: &PanelCtx<'_>,
    ui: &mut Ui,
    index: usize,
    width: f32,
    current: &RunWeights,
) -> Option<RunWeights> {
    let label = format!("Run {}", index + 1);
    let run = run_picker(ui, ctx.engine, &label, width, &current.run);
    let mut picked = run.map(RunWeights::best);
    let snapshot = ctx.engine.run(&current.run)?;
    let shown = current
        .step
        .map_or_else(|| "best".to_owned(), |step| format!("step {step}"));
    let combo = ComboBox::from_id_salt(("compare_checkpoint", index))
        .width(CHECKPOINT_WIDTH)
        .truncate()
        .selected_text(shown)
        .show_ui(ui, |ui| {
            let best = RunWeights::best(&*current.run);
            if ui
                .selectable_label(current.step.is_none(), "best")
                .clicked()
            {
                picked = Some(best);
            }
            for weights in checkpoints_of(snapshot) {
                let step = weights.step.unwrap_or_default();
                let text = format!("step {step}");
                if ui.selectable_label(weights == *current, text).clicked() {
                    picked = Some(weights);
                }
            }
        });
    combo
        .response
        .on_hover_text("Which weights of the run: the best, or those of a checkpoint that is kept")
        .accessible_name(format!("Checkpoint of run {}", index + 1));
    picked
}

/// The checkpoints of a run that are kept, the newest first.
fn checkpoints_of(run: &RunSnapshot) -> impl Iterator<Item = RunWeights> {
    run.checkpoints.iter().rev().map(|step| RunWeights {
        run: run.name.clone(),
        step: Some(*step),
    })
}

/// Asks for any other image.
pub(super) fn open_image_button(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    if ui.button("Choose image…").clicked() {
        ctx.commands.send(Command::Ask(Ask::CompareImage));
    }
}

/// Whether `key` was pressed while no widget listens to keys.
fn take_key(ui: &Ui, key: Key) -> bool {
    let is_free = ui.memory(|memory| memory.focused().is_none());
    is_free && ui.input_mut(|input| input.consume_key(Modifiers::NONE, key))
}
