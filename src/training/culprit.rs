//! Settings other than the learning rate that make a loss explode or stand still, so that the rate is
//! not blamed for them.
//!
//! Each is far outside of what is used; where none is, the learning rate is the likely cause.

use super::alarm::Remedy;
use super::config::RunConfig;
use super::learning::{Learning, OptimizerKind, Reduction};
use super::objective::ClassWeights;
use super::preset::preset;
use super::schedule::Schedule;
use super::stage_rates::StageRates;
use super::usual_rate::{expected_pixels, lost, lower_rate, strength, usual_strength};
use crate::text::{plural, setting};

/// How many times longer than those of the preset steps may be before they explode.
pub(super) const LONGEST: f64 = 100.0;

/// Share of the weights that decay may take in a step, momentum included. Usual is `2.5e-4` and less.
const DECAYED: f64 = 0.01;

/// Weight decay of `AdamW` where nobody chooses one (`torch.optim.AdamW`); it decays apart from the gradient and so
/// more than that of SGD.
const USUAL_ADAMW_DECAY: f64 = 0.01;

/// Share of the usual length of a step below which clipped gradients move nothing.
const SHORTEST_CLIPPED: f64 = 1e-4;

/// Dropout above this leaves next to nothing.
const MOST_DROPPED: f64 = 0.95;

/// Powers of the focal loss above this leave next to nothing of a guess.
const LARGEST_GAMMA: f64 = 5.0;

/// Steps of a warm-up that are more than the start of a training.
const LONGEST_WARMUP: usize = 500;

/// A likely cause with what mends it.
pub(super) type Culprit = (String, Remedy);

/// Which setting, if not the learning rate, makes losses, gradients or weights explode; `labeled` are the
/// labeled pixels of a batch.
pub(super) fn of_explosion(config: &RunConfig, labeled: usize) -> Option<Culprit> {
    decay(config)
        .or_else(|| schedule(config))
        .or_else(|| momentum(config, labeled))
        .or_else(|| factors(config, labeled))
}

/// What makes numbers overflow, before a batch tells how many labeled pixels it has.
pub(super) fn of_overflow(config: &RunConfig) -> Culprit {
    let pixels = expected_pixels(config);
    of_explosion(config, pixels).unwrap_or_else(|| too_fast(config, pixels))
}

/// The learning rate, where nothing else is far off.
pub(super) fn too_fast(config: &RunConfig, labeled: usize) -> Culprit {
    let lower = lower_rate(config, labeled);
    let cause = format!(
        "Most likely the learning rate of {} is too large: lower it to {}",
        setting(config.learning.learning_rate),
        setting(lower)
    );
    (cause, Remedy::LearningRate(lower))
}

/// Which setting, if not the learning rate, keeps the loss where it was.
pub(super) fn of_standstill(config: &RunConfig) -> Option<Culprit> {
    decay(config)
        .or_else(|| warmup(config))
        .or_else(|| clipping(config))
        .or_else(|| dropout(config))
        .or_else(|| focus(config))
}

fn decay(config: &RunConfig) -> Option<Culprit> {
    let learning = &config.learning;
    let (usual, lost) = match learning.optimizer {
        OptimizerKind::Sgd => (preset(config.trunk).learning.weight_decay, lost(learning)),
        OptimizerKind::AdamW => (USUAL_ADAMW_DECAY, 1.0),
    };
    let decayed = |decay: f64| learning.learning_rate * decay / lost;
    // With a usual decay it is the rate that makes it large.
    let is_it = decayed(learning.weight_decay) > DECAYED
        && decayed(usual) <= DECAYED
        && learning.weight_decay > 10.0 * usual;
    is_it.then(|| {
        let cause = format!(
            "Most likely the weight decay of {} is too large for the learning rate of {}: it takes more of \
             the weights in a step than they learn. Lower it to {}",
            setting(learning.weight_decay),
            setting(learning.learning_rate),
            setting(usual)
        );
        (cause, Remedy::WeightDecay(usual))
    })
}

fn schedule(config: &RunConfig) -> Option<Culprit> {
    let Schedule::Step {
        every_steps,
        factor,
    } = config.learning.schedule
    else {
        return None;
    };
    (factor > 1.0).then(|| {
        let often = match every_steps {
            1 => "step".to_owned(),
            steps => plural(steps, "step", "steps"),
        };
        let cause = format!(
            "Most likely the schedule is the cause: it multiplies the learning rate by {} every {often}. Use a \
             factor below 1, or a fixed rate",
            setting(factor)
        );
        (cause, Remedy::Schedule(Schedule::Fixed))
    })
}

