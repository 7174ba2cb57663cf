//! What the layers of a network compute with.

use burn::module::Param;
use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2d;
use burn::nn::{BatchNorm, Dropout};
use burn::tensor::Tensor;

use super::geometry::crop;
use super::precision::{convolve, full, in_full};
use super::upsample::UpsamplingLayer;
use crate::kernels::{self, ResizedPart};

/// A feature map: a tensor, or only its shape where a network is walked through to count what it
/// computes. Networks are written once, for both.
///
/// # Shapes
/// Maps are `[batch_size, channels, rows, columns]`.
pub(super) trait FeatureMap: Clone {
    /// `[rows, columns]`
    fn size(&self) -> [usize; 2];

    /// A convolution, then batch normalization and a ReLU where they are asked for.
    fn convolve(self, conv: &Conv2d, norm: Option<&BatchNorm>, with_relu: bool) -> Self;

    /// A convolution alone, to scores in `f32`.
    fn score(self, conv: &Conv2d) -> Self;

    /// A transposed convolution.
    fn upsample(self, layer: &UpsamplingLayer) -> Self;

    fn max_pool(self, pool: &MaxPool2d) -> Self;

    fn dropout(self, dropout: &Dropout) -> Self;

    /// Every value times `factor`, in `f32`.
    fn scale(self, factor: f64) -> Self;

    /// The sum of two maps of one shape.
    fn add(self, other: Self) -> Self;

    /// The sum of two maps of one shape, through a ReLU.
    fn add_relu(self, other: Self) -> Self;

    /// Maps of one size behind each other, channel by channel.
    fn concat(maps: Vec<Self>) -> Self;

    /// The first rows and columns of `size` after `offset` of each.
    fn crop(self, offset: usize, size: [usize; 2]) -> Self;

    /// Zeros below and to the right, up to `size`.
    fn pad_to(self, size: [usize; 2]) -> Self;

    /// Bilinear interpolation to `size`.
    fn resize(self, size: [usize; 2]) -> Self;

    /// A part of a map that is interpolated as a whole, by its shape alone as
    /// [`resize`](Self::resize).
    fn resize_part(self, part: &ResizedPart) -> Self {
        self.resize(part.size)
    }

    /// The same map, which is the end of a stage ([`stages`](super::stages)).
    fn end_of_stage(self) -> Self {
        self
    }

    /// The same map, which is what the layer of this name has made ([`taps`](super::taps)).
    fn tap(self, _name: impl FnOnce() -> String) -> Self {
        self
    }
}

impl FeatureMap for Tensor<4> {
    fn size(&self) -> [usize; 2] {
        let [_, _, rows, columns] = self.dims();
        [rows, columns]
    }

    fn convolve(self, conv: &Conv2d, norm: Option<&BatchNorm>, with_relu: bool) -> Self {
        match norm {
            None => convolve(conv, self, with_relu),
            Some(norm) if self.device().is_autodiff() => {
                let output = convolve(conv, self, false);
                in_full(output, |map| kernels::batch_norm(norm, map, with_relu))
            }
            Some(norm) => convolve(&folded(conv, norm), self, with_relu),
        }
    }

    fn score(self, conv: &Conv2d) -> Self {
        full(convolve(conv, self, false))
    }

    fn upsample(self, layer: &UpsamplingLayer) -> Self {
        layer.forward(self)
    }

    fn max_pool(self, pool: &MaxPool2d) -> Self {
        kernels::max_pool2d(pool, self)
    }

    fn dropout(self, dropout: &Dropout) -> Self {
        kernels::dropout(dropout, self)
    }

    fn scale(self, factor: f64) -> Self {
        full(self).mul_scalar(factor)
    }

    fn add(self, other: Self) -> Self {
        self + other
    }

    fn add_relu(self, other: Self) -> Self {
        kernels::add_relu(self, other)
    }

    fn concat(maps: Vec<Self>) -> Self {
        Tensor::cat(maps, 1)
    }

    fn crop(self, offset: usize, size: [usize; 2]) -> Self {
        crop(self, offset, size)
    }

    fn pad_to(self, [height, width]: [usize; 2]) -> Self {
        let [rows, columns] = self.size();
        if [rows, columns] == [height, width] {
            return self;
        }
        self.pad((0, width - columns, 0, height - rows), 0.0)
    }

    fn resize(self, size: [usize; 2]) -> Self {
        kernels::resize(self, size)
    }

    fn resize_part(self, part: &ResizedPart) -> Self {
        kernels::resize_part(self, part)
    }
}

/// A convolution that normalizes too: what batch normalization does to the output of one
/// with its running statistics is linear in each channel.
pub(super) fn folded(conv: &Conv2d, norm: &BatchNorm) -> Conv2d {
    let [out_channels, ..] = conv.weight.dims();
    let (mean, variance) = (norm.running_mean.value(), norm.running_var.value());
    let scale = norm.gamma.val() / (variance + norm.epsilon).sqrt();
    let center = match &conv.bias {
        Some(bias) => bias.val() - mean,
        None => mean.neg(),
    };
    let bias = center * scale.clone() + norm.beta.val();
    let weight = conv.weight.val() * scale.reshape([out_channels, 1, 1, 1]);
    Conv2d {
        weight: Param::from_tensor(weight),
        bias: Some(Param::from_tensor(bias)),
        ..conv.clone()
    }
}
