//! Lists of a dataset: chosen among its files, or made; shown, and edited image by image.

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::{Button, ComboBox, Response, Ui};

use super::listed_images::ListedImages;
use crate::engine::{
    ChosenLists, DatasetEdit, EngineError, MadeList, MadeLists, NoticeLevel, PlanValue, SplitPlan,
    Task, ValidationPart, free_beside,
};
use crate::ui::command::Command;
use crate::ui::context::PanelCtx;
use crate::ui::number::{number_ui, with_unit};
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format;
use crate::ui::when::AddWhen as _;

/// Where lists come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Found,
    Files,
    Made,
}

/// The lists that are edited.
#[expect(clippy::struct_excessive_bools, reason = "one per control")]
pub struct ListsForm {
    source: Source,
    /// Whether the class map shall name no lists any more.
    pub forgets: bool,
    files: [Option<PathBuf>; 2],
    percent: f64,
    folds: usize,
    fold: usize,
    by_folds: bool,
    seed: u64,
    stratified: bool,
    keep_sequences: bool,
    few: bool,
    images: usize,
    making: Option<Task<Result<MadeLists, EngineError>>>,
    /// The lists as they are edited.
    edited: Option<ListedImages>,
}

impl Default for ListsForm {
    fn default() -> Self {
        Self {
            source: Source::Found,
            forgets: false,
            files: [None, None],
            percent: 20.0,
            folds: 5,
            fold: 1,
            by_folds: false,
            seed: 0,
            stratified: false,
            keep_sequences: false,
            few: false,
            images: 50,
            making: None,
            edited: None,
        }
    }
}

impl ListsForm {
    /// The lists to save; `None` = those that are there.
    pub fn made(&self) -> Option<Arc<MadeLists>> {
        self.edited.as_ref().map(|edited| Arc::clone(&edited.lists))
    }

