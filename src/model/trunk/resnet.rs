//! torchvision's `fcn_resnet50` and `fcn_resnet101` (`torchvision/models/resnet.py`,
//! `models/segmentation/fcn.py`): a ResNet of stride 8, a head of two convolutions, and
//! bilinear interpolation to the image's size.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Dropout, DropoutConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};

use super::description::{Classifier, Preprocessing, Reference, Shapes, Target, TrunkInfo};
use super::names::{norm_leaf, one_based};
use crate::kernels::ResizedPart;
use crate::model::feature_map::FeatureMap;
use crate::model::geometry::Geometry;
use crate::model::part::ImagePart;
use crate::model::stages::Staged;
use crate::model::unit::{ConvSpec, ConvUnit, EPSILON, Norm};
use crate::model::variant::Variant;

pub const RESNET50: TrunkInfo = TrunkInfo {
    label: "ResNet-50",
    summary: "Dilated ResNet of stride 8, 33 million parameters",
    variants: &[Variant::FcnResnet50],
    geometries: &[Geometry::Padded],
    last_map: "layer4",
    has_stages: true,
    odd_upsampling: false,
    max_pixels: 6_000_000,
    reference: Reference {
        name: reference_name,
        is_in_network: |shapes| blocks_of(shapes, "backbone.") == Some(BLOCKS_50),
        network_input: Preprocessing::ImageNet,
        classifier: Some(Classifier {
            is_it: |shapes| blocks_of(shapes, "") == Some(BLOCKS_50),
            target: classifier_target,
            input: Preprocessing::ImageNet,
        }),
    },
};

pub const RESNET101: TrunkInfo = TrunkInfo {
    label: "ResNet-101",
    summary: "Dilated ResNet of stride 8, 52 million parameters",
    variants: &[Variant::FcnResnet101],
    reference: Reference {
        is_in_network: |shapes| blocks_of(shapes, "backbone.") == Some(BLOCKS_101),
        classifier: Some(Classifier {
            is_it: |shapes| blocks_of(shapes, "") == Some(BLOCKS_101),
            target: classifier_target,
            input: Preprocessing::ImageNet,
        }),
        ..RESNET50.reference
    },
    ..RESNET50
};

/// Blocks in each stage of a ResNet-50.
pub const BLOCKS_50: [usize; 4] = [3, 4, 6, 3];
/// Blocks in each stage of a ResNet-101.
pub const BLOCKS_101: [usize; 4] = [3, 4, 23, 3];

const NORM: Norm = Norm::Batch { epsilon: EPSILON };

/// A bottleneck block: 1x1, 3x3 with the block's stride or dilation, 1x1 to four times the
/// width, and the input added before the last ReLU.
#[derive(Module, Debug)]
struct Bottleneck {
    conv1: ConvUnit,
    conv2: ConvUnit,
    conv3: ConvUnit,
    downsample: Option<ConvUnit>,
}

/// A block's output has this many times its width.
const EXPANSION: usize = 4;

impl Bottleneck {
    fn new(
        in_channels: usize,
        width: usize,
        stride: usize,
        dilation: usize,
        device: &Device,
    ) -> Self {
        let unit = |shape| ConvUnit::new(shape, NORM, device);
        let out_channels = width * EXPANSION;
        let middle = ConvSpec::same(width, width, 3)
            .dilated(dilation)
            .stride(stride);
        Self {
            conv1: unit(ConvSpec::same(in_channels, width, 1)),
            conv2: unit(middle),
            conv3: unit(ConvSpec::same(width, out_channels, 1)),
            downsample: (stride != 1 || in_channels != out_channels)
                .then(|| unit(ConvSpec::same(in_channels, out_channels, 1).stride(stride))),
        }
    }

    fn forward<M: FeatureMap>(&self, input: M) -> M {
        let map = self.conv2.forward(self.conv1.forward(input.clone()));
        let shortcut = match &self.downsample {
            Some(unit) => unit.forward_linear(input),
            None => input,
        };
        self.conv3.forward_linear(map).add_relu(shortcut)
    }
}

/// One of the four stages of bottleneck blocks.
struct Stage {
    width: usize,
    /// Of the first block.
    stride: usize,
    /// Of the first block.
    first_dilation: usize,
    /// Of the other blocks.
    dilation: usize,
}

