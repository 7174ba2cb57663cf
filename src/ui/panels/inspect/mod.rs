//! The Inspect panel: masks of a run over any images.

mod export;
mod image_list;
pub(super) mod legend;
pub(super) mod overlay;
pub(super) mod run_picker;
mod toolbar;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::egui::{Align, CentralPanel, Frame, Label, Layout, Margin, Panel, Ui};
use serde::{Deserialize, Serialize};

use self::export::Export;
use self::image_list::ImageList;
use self::legend::Shares;
use self::overlay::{Overlay, Toggles, truth_of};
use super::{command_button, go_to_train};
use crate::engine::{ImageFiles, NoticeLevel, Poll, Prediction, Task};
use crate::ui::canvas::{Canvas, CanvasView, TextureCache};
use crate::ui::command::{Command, UiCommand};
use crate::ui::context::PanelCtx;
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::ClassSet;
use crate::ui::view_model::file_label::file_label;
use crate::ui::view_model::format::percent;
use crate::ui::view_model::mask::{Pixel, label_at};
use crate::ui::view_model::prediction_cache::{Lookup, PredictionCache, SHOW_WAITING_AFTER};

/// Widths of the list, of the legend and of the image between them; without room the
/// legend goes first.
const MIN_SIDE: f32 = 120.0;
const MIN_IMAGE: f32 = 280.0;

/// Opened images, one at a time, under the mask of one run.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub struct InspectPanel {
    /// Of the mask, `0.0..=1.0`.
    opacity: f32,
    toggles: Toggles,
    #[serde(skip)]
    list: ImageList,
    #[serde(skip)]
    opening: Vec<Task<ImageFiles>>,
    /// The chosen run; `None` = the newest.
    #[serde(skip)]
    chosen_run: Option<String>,
    #[serde(skip)]
    predictions: PredictionCache,
    #[serde(skip)]
    visible: ClassSet,
    #[serde(skip)]
    shares: Shares,
    #[serde(skip)]
    textures: TextureCache,
    #[serde(skip)]
    view: CanvasView,
    /// The last overlay whose layers were all ready.
    #[serde(skip)]
    shown: Option<Overlay>,
    /// The pixel under the pointer.
    #[serde(skip)]
    hovered: Option<Pixel>,
    #[serde(skip)]
    export: Export,
}

impl Default for InspectPanel {
    fn default() -> Self {
        Self {
            opacity: 0.6,
            toggles: Toggles::default(),
            list: ImageList::default(),
            opening: Vec::new(),
            chosen_run: None,
            predictions: PredictionCache::default(),
            visible: ClassSet::default(),
            shares: Shares::default(),
            textures: TextureCache::default(),
            view: CanvasView::default(),
            shown: None,
            hovered: None,
            export: Export::default(),
        }
    }
}

impl InspectPanel {
    /// Adds images, and the images in folders, to the list and shows the first of them.
    pub fn open(&mut self, ctx: &PanelCtx<'_>, paths: Vec<PathBuf>) {
        let task = ctx.engine.spawn("open", move |_| ImageFiles::find(&paths));
        self.opening.push(task);
    }

    /// Collects results of tasks, also while the panel is hidden.
    pub fn poll(&mut self, ctx: &PanelCtx<'_>) {
        self.take_opened(ctx);
        self.export.poll(ctx);
        self.predictions.poll(ctx.engine);
    }

