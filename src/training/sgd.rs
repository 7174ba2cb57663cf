//! Stochastic gradient descent with momentum and weight decay.
//!
//! Our own and not Burn's optimizer because that one reads its saved state onto the
//! default device, which may be a GPU driver nobody has tested or asked for.

use std::collections::HashMap;

use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};

use super::learning::Learning;
use super::param_update::{ParamGroups, StepOf, Update, step_all};
use crate::kernels::{SgdStep, SgdSteps, SteppedWeights, sgd_step};

/// SGD as PyTorch defines it (`torch.optim.SGD`, no dampening, no Nesterov):
/// `v = momentum * v + (gradient + decay * w)`, then `w = w - rate * v`; `v` is 0 before
/// the first step. Biases, the parameters named so, have a factor on their rate and may
/// be left out of the decay, as with parameter groups of their own.
#[derive(Debug)]
pub(super) struct Sgd {
    groups: ParamGroups,
    momentum: f64,
    /// `v` of every weight that has had a step; the container takes tensors of any rank.
    pub velocity: GradientsParams,
}

impl Sgd {
    pub fn new(learning: &Learning) -> Self {
        Self {
            groups: ParamGroups::new(learning),
            momentum: learning.momentum,
            velocity: GradientsParams::new(),
        }
    }

    /// The network after one step with `scale` times the gradients. Weights without a
    /// gradient stay as they are.
    pub fn step<M: Module>(
        &mut self,
        learning_rate: f64,
        scale: f64,
        model: M,
        gradients: GradientsParams,
    ) -> M {
        let mut moving = Moving {
            momentum: self.momentum,
            velocity: &mut self.velocity,
            gathered: SgdSteps::default(),
            numbers: HashMap::new(),
        };
        let rates = [learning_rate, scale];
        let model = step_all(&mut moving, &self.groups, rates, model, gradients);
        let Moving {
            gathered, numbers, ..
        } = moving;
        if numbers.is_empty() {
            return model;
        }
        model.map(&mut PutBack {
            velocity: &mut self.velocity,
            stepped: gathered.run(),
            numbers,
        })
    }
}

struct Moving<'a> {
    momentum: f64,
    velocity: &'a mut GradientsParams,
    /// Weights that a GPU steps together.
    gathered: SgdSteps,
    /// Theirs among them.
    numbers: HashMap<ParamId, usize>,
}

impl Update for Moving<'_> {
    fn update<const D: usize>(
        &mut self,
        id: ParamId,
        weight: Tensor<D>,
        gradient: Tensor<D>,
        step: StepOf,
    ) -> Tensor<D> {
        let step = SgdStep {
            gradient_scale: step.scale as f32,
            weight_decay: step.decay as f32,
            momentum: self.momentum as f32,
            learning_rate: step.rate as f32,
        };
        let velocity = self.velocity.remove::<D>(id);
        let gathered = self
            .gathered
            .gather(&weight, velocity.as_ref(), &gradient, step);
        if let Some(number) = gathered {
            self.numbers.insert(id, number);
            // In its place until it is put back, so that nobody else has its values meanwhile.
            return Tensor::zeros([1; D], &Device::flex());
        }
        let (weight, velocity) = sgd_step(weight, velocity, gradient, step);
        if self.momentum > 0.0 {
            self.velocity.register(id, velocity);
        }
        weight
    }
}

/// Puts weights that were stepped together back into the network.
struct PutBack<'a> {
    velocity: &'a mut GradientsParams,
    stepped: SteppedWeights,
    numbers: HashMap<ParamId, usize>,
}

