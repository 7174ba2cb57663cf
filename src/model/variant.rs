//! What is made of a trunk: the variant and its upsampling.

use std::fmt;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// The network that is built on a trunk.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    VariantArray,
    IntoStaticStr,
    EnumString,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Variant {
    /// One score map at stride 32, upsampled 32 times (CVPR 2015, section 4.2, figure 3).
    Fcn32s,
    /// Fused with the scores of pool4, upsampled 16 times.
    Fcn16s,
    /// Fused with the scores of pool4 and pool3, upsampled 8 times.
    Fcn8s,
    /// FCN-8s trained in one go: pool4 is scaled by 0.01 and pool3 by 0.0001 before they
    /// are scored (PAMI 2016, section 4.3; `voc-fcn8s-atonce/net.py`).
    #[serde(rename = "fcn8s-atonce")]
    #[strum(serialize = "fcn8s-atonce")]
    Fcn8sAtOnce,
    /// torchvision's `fcn_resnet50`: a dilated ResNet of stride 8, two convolutions and
    /// fixed bilinear interpolation.
    #[serde(rename = "fcn_resnet50")]
    #[strum(serialize = "fcn_resnet50")]
    FcnResnet50,
    /// torchvision's `fcn_resnet101`.
    #[serde(rename = "fcn_resnet101")]
    #[strum(serialize = "fcn_resnet101")]
    FcnResnet101,
}

impl Variant {
    /// The three strides of the papers, coarse to fine.
    pub const STRIDES: [Self; 3] = [Self::Fcn32s, Self::Fcn16s, Self::Fcn8s];

    /// Stride of the score map before the last upsampling, in pixels of the input.
    pub fn stride(self) -> usize {
        match self {
            Self::Fcn32s => 32,
            Self::Fcn16s => 16,
            Self::Fcn8s | Self::Fcn8sAtOnce | Self::FcnResnet50 | Self::FcnResnet101 => 8,
        }
    }

    /// The name on the command line and in files: `fcn8s`.
    pub fn id(self) -> &'static str {
        self.into()
    }

    /// Whether it has score layers on pool3 and pool4, and transposed convolutions.
    pub fn is_fcn(self) -> bool {
        !matches!(self, Self::FcnResnet50 | Self::FcnResnet101)
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fcn32s => "FCN-32s",
            Self::Fcn16s => "FCN-16s",
            Self::Fcn8s => "FCN-8s",
            Self::Fcn8sAtOnce => "FCN-8s at once",
            Self::FcnResnet50 => "FCN ResNet-50",
            Self::FcnResnet101 => "FCN ResNet-101",
        })
    }
}

/// What becomes of the last transposed convolution, and of those before it, after their
/// bilinear start.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    VariantArray,
    IntoStaticStr,
    EnumString,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum FinalUpsampling {
    /// Trained like every other layer.
    Learned,
    /// Kept at bilinear interpolation (CVPR 2015, section 4.3).
    Fixed,
    /// Kept at bilinear interpolation, and so are all transposed convolutions before it:
    /// `lr_mult: 0` in the released Caffe nets.
    AllFixed,
}

impl FinalUpsampling {
    /// The name on the command line and in files: `all-fixed`.
    pub fn id(self) -> &'static str {
        self.into()
    }
}

/// A score layer whose output an FCN adds to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScoreSource {
    /// On the last map of the trunk, at stride 32: fc7 of VGG16 (the last map of a ResNet, at stride 8).
    Coarse,
    /// On pool4, at stride 16.
    Pool4,
    /// On pool3, at stride 8.
    Pool3,
}

impl ScoreSource {
    /// How many there can be.
    pub const COUNT: usize = 3;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Geometry;

    /// Names of the command line are those of files, and can be read back.
    fn names<T>() -> Vec<&'static str>
    where
        T: VariantArray
            + Copy
            + Serialize
            + Into<&'static str>
            + std::str::FromStr<Err: std::fmt::Debug>
            + PartialEq
            + std::fmt::Debug,
    {
        let name = |value: &T| {
            let name: &'static str = (*value).into();
            let json = serde_json::to_string(value).expect("JSON");
            assert_eq!(json, format!("\"{name}\""));
            assert_eq!(name.parse::<T>().expect("a name"), *value);
            name
        };
        T::VARIANTS.iter().map(name).collect()
    }

    #[test]
    fn names_are_those_of_old_files() {
        assert_eq!(
            names::<Variant>(),
            [
                "fcn32s",
                "fcn16s",
                "fcn8s",
                "fcn8s-atonce",
                "fcn_resnet50",
                "fcn_resnet101"
            ]
        );
        assert_eq!(
            names::<FinalUpsampling>(),
            ["learned", "fixed", "all-fixed"]
        );
        assert_eq!(names::<Geometry>(), ["padded", "reference"]);
    }
}