    /// Whether there are lists to save.
    pub fn is_edited(&self) -> bool {
        self.edited.is_some()
    }

    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, edit: &Arc<DatasetEdit>) {
        self.poll(ctx);
        ui.horizontal(|ui| {
            for (source, label) in [
                (Source::Found, "As they are"),
                (Source::Files, "From list files"),
                (Source::Made, "Make lists"),
            ] {
                if ui.selectable_label(self.source == source, label).clicked() {
                    self.source = source;
                    if source == Source::Found {
                        self.edit(None);
                    }
                }
            }
        });
        ui.add_space(4.0);
        match self.source {
            Source::Found => self.found_ui(ctx, ui, edit),
            Source::Files => self.files_ui(ctx, ui, edit),
            Source::Made => self.plan_ui(ctx, ui, edit),
        }
        if let Some(task) = &self.making {
            ui.horizontal(|ui| {
                ui.progress_bar(
                    task.progress().unwrap_or(0.0),
                    160.0,
                    "Progress of the lists",
                );
                if ui.button("Cancel lists").clicked() {
                    task.cancel();
                }
            });
        }
        if let Some(edited) = &mut self.edited {
            edited.ui(ui, &edit.base.root);
        }
    }

    fn poll(&mut self, ctx: &PanelCtx<'_>) {
        if let Some(result) = self.making.as_mut().and_then(Task::poll_result) {
            self.making = None;
            match result {
                Ok(made) => self.edit(Some(ListedImages::new(made))),
                Err(EngineError::Cancelled) => {}
                Err(err) => ctx
                    .commands
                    .send(Command::Notify(NoticeLevel::Error, err.to_string())),
            }
        }
    }

    /// Edits these lists in place of those before.
    fn edit(&mut self, lists: Option<ListedImages>) {
        if let Some(before) = std::mem::replace(&mut self.edited, lists) {
            free_beside(before);
        }
    }

    /// The lists as they are: those that were saved, else those of the dataset's files.
    fn found_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, edit: &Arc<DatasetEdit>) {
        let saved = edit.saved_lists.as_ref().filter(|_| !self.forgets);
        let (train, val) = saved.map_or((&*edit.base.train, &*edit.base.val), |lists| {
            (lists.items(MadeList::Train), lists.items(MadeList::Val))
        });
        let who = match (saved, &edit.map.lists) {
            (Some(_), Some(lists)) => {
                format!("{} and {} say", lists.train.display(), lists.val.display())
            }
            _ => "the dataset's files say".to_owned(),
        };
        ui.label(format!(
            "{} to train on and {} to validate on, as {who}",
            format::plural(train.len(), "image", "images"),
            format::plural(val.len(), "image", "images")
        ));
        if edit.map.lists.is_some() {
            ui.checkbox(
                &mut self.forgets,
                "Take the lists of the dataset's files again",
            );
        }
        let response = ui
            .add_when(self.making.is_none(), Button::new("Edit these lists"))
            .on_hover_text("Move single images from one list to the other, or take them off");
        if response.clicked() {
            let lists = ctx
                .engine
                .lists_as_they_are(Arc::clone(edit), !self.forgets);
            self.making = Some(lists);
        }
    }

    fn files_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, edit: &Arc<DatasetEdit>) {
        if edit.lists.is_empty() {
            ui.weak("No text file of this dataset lists its images");
            return;
        }
        for (label, file) in ["Train on", "Validate on"].into_iter().zip(&mut self.files) {
            ui.field(
                label,
                "A text file of the dataset with an image a line",
                |ui| file_ui(ui, label, file, &edit.lists),
            );
        }
        if let [Some(train), Some(val)] = &self.files {
            let is_same = train == val;
            let response = ui.add_when(!is_same, Button::new("Use these lists"));
            if is_same {
                ui.weak("Both are the same list");
            }
            if response.clicked() {
                let lists = ChosenLists {
                    train: train.clone(),
                    val: val.clone(),
                };
                self.making = Some(ctx.engine.read_lists(Arc::clone(edit), lists));
            }
        }
    }

    fn plan_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, edit: &Arc<DatasetEdit>) {
        ui.horizontal(|ui| {
            ui.selectable_value(&mut self.by_folds, false, "A share");
            ui.selectable_value(&mut self.by_folds, true, "One of several folds");
        });
        let plan = self.plan();
        if self.by_folds {
            let rule = plan.broken(PlanValue::Folds);
            ui.field(
                "Folds",
                "Parts of the same size; each is validated on once",
                |ui| number_ui(ui, &mut self.folds, 2..=50, rule, |drag| drag),
            );
            let (rule, most) = (plan.broken(PlanValue::Fold), self.folds.max(1));
            ui.field("Validate on fold", "The others are trained on", |ui| {
                number_ui(ui, &mut self.fold, 1..=most, rule, |drag| drag)
            });
        } else {
            let rule = plan.broken(PlanValue::Share);
            ui.field(
                "Validate on",
                "Share of the images that are validated on",
                |ui| {
                    number_ui(ui, &mut self.percent, 1.0..=99.0, rule, |drag| {
                        with_unit(drag, "%")
                    })
                },
            );
        }
        ui.field(
            "Seed",
            "Another seed deals the images in another order",
            |ui| number_ui(ui, &mut self.seed, 0..=u64::MAX, None, |drag| drag),
        );
        ui.checkbox(&mut self.stratified, "Each class in both lists")
            .on_hover_text("Deals images so that each class is in the same share of both lists; reads all masks");
        ui.checkbox(
            &mut self.keep_sequences,
            "Keep frames of a sequence together",
        )
        .on_hover_text("Images whose names differ in their last number alone stay in one list");
        ui.horizontal(|ui| {
            ui.checkbox(&mut self.few, "Only a few images, for a quick trial");
            let rule = plan.broken(PlanValue::Images);
            ui.add_when_ui(self.few, |ui| {
                number_ui(ui, &mut self.images, 2..=1_000_000, rule, |drag| drag)
                    .accessible_name("Images for a trial");
            });
        });
        let is_broken = PlanValue::ALL
            .into_iter()
            .any(|value| plan.broken(value).is_some());
        let response = ui.add_when(
            self.making.is_none() && !is_broken,
            Button::new("Deal images"),
        );
        if response.clicked() {
            self.making = Some(ctx.engine.make_lists(Arc::clone(edit), self.plan()));
        }
    }

    fn plan(&self) -> SplitPlan {
        SplitPlan {
            part: if self.by_folds {
                ValidationPart::Fold {
                    number: self.fold,
                    of: self.folds,
                }
            } else {
                ValidationPart::Share(self.percent / 100.0)
            },
            seed: self.seed,
            stratified: self.stratified,
            keep_sequences: self.keep_sequences,
            images: self.few.then_some(self.images),
        }
    }
}

fn file_ui(
    ui: &mut Ui,
    label: &str,
    file: &mut Option<PathBuf>,
    lists: &[(PathBuf, usize)],
) -> Response {
    let text = file
        .as_ref()
        .map_or_else(|| "choose".to_owned(), |file| file.display().to_string());
    ComboBox::from_id_salt(label)
        .selected_text(text)
        .width(300.0)
        .truncate()
        .show_ui(ui, |ui| {
            for (path, count) in lists {
                let text = format!(
                    "{} · {}",
                    path.display(),
                    format::plural(*count, "image", "images")
                );
                if ui
                    .selectable_label(file.as_ref() == Some(path), text)
                    .clicked()
                {
                    *file = Some(path.clone());
                }
            }
        })
        .response
}
