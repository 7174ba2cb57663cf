//! One pane of the comparison, and the layers it shows.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::LayersOn;
use crate::engine::{
    Class, ClassList, LabelMap, Pixels, Prediction, RunSnapshot, RunWeights, TilePlan, Truth,
};
use crate::ui::canvas::{DrawnLayer, Layer};
use crate::ui::panels::inspect::overlay::{dataset_truth_of, drawn, scored_over, truth_of};
use crate::ui::view_model::format::percent;
use crate::ui::view_model::mask::{Pixel, label_at};
use crate::ui::view_model::prediction_cache::{Lookup, Wait};
use crate::ui::view_model::run_label::run_label;
use crate::ui::view_model::{ClassColors, ClassSet};

/// What a pane is about.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PaneKind {
    /// The image without a mask.
    Image,
    Network(RunWeights),
    Truth,
}

/// One pane and how far its mask is.
#[derive(Clone)]
pub struct Pane {
    pub kind: PaneKind,
    pub title: String,
    /// What is said without scores.
    pub about: String,
    pub detail: String,
    /// Classes of the network, for a mask that grows.
    pub classes: Option<Arc<ClassList>>,
    pub state: PaneState,
}

#[derive(Clone)]
pub enum PaneState {
    Ready {
        mask: Mask,
    },
    Running(Wait),
    /// A large image, whose prediction is to be started.
    Offered(Pixels, TilePlan),
    /// The user cancelled it; the image, where it was read, and what was there of its mask.
    Cancelled(Option<Pixels>, Option<Arc<LabelMap>>),
    /// Ground truth that comes with the first prediction, which is waited for.
    Awaited(Wait),
    Failed(String),
    NoWeights,
    /// It has no mask.
    Plain,
}