/// Whether steps were sound with the momentum of the preset.
pub(super) fn momentum(config: &RunConfig, labeled: usize) -> Option<Culprit> {
    let learning = &config.learning;
    let usual = preset(config.trunk).learning.momentum;
    let with_usual = Learning {
        momentum: usual,
        ..learning.clone()
    };
    let length = |learning| strength(learning, labeled) / usual_strength(config);
    let sound = 3.0;
    let is_it = learning.optimizer == OptimizerKind::Sgd
        && length(&with_usual) <= sound
        && length(learning) > 3.0 * sound;
    is_it.then(|| {
        let cause = format!(
            "Most likely the momentum of {} is too large: with it a step goes as far as {} alone. Lower it \
             to {}",
            setting(learning.momentum),
            setting((1.0 / lost(learning)).round()),
            setting(usual)
        );
        (cause, Remedy::Momentum(usual))
    })
}

/// Factors on the learning rate of some weights, or on the losses of some pixels.
fn factors(config: &RunConfig, labeled: usize) -> Option<Culprit> {
    let learning = &config.learning;
    let length = strength(learning, labeled) / usual_strength(config);
    if learning.optimizer == OptimizerKind::AdamW || length > LONGEST {
        return None;
    }
    if length * learning.bias_rate > LONGEST {
        let usual = preset(config.trunk).learning.bias_rate;
        let cause = format!(
            "Most likely the bias rate of {} is too large: lower it to {}",
            setting(learning.bias_rate),
            setting(usual)
        );
        return Some((cause, Remedy::BiasRate(usual)));
    }
    if length * learning.stage_rates.largest() > LONGEST {
        let cause = format!(
            "Most likely the largest of the rates by stage, {}, is too large: 1 is usual",
            setting(learning.stage_rates.largest())
        );
        return Some((cause, Remedy::StageRates(StageRates::default())));
    }
    let ClassWeights::Given(weights) = &learning.objective.class_weights else {
        return None;
    };
    let largest = weights.iter().copied().fold(0.0, f64::max);
    // The mean is divided by the weights, the sum is not.
    (learning.reduction == Reduction::Sum && length * largest > LONGEST).then(|| {
        let cause = format!(
            "Most likely the class weights are too large for a sum over pixels: the largest is {}, and 1 is usual",
            setting(largest)
        );
        (cause, Remedy::ClassWeights(ClassWeights::Equal))
    })
}

fn warmup(config: &RunConfig) -> Option<Culprit> {
    let steps = config.learning.warmup_steps;
    (steps > LONGEST_WARMUP).then(|| {
        let cause = format!(
            "Most likely because the learning rate has only begun to rise, which takes {}: shorten the warm-up \
             to 100",
            plural(steps, "step", "steps")
        );
        (cause, Remedy::WarmupSteps(100))
    })
}

fn clipping(config: &RunConfig) -> Option<Culprit> {
    let learning = &config.learning;
    let norm = learning.clip_norm?;
    let furthest = learning.learning_rate * norm / lost(learning);
    let is_it = learning.optimizer == OptimizerKind::Sgd
        && furthest < SHORTEST_CLIPPED * usual_strength(config);
    is_it.then(|| {
        let cause = format!(
            "Most likely gradients are clipped to next to nothing: the clip norm is {}. Raise it, or do not clip",
            setting(norm)
        );
        (cause, Remedy::NoClipNorm)
    })
}

fn dropout(config: &RunConfig) -> Option<Culprit> {
    let usual = preset(config.trunk).dropout;
    (config.dropout > MOST_DROPPED).then(|| {
        let cause = format!(
            "Most likely the dropout of {} is too large, which leaves next to nothing to learn from: lower it \
             to {}",
            setting(config.dropout),
            setting(usual)
        );
        (cause, Remedy::Dropout(usual))
    })
}

