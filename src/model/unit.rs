//! A convolution with its normalization and ReLU: what every trunk is made of.

use burn::module::{Initializer, Module};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::tensor::Device;

use super::feature_map::FeatureMap;
use super::geometry::Grid;

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

/// The shape of a convolution with a square kernel.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConvSpec {
    pub in_channels: usize,
    pub out_channels: usize,
    pub kernel: usize,
    pub stride: usize,
    pub padding: usize,
    pub dilation: usize,
}

impl ConvSpec {
    /// A kernel of odd size that keeps height and width.
    pub const fn same(in_channels: usize, out_channels: usize, kernel: usize) -> Self {
        Self {
            in_channels,
            out_channels,
            kernel,
            stride: 1,
            padding: kernel / 2,
            dilation: 1,
        }
    }

    pub const fn stride(mut self, stride: usize) -> Self {
        self.stride = stride;
        self
    }

    pub const fn padding(mut self, padding: usize) -> Self {
        self.padding = padding;
        self
    }

    /// Dilated, with as much more padding.
    pub const fn dilated(mut self, dilation: usize) -> Self {
        self.dilation = dilation;
        self.padding *= dilation;
        self
    }

    /// Where the output's cells lie, of an undilated convolution.
    pub fn grid(self, input: Grid) -> Grid {
        input.window(self.kernel, self.stride, self.padding)
    }
}

/// A convolution, batch normalization where there is some, and a ReLU.
#[derive(Module, Debug)]
pub(super) struct ConvUnit {
    conv: Conv2d,
    norm: Option<BatchNorm>,
}

impl ConvUnit {
    /// With random weights (He et al. 2015, which keeps the scale through ReLU).
    pub fn new(shape: ConvSpec, norm: Norm, device: &Device) -> Self {
        let ConvSpec {
            in_channels,
            out_channels,
            kernel,
            stride,
            padding,
            dilation,
        } = shape;
        let conv = Conv2dConfig::new([in_channels, out_channels], [kernel; 2])
            .with_stride([stride; 2])
            .with_dilation([dilation; 2])
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
            BatchNormConfig::new(out_channels)
                .with_epsilon(epsilon)
                .init(device)
        });
        Self { conv, norm }
    }

    /// # Shapes
    /// - input: `[batch_size, in_channels, height, width]`
    /// - output: `[batch_size, out_channels, ..]`, 0 or more
    pub fn forward<M: FeatureMap>(&self, input: M) -> M {
        input.convolve(&self.conv, self.norm.as_ref(), true)
    }

    /// As [`forward`](Self::forward), without the ReLU.
    pub fn forward_linear<M: FeatureMap>(&self, input: M) -> M {
        input.convolve(&self.conv, self.norm.as_ref(), false)
    }
}

/// One unit after the other.
///
/// # Shapes
/// - input: `[batch_size, in_channels of the first, height, width]`
/// - output: `[batch_size, out_channels of the last, ..]`
pub(super) fn chain<M: FeatureMap>(units: &[ConvUnit], input: M) -> M {
    units.iter().fold(input, |map, unit| unit.forward(map))
}
