//! A moving average of the weights over the steps, with which a run is scored and predicts.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

/// An exponential moving average of the weights of a network, running statistics of batch
/// normalization included (Polyak and Juditsky 1992; as `swa_utils.AveragedModel` of PyTorch with
/// `get_ema_multi_avg_fn` and `use_buffers`).
#[derive(Debug)]
pub(super) struct Average<M> {
    decay: f64,
    /// The averages in the place of the weights, without a graph.
    pub network: M,
}

impl<M: Module> Average<M> {
    /// Begins with the weights of `model`.
    pub fn new(decay: f64, model: &M) -> Self {
        Self {
            decay,
            network: model.valid(),
        }
    }

    /// Takes in the weights after `step` steps. The first steps count more, so that the weights
    /// that it began with are soon forgotten (`num_updates` of
    /// `tf.train.ExponentialMovingAverage`).
    pub fn update(&mut self, model: &M, step: usize) {
        let warm = (1.0 + step as f64) / (10.0 + step as f64);
        self.blend(&model.valid(), self.decay.min(warm));
    }

    /// Continues with averages that were saved.
    pub fn restore(&mut self, saved: &M) {
        self.blend(&saved.valid(), 0.0);
    }

    fn blend(&mut self, network: &M, kept: f64) {
        let mut weights = Weights::default();
        network.visit(&mut weights);
        self.network = self.network.clone().map(&mut Blend {
            weights,
            next: 0,
            kept,
        });
    }
}

/// The weights in the order of the layers. Ids are no help: running statistics that were loaded have
/// others than the network that they were saved from.
#[derive(Default)]
struct Weights {
    ids: Vec<ParamId>,
    /// By ids; the container takes tensors of any rank.
    values: GradientsParams,
}

impl ModuleVisitor for Weights {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.ids.push(param.id);
        self.values.register(param.id, param.val());
    }
}

struct Blend {
    weights: Weights,
    next: usize,
    /// Share of the average that is kept.
    kept: f64,
}

impl ModuleMapper for Blend {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let id = self.weights.ids.get(self.next);
        self.next += 1;
        let Some(value) = id.and_then(|id| self.weights.values.remove::<D>(*id)) else {
            return param;
        };
        let kept = self.kept;
        param.map(|average| {
            if kept == 0.0 {
                value
            } else {
                average.mul_scalar(kept) + value.mul_scalar(1.0 - kept)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::nn::{Linear, LinearConfig};
    use burn::tensor::Device;

    fn line(weight: f32) -> Linear {
        let device = Device::flex().autodiff();
        let mut model: Linear = LinearConfig::new(1, 1).with_bias(false).init(&device);
        model.weight = Param::from_tensor(Tensor::from_data([[weight]], &device));
        model
    }

    #[test]
    fn averages_equal_the_hand_computed_ones() {
        let mut model = line(1.0);
        let mut average = Average::new(0.25, &model);
        // Kept after the first step is 2/11, and after the third 4/13, which is above 0.25.
        for (step, weight, expected) in [
            (1, 12.0, (2.0 + 9.0 * 12.0) / 11.0),
            (2, 22.0, 0.25 * 10.0 + 0.75 * 22.0),
            (3, 3.0, 0.25 * 19.0 + 0.75 * 3.0),
        ] {
            model.weight = model
                .weight
                .map(|old| old.zeros_like().add_scalar(weight).detach().require_grad());
            average.update(&model, step);
            let found: f32 = average.network.weight.val().into_scalar();
            assert!((found - expected).abs() < 1e-5, "{found}, {expected}");
        }
        let own: f32 = model.weight.val().into_scalar();
        assert_eq!(own, 3.0, "the weights stay as they are");
        average.restore(&line(7.0));
        let restored: f32 = average.network.weight.val().into_scalar();
        assert_eq!(restored, 7.0, "parameters of other ids are taken over");
    }
}