/// A mask over its image.
#[derive(Clone)]
pub struct Mask {
    pub image: Pixels,
    pub labels: Arc<LabelMap>,
    pub classes: Arc<ClassList>,
    /// What the labels should be, where that is known.
    pub truth: Option<Arc<LabelMap>>,
    /// The ground truth as the dataset has it, in the colors that its classes are shown in.
    pub dataset_truth: Option<Truth>,
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
            layers.extend(pane.growing());
            let is_compared = matches!(pane.kind, PaneKind::Network(_));
            layers.extend(disagreement.clone().filter(|_| is_compared));
            (pane, layers)
        };
        Some(Self {
            image_path: image_path.to_owned(),
            image_size: image.as_ref().map(|image| image.size().into()),
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

    /// Whether the open dataset has the ground truth of the image.
    pub fn is_of_dataset(&self) -> bool {
        self.network_masks()
            .any(|(_, mask)| mask.dataset_truth.is_some())
    }

    /// Whether the ground truth has a pane.
    pub fn has_truth(&self) -> bool {
        self.panes
            .iter()
            .any(|(pane, _)| pane.kind == PaneKind::Truth)
    }

    /// The masks of the networks that are there.
    pub fn network_masks(&self) -> impl Iterator<Item = (&Pane, &Mask)> {
        let panes = self.panes.iter().map(|(pane, _)| pane);
        panes.filter_map(|pane| match pane.kind {
            PaneKind::Network(_) => Some((pane, pane.mask()?)),
            _ => None,
        })
    }

    /// What the colors of the masks and of the ground truth mean. Networks of other datasets may show one
    /// class in several colors.
    pub fn classes(&self) -> Vec<Class> {
        let mut classes: Vec<Class> = Vec::new();
        for (_, mask) in self.network_masks() {
            let truth = mask
                .dataset_truth
                .iter()
                .flat_map(|truth| truth.classes.iter());
            for class in mask.classes.iter().chain(truth) {
                if !classes.contains(class) {
                    classes.push(class.clone());
                }
            }
        }
        classes
    }

    /// Whether every network has its mask.
    pub fn is_complete(&self) -> bool {
        let mut networks = self
            .panes
            .iter()
            .filter(|(pane, _)| matches!(pane.kind, PaneKind::Network(_)));
        networks.all(|(pane, _)| pane.mask().is_some())
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
    pub fn of_image() -> Self {
        Self {
            kind: PaneKind::Image,
            title: "Image".to_owned(),
            about: String::new(),
            detail: "without a mask".to_owned(),
            classes: None,
            state: PaneState::Plain,
        }
    }

    /// `runs` are all that are compared, each once.
    pub fn of_network(
        runs: &[&RunSnapshot],
        weights: &RunWeights,
        lookup: Option<Lookup>,
        colors: &ClassColors,
    ) -> Self {
        let run = runs.iter().find(|run| run.name == weights.run);
        let trunk = run.map_or_else(String::new, |run| run.config.trunk.to_string());
        let about = trunk.clone();
        let (detail, state) = match lookup {
            Some(Lookup::Ready(prediction)) => (
                with_score(&trunk, &prediction),
                PaneState::Ready {
                    mask: Mask::predicted(&prediction, colors),
                },
            ),
            Some(Lookup::Running(wait)) => (trunk, PaneState::Running(wait)),
            Some(Lookup::Offered(image, plan)) => (trunk, PaneState::Offered(image, plan)),
            Some(Lookup::Cancelled(image, partial)) => {
                (trunk, PaneState::Cancelled(image, partial.mask))
            }
            Some(Lookup::Failed(message)) => (trunk, PaneState::Failed(message)),
            None => (trunk, PaneState::NoWeights),
        };
        Self {
            kind: PaneKind::Network(weights.clone()),
            title: network_title(runs, weights),
            about,
            detail,
            classes: run.map(|run| colors.of(&run.classes)),
            state,
        }
    }

    pub fn of_truth(prediction: &Prediction, colors: &ClassColors) -> Option<Self> {
        let truth = dataset_truth_of(prediction)?;
        let mask = Mask {
            image: prediction.image.clone(),
            labels: truth.labels.clone(),
            classes: colors.of(&truth.classes),
            truth: None,
            dataset_truth: None,
        };
        Some(Self {
            kind: PaneKind::Truth,
            title: "Ground truth".to_owned(),
            about: String::new(),
            detail: "from the dataset".to_owned(),
            classes: None,
            state: PaneState::Ready { mask },
        })
    }

    pub fn of_awaited_truth(wait: Wait) -> Self {
        Self {
            kind: PaneKind::Truth,
            title: "Ground truth".to_owned(),
            about: String::new(),
            detail: "from the dataset".to_owned(),
            classes: None,
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
    fn image_alone(&self) -> Option<&Pixels> {
        match &self.state {
            PaneState::Running(wait) if wait.is_long() => wait.image.as_ref(),
            PaneState::Cancelled(image, _) => image.as_ref(),
            PaneState::Offered(image, _) => Some(image),
            _ => None,
        }
    }

    /// What is there of the mask of a large image, or was when it was cancelled.
    fn growing(&self) -> Option<Layer> {
        let mask = match &self.state {
            PaneState::Running(wait) => wait.partial.mask.as_ref(),
            PaneState::Cancelled(_, mask) => mask.as_ref(),
            _ => None,
        };
        Some(Layer::Fill {
            mask: mask?.clone(),
            classes: self.classes.clone()?,
            visible: ClassSet::default(),
        })
    }

    pub fn mask(&self) -> Option<&Mask> {
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
            truth: truth_of(prediction).cloned(),
            dataset_truth: dataset_truth_of(prediction).map(|truth| Truth {
                labels: truth.labels.clone(),
                classes: colors.of(&truth.classes),
            }),
        }
    }

    fn layers(&self, on: LayersOn) -> Vec<Layer> {
        let (mask, classes) = (&self.labels, &self.classes);
        let mut layers = Vec::with_capacity(3);
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
        if let Some(truth) = self.truth.as_ref().filter(|_| on.errors) {
            layers.push(Layer::Errors {
                mask: mask.clone(),
                truth: truth.clone(),
                classes: classes.clone(),
            });
        }
        layers
    }
}

/// `FCN-8s`, or `FCN-8s, step 400` for a checkpoint.
pub fn network_title(runs: &[&RunSnapshot], weights: &RunWeights) -> String {
    let run = runs.iter().find(|run| run.name == weights.run);
    let title = run.map_or_else(|| weights.run.clone(), |run| run_label(runs, run));
    match weights.step {
        Some(step) => format!("{title}, step {step}"),
        None => title,
    }
}

/// Masks that can be compared: of networks with equal classes and sizes, two or more.
pub fn comparable_masks(panes: &[Pane]) -> Option<Vec<&Mask>> {
    let masks: Vec<&Mask> = panes
        .iter()
        .filter(|pane| matches!(pane.kind, PaneKind::Network(_)))
        .filter_map(Pane::mask)
        .collect();
    let (first, others) = masks.split_first()?;
    let size = |mask: &Mask| [mask.labels.width, mask.labels.height];
    let are_comparable = others
        .iter()
        .all(|mask| mask.classes == first.classes && size(mask) == size(first));
    (are_comparable && !others.is_empty()).then_some(masks)
}

fn disagreement(panes: &[Pane]) -> Option<Layer> {
    let masks = comparable_masks(panes)?;
    Some(Layer::Disagreement {
        classes: masks.first()?.classes.clone(),
        masks: masks.iter().map(|mask| mask.labels.clone()).collect(),
    })
}

fn with_score(trunk: &str, prediction: &Prediction) -> String {
    let mut text = trunk.to_owned();
    if let Some(scores) = &prediction.scores {
        // First, so that they are there where the line is cut, and not without what they are over.
        let over = scored_over(prediction);
        let [mean_iu, accuracy] = [scores.mean_iu, scores.pixel_accuracy].map(percent);
        text = format!("{over}mIoU {mean_iu} · pixel acc. {accuracy} · {text}");
    }
    match &prediction.score_remark {
        Some(remark) => format!("{text} · {remark}"),
        None => text,
    }
}
