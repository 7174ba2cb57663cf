//! One image through several networks, side by side, and the scores of their runs.

mod agreement;
mod caption;
mod export;
mod foreign;
mod pane;
mod pane_grid;
mod pickers;
mod ranking;
mod score_table_ui;
mod swipe;
mod toolbar;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::egui::{CentralPanel, Frame, Margin, Panel, ScrollArea, Ui, style::ScrollStyle, vec2};
use serde::{Deserialize, Serialize};

use self::agreement::Agreement;
use self::export::Export;
use self::foreign::Listed;
use self::pane::ShownPanes;
use self::pickers::open_image_button;
use self::ranking::Ranking;
use self::swipe::Swipe;
use self::toolbar::Room;
use super::{go_to_train, keep_size};
use crate::engine::{DatasetState, OpenDataset, RunSnapshot, RunWeights};
use crate::ui::canvas::{CanvasView, TextureCache};
use crate::ui::context::PanelCtx;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::mask::Pixel;
use crate::ui::view_model::prediction_cache::PredictionCache;
use crate::ui::view_model::progress::plan_position;
use crate::ui::view_model::score_table::ScoreTable;

/// More would be too small to compare.
const MAX_PANES: usize = 6;
/// Heights that images and scores leave to each other.
const MIN_IMAGES: f32 = 230.0;
const MIN_SCORES: f32 = 60.0;
const MARGIN: Margin = Margin::symmetric(6, 4);

/// Up to six panes over one image: the image, networks, the ground truth.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub struct ComparePanel {
    /// Of the masks, `0.0..=1.0`.
    opacity: f32,
    layers_on: LayersOn,
    panes_on: PanesOn,
    /// Height of the scores, as the user has dragged it.
    scores_height: f32,
    networks: Vec<RunWeights>,
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
    #[serde(skip)]
    listed: Listed,
    #[serde(skip)]
    agreement: Agreement,
    #[serde(skip)]
    swipe: Swipe,
    #[serde(skip)]
    ranking: Ranking,
    #[serde(skip)]
    export: Export,
    /// The pixel under the pointer, in any pane.
    #[serde(skip)]
    hovered: Option<Pixel>,
    /// Whether keys are for this panel: the pointer is over it.
    #[serde(skip)]
    takes_keys: bool,
}

/// The layers that are switched on.
#[expect(
    clippy::struct_excessive_bools,
    reason = "four switches that do not depend on each other"
)]
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default)]
struct LayersOn {
    fill: bool,
    outlines: bool,
    errors: bool,
    disagreement: bool,
}

/// The panes beside those of networks.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default)]
struct PanesOn {
    image: bool,
    truth: bool,
}

impl Default for LayersOn {
    fn default() -> Self {
        Self {
            fill: true,
            outlines: false,
            errors: false,
            disagreement: false,
        }
    }
}

impl Default for PanesOn {
    fn default() -> Self {
        Self {
            image: false,
            truth: true,
        }
    }
}

impl Default for ComparePanel {
    fn default() -> Self {
        Self {
            opacity: 0.65,
            layers_on: LayersOn::default(),
            panes_on: PanesOn::default(),
            scores_height: 134.0,
            networks: Vec::new(),
            image: None,
            predictions: PredictionCache::default(),
            textures: TextureCache::default(),
            view: CanvasView::default(),
            shown: None,
            listed: Listed::default(),
            agreement: Agreement::default(),
            swipe: Swipe::default(),
            ranking: Ranking::default(),
            export: Export::default(),
            hovered: None,
            takes_keys: false,
        }
    }
}

impl ComparePanel {
    /// Compares the best weights of `runs`, as many as there is room for, over `image` where one is given.
    /// Coarse ones come first.
    pub fn show(&mut self, ctx: &PanelCtx<'_>, runs: Vec<String>, image: Option<PathBuf>) {
        self.networks.clear();
        for run in runs {
            let weights = RunWeights::best(run);
            if self.has_room() && !self.networks.contains(&weights) {
                self.networks.push(weights);
            }
        }
        let place = |weights: &RunWeights| {
            let run = ctx.engine.run(&weights.run);
            run.map(RunSnapshot::coarse_to_fine)
        };
        self.networks.sort_by_cached_key(place);
        if image.is_some() {
            self.image = image;
        }
    }

