//! The trunks: one file each, and one row each in the table below.
//!
//! A file has the layers as a Burn module and a [`TrunkInfo`]: what can be built on it, and how
//! files of weights name its layers.

mod alexnet;
mod description;
mod features;
mod googlenet;
mod names;
mod resnet;
mod vgg;

use std::fmt;

use burn::module::Module;
use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::feature_map::FeatureMap;
use super::geometry::Geometry;
use super::param_stage::ParamStage;
use super::variant::{ScoreSource, Variant};
use alexnet::AlexNet;
use googlenet::GoogLeNet;
use vgg::{Vgg16, VggNorms};

pub use description::Preprocessing;
pub(super) use description::{Classifier, Shapes, Target, TrunkInfo};
pub(super) use features::{Channels, Features, Placed};
pub(super) use resnet::FcnResnet;
pub use vgg::VggWidths;

/// The convolutional network under the score layers.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    VariantArray,
    IntoStaticStr,
    EnumString,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Trunk {
    /// VGG16 at the paper's widths: 134 million parameters, for GPUs.
    Vgg16,
    /// The same layers at a fraction of the width, with batch normalization, for
    /// CPUs and quick trials from random weights.
    Vgg16Slim,
    /// VGG16 with batch normalization behind each 3x3 convolution, as torchvision's `vgg16_bn`.
    Vgg16Bn,
    /// `GoogLeNet` with batch normalization, as torchvision's.
    Googlenet,
    /// `AlexNet` in torchvision's widths, for FCN-32s in the reference geometry alone.
    Alexnet,
    /// ResNet-50 whose last two stages are dilated instead of strided.
    Resnet50,
    /// ResNet-101 whose last two stages are dilated instead of strided.
    Resnet101,
}

/// How the layers of a trunk are made.
pub(super) enum Layers {
    /// For FCN-32s, 16s and 8s.
    Fcn(Box<TrunkNet>, Channels),
    /// A ResNet, whose network has heads of its own; blocks in each stage.
    Resnet([usize; 4]),
}

impl Trunk {
    /// The table of trunks: what is known of each, and how its layers are made.
    fn row(self) -> (&'static TrunkInfo, fn(&TrunkOptions, &Device) -> Layers) {
        match self {
            Self::Vgg16 => (&vgg::VGG16, |options, device| {
                options.vgg(VggWidths::FULL, VggNorms::NONE, device)
            }),
            Self::Vgg16Slim => (&vgg::VGG16_SLIM, |options, device| {
                options.vgg(VggWidths::SLIM, VggNorms::BATCH, device)
            }),
            Self::Vgg16Bn => (&vgg::VGG16_BN, |options, device| {
                options.vgg(VggWidths::FULL, VggNorms::TORCHVISION, device)
            }),
            Self::Googlenet => (&googlenet::GOOGLENET, |options, device| {
                let net = GoogLeNet::new(options.dropout, device);
                Layers::Fcn(Box::new(TrunkNet::Google(net)), googlenet::CHANNELS)
            }),
            Self::Alexnet => (&alexnet::ALEXNET, |options, device| {
                let net = AlexNet::new(options.geometry, options.dropout, device);
                Layers::Fcn(Box::new(TrunkNet::Alex(net)), alexnet::CHANNELS)
            }),
            Self::Resnet50 => (&resnet::RESNET50, |_, _| Layers::Resnet(resnet::BLOCKS_50)),
            Self::Resnet101 => (&resnet::RESNET101, |_, _| {
                Layers::Resnet(resnet::BLOCKS_101)
            }),
        }
    }

    pub(super) fn info(self) -> &'static TrunkInfo {
        self.row().0
    }

    /// Its layers with random weights.
    pub(super) fn layers(self, options: &TrunkOptions, device: &Device) -> Layers {
        (self.row().1)(options, device)
    }

    /// The name on the command line and in files: `vgg16-slim`.
    pub fn id(self) -> &'static str {
        self.into()
    }

    /// What it is good for, in a sentence.
    pub fn summary(self) -> &'static str {
        self.info().summary
    }

    /// What can be built on it; the first is the usual one.
    pub fn variants(self) -> &'static [Variant] {
        self.info().variants
    }

    /// The geometries it has; the first is the usual one.
    pub fn geometries(self) -> &'static [Geometry] {
        self.info().geometries
    }

    /// What the field calls the map that a score layer is on: `fc7`, `pool4`.
    pub fn map_name(self, source: ScoreSource) -> &'static str {
        match source {
            ScoreSource::Coarse => self.info().last_map,
            ScoreSource::Pool4 => "pool4",
            ScoreSource::Pool3 => "pool3",
        }
    }

    /// Whether it can be trained in stages of which only the ends are kept.
    pub fn has_stages(self) -> bool {
        self.info().has_stages
    }

    /// What may be frozen or learn at a rate of its own, from the image to the scores.
    pub fn param_stages(self) -> Vec<ParamStage> {
        let (stem, stages, fc) = match self {
            Self::Vgg16 | Self::Vgg16Slim | Self::Vgg16Bn | Self::Alexnet => (false, 1..=5, true),
            Self::Googlenet => (true, 3..=5, false),
            Self::Resnet50 | Self::Resnet101 => (true, 1..=4, false),
        };
        let stages = stages.map(ParamStage::Stage);
        stem.then_some(ParamStage::Stem)
            .into_iter()
            .chain(stages)
            .chain(fc.then_some(ParamStage::Fc))
            .chain([ParamStage::Head])
            .collect()
    }

    /// Pixels of the largest image that is segmented without being reduced, by the memory that
    /// its first layers take.
    pub fn max_pixels(self) -> u64 {
        self.info().max_pixels
    }
}