/// The last two stages are dilated where a classifier has strides
/// (`replace_stride_with_dilation`).
const STAGES: [Stage; 4] = [
    Stage {
        width: 64,
        stride: 1,
        first_dilation: 1,
        dilation: 1,
    },
    Stage {
        width: 128,
        stride: 2,
        first_dilation: 1,
        dilation: 1,
    },
    Stage {
        width: 256,
        stride: 1,
        first_dilation: 1,
        dilation: 2,
    },
    Stage {
        width: 512,
        stride: 1,
        first_dilation: 2,
        dilation: 4,
    },
];

/// 3x3 convolution to a quarter of the channels, batch normalization, dropout, scores.
#[derive(Module, Debug)]
struct FcnHead {
    conv: ConvUnit,
    dropout: Dropout,
    score: Conv2d,
}

impl FcnHead {
    fn new(channels: usize, num_classes: usize, dropout: f64, device: &Device) -> Self {
        let hidden = channels / 4;
        Self {
            conv: ConvUnit::new(ConvSpec::same(channels, hidden, 3), NORM, device),
            dropout: DropoutConfig::new(dropout).init(),
            score: Conv2dConfig::new([hidden, num_classes], [1, 1]).init(device),
        }
    }

    /// Logits at the image's `[height, width]`.
    fn forward<M: FeatureMap>(&self, features: M, size: [usize; 2]) -> M {
        self.scores(features).resize(size)
    }

    /// Logits of the map's cells.
    fn scores<M: FeatureMap>(&self, features: M) -> M {
        let hidden = self.conv.forward(features);
        hidden
            .tap(|| "classifier".to_owned())
            .dropout(&self.dropout)
            .score(&self.score)
            .tap(|| "score".to_owned())
    }
}

/// Distance of the last map's cells, in pixels; each of the strides rounds up.
const STRIDE: usize = 8;

/// Index of the stage that the second head listens to.
const AUX_STAGE: usize = 2;

/// A dilated ResNet with one or two fully convolutional heads.
#[derive(Module, Debug)]
pub struct FcnResnet {
    stem: ConvUnit,
    pool: MaxPool2d,
    stages: Vec<Vec<Bottleneck>>,
    classifier: FcnHead,
    aux_classifier: Option<FcnHead>,
}

impl FcnResnet {
    /// With random weights and so many blocks in each stage. `aux` adds a second head behind
    /// the third stage, which only training listens to.
    pub fn new(
        blocks: [usize; 4],
        num_classes: usize,
        dropout: f64,
        aux: bool,
        device: &Device,
    ) -> Self {
        let mut channels = 64;
        let stages = std::iter::zip(STAGES, blocks)
            .map(|(stage, blocks)| {
                (0..blocks)
                    .map(|block| {
                        let (stride, dilation) = if block == 0 {
                            (stage.stride, stage.first_dilation)
                        } else {
                            (1, stage.dilation)
                        };
                        let bottleneck =
                            Bottleneck::new(channels, stage.width, stride, dilation, device);
                        channels = stage.width * EXPANSION;
                        bottleneck
                    })
                    .collect()
            })
            .collect();
        Self {
            stem: ConvUnit::new(ConvSpec::same(3, 64, 7).stride(2), NORM, device),
            pool: MaxPool2dConfig::new([3, 3])
                .with_strides([2, 2])
                .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
                .init(),
            stages,
            classifier: FcnHead::new(2048, num_classes, dropout, device),
            aux_classifier: aux.then(|| FcnHead::new(1024, num_classes, dropout, device)),
        }
    }

    /// # Shapes
    /// - images: `[batch_size, 3, height, width]`
    /// - output: `[batch_size, num_classes, height, width]`, logits; of the second head only
    ///   where it is there and asked for
    pub fn forward<M: FeatureMap>(&self, images: M, aux: bool) -> (M, Option<M>) {
        let size = images.size();
        let mut map = self.stem(images).end_of_stage();
        let mut aux_map = None;
        for (index, blocks) in self.stages.iter().enumerate() {
            map = blocks.iter().enumerate().fold(map, |map, (number, block)| {
                let name = || format!("layer{}.{number}", index + 1);
                block.forward(map).end_of_stage().tap(name)
            });
            if aux && index == AUX_STAGE {
                aux_map = Some(map.clone());
            }
        }
        let aux_logits = match (aux_map, &self.aux_classifier) {
            (Some(map), Some(head)) => Some(head.forward(map, size)),
            _ => None,
        };
        (self.classifier.forward(map, size), aux_logits)
    }

