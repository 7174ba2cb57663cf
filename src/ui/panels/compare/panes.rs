//! The compared images: one pane for the ground truth, one for each run.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::egui::{
    Align, Color32, Label, Layout, Painter, Pos2, Rect, RichText, Stroke, Ui, UiBuilder, Vec2, vec2,
};

use super::{ComparePanel, LayersOn};
use crate::engine::{ClassList, LabelMap, Prediction, Rgb, RunSnapshot};
use crate::ui::canvas::{Canvas, CanvasOutput, DrawnLayer, Layer, best_columns};
use crate::ui::context::PanelCtx;
use crate::ui::panels::inspect::overlay::{drawn, truth_of};
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::ClassSet;
use crate::ui::view_model::format::percent;
use crate::ui::view_model::mask::label_at;
use crate::ui::view_model::prediction_cache::{Lookup, SHOW_WAITING_AFTER};
use crate::ui::view_model::run_label::run_label;

const GAP: f32 = 6.0;
/// Panes are not drawn smaller than this.
const MIN_AREA: Vec2 = Vec2::splat(80.0);
/// Lower panels leave out the line below the images.
const MIN_LINED: f32 = 200.0;

/// One pane as things stand.
pub struct Pane {
    /// The run's name; `None` for the ground truth.
    run: Option<String>,
    title: String,
    detail: String,
    state: PaneState,
}

enum PaneState {
    Ready {
        mask: Mask,
    },
    Running(f32),
    /// Ground truth that comes with the first prediction, awaited for that many seconds.
    Awaited(f32),
    Failed(String),
    NoWeights,
}

/// A mask over its image.
#[derive(Clone)]
struct Mask {
    image: Arc<Rgb>,
    labels: Arc<LabelMap>,
    classes: Arc<ClassList>,
}

/// What the panes draw of one image.
pub struct Pixels {
    image_path: PathBuf,
    image_size: [u32; 2],
    /// By run, as in [`Pane::run`].
    panes: Vec<(Option<String>, Vec<Layer>)>,
}

impl Pixels {
    /// The layers of all panes; `None` while no pane is ready. All panes share one copy
    /// of the image.
    pub fn new(image_path: &Path, panes: &[Pane], on: LayersOn) -> Option<Self> {
        let image = panes.iter().find_map(Pane::mask)?.image.clone();
        let disagreement = on.disagreement.then(|| disagreement(panes)).flatten();
        let panes = panes
            .iter()
            .map(|pane| {
                let mut layers = vec![Layer::Image(image.clone())];
                layers.extend(pane.mask().into_iter().flat_map(|mask| mask.layers(on)));
                layers.extend(disagreement.clone().filter(|_| pane.run.is_some()));
                (pane.run.clone(), layers)
            })
            .collect();
        Some(Self {
            image_path: image_path.to_owned(),
            image_size: [image.width, image.height],
            panes,
        })
    }

    /// Whether these are of that image.
    pub fn is_of(&self, image: &Path) -> bool {
        self.image_path == image
    }

    /// All pictures.
    pub fn layers(&self) -> Vec<Layer> {
        let all = self.panes.iter().flat_map(|(_, layers)| layers);
        all.cloned().collect()
    }

    fn drawn(&self, run: Option<&str>, opacity: f32) -> Vec<DrawnLayer> {
        let pane = self.panes.iter().find(|(name, _)| name.as_deref() == run);
        let layers = pane.map_or(&[][..], |(_, layers)| layers);
        layers
            .iter()
            .map(|layer| drawn(layer.clone(), opacity))
            .collect()
    }
}

impl Pane {
    fn of_run(runs: &[&RunSnapshot], name: &str, lookup: Option<Lookup>) -> Self {
        let run = runs.iter().find(|run| run.name == name);
        let trunk = run.map_or_else(String::new, |run| run.config.trunk.to_string());
        let (detail, state) = match lookup {
            Some(Lookup::Ready(prediction)) => (
                with_score(&trunk, &prediction),
                PaneState::Ready {
                    mask: Mask::predicted(&prediction),
                },
            ),
            Some(Lookup::Running(secs)) => (trunk, PaneState::Running(secs)),
            Some(Lookup::Failed(message)) => (trunk, PaneState::Failed(message)),
            None => (trunk, PaneState::NoWeights),
        };
        Self {
            run: Some(name.to_owned()),
            title: run.map_or_else(|| name.to_owned(), |run| run_label(runs, run)),
            detail,
            state,
        }
    }

    fn of_truth(prediction: &Prediction) -> Option<Self> {
        let mask = Mask {
            labels: truth_of(prediction)?.clone(),
            ..Mask::predicted(prediction)
        };
        Some(Self {
            run: None,
            title: "Ground truth".to_owned(),
            detail: "from the dataset".to_owned(),
            state: PaneState::Ready { mask },
        })
    }

