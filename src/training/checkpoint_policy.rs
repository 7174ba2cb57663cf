//! When a run saves itself, and which of its checkpoints are kept.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// By which score of the validation the best epoch is found.
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
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum BestBy {
    /// Mean intersection over union, as in the papers.
    #[default]
    MeanIu,
    /// Share of the pixels that are right.
    PixelAccuracy,
    /// Mean over the classes of that share.
    MeanAccuracy,
    /// Intersection over union, weighted by how often a class occurs.
    FrequencyWeightedIu,
    /// Mean loss; smaller is better.
    ValLoss,
}

/// When a run saves itself, and which of its checkpoints are kept. The best epoch and the last are
/// always saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CheckpointPolicy {
    /// Minutes of training after which a checkpoint is due, 0 = not by time.
    pub minutes: f64,
    /// Steps after which one is due.
    pub steps: Option<usize>,
    /// Epochs after which one is due, 1 or more.
    pub epochs: usize,
    /// How many of the newest are kept to resume from, 1 or more. With 2, a damaged one costs what
    /// came after the one before.
    pub keep_last: usize,
    /// How many of the best are kept to predict with, 1 or more.
    pub keep_best: usize,
    /// Epochs of which each such one is kept whole, 5 for every fifth.
    pub keep_every: Option<usize>,
    /// What the best are best in.
    pub best_by: BestBy,
}

impl Default for CheckpointPolicy {
    fn default() -> Self {
        Self {
            minutes: 2.0,
            steps: None,
            epochs: 1,
            keep_last: 2,
            keep_best: 1,
            keep_every: None,
            best_by: BestBy::MeanIu,
        }
    }
}

impl CheckpointPolicy {
    /// Whether a checkpoint is due inside an epoch, `steps` steps and `passed` after the last.
    pub(super) fn is_due(&self, steps: usize, passed: Duration) -> bool {
        let by_time = self.minutes > 0.0 && passed.as_secs_f64() >= 60.0 * self.minutes;
        steps > 0 && (by_time || self.steps.is_some_and(|every| steps >= every))
    }

    /// Whether one is due after an epoch that was not the best.
    pub(super) fn is_due_after(&self, epoch: usize, epochs: usize) -> bool {
        epoch.is_multiple_of(self.epochs.max(1))
            || epoch == epochs
            || self
                .keep_every
                .is_some_and(|every| epoch.is_multiple_of(every.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_due_by_time_or_by_steps() {
        let minute = Duration::from_mins(1);
        let policy = CheckpointPolicy::default();
        assert!(!policy.is_due(5, minute) && policy.is_due(5, 2 * minute));
        assert!(!policy.is_due(0, 9 * minute), "nothing is new");
        let by_steps = CheckpointPolicy {
            minutes: 0.0,
            steps: Some(3),
            ..policy
        };
        assert!(!by_steps.is_due(2, 9 * minute) && by_steps.is_due(3, Duration::ZERO));
    }

    #[test]
    fn the_last_epoch_and_those_that_are_kept_are_saved() {
        let policy = CheckpointPolicy {
            epochs: 4,
            keep_every: Some(3),
            ..CheckpointPolicy::default()
        };
        let due: Vec<usize> = (1..=10)
            .filter(|epoch| policy.is_due_after(*epoch, 10))
            .collect();
        assert_eq!(due, [3, 4, 6, 8, 9, 10]);
    }
}
