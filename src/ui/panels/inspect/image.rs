//! The inspected image: what is shown of it while and after its mask is predicted.

use std::path::Path;

use eframe::egui::{Align, Label, Layout, Ui};

use super::InspectPanel;
use super::overlay::{Overlay, Subject, scored_over};
use super::tiles_offer::tiles_offer;
use crate::engine::{PartialState, Pixels, RunWeights, TilePlan};
use crate::ui::canvas::Canvas;
use crate::ui::context::PanelCtx;
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::file_label::file_label;
use crate::ui::view_model::format::percent;
use crate::ui::view_model::mask::{Pixel, label_at};
use crate::ui::view_model::prediction_cache::{Lookup, SHOW_WAITING_AFTER, Wait};

/// What the place of the image shows.
pub(super) enum ImageState {
    Shown,
    Waiting(Wait),
    Offered(TilePlan),
    /// How many tiles of all were done.
    Cancelled(Option<(usize, usize)>),
    Failed(String),
}

impl InspectPanel {
    /// Looks up the prediction of the selected image, and prepares to show it. A prediction that
    /// takes longer gives way to its image alone.
    pub(super) fn update(&mut self, ctx: &PanelCtx<'_>, ui: &Ui, run: &str) -> Option<ImageState> {
        let path = self.list.selected().map(Path::to_owned)?;
        let weights = RunWeights::best(run);
        self.predictions.cancel_others(&path);
        self.predictions.cancel_other_weights(&weights);
        let state = match self.predictions.get(ctx.engine, &weights, &path) {
            Lookup::Ready(prediction) => {
                self.prepare(ctx, ui, (Subject::Prediction(prediction), None));
                ImageState::Shown
            }
            Lookup::Running(wait) => {
                if let (Some(image), Some(mask)) = (&wait.image, &wait.partial.mask) {
                    let subject = Subject::Growing(path.clone(), image.clone(), mask.clone());
                    self.prepare(ctx, ui, (subject, Some(run)));
                } else if wait.is_long() {
                    self.prepare_image(ctx, ui, &path, wait.image.clone());
                }
                ImageState::Waiting(wait)
            }
            Lookup::Offered(image, plan) => {
                self.prepare_image(ctx, ui, &path, Some(image));
                ImageState::Offered(plan)
            }
            Lookup::Cancelled(
                Some(image),
                PartialState {
                    mask: Some(mask),
                    done,
                    total,
                },
            ) => {
                // The tiles that were done stay in sight.
                let subject = Subject::Growing(path.clone(), image, mask);
                self.prepare(ctx, ui, (subject, Some(run)));
                ImageState::Cancelled(Some((done, total)))
            }
            Lookup::Cancelled(image, _) => {
                self.prepare_image(ctx, ui, &path, image);
                ImageState::Cancelled(None)
            }
            Lookup::Failed(message) => {
                self.shown = None;
                ImageState::Failed(message)
            }
        };
        Some(state)
    }

    /// Prepares to show an image without a mask; nothing is shown until it is read.
    fn prepare_image(&mut self, ctx: &PanelCtx<'_>, ui: &Ui, path: &Path, image: Option<Pixels>) {
        match image {
            Some(image) => {
                let subject = Subject::Image(path.to_owned(), image);
                self.prepare(ctx, ui, (subject, None));
            }
            None => self.shown = None,
        }
    }

    /// Prepares to show a subject, whose classes are those of a run where it has no prediction; the
    /// previous one stays until all layers are ready.
    fn prepare(&mut self, ctx: &PanelCtx<'_>, ui: &Ui, (subject, run): (Subject, Option<&str>)) {
        let of_run = run.and_then(|run| Some(&ctx.engine.run(run)?.classes));
        let of_prediction = subject.prediction().map(|prediction| &prediction.classes);
        let overlay = Overlay {
            classes: of_prediction
                .or(of_run)
                .map(|classes| ctx.colors.of(classes)),
            truth_classes: subject.truth().map(|truth| ctx.colors.of(&truth.classes)),
            subject,
            visible: self.visible,
            toggles: self.toggles,
        };
        if !self.textures.prepare(ctx, ui.ctx(), &overlay.layers()) {
            return;
        }
        let is_same_image = self
            .shown
            .as_ref()
            .is_some_and(|shown| shown.subject.path() == overlay.subject.path());
        if !is_same_image {
            self.view.fit();
        }
        self.shown = Some(overlay);
    }

