//! Learning rates that cannot be meant for their network, their loss or their optimizer.

use crate::text::setting;
use crate::training::alarm::{Alarm, AlarmKind, Remedy};
use crate::training::config::{InitialWeights, RunConfig};
use crate::training::culprit::{LONGEST, momentum};
use crate::training::learning::{Learning, OptimizerKind, Reduction};
use crate::training::usual_rate::{strength, usual_rate, usual_strength};

/// How much shorter they may be from random weights, which have far to go.
const SHORTEST: f64 = 1e-3;

/// Steps of this length, as a share of those of the preset, are learned with: what a rate for the other
/// reduction must have.
const SENSIBLE: std::ops::RangeInclusive<f64> = 0.01..=3.0;

/// Trained weights are sometimes moved very little: FCN-8s of PAMI 2016 has a rate of `1e-14`. Below
/// this a rate for the mean is one for the sum.
const SMALLEST_FOR_MEANS: f64 = 1e-7;

/// Rates of Adam are about `1e-5` to `1e-2`, since its steps are as long as its rate.
const SENSIBLE_FOR_ADAM: std::ops::RangeInclusive<f64> = 1e-8..=0.02;

/// What is wrong with the learning rate; `labeled` are the labeled pixels of a batch, `fresh` whether the
/// weights are random.
pub(super) fn rate_alarm(config: &RunConfig, labeled: usize, fresh: bool) -> Option<Alarm> {
    let learning = &config.learning;
    let (text, remedy) = match learning.optimizer {
        OptimizerKind::AdamW => for_adam(config)?,
        OptimizerKind::Sgd => for_sgd(config, labeled, fresh)?,
    };
    Some(Alarm {
        kind: AlarmKind::Rate,
        text,
        remedy: Some(remedy),
    })
}

fn for_adam(config: &RunConfig) -> Option<(String, Remedy)> {
    let rate = config.learning.learning_rate;
    if SENSIBLE_FOR_ADAM.contains(&rate) {
        return None;
    }
    let text = format!(
        "the learning rate is {}; AdamW wants about 0.001, and 0.0001 for weights that are trained already",
        setting(rate)
    );
    Some((text, Remedy::LearningRate(usual_rate(config, 1))))
}

fn for_sgd(config: &RunConfig, labeled: usize, fresh: bool) -> Option<(String, Remedy)> {
    let learning = &config.learning;
    let rate = learning.learning_rate;
    let usual = usual_strength(config);
    // As a share of what the preset does.
    let length = |learning: &Learning| strength(learning, labeled) / usual;
    let suits_otherwise = || {
        let other = Learning {
            reduction: other(learning.reduction),
            ..learning.clone()
        };
        SENSIBLE.contains(&length(&other))
    };
    let better = usual_rate(config, labeled);
    let [told_rate, told_better] = [rate, better].map(setting);
    let (loss, other_loss) = match learning.reduction {
        Reduction::Mean => ("the mean over pixels".to_owned(), "sum"),
        Reduction::Sum => {
            let sum = format!("the sum over the {labeled} labeled pixels of a batch");
            (sum, "mean")
        }
    };
    let is_short = if fresh && config.init == InitialWeights::Random {
        length(learning) < SHORTEST
    } else {
        learning.reduction == Reduction::Mean && rate < SMALLEST_FOR_MEANS
    };
    let outcome = if is_short {
        "nothing will be learned"
    } else if length(learning) > LONGEST && momentum(config, labeled).is_none() {
        "it will explode"
    } else {
        return None;
    };
    if suits_otherwise() {
        let text = format!(
            "the learning rate is {told_rate}, which is one for the {other_loss} over pixels, but the loss is {loss}. \
             Most likely {outcome}: use the {other_loss}, or a rate of about {told_better}"
        );
        return Some((text, Remedy::Reduction(other(learning.reduction))));
    }
    let text = format!(
        "the learning rate is {told_rate}, and {told_better} would suit {} where the loss is {loss}. Most likely {outcome}: \
         use about {told_better}",
        config.trunk
    );
    Some((text, Remedy::LearningRate(better)))
}

fn other(reduction: Reduction) -> Reduction {
    match reduction {
        Reduction::Mean => Reduction::Sum,
        Reduction::Sum => Reduction::Mean,
    }
}
