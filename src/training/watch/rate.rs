//! Learning rates that cannot be meant for their loss or their optimizer.

use crate::training::alarm::{Alarm, AlarmKind, Remedy};
use crate::training::learning::{Learning, OptimizerKind, Reduction};

/// Below this a rate of SGD is one for sums over pixels: the papers' are `1e-10` and less, and
/// those for means `1e-4` and more.
const SMALLEST_FOR_MEANS: f64 = 1e-7;

/// The most that a step of SGD may multiply the mean gradient with; recipes stay below `0.1`.
const LARGEST_FOR_MEANS: f64 = 5.0;

/// Rates of Adam are about `1e-5` to `1e-2`, since its steps are as long as its rate.
const SENSIBLE_FOR_ADAM: std::ops::RangeInclusive<f64> = 1e-8..=0.02;

/// What is wrong with the learning rate; `labeled` are the labeled pixels of a batch.
pub(super) fn rate_alarm(learning: &Learning, labeled: usize) -> Option<Alarm> {
    let rate = learning.learning_rate;
    let (text, remedy) = match (learning.optimizer, learning.reduction) {
        (OptimizerKind::AdamW, _) if !SENSIBLE_FOR_ADAM.contains(&rate) => (
            format!(
                "the learning rate is {rate}; AdamW wants about 0.001, and 0.0001 for weights that are trained already"
            ),
            Remedy::LearningRate(1e-3),
        ),
        (OptimizerKind::Sgd, Reduction::Mean) if rate < SMALLEST_FOR_MEANS => (
            format!(
                "the learning rate is {rate}, which is one for the sum over pixels, but the loss is their mean. Most likely nothing will be learned: use the sum, or a rate of about 0.001"
            ),
            Remedy::Reduction(Reduction::Sum),
        ),
        (OptimizerKind::Sgd, Reduction::Mean) if rate > LARGEST_FOR_MEANS => (
            format!(
                "the learning rate is {rate}, far above the 0.0001 to 0.1 that are usual for the mean over pixels"
            ),
            Remedy::LearningRate(0.01),
        ),
        (OptimizerKind::Sgd, Reduction::Sum) if rate * labeled as f64 > LARGEST_FOR_MEANS => (
            format!(
                "the learning rate is {rate}, which is one for the mean over pixels, but the loss is the sum over the {labeled} labeled pixels of a batch. Most likely it will explode: use the mean, or a rate of about 1e-10"
            ),
            Remedy::Reduction(Reduction::Mean),
        ),
        _ => return None,
    };
    Some(Alarm {
        kind: AlarmKind::Rate,
        text,
        remedy: Some(remedy),
    })
}
