//! Everything that defines a run, saved beside its weights as `config.json`.

mod extra_logs;
mod rules;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

pub use extra_logs::ExtraLogs;

use super::checkpoint_policy::CheckpointPolicy;
use super::device::DeviceId;
use super::learning::Learning;
use super::precision::Precision;
use crate::dataset::{Augment, BandChoice, Normalization, Size};
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
        /// How its images are read, where that is another way than its class map says.
        #[serde(default, skip_serializing_if = "BandChoice::is_empty")]
        images: BandChoice,
    },
}

impl DatasetRef {
    /// What people call it: the name of its folder or archive.
    pub fn name(&self) -> String {
        match self {
            Self::Sample => "sample".to_owned(),
            Self::Folder(folder) | Self::Mapped { folder, .. } => folder.file_name().map_or_else(
                || folder.display().to_string(),
                |name| name.to_string_lossy().into_owned(),
            ),
        }
    }

    /// Where it is, without what its labels mean.
    pub fn place(&self) -> Self {
        match self {
            Self::Sample => Self::Sample,
            Self::Folder(folder) | Self::Mapped { folder, .. } => Self::Folder(folder.clone()),
        }
    }

    /// The same dataset with another class map, more void labels and other bands, where these are
    /// given. The sample needs none of it.
    pub fn mapped(self, class_map: Option<PathBuf>, void: &[u8], images: &BandChoice) -> Self {
        if class_map.is_none() && void.is_empty() && images.is_empty() {
            return self;
        }
        let (folder, old_map, old_void, old_images) = match self {
            Self::Sample => return Self::Sample,
            Self::Folder(folder) => (folder, None, Vec::new(), BandChoice::default()),
            Self::Mapped {
                folder,
                class_map,
                void,
                images,
            } => (folder, class_map, void, images),
        };
        Self::Mapped {
            folder,
            class_map: class_map.or(old_map),
            void: [old_void.as_slice(), void].concat(),
            images: images.or(&old_images),
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

/// Decoded images that are kept on disk for other runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecodedCache {
    /// The folder; runs may share it.
    pub folder: PathBuf,
    /// How large it may become, in GiB, above 0.
    pub gib: f64,
}

impl DecodedCache {
    /// The size where none is named.
    pub const GIB: f64 = 20.0;
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
    /// A folder of batches that is trained on instead of the training images, in the form of
    /// `data dump`; images are still validated on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batches: Option<PathBuf>,
    /// Order of the training images.
    #[serde(default)]
    pub order: SampleOrder,
    /// Temperature at which images and crops are drawn by their rare classes, above 0; `None` = each
    /// image once an epoch, crops anywhere.
    #[serde(default)]
    pub rare_sampling: Option<f64>,
    /// Size to which validation images are resized; `None` = as they are.
    /// Scores are always taken at the mask's own size.
    pub test_size: Option<Size>,
    /// Input normalization.
    pub normalization: Normalization,
    /// Seed of the weights, the order, the augmentation and dropout.
    pub seed: u64,
    /// Threads that decode and augment ahead of the step, 1 or more.
    pub workers: usize,
    /// Where decoded images are kept for other runs; `None` = in memory alone, as far as they fit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoded_cache: Option<DecodedCache>,
    /// Epochs without a better validation after which it ends, 1 or more; `None` = never.
    #[serde(default)]
    pub early_stop: Option<usize>,
    /// Decay of a moving average of the weights, with which the run is scored and predicts, above 0
    /// and below 1; `None` = no average.
    #[serde(default)]
    pub ema: Option<f64>,
    /// When it is saved, and what is kept.
    #[serde(default)]
    pub checkpoints: CheckpointPolicy,
    /// Logs for other programs, beside its own.
    #[serde(default, skip_serializing_if = "ExtraLogs::are_none")]
    pub extra_logs: ExtraLogs,
    /// Number of validation images shown live.
    pub preview_images: usize,
    /// Seconds between two live masks, 0 = never.
    pub preview_secs: f64,
    /// Seconds between two frames of the film of a run that nobody watches; `None` = after epochs alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub film_secs: Option<f64>,
    /// Images of one's own that are shown live beside them, without ground truth.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub probe_images: Vec<PathBuf>,
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

    /// Steps of an epoch of `batches` batches; the last step may have fewer batches.
    pub fn steps_per_epoch(&self, batches: usize) -> usize {
        batches.div_ceil(self.learning.accumulation.max(1))
    }

    /// The most images of a batch, and the most batches of a step: more than any machine has memory for,
    /// and few enough to be counted.
    pub const MOST_IMAGES: usize = 1 << 16;

    /// Images that a step learns from.
    pub fn images_per_step(&self) -> usize {
        self.batch_size.saturating_mul(self.learning.accumulation)
    }

    /// Number of steps of the whole run.
    pub fn total_steps(&self, steps_per_epoch: usize) -> usize {
        let all = self.epochs.saturating_mul(steps_per_epoch);
        self.max_steps.map_or(all, |most| most.min(all))
    }
}

#[cfg(test)]
mod tests;
