//! The stages of a network, which may be frozen or learn at rates of their own.

use std::fmt;
use std::str::FromStr;

use burn::module::{Module as _, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;

use super::network::Network;

/// Layers that are trained alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ParamStage {
    /// Before the first stage of a `ResNet` or of `GoogLeNet`.
    Stem,
    /// A stage of the trunk, 1 for the first: the convolutions up to a pooling of VGG16, torchvision's
    /// `layer1` to `layer4` of a `ResNet`, a convolution of `AlexNet`, `inception3` to
    /// `inception5` of `GoogLeNet`.
    Stage(u8),
    /// fc6 and fc7.
    Fc,
    /// Score layers, upsampling, and the head of a `ResNet`.
    Head,
}

/// Blocks of `GoogLeNet` before its stage 4, and before its stage 5.
const GOOGLE_BLOCKS: [usize; 2] = [2, 7];

impl ParamStage {
    /// Of a weight, by the segments of its path in our module.
    fn of(path: &[&str]) -> Self {
        let number = |text: &str| text.parse::<usize>().unwrap_or_default();
        match path {
            ["net", "trunk", "stem", ..] | ["net", "stem", ..] => Self::Stem,
            ["net", "trunk", "stages" | "convs", index, ..] | ["net", "stages", index, ..] => {
                Self::Stage(number(index) as u8 + 1)
            }
            ["net", "trunk", "blocks", index, ..] => {
                let before = GOOGLE_BLOCKS.iter().filter(|end| number(index) >= **end);
                Self::Stage(3 + before.count() as u8)
            }
            ["net", "trunk", "fc6" | "fc7", ..] => Self::Fc,
            _ => Self::Head,
        }
    }
}

impl fmt::Display for ParamStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stem => f.write_str("stem"),
            Self::Stage(number) => write!(f, "stage{number}"),
            Self::Fc => f.write_str("fc"),
            Self::Head => f.write_str("head"),
        }
    }
}

impl FromStr for ParamStage {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "stem" => return Ok(Self::Stem),
            "fc" => return Ok(Self::Fc),
            "head" => return Ok(Self::Head),
            _ => {}
        }
        let number = text
            .strip_prefix("stage")
            .and_then(|number| number.parse().ok());
        number
            .filter(|number| (1..=9).contains(number))
            .map(Self::Stage)
            .ok_or("not stem, stage1 to stage5, fc or head")
    }
}

/// Where a walk through a network is. To be told of every module that is entered and left.
#[derive(Debug, Default)]
pub struct StagePath {
    /// Names on the way; `None` for an enum's variant, which is no part of a path.
    names: Vec<Option<String>>,
}

impl StagePath {
    /// Also called for every parameter, right before it.
    pub fn enter(&mut self, name: &str, container: &str) {
        let is_variant = container.starts_with("Enum:");
        self.names.push((!is_variant).then(|| name.to_owned()));
    }

    pub fn exit(&mut self) {
        self.names.pop();
    }

    /// The stage of the weight that was entered last.
    pub fn stage(&self) -> ParamStage {
        let path: Vec<&str> = self.names.iter().flatten().map(String::as_str).collect();
        ParamStage::of(&path)
    }
}

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
    use super::*;
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
        "stage0".parse::<ParamStage>().expect_err("none");
        "stage12".parse::<ParamStage>().expect_err("none");
    }

    #[test]
    fn weights_belong_to_the_stage_that_their_path_names() {
        let of = |path: &str| ParamStage::of(&path.split('.').collect::<Vec<_>>());
        assert_eq!(of("net.trunk.stages.4.2.conv.weight"), ParamStage::Stage(5));
        assert_eq!(of("net.trunk.fc7.norm.gamma"), ParamStage::Fc);
        assert_eq!(of("net.score_pool4.bias"), ParamStage::Head);
        assert_eq!(
            of("net.trunk.blocks.6.branch3.1.conv.weight"),
            ParamStage::Stage(4)
        );
        assert_eq!(
            of("net.trunk.blocks.7.branch1.conv.weight"),
            ParamStage::Stage(5)
        );
        assert_eq!(of("net.stem.conv.weight"), ParamStage::Stem);
        assert_eq!(
            of("net.stages.2.5.conv2.norm.running_mean"),
            ParamStage::Stage(3)
        );
        assert_eq!(of("net.aux_classifier.score.bias"), ParamStage::Head);
    }
}
