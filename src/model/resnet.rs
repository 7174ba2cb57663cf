//! torchvision's `fcn_resnet50` and `fcn_resnet101` (`torchvision/models/resnet.py`,
//! `models/segmentation/fcn.py`): a ResNet of stride 8, a head of two convolutions, and
//! bilinear interpolation to the image's size.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Dropout, DropoutConfig, PaddingConfig2d};
use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};
use burn::tensor::{Device, Tensor, activation::relu};

use super::precision::{convolve, full};
use super::stages::Staged;
use super::unit::{ConvUnit, EPSILON, Norm, Window};
use super::variant::Variant;
use crate::kernels::max_pool2d;

const NORM: Norm = Norm::Batch { epsilon: EPSILON };

/// A bottleneck block: 1x1, 3x3 with the block's stride or dilation, 1x1 to four times the
/// width, and the input added before the last rectifier.
#[derive(Module, Debug)]
struct Bottleneck {
    conv1: ConvUnit,
    conv2: ConvUnit,
    conv3: ConvUnit,
    downsample: Option<ConvUnit>,
}

/// A block's output has this many times its width.
pub(super) const EXPANSION: usize = 4;

impl Bottleneck {
    fn new(
        channels_in: usize,
        width: usize,
        stride: usize,
        dilation: usize,
        device: &Device,
    ) -> Self {
        let unit = |channels, window| ConvUnit::new(channels, window, NORM, device);
        let channels_out = width * EXPANSION;
        let point = Window::same(1);
        Self {
            conv1: unit([channels_in, width], point),
            conv2: unit(
                [width, width],
                Window::same(3).dilated(dilation).stride(stride),
            ),
            conv3: unit([width, channels_out], point),
            downsample: (stride != 1 || channels_in != channels_out)
                .then(|| unit([channels_in, channels_out], point.stride(stride))),
        }
    }

    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let inner = self.conv2.forward(self.conv1.forward(input.clone()));
        let shortcut = match &self.downsample {
            Some(unit) => unit.forward_linear(input),
            None => input,
        };
        relu(self.conv3.forward_linear(inner) + shortcut)
    }
}

/// Width, stride, dilation of the first block and of the others. The last two stages are
/// dilated where a classifier has strides (`replace_stride_with_dilation`).
pub(super) const STAGES: [(usize, usize, usize, usize); 4] = [
    (64, 1, 1, 1),
    (128, 2, 1, 1),
    (256, 1, 1, 2),
    (512, 1, 2, 4),
];

/// Blocks in each stage.
pub(super) fn blocks(variant: Variant) -> [usize; 4] {
    if variant == Variant::FcnResnet101 {
        [3, 4, 23, 3]
    } else {
        [3, 4, 6, 3]
    }
}

/// 3x3 convolution to a quarter of the channels, batch normalization, dropout, scores.
#[derive(Module, Debug)]
struct FcnHead {
    conv: ConvUnit,
    dropout: Dropout,
    score: Conv2d,
}

impl FcnHead {
    fn new(channels: usize, num_classes: usize, dropout: f64, device: &Device) -> Self {
        let inner = channels / 4;
        Self {
            conv: ConvUnit::new([channels, inner], Window::same(3), NORM, device),
            dropout: DropoutConfig::new(dropout).init(),
            score: Conv2dConfig::new([inner, num_classes], [1, 1]).init(device),
        }
    }

    /// Logits at the image's `[height, width]`.
    fn forward(&self, features: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
        let features = self.dropout.forward(self.conv.forward(features));
        let scores = full(convolve(&self.score, features, false));
        let options = InterpolateOptions::new(InterpolateMode::Bilinear)
            .with_align_corners(false)
            .with_output_size(size);
        interpolate(scores, options)
    }
}

/// A dilated ResNet with one or two fully convolutional heads.
#[derive(Module, Debug)]
pub(super) struct FcnResnet {
    stem: ConvUnit,
    pool: MaxPool2d,
    stages: Vec<Vec<Bottleneck>>,
    classifier: FcnHead,
    aux_classifier: Option<FcnHead>,
}

impl FcnResnet {
    /// With random weights. `aux` adds a second head behind the third stage, which only
    /// training listens to.
    pub fn new(
        variant: Variant,
        num_classes: usize,
        dropout: f64,
        aux: bool,
        device: &Device,
    ) -> Self {
        let mut channels = 64;
        let stages = std::iter::zip(STAGES, blocks(variant))
            .map(|((width, stride, first, dilation), blocks)| {
                (0..blocks)
                    .map(|block| {
                        let (stride, dilation) = if block == 0 {
                            (stride, first)
                        } else {
                            (1, dilation)
                        };
                        let bottleneck = Bottleneck::new(channels, width, stride, dilation, device);
                        channels = width * EXPANSION;
                        bottleneck
                    })
                    .collect()
            })
            .collect();
        Self {
            stem: ConvUnit::new([3, 64], Window::same(7).stride(2), NORM, device),
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
    pub fn forward(&self, images: Tensor<4>, aux: bool) -> (Tensor<4>, Option<Tensor<4>>) {
        let [_, _, height, width] = images.dims();
        let size = [height, width];
        let mut map = images;
        let mut aux_logits = None;
        for index in 0..self.num_stages() {
            map = self.stage(index, map);
            if let (true, true, Some(head)) = (aux, index == self.aux_stage(), &self.aux_classifier)
            {
                aux_logits = Some(head.forward(map.clone(), size));
            }
        }
        (self.classifier.forward(map, size), aux_logits)
    }

    /// The rest of [`forward`](Self::forward), both heads, from what the stages have made of
    /// images of `size` (`[height, width]`); `None` where these are not all of them.
    pub fn behind_stages(
        &self,
        outputs: &[Tensor<4>],
        size: [usize; 2],
    ) -> Option<(Tensor<4>, Option<Tensor<4>>)> {
        let aux_map = outputs.get(self.aux_stage())?;
        let aux_logits = self
            .aux_classifier
            .as_ref()
            .map(|head| head.forward(aux_map.clone(), size));
        Some((
            self.classifier.forward(outputs.last()?.clone(), size),
            aux_logits,
        ))
    }

    /// The last block of the third stage of the paper, which the second head listens to.
    fn aux_stage(&self) -> usize {
        self.stages[..3].iter().map(Vec::len).sum()
    }
}

/// The stem, then each block by itself.
impl Staged for FcnResnet {
    fn num_stages(&self) -> usize {
        1 + self.stages.iter().map(Vec::len).sum::<usize>()
    }

    fn stage(&self, index: usize, map: Tensor<4>) -> Tensor<4> {
        match index.checked_sub(1) {
            None => max_pool2d(&self.pool, self.stem.forward(map)),
            Some(block) => match self.stages.iter().flatten().nth(block) {
                Some(block) => block.forward(map),
                None => map,
            },
        }
    }
}