    /// Fills the panel.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        if self.list.is_empty() {
            self.nothing_open_ui(ctx, ui);
            return;
        }
        if ui.rect_contains_pointer(ui.max_rect()) {
            self.list.take_keys(ui);
        }
        let margin = Frame::new().inner_margin(Margin::symmetric(6, 4));
        Panel::top("inspect_toolbar")
            .resizable(false)
            .frame(margin)
            .show(ui, |ui| self.toolbar_ui(ctx, ui));
        let most = (0.3 * ui.available_width()).clamp(MIN_SIDE, 400.0);
        Panel::left("inspect_list")
            .default_size(170.0)
            .size_range(MIN_SIDE..=most)
            .frame(margin)
            .show(ui, |ui| self.list_ui(ctx, ui));
        let Some(run) = self.run(ctx) else {
            CentralPanel::no_frame().show(ui, |ui| no_weights_ui(ctx, ui));
            return;
        };
        let rest = ui.available_width() - MIN_IMAGE;
        if rest > MIN_SIDE {
            Panel::right("inspect_legend")
                .default_size(190.0)
                .size_range(MIN_SIDE..=rest.min(400.0))
                .frame(margin)
                .show(ui, |ui| self.legend_ui(ctx, ui));
        }
        Panel::bottom("inspect_status")
            .resizable(false)
            .frame(margin)
            .show(ui, |ui| self.status_ui(ui));
        CentralPanel::no_frame().show(ui, |ui| self.image_ui(ctx, ui, &run));
    }

    /// The chosen run, or the newest one that can predict.
    fn run(&self, ctx: &PanelCtx<'_>) -> Option<String> {
        let is_chosen = |name: &str| self.chosen_run.as_deref() == Some(name);
        ctx.engine
            .runs_with_weights()
            .find(|run| is_chosen(&run.name))
            .or_else(|| ctx.engine.runs_with_weights().next())
            .map(|run| run.name.clone())
    }

    fn take_opened(&mut self, ctx: &PanelCtx<'_>) {
        let list = &mut self.list;
        self.opening.retain_mut(|task| {
            let expanded = match task.poll() {
                Poll::Pending => return true,
                Poll::Ready(expanded) => expanded,
                Poll::Lost => {
                    let text = "The images could not be opened. Open them again; the log says more";
                    let notice = Command::Notify(NoticeLevel::Error, text.to_owned());
                    ctx.commands.send(notice);
                    return false;
                }
            };
            list.add(expanded.images);
            for problem in expanded.problems {
                let notice = Command::Notify(NoticeLevel::Warning, problem.to_string());
                ctx.commands.send(notice);
            }
            false
        });
    }

    fn nothing_open_ui(&self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        if !self.opening.is_empty() {
            let area = ui.available_rect_before_wrap();
            ui.waiting(area, "Looking for images");
            return;
        }
        let hint = "Drop images or a folder anywhere on the window to see what a trained run makes of them";
        ui.empty_state("No images open", hint, |ui| {
            command_button(ctx, ui, UiCommand::OpenImages, None);
        });
    }

    fn list_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        ui.horizontal_wrapped(|ui| {
            command_button(ctx, ui, UiCommand::OpenImages, None);
            let clear = ui
                .button("Clear list")
                .on_hover_text("Remove all images from the list");
            if clear.clicked() {
                self.list.clear();
                self.shown = None;
                self.textures = TextureCache::default();
            }
        });
        ui.separator();
        self.list.ui(ui);
    }

    fn legend_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui) {
        ui.take_available_width(); // an empty legend keeps its place
        let Some(overlay) = &self.shown else {
            return;
        };
        let classes = overlay.prediction.classes.clone();
        let mask = truth_of(&overlay.prediction)
            .filter(|_| overlay.toggles.truth)
            .unwrap_or(&overlay.prediction.mask);
        let shares = self.shares.of(ctx.engine, mask, classes.len());
        legend::legend_list(ui, &classes, &mut self.visible, shares);
    }

    fn image_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, run: &str) {
        let Some(image) = self.list.selected().map(Path::to_owned) else {
            return;
        };
        self.predictions.cancel_others(&image);
        match self.predictions.get(ctx.engine, run, &image) {
            Lookup::Ready(prediction) => {
                self.prepare(ctx, ui, prediction);
                self.canvas_ui(ui, false);
            }
            Lookup::Running(secs) => {
                let area = ui.available_rect_before_wrap();
                let is_long = secs > SHOW_WAITING_AFTER;
                self.canvas_ui(ui, is_long);
                if is_long || self.shown.is_none() {
                    let text = format!("Predicting {} · {secs:.1} s", file_label(&image));
                    ui.waiting(area, &text);
                } else {
                    let rest = SHOW_WAITING_AFTER - secs;
                    ui.request_repaint_after_secs(rest.max(0.0));
                }
            }
            Lookup::Failed(message) => {
                self.shown = None;
                self.failed_ui(ui, run, &image, &message);
            }
        }
    }

    /// Prepares to show `prediction`; the previous one stays until all layers are ready.
    fn prepare(&mut self, ctx: &PanelCtx<'_>, ui: &Ui, prediction: Arc<Prediction>) {
        let overlay = Overlay {
            prediction,
            visible: self.visible,
            toggles: self.toggles,
        };
        if !self.textures.prepare(ctx, ui.ctx(), &overlay.layers()) {
            return;
        }
        let is_same_image = self
            .shown
            .as_ref()
            .is_some_and(|shown| shown.prediction.image_path == overlay.prediction.image_path);
        if !is_same_image {
            self.view.fit();
        }
        let is_same_prediction = self
            .shown
            .as_ref()
            .is_some_and(|shown| Arc::ptr_eq(&shown.prediction, &overlay.prediction));
        if !is_same_prediction {
            // Toolbar, legend and status line of this frame show the previous prediction.
            ui.ctx().request_repaint();
        }
        self.shown = Some(overlay);
    }

    fn canvas_ui(&mut self, ui: &mut Ui, dimmed: bool) {
        let Some(overlay) = &self.shown else {
            return;
        };
        let drawn = overlay.drawn(self.opacity);
        let image = &overlay.prediction.image;
        let size = ui.available_size();
        self.hovered = Canvas::new(
            &mut self.textures,
            &drawn,
            [image.width, image.height],
            "Inspected image",
        )
        .dimmed(dimmed)
        .show(ui, size, &mut self.view)
        .hovered;
    }

    fn failed_ui(&mut self, ui: &mut Ui, run: &str, image: &Path, message: &str) {
        ui.vertical_centered(|ui| {
            ui.add_space(ui.available_height() * 0.3);
            let title = format!("{} cannot be segmented", file_label(image));
            ui.set_max_width(ui.available_width().min(560.0));
            ui.error_box(&title, message);
            ui.add_space(6.0);
            if ui.button("Predict again").clicked() {
                self.predictions.forget_run(run);
            }
        });
    }

    fn status_ui(&self, ui: &mut Ui) {
        let Some(overlay) = &self.shown else {
            ui.horizontal(|ui| ui.weak("Scroll to zoom, drag to pan, double click to fit"));
            return;
        };
        let prediction = &overlay.prediction;
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if let Some(pixel) = self.hovered {
                    pixel_ui(ui, prediction, pixel);
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(Label::new(summary(prediction)).truncate());
                });
            });
        });
    }

    /// The shown prediction, if it is that of the selected image and run.
    fn current(&self, run: &str) -> Option<&Arc<Prediction>> {
        let prediction = &self.shown.as_ref()?.prediction;
        let is_current =
            prediction.run == run && self.list.selected() == Some(prediction.image_path.as_path());
        is_current.then_some(prediction)
    }
}

