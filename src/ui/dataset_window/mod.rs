//! The window in which people say what a dataset means: classes, bands, lists and pairs. All of it
//! is kept in the class map beside the dataset.

mod classes;
mod images;
mod listed_images;
mod lists;
mod pairs;

use std::sync::Arc;

use eframe::egui::{self, Align2, Button, Label, RichText, ScrollArea, Ui, Window};

use self::lists::ListsForm;
use self::pairs::PairsForm;
use super::command::Command;
use super::context::PanelCtx;
use super::focus::focus_start;
use super::theme;
use super::ui_ext::{UiExt as _, is_escaped};
use super::view_model::ClassMapForm;
use crate::engine::{
    DatasetEdit, DatasetRef, DatasetState, EngineError, NoticeLevel, SavedEdit, Task, free_beside,
};
use crate::ui::when::AddWhen as _;

const TITLE: &str = "Dataset settings";
const KEPT: &str = "The changes in Dataset settings are not saved yet. They are there when the window is opened again";

/// What is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Page {
    #[default]
    Classes,
    Images,
    Lists,
    Pairs,
}

/// The window of a dataset's settings.
#[derive(Default)]
pub struct DatasetWindow {
    /// Whether it is shown.
    pub open: bool,
    page: Page,
    loading: Option<Task<Result<Arc<DatasetEdit>, EngineError>>>,
    edited: Option<Edited>,
    /// Why the dataset cannot be edited.
    problem: Option<String>,
    saving: Option<Task<Result<SavedEdit, EngineError>>>,
}

/// A dataset whose settings are edited.
struct Edited {
    edit: Arc<DatasetEdit>,
    form: ClassMapForm,
    /// The form before anything was changed.
    unchanged: ClassMapForm,
    /// Why the form fits no dataset, of the form as it was.
    checked: Option<(ClassMapForm, Option<String>)>,
    lists: ListsForm,
    pairs: PairsForm,
}

impl DatasetWindow {
    /// Shows the settings of the open dataset.
    pub fn show(&mut self, ctx: &PanelCtx<'_>) {
        self.open = true;
        if let DatasetState::Ready(open) = ctx.engine.dataset() {
            // What was changed and not saved when the window was closed is there again.
            let is_kept = |edited: &Edited| edited.edit.which == open.which;
            if !self.edited.as_ref().is_some_and(is_kept) {
                self.load(ctx, open.which.clone());
            }
        }
    }

    fn load(&mut self, ctx: &PanelCtx<'_>, which: DatasetRef) {
        self.forget();
        self.problem = None;
        self.loading = Some(ctx.engine.edit_dataset(which));
    }

    /// Draws the window where it is open.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &Ui) {
        self.poll(ctx);
        if !self.open {
            return;
        }
        let egui_ctx = ui.ctx();
        let mut open = !is_escaped(egui_ctx);
        self.follow(ctx);
        Window::new(TITLE)
            .open(&mut open)
            .collapsible(false)
            .pivot(Align2::CENTER_CENTER)
            .default_pos(egui_ctx.content_rect().center())
            .default_size([760.0, 560.0])
            .show(egui_ctx, |ui| {
                focus_start(ui);
                self.content_ui(ctx, ui);
            });
        self.open = open;
        if !open {
            self.close(ctx);
        }
    }

    /// Keeps what was changed and not saved, and says so.
    fn close(&mut self, ctx: &PanelCtx<'_>) {
        let is_changed = self.edited.as_ref().is_some_and(Edited::is_changed);
        if is_changed && self.saving.is_none() {
            let notice = Command::Notify(NoticeLevel::Info, KEPT.to_owned());
            ctx.commands.send(notice);
        } else if !is_changed {
            self.forget();
        }
    }

    fn forget(&mut self) {
        if let Some(edited) = self.edited.take() {
            free_beside(edited);
        }
    }

    /// Edits the dataset that is open now.
    fn follow(&mut self, ctx: &PanelCtx<'_>) {
        let DatasetState::Ready(open) = ctx.engine.dataset() else {
            return;
        };
        let is_other = self
            .edited
            .as_ref()
            .is_some_and(|edited| edited.edit.which != open.which);
        if is_other && self.loading.is_none() {
            self.load(ctx, open.which.clone());
        }
    }

    fn poll(&mut self, ctx: &PanelCtx<'_>) {
        if let Some(result) = self.loading.as_mut().and_then(Task::poll_result) {
            self.loading = None;
            match result {
                Ok(edit) => self.edited = Some(Edited::new(edit)),
                Err(err) => self.problem = Some(err.to_string()),
            }
        }
        if let Some(edited) = &mut self.edited {
            edited.pairs.poll(ctx);
        }
        if let Some(result) = self.saving.as_mut().and_then(Task::poll_result) {
            self.saving = None;
            match result {
                Ok(saved) => {
                    let mut text = format!("Saved in {}", saved.map.display());
                    if let Some(kept) = saved.kept {
                        text = format!(
                            "{text}\nThe file that was there is kept as {}",
                            kept.display()
                        );
                    }
                    ctx.commands.send(Command::Notify(NoticeLevel::Info, text));
                    if let Some(edited) = &self.edited {
                        let which = edited.edit.which.clone();
                        ctx.commands.send(Command::OpenDataset(which.clone()));
                        self.load(ctx, which);
                    }
                }
                Err(err) => ctx
                    .commands
                    .send(Command::Notify(NoticeLevel::Error, err.to_string())),
            }
        }
    }

    fn content_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        if let Some(problem) = &self.problem {
            ui.error_box("The dataset cannot be edited", problem);
            return;
        }
        let Some(edited) = &mut self.edited else {
            if self.loading.is_some() {
                ui.horizontal(|ui| {
                    ui.busy("Reading the dataset");
                    ui.label("Reading the dataset");
                });
            } else {
                ui.weak("Open a dataset first");
            }
            return;
        };
        let root = edited.edit.base.root.display().to_string();
        ui.truncated(RichText::new(&root).weak(), &root);
        ui.horizontal(|ui| {
            for (page, title, tooltip) in [
                (
                    Page::Classes,
                    "Classes",
                    "Names, colors, void, merged classes",
                ),
                (
                    Page::Images,
                    "Bands",
                    "Which bands are red, green and blue; the range of deep images",
                ),
                (
                    Page::Lists,
                    "Lists",
                    "Which images are trained on and which are validated on",
                ),
                (
                    Page::Pairs,
                    "Pairs",
                    "Images and masks that were put together by a guess",
                ),
            ] {
                ui.selectable_value(&mut self.page, page, title)
                    .on_hover_text(tooltip);
            }
        });
        ui.separator();
        egui::Panel::bottom("save settings of the dataset")
            .resizable(false)
            .frame(egui::Frame::new().inner_margin(egui::Margin::symmetric(0, 6)))
            .show(ui, |ui| save_ui(ctx, ui, edited, &mut self.saving));
        ScrollArea::vertical()
            .auto_shrink([false, false])
            .show(ui, |ui| {
                // What is changed during a save would be lost when the saved dataset is read.
                ui.add_when_ui(self.saving.is_none(), |ui| match self.page {
                    Page::Classes => classes::classes_ui(ui, &mut edited.form),
                    Page::Images => images::images_ui(ui, &mut edited.form),
                    Page::Lists => edited.lists.ui(ctx, ui, &edited.edit),
                    Page::Pairs => edited.pairs.ui(ctx, ui, &edited.edit),
                });
            });
    }
}

