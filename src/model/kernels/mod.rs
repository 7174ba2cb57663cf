//! Convolutions on the processor, forward and backward, in the place of Burn's, and what a
//! training step spends its time on beside them: batch normalization, max pooling, the loss,
//! the step of the weights.
//!
//! Burn's `flex` backend has no backward pass of its own for convolutions: it makes the
//! gradient of the weights a convolution with the gradient of the output as its kernel.
//! Here all three products (forward, gradient of the input, gradient of the weights) are
//! products of matrices in registers, with the column matrix packed from the image as it is
//! needed. Other devices keep Burn's layer.
//!
//! Results do not depend on the number of threads, so a resumed run stays equal to an
//! unbroken one. `FCN_WORKBENCH_PLAIN_KERNELS=1` in the environment turns all of this off.

#![expect(
    clippy::inline_always,
    clippy::needless_range_loop,
    reason = "what runs at a SIMD level must be inlined into the function that has it, and counts registers"
)]

mod backward;
mod cross_entropy;
mod direct;
mod dots;
mod flat;
mod forward;
mod interpolation;
mod laid;
mod norm;
mod operation;
mod phases;
mod pool;
mod product;
mod reuse;
mod shape;
mod tiles;
mod transposed;
mod update;
mod weights;

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use burn::nn::BatchNorm;
use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::nn::pool::MaxPool2d;
use burn::tensor::{Tensor, activation::relu};

pub use cross_entropy::cross_entropy_sum;
pub use reuse::{end_step, forget};
pub use update::{Momentum, momentum_step};

static PLAIN: LazyLock<bool> = LazyLock::new(|| {
    std::env::var_os("FCN_WORKBENCH_PLAIN_KERNELS").is_some_and(|value| value == "1")
});

/// A convolution, through a rectifier or not: ours where the environment and the device
/// allow, else Burn's.
pub(super) fn convolve(layer: &Conv2d, input: Tensor<4>, rectify: bool) -> Tensor<4> {
    if *PLAIN || is_narrow_point(layer, &input) {
        plain(layer, input, rectify)
    } else {
        conv2d(layer, input, rectify)
    }
}

/// Pixels up to which a 1x1 convolution is narrow.
const NARROW: usize = 64;

/// A prediction's 1x1 convolution of few pixels (fc7 of a small image), of which Burn's
/// product was measured to be twice as fast.
fn is_narrow_point(layer: &Conv2d, input: &Tensor<4>) -> bool {
    let [batch_size, _, height, width] = input.dims();
    layer.kernel_size == [1, 1]
        && batch_size * height * width <= NARROW
        && !input.device().is_autodiff()
}

/// A convolution by this module: `layer.forward`, with a rectifier behind it where `rectify`
/// says so. Burn's layer computes what this module cannot: other devices than the processor,
/// groups, padding that differs from side to side, other numbers than `f32`.
///
/// # Shapes
/// - input: `[batch_size, channels_in, height, width]`
/// - output: `[batch_size, channels_out, height_out, width_out]`
///
/// # Panics
/// Where Burn's layer panics: the channels differ, or a window is larger than the padded image.
pub fn conv2d(layer: &Conv2d, input: Tensor<4>, rectify: bool) -> Tensor<4> {
    match operation::conv2d(layer, &input, rectify) {
        Some(output) => output,
        None => plain(layer, input, rectify),
    }
}

/// A transposed convolution, as [`convolve`].
pub(super) fn upsample(layer: &ConvTranspose2d, input: Tensor<4>) -> Tensor<4> {
    if *PLAIN {
        layer.forward(input)
    } else {
        conv_transpose2d(layer, input)
    }
}

/// `layer.forward` by this module; Burn's layer computes what this module cannot (see
/// [`conv2d`]), and whatever has a bias.
///
/// # Shapes
/// - input: `[batch_size, channels_in, height, width]`
/// - output: `[batch_size, channels_out, height_out, width_out]`
///
/// # Panics
/// Where Burn's layer panics.
pub fn conv_transpose2d(layer: &ConvTranspose2d, input: Tensor<4>) -> Tensor<4> {
    transposed::conv_transpose2d(layer, &input).unwrap_or_else(|| layer.forward(input))
}

/// Batch normalization, through a rectifier or not: ours while training on the processor,
/// else Burn's.
pub(super) fn normalize(layer: &BatchNorm, input: Tensor<4>, rectify: bool) -> Tensor<4> {
    let ours = if *PLAIN {
        None
    } else {
        norm::batch_norm(layer, &input, rectify)
    };
    ours.unwrap_or_else(|| {
        let output = layer.forward(input);
        if rectify { relu(output) } else { output }
    })
}

/// Max pooling: ours over 2x2 pixels on the processor, else Burn's.
pub(super) fn max_pool(layer: &MaxPool2d, input: Tensor<4>) -> Tensor<4> {
    let ours = if *PLAIN {
        None
    } else {
        pool::max_pool2d(layer, &input)
    };
    ours.unwrap_or_else(|| layer.forward(input))
}

fn plain(layer: &Conv2d, input: Tensor<4>, rectify: bool) -> Tensor<4> {
    let output = layer.forward(input);
    if rectify { relu(output) } else { output }
}
