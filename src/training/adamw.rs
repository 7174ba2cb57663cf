//! Adam with decoupled weight decay.

use burn::module::{Module, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

use super::learning::Learning;
use super::param_update::{ParamGroups, StepOf, Update, step_all};

/// PyTorch's defaults for both.
const BETAS: [f64; 2] = [0.9, 0.999];
const EPSILON: f64 = 1e-8;

/// `AdamW` as PyTorch defines it (`torch.optim.AdamW`, Loshchilov and Hutter 2019): the weight decay
/// is taken off the weight, not added to its gradient. Biases have a factor on their rate and may
/// be left out of the decay, as with [`Sgd`](super::sgd::Sgd).
#[derive(Debug)]
pub(super) struct AdamW {
    groups: ParamGroups,
    /// Steps so far.
    pub updates: usize,
    /// Moving averages of the gradients and of their squares.
    pub moments: [GradientsParams; 2],
}

impl AdamW {
    pub fn new(learning: &Learning) -> Self {
        Self {
            groups: ParamGroups::new(learning),
            updates: 0,
            moments: [GradientsParams::new(), GradientsParams::new()],
        }
    }

    /// The network after one step with `scale` times the gradients. Weights without a gradient
    /// stay as they are.
    pub fn step<M: Module>(
        &mut self,
        learning_rate: f64,
        scale: f64,
        model: M,
        gradients: GradientsParams,
    ) -> M {
        self.updates += 1;
        let power = i32::try_from(self.updates).unwrap_or(i32::MAX);
        let mut moving = Moving {
            corrections: BETAS.map(|beta| 1.0 - beta.powi(power)),
            moments: &mut self.moments,
        };
        let rates = [learning_rate, scale];
        step_all(&mut moving, &self.groups, rates, model, gradients)
    }
}

struct Moving<'a> {
    /// What the averages, which begin at 0, have to be divided by.
    corrections: [f64; 2],
    moments: &'a mut [GradientsParams; 2],
}

impl Update for Moving<'_> {
    fn update<const D: usize>(
        &mut self,
        id: ParamId,
        weight: Tensor<D>,
        gradient: Tensor<D>,
        StepOf { rate, decay, scale }: StepOf,
    ) -> Tensor<D> {
        let gradient = gradient.mul_scalar(scale);
        let [first, second] = &mut *self.moments;
        let mean = moved(first.remove::<D>(id), gradient.clone(), BETAS[0]);
        let square = moved(
            second.remove::<D>(id),
            gradient.clone() * gradient,
            BETAS[1],
        );
        let spread = square.clone().sqrt().div_scalar(self.corrections[1].sqrt());
        let change = mean.clone() / spread.add_scalar(EPSILON);
        let weight =
            weight.mul_scalar(1.0 - rate * decay) - change.mul_scalar(rate / self.corrections[0]);
        first.register(id, mean);
        second.register(id, square);
        weight
    }
}

/// A moving average after one more value; it begins at 0.
fn moved<const D: usize>(average: Option<Tensor<D>>, value: Tensor<D>, beta: f64) -> Tensor<D> {
    let value = value.mul_scalar(1.0 - beta);
    match average {
        Some(average) => average.mul_scalar(beta) + value,
        None => value,
    }
}
