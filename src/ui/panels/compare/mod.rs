//! One image through several runs, side by side, and the runs' scores.

mod pane;
mod pane_grid;
mod pickers;
mod score_table_ui;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::egui::{CentralPanel, Frame, Margin, Panel, ScrollArea, Ui, vec2};
use serde::{Deserialize, Serialize};

use self::pane::ShownPanes;
use self::pickers::open_image_button;
use super::{go_to_train, keep_size};
use crate::engine::{DatasetState, OpenDataset, RunSnapshot};
use crate::ui::canvas::controls::{opacity_slider, zoom_buttons};
use crate::ui::canvas::{CanvasView, TextureCache};
use crate::ui::context::PanelCtx;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::mask::Pixel;
use crate::ui::view_model::prediction_cache::PredictionCache;
use crate::ui::view_model::score_table::ScoreTable;

/// More would be too small to compare.
const MAX_RUNS: usize = 4;
/// Heights that images and scores leave to each other.
const MIN_IMAGES: f32 = 160.0;
const MIN_SCORES: f32 = 60.0;
const MARGIN: Margin = Margin::symmetric(6, 4);

/// Up to four runs over one image.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub struct ComparePanel {
    /// Of the masks, `0.0..=1.0`.
    opacity: f32,
    layers_on: LayersOn,
    /// Height of the scores, as the user has dragged it.
    scores_height: f32,
    #[serde(skip)]
    runs: Vec<String>,
    /// The chosen image; the first of the validation list while there is none.
    #[serde(skip)]
    image: Option<PathBuf>,
    #[serde(skip)]
    predictions: PredictionCache,
    #[serde(skip)]
    textures: TextureCache,
    /// One view for all panes: they zoom and pan together.
    #[serde(skip)]
    view: CanvasView,
    /// The last panes whose layers were all ready.
    #[serde(skip)]
    shown: Option<ShownPanes>,
    /// The pixel under the pointer, in any pane.
    #[serde(skip)]
    hovered: Option<Pixel>,
    /// Whether arrow keys are for this panel: the pointer is over it.
    #[serde(skip)]
    takes_keys: bool,
}

/// The layers that are switched on.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default)]
struct LayersOn {
    fill: bool,
    outlines: bool,
    disagreement: bool,
}

impl Default for LayersOn {
    fn default() -> Self {
        Self {
            fill: true,
            outlines: false,
            disagreement: false,
        }
    }
}

impl Default for ComparePanel {
    fn default() -> Self {
        Self {
            opacity: 0.65,
            layers_on: LayersOn::default(),
            scores_height: 134.0,
            runs: Vec::new(),
            image: None,
            predictions: PredictionCache::default(),
            textures: TextureCache::default(),
            view: CanvasView::default(),
            shown: None,
            hovered: None,
            takes_keys: false,
        }
    }
}

impl ComparePanel {
    /// Compares `runs` (the first four of them), over `image` where one is given.
    pub fn show(&mut self, _ctx: &PanelCtx<'_>, runs: Vec<String>, image: Option<PathBuf>) {
        self.runs.clear();
        for run in runs {
            self.add_run(run);
        }
        if image.is_some() {
            self.image = image;
        }
    }

    /// Shows the compared runs on `image`.
    pub fn show_image(&mut self, image: PathBuf) {
        self.image = Some(image);
    }

    /// Collects results of tasks, also while the panel is hidden.
    pub fn poll(&mut self, ctx: &PanelCtx<'_>) {
        self.predictions.poll(ctx.engine);
    }

