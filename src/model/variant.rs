//! Which network: the variant, its trunk, and the upsampling.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::geometry::Geometry;

/// What is made of the trunk's feature maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Variant {
    /// One score map at stride 32, upsampled 32 times (CVPR 2015, section 4.2, figure 3).
    #[serde(rename = "fcn32s")]
    Fcn32s,
    /// Fused with the scores of pool4, upsampled 16 times.
    #[serde(rename = "fcn16s")]
    Fcn16s,
    /// Fused with the scores of pool4 and pool3, upsampled 8 times.
    #[serde(rename = "fcn8s")]
    Fcn8s,
    /// FCN-8s trained in one go: pool4 is scaled by 0.01 and pool3 by 0.0001 before they
    /// are scored (PAMI 2016, section 4.3; `voc-fcn8s-atonce/net.py`).
    #[serde(rename = "fcn8s-atonce")]
    Fcn8sAtOnce,
    /// torchvision's `fcn_resnet50`: a dilated ResNet of stride 8, two convolutions and
    /// fixed bilinear interpolation.
    #[serde(rename = "fcn_resnet50")]
    FcnResnet50,
    /// torchvision's `fcn_resnet101`.
    #[serde(rename = "fcn_resnet101")]
    FcnResnet101,
}

impl Variant {
    /// All variants.
    pub const ALL: [Self; 6] = [
        Self::Fcn32s,
        Self::Fcn16s,
        Self::Fcn8s,
        Self::Fcn8sAtOnce,
        Self::FcnResnet50,
        Self::FcnResnet101,
    ];

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
        match self {
            Self::Fcn32s => "fcn32s",
            Self::Fcn16s => "fcn16s",
            Self::Fcn8s => "fcn8s",
            Self::Fcn8sAtOnce => "fcn8s-atonce",
            Self::FcnResnet50 => "fcn_resnet50",
            Self::FcnResnet101 => "fcn_resnet101",
        }
    }

    /// The trunks it can be built on; the first is the usual one.
    pub fn trunks(self) -> &'static [Trunk] {
        use Trunk::{Alexnet, Googlenet, Resnet50, Resnet101, Vgg16, Vgg16Bn, Vgg16Slim};
        match self {
            Self::Fcn32s => &[Vgg16, Vgg16Slim, Vgg16Bn, Googlenet, Alexnet],
            Self::Fcn16s | Self::Fcn8s => &[Vgg16, Vgg16Slim, Vgg16Bn, Googlenet],
            Self::Fcn8sAtOnce => &[Vgg16, Vgg16Slim, Vgg16Bn],
            Self::FcnResnet50 => &[Resnet50],
            Self::FcnResnet101 => &[Resnet101],
        }
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
    /// VGG16 with batch normalization behind each 3x3 convolution, as torchvision's `vgg16_bn`.
    #[serde(rename = "vgg16-bn")]
    Vgg16Bn,
    /// `AlexNet` in torchvision's widths, for FCN-32s in the reference geometry alone.
    #[serde(rename = "alexnet")]
    Alexnet,
    /// `GoogLeNet` with batch normalization, as torchvision's.
    #[serde(rename = "googlenet")]
    Googlenet,
    /// ResNet-50 whose last two stages are dilated instead of strided.
    #[serde(rename = "resnet50")]
    Resnet50,
    /// ResNet-101 whose last two stages are dilated instead of strided.
    #[serde(rename = "resnet101")]
    Resnet101,
}

impl Trunk {
    /// All trunks.
    pub const ALL: [Self; 7] = [
        Self::Vgg16,
        Self::Vgg16Slim,
        Self::Vgg16Bn,
        Self::Alexnet,
        Self::Googlenet,
        Self::Resnet50,
        Self::Resnet101,
    ];

    /// The name on the command line and in files: `vgg16-slim`.
    pub fn id(self) -> &'static str {
        match self {
            Self::Vgg16 => "vgg16",
            Self::Vgg16Slim => "vgg16-slim",
            Self::Vgg16Bn => "vgg16-bn",
            Self::Alexnet => "alexnet",
            Self::Googlenet => "googlenet",
            Self::Resnet50 => "resnet50",
            Self::Resnet101 => "resnet101",
        }
    }

    /// Whether it can be trained in stages of which only the ends are kept.
    pub fn has_stages(self) -> bool {
        !matches!(self, Self::Alexnet | Self::Googlenet)
    }

    /// The geometries it has.
    pub fn geometries(self) -> &'static [Geometry] {
        match self {
            Self::Vgg16 | Self::Vgg16Slim | Self::Vgg16Bn => {
                &[Geometry::Padded, Geometry::Reference]
            }
            Self::Alexnet => &[Geometry::Reference],
            Self::Googlenet | Self::Resnet50 | Self::Resnet101 => &[Geometry::Padded],
        }
    }
}

impl fmt::Display for Trunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vgg16 => "VGG16",
            Self::Vgg16Slim => "VGG16 slim",
            Self::Vgg16Bn => "VGG16 with batch norm",
            Self::Alexnet => "AlexNet",
            Self::Googlenet => "GoogLeNet",
            Self::Resnet50 => "ResNet-50",
            Self::Resnet101 => "ResNet-101",
        })
    }
}

/// What becomes of the last transposed convolution, and of those before it, after their
/// bilinear start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FinalUpsampling {
    /// Trained like every other layer.
    Learned,
    /// Kept at bilinear interpolation (CVPR 2015, section 4.3).
    Fixed,
    /// Kept at bilinear interpolation, and so are all transposed convolutions before it:
    /// `lr_mult: 0` in the released Caffe nets.
    #[serde(rename = "all-fixed")]
    AllFixed,
}

impl FinalUpsampling {
    /// All choices.
    pub const ALL: [Self; 3] = [Self::Learned, Self::Fixed, Self::AllFixed];

    /// The name on the command line and in files: `all-fixed`.
    pub fn id(self) -> &'static str {
        match self {
            Self::Learned => "learned",
            Self::Fixed => "fixed",
            Self::AllFixed => "all-fixed",
        }
    }
}
