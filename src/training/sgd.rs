//! Stochastic gradient descent with momentum and weight decay.
//!
//! Our own and not Burn's optimizer because that one reads its saved state onto the
//! default device, which may be a GPU driver nobody has tested or asked for.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

use super::config::Learning;
use crate::model::Fcn;

/// SGD as PyTorch defines it (`torch.optim.SGD`, no dampening, no Nesterov):
/// `v = momentum * v + (gradient + decay * w)`, then `w = w - rate * v`; `v` is 0 before
/// the first step.
#[derive(Debug)]
pub(super) struct Sgd {
    momentum: f64,
    weight_decay: f64,
    /// `v` of every weight that has had a step; the container takes tensors of any rank.
    velocity: GradientsParams,
}

impl Sgd {
    pub fn new(learning: &Learning) -> Self {
        Self {
            momentum: learning.momentum,
            weight_decay: learning.weight_decay,
            velocity: GradientsParams::new(),
        }
    }

    /// The network after one step. Weights without a gradient stay as they are.
    pub fn step<M: Module>(&mut self, learning_rate: f64, model: M, gradients: GradientsParams) -> M {
        model.map(&mut Step { sgd: self, gradients, learning_rate })
    }

    /// A network whose weights are the velocities: what is saved and loaded is then a
    /// record of the same layers, checked in the same way.
    pub fn velocities(&self, model: &Fcn) -> Fcn {
        model.valid().map(&mut Export { velocity: &self.velocity })
    }

    /// Takes the velocities over from a network as [`velocities`](Self::velocities) made it.
    pub fn restore(&mut self, velocities: &Fcn) {
        velocities.visit(&mut Import { velocity: &mut self.velocity });
    }
}

struct Step<'a> {
    sgd: &'a mut Sgd,
    gradients: GradientsParams,
    learning_rate: f64,
}

impl ModuleMapper for Step<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(mut change) = self.gradients.remove::<D>(param.id) else {
            return param;
        };
        let (id, weight, mapper) = param.consume();
        let weight = weight.inner();
        if self.sgd.weight_decay > 0.0 {
            change = change + weight.clone().mul_scalar(self.sgd.weight_decay);
        }
        if self.sgd.momentum > 0.0 {
            if let Some(velocity) = self.sgd.velocity.remove::<D>(id) {
                change = velocity.mul_scalar(self.sgd.momentum) + change;
            }
            self.sgd.velocity.register(id, change.clone());
        }
        let weight = weight - change.mul_scalar(self.learning_rate);
        let weight = Tensor::from_inner(weight).require_grad();
        Param::from_mapped_value(id, weight, mapper)
    }
}

struct Export<'a> {
    velocity: &'a GradientsParams,
}

impl ModuleMapper for Export<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let velocity = self.velocity.get::<D>(param.id);
        param.map(|weight| velocity.unwrap_or_else(|| weight.zeros_like()))
    }
}

struct Import<'a> {
    velocity: &'a mut GradientsParams,
}

impl ModuleVisitor for Import<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.velocity.register(param.id, param.val().inner());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::config::Schedule;
    use burn::nn::{Linear, LinearConfig};
    use burn::tensor::Device;

    /// A weight of 1 on an input of 2: the gradient of the output is 2 at every step.
    #[test]
    fn two_steps_equal_the_hand_computed_ones() {
        let device = Device::flex().autodiff();
        let mut model: Linear = LinearConfig::new(1, 1).with_bias(false).init(&device);
        model.weight = Param::from_tensor(Tensor::from_data([[1.0]], &device));
        let learning =
            Learning { learning_rate: 0.1, momentum: 0.9, weight_decay: 0.5, schedule: Schedule::Fixed };
        let mut sgd = Sgd::new(&learning);
        // v1 = 2 + 0.5 * 1 = 2.5, w1 = 1 - 0.25 = 0.75;
        // v2 = 0.9 * 2.5 + (2 + 0.5 * 0.75) = 4.625, w2 = 0.75 - 0.4625 = 0.2875.
        for expected in [0.75, 0.2875] {
            let output = model.forward(Tensor::<2>::from_data([[2.0]], &device));
            let gradients = GradientsParams::from_grads(output.sum().backward(), &model);
            model = sgd.step(0.1, model, gradients);
            let weight: f32 = model.weight.val().into_scalar();
            assert!((weight - expected).abs() < 1e-6, "{weight} != {expected}");
        }
    }
}
