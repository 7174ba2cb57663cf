//! One pane of the comparison: the ground truth or a run, and the layers it shows.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::LayersOn;
use crate::engine::{ClassList, LabelMap, Prediction, Rgb, RunSnapshot};
use crate::ui::canvas::{DrawnLayer, Layer};
use crate::ui::panels::inspect::overlay::{drawn, truth_of};
use crate::ui::view_model::format::percent;
use crate::ui::view_model::mask::{Pixel, label_at};
use crate::ui::view_model::prediction_cache::{Lookup, Wait};
use crate::ui::view_model::run_label::run_label;
use crate::ui::view_model::{ClassColors, ClassSet};

/// One pane and how far its mask is.
#[derive(Clone)]
pub struct Pane {
    /// The run's name; `None` for the ground truth.
    pub run: Option<String>,
    pub title: String,
    pub detail: String,
    pub state: PaneState,
}

#[derive(Clone)]
pub enum PaneState {
    Ready {
        mask: Mask,
    },
    Running(Wait),
    /// The user cancelled it; the image, where it was read.
    Cancelled(Option<Arc<Rgb>>),
    /// Ground truth that comes with the first prediction, which is waited for.
    Awaited(Wait),
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

/// All panes over one image, with their layers: what is shown together.
pub struct ShownPanes {
    image_path: PathBuf,
    /// Of the image; `None` = it is not read (yet), and there are no layers.
    pub image_size: Option<[u32; 2]>,
    pub panes: Vec<(Pane, Vec<Layer>)>,
}

impl ShownPanes {
    /// The panes with their layers; `None` = there will soon be something to show. All
    /// panes share one copy of the image. Panes whose prediction takes long show the image alone.
    pub fn new(image_path: &Path, panes: Vec<Pane>, on: LayersOn) -> Option<Self> {
        let masks = panes.iter().filter_map(Pane::mask);
        let image = masks
            .map(|mask| &mask.image)
            .chain(panes.iter().filter_map(Pane::image_alone))
            .next()
            .cloned();
        let is_soon = panes
            .iter()
            .filter_map(Pane::wait)
            .any(|wait| !wait.is_long());
        if image.is_none() && is_soon {
            return None;
        }
        let disagreement = on.disagreement.then(|| disagreement(&panes)).flatten();
        let with_layers = |pane: Pane| {
            let mut layers: Vec<_> = image.iter().cloned().map(Layer::Image).collect();
            layers.extend(pane.mask().into_iter().flat_map(|mask| mask.layers(on)));
            layers.extend(disagreement.clone().filter(|_| pane.run.is_some()));
            (pane, layers)
        };
        Some(Self {
            image_path: image_path.to_owned(),
            image_size: image.as_ref().map(|image| [image.width, image.height]),
            panes: panes.into_iter().map(with_layers).collect(),
        })
    }

    /// The image.
    pub fn path(&self) -> &Path {
        &self.image_path
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

    /// Whether the ground truth has a pane.
    pub fn has_truth(&self) -> bool {
        self.panes.iter().any(|(pane, _)| pane.run.is_none())
    }
}

/// The layers of a pane, with the mask at `opacity`.
pub fn drawn_layers(layers: &[Layer], opacity: f32) -> Vec<DrawnLayer> {
    layers
        .iter()
        .map(|layer| drawn(layer.clone(), opacity))
        .collect()
}

impl Pane {
    pub fn of_run(
        runs: &[&RunSnapshot],
        name: &str,
        lookup: Option<Lookup>,
        colors: &ClassColors,
    ) -> Self {
        let run = runs.iter().find(|run| run.name == name);
        let trunk = run.map_or_else(String::new, |run| run.config.trunk.to_string());
        let (detail, state) = match lookup {
            Some(Lookup::Ready(prediction)) => (
                with_score(&trunk, &prediction),
                PaneState::Ready {
                    mask: Mask::predicted(&prediction, colors),
                },
            ),
            Some(Lookup::Running(wait)) => (trunk, PaneState::Running(wait)),
            Some(Lookup::Cancelled(image)) => (trunk, PaneState::Cancelled(image)),
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

    pub fn of_truth(prediction: &Prediction, colors: &ClassColors) -> Option<Self> {
        let mask = Mask {
            labels: truth_of(prediction)?.clone(),
            ..Mask::predicted(prediction, colors)
        };
        Some(Self {
            run: None,
            title: "Ground truth".to_owned(),
            detail: "from the dataset".to_owned(),
            state: PaneState::Ready { mask },
        })
    }

    pub fn of_awaited_truth(wait: Wait) -> Self {
        Self {
            run: None,
            title: "Ground truth".to_owned(),
            detail: "from the dataset".to_owned(),
            state: PaneState::Awaited(wait),
        }
    }

    pub fn wait(&self) -> Option<&Wait> {
        match &self.state {
            PaneState::Running(wait) | PaneState::Awaited(wait) => Some(wait),
            _ => None,
        }
    }

    /// The image of a pane that has no mask, and will not have one soon.
    fn image_alone(&self) -> Option<&Arc<Rgb>> {
        match &self.state {
            PaneState::Running(wait) if wait.is_long() => wait.image.as_ref(),
            PaneState::Cancelled(image) => image.as_ref(),
            _ => None,
        }
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
    fn predicted(prediction: &Prediction, colors: &ClassColors) -> Self {
        Self {
            image: prediction.image.clone(),
            labels: prediction.mask.clone(),
            classes: colors.of(&prediction.classes),
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
    (are_comparable && !others.is_empty()).then(|| Layer::Disagreement {
        masks: masks.iter().map(|mask| mask.labels.clone()).collect(),
        classes: first.classes.clone(),
    })
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
