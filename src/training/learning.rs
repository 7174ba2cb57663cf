//! The values of stochastic gradient descent, and the learning rate of each step.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::objective::Objective;
use super::schedule::Schedule;
use super::stage_rates::StageRates;

/// What becomes of the losses of the pixels of a batch before they are differentiated.
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
pub enum Reduction {
    /// The mean over the labeled pixels (Caffe's `normalize: true`).
    #[default]
    Mean,
    /// The sum over the labeled pixels. Caffe's `normalize: false` divides by the number
    /// of images, which is 1 in the released FCN nets: with a batch of 1 it is the same.
    Sum,
}

/// How gradients become steps.
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
pub enum OptimizerKind {
    /// Stochastic gradient descent with momentum, as in the papers.
    #[default]
    Sgd,
    /// Adam with decoupled weight decay; it has no use for the momentum.
    AdamW,
}

/// The values of stochastic gradient descent. Momentum and weight decay mean what they
/// mean in PyTorch's `torch.optim.SGD`: the decay is added to the gradient, and the
/// learning rate multiplies what the momentum has gathered. Caffe gathers
/// `rate * gradient` instead, which is the same while the rate does not change.
///
/// A step is made of the gradients of [`accumulation`](Self::accumulation) batches: they
/// are added up, divided by the number of batches, clipped, and then decayed.
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
    /// Steps in which the learning rate rises in a straight line from
    /// `learning_rate / warmup_steps`; 0 = none.
    #[serde(default)]
    pub warmup_steps: usize,
    /// Factor on the learning rate of biases, 0 or more; 1 = like all weights, 2 in the
    /// papers (CVPR 2015, section 4.3; `lr_mult: 2` in the released nets). Biases are the
    /// parameters named so; the shift of batch normalization is none.
    #[serde(default = "one")]
    pub bias_rate: f64,
    /// Whether weight decay pulls on biases too: in PyTorch it does, in the released Caffe
    /// nets it does not (`decay_mult: 0`). Batch normalization is always decayed.
    #[serde(default = "yes")]
    pub decay_biases: bool,
    /// What is differentiated: mean or sum of the pixel losses. Losses in logs and curves
    /// are the mean in both cases, so that runs can be compared.
    #[serde(default)]
    pub reduction: Reduction,
    /// Batches whose gradients make one step, 1 or more (Caffe's `iter_size`). Their sum is
    /// divided by their number whatever the reduction is, as Caffe does (`Normalize` in its
    /// `sgd_solver.cpp`). The last step of an epoch takes the batches that are left, and
    /// divides by their number.
    #[serde(default = "once")]
    pub accumulation: usize,
    /// Largest L2 norm of all gradients of a step together, above 0; larger ones are scaled
    /// down to it (`torch.nn.utils.clip_grad_norm_`). `None` = no limit.
    #[serde(default)]
    pub clip_norm: Option<f64>,
    /// How gradients become steps.
    #[serde(default)]
    pub optimizer: OptimizerKind,
    /// Factors on the learning rate by stage of the network; 0 freezes a stage.
    #[serde(default, skip_serializing_if = "StageRates::is_empty")]
    pub stage_rates: StageRates,
    /// What is differentiated, beside the mean or the sum of the pixel losses.
    #[serde(default)]
    pub objective: Objective,
}

impl Learning {
    /// SGD with PyTorch's defaults for the rest: biases like all weights, mean loss, one
    /// batch a step, a fixed rate, no clipping.
    pub fn sgd(learning_rate: f64, momentum: f64, weight_decay: f64) -> Self {
        Self {
            learning_rate,
            momentum,
            weight_decay,
            schedule: Schedule::Fixed,
            warmup_steps: 0,
            bias_rate: one(),
            decay_biases: yes(),
            reduction: Reduction::Mean,
            accumulation: once(),
            clip_norm: None,
            optimizer: OptimizerKind::Sgd,
            stage_rates: StageRates::default(),
            objective: Objective::default(),
        }
    }

    /// Learning rate of the step that follows `step` of `total` steps: that of the
    /// schedule, and in the first `warmup_steps` steps the `(step + 1) / warmup_steps`
    /// of it, so that it rises in a straight line and is whole at the last of them.
    pub fn rate_at(&self, step: usize, total: usize) -> f64 {
        let rate = self.schedule.rate_at(self.learning_rate, step, total);
        if step < self.warmup_steps {
            return rate * (step + 1) as f64 / self.warmup_steps as f64;
        }
        rate
    }
}

// What runs from before these values were there have been trained with.

fn one() -> f64 {
    1.0
}

fn once() -> usize {
    1
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_rates(schedule: Schedule, warmup_steps: usize, expected: &[(usize, f64)]) {
        let learning = Learning {
            schedule,
            warmup_steps,
            ..Learning::sgd(0.8, 0.9, 0.0)
        };
        for (step, expected) in expected {
            let rate = learning.rate_at(*step, 100);
            assert!(
                (rate - expected).abs() < 1e-12,
                "{schedule} at step {step}: {rate} != {expected}"
            );
        }
    }

    #[test]
    fn rates_equal_the_hand_computed_ones() {
        assert_rates(Schedule::Fixed, 0, &[(0, 0.8), (99, 0.8)]);
        let step = Schedule::Step {
            every_steps: 30,
            factor: 0.5,
        };
        assert_rates(
            step,
            0,
            &[
                (0, 0.8),
                (29, 0.8),
                (30, 0.4),
                (59, 0.4),
                (60, 0.2),
                (99, 0.1),
            ],
        );
        assert_rates(
            Schedule::Poly { power: 2.0 },
            0,
            &[(0, 0.8), (50, 0.2), (90, 0.008), (100, 0.0)],
        );
        // cos(0) = 1, cos(pi / 3) = 1/2, cos(pi / 2) = 0, cos(pi) = -1.
        let cosine = Schedule::Cosine { min_rate: 0.2 };
        assert_rates(cosine, 0, &[(0, 0.8), (50, 0.5), (100, 0.2)]);
        let learning = Learning {
            schedule: cosine,
            ..Learning::sgd(0.8, 0.0, 0.0)
        };
        assert!((learning.rate_at(20, 60) - 0.65).abs() < 1e-12);
    }

    #[test]
    fn warming_up_is_a_straight_line_under_the_schedule() {
        assert_rates(
            Schedule::Fixed,
            4,
            &[(0, 0.2), (1, 0.4), (2, 0.6), (3, 0.8), (4, 0.8)],
        );
        let step = Schedule::Step {
            every_steps: 2,
            factor: 0.5,
        };
        assert_rates(step, 4, &[(0, 0.2), (1, 0.4), (2, 0.3), (3, 0.4), (4, 0.2)]);
    }
}
