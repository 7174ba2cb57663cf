//! Everything that defines a run, saved beside its weights as `config.json`.

mod rules;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::checkpoint_policy::CheckpointPolicy;
use super::device::DeviceId;
use super::learning::Learning;
use super::precision::Precision;
use crate::dataset::{Augment, Normalization, Size};
use crate::model::{FinalUpsampling, Geometry, NetworkConfig, Trunk, Variant};

/// Which dataset a run uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DatasetRef {
    /// The generated sample under the data folder.
    Sample,
    /// A folder in one of the layouts that can be read, or an archive of one.
    Folder(PathBuf),
    /// A folder whose labels get another meaning.
    Mapped {
        /// The folder.
        folder: PathBuf,
        /// A class map instead of the one in the folder.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        class_map: Option<PathBuf>,
        /// Labels that are void besides.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        void: Vec<u8>,
    },
}

impl DatasetRef {
    /// The same dataset with another class map and more void labels, where these are given. The
    /// sample needs neither.
    pub fn mapped(self, class_map: Option<PathBuf>, void: &[u8]) -> Self {
        if class_map.is_none() && void.is_empty() {
            return self;
        }
        let (folder, old_map, old_void) = match self {
            Self::Sample => return Self::Sample,
            Self::Folder(folder) => (folder, None, Vec::new()),
            Self::Mapped {
                folder,
                class_map,
                void,
            } => (folder, class_map, void),
        };
        Self::Mapped {
            folder,
            class_map: class_map.or(old_map),
            void: [old_void.as_slice(), void].concat(),
        }
    }
}

/// What the weights of a run start from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InitialWeights {
    /// Random numbers; score layers at zero, upsampling at bilinear interpolation.
    #[default]
    Random,
    /// The best weights of another run in the same folder, its name; what the other
    /// network does not have starts as in [`Random`](Self::Random).
    Run(String),
    /// A `.pth`, `.pt` or `.safetensors` file, used in the same way.
    File(PathBuf),
}

/// In which order an epoch takes the training images.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    VariantArray,
    IntoStaticStr,
    EnumString,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum SampleOrder {
    /// Another order each epoch, drawn from the seed.
    #[default]
    Shuffled,
    /// That of the list file, every epoch.
    Sequential,
}

/// The configuration of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunConfig {
    /// What it is trained on.
    pub dataset: DatasetRef,
    /// Prediction stride.
    pub variant: Variant,
    /// Network under the score layers, one of [`Variant::trunks`].
    pub trunk: Trunk,
    /// Treatment of borders, one of [`Trunk::geometries`].
    #[serde(default)]
    pub geometry: Geometry,
    /// Whether a `ResNet` is trained with torchvision's second head.
    #[serde(default)]
    pub aux_head: bool,
    /// What the weights start from.
    #[serde(default)]
    pub init: InitialWeights,
    /// Where it runs.
    pub device: DeviceId,
    /// Numbers in which a training step convolves; the device must compute in them.
    #[serde(default)]
    pub precision: Precision,
    /// Whether a training step keeps only the activations between the stages of the trunk, which
    /// must have some ([`Trunk::has_stages`]), and recomputes the others in the backward pass
    /// (Chen et al. 2016): less memory, equal gradients, more time.
    #[serde(default, alias = "checkpointing")]
    pub recompute_activations: bool,
    /// Passes over the training set, 1 or more.
    pub epochs: usize,
    /// Stop after this many steps even inside an epoch; `None` = all epochs.
    pub max_steps: Option<usize>,
    /// Images in a batch, 1 or more; 1 where the training images keep their own sizes.
    pub batch_size: usize,
    /// Optimizer values.
    pub learning: Learning,
    /// Probability of dropping a value behind fc6 and fc7, `0.0..1.0` (0.5 in the paper).
    pub dropout: f64,
    /// Which transposed convolutions are trained.
    pub final_upsampling: FinalUpsampling,
    /// Random changes of the training images; `augment.crop` is the training size.
    pub augment: Augment,
    /// Order of the training images.
    #[serde(default)]
    pub order: SampleOrder,
    /// Size to which validation images are resized; `None` = as they are.
    /// Scores are always taken at the mask's own size.
    pub test_size: Option<Size>,
    /// Input normalization.
    pub normalization: Normalization,
    /// Seed of the weights, the order, the augmentation and dropout.
    pub seed: u64,
    /// Threads that decode and augment ahead of the step, 1 or more.
    pub workers: usize,
    /// Epochs without a better validation after which it ends, 1 or more; `None` = never.
    #[serde(default)]
    pub early_stop: Option<usize>,
    /// When it is saved, and what is kept.
    #[serde(default)]
    pub checkpoints: CheckpointPolicy,
    /// Number of validation images shown live.
    pub preview_images: usize,
    /// Seconds between two live masks, 0 = never.
    pub preview_secs: f64,
}

