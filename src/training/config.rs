//! Everything that defines a run, saved beside its weights as `config.json`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::device::DeviceId;
use super::error::TrainError;
use crate::dataset::{Augment, Normalization};
use crate::model::{FinalUpsampling, Trunk, Variant};

/// Which data set a run uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DatasetRef {
    /// The generated sample under the data folder.
    Sample,
    /// A folder in one of the layouts that can be read.
    Folder(PathBuf),
}

/// How the learning rate goes from the first step to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// The same all the way, as in the papers.
    Fixed,
    /// `lr * (1 - step / steps) ^ 0.9` (the "poly" policy of Caffe).
    Poly,
}

/// The values of stochastic gradient descent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Learning {
    /// Step size, above 0.
    pub learning_rate: f64,
    /// Share of the last update that is kept, `0.0..1.0`.
    pub momentum: f64,
    /// L2 penalty, 0 or more.
    pub weight_decay: f64,
    /// Course of the learning rate.
    pub schedule: Schedule,
}

/// The configuration of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunConfig {
    /// What it is trained on.
    pub dataset: DatasetRef,
    /// Prediction stride.
    pub variant: Variant,
    /// Network under the score layers.
    pub trunk: Trunk,
    /// Where it runs.
    pub device: DeviceId,
    /// Passes over the training set, 1 or more.
    pub epochs: usize,
    /// Stop after this many steps even inside an epoch; `None` = all epochs.
    pub max_steps: Option<usize>,
    /// Images in a step, 1 or more.
    pub batch_size: usize,
    /// Optimizer values.
    pub learning: Learning,
    /// Probability of dropping a value behind fc6 and fc7, `0.0..1.0` (0.5 in the paper).
    pub dropout: f64,
    /// Whether the last transposed convolution is trained.
    pub final_upsampling: FinalUpsampling,
    /// Random changes of the training images; `augment.crop` is the training size.
    pub augment: Augment,
    /// `[width, height]` to which validation images are resized; `None` = as they are.
    /// Scores are always taken at the mask's own size.
    pub test_size: Option<[u32; 2]>,
    /// Input normalization.
    pub normalization: Normalization,
    /// Seed of the weights, the order, the augmentation and dropout.
    pub seed: u64,
    /// Threads that decode and augment ahead of the step, 1 or more.
    pub workers: usize,
    /// Number of validation images shown live.
    pub preview_images: usize,
    /// Seconds between two live masks, 0 = never.
    pub preview_secs: f64,
}

impl RunConfig {
    /// Turns down values that make no sense, naming the field.
    pub fn validate(&self) -> Result<(), TrainError> {
        let positive = |field, value: usize| check(value > 0, field, value, "it must be 1 or more");
        let learning = &self.learning;
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
        check((0.0..1.0).contains(&learning.momentum), "momentum", learning.momentum, share)?;
        check((0.0..1.0).contains(&self.dropout), "dropout", self.dropout, share)?;
        check(
            learning.weight_decay >= 0.0 && learning.weight_decay.is_finite(),
            "weight decay",
            learning.weight_decay,
            "it must be 0 or more",
        )?;
        check_size("training size", self.augment.crop)?;
        if let Some(size) = self.test_size {
            check_size("test size", size)?;
        }
        let [smallest, largest] = self.augment.scale;
        check(
            0.1 <= smallest && smallest <= largest && largest <= 10.0,
            "scale",
            format!("{smallest}..{largest}"),
            "it must go from a smaller to a larger value, between 0.1 and 10",
        )
    }
}

fn check_size(field: &'static str, [width, height]: [u32; 2]) -> Result<(), TrainError> {
    let sensible = 1..=8192;
    check(
        sensible.contains(&width) && sensible.contains(&height),
        field,
        format!("{width}x{height}"),
        "each side must be 1 to 8192 pixels",
    )
}

fn check(
    holds: bool,
    field: &'static str,
    value: impl ToString,
    rule: &'static str,
) -> Result<(), TrainError> {
    if holds {
        return Ok(());
    }
    Err(TrainError::Config { field, value: value.to_string(), rule })
}
