//! Adam with decoupled weight decay.

use burn::module::{Module, ModuleMapper, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

use super::learning::Learning;
use super::stage_rates::StageRates;
use crate::model::StagePath;

/// PyTorch's defaults for both.
const BETAS: [f64; 2] = [0.9, 0.999];
const EPSILON: f64 = 1e-8;

/// `AdamW` as PyTorch defines it (`torch.optim.AdamW`, Loshchilov and Hutter 2019): the weight decay
/// is taken off the weight, not added to its gradient. Biases have a factor on their rate and may
/// be left out of the decay, as with [`Sgd`](super::sgd::Sgd).
#[derive(Debug)]
pub(super) struct AdamW {
    weight_decay: f64,
    bias_rate: f64,
    decay_biases: bool,
    stage_rates: StageRates,
    /// Steps so far.
    pub updates: usize,
    /// Moving averages of the gradients and of their squares.
    pub moments: [GradientsParams; 2],
}

impl AdamW {
    pub fn new(learning: &Learning) -> Self {
        Self {
            weight_decay: learning.weight_decay,
            bias_rate: learning.bias_rate,
            decay_biases: learning.decay_biases,
            stage_rates: learning.stage_rates.clone(),
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
        model.map(&mut Step {
            adam: self,
            gradients,
            learning_rate,
            scale,
            is_bias: false,
            path: StagePath::default(),
        })
    }
}

struct Step<'a> {
    adam: &'a mut AdamW,
    gradients: GradientsParams,
    learning_rate: f64,
    scale: f64,
    is_bias: bool,
    path: StagePath,
}

impl ModuleMapper for Step<'_> {
    /// Also called for every parameter, right before it is mapped; the field's name is its own.
    fn enter_module(&mut self, name: &str, container: &str) {
        self.is_bias = name == "bias";
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else {
            return param;
        };
        let (id, weight, mapper) = param.consume();
        let (rate, decay) = match (self.is_bias, self.adam.decay_biases) {
            (true, true) => (self.adam.bias_rate, self.adam.weight_decay),
            (true, false) => (self.adam.bias_rate, 0.0),
            (false, _) => (1.0, self.adam.weight_decay),
        };
        let stage = self.adam.stage_rates.factor(self.path.stage());
        let rate = rate * stage * self.learning_rate;
        let gradient = gradient.mul_scalar(self.scale);
        let power = i32::try_from(self.adam.updates).unwrap_or(i32::MAX);
        let corrections = BETAS.map(|beta| 1.0 - beta.powi(power));
        let [first, second] = &mut self.adam.moments;
        let mean = moved(first.remove::<D>(id), gradient.clone(), BETAS[0]);
        let square = moved(
            second.remove::<D>(id),
            gradient.clone() * gradient,
            BETAS[1],
        );
        let spread = square.clone().sqrt().div_scalar(corrections[1].sqrt());
        let change = mean.clone() / spread.add_scalar(EPSILON);
        let weight = weight.inner().mul_scalar(1.0 - rate * decay)
            - change.mul_scalar(rate / corrections[0]);
        first.register(id, mean);
        second.register(id, square);
        let weight = Tensor::from_inner(weight).require_grad();
        Param::from_mapped_value(id, weight, mapper)
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
