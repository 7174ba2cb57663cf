//! The optimizers that a run can choose from, behind one door.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

use super::adamw::AdamW;
use super::learning::{Learning, OptimizerKind};
use super::sgd::Sgd;
use crate::model::Network;

/// An optimizer with its state.
#[derive(Debug)]
pub(super) enum Optimizer {
    Sgd(Sgd),
    AdamW(AdamW),
}

impl Optimizer {
    pub fn new(learning: &Learning) -> Self {
        match learning.optimizer {
            OptimizerKind::Sgd => Self::Sgd(Sgd::new(learning)),
            OptimizerKind::AdamW => Self::AdamW(AdamW::new(learning)),
        }
    }

    /// The network after one step with `scale` times the gradients.
    pub fn step<M: Module>(
        &mut self,
        learning_rate: f64,
        scale: f64,
        model: M,
        gradients: GradientsParams,
    ) -> M {
        match self {
            Self::Sgd(sgd) => sgd.step(learning_rate, scale, model, gradients),
            Self::AdamW(adam) => adam.step(learning_rate, scale, model, gradients),
        }
    }

    /// Networks whose weights are the state: what is saved and loaded is then a record of the same
    /// layers, checked in the same way. With the number of steps, where that is a part of it.
    pub fn state(&self, model: &Network) -> (Network, Option<Network>, usize) {
        let network = |state| as_network(model, state);
        match self {
            Self::Sgd(sgd) => (network(&sgd.velocity), None, 0),
            Self::AdamW(adam) => {
                let [first, second] = &adam.moments;
                (network(first), Some(network(second)), adam.updates)
            }
        }
    }

    /// Takes over what [`state`](Self::state) gave; false where a part of it is missing.
    pub fn restore(&mut self, first: &Network, second: Option<&Network>, updates: usize) -> bool {
        match (self, second) {
            (Self::Sgd(sgd), _) => take(&mut sgd.velocity, first),
            (Self::AdamW(adam), Some(second)) => {
                take(&mut adam.moments[0], first);
                take(&mut adam.moments[1], second);
                adam.updates = updates;
            }
            (Self::AdamW(_), None) => return false,
        }
        true
    }
}

fn as_network(model: &Network, state: &GradientsParams) -> Network {
    model.valid().map(&mut Export { state })
}

fn take(state: &mut GradientsParams, network: &Network) {
    network.visit(&mut Import { state });
}

struct Export<'a> {
    state: &'a GradientsParams,
}

impl ModuleMapper for Export<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let value = self.state.get::<D>(param.id);
        param.map(|weight| value.unwrap_or_else(|| weight.zeros_like()))
    }
}

struct Import<'a> {
    state: &'a mut GradientsParams,
}

impl ModuleVisitor for Import<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.state.register(param.id, param.val().inner());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::learning::Reduction;
    use crate::training::loss::Targets;
    use crate::training::objective::{ClassWeights, Objective};
    use crate::training::shaped_loss::Loss;
    use burn::nn::conv::{Conv2d, Conv2dConfig};
    use burn::tensor::{Device, TensorData};

    const LABELS: [u8; 12] = [0, 1, 2, 2, 0, 255, 1, 1, 0, 0, 0, 2];

    fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D], device: &Device) -> Tensor<D> {
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    /// Losses before each of twenty steps, and the weights behind the last, as
    /// `tests/reference/recipes.py` computes them with PyTorch.
    fn twenty_steps(learning: &Learning, rate: f64) -> (Vec<f32>, Vec<f32>) {
        let device = Device::flex().autodiff();
        let mut layer: Conv2d = Conv2dConfig::new([2, 3], [1, 1]).init(&device);
        let weights = (0..6).map(|n| n as f32 * 0.3 - 0.7).collect();
        layer.weight = Param::from_tensor(tensor(weights, [3, 2, 1, 1], &device));
        layer.bias = Some(Param::from_tensor(tensor(
            vec![0.1, -0.2, 0.3],
            [3],
            &device,
        )));
        let images = (0..24).map(|n| ((n * 37) % 23 - 11) as f32 / 7.0).collect();
        let images = tensor::<4>(images, [2, 2, 2, 3], &device);
        let mut optimizer = Optimizer::new(learning);
        let loss_of = Loss::new(learning.objective.clone(), learning.reduction);
        let mut losses = Vec::new();
        for _ in 0..20 {
            let targets = Targets::new(&LABELS, [2, 2, 3], 3);
            let (_, loss) = loss_of.of(layer.forward(images.clone()), &targets);
            losses.push(loss.clone().into_scalar());
            let gradients = GradientsParams::from_grads(loss.backward(), &layer);
            layer = optimizer.step(rate, 1.0, layer, gradients);
        }
        let values = |data: TensorData| data.try_to_vec::<f32>().expect("floats");
        let mut weights = values(layer.weight.val().into_data());
        weights.extend(values(layer.bias.expect("a bias").val().into_data()));
        (losses, weights)
    }

    #[test]
    fn twenty_steps_are_those_of_pytorch() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/reference/fixtures/recipes.json"
        );
        let text = std::fs::read_to_string(path).expect("the fixture");
        let fixture: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let weights = || ClassWeights::Given(vec![0.5, 2.0, 1.5]);
        let objective = |class_weights, focal_gamma, dice_share| Objective {
            class_weights,
            focal_gamma,
            dice_share,
        };
        let equal = ClassWeights::Equal;
        let cases = [
            (
                "weighted",
                OptimizerKind::Sgd,
                objective(weights(), 0.0, 0.0),
            ),
            ("focal", OptimizerKind::Sgd, objective(weights(), 2.0, 0.0)),
            (
                "dice",
                OptimizerKind::Sgd,
                objective(equal.clone(), 0.0, 1.0),
            ),
            (
                "mixed",
                OptimizerKind::Sgd,
                objective(equal.clone(), 0.0, 0.25),
            ),
            ("adamw", OptimizerKind::AdamW, objective(equal, 0.0, 0.0)),
        ];
        for (name, optimizer, objective) in cases {
            let (rate, decay) = match optimizer {
                OptimizerKind::Sgd => (0.3, 0.01),
                OptimizerKind::AdamW => (0.05, 0.1),
            };
            let learning = Learning {
                optimizer,
                objective,
                reduction: Reduction::Mean,
                ..Learning::sgd(rate, 0.9, decay)
            };
            let (losses, weights) = twenty_steps(&learning, rate);
            for (key, found) in [("losses", losses), ("weights", weights)] {
                let expected = fixture[name][key].as_array().expect("numbers");
                assert_eq!(found.len(), expected.len());
                for (nth, (found, expected)) in found.iter().zip(expected).enumerate() {
                    let expected = expected.as_f64().expect("a number");
                    assert!(
                        (f64::from(*found) - expected).abs() < 1e-5,
                        "{name}, {key} {nth}: {found} and not {expected}"
                    );
                }
            }
        }
    }
}
