//! What can be measured: names, and the operations in each.

use crate::dataset::Size;
use serde::{Deserialize, Serialize};
use strum::VariantArray as _;

use crate::model::{NetworkConfig, Trunk, Variant};
use crate::training::{RunConfig, preset};

/// Classes of the networks and masks: VOC's.
pub(super) const NUM_CLASSES: usize = 21;

/// `[width, height]` of an image of VOC, and of one half of Cityscapes' sides.
const SIZES: [Size; 2] = [Size::new(500, 375), Size::new(1024, 512)];

/// Side of the matrices: large enough that memory is not what limits their product.
const GEMM_SIDE: usize = 2048;

/// A case of the benchmark: a row of its output. Sizes are `[width, height]` in pixels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BenchCase {
    /// The product of two square matrices: what the device can do at most.
    Gemm { side: usize },
    /// One image from normalized floats to logits.
    Forward {
        trunk: Trunk,
        variant: Variant,
        size: Size,
    },
    /// One step of training: loss, gradients, and stochastic gradient descent.
    Step {
        trunk: Trunk,
        variant: Variant,
        size: Size,
        batch_size: usize,
    },
    /// One image from bytes to a mask.
    Predict {
        trunk: Trunk,
        variant: Variant,
        size: Size,
    },
    /// An epoch of batches of the sample: read, decoded, augmented and normalized.
    Data,
    /// A stage of that by itself, over some pairs of the sample, on one thread.
    Images { stage: ImageStage },
    /// The counts of one mask against its labels.
    Confusion { size: Size },
}

/// What is done to an image on its way from its file into a batch.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::VariantArray,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum ImageStage {
    /// Image and mask from their files.
    Decode,
    /// The same from the cache on disk.
    Cached,
    /// Image and mask one and a half times as large.
    Resize,
    /// A random scale of 0.5 to 2, crop, flip and brightness.
    Augment,
    /// Normalized floats and labels of batches.
    Batch,
}

impl BenchCase {
    /// All cases, for these networks.
    pub fn all(networks: &[(Trunk, Variant)]) -> Vec<Self> {
        let mut cases = vec![Self::Gemm { side: GEMM_SIDE }];
        for &(trunk, variant) in networks {
            cases.push(Self::Forward {
                trunk,
                variant,
                size: SIZES[0],
            });
            cases.push(Self::step_of(trunk, variant));
            cases.extend(SIZES.map(|size| Self::Predict {
                trunk,
                variant,
                size,
            }));
        }
        cases.push(Self::Data);
        cases.extend(
            ImageStage::VARIANTS
                .iter()
                .map(|&stage| Self::Images { stage }),
        );
        cases.push(Self::Confusion { size: SIZES[0] });
        cases
    }

    /// A step at the training size and the batch size of the trunk's preset.
    pub(super) fn step_of(trunk: Trunk, variant: Variant) -> Self {
        let config = preset(trunk);
        let size = config.augment.crop.unwrap_or(SIZES[0]);
        Self::Step {
            trunk,
            variant,
            size,
            batch_size: config.batch_size,
        }
    }

    /// The name: `gemm/2048`, `forward/vgg16/500x375`, `train/vgg16/224x224/b1`,
    /// `predict/vgg16/1024x512`, `data`, `images/decode`, `confusion/500x375`.
    pub fn name(&self) -> String {
        match self {
            Self::Gemm { side } => format!("gemm/{side}"),
            Self::Forward { trunk, size, .. } => {
                format!("forward/{}/{size}", trunk.id())
            }
            Self::Step {
                trunk,
                size,
                batch_size,
                ..
            } => {
                format!("train/{}/{size}/b{batch_size}", trunk.id())
            }
            Self::Predict { trunk, size, .. } => {
                format!("predict/{}/{size}", trunk.id())
            }
            Self::Data => "data".to_owned(),
            Self::Images { stage } => format!("images/{}", <&str>::from(*stage)),
            Self::Confusion { size } => format!("confusion/{size}"),
        }
    }

    /// Whether `wanted` names it: its whole name, or the first parts of it (`predict`,
    /// `forward/vgg16`).
    pub fn is_named(&self, wanted: &str) -> bool {
        let name = self.name();
        name.strip_prefix(wanted)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether it runs on a device; what does not runs on the processor.
    pub fn uses_device(&self) -> bool {
        !matches!(
            self,
            Self::Data | Self::Images { .. } | Self::Confusion { .. }
        )
    }

    /// The network, where there is one.
    pub fn network(&self) -> Option<(Trunk, Variant)> {
        match *self {
            Self::Forward { trunk, variant, .. }
            | Self::Step { trunk, variant, .. }
            | Self::Predict { trunk, variant, .. } => Some((trunk, variant)),
            Self::Gemm { .. } | Self::Data | Self::Images { .. } | Self::Confusion { .. } => None,
        }
    }

    /// Floating point operations of a call: twice the multiply-adds. The backward pass has
    /// twice those of the forward one, once for the weights and once for the inputs.
    pub fn operations(&self) -> Option<u64> {
        let forward = |trunk, variant, Size { width, height }: Size| {
            2 * network_of(trunk, variant).multiply_adds([height as usize, width as usize])
        };
        match *self {
            Self::Gemm { side } => Some(2 * (side as u64).pow(3)),
            Self::Forward {
                trunk,
                variant,
                size,
            }
            | Self::Predict {
                trunk,
                variant,
                size,
            } => Some(forward(trunk, variant, size)),
            Self::Step {
                trunk,
                variant,
                size,
                batch_size,
            } => Some(3 * batch_size as u64 * forward(trunk, variant, size)),
            Self::Data | Self::Images { .. } | Self::Confusion { .. } => None,
        }
    }
}

/// The preset of a trunk with another variant.
pub(super) fn config_of(trunk: Trunk, variant: Variant) -> RunConfig {
    RunConfig {
        variant,
        ..preset(trunk)
    }
}

fn network_of(trunk: Trunk, variant: Variant) -> NetworkConfig {
    config_of(trunk, variant).network(NUM_CLASSES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_named_by_their_first_parts() {
        let networks = [
            (Trunk::Vgg16, Variant::Fcn8s),
            (Trunk::Vgg16Slim, Variant::Fcn8s),
        ];
        let cases = BenchCase::all(&networks);
        let named = |wanted: &str| -> Vec<String> {
            cases
                .iter()
                .filter(|case| case.is_named(wanted))
                .map(BenchCase::name)
                .collect()
        };
        assert_eq!(cases.len(), 1 + 2 * 4 + 1 + 5 + 1);
        assert_eq!(named("gemm"), ["gemm/2048"]);
        assert_eq!(
            named("predict/vgg16"),
            ["predict/vgg16/500x375", "predict/vgg16/1024x512"]
        );
        assert_eq!(
            named("train"),
            ["train/vgg16/224x224/b1", "train/vgg16-slim/160x128/b4"]
        );
        assert_eq!(named("data"), ["data"]);
        assert_eq!(named("images").len(), 5);
        assert_eq!(named("images/decode"), ["images/decode"]);
        for case in &cases {
            assert_eq!(named(&case.name()), [case.name()]);
        }
        assert_eq!(named("pre"), Vec::<String>::new());
    }
}
