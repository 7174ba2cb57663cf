//! The layers over an inspected image.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::engine::{ClassList, LabelMap, Pixels, Prediction, Truth};
use crate::ui::canvas::{DrawnLayer, Layer};
use crate::ui::view_model::ClassSet;
use crate::ui::view_model::blend::Blend;

/// Wrong pixels stay visible at any opacity of the mask.
const ERROR_OPACITY: f32 = 0.85;

/// The layers that are switched on.
#[expect(
    clippy::struct_excessive_bools,
    reason = "four switches that do not depend on each other"
)]
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Toggles {
    /// Classes in their colors.
    pub fill: bool,
    /// Borders between classes.
    pub outlines: bool,
    /// The ground truth instead of the prediction.
    pub truth: bool,
    /// Wrong pixels.
    pub errors: bool,
    /// How the colors are laid over the image.
    pub blend: Blend,
}

impl Default for Toggles {
    fn default() -> Self {
        Self {
            fill: true,
            outlines: false,
            truth: false,
            errors: false,
            blend: Blend::Normal,
        }
    }
}

/// What belongs together: an image, and where it is there the mask of a run with its truth and
/// scores.
#[derive(Clone)]
pub enum Subject {
    /// An image without a mask, as long as there is none.
    Image(PathBuf, Pixels),
    /// A large image, and what is there of its mask, which is smaller.
    Growing(PathBuf, Pixels, Arc<LabelMap>),
    Prediction(Arc<Prediction>),
}

impl Subject {
    /// The image file.
    pub fn path(&self) -> &Path {
        match self {
            Self::Image(path, _) | Self::Growing(path, ..) => path,
            Self::Prediction(prediction) => &prediction.image_path,
        }
    }

    /// The image.
    pub fn image(&self) -> &Pixels {
        match self {
            Self::Image(_, image) | Self::Growing(_, image, _) => image,
            Self::Prediction(prediction) => &prediction.image,
        }
    }

    /// The prediction, where there is one.
    pub fn prediction(&self) -> Option<&Arc<Prediction>> {
        match self {
            Self::Image(..) | Self::Growing(..) => None,
            Self::Prediction(prediction) => Some(prediction),
        }
    }

    /// The ground truth with the classes of its dataset, if it is known and has the size of the mask.
    pub fn truth(&self) -> Option<&Truth> {
        self.prediction()
            .and_then(|prediction| dataset_truth_of(prediction))
    }
}

/// One image and how it is shown.
#[derive(Clone)]
pub struct Overlay {
    /// What is shown.
    pub subject: Subject,
    /// Classes that are drawn.
    pub visible: ClassSet,
    /// The classes of the mask in the colors that they are shown in; `None` = there is no mask.
    pub classes: Option<Arc<ClassList>>,
    /// Those of the ground truth, which are the classes of its dataset.
    pub truth_classes: Option<Arc<ClassList>>,
    /// Layers that are drawn.
    pub toggles: Toggles,
}

impl Overlay {
    /// The mask that is shown, with what its labels mean: the prediction or the ground truth.
    pub fn shown_mask(&self) -> Option<(&Arc<LabelMap>, &Arc<ClassList>)> {
        let truth = self.subject.truth().filter(|_| self.toggles.truth);
        if let (Some(truth), Some(classes)) = (truth, &self.truth_classes) {
            return Some((&truth.labels, classes));
        }
        let prediction = self.subject.prediction()?;
        Some((&prediction.mask, self.classes.as_ref()?))
    }

    /// All layers, the image first.
    pub fn layers(&self) -> Vec<Layer> {
        let mut layers = vec![Layer::Image(self.subject.image().clone())];
        if let (Subject::Growing(_, _, mask), Some(classes)) = (&self.subject, &self.classes) {
            layers.push(Layer::Fill {
                mask: mask.clone(),
                classes: classes.clone(),
                visible: self.visible,
            });
        }
        let Some((mask, classes)) = self.shown_mask() else {
            return layers;
        };
        if self.toggles.fill && self.toggles.blend == Blend::Normal {
            layers.push(Layer::Fill {
                mask: mask.clone(),
                classes: classes.clone(),
                visible: self.visible,
            });
        } else if self.toggles.fill {
            layers.push(Layer::Blended {
                image: self.subject.image().clone(),
                mask: mask.clone(),
                classes: classes.clone(),
                visible: self.visible,
                blend: self.toggles.blend,
            });
        }
        if self.toggles.outlines {
            layers.push(Layer::Outline {
                mask: mask.clone(),
                classes: classes.clone(),
                visible: self.visible,
            });
        }
        if let (Some(prediction), Some(classes)) = (self.subject.prediction(), &self.classes)
            && let Some(truth) = truth_of(prediction).filter(|_| self.toggles.errors)
        {
            layers.push(Layer::Errors {
                mask: prediction.mask.clone(),
                truth: truth.clone(),
                classes: classes.clone(),
            });
        }
        layers
    }

    /// The layers with the mask at `opacity`, `0.0..=1.0`.
    pub fn drawn(&self, opacity: f32) -> Vec<DrawnLayer> {
        self.layers()
            .into_iter()
            .map(|layer| drawn(layer, opacity))
            .collect()
    }
}

/// A layer with the opacity of its kind.
pub fn drawn(layer: Layer, mask_opacity: f32) -> DrawnLayer {
    let opacity = match layer {
        Layer::Image(_) | Layer::Outline { .. } | Layer::Numbers { .. } => 1.0,
        Layer::Fill { .. } | Layer::Blended { .. } => mask_opacity,
        Layer::Errors { .. } | Layer::Disagreement { .. } => ERROR_OPACITY,
    };
    DrawnLayer { layer, opacity }
}

/// The ground truth as its dataset has it, if it is known and has the size of the mask.
pub fn dataset_truth_of(prediction: &Prediction) -> Option<&Truth> {
    let truth = prediction.dataset_truth.as_ref();
    truth.filter(|truth| truth.labels.size() == prediction.mask.size())
}

/// `1 of 17 classes: ` before a score that is not over all classes: a line may be cut behind its first number.
pub fn scored_over(prediction: &Prediction) -> String {
    let over = prediction.scored_over.as_ref();
    over.map_or_else(String::new, |over| format!("{over}: "))
}

/// The ground truth in the labels of the network, if there is one and it has the size of the mask.
pub fn truth_of(prediction: &Prediction) -> Option<&Arc<LabelMap>> {
    let mask = &prediction.mask;
    prediction
        .truth
        .as_ref()
        .filter(|truth| [truth.width, truth.height] == [mask.width, mask.height])
}
