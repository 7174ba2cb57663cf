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

mod buffer_pool;
mod conv;
mod gemm;
mod ops;
mod tiling;

use std::sync::LazyLock;

use burn::nn::BatchNorm;
use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::nn::pool::MaxPool2d;
use burn::tensor::{Tensor, activation::relu};

pub use buffer_pool::{end_step, forget};
pub use conv::bilinear::bilinear_kernel;
pub use ops::cross_entropy::cross_entropy_sum;
pub use ops::sgd_step::{Momentum, momentum_step};

static PLAIN: LazyLock<bool> = LazyLock::new(|| {
    std::env::var_os("FCN_WORKBENCH_PLAIN_KERNELS").is_some_and(|value| value == "1")
});

/// A convolution, with `relu` behind it where that is set: ours where the environment and the
/// device allow, else Burn's. Burn's layer also computes what this module does not: groups,
/// padding that differs from side to side, other dtypes than `f32`.
///
/// # Shapes
/// - input: `[batch_size, in_channels, height, width]`
/// - output: `[batch_size, out_channels, height_out, width_out]`
///
/// # Panics
/// Where Burn's layer panics: the channels differ, or the kernel is larger than the padded image.
pub fn conv2d(layer: &Conv2d, input: Tensor<4>, relu: bool) -> Tensor<4> {
    let ours = if *PLAIN || is_small_pointwise(layer, &input) {
        None
    } else {
        conv::conv2d::conv2d(layer, &input, relu)
    };
    ours.unwrap_or_else(|| plain_conv2d(layer, input, relu))
}

/// Pixels up to which Burn's 1x1 convolution is the faster one.
const SMALL_POINTWISE: usize = 64;

/// A prediction's 1x1 convolution of few pixels (fc7 of a small image), of which Burn's
/// product was measured to be twice as fast.
fn is_small_pointwise(layer: &Conv2d, input: &Tensor<4>) -> bool {
    let [batch_size, _, height, width] = input.dims();
    layer.kernel_size == [1, 1]
        && batch_size * height * width <= SMALL_POINTWISE
        && !input.device().is_autodiff()
}

fn plain_conv2d(layer: &Conv2d, input: Tensor<4>, with_relu: bool) -> Tensor<4> {
    let output = layer.forward(input);
    if with_relu { relu(output) } else { output }
}

/// A transposed convolution: ours where the environment and the device allow, else Burn's, which
/// also has groups and a bias.
///
/// # Shapes
/// - input: `[batch_size, in_channels, height, width]`
/// - output: `[batch_size, out_channels, height_out, width_out]`
///
/// # Panics
/// Where Burn's layer panics.
pub fn conv_transpose2d(layer: &ConvTranspose2d, input: Tensor<4>) -> Tensor<4> {
    let ours = if *PLAIN {
        None
    } else {
        conv::conv_transpose2d::conv_transpose2d(layer, &input)
    };
    ours.unwrap_or_else(|| layer.forward(input))
}

/// Batch normalization, with `relu` behind it where `with_relu` is set: ours while training on
/// the processor, else Burn's.
///
/// # Shapes
/// - input, output: `[batch_size, channels, height, width]`
pub fn batch_norm(layer: &BatchNorm, input: Tensor<4>, with_relu: bool) -> Tensor<4> {
    let ours = if *PLAIN {
        None
    } else {
        ops::batch_norm::batch_norm(layer, &input, with_relu)
    };
    ours.unwrap_or_else(|| {
        let output = layer.forward(input);
        if with_relu { relu(output) } else { output }
    })
}

/// Max pooling: ours over 2x2 pixels on the processor, else Burn's.
///
/// # Shapes
/// - input: `[batch_size, channels, height, width]`
/// - output: `[batch_size, channels, height_out, width_out]`
pub fn max_pool2d(layer: &MaxPool2d, input: Tensor<4>) -> Tensor<4> {
    let ours = if *PLAIN {
        None
    } else {
        ops::max_pool2d::max_pool2d(layer, &input)
    };
    ours.unwrap_or_else(|| layer.forward(input))
}