    /// Fills the panel.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        self.takes_keys = ui.rect_contains_pointer(ui.max_rect());
        self.runs.retain(|run| ctx.engine.run(run).is_some());
        if ctx.engine.runs_with_weights().next().is_none() && self.runs.is_empty() {
            nothing_trained_ui(ctx, ui);
            return;
        }
        // First of all, so that everything below shows the same image.
        let image = self.update(ctx, ui);
        let frame = Frame::new().inner_margin(MARGIN);
        Panel::top("compare_toolbar")
            .resizable(false)
            .frame(frame)
            .show(ui, |ui| self.toolbar_ui(ctx, ui));
        if self.runs.is_empty() {
            self.shown = None;
            self.textures = TextureCache::default();
            CentralPanel::no_frame().show(ui, |ui| self.no_runs_ui(ctx, ui));
            return;
        }
        let most = ui.available_height() - MIN_IMAGES;
        if most < MIN_SCORES {
            self.scrolled_ui(ctx, ui, image.as_deref());
            return;
        }
        let scores = Panel::bottom("compare_scores")
            .resizable(true)
            .default_size(self.scores_height)
            .size_range(MIN_SCORES..=most)
            .frame(frame)
            .show(ui, |ui| {
                ScrollArea::both()
                    .auto_shrink([false, false])
                    .show(ui, |ui| self.scores_ui(ctx, ui));
            });
        keep_size(&mut self.scores_height, scores.response.rect.height(), most);
        CentralPanel::no_frame().show(ui, |ui| self.images_ui(ctx, ui, image.as_deref()));
    }

    /// Images and scores in one scroll area, if there is no room for both.
    fn scrolled_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, image: Option<&Path>) {
        let size = vec2(ui.available_width(), MIN_IMAGES);
        ScrollArea::both()
            .auto_shrink([false, false])
            .show(ui, |ui| {
                ui.allocate_ui(size, |ui| {
                    ui.set_max_size(size);
                    self.images_ui(ctx, ui, image);
                });
                self.scores_ui(ctx, ui);
            });
    }

    fn add_run(&mut self, run: String) {
        if self.runs.len() < MAX_RUNS && !self.runs.contains(&run) {
            self.runs.push(run);
        }
    }

    /// The chosen image, or the first one of the validation list.
    fn image(&self, ctx: &PanelCtx<'_>) -> Option<PathBuf> {
        let first = || Some(open_dataset(ctx)?.dataset.val.first()?.image.clone());
        self.image.clone().or_else(first)
    }

    fn toolbar_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        ui.horizontal_wrapped(|ui| self.runs_picker_ui(ctx, ui));
        ui.horizontal_wrapped(|ui| {
            self.image_picker_ui(ctx, ui);
            ui.separator();
            opacity_slider(ui, &mut self.opacity);
            ui.checkbox(&mut self.layers_on.fill, "Fill")
                .on_hover_text("Paint each class in its color");
            ui.checkbox(&mut self.layers_on.outlines, "Outlines")
                .on_hover_text("Draw the borders between classes");
            ui.checkbox(&mut self.layers_on.disagreement, "Disagreement")
                .on_hover_text("Highlight the pixels on which the runs disagree");
            ui.separator();
            zoom_buttons(ui, &mut self.view);
        });
    }

    fn images_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, image: Option<&Path>) {
        if let Some(image) = image {
            self.panes_ui(ui, image);
            return;
        }
        let hint = "Open a dataset to step through its validation images, or choose an image";
        ui.empty_state("No image to compare", hint, |ui| {
            open_image_button(ctx, ui);
        });
    }

    /// Looks up the masks of the image, which is returned, and prepares to show them; what was
    /// shown before stays until all layers are ready.
    fn update(&mut self, ctx: &PanelCtx<'_>, ui: &Ui) -> Option<PathBuf> {
        let image = self.image(ctx)?;
        if self.runs.is_empty() {
            return Some(image);
        }
        self.predictions.cancel_others(&image);
        let panes = self.panes(ctx, &image);
        if let Some(wanted) = ShownPanes::new(&image, panes, self.layers_on)
            && self.textures.prepare(ctx, ui.ctx(), &wanted.layers())
        {
            let is_same_image = self.shown.as_ref().is_some_and(|shown| shown.is_of(&image));
            if !is_same_image {
                self.view.fit();
            }
            self.shown = Some(wanted);
        }
        Some(image)
    }

    fn scores_ui(&self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let runs: Vec<&RunSnapshot> = self
            .runs
            .iter()
            .filter_map(|run| ctx.engine.run(run))
            .collect();
        score_table_ui::table_ui(ui, &ScoreTable::new(&runs, ctx.colors));
    }

    fn no_runs_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let hint = "Add runs above. To train FCN-32s, 16s and 8s with the same settings, use the Train panel";
        ui.empty_state("No runs chosen", hint, |ui| {
            if ui.button("Compare the newest runs").clicked() {
                let newest: Vec<_> = ctx
                    .engine
                    .runs_with_weights()
                    .take(3)
                    .map(|run| run.name.clone())
                    .collect();
                self.show(ctx, newest, None);
            }
        });
    }
}

fn nothing_trained_ui(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let hint =
        "The Train panel can train FCN-32s, 16s and 8s one after another with the same settings";
    ui.empty_state("No trained runs to compare", hint, |ui| {
        go_to_train(ctx, ui);
    });
}

fn open_dataset<'a>(ctx: &PanelCtx<'a>) -> Option<&'a Arc<OpenDataset>> {
    match ctx.engine.dataset() {
        DatasetState::Ready(open) => Some(open),
        _ => None,
    }
}
