//! The Evaluate panel: scores of runs on a list of images, down to the pixels behind them.

mod calibration;
mod classes;
mod confusion;
mod confusion_source;
mod export;
mod images;
mod overview;
mod plot;
mod sizes;
mod toolbar;
mod work;

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::{Frame, Label, Margin, Panel, RichText, ScrollArea, Ui, style::ScrollStyle};
use serde::{Deserialize, Serialize};
use strum::VariantArray;

use self::export::Export;
use self::images::ImagesView;
use self::work::Work;
use super::{LOW_PANEL, controls_line, go_to_train};
use crate::engine::{
    Averaging, DatasetRef, DatasetState, KeptEvaluation, RunSnapshot, ScoredSplit, Split,
};
use crate::ui::context::PanelCtx;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::confusion_view::{CellPlace, CellValue};
use crate::ui::view_model::run_label::run_label;
use crate::ui::view_model::run_selection::RunSelection;

const MARGIN: Margin = Margin::symmetric(6, 4);

/// What scores are called whose run or data have changed since.
const OUTDATED: &str = "outdated";

/// What is shown of the evaluations.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, VariantArray, strum::Display,
)]
enum Tab {
    /// The means.
    #[default]
    Overview,
    Classes,
    /// The confusion matrix.
    Confusion,
    /// Single images.
    Images,
    /// By distance to a boundary, by object size.
    #[strum(to_string = "Boundaries and sizes")]
    Sizes,
    Calibration,
}

/// Which dataset is scored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Which {
    /// Of each run its own.
    #[default]
    OfRun,
    /// That of the Dataset panel.
    Open,
}

/// Runs that are scored on a list of images.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub struct EvaluatePanel {
    tab: Tab,
    split: Split,
    cell_value: CellValue,
    #[serde(skip)]
    which: Which,
    /// Over what probabilities are averaged.
    #[serde(skip)]
    averaging: Averaging,
    /// The chosen runs; `None` = the newest one.
    chosen: Option<Vec<String>>,
    /// Of which run single cells and images are shown.
    #[serde(skip)]
    focus: Option<String>,
    #[serde(skip)]
    work: Work,
    #[serde(skip)]
    images: ImagesView,
    #[serde(skip)]
    export: Export,
}

impl Default for EvaluatePanel {
    fn default() -> Self {
        Self {
            tab: Tab::default(),
            split: Split::Val,
            cell_value: CellValue::default(),
            which: Which::default(),
            averaging: Averaging::default(),
            chosen: None,
            focus: None,
            work: Work::default(),
            images: ImagesView::default(),
            export: Export::default(),
        }
    }
}

/// An evaluation that is shown, with the name and the color slot of its run.
#[derive(Clone)]
struct Shown {
    label: String,
    slot: usize,
    kept: Arc<KeptEvaluation>,
}

impl Shown {
    /// Whether the run or its data have changed since.
    fn is_outdated(&self) -> bool {
        !self.kept.changes.is_empty()
    }
}

/// The color slot and the name of a chosen run without an evaluation.
type Missing = (usize, String);

impl EvaluatePanel {
    /// Collects results of tasks, also while the panel is hidden.
    pub fn poll(&mut self, ctx: &PanelCtx<'_>) {
        self.work.poll(ctx);
        self.export.poll(ctx);
    }

    /// Saves the table for which a place was asked.
    pub fn save(&mut self, ctx: &PanelCtx<'_>, path: PathBuf) {
        self.export.save(ctx, path);
    }

