//! What the layers of a network compute with.

use burn::module::Param;
use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2d;
use burn::nn::{BatchNorm, Dropout};
use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};
use burn::tensor::{Int, Tensor, TensorData, activation::relu};

use super::geometry::crop;
use super::precision::{convolve, full, in_full};
use super::upsample::UpsamplingLayer;
use crate::kernels;

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

    /// The same map, which is the end of a stage ([`stages`](super::stages)).
    fn end_of_stage(self) -> Self {
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
        dropout.forward(self)
    }

    fn scale(self, factor: f64) -> Self {
        full(self).mul_scalar(factor)
    }

    fn add(self, other: Self) -> Self {
        self + other
    }

    fn add_relu(self, other: Self) -> Self {
        relu(self + other)
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
        resize(self, size)
    }
}

/// Bilinear interpolation to `size`, `[height, width]`, as PyTorch's without aligned corners.
///
/// # Shapes
/// - map: `[batch_size, channels, rows, columns]`
/// - output: `[batch_size, channels, height, width]`
pub fn resize(map: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
    // Burn has no gradient of its interpolation on GPUs.
    if map.device().is_autodiff() && kernels::is_on_gpu(&map) {
        return resize_axis(resize_axis(map, 2, size[0]), 3, size[1]);
    }
    let options = InterpolateOptions::new(InterpolateMode::Bilinear)
        .with_align_corners(false)
        .with_output_size(size);
    interpolate(map, options)
}

/// Linear interpolation of one axis: the sum of what lies before and behind each place.
fn resize_axis(map: Tensor<4>, axis: usize, size: usize) -> Tensor<4> {
    let source = map.dims()[axis];
    if source == size {
        return map;
    }
    let scale = source as f32 / size as f32;
    let places = (0..size).map(|n| ((n as f32 + 0.5) * scale - 0.5).max(0.0));
    let places: Vec<f32> = places.collect();
    let device = map.device();
    let picked = |step: usize| {
        let indices = places
            .iter()
            .map(|place| (*place as usize + step).min(source - 1) as i32);
        let indices: Vec<i32> = indices.collect();
        Tensor::<1, Int>::from_data(TensorData::new(indices, [size]), &device)
    };
    let mut shape = [1; 4];
    shape[axis] = size;
    let behind: Vec<f32> = places.iter().map(|place| place.fract()).collect();
    let behind = Tensor::<4>::from_data(TensorData::new(behind, shape), &device);
    let before = behind.clone().neg().add_scalar(1.0);
    map.clone().select(axis, picked(0)) * before + map.select(axis, picked(1)) * behind
}

/// A convolution that normalizes too: what batch normalization does to the output of one
/// with its running statistics is linear in each channel.
fn folded(conv: &Conv2d, norm: &BatchNorm) -> Conv2d {
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

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Distribution};

    #[test]
    fn resizing_axis_by_axis_is_bilinear_interpolation() {
        let device = Device::flex();
        for (from, to) in [
            ([5, 7], [13, 9]),
            ([1, 3], [4, 3]),
            ([8, 6], [3, 2]),
            ([4, 4], [32, 32]),
        ] {
            let shape = [2, 3, from[0], from[1]];
            let map = Tensor::<4>::random(shape, Distribution::Uniform(-1.0, 1.0), &device);
            let found = resize_axis(resize_axis(map.clone(), 2, to[0]), 3, to[1]);
            let apart: f32 = (found - resize(map, to)).abs().max().into_scalar();
            assert!(apart < 1e-5, "{from:?} to {to:?}: {apart}");
        }
    }
}
