//! Stages with rates of their own.

use burn::module::ModuleMapper;

use super::*;
use crate::model::{ParamStage, StagePath};

/// The stage of each of the [`weights`].
fn stages(model: &Network) -> Vec<ParamStage> {
    struct Seen {
        path: StagePath,
        name: String,
        stages: Vec<ParamStage>,
    }
    impl ModuleVisitor for Seen {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.path.enter(name, container);
            name.clone_into(&mut self.name);
        }
        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.path.exit();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if !self.name.starts_with("running") {
                let values = param.val().shape().num_elements();
                self.stages
                    .extend(std::iter::repeat_n(self.path.stage(), values));
            }
        }
    }
    let mut seen = Seen {
        path: StagePath::default(),
        name: String::new(),
        stages: Vec::new(),
    };
    model.visit(&mut seen);
    seen.stages
}

#[test]
fn stages_learn_at_rates_of_their_own_and_frozen_ones_not_at_all() {
    let base = learner();
    // Score layers start at 0, so nothing before them has a gradient in the first step.
    let drawn = changed(&base, |_| {});
    let drawn = Learner {
        model: with_scores(drawn.model),
        ..drawn
    };
    let of = |rates: &str| {
        let mut learner = changed(&drawn, |learning| {
            learning.stage_rates = rates.parse().expect(rates);
        });
        learner.begin();
        let before = weights(&learner.model);
        read(learner.add(batch(), RATE, 1).expect("a loss")).expect("a number");
        let after = weights(&learner.step(RATE, 1).expect("a step").model);
        let changes = before
            .iter()
            .zip(after)
            .map(|(before, after)| after - before);
        changes.collect::<Vec<f32>>()
    };
    let plain = of("equal");
    let rated = of("stage1=0,stage2=0.5,fc=0,head=10");
    let mut moved = [false; 3];
    for (stage, (plain, rated)) in stages(&drawn.model)
        .into_iter()
        .zip(plain.iter().zip(rated))
    {
        let factor = match stage {
            ParamStage::Stage(1) | ParamStage::Fc => 0.0,
            ParamStage::Stage(2) => 0.5,
            ParamStage::Head => 10.0,
            _ => 1.0,
        };
        let expected = factor * plain;
        assert!(
            (rated - expected).abs() <= 1e-5 * expected.abs() + 1e-6,
            "{stage}: {rated} for {expected}"
        );
        if plain.abs() > 1e-4 {
            match stage {
                ParamStage::Stage(1) => moved[0] = true,
                ParamStage::Stage(2) => moved[1] = true,
                ParamStage::Head => moved[2] = true,
                _ => {}
            }
        }
    }
    assert_eq!(moved, [true; 3], "all of them would have learned");
}

/// The network with score layers that say something.
fn with_scores(model: Network) -> Network {
    struct Fill;
    impl ModuleMapper for Fill {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|tensor| {
                let silent = D == 4 && tensor.clone().abs().sum().into_scalar::<f32>() == 0.0;
                if !silent {
                    return tensor;
                }
                let shape = tensor.shape();
                let values = (0..shape.num_elements()).map(|n| (n * 37 % 101) as f32 / 50.0 - 1.0);
                let data = TensorData::new(values.collect::<Vec<f32>>(), shape);
                Tensor::from_data(data, &tensor.device()).require_grad()
            })
        }
    }
    model.map(&mut Fill)
}