    /// Shows the compared runs on `image`.
    pub fn show_image(&mut self, image: PathBuf) {
        self.image = Some(image);
    }

    /// Saves what a place was asked for.
    pub fn save(&mut self, ctx: &PanelCtx<'_>, path: PathBuf) {
        self.export.save(ctx, path);
    }

    /// Collects results of tasks, also while the panel is hidden.
    pub fn poll(&mut self, ctx: &PanelCtx<'_>) {
        self.predictions.poll(ctx.engine);
        self.ranking.poll(ctx);
        self.export.poll(ctx);
    }

    /// Fills the panel.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        self.takes_keys = ui.rect_contains_pointer(ui.max_rect());
        if !ctx.engine.runs_known() {
            return;
        }
        self.networks
            .retain(|weights| ctx.engine.run(&weights.run).is_some());
        self.ranking.check(ctx.engine, &self.networks);
        if ctx.engine.runs_with_weights().next().is_none() && self.networks.is_empty() {
            nothing_trained_ui(ctx, ui);
            return;
        }
        // First of all, so that everything below shows the same image.
        let image = self.update(ctx, ui);
        let room = Room::of(ui.available_size());
        let frame = Frame::new().inner_margin(MARGIN);
        Panel::top("compare_toolbar")
            .resizable(false)
            .frame(frame)
            .show(ui, |ui| self.toolbar_ui(ctx, ui, room));
        if self.networks.is_empty() {
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
                // In sight, so that people see that there is more.
                ui.spacing_mut().scroll = ScrollStyle::thin();
                ScrollArea::both()
                    .auto_shrink([false, false])
                    .show(ui, |ui| self.scores_ui(ctx, ui));
            });
        keep_size(&mut self.scores_height, scores.response.rect.height(), most);
        CentralPanel::no_frame().show(ui, |ui| self.images_ui(ctx, ui, image.as_deref()));
    }

    /// Images and scores in one scroll area, if there is no room for both.
    fn scrolled_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, image: Option<&Path>) {
        // In sight, so that people see that there is more.
        ui.spacing_mut().scroll = ScrollStyle::thin();
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

    /// How many panes there may be at once.
    fn num_panes(&self) -> usize {
        self.networks.len() + usize::from(self.panes_on.image) + usize::from(self.panes_on.truth)
    }

    fn has_room(&self) -> bool {
        self.num_panes() < MAX_PANES
    }

    /// The runs of the compared networks, each once.
    fn compared_runs<'a>(&self, ctx: &PanelCtx<'a>) -> Vec<&'a RunSnapshot> {
        let mut runs: Vec<&RunSnapshot> = Vec::new();
        for weights in &self.networks {
            let run = ctx.engine.run(&weights.run);
            runs.extend(run.filter(|run| runs.iter().all(|known| known.name != run.name)));
        }
        runs
    }

    /// The chosen image, or the first one of the validation list.
    fn image(&self, ctx: &PanelCtx<'_>) -> Option<PathBuf> {
        let first = || Some(open_dataset(ctx)?.dataset.val.first()?.image.clone());
        self.image.clone().or_else(first)
    }

    fn images_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, image: Option<&Path>) {
        if let Some(image) = image {
            self.foreign_ui(ctx, ui, image);
            self.panes_ui(ctx, ui, image);
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
        if self.networks.is_empty() {
            return Some(image);
        }
        self.predictions.cancel_others(&image);
        let panes = self.panes(ctx, &image);
        self.agreement.update(ctx.engine, &panes);
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
        let table = ScoreTable::new(&self.compared_runs(ctx), ctx.colors);
        score_table_ui::table_ui(ui, &table);
    }

    fn no_runs_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        let hint = "Add runs above. To train FCN-32s, 16s and 8s with the same settings, use the Train panel";
        ui.empty_state("No runs chosen", hint, |ui| {
            if ui.button("Compare the newest runs").clicked() {
                self.show(ctx, ctx.engine.newest_comparable(3), None);
            }
        });
    }
}

fn nothing_trained_ui(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    if ctx.engine.active().is_some() {
        let plan = ctx.engine.plan();
        let plan = plan.filter(|plan| plan.total > 1 && !plan.done);
        let run = plan.map_or_else(|| "A run".to_owned(), plan_position);
        let hint = "It can be compared once it has a checkpoint";
        ui.empty_state(&format!("{run} is training"), hint, |_| {});
        return;
    }
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
