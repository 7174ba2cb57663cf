//! One step of an optimizer over the weights of a network: which rate and which weight decay each
//! weight has. How a weight changes then is the optimizer's.

use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

use super::learning::Learning;
use super::stage_rates::StageRates;
use crate::model::{ParamStage, StagePath};

/// Rates and decays of the weights, as parameter groups have them in PyTorch.
#[derive(Debug)]
pub(super) struct ParamGroups {
    weight_decay: f64,
    bias_rate: f64,
    decay_biases: bool,
    stage_rates: StageRates,
}

impl ParamGroups {
    pub fn new(learning: &Learning) -> Self {
        Self {
            weight_decay: learning.weight_decay,
            bias_rate: learning.bias_rate,
            decay_biases: learning.decay_biases,
            stage_rates: learning.stage_rates.clone(),
        }
    }

    /// Factor on the learning rate, and weight decay. Biases, the parameters named so, have a
    /// factor of their own and may be left out of the decay.
    fn of(&self, is_bias: bool, stage: ParamStage) -> (f64, f64) {
        let factor = self.stage_rates.factor(stage);
        match (is_bias, self.decay_biases) {
            (true, true) => (factor * self.bias_rate, self.weight_decay),
            (true, false) => (factor * self.bias_rate, 0.0),
            (false, _) => (factor, self.weight_decay),
        }
    }
}

/// What an optimizer is told of a step of one weight.
#[derive(Debug, Clone, Copy)]
pub(super) struct StepOf {
    pub rate: f64,
    pub decay: f64,
    /// Factor on the gradient, before anything else is done with it.
    pub scale: f64,
}

/// How one weight changes.
pub(super) trait Update {
    fn update<const D: usize>(
        &mut self,
        id: ParamId,
        weight: Tensor<D>,
        gradient: Tensor<D>,
        step: StepOf,
    ) -> Tensor<D>;
}

/// The network after one step with `scale` times the gradients. Weights without a gradient stay as
/// they are.
pub(super) fn step_all<M: Module>(
    update: &mut impl Update,
    groups: &ParamGroups,
    [learning_rate, scale]: [f64; 2],
    model: M,
    gradients: GradientsParams,
) -> M {
    model.map(&mut Walk {
        update,
        groups,
        gradients,
        learning_rate,
        scale,
        is_bias: false,
        path: StagePath::default(),
    })
}

struct Walk<'a, U> {
    update: &'a mut U,
    groups: &'a ParamGroups,
    gradients: GradientsParams,
    learning_rate: f64,
    scale: f64,
    is_bias: bool,
    path: StagePath,
}

impl<U: Update> ModuleMapper for Walk<'_, U> {
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
        let (factor, decay) = self.groups.of(self.is_bias, self.path.stage());
        let step = StepOf {
            rate: factor * self.learning_rate,
            decay,
            scale: self.scale,
        };
        let weight = self.update.update(id, weight.inner(), gradient, step);
        let weight = Tensor::from_inner(weight).require_grad();
        Param::from_mapped_value(id, weight, mapper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bias_of_a_stage_has_both_factors() {
        let learning = Learning {
            bias_rate: 2.0,
            decay_biases: false,
            stage_rates: "stage1=0,head=10".parse().expect("rates"),
            ..Learning::sgd(0.1, 0.9, 0.5)
        };
        let groups = ParamGroups::new(&learning);
        assert_eq!(groups.of(false, ParamStage::Head), (10.0, 0.5));
        assert_eq!(groups.of(true, ParamStage::Head), (20.0, 0.0));
        assert_eq!(groups.of(true, ParamStage::Fc), (2.0, 0.0));
        assert_eq!(groups.of(false, ParamStage::Stage(1)), (0.0, 0.5));
        let decayed = Learning {
            decay_biases: true,
            ..learning
        };
        assert_eq!(
            ParamGroups::new(&decayed).of(true, ParamStage::Fc),
            (2.0, 0.5)
        );
    }
}