    /// Fills the panel. `selection` has the color slots of runs.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, selection: &mut RunSelection, ui: &mut Ui) {
        if ctx.engine.runs_with_weights().next().is_none() {
            let hint = "Train a run for an epoch; then its scores, class by class and image by image, are here";
            ui.empty_state("No trained run to evaluate", hint, |ui| {
                go_to_train(ctx, ui);
            });
            return;
        }
        let runs = self.runs(ctx);
        let names: Vec<String> = runs.iter().map(|run| run.name.clone()).collect();
        self.work.read(ctx, &names);
        let (shown, missing) = self.shown(ctx, selection, &runs);
        let is_low = ui.available_height() < LOW_PANEL;
        let frame = Frame::new().inner_margin(MARGIN);
        Panel::top("evaluate_toolbar")
            .resizable(false)
            .frame(frame)
            .show(ui, |ui| {
                controls_line(ui, ("evaluate_what", is_low), |ui| {
                    self.what_ui(ctx, ui, &runs);
                });
                controls_line(ui, ("evaluate_tabs", is_low), |ui| {
                    self.tabs_ui(ctx, ui, &shown);
                });
                if !missing.is_empty() && !shown.is_empty() && self.tab != Tab::Overview {
                    let names: Vec<&str> = missing.iter().map(|(_, name)| name.as_str()).collect();
                    let text = format!("Not evaluated yet: {}", names.join(", "));
                    ui.add(Label::new(RichText::new(text).weak()).truncate());
                }
            });
        for (run, message) in self.work.failures() {
            let title = ctx
                .engine
                .run(run)
                .map_or_else(|| run.clone(), RunSnapshot::title);
            ui.error_box(&format!("{title} could not be evaluated"), message);
        }
        for message in self.work.damaged() {
            ui.error_box("Earlier scores cannot be read", message);
        }
        if shown.is_empty() {
            self.nothing_ui(ui, &names);
            return;
        }
        self.tab_ui(ctx, ui, &shown, &missing);
    }

    fn tab_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, shown: &[Shown], missing: &[Missing]) {
        let Some(focus) = self.focused(shown).cloned() else {
            return;
        };
        match self.tab {
            Tab::Overview => scrolled(ui, "overview", |ui| overview::ui(ui, shown, missing)),
            Tab::Classes => scrolled(ui, "classes", |ui| classes::ui(ctx, ui, shown)),
            Tab::Sizes => scrolled(ui, "sizes", |ui| sizes::ui(ui, shown)),
            Tab::Calibration => scrolled(ui, "calibration", |ui| calibration::ui(ui, shown)),
            Tab::Confusion => {
                if let Some(place) = confusion::ui(ctx, ui, &focus, &mut self.cell_value) {
                    self.show_confusion(place);
                }
            }
            Tab::Images => self.images.ui(ctx, ui, &focus.kept),
        }
    }

    /// Opens the images with a confusion, the worst first.
    fn show_confusion(&mut self, place: CellPlace) {
        self.images.show_confusion(place);
        self.tab = Tab::Images;
    }

    /// The chosen runs, those that are still there.
    fn runs<'a>(&self, ctx: &PanelCtx<'a>) -> Vec<&'a RunSnapshot> {
        let runs = || ctx.engine.runs_with_weights();
        let newest = || runs().take(1).collect();
        let Some(chosen) = &self.chosen else {
            return newest();
        };
        let found: Vec<_> = runs().filter(|run| chosen.contains(&run.name)).collect();
        // All that were chosen may be gone.
        if found.is_empty() && !chosen.is_empty() {
            newest()
        } else {
            found
        }
    }

    /// What is scored of a run.
    fn scored(&self, ctx: &PanelCtx<'_>, run: &RunSnapshot) -> ScoredSplit {
        let dataset = match (self.which, open_dataset(ctx)) {
            (Which::Open, Some((which, _))) => Some(which.clone()),
            _ => Some(run.config.dataset.clone()),
        };
        ScoredSplit {
            dataset,
            split: self.split,
            averaging: self.averaging.normalized(),
        }
    }

    /// The evaluations of the chosen runs on the chosen list, and the runs that have none.
    fn shown(
        &self,
        ctx: &PanelCtx<'_>,
        selection: &mut RunSelection,
        runs: &[&RunSnapshot],
    ) -> (Vec<Shown>, Vec<Missing>) {
        let (mut shown, mut missing) = (Vec::new(), Vec::new());
        for run in runs {
            let slot = selection.lasting_slot(&run.name);
            let label = run_label(runs, run);
            match self.work.find(&run.name, &self.scored(ctx, run)) {
                Some(kept) => shown.push(Shown { label, slot, kept }),
                None => missing.push((slot, label)),
            }
        }
        (shown, missing)
    }

    fn focused<'a>(&self, shown: &'a [Shown]) -> Option<&'a Shown> {
        let is_it = |shown: &&Shown| self.focus.as_ref() == Some(&shown.kept.run);
        shown.iter().find(is_it).or(shown.first())
    }

    fn nothing_ui(&self, ui: &mut Ui, runs: &[String]) {
        if self.work.running().is_some() {
            ui.empty_state(
                "Evaluating",
                "The scores are here when all images are segmented",
                |_| {},
            );
        } else if self.work.is_reading() {
            ui.empty_state(
                "Looking for earlier scores",
                "They are kept with the run",
                |_| {},
            );
        } else if runs.is_empty() {
            ui.empty_state("No run chosen", "Choose runs above", |_| {});
        } else {
            let hint = format!(
                "Evaluate scores every image of the {} list: by class, by image, along boundaries",
                <&str>::from(self.split)
            );
            ui.empty_state("Not evaluated yet", &hint, |_| {});
        }
    }
}

/// Each of them is scrolled by itself: one is looked at from its top.
fn scrolled(ui: &mut Ui, what: &str, add: impl FnOnce(&mut Ui)) {
    // In sight, so that people see that there is more.
    ui.spacing_mut().scroll = ScrollStyle::thin();
    ScrollArea::both()
        .id_salt(what)
        .auto_shrink(false)
        .show(ui, add);
}

/// How the dataset of the Dataset panel was asked for, and its name.
fn open_dataset<'a>(ctx: &PanelCtx<'a>) -> Option<(&'a DatasetRef, &'a str)> {
    match ctx.engine.dataset() {
        DatasetState::Ready(open) => Some((&open.which, &open.dataset.name)),
        _ => None,
    }
}