impl RunConfig {
    /// The network that it describes, for a dataset of `num_classes` classes.
    pub fn network(&self, num_classes: usize) -> NetworkConfig {
        NetworkConfig {
            variant: self.variant,
            trunk: self.trunk,
            geometry: self.geometry,
            num_classes,
            dropout: self.dropout,
            final_upsampling: self.final_upsampling,
            aux_head: self.aux_head,
            widths: None,
        }
    }

<<<<<<< HEAD
    /// Turns down a trunk or a geometry that the network does not have.
    pub(super) fn check_network(&self) -> Result<(), TrainError> {
        check(
            self.variant.trunks().contains(&self.trunk),
            "trunk",
            self.trunk,
            "the network cannot be built on it; choose another trunk",
        )?;
        check(
            self.trunk.geometries().contains(&self.geometry),
            "geometry",
            self.geometry,
            "the trunk does not have it; choose the other one",
        )
    }

    /// Turns down values that make no sense, naming the field.
    pub fn validate(&self) -> Result<(), TrainError> {
        let positive = |field, value: usize| check(value > 0, field, value, "it must be 1 or more");
        let learning = &self.learning;
        self.check_network()?;
        check(
            !self.recompute_activations || self.trunk.has_stages(),
            "recompute activations",
            "on",
            "the trunk is not made of stages; turn it off, or choose another trunk",
        )?;
        positive("epochs", self.epochs)?;
        positive("batch size", self.batch_size)?;
        positive("workers", self.workers)?;
        if let Some(steps) = self.max_steps {
            positive("max steps", steps)?;
        }
        check(
            learning.learning_rate > 0.0 && learning.learning_rate.is_finite(),
            "learning rate",
            learning.learning_rate,
            "it must be above 0",
        )?;
        let share = "it must be 0 or more and below 1";
        check(
            (0.0..1.0).contains(&learning.momentum),
            "momentum",
            learning.momentum,
            share,
        )?;
        check(
            (0.0..1.0).contains(&self.dropout),
            "dropout",
            self.dropout,
            share,
        )?;
        check(
            learning.weight_decay >= 0.0 && learning.weight_decay.is_finite(),
            "weight decay",
            learning.weight_decay,
            "it must be 0 or more",
        )?;
        check(
            learning.bias_rate >= 0.0 && learning.bias_rate.is_finite(),
            "bias rate",
            learning.bias_rate,
            "it must be 0 or more",
        )?;
        positive("accumulation", learning.accumulation)?;
        if let Some(norm) = learning.clip_norm {
            check(
                norm > 0.0 && norm.is_finite(),
                "clip norm",
                norm,
                "it must be above 0",
            )?;
        }
        if let Some(rule) = learning.schedule.broken_rule() {
            check(false, "schedule", learning.schedule, rule)?;
        }
        if let Schedule::Cosine { min_rate } = learning.schedule {
            let rule = "its lowest rate must not be above the learning rate";
            check(
                min_rate <= learning.learning_rate,
                "schedule",
                learning.schedule,
                rule,
            )?;
        }
        match self.augment.crop {
            Some(size) => check_size("training size", size)?,
            None => check(
                self.batch_size == 1,
                "batch size",
                self.batch_size,
                "whole images differ in size, so they are trained one by one: set it to 1 and the \
                 accumulation to what the batch size was, or set a training size",
            )?,
        }
        if let Some(size) = self.test_size {
            check_size("test size", size)?;
        }
        check(
            (0.0..=1.0).contains(&self.augment.brightness),
            "brightness",
            self.augment.brightness,
            "it must be 0 to 1",
        )?;
        self.check_checkpoints()?;
        check(
            self.preview_images <= 64,
            "live images",
            self.preview_images,
            "it must be 0 to 64",
        )?;
        check(
            (0.0..=3600.0).contains(&self.preview_secs),
            "live interval",
            self.preview_secs,
            "it must be 0 to 3600 seconds; 0 turns the live masks off",
        )?;
        let [smallest, largest] = self.augment.scale;
        check(
            0.1 <= smallest && smallest <= largest && largest <= 10.0,
            "scale",
            format!("{smallest}..{largest}"),
            "it must go from a smaller to a larger value, between 0.1 and 10",
        )
    }

    fn check_checkpoints(&self) -> Result<(), TrainError> {
        let positive = |field, value: usize| check(value > 0, field, value, "it must be 1 or more");
        let policy = &self.checkpoints;
        check(
            policy.minutes >= 0.0 && policy.minutes.is_finite(),
            "checkpoint minutes",
            policy.minutes,
            "it must be 0 or more; 0 saves by steps and epochs alone",
        )?;
        positive("checkpoint epochs", policy.epochs)?;
        positive("kept last checkpoints", policy.keep_last)?;
        positive("kept best checkpoints", policy.keep_best)?;
        positive("checkpoint steps", policy.steps.unwrap_or(1))?;
        positive("kept epochs", policy.keep_every.unwrap_or(1))
    }

=======
>>>>>>> main
    /// Steps of an epoch of `batches` batches; the last step may have fewer batches.
    pub fn steps_per_epoch(&self, batches: usize) -> usize {
        batches.div_ceil(self.learning.accumulation.max(1))
    }

    /// Number of steps of the whole run.
    pub fn total_steps(&self, steps_per_epoch: usize) -> usize {
        let all = self.epochs.saturating_mul(steps_per_epoch);
        self.max_steps.map_or(all, |most| most.min(all))
    }
}

#[cfg(test)]
mod tests;
