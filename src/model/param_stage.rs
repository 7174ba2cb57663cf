//! The stages of a network, which may be frozen or learn at rates of their own.

use std::fmt;
use std::str::FromStr;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_no_stage_are_refused() {
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
