//! One pane of the comparison: the ground truth or a run, and the layers it shows.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::LayersOn;
use crate::engine::{ClassList, LabelMap, Prediction, Rgb, RunSnapshot};
use crate::ui::canvas::{DrawnLayer, Layer};
use crate::ui::panels::inspect::overlay::{drawn, truth_of};
use crate::ui::view_model::ClassSet;
use crate::ui::view_model::format::percent;
use crate::ui::view_model::mask::{Pixel, label_at};
use crate::ui::view_model::prediction_cache::{Lookup, SHOW_WAITING_AFTER};
use crate::ui::view_model::run_label::run_label;

/// One pane and how far its mask is.
pub struct Pane {
    /// The run's name; `None` for the ground truth.
    pub run: Option<String>,
    pub title: String,
    pub detail: String,
    pub state: PaneState,
}

pub enum PaneState {
    Ready {
        mask: Mask,
    },
    Running(f32),
    /// Ground truth that comes with the first prediction; seconds since that was started.
    Awaited(f32),
    Failed(String),
    NoWeights,
}

/// A mask over its image.
#[derive(Clone)]
pub struct Mask {
    image: Arc<Rgb>,
    labels: Arc<LabelMap>,
    classes: Arc<ClassList>,
}

/// The layers of all panes over one image.
pub struct PaneLayers {
    image_path: PathBuf,
    pub image_size: [u32; 2],
    /// By run, as in [`Pane::run`].
    pub panes: Vec<(Option<String>, Vec<Layer>)>,
}

impl PaneLayers {
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

    /// Whether they show `image`.
    pub fn is_of(&self, image: &Path) -> bool {
        self.image_path == image
    }

    /// All layers.
    pub fn layers(&self) -> Vec<Layer> {
        let all = self.panes.iter().flat_map(|(_, layers)| layers);
        all.cloned().collect()
    }

    /// The layers of the pane of `run`, with the mask at `opacity`.
    pub fn drawn(&self, run: Option<&str>, opacity: f32) -> Vec<DrawnLayer> {
        let pane = self.panes.iter().find(|(name, _)| name.as_deref() == run);
        let layers = pane.map_or(&[][..], |(_, layers)| layers);
        layers
            .iter()
            .map(|layer| drawn(layer.clone(), opacity))
            .collect()
    }
}

impl Pane {
    pub fn of_run(runs: &[&RunSnapshot], name: &str, lookup: Option<Lookup>) -> Self {
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

    pub fn of_truth(prediction: &Prediction) -> Option<Self> {
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

    pub fn of_awaited_truth(secs: f32) -> Self {
        Self {
            run: None,
            title: "Ground truth".to_owned(),
            detail: "from the dataset".to_owned(),
            state: PaneState::Awaited(secs),
        }
    }

    pub fn running_secs(&self) -> Option<f32> {
        match self.state {
            PaneState::Running(secs) | PaneState::Awaited(secs) => Some(secs),
            _ => None,
        }
    }

    pub fn is_long_running(&self) -> bool {
        self.running_secs()
            .is_some_and(|secs| secs > SHOW_WAITING_AFTER)
    }

    fn mask(&self) -> Option<&Mask> {
        match &self.state {
            PaneState::Ready { mask } => Some(mask),
            _ => None,
        }
    }

    /// Title and class at `pixel`, if there is a mask.
    pub fn class_at(&self, pixel: Pixel) -> Option<String> {
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
    match (&prediction.scores, &prediction.score_remark) {
        (Some(scores), None) => format!("{trunk} · mIoU {}", percent(scores.mean_iu)),
        (Some(scores), Some(remark)) => {
            format!("{trunk} · mIoU {} · {remark}", percent(scores.mean_iu))
        }
        (None, Some(remark)) => format!("{trunk} · {remark}"),
        (None, None) => trunk.to_owned(),
    }
}