fn no_weights_ui(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    let hint = "Train a run first; its best weights can be used here, even during training";
    ui.empty_state("No trained run yet", hint, |ui| go_to_train(ctx, ui));
}

fn summary(prediction: &Prediction) -> String {
    let image = &prediction.image;
    let scores = prediction.scores.as_ref();
    let score = match (scores, &prediction.score_remark) {
        (Some(scores), None) => format!("mIoU {}  ·  ", percent(scores.mean_iu)),
        (Some(scores), Some(remark)) => {
            format!("mIoU {} ({remark})  ·  ", percent(scores.mean_iu))
        }
        (None, Some(remark)) => format!("{remark}  ·  "),
        (None, None) => String::new(),
    };
    format!(
        "{score}{}  ·  {} × {}  ·  predicted in {:.2} s",
        file_label(&prediction.image_path),
        image.width,
        image.height,
        prediction.secs
    )
}

/// Position and classes of the pixel under the pointer, from right to left.
fn pixel_ui(ui: &mut Ui, prediction: &Prediction, pixel: Pixel) {
    let classes = &prediction.classes;
    if let Some(truth) = truth_of(prediction).and_then(|truth| label_at(truth, pixel)) {
        ui.weak(format!("ground truth: {}", classes.name(truth)));
    }
    if let Some(label) = label_at(&prediction.mask, pixel) {
        ui.label(classes.name(label));
        ui.swatch(theme::class_color(classes.color(label)));
    }
    ui.weak(format!("x {}, y {}", pixel.x, pixel.y));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::test_engine::Bench;

    #[test]
    fn images_whose_opening_is_lost_are_told_and_not_waited_for() {
        let bench = Bench::new();
        let mut panel = InspectPanel {
            opening: vec![bench.lost()],
            ..InspectPanel::default()
        };
        bench.until(|ctx| {
            panel.poll(ctx);
            panel.opening.is_empty()
        });
        assert_eq!(bench.errors().len(), 1);
    }
}
