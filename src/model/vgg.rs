//! VGG16 with its fully connected layers as convolutions (CVPR 2015, section 3.1).

use burn::module::{Initializer, Module};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor, activation::relu};

use super::variant::Trunk;

/// Output channels of the five stages and of fc6 and fc7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Widths {
    pub stages: [usize; 5],
    pub fc: usize,
}

impl Widths {
    pub(super) fn of(trunk: Trunk) -> Self {
        match trunk {
            Trunk::Vgg16 => Self { stages: [64, 128, 256, 512, 512], fc: 4096 },
            Trunk::Vgg16Slim => Self { stages: [8, 16, 32, 64, 96], fc: 192 },
        }
    }
}

/// 3x3 convolutions in each stage of VGG16 (configuration D).
const CONVOLUTIONS: [usize; 5] = [2, 2, 3, 3, 3];

/// Convolution, batch normalization where the trunk has it, rectifier.
#[derive(Module, Debug)]
struct ConvUnit {
    conv: Conv2d,
    norm: Option<BatchNorm>,
}

impl ConvUnit {
    fn new(channels: [usize; 2], size: usize, normalize: bool, device: &Device) -> Self {
        let conv = Conv2dConfig::new(channels, [size, size])
            .with_padding(PaddingConfig2d::Explicit(size / 2, size / 2, size / 2, size / 2))
            // Batch normalization has a bias of its own.
            .with_bias(!normalize)
            // He et al. 2015: keeps the scale through rectifiers.
            .with_initializer(Initializer::KaimingNormal {
                gain: std::f64::consts::SQRT_2,
                fan_out_only: false,
            })
            .init(device);
        let norm = normalize.then(|| BatchNormConfig::new(channels[1]).init(device));
        Self { conv, norm }
    }

    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        let output = self.conv.forward(input);
        relu(match &self.norm {
            Some(norm) => norm.forward(output),
            None => output,
        })
    }
}

/// What the score layers are fed with.
pub(super) struct Features {
    /// `[batch_size, C3, ceil(height / 8), ceil(width / 8)]`
    pub pool3: Tensor<4>,
    /// `[batch_size, C4, ceil(height / 16), ceil(width / 16)]`
    pub pool4: Tensor<4>,
    /// `[batch_size, fc, ceil(height / 32), ceil(width / 32)]`
    pub fc7: Tensor<4>,
}

/// The trunk: five stages of 3x3 convolutions, each followed by a 2x2 max pooling,
/// then fc6 (7x7) and fc7 (1x1) with dropout.
///
/// Padded geometry: every convolution keeps height and width (fc6 is padded by 3),
/// and pooling rounds up, so any input from 1x1 pixel up has an output.
#[derive(Module, Debug)]
pub(super) struct Vgg16 {
    stages: Vec<Vec<ConvUnit>>,
    pool: MaxPool2d,
    fc6: ConvUnit,
    fc7: ConvUnit,
    dropout: Dropout,
}

impl Vgg16 {
    pub(super) fn new(trunk: Trunk, dropout: f64, device: &Device) -> Self {
        let widths = Widths::of(trunk);
        let normalize = trunk == Trunk::Vgg16Slim;
        let mut channels_in = 3;
        let stages = std::iter::zip(widths.stages, CONVOLUTIONS)
            .map(|(channels_out, convolutions)| {
                (0..convolutions)
                    .map(|_| {
                        let channels = [channels_in, channels_out];
                        channels_in = channels_out;
                        ConvUnit::new(channels, 3, normalize, device)
                    })
                    .collect()
            })
            .collect();
        Self {
            stages,
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).with_ceil_mode(true).init(),
            fc6: ConvUnit::new([channels_in, widths.fc], 7, normalize, device),
            fc7: ConvUnit::new([widths.fc, widths.fc], 1, normalize, device),
            dropout: DropoutConfig::new(dropout).init(),
        }
    }

    /// # Shapes
    /// - images: `[batch_size, 3, height, width]`
    pub(super) fn forward(&self, images: Tensor<4>) -> Features {
        let mut maps = images;
        let mut pooled = Vec::with_capacity(self.stages.len());
        for stage in &self.stages {
            for unit in stage {
                maps = unit.forward(maps);
            }
            maps = self.pool.forward(maps);
            pooled.push(maps.clone());
        }
        let fc6 = self.dropout.forward(self.fc6.forward(maps));
        let fc7 = self.dropout.forward(self.fc7.forward(fc6));
        let pool4 = pooled.swap_remove(3);
        let pool3 = pooled.swap_remove(2);
        Features { pool3, pool4, fc7 }
    }
}
