//! The images of a step as the network would see them, with the settings of the Train panel.

use eframe::egui::{Label, Rect, RichText, Sense, Ui, pos2, vec2};

use super::thumbs::{Thumb, cell_button, paint_thumb, upload};
use crate::engine::{
    ClassList, EngineError, OpenDataset, RunConfig, Sampling, SeenImage, StepPreview, Task,
};
use crate::ui::context::PanelCtx;
use crate::ui::number::number_ui;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::{ColorChoice, format};

/// Longest side of an image in small, in pixels.
const MAX_SIDE: u32 = 256;
/// Images that become textures in a frame.
const UPLOADS: usize = 4;
const CELL_WIDTH: f32 = 132.0;
const GAP: f32 = 5.0;

/// What is shown is this, or it is not shown.
#[derive(Debug, Clone, PartialEq)]
struct Wanted {
    /// Which opening of a dataset it is about.
    generation: u64,
    config: RunConfig,
    step: usize,
}

/// The batch of the Dataset panel.
pub struct BatchView {
    /// Another seed than that of the form.
    seed: Option<u64>,
    step: usize,
    making: Option<(Wanted, Task<Result<StepPreview, EngineError>>)>,
    made: Option<Made>,
}

struct Made {
    of: Wanted,
    result: Result<StepPreview, String>,
    thumbs: Vec<Thumb>,
    colors: ColorChoice,
}

impl Default for BatchView {
    fn default() -> Self {
        Self {
            seed: None,
            step: 1,
            making: None,
            made: None,
        }
    }
}

impl BatchView {
    /// Frees everything.
    pub fn clear(&mut self) {
        (self.making, self.made) = (None, None);
    }

    /// Draws seed, step and images; `form` has the settings of the next run. Returns the place of an
    /// image that was clicked.
    pub fn ui(
        &mut self,
        ctx: &PanelCtx<'_>,
        ui: &mut Ui,
        (open, form): (&OpenDataset, &RunConfig),
        beside: bool,
    ) -> Option<usize> {
        self.controls_ui(ui, form);
        if self.step == 0 {
            return None;
        }
        let config = RunConfig {
            dataset: open.which.clone(),
            seed: self.seed.unwrap_or(form.seed),
            ..form.batches_alone()
        };
        let wanted = Wanted {
            generation: ctx.engine.dataset_generation(),
            config,
            step: self.step,
        };
        self.update(ctx, &wanted);
        let classes = &open.dataset.classes;
        if let Some(made) = self.made.as_mut().filter(|made| made.of == wanted) {
            return made.ui(ctx, ui, classes, beside);
        }
        self.waiting_ui(ui);
        None
    }

    /// An image of the batch that is shown.
    pub fn image(&self, place: usize) -> Option<&SeenImage> {
        let preview = self.made.as_ref()?.result.as_ref().ok()?;
        preview.seen.images.get(place)
    }

    fn controls_ui(&mut self, ui: &mut Ui, form: &RunConfig) {
        ui.horizontal_wrapped(|ui| {
            let name = ui.label("Seed");
            let mut seed = self.seed.unwrap_or(form.seed);
            let drag = number_ui(ui, &mut seed, 0..=u64::MAX, None, |drag| drag.speed(0.1))
                .labelled_by(name.id)
                .on_hover_text("Seed of order and augmentation; that of the Train panel until it is changed here")
                .accessible_name("Seed of the batch");
            if drag.changed() {
                self.seed = Some(seed);
            }
            if self.seed.is_some_and(|own| own != form.seed) {
                let response = ui
                    .button("As in Train")
                    .on_hover_text("Take the seed of the Train panel again");
                if response.clicked() {
                    self.seed = None;
                }
            }
            ui.separator();
            let name = ui.label("Step");
            let rule = (self.step == 0).then_some("The first step is 1");
            number_ui(ui, &mut self.step, 1..=usize::MAX, rule, |drag| drag.speed(0.1))
                .labelled_by(name.id)
                .on_hover_text("Step of the run, 1 for the first")
                .accessible_name("Step of the batch");
            if ui.button("Previous").accessible_name("Previous step").clicked() {
                self.step = self.step.saturating_sub(1).max(1);
            }
            if ui.button("Next").accessible_name("Next step").clicked() {
                self.step = self.step.saturating_add(1);
            }
        });
    }