    pub(super) fn image_ui(
        &mut self,
        ctx: &PanelCtx<'_>,
        ui: &mut Ui,
        run: &str,
        state: ImageState,
    ) {
        let Some(path) = self.list.selected().map(Path::to_owned) else {
            return;
        };
        let area = ui.available_rect_before_wrap();
        match state {
            ImageState::Shown => self.canvas_ui(ui),
            ImageState::Waiting(wait) => {
                self.canvas_ui(ui);
                if !wait.is_long() {
                    ui.request_repaint_after_secs(SHOW_WAITING_AFTER - wait.secs);
                    return;
                }
                let text = wait.text(&format!(" {}", file_label(&path)));
                if ui.waiting_to_cancel(area, &text, "Cancel the prediction") {
                    self.predictions.cancel(&RunWeights::best(run), &path);
                }
            }
            ImageState::Offered(plan) => {
                self.canvas_ui(ui);
                let weights = RunWeights::best(run);
                if let Some(skip_empty) = tiles_offer(ui, area, &plan) {
                    self.predictions
                        .start(ctx.engine, &weights, &path, skip_empty);
                }
            }
            ImageState::Cancelled(tiles) => {
                self.canvas_ui(ui);
                let text = match tiles {
                    None => "The prediction was cancelled".to_owned(),
                    Some((done, total)) => format!("Cancelled after {done} of {total} tiles"),
                };
                if ui.offer(area, &text, "Predict") {
                    self.predictions.forget(&RunWeights::best(run));
                }
            }
            ImageState::Failed(message) => self.failed_ui(ui, run, &path, &message),
        }
    }

    fn canvas_ui(&mut self, ui: &mut Ui) {
        let Some(overlay) = &self.shown else {
            return;
        };
        let drawn = overlay.drawn(self.opacity);
        let image = overlay.subject.image();
        let size = ui.available_size();
        let output = Canvas::new(
            &mut self.textures,
            &drawn,
            image.size().into(),
            "Inspected image",
        )
        .show(ui, size, &mut self.view);
        self.pick
            .update(overlay.subject.path(), &output.response, output.hovered);
        self.pick.paint(ui, output.response.rect, &output.transform);
    }

    fn failed_ui(&mut self, ui: &mut Ui, run: &str, image: &Path, message: &str) {
        ui.vertical_centered(|ui| {
            ui.add_space(ui.available_height() * 0.3);
            let title = format!("{} cannot be segmented", file_label(image));
            ui.set_max_width(ui.available_width().min(560.0));
            ui.error_box(&title, message);
            ui.add_space(6.0);
            if ui.button("Predict again").clicked() {
                self.predictions.forget(&RunWeights::best(run));
            }
        });
    }

    pub(super) fn status_ui(&self, ui: &mut Ui) {
        let Some(overlay) = &self.shown else {
            ui.horizontal(|ui| ui.weak("Scroll to zoom, drag to pan, double click to fit"));
            return;
        };
        let subject = &overlay.subject;
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if let Some(pixel) = self.pick.hovered() {
                    pixel_ui(ui, overlay, pixel);
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(Label::new(summary(subject)).truncate());
                });
            });
        });
    }
}

fn summary(subject: &Subject) -> String {
    let image = subject.image().size();
    let (mut score, mut remark) = (String::new(), String::new());
    let mut secs = "not predicted".to_owned();
    let mut how = String::new();
    if let Some(prediction) = subject.prediction() {
        if let Some(scores) = &prediction.scores {
            let over = scored_over(prediction);
            score = format!("{over}mIoU {}  ·  ", percent(scores.mean_iu));
        }
        if let Some(text) = &prediction.score_remark {
            remark = format!("  ·  {text}");
        }
        secs = format!("predicted in {:.2} s", prediction.secs);
        if let Some(options) = prediction.options.text() {
            how = format!("  ·  {options}");
        }
    }
    format!(
        "{score}{}  ·  {} × {}  ·  {secs}{how}{remark}",
        file_label(subject.path()),
        image.width,
        image.height,
    )
}

/// Position and classes of the pixel under the pointer, from right to left.
fn pixel_ui(ui: &mut Ui, overlay: &Overlay, pixel: Pixel) {
    let subject = &overlay.subject;
    if let (Some(prediction), Some(classes)) = (subject.prediction(), &overlay.classes) {
        if let Some(truth) = subject.truth()
            && let Some(label) = label_at(&truth.labels, pixel)
        {
            ui.weak(format!("ground truth: {}", truth.classes.name(label)));
        }
        if let Some(label) = label_at(&prediction.mask, pixel) {
            ui.label(classes.name(label));
            ui.swatch(theme::class_color(classes.color(label)));
        }
    }
    ui.weak(format!("x {}, y {}", pixel.x, pixel.y));
}