    fn of_awaited_truth(secs: f32) -> Self {
        Self {
            run: None,
            title: "Ground truth".to_owned(),
            detail: "from the dataset".to_owned(),
            state: PaneState::Awaited(secs),
        }
    }

    fn running_secs(&self) -> Option<f32> {
        match self.state {
            PaneState::Running(secs) | PaneState::Awaited(secs) => Some(secs),
            _ => None,
        }
    }

    fn is_long_running(&self) -> bool {
        self.running_secs()
            .is_some_and(|secs| secs > SHOW_WAITING_AFTER)
    }

    fn mask(&self) -> Option<&Mask> {
        match &self.state {
            PaneState::Ready { mask } => Some(mask),
            _ => None,
        }
    }

    /// The class at `pixel`, where it is known.
    fn class_at(&self, pixel: [u32; 2]) -> Option<String> {
        let mask = self.mask()?;
        let label = label_at(&mask.labels, pixel)?;
        Some(format!("{}: {}", self.title, mask.classes.name(label)))
    }
}

impl Mask {
    fn predicted(prediction: &Prediction) -> Self {
        Self {
            image: prediction.image.clone(),
            labels: prediction.mask.clone(),
            classes: prediction.classes.clone(),
        }
    }

    fn layers(&self, on: LayersOn) -> Vec<Layer> {
        let (mask, classes) = (&self.labels, &self.classes);
        let mut layers = Vec::with_capacity(2);
        if on.fill {
            layers.push(Layer::Fill {
                mask: mask.clone(),
                classes: classes.clone(),
                visible: ClassSet::default(),
            });
        }
        if on.outlines {
            layers.push(Layer::Outline {
                mask: mask.clone(),
                classes: classes.clone(),
                visible: ClassSet::default(),
            });
        }
        layers
    }
}

impl ComparePanel {
    /// The panes as things stand; asks for predictions that were not asked for yet.
    pub(super) fn panes(&mut self, ctx: &PanelCtx<'_>, image: &Path) -> Vec<Pane> {
        let mut panes = Vec::with_capacity(self.runs.len() + 1);
        let runs: Vec<_> = self
            .runs
            .iter()
            .filter_map(|run| ctx.engine.run(run))
            .collect();
        let mut truth = None;
        for name in &self.runs {
            let has_weights = ctx.engine.run(name).is_some_and(|run| run.has_weights);
            let lookup = has_weights.then(|| self.predictions.get(ctx.engine, name, image));
            if let Some(Lookup::Ready(prediction)) = &lookup {
                truth = truth.or_else(|| Pane::of_truth(prediction));
            }
            panes.push(Pane::of_run(&runs, name, lookup));
        }
        if truth.is_none() && self.shows_truth() {
            // It keeps its place while the first prediction is made.
            let longest = panes.iter().filter_map(Pane::running_secs).reduce(f32::max);
            truth = longest.map(Pane::of_awaited_truth);
        }
        panes.splice(0..0, truth);
        panes
    }

    /// The panes in as many columns as make them largest, and a line on the pixel under
    /// the pointer.
    pub(super) fn panes_ui(&mut self, ui: &mut Ui, image: &Path, panes: &[Pane]) {
        let line_height = ui.spacing().interact_size.y;
        let caption_height = 2.0 * line_height;
        let has_line = ui.available_height() > MIN_LINED;
        let line = if has_line { line_height + GAP } else { 0.0 };
        let area = (ui.available_size() - vec2(0.0, line)).max(MIN_AREA);
        let columns = best_columns(panes.len(), area, self.aspect(), caption_height);
        let rows = panes.len().div_ceil(columns);
        let cell = vec2(
            (area.x - GAP * (columns as f32 - 1.0)) / columns as f32,
            (area.y - GAP * (rows as f32 - 1.0)) / rows as f32,
        );
        let canvas = (cell - vec2(0.0, caption_height)).max(vec2(40.0, 40.0));
        let origin = ui.available_rect_before_wrap().min;
        let mut outputs = Vec::with_capacity(panes.len());
        for (index, pane) in panes.iter().enumerate() {
            let place = vec2((index % columns) as f32, (index / columns) as f32);
            let min = origin + place * (cell + Vec2::splat(GAP));
            let builder = UiBuilder::new()
                .id_salt(("pane", &pane.run))
                .max_rect(Rect::from_min_size(min, cell))
                .layout(Layout::top_down(Align::LEFT));
            let mut ui = ui.new_child(builder);
            outputs.extend(self.pane_ui(&mut ui, image, pane, canvas));
        }
        ui.allocate_space(area);
        self.hovered = outputs.iter().find_map(|output| output.hovered);
        crosshairs(ui, &outputs);
        if has_line {
            self.pixel_ui(ui, panes);
        }
    }