/// What is wrong with the form, and the button that saves it.
fn save_ui(
    ctx: &PanelCtx<'_>,
    ui: &mut Ui,
    edited: &mut Edited,
    saving: &mut Option<Task<Result<SavedEdit, EngineError>>>,
) {
    let problem = edited.problem();
    ui.horizontal(|ui| {
        let can_save = problem.is_none() && saving.is_none() && !edited.pairs.is_copying();
        let response = ui
            .add_when(can_save, Button::new("Save settings"))
            .on_hover_text(
                "Writes class-map.toml beside the dataset, which the command line reads too, and opens the dataset again. \
                 Images and masks stay as they are",
            );
        if response.clicked()
            && let Ok(mut map) = edited.form.map()
        {
            map.lists = map.lists.filter(|_| !edited.lists.forgets);
            map.pairs = map.pairs.filter(|_| !edited.pairs.forgets);
            let lists = edited.lists.made();
            let pairs = edited.pairs.changed();
            let edit = Arc::clone(&edited.edit);
            *saving = Some(ctx.engine.save_edit(edit, map, lists, pairs));
        }
        let discard = ui
            .add_when(edited.is_changed() && saving.is_none(), Button::new("Discard changes"))
            .on_hover_text("Show the settings as they are saved")
            .on_disabled_hover_text("Nothing was changed");
        if discard.clicked() {
            let fresh = Edited::new(Arc::clone(&edited.edit));
            free_beside(std::mem::replace(edited, fresh));
            return;
        }
        match &problem {
            Some(problem) => {
                let color = theme::palette(ui.visuals()).error;
                ui.add(Label::new(RichText::new(problem).small().color(color)).wrap());
            }
            None if saving.is_some() => {
                ui.busy("Saving");
            }
            None => {
                ui.add(Label::new(RichText::new("Images and masks stay as they are").small().weak()).wrap());
            }
        }
    });
}

impl Edited {
    fn new(edit: Arc<DatasetEdit>) -> Self {
        let form = ClassMapForm::new(&edit);
        Self {
            unchanged: form.clone(),
            form,
            checked: None,
            lists: ListsForm::default(),
            pairs: PairsForm::new(&edit),
            edit,
        }
    }

    /// Whether there is something that is not saved.
    fn is_changed(&self) -> bool {
        self.form != self.unchanged
            || self.lists.forgets
            || self.lists.is_edited()
            || self.pairs.forgets
            || self.pairs.is_changed()
    }

    /// Why what is in the form does not fit the dataset.
    fn problem(&mut self) -> Option<String> {
        if let Some((form, problem)) = &self.checked
            && *form == self.form
        {
            return problem.clone();
        }
        let problem = self.form.map().and_then(|map| {
            let applied = map.without_files().apply(&mut self.edit.small.clone());
            // A map that is no file yet has no name.
            applied.map_err(|err| err.to_string().trim_start_matches(": ").to_owned())
        });
        let problem = problem.err();
        self.checked = Some((self.form.clone(), problem.clone()));
        problem
    }
}
