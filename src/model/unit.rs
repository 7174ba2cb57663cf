//! A convolution with its normalization and rectifier: what every trunk is made of.

use burn::module::{Initializer, Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};

use super::precision::{convolve, in_full};
use crate::kernels::batch_norm;

/// How a convolution is normalized.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Norm {
    /// A bias, no batch normalization.
    Bias,
    /// Batch normalization in the place of the bias; its epsilon.
    Batch { epsilon: f64 },
    /// A bias and batch normalization, as torchvision's `vgg16_bn` has it.
    BiasAndBatch,
}

/// Epsilon of PyTorch's batch normalization.
pub(super) const EPSILON: f64 = 1e-5;

/// Size of the windows of a convolution, square.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub kernel: usize,
    pub stride: usize,
    pub padding: usize,
    pub dilation: usize,
}

impl Window {
    /// A window of odd size that keeps height and width.
    pub fn same(kernel: usize) -> Self {
        Self {
            kernel,
            stride: 1,
            padding: kernel / 2,
            dilation: 1,
        }
    }

    pub fn stride(self, stride: usize) -> Self {
        Self { stride, ..self }
    }

    pub fn padding(self, padding: usize) -> Self {
        Self { padding, ..self }
    }

    /// Spread out, with as much more padding.
    pub fn dilated(self, dilation: usize) -> Self {
        Self {
            dilation,
            padding: self.padding * dilation,
            ..self
        }
    }
}

/// Convolution and batch normalization; [`forward`](Self::forward) adds the rectifier.
#[derive(Module, Debug)]
pub(super) struct ConvUnit {
    conv: Conv2d,
    norm: Option<BatchNorm>,
}

impl ConvUnit {
    /// With random weights (He et al. 2015, which keeps the scale through rectifiers).
    pub fn new(channels: [usize; 2], window: Window, norm: Norm, device: &Device) -> Self {
        let padding = window.padding;
        let conv = Conv2dConfig::new(channels, [window.kernel; 2])
            .with_stride([window.stride; 2])
            .with_dilation([window.dilation; 2])
            .with_padding(PaddingConfig2d::Explicit(
                padding, padding, padding, padding,
            ))
            .with_bias(!matches!(norm, Norm::Batch { .. }))
            .with_initializer(Initializer::KaimingNormal {
                gain: std::f64::consts::SQRT_2,
                fan_out_only: false,
            })
            .init(device);
        let epsilon = match norm {
            Norm::Bias => None,
            Norm::Batch { epsilon } => Some(epsilon),
            Norm::BiasAndBatch => Some(EPSILON),
        };
        let norm = epsilon.map(|epsilon| {
            BatchNormConfig::new(channels[1])
                .with_epsilon(epsilon)
                .init(device)
        });
        Self { conv, norm }
    }

    /// # Shapes
    /// - input: `[batch_size, channels[0], height, width]`
    /// - output: `[batch_size, channels[1], ..]`, 0 or more
    pub fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        self.compute(input, true)
    }

    /// As [`forward`](Self::forward), without the rectifier.
    pub fn forward_linear(&self, input: Tensor<4>) -> Tensor<4> {
        self.compute(input, false)
    }

    fn compute(&self, input: Tensor<4>, rectify: bool) -> Tensor<4> {
        match &self.norm {
            None => convolve(&self.conv, input, rectify),
            Some(norm) if input.device().is_autodiff() => {
                let output = convolve(&self.conv, input, false);
                in_full(output, |map| batch_norm(norm, map, rectify))
            }
            Some(norm) => convolve(&folded(&self.conv, norm), input, rectify),
        }
    }
}

/// A convolution that normalizes too: what batch normalization does to the output of one
/// with its running statistics is linear in each channel.
fn folded(conv: &Conv2d, norm: &BatchNorm) -> Conv2d {
    let [channels_out, ..] = conv.weight.dims();
    let (mean, variance) = (norm.running_mean.value(), norm.running_var.value());
    let scale = norm.gamma.val() / (variance + norm.epsilon).sqrt();
    let center = match &conv.bias {
        Some(bias) => bias.val() - mean,
        None => mean.neg(),
    };
    let bias = center * scale.clone() + norm.beta.val();
    let weight = conv.weight.val() * scale.reshape([channels_out, 1, 1, 1]);
    Conv2d {
        weight: Param::from_tensor(weight),
        bias: Some(Param::from_tensor(bias)),
        ..conv.clone()
    }
}