impl fmt::Display for Trunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.info().label)
    }
}

impl Variant {
    /// The trunks it can be built on; the first is the usual one.
    pub fn trunks(self) -> Vec<Trunk> {
        let all = Trunk::VARIANTS.iter().copied();
        all.filter(|trunk| trunk.variants().contains(&self))
            .collect()
    }
}

/// What a trunk's layers depend on beside the trunk.
pub(super) struct TrunkOptions {
    pub geometry: Geometry,
    pub dropout: f64,
    /// Widths of a VGG16 other than its own.
    pub widths: Option<VggWidths>,
}

impl TrunkOptions {
    fn vgg(&self, widths: VggWidths, norms: VggNorms, device: &Device) -> Layers {
        let widths = self.widths.unwrap_or(widths);
        let net = Vgg16::new(widths, norms, self.geometry, self.dropout, device);
        Layers::Fcn(Box::new(TrunkNet::Vgg(net)), widths.channels())
    }
}

/// The layers of a trunk for FCN-32s, 16s and 8s.
#[derive(Module, Debug)]
pub(super) enum TrunkNet {
    Vgg(Vgg16),
    Alex(AlexNet),
    Google(GoogLeNet),
}

impl TrunkNet {
    /// # Shapes
    /// - images: `[batch_size, 3, height, width]`
    pub fn forward<M: FeatureMap>(&self, images: M, geometry: Geometry) -> Features<M> {
        match self {
            Self::Vgg(trunk) => trunk.forward(images, geometry),
            Self::Alex(trunk) => trunk.forward(images, geometry),
            Self::Google(trunk) => trunk.forward(images),
        }
    }

    pub fn num_stages(&self) -> usize {
        self.stages().map_or(0, Vgg16::num_stages)
    }

    /// The layers that can be computed stage by stage; `None` where it has none.
    pub fn stages(&self) -> Option<&Vgg16> {
        match self {
            Self::Vgg(trunk) => Some(trunk),
            Self::Alex(_) | Self::Google(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_trunk_has_one_name_everywhere() {
        let names = [
            "vgg16",
            "vgg16-slim",
            "vgg16-bn",
            "googlenet",
            "alexnet",
            "resnet50",
            "resnet101",
        ];
        assert_eq!(Trunk::VARIANTS.len(), names.len());
        for (trunk, name) in std::iter::zip(Trunk::VARIANTS, names) {
            assert_eq!(trunk.id(), name);
            assert_eq!(name.parse(), Ok(*trunk));
            let json = serde_json::to_string(trunk).expect("JSON");
            assert_eq!(json, format!("\"{name}\""));
        }
    }

    #[test]
    fn a_variant_has_the_trunks_that_it_can_be_built_on() {
        use Trunk::{Alexnet, Googlenet, Resnet50, Resnet101, Vgg16, Vgg16Bn, Vgg16Slim};
        for (variant, trunks) in [
            (
                Variant::Fcn32s,
                vec![Vgg16, Vgg16Slim, Vgg16Bn, Googlenet, Alexnet],
            ),
            (Variant::Fcn16s, vec![Vgg16, Vgg16Slim, Vgg16Bn, Googlenet]),
            (Variant::Fcn8s, vec![Vgg16, Vgg16Slim, Vgg16Bn, Googlenet]),
            (Variant::Fcn8sAtOnce, vec![Vgg16, Vgg16Slim, Vgg16Bn]),
            (Variant::FcnResnet50, vec![Resnet50]),
            (Variant::FcnResnet101, vec![Resnet101]),
        ] {
            assert_eq!(variant.trunks(), trunks, "{variant}");
        }
    }
}
