//! The events of a training thread: plain numbers and bytes.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::alarm::Alarm;
use super::checkpoint_policy::BestBy;
use super::device::DeviceId;
use super::watch::ClassShares;
use crate::dataset::{LabelMap, Rgb};
use crate::metrics::{ConfusionMatrix, Scores};

/// Known once a run has started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunInfo {
    /// Name of the run folder.
    pub run: String,
    /// What the weights run on, in words.
    pub device: String,
    /// What its steps compute with, in words.
    pub arithmetic: String,
    /// Number of weights.
    pub parameters: usize,
    /// Steps of one epoch.
    pub steps_per_epoch: usize,
    /// Steps of the whole run.
    pub total_steps: usize,
    /// Steps already done when the run was resumed.
    pub first_step: usize,
    /// How a resumed run repeats the numbers of an unbroken one; `None` where it begins, and where its
    /// data is not what it was.
    pub repeats: Option<Repeats>,
}

/// How near the numbers of a resumed run are to those of an unbroken one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Repeats {
    /// The same bits: on the processor, with the version of the program that it was started with.
    BitEqual,
    /// The same but for rounding.
    UpToRounding,
}

impl Repeats {
    /// What a run on `device` will do if it is resumed with the version that it was started with.
    pub fn expected(device: DeviceId) -> Self {
        match device {
            DeviceId::Cpu => Self::BitEqual,
            _ => Self::UpToRounding,
        }
    }

    /// In words: `bit-equal to an unbroken run`.
    pub fn text(self) -> &'static str {
        match self {
            Self::BitEqual => "bit-equal to an unbroken run",
            Self::UpToRounding => "the same as an unbroken run up to rounding",
        }
    }
}

/// One line of `steps.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// 1 for the first step.
    pub step: usize,
    /// 1 for the first epoch.
    pub epoch: usize,
    /// Mean over the labeled pixels of the multinomial logistic loss, in nats; where a step
    /// has several batches, the mean of theirs.
    pub loss: f64,
    /// Learning rate of this step.
    pub learning_rate: f64,
    /// L2 norm of its gradients before they were clipped, where it was computed: with a clip
    /// norm, and in `f16`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grad_norm: Option<f64>,
    /// Wall time of this step, data included.
    pub secs: f64,
}

/// One line of `epochs.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// 1 for the first epoch.
    pub epoch: usize,
    /// Steps done when it ended.
    pub step: usize,
    /// Mean training loss of the epoch's batches.
    pub train_loss: f64,
    /// Mean loss over the labeled validation pixels; `None` when none is labeled.
    pub val_loss: Option<f64>,
    /// Validation scores over the whole set.
    pub scores: Scores,
    /// Seconds of training since the run began, pauses left out.
    pub elapsed_secs: f64,
    /// Whether this is the best mIoU so far.
    pub best: bool,
}

impl EpochRecord {
    /// By which epochs are compared, larger is better; `None` where nothing was labeled.
    pub fn score(&self, by: BestBy) -> Option<f64> {
        let scores = &self.scores;
        match by {
            BestBy::MeanIu => scores.mean_iu,
            BestBy::PixelAccuracy => scores.pixel_accuracy,
            BestBy::MeanAccuracy => scores.mean_accuracy,
            BestBy::FrequencyWeightedIu => scores.frequency_weighted_iu,
            BestBy::ValLoss => self.val_loss.map(|loss| -loss),
        }
    }

    /// The best of these epochs, in the order in which they were trained: the last that was the
    /// best so far by the metric of its run, whose weights `best.json` names. Of records that do
    /// not say, the first with the highest mIoU. `None` when no epoch has a score.
    pub fn best_of(epochs: &[Self]) -> Option<&Self> {
        if let Some(best) = epochs.iter().rfind(|epoch| epoch.best) {
            return Some(best);
        }
        epochs.iter().fold(None, |best, epoch| {
            let best_score = best.and_then(|best: &Self| best.scores.mean_iu);
            if is_better(epoch.scores.mean_iu, best_score) {
                Some(epoch)
            } else {
                best
            }
        })
    }
}

/// Whether a mIoU is better than the best one so far. Of equal ones the first stays the
/// best, and what is not a number never is.
pub(super) fn is_better(score: Option<f64>, best: Option<f64>) -> bool {
    score.is_some_and(|score| best.map_or(!score.is_nan(), |best| score > best))
}

