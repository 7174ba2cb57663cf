//! What ends a run early. Each message says what to do.

use std::path::PathBuf;

use crate::dataset::{DatasetError, Size};
use crate::files::FileError;
use crate::model::Trunk;
use crate::model::weights::WeightsError;
use crate::text;

/// A failure of training, prediction or of a run folder.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// What ended a run that was tried.
    #[error("{message}")]
    Tried { message: String },
    /// A value of the configuration makes no sense.
    #[error("{field} is {value}; {rule}")]
    Config {
        field: &'static str,
        value: String,
        rule: &'static str,
    },
    /// The weights to start from are those of another trunk.
    #[error(
        "the trunk is {trunk}, but the weights to start from are those of {weights}. Choose their \
         trunk, or other weights"
    )]
    OtherTrunk { trunk: Trunk, weights: Trunk },
    /// The device could not be started.
    #[error("device {device}: {reason}. Choose another device, `cpu` always works")]
    Device { device: String, reason: String },
    /// The device does not support the dtype.
    #[error("precision is {precision}, which device {device} does not support; choose {choices}")]
    Precision {
        precision: &'static str,
        device: String,
        choices: String,
    },
    /// A stop at once was asked for.
    #[error("the run was stopped; its last checkpoint is kept")]
    Stopped,
    /// The device failed in the middle of something.
    #[error("the device failed: {0}. Restart the program")]
    Execution(String),
    /// A layer was asked for that the network does not have.
    #[error("the network has no layer {layer}. Choose one of: {layers}")]
    NoLayer { layer: String, layers: String },
    /// The maps of a layer are too many numbers.
    #[error(
        "the maps of {layer} of an image that is seen at {size} take {bytes}, more than 1 GiB. Choose a \
         smaller image or a later layer"
    )]
    LayerTooLarge {
        layer: String,
        size: Size,
        bytes: String,
    },
    /// A graph needs more memory than there is.
    #[error(
        "the effective receptive field over {size} pixels takes about {needed} of memory, and {available} are \
         left. Choose a run with a smaller network"
    )]
    GradientTooLarge {
        size: Size,
        needed: String,
        available: String,
    },
    /// The device has no memory left.
    #[error("device {device} has too little memory for {work} ({reason}). {advice}")]
    OutOfMemory {
        device: String,
        /// What it was for: `these settings`.
        work: &'static str,
        reason: String,
        advice: String,
    },
    /// The device does not answer any more.
    #[error(
        "device {device} was lost ({reason}): its driver was reset or has stopped. Restart the program to \
         use it again, or train on another device; if it is lost again, choose smaller settings or \
         update the driver"
    )]
    DeviceLost { device: String, reason: String },
    /// The loss is not a number any more.
    #[error(
        "the loss became {loss} at step {step} (learning rate {})",
        text::number(*.learning_rate)
    )]
    NonFinite {
        loss: f64,
        step: usize,
        learning_rate: f64,
    },
    /// The gradients are not numbers any more.
    #[error(
        "the norm of the gradients became {norm} at step {step} (learning rate {})",
        text::number(*.learning_rate)
    )]
    NonFiniteGradients {
        norm: f64,
        step: usize,
        learning_rate: f64,
    },
    /// The weights are not numbers any more.
    #[error(
        "the weights became infinite or NaN at step {step} (learning rate {})",
        text::number(*.learning_rate)
    )]
    NonFiniteWeights { step: usize, learning_rate: f64 },
    /// Data could not be read.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// A weights file cannot be used.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A network computes infinite values or NaN.
    #[error(
        "{path}: the network gives no numbers with these weights: what it computes is infinite or NaN. Choose an \
         earlier checkpoint or other weights"
    )]
    NoNumbers { path: PathBuf },
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file or run is not fit for what is asked of it.
    #[error("{path}: {reason}. {hint}")]
    Unusable {
        path: PathBuf,
        reason: String,
        hint: &'static str,
    },
    /// A run and its data do not fit together any more.
    #[error(
        "{path}: the data of this run changed since it was started ({changes}). Restore the files; \
         name their folder, with Choose its folder in the Train panel or with `train --resume RUN --dataset FOLDER`; \
         or continue on what is there now, with Accept the changes and resume in the Train panel or with \
         `--accept-changes`"
    )]
    DataChanged { path: PathBuf, changes: String },
    /// Another program trains this run.
    #[error("{path}: this run is being trained by another program. Stop it there first")]
    Locked { path: PathBuf },
}

impl TrainError {
    /// Whether a file could not be written, which more room or another plug may mend.
    pub(super) fn is_failed_write(&self) -> bool {
        matches!(self, Self::File(FileError::Write { .. }))
    }

    /// Whether it ends a training that was under way, so that people ask what is left of it.
    pub(super) fn ends_steps(&self) -> bool {
        matches!(
            self,
            Self::Execution(_)
                | Self::OutOfMemory { .. }
                | Self::DeviceLost { .. }
                | Self::NonFinite { .. }
                | Self::NonFiniteGradients { .. }
                | Self::NonFiniteWeights { .. }
        )
    }

    /// Whether numbers of the training are none any more.
    pub(super) fn is_not_finite(&self) -> bool {
        matches!(
            self,
            Self::NonFinite { .. }
                | Self::NonFiniteGradients { .. }
                | Self::NonFiniteWeights { .. }
        )
    }

    /// Weights that could not be written, most often because the disk is full.
    pub(super) fn write(path: &std::path::Path, reason: impl ToString) -> Self {
        Self::Unusable {
            path: path.to_path_buf(),
            reason: reason.to_string(),
            hint: "Check that the folder can be written and that the disk has room",
        }
    }

    /// Weights that could not be read.
    pub(super) fn read(path: &std::path::Path, reason: impl ToString) -> Self {
        Self::Unusable {
            path: path.to_path_buf(),
            reason: reason.to_string(),
            hint: "The file is damaged or of another version; the run's other files are untouched",
        }
    }
}
