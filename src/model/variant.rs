//! Which network: the prediction stride, the trunk, and the last upsampling.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The stride of the finest score map that is fused before the last upsampling
/// (CVPR 2015, section 4.2 and figure 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Variant {
    /// One score map at stride 32, upsampled 32 times.
    #[serde(rename = "fcn32s")]
    Fcn32s,
    /// Fused with the scores of pool4, upsampled 16 times.
    #[serde(rename = "fcn16s")]
    Fcn16s,
    /// Fused with the scores of pool4 and pool3, upsampled 8 times.
    #[serde(rename = "fcn8s")]
    Fcn8s,
}

impl Variant {
    /// All variants, coarse to fine.
    pub const ALL: [Self; 3] = [Self::Fcn32s, Self::Fcn16s, Self::Fcn8s];

    /// Stride of the fused score map, in pixels of the input.
    pub fn stride(self) -> usize {
        match self {
            Self::Fcn32s => 32,
            Self::Fcn16s => 16,
            Self::Fcn8s => 8,
        }
    }

    /// The name on the command line and in files: `fcn8s`.
    pub fn id(self) -> &'static str {
        match self {
            Self::Fcn32s => "fcn32s",
            Self::Fcn16s => "fcn16s",
            Self::Fcn8s => "fcn8s",
        }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fcn32s => "FCN-32s",
            Self::Fcn16s => "FCN-16s",
            Self::Fcn8s => "FCN-8s",
        })
    }
}

/// The convolutional network under the score layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Trunk {
    /// VGG16 at the paper's widths: 134 million parameters, for GPUs.
    #[serde(rename = "vgg16")]
    Vgg16,
    /// The same layers at a fraction of the width, with batch normalization, for
    /// CPUs and quick trials from random weights.
    #[serde(rename = "vgg16-slim")]
    Vgg16Slim,
}

impl Trunk {
    /// All trunks.
    pub const ALL: [Self; 2] = [Self::Vgg16, Self::Vgg16Slim];

    /// The name on the command line and in files: `vgg16-slim`.
    pub fn id(self) -> &'static str {
        match self {
            Self::Vgg16 => "vgg16",
            Self::Vgg16Slim => "vgg16-slim",
        }
    }
}

impl fmt::Display for Trunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vgg16 => "VGG16",
            Self::Vgg16Slim => "VGG16 slim",
        })
    }
}

/// What becomes of the last transposed convolution after its bilinear start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FinalUpsampling {
    /// Trained like every other layer.
    Learned,
    /// Kept at bilinear interpolation.
    Fixed,
}
