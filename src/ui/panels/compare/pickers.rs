//! Which runs and which image are compared.

use std::path::Path;

use eframe::egui::{Button, ComboBox, Key, Modifiers, ScrollArea, Ui};

use super::{ComparePanel, MAX_RUNS, open_dataset};
use crate::engine::DatasetItem;
use crate::ui::command::{Ask, Command};
use crate::ui::context::PanelCtx;
use crate::ui::panels::inspect::run_picker::{self, run_picker};
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::file_label::file_label;

const LIST_WIDTH: f32 = 150.0;
const LIST_HEIGHT: f32 = 320.0;
/// Room in the line of the runs for the buttons at its end, and around each run.
const BUTTONS: f32 = 165.0;
const AROUND_RUN: f32 = 98.0;
/// Narrower run names say nothing; the line is broken then.
const MIN_RUN: f32 = 130.0;

impl ComparePanel {
    /// A combo box for each run, and buttons to take it off or add one.
    pub(super) fn runs_picker_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let mut removed = None;
        let room = (ui.available_width() - BUTTONS) / self.runs.len().max(1) as f32 - AROUND_RUN;
        let width = room.clamp(MIN_RUN, run_picker::WIDTH);
        for index in 0..self.runs.len() {
            ui.together(width + AROUND_RUN, |ui| {
                let label = format!("Run {}", index + 1);
                let picked = run_picker(ui, ctx.engine, &label, width, &self.runs[index]);
                if let Some(run) = picked.filter(|run| !self.runs.contains(run)) {
                    self.runs[index] = run;
                }
                let remove = ui
                    .button("×")
                    .on_hover_text("Remove this run from the comparison")
                    .accessible_name(format!("Remove run {}", index + 1));
                if remove.clicked() {
                    removed = Some(index);
                }
            });
        }
        if let Some(index) = removed {
            self.runs.remove(index);
        }
        self.add_run_button(ctx, ui);
        let refresh = ui
            .add_enabled(!self.runs.is_empty(), Button::new("Predict again"))
            .on_hover_text("Predict again with the newest weights of these runs");
        if refresh.clicked() {
            for run in &self.runs {
                self.predictions.forget_run(run);
            }
        }
    }

    /// Adds the newest run that is not there yet.
    fn add_run_button(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let next = ctx
            .engine
            .runs_with_weights()
            .find(|run| !self.runs.contains(&run.name))
            .map(|run| run.name.clone());
        let can_add = next.is_some() && self.runs.len() < MAX_RUNS;
        let add = ui
            .add_enabled(can_add, Button::new("Add run"))
            .on_hover_text("Compare one more run, up to four")
            .on_disabled_hover_text(
                "There is no other run with weights, or there are four already",
            );
        if let Some(run) = next.filter(|_| add.clicked()) {
            self.add_run(run);
        }
    }

    /// Steps through the validation list, or opens any other image.
    pub(super) fn image_picker_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let items = open_dataset(ctx).map_or(&[][..], |open| &open.dataset.val);
        let image = self.image(ctx);
        let index = image
            .as_ref()
            .and_then(|image| items.iter().position(|item| &item.image == image));
        let step = |by: isize| {
            let index = index.map_or(Some(0), |index| index.checked_add_signed(by));
            items.get(index?)
        };
        let (previous, next) = (step(-1), step(1));
        self.step_button(ui, "Previous", Key::ArrowLeft, previous);
        self.image_combo(ui, items, index, image.as_deref());
        self.step_button(ui, "Next", Key::ArrowRight, next);
        open_image_button(ctx, ui);
    }

    fn step_button(&mut self, ui: &mut Ui, text: &str, key: Key, target: Option<&DatasetItem>) {
        let button = ui
            .add_enabled(target.is_some(), Button::new(text))
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
                    let item = &items[row];
                    if ui.selectable_label(index == Some(row), &item.id).clicked() {
                        self.image = Some(item.image.clone());
                    }
                }
            });
    }
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