impl ModuleMapper for PutBack<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let number = self.numbers.remove(&param.id);
        let Some((weight, velocity)) = number.and_then(|number| self.stepped.take::<D>(number))
        else {
            return param;
        };
        let (id, _, mapper) = param.consume();
        self.velocity.register(id, velocity);
        Param::from_mapped_value(id, Tensor::from_inner(weight).require_grad(), mapper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Trunk;
    use crate::training::preset;
    use burn::module::ModuleVisitor;
    use burn::nn::{Linear, LinearConfig};

    /// A weight of 1 and, where wanted, a bias of 2; on an input of 2 the gradients of the
    /// output are 2 and 1 at every step.
    fn line(with_bias: bool, device: &Device) -> Linear {
        let mut model: Linear = LinearConfig::new(1, 1).with_bias(with_bias).init(device);
        model.weight = Param::from_tensor(Tensor::from_data([[1.0]], device));
        model.bias = with_bias.then(|| Param::from_tensor(Tensor::from_data([2.0], device)));
        model
    }

    fn step(sgd: &mut Sgd, model: Linear, scale: f64, device: &Device) -> Linear {
        let output = model.forward(Tensor::<2>::from_data([[2.0]], device));
        let gradients = GradientsParams::from_grads(output.sum().backward(), &model);
        sgd.step(0.1, scale, model, gradients)
    }

    #[track_caller]
    fn assert_close<const D: usize>(param: &Param<Tensor<D>>, expected: f32) {
        let value: f32 = param.val().into_scalar();
        assert!((value - expected).abs() < 1e-6, "{value} != {expected}");
    }

    #[test]
    fn two_steps_equal_the_hand_computed_ones() {
        let device = Device::flex().autodiff();
        let mut model = line(false, &device);
        let mut sgd = Sgd::new(&Learning::sgd(0.1, 0.9, 0.5));
        // v1 = 2 + 0.5 * 1 = 2.5, w1 = 1 - 0.25 = 0.75;
        // v2 = 0.9 * 2.5 + (2 + 0.5 * 0.75) = 4.625, w2 = 0.75 - 0.4625 = 0.2875.
        for expected in [0.75, 0.2875] {
            model = step(&mut sgd, model, 1.0, &device);
            assert_close(&model.weight, expected);
        }
    }

    #[test]
    fn biases_have_a_rate_and_a_decay_of_their_own() {
        let device = Device::flex().autodiff();
        let learning = Learning {
            bias_rate: 2.0,
            decay_biases: false,
            ..Learning::sgd(0.1, 0.9, 0.5)
        };
        let mut sgd = Sgd::new(&learning);
        let mut model = line(true, &device);
        // The weight as above; v1 = 1, b1 = 2 - 2 * 0.1 * 1 = 1.8;
        // v2 = 0.9 * 1 + 1 = 1.9, b2 = 1.8 - 2 * 0.1 * 1.9 = 1.42.
        for (weight, bias) in [(0.75, 1.8), (0.2875, 1.42)] {
            model = step(&mut sgd, model, 1.0, &device);
            assert_close(&model.weight, weight);
            assert_close(model.bias.as_ref().expect("a bias"), bias);
        }
    }

    #[test]
    fn by_default_biases_are_like_all_weights() {
        let device = Device::flex().autodiff();
        let mut sgd = Sgd::new(&Learning::sgd(0.1, 0.9, 0.5));
        // v = 1 + 0.5 * 2 = 2, b = 2 - 0.2 = 1.8; then v = 0.9 * 2 + 1 + 0.5 * 1.8 = 3.7, b = 1.43.
        let mut model = line(true, &device);
        for bias in [1.8, 1.43] {
            model = step(&mut sgd, model, 1.0, &device);
            assert_close(model.bias.as_ref().expect("a bias"), bias);
        }
    }

    #[test]
    fn the_gradient_is_scaled_before_the_decay_is_added() {
        let device = Device::flex().autodiff();
        let mut sgd = Sgd::new(&Learning::sgd(0.1, 0.0, 0.5));
        // v = 0.25 * 2 + 0.5 * 1 = 1, w = 0.9.
        let model = step(&mut sgd, line(false, &device), 0.25, &device);
        assert_close(&model.weight, 0.9);
    }

    /// Whether the rule of names takes exactly the biases of convolutions in a real network.
    #[test]
    fn the_biases_of_a_network_are_its_convolutions_vectors() {
        #[derive(Default)]
        struct Names {
            path: Vec<String>,
            vectors: Vec<String>,
        }
        impl ModuleVisitor for Names {
            fn enter_module(&mut self, name: &str, _container_type: &str) {
                self.path.push(name.to_owned());
            }
            fn exit_module(&mut self, _name: &str, _container_type: &str) {
                self.path.pop();
            }
            fn visit_float<const D: usize>(&mut self, _param: &Param<Tensor<D>>) {
                if D == 1 {
                    self.vectors.extend(self.path.last().cloned());
                }
            }
        }
        let config = preset(Trunk::Vgg16).network(3);
        let mut names = Names::default();
        // Weights are made when first used, so this costs no memory.
        config.init(&Device::flex()).visit(&mut names);
        // 13 convolutions, fc6, fc7 and three scores.
        assert_eq!(names.vectors, ["bias"; 18]);
    }
}
