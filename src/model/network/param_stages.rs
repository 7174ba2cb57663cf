//! Which stages a network has, and stages that do not learn.

use burn::module::{Module as _, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;

use super::Network;
use crate::model::param_stage::{ParamStage, StagePath};

impl Network {
    /// Its stages, from the image to the scores.
    pub fn param_stages(&self) -> Vec<ParamStage> {
        struct Found {
            path: StagePath,
            stages: Vec<ParamStage>,
        }
        impl ModuleVisitor for Found {
            fn enter_module(&mut self, name: &str, container: &str) {
                self.path.enter(name, container);
            }
            fn exit_module(&mut self, _name: &str, _container: &str) {
                self.path.exit();
            }
            fn visit_float<const D: usize>(&mut self, _param: &Param<Tensor<D>>) {
                self.stages.push(self.path.stage());
            }
        }
        let mut found = Found {
            path: StagePath::default(),
            stages: Vec::new(),
        };
        self.visit(&mut found);
        found.stages.sort_unstable();
        found.stages.dedup();
        found.stages
    }

    /// The network with the weights of some stages fixed: they get no gradient, and nothing of
    /// the backward pass is computed for them alone.
    #[must_use]
    pub fn freeze(self, is_frozen: impl Fn(ParamStage) -> bool) -> Self {
        struct Freeze<F> {
            path: StagePath,
            is_frozen: F,
        }
        impl<F: Fn(ParamStage) -> bool> ModuleMapper for Freeze<F> {
            fn enter_module(&mut self, name: &str, container: &str) {
                self.path.enter(name, container);
            }
            fn exit_module(&mut self, _name: &str, _container: &str) {
                self.path.exit();
            }
            fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
                if (self.is_frozen)(self.path.stage()) {
                    param.set_require_grad(false)
                } else {
                    param
                }
            }
        }
        self.map(&mut Freeze {
            path: StagePath::default(),
            is_frozen,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{FinalUpsampling, NetworkConfig, Trunk};
    use burn::tensor::Device;
    use strum::VariantArray as _;

    #[test]
    fn each_trunk_has_its_stages() {
        for &trunk in Trunk::VARIANTS {
            let config = NetworkConfig {
                variant: trunk.variants()[0],
                trunk,
                geometry: trunk.geometries()[0],
                num_classes: 2,
                dropout: 0.0,
                final_upsampling: FinalUpsampling::Learned,
                aux_head: false,
                widths: None,
            };
            let stages = config.init(&Device::flex()).param_stages();
            let words: Vec<String> = stages.iter().map(ToString::to_string).collect();
            let expected = match trunk {
                Trunk::Vgg16 | Trunk::Vgg16Slim | Trunk::Vgg16Bn | Trunk::Alexnet => {
                    "stage1 stage2 stage3 stage4 stage5 fc head"
                }
                Trunk::Googlenet => "stem stage3 stage4 stage5 head",
                Trunk::Resnet50 | Trunk::Resnet101 => "stem stage1 stage2 stage3 stage4 head",
            };
            assert_eq!(words.join(" "), expected, "{trunk}");
            assert_eq!(stages, trunk.param_stages(), "{trunk}");
            for (stage, word) in stages.iter().zip(words) {
                assert_eq!(word.parse(), Ok(*stage));
            }
        }
    }
}