    /// One is made at a time; what is not wanted any more is broken off, and never shown.
    fn update(&mut self, ctx: &PanelCtx<'_>, wanted: &Wanted) {
        if let Some((of, task)) = &mut self.making {
            match task.poll_result() {
                Some(result) => {
                    let result = result.map_err(|err| err.to_string());
                    self.made = Some(Made {
                        of: of.clone(),
                        result,
                        thumbs: Vec::new(),
                        colors: ctx.colors.choice(),
                    });
                    self.making = None;
                }
                None if of != wanted => return task.cancel(),
                None => return,
            }
        }
        if self.made.as_ref().is_none_or(|made| made.of != *wanted) {
            let sampling = self
                .made
                .as_ref()
                .and_then(|made| made.sampling_for(wanted));
            let task =
                ctx.engine
                    .preview_step(wanted.config.clone(), wanted.step, sampling, MAX_SIDE);
            self.making = Some((wanted.clone(), task));
        }
    }

    fn waiting_ui(&mut self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            ui.busy("Making the batch");
            ui.label(format!("Making the batch of step {}", self.step));
        });
    }
}

impl Made {
    /// How rare classes are drawn, where it is the same for another step.
    fn sampling_for(&self, wanted: &Wanted) -> Option<Sampling> {
        let is_same = self.of.generation == wanted.generation
            && self.of.config.rare_sampling == wanted.config.rare_sampling;
        let preview = self.result.as_ref().ok().filter(|_| is_same)?;
        preview.seen.sampling.clone()
    }

    fn ui(
        &mut self,
        ctx: &PanelCtx<'_>,
        ui: &mut Ui,
        classes: &ClassList,
        beside: bool,
    ) -> Option<usize> {
        let preview = match &self.result {
            Ok(preview) => preview,
            Err(message) => {
                ui.error_box("The batch cannot be made", message);
                return None;
            }
        };
        let seen = &preview.seen;
        let mut text = format!(
            "Step {} of {} · epoch {} · {}",
            format::count(seen.step),
            format::count(seen.steps),
            format::count(seen.epoch),
            format::plural(seen.count, "image", "images")
        );
        if seen.count > seen.images.len() {
            text = format!("{text}, the first {} shown", seen.images.len());
        }
        ui.add(Label::new(RichText::new(text).weak()).wrap()).on_hover_text(
            "Made by the code that training uses, after scale, crop, mirror and augmentation; the normalization is \
             undone. Settings are those of the Train panel",
        );
        if self.colors != ctx.colors.choice() {
            self.colors = ctx.colors.choice();
            self.thumbs.clear();
        }
        for small in preview.small.iter().skip(self.thumbs.len()).take(UPLOADS) {
            self.thumbs
                .push(upload(ui.ctx(), small, classes, ctx.colors));
        }
        if self.thumbs.len() < preview.small.len() {
            ui.ctx().request_repaint();
        }
        grid_ui(ui, &seen.images, &self.thumbs, beside)
    }
}

/// The images in rows; returns the place of one that was clicked.
fn grid_ui(ui: &mut Ui, images: &[SeenImage], thumbs: &[Thumb], beside: bool) -> Option<usize> {
    let first = images.first()?;
    let width = ui.available_width();
    let wanted = if beside { 2.0 * CELL_WIDTH } else { CELL_WIDTH };
    let columns = ((width + GAP) / (wanted + GAP)).floor().max(1.0) as usize;
    let cell_width = (width + GAP) / columns as f32 - GAP;
    let image_width = if beside {
        (cell_width - 2.0) * 0.5
    } else {
        cell_width
    };
    // Crops have one size; whole images are seen as the first one.
    let aspect = first.image.height as f32 / first.image.width.max(1) as f32;
    let row_height = (image_width * aspect.clamp(0.25, 2.0)).round() + GAP;
    let rows = images.len().div_ceil(columns);
    let (area, _) = ui.allocate_exact_size(vec2(width, rows as f32 * row_height), Sense::hover());
    let mut clicked = None;
    for (place, seen) in images.iter().enumerate() {
        let corner = pos2(
            area.left() + (place % columns) as f32 * (cell_width + GAP),
            area.top() + (place / columns) as f32 * row_height,
        );
        let cell = Rect::from_min_size(corner, vec2(cell_width, row_height - GAP));
        let name = format!("Batch image {}: {}", place + 1, seen.id);
        let tooltip = || format!("{}\n{}\nClick to see it in full size", seen.id, seen.change);
        let paint = |ui: &Ui| paint_thumb(ui, cell, thumbs.get(place), beside);
        if cell_button(ui, (cell, ("batch image", place)), &name, paint, tooltip) {
            clicked = Some(place);
        }
    }
    clicked
}