    /// As [`forward`](Self::forward), of a part of an image: the interpolation to the image's size has a
    /// factor that depends on the whole of it.
    pub fn forward_part<M: FeatureMap>(&self, images: M, part: &ImagePart) -> M {
        let size = images.size();
        let mut map = self.stem(images);
        for blocks in &self.stages {
            map = blocks.iter().fold(map, |map, block| block.forward(map));
        }
        let resized = ResizedPart {
            map: part.whole.map(|side| side.div_ceil(STRIDE)),
            map_first: part.first.map(|first| first / STRIDE),
            whole: part.whole,
            first: part.first,
            size,
        };
        self.classifier.scores(map).resize_part(&resized)
    }

    fn stem<M: FeatureMap>(&self, images: M) -> M {
        let conv1 = self.stem.forward(images).tap(|| "conv1".to_owned());
        conv1.max_pool(&self.pool).tap(|| "maxpool".to_owned())
    }

    /// The rest of [`forward`](Self::forward), both heads, from what the stages have made of
    /// images of `size` (`[height, width]`); `None` where these are not all of them.
    ///
    /// # Shapes
    /// - outputs: of each stage, `[batch_size, channels, rows, columns]`
    /// - output: `[batch_size, num_classes, height, width]`, logits
    pub fn behind_stages(
        &self,
        outputs: &[Tensor<4>],
        size: [usize; 2],
    ) -> Option<(Tensor<4>, Option<Tensor<4>>)> {
        let aux_map = outputs.get(
            self.stages[..=AUX_STAGE]
                .iter()
                .map(Vec::len)
                .sum::<usize>(),
        )?;
        let aux_logits = self
            .aux_classifier
            .as_ref()
            .map(|head| head.forward(aux_map.clone(), size));
        Some((
            self.classifier.forward(outputs.last()?.clone(), size),
            aux_logits,
        ))
    }
}

/// The stem, then each block by itself.
impl Staged for FcnResnet {
    fn num_stages(&self) -> usize {
        1 + self.stages.iter().map(Vec::len).sum::<usize>()
    }

    fn stage(&self, index: usize, map: Tensor<4>) -> Tensor<4> {
        match index.checked_sub(1) {
            None => self.stem(map),
            Some(block) => match self.stages.iter().flatten().nth(block) {
                Some(block) => block.forward(map),
                None => map,
            },
        }
    }
}

fn reference_name(path: &[&str]) -> String {
    match path {
        ["stem", "conv", leaf] => format!("backbone.conv1.{leaf}"),
        ["stem", "norm", leaf] => format!("backbone.bn1.{}", norm_leaf(leaf)),
        ["stages", stage, block, layer @ ..] => {
            let layer = match layer {
                ["downsample", "conv", leaf] => format!("downsample.0.{leaf}"),
                ["downsample", "norm", leaf] => format!("downsample.1.{}", norm_leaf(leaf)),
                [conv, "conv", leaf] => format!("{conv}.{leaf}"),
                [conv, "norm", leaf] => {
                    format!("{}.{}", conv.replace("conv", "bn"), norm_leaf(leaf))
                }
                other => other.join("."),
            };
            format!("backbone.layer{}.{block}.{layer}", one_based(stage))
        }
        // Numbers of the head's sequence; 2 is the ReLU and 3 the dropout.
        [head, "conv", "conv", leaf] => format!("{head}.0.{leaf}"),
        [head, "conv", "norm", leaf] => format!("{head}.1.{}", norm_leaf(leaf)),
        [head, "score", leaf] => format!("{head}.4.{leaf}"),
        other => other.join("."),
    }
}

/// Blocks in each stage of the ResNet with these keys below `prefix`, by those of its third stage.
fn blocks_of(shapes: &Shapes<'_>, prefix: &str) -> Option<[usize; 4]> {
    let has = |key: &str| shapes.has(&format!("{prefix}{key}"));
    // Shallow ones have no third convolution, and ResNet-152 has more blocks.
    if !has("layer1.0.conv3.weight") || has("layer3.23.conv1.weight") {
        None
    } else if has("layer3.22.conv1.weight") {
        Some(BLOCKS_101)
    } else {
        (has("layer3.5.conv1.weight") && !has("layer3.6.conv1.weight")).then_some(BLOCKS_50)
    }
}

fn classifier_target(key: &str) -> Target {
    if key.starts_with("fc.") {
        Target::Unused
    } else {
        Target::layer(format!("backbone.{key}"))
    }
}