/// One validation image as the network sees it now.
#[derive(Debug, Clone)]
pub struct PreviewItem {
    /// Id of the image in its dataset.
    pub id: String,
    /// The image.
    pub image: Arc<Rgb>,
    /// Ground truth at the image's size.
    pub truth: Arc<LabelMap>,
    /// The network's mask at the image's size.
    pub mask: Arc<LabelMap>,
    /// Mean IU over this image alone.
    pub mean_iu: Option<f64>,
}

/// The pinned validation images after some step.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Steps done.
    pub step: usize,
    /// The images, in the order of the validation list.
    pub items: Vec<PreviewItem>,
}

impl Preview {
    /// All its masks against the ground truth.
    pub(super) fn matrix(&self, num_classes: usize) -> ConfusionMatrix {
        let mut matrix = ConfusionMatrix::new(num_classes);
        for item in &self.items {
            matrix.add(&item.truth.labels, &item.mask.labels);
        }
        matrix
    }
}

/// Order: `Preparing* Counting* Started Preparing? (Step | Shares | Preview | Validating | EpochEnded | Paused |
/// Unpaused | Saved)* Ended`; a `Warning` or an `Alarm` may come at any time, and `Blocked Unblocked` at any
/// time in between.
/// `Ended` is always sent, exactly once, also when nothing was started.
#[derive(Debug, Clone)]
pub enum TrainEvent {
    /// The masks of the training list are being counted.
    Counting { done: usize, total: usize },
    /// The network is on the device and the first batch is being read.
    Started(RunInfo),
    /// A GPU is being prepared for the first step.
    Preparing(Preparation),
    /// One step is done.
    Step(StepRecord),
    /// The shares of the classes in masks of this step, against the truth.
    Shares { step: usize, shares: ClassShares },
    /// Fresh masks of the pinned images.
    Preview(Preview),
    /// Validation is at image `done` of `total`.
    Validating { done: usize, total: usize },
    /// An epoch was trained and validated.
    EpochEnded(EpochRecord),
    /// The loop waits.
    Paused,
    /// The loop continues.
    Unpaused,
    /// A checkpoint was published.
    Saved { step: usize },
    /// Something that people should know; the run continues.
    Warning(String),
    /// The training is likely to go nowhere.
    Alarm(Alarm),
    /// Its folder cannot be written, and why: the loop waits until it can.
    Blocked(String),
    /// The folder can be written again, and the loop continues.
    Unblocked,
    /// The run is over.
    Ended(Outcome),
}

/// What is done on a GPU before the first step. The first use ever takes seconds to minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preparation {
    /// Its driver starts.
    Opening,
    /// The weights are drawn, or read and uploaded.
    Weights,
    /// Kernels are generated, compiled and, where Burn does that, tuned.
    Kernels,
}

/// How a run ended. A requested stop is not a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// All steps are done.
    Finished,
    /// Stopped on request after `step` steps.
    Stopped { step: usize },
    /// Stopped on request at once. What counts is the last checkpoint, after `checkpoint` steps;
    /// `None` = there is none.
    StoppedNow { checkpoint: Option<usize> },
    /// One clear message.
    Failed(String),
}

/// Where a training loop sends its events.
pub trait TrainSink: Send {
    /// Takes one event. May block for a moment when the receiver is behind.
    fn send(&mut self, event: TrainEvent);

    /// Whether anybody looks at live masks; without, none are made.
    fn wants_previews(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(scores: &[Option<f64>]) -> Option<usize> {
        let epochs: Vec<EpochRecord> = (1..)
            .zip(scores)
            .map(|(epoch, mean_iu)| EpochRecord {
                epoch,
                step: epoch,
                train_loss: 0.0,
                val_loss: None,
                scores: Scores {
                    mean_iu: *mean_iu,
                    ..ConfusionMatrix::new(2).scores()
                },
                elapsed_secs: 0.0,
                best: false,
            })
            .collect();
        EpochRecord::best_of(&epochs).map(|record| record.epoch)
    }

    #[test]
    fn of_equal_epochs_the_first_is_the_best() {
        assert_eq!(best(&[Some(0.25), Some(0.5), Some(0.5)]), Some(2));
        assert_eq!(best(&[Some(0.0), Some(0.0)]), Some(1));
    }

    #[test]
    fn an_epoch_without_a_score_is_never_the_best() {
        assert_eq!(best(&[]), None);
        assert_eq!(best(&[None, Some(f64::NAN)]), None);
        let scores = [Some(f64::NAN), None, Some(0.1), Some(f64::NAN), Some(0.1)];
        assert_eq!(best(&scores), Some(3));
    }
}