fn focus(config: &RunConfig) -> Option<Culprit> {
    let gamma = config.learning.objective.focal_gamma;
    (gamma > LARGEST_GAMMA).then(|| {
        let cause = format!(
            "Most likely the focal gamma of {} is too large, which leaves next to nothing of the loss: lower \
             it to 2",
            setting(gamma)
        );
        (cause, Remedy::FocalGamma(2.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Trunk;

    fn explosion(edit: impl FnOnce(&mut RunConfig)) -> Option<Remedy> {
        let mut config = preset(Trunk::Vgg16Slim);
        edit(&mut config);
        of_explosion(&config, 20_000).map(|(_, remedy)| remedy)
    }

    fn standstill(edit: impl FnOnce(&mut RunConfig)) -> Option<Remedy> {
        let mut config = preset(Trunk::Vgg16Slim);
        edit(&mut config);
        of_standstill(&config).map(|(_, remedy)| remedy)
    }

    #[test]
    fn the_setting_that_is_far_off_is_named_with_the_usual_one() {
        let decay = Some(Remedy::WeightDecay(5e-4));
        assert_eq!(explosion(|run| run.learning.weight_decay = 1e30), decay);
        assert_eq!(standstill(|run| run.learning.weight_decay = 1.0), decay);
        assert_eq!(
            explosion(|run| run.learning.momentum = 0.9999),
            Some(Remedy::Momentum(0.9))
        );
        assert_eq!(
            explosion(|run| run.learning.bias_rate = 1e30),
            Some(Remedy::BiasRate(1.0))
        );
        assert_eq!(
            explosion(|run| run.learning.stage_rates = "head=1000".parse().expect("rates")),
            Some(Remedy::StageRates(StageRates::default()))
        );
        assert_eq!(
            explosion(|run| {
                run.learning.schedule = Schedule::Step {
                    every_steps: 5,
                    factor: 10.0,
                };
            }),
            Some(Remedy::Schedule(Schedule::Fixed))
        );
        assert_eq!(
            standstill(|run| run.learning.warmup_steps = 1_000_000),
            Some(Remedy::WarmupSteps(100))
        );
        assert_eq!(
            standstill(|run| run.learning.clip_norm = Some(1e-6)),
            Some(Remedy::NoClipNorm)
        );
        assert_eq!(
            standstill(|run| run.dropout = 0.999),
            Some(Remedy::Dropout(0.5))
        );
        assert_eq!(
            standstill(|run| run.learning.objective.focal_gamma = 10.0),
            Some(Remedy::FocalGamma(2.0))
        );
    }

    #[test]
    fn a_rate_far_off_is_to_blame_itself_and_usual_settings_are_not() {
        assert_eq!(explosion(|run| run.learning.learning_rate = 1e6), None);
        // Also where the decay is large: with such a rate a usual one takes as much.
        let both = explosion(|run| {
            run.learning.learning_rate = 10.0;
            run.learning.weight_decay = 0.01;
        });
        assert_eq!(both, None);
        assert_eq!(explosion(|_| ()), None);
        assert_eq!(standstill(|_| ()), None);
        assert_eq!(standstill(|run| run.learning.clip_norm = Some(1.0)), None);
        // A sum over pixels has small rates, for which a decay is larger.
        let sum = |decay: f64| {
            explosion(|run| {
                run.learning.reduction = Reduction::Sum;
                run.learning.learning_rate = 2.5e-6;
                run.learning.weight_decay = decay;
            })
        };
        assert_eq!(sum(10.0), None);
        assert_eq!(sum(1e4), Some(Remedy::WeightDecay(5e-4)));
        let mut config = preset(Trunk::Vgg16Slim);
        config.learning.optimizer = OptimizerKind::AdamW;
        config.learning.learning_rate = 1e-3;
        config.learning.weight_decay = 0.05;
        assert_eq!(of_explosion(&config, 20_000), None);
        config.learning.weight_decay = 1e4;
        let found = of_explosion(&config, 20_000).map(|(_, remedy)| remedy);
        assert_eq!(found, Some(Remedy::WeightDecay(0.01)));
        // With a usual decay it is the rate.
        config.learning.weight_decay = 0.05;
        config.learning.learning_rate = 1.0;
        let found = of_explosion(&config, 20_000).map(|(_, remedy)| remedy);
        assert!(!matches!(found, Some(Remedy::WeightDecay(_))), "{found:?}");
    }

    #[test]
    fn every_preset_is_sound() {
        for trunk in <Trunk as strum::VariantArray>::VARIANTS {
            let config = preset(*trunk);
            assert_eq!(of_explosion(&config, 1), None, "{trunk}");
            assert_eq!(of_standstill(&config), None, "{trunk}");
        }
    }
}