    fn pane_ui(
        &mut self,
        ui: &mut Ui,
        image: &Path,
        pane: &Pane,
        size: Vec2,
    ) -> Option<CanvasOutput> {
        let canvas = Rect::from_min_size(ui.cursor().min, size);
        let is_stale = !self.shown.as_ref().is_some_and(|shown| shown.is_of(image));
        let mut output = None;
        if let PaneState::Failed(message) = &pane.state {
            let mut ui = ui.new_child(UiBuilder::new().max_rect(canvas));
            ui.error_box("No prediction", message);
        } else if let Some(shown) = &self.shown {
            let drawn = shown.drawn(pane.run.as_deref(), self.opacity);
            let size_px = shown.image_size;
            let shown = Canvas::new(&mut self.textures, &drawn, size_px, &pane.title)
                .dimmed(is_stale && pane.is_long_running())
                .show(ui, size, &mut self.view);
            output = Some(shown);
        }
        ui.advance_cursor_after_rect(canvas);
        match &pane.state {
            PaneState::Running(secs) if pane.is_long_running() || self.shown.is_none() => {
                ui.waiting(canvas, &format!("Predicting · {secs:.1} s"));
            }
            PaneState::Running(secs) => {
                ui.request_repaint_after_secs((SHOW_WAITING_AFTER - secs).max(0.0));
            }
            _ => {}
        }
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.add(Label::new(RichText::new(&pane.title).strong()).truncate());
        let detail = match pane.state {
            PaneState::NoWeights => format!("{} · no weights yet", pane.detail),
            _ => pane.detail.clone(),
        };
        ui.add(Label::new(detail).truncate());
        output
    }

    fn shows_truth(&self) -> bool {
        let panes = self.shown.as_ref().map_or(&[][..], |shown| &shown.panes);
        panes.iter().any(|(run, _)| run.is_none())
    }

    /// Width to height of a pane that an image just fills.
    fn aspect(&self) -> f32 {
        let [width, height] = self.shown.as_ref().map_or([4, 3], |shown| shown.image_size);
        width.max(1) as f32 / height.max(1) as f32
    }

    fn pixel_ui(&self, ui: &mut Ui, panes: &[Pane]) {
        let Some(pixel) = self.hovered else {
            ui.weak("Wheel to zoom, drag to move, double click to fit");
            return;
        };
        let classes: Vec<_> = panes.iter().filter_map(|p| p.class_at(pixel)).collect();
        let text = format!(
            "x {}, y {}  ·  {}",
            pixel[0],
            pixel[1],
            classes.join("  ·  ")
        );
        ui.add(Label::new(text).truncate());
    }
}

/// Masks of runs that can be compared: equal classes and sizes, two or more.
fn disagreement(panes: &[Pane]) -> Option<Layer> {
    let masks: Vec<&Mask> = panes
        .iter()
        .filter(|pane| pane.run.is_some())
        .filter_map(Pane::mask)
        .collect();
    let (first, others) = masks.split_first()?;
    let size = |mask: &Mask| [mask.labels.width, mask.labels.height];
    let are_comparable = others
        .iter()
        .all(|mask| mask.classes == first.classes && size(mask) == size(first));
    (are_comparable && !others.is_empty())
        .then(|| Layer::Disagreement(masks.iter().map(|mask| mask.labels.clone()).collect()))
}

fn with_score(trunk: &str, prediction: &Prediction) -> String {
    prediction.scores.as_ref().map_or_else(
        || trunk.to_owned(),
        |scores| format!("{trunk} · mIoU {}", percent(scores.mean_iu)),
    )
}

/// Marks the place under the pointer in all other panes.
fn crosshairs(ui: &Ui, outputs: &[CanvasOutput]) {
    let hovered = outputs.iter().enumerate().find_map(|(index, output)| {
        let pointer = output.hovered.and(output.response.hover_pos())?;
        Some((index, output.transform.image_from_screen(pointer)))
    });
    let Some((own, image)) = hovered else {
        return;
    };
    for (index, output) in outputs.iter().enumerate() {
        if index != own {
            let painter = ui.painter_at(output.response.rect);
            crosshair(&painter, output.transform.screen_from_image(image));
        }
    }
}

fn crosshair(painter: &Painter, center: Pos2) {
    let arms = [vec2(7.0, 0.0), vec2(0.0, 7.0)];
    for stroke in [
        Stroke::new(3.0, Color32::BLACK),
        Stroke::new(1.0, Color32::WHITE),
    ] {
        for arm in arms {
            painter.line_segment([center - arm, center + arm], stroke);
        }
    }
}
