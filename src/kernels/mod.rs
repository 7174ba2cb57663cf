//! The layers of a network, forward and backward, in place of Burn's. What follows is about the
//! processor; the layers on GPUs are in [`gpu`], which has a map of its own.
//!
//! Burn's `flex` backend has no backward pass of its own for convolutions: it makes the gradient of
//! the weights a convolution with the gradient of the output as its kernel. Here every pass is a
//! matrix product whose sums stay in registers, and the `im2col` matrix is never built in full. Each function takes a layer of Burn and its input, and leaves what it does not compute to
//! that layer: other devices, other dtypes than `f32`, groups, padding that differs from side to
//! side. Results do not depend on the number of threads, so a resumed run stays equal to an
//! unbroken one. `FCN_WORKBENCH_PLAIN_KERNELS=1` in the environment turns all of this off.
//!
//! # Which case takes which path
//!
//! | Case | Path | Where |
//! |---|---|---|
//! | Forward; 2x2 or 3x3 weights, stride 1, at most 1/8 of the computed pixels dropped | [direct](conv::direct): zero-padded planes are read in place, nothing is packed | `conv/direct.rs`, `conv/padded_plane.rs` |
//! | Forward; everything else | [packed](gemm::packed): panels of `im2col` are packed while the weights pass. A 1x1 kernel is one long row of pixels | `conv/forward.rs`, `gemm/packed.rs` |
//! | Forward; 1x1, at most 64 pixels, no graph | Burn's product, which is twice as fast there | [`conv2d`] |
//! | Backward; stride 1, 2x2 or 3x3, few output channels for many pixels | [one padded copy](conv::padded_gradient) of the output's gradient serves all: direct for the input, along the pixels for the weights | `conv/padded_gradient.rs` |
//! | Gradient of the input; everything else | A forward product with transposed weights, one for each residue of the stride. With few pixels of one image the weights are transposed while they are multiplied | `conv/input_gradient.rs` |
//! | Gradient of the weights; few output channels for many pixels | [along the pixels](gemm::along_pixels): both factors are read as they are, registers are added up at the end | `conv/weight_gradient.rs` |
//! | Gradient of the weights; many channels, few pixels | packed, with the patches transposed: adding up registers would take longer | `conv/weight_gradient.rs` |
//! | Transposed convolution, both passes; kernel of 2 or 3 strides | [space to depth](conv::space_to_depth) makes it a convolution of stride 1, so that the fast paths above take it | `conv/conv_transpose2d.rs` |
//! | Transposed convolution; everything else | The gradients of a convolution the other way round | `conv/conv_transpose2d.rs` |
//! | Fixed bilinear upsampling ([`bilinear_upsample`]) | [two passes](conv::bilinear) of two terms per pixel; `model` knows which layers these are | `conv/bilinear.rs` |
//! | Max pooling; 2x2, stride 2 | One pass that remembers the largest pixel | `ops/max_pool2d.rs` |
//! | Batch normalization; training | One channel after the other while it is in the cache. Predictions fold it into the convolution before it | `ops/batch_norm` |
//! | Loss | Softmax and its gradient in one pass; all classes of 256 pixels stay in the cache | `ops/cross_entropy.rs` |
//! | Step of SGD | One pass in place over weight, velocity and gradient | `ops/sgd_step.rs` |
//! | Norm of the gradients | One pass that writes nothing | `ops/sum_of_squares.rs` |
//!
//! # What they share
//!
//! [`autodiff`] enters an operation into Burn's graph. [`buffer_pool`] keeps the memory of one step
//! for the next; the [`BufferPool`] is owned by whoever trains. [`work`] counts what the products of a
//! thread have done, and leaves them where nobody wants them any more. [`tiling`] cuts outputs into the
//! tiles that threads work on, and has the SIMD registers and scratch memory of a task.

#![expect(
    clippy::inline_always,
    clippy::needless_range_loop,
    reason = "what runs at a SIMD level must be inlined into the function that has it, and counts registers"
)]

mod arithmetic;
mod autodiff;
mod buffer_pool;
mod conv;
mod gemm;
mod gpu;
mod matrix_product;
mod ops;
mod resized_part;
mod sgd_factors;
mod tiling;
mod work;

use std::sync::{Arc, LazyLock};

use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::nn::pool::MaxPool2d;
use burn::nn::{BatchNorm, Dropout};
use burn::tensor::activation::{self, relu};
use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};
use burn::tensor::{Gradients, Int, Tensor};

pub(crate) use conv::shape::ConvShape;
pub(crate) use matrix_product::{Pass as ProductPass, bytes_of_parts};

pub use arithmetic::{Arithmetic, EnteredArithmetic, Half, MatrixUnits};
pub use buffer_pool::{BufferPool, EnteredPool};
pub use conv::bilinear::bilinear_kernel;
pub use conv::conv_transpose2d::is_bilinear;
pub use gpu::layers::{LaunchWatch, SharedDraws};
pub use matrix_product::{EnteredCut, PRODUCT_TILES, ProductCut, ProductTile};

pub use ops::cross_entropy::cross_entropy_sum;
pub use ops::sgd_step::{SgdSteps, SteppedWeights, sgd_step};
pub use ops::sum_of_squares::sum_of_squares;
pub use resized_part::ResizedPart;
pub use sgd_factors::SgdStep;
pub use work::{EnteredWork, Work};

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
    let ours = if *PLAIN {
        None
    } else if is_small_pointwise(layer, &input) {
        gpu::layers::conv2d(layer, &input, relu)
    } else {
        conv::conv2d::conv2d(layer, &input, relu)
            .or_else(|| gpu::layers::conv2d(layer, &input, relu))
    };
    ours.unwrap_or_else(|| plain_conv2d(layer, input, relu))
}

/// How a GPU computes a convolution's output, its input's gradient and its weights' gradient with what
/// is [entered](Arithmetic::enter), in words; `None` elsewhere, and where that is up to Burn.
///
/// # Shapes
/// - input: `[batch_size, in_channels, height, width]`
pub fn conv_routes(layer: &Conv2d, input: &Tensor<4>) -> Option<[String; 3]> {
    gpu::layers::conv_routes(layer, input)
}

/// As [`conv_routes`], of a transposed convolution.
///
/// # Shapes
/// - input: `[batch_size, in_channels, height, width]`
pub fn transposed_routes(layer: &ConvTranspose2d, input: &Tensor<4>) -> Option<[String; 3]> {
    gpu::layers::transposed_routes(layer, input)
}

/// Whether a tensor is on a GPU.
pub fn is_on_gpu(tensor: &Tensor<4>) -> bool {
    gpu::layers::is_here(tensor)
}

/// Tells every kernel that the program launches on a GPU, ours and Burn's, by its name, for as long
/// as what this returns lives. The name of one of ours begins with that of this crate.
pub fn watch_launches(launched: Arc<dyn Fn(&'static str) + Send + Sync>) -> LaunchWatch {
    gpu::layers::watch_launches(launched)
}

/// Whether steps on the device of `map` are in 16 bits where [`Half`] is entered: on GPUs. The processor
/// computes in the dtype of its maps.
///
/// # Shapes
/// - map: any
pub fn has_half_steps(map: &Tensor<4>) -> bool {
    !*PLAIN && gpu::layers::is_here(map)
}

/// Whether convolutions on the device of `map` can be multiplied in its matrix units: 16 bits, or
/// without `half` each `f32` as the sum of two `bf16`.
///
/// # Shapes
/// - map: any
pub fn has_matrix_units(map: &Tensor<4>, half: Option<Half>) -> bool {
    !*PLAIN && gpu::layers::has_matrix_units(map, half)
}

/// The class of the largest logit of each pixel, outside of a graph: ours on a GPU, else Burn's.
///
/// # Shapes
/// - logits: `[batch_size, classes, height, width]`
/// - output: `[batch_size, 1, height, width]`
pub fn most_likely(logits: Tensor<4>) -> Tensor<4, Int> {
    ours(|| gpu::layers::most_likely(&logits)).unwrap_or_else(|| logits.argmax(1))
}

/// How many pixels of each true class are predicted as each class, of `i32` labels, where a kernel of
/// ours counts that: on GPUs. Labels that are no class are left out.
///
/// # Shapes
/// - truth, predicted: `[pixels]`
/// - output: `[classes * classes]`, true class by predicted class
pub fn confusion(
    truth: &Tensor<1, Int>,
    predicted: &Tensor<1, Int>,
    classes: usize,
) -> Option<Tensor<1, Int>> {
    ours(|| gpu::layers::confusion(truth, predicted, classes))
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
            .or_else(|| gpu::layers::conv_transpose2d(layer, &input))
    };
    ours.unwrap_or_else(|| layer.forward(input))
}

/// [`conv_transpose2d`] of a layer whose weights are those of bilinear upsampling, see
/// [`is_bilinear`], and get no gradient. Only other devices than the processor read them.
///
/// # Shapes
/// - input: `[batch_size, channels, height, width]`
/// - output: `[batch_size, channels, height_out, width_out]`
///
/// # Panics
/// Where Burn's layer panics.
pub fn bilinear_upsample(layer: &ConvTranspose2d, input: Tensor<4>) -> Tensor<4> {
    let ours = if *PLAIN {
        None
    } else {
        conv::conv_transpose2d::bilinear_upsample(layer, &input)
    };
    ours.unwrap_or_else(|| conv_transpose2d(layer, input))
}

/// Batch normalization, with `relu` behind it where `with_relu` is set: ours while training, else
/// Burn's.
///
/// # Shapes
/// - input, output: `[batch_size, channels, height, width]`
pub fn batch_norm(layer: &BatchNorm, input: Tensor<4>, with_relu: bool) -> Tensor<4> {
    let ours = if *PLAIN {
        None
    } else {
        ops::batch_norm::batch_norm(layer, &input, with_relu)
            .or_else(|| gpu::layers::batch_norm(layer, &input, with_relu))
    };
    ours.unwrap_or_else(|| {
        let output = ops::batch_norm::burn_batch_norm(layer, input);
        if with_relu { relu(output) } else { output }
    })
}

/// Dropout: ours while training on a GPU, else Burn's.
///
/// # Shapes
/// - input, output: `[batch_size, channels, height, width]`
pub fn dropout(layer: &Dropout, input: Tensor<4>) -> Tensor<4> {
    ours(|| gpu::layers::dropout(layer, &input)).unwrap_or_else(|| layer.forward(input))
}

/// The sum of two maps, through a ReLU: ours on a GPU, else Burn's.
///
/// # Shapes
/// - one, other, output: `[batch_size, channels, height, width]`
pub fn add_relu(one: Tensor<4>, other: Tensor<4>) -> Tensor<4> {
    ours(|| gpu::layers::add_relu(&one, &other)).unwrap_or_else(|| relu(one + other))
}

/// Bilinear interpolation to `size`, `[height, width]`, as PyTorch's without aligned corners: ours
/// on a GPU, else Burn's.
///
/// # Shapes
/// - map: `[batch_size, channels, rows, columns]`
/// - output: `[batch_size, channels, height, width]`
pub fn resize(map: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
    // Burn has no gradient of its interpolation on GPUs, so that this path is no choice.
    let [_, _, rows, columns] = map.dims();
    let all = ResizedPart::all([rows, columns], size);
    gpu::layers::resize(&map, all).unwrap_or_else(|| {
        let options = InterpolateOptions::new(InterpolateMode::Bilinear)
            .with_align_corners(false)
            .with_output_size(size);
        interpolate(map, options)
    })
}

/// Interpolates a part of a map: one pass on a GPU, where Burn would time candidates for products.
///
/// # Shapes
/// - map: `[batch_size, channels, rows, columns]`, from `map_first` on
/// - output: `[batch_size, channels, height, width]`, `size`
pub fn resize_part(map: Tensor<4>, part: &ResizedPart) -> Tensor<4> {
    gpu::layers::resize(&map, *part).unwrap_or_else(|| resized_part::by_products(map, part))
}

/// The logarithm of softmax over the classes: ours on a GPU, else Burn's.
///
/// # Shapes
/// - logits, output: `[batch_size, classes, height, width]`
pub fn log_softmax(logits: Tensor<4>) -> Tensor<4> {
    ours(|| gpu::layers::log_softmax(&logits)).unwrap_or_else(|| activation::log_softmax(logits, 1))
}

/// Softmax over the classes, outside of a graph: ours on a GPU, else Burn's.
///
/// # Shapes
/// - logits, output: `[batch_size, classes, height, width]`
pub fn softmax(logits: Tensor<4>) -> Tensor<4> {
    let ours = ours(|| gpu::layers::log_softmax(&logits)).map(Tensor::exp);
    ours.unwrap_or_else(|| activation::softmax(logits, 1))
}

/// The largest value of each pixel, outside of a graph: ours on a GPU, else Burn's.
///
/// # Shapes
/// - map: `[batch_size, channels, height, width]`
/// - output: `[batch_size, 1, height, width]`
pub fn largest(map: Tensor<4>) -> Tensor<4> {
    match ours(|| gpu::layers::most_likely(&map)) {
        Some(channels) => map.gather(1, channels),
        None => map.max_dim(1),
    }
}

/// The sum of all values: ours on a GPU, else Burn's.
///
/// # Shapes
/// - map: any
/// - output: `[1]`
pub fn sum(map: Tensor<4>) -> Tensor<1> {
    ours(|| gpu::layers::sum(&map)).unwrap_or_else(|| map.sum())
}

/// The sums of each channel: ours on a GPU, else Burn's.
///
/// # Shapes
/// - map: `[batch_size, channels, height, width]`
/// - output: `[channels]`
pub fn channel_sums(map: Tensor<4>) -> Tensor<1> {
    let channels = map.dims()[1];
    ours(|| gpu::layers::channel_sums(&map))
        .unwrap_or_else(|| map.sum_dim(0).sum_dim(2).sum_dim(3).reshape([channels]))
}

/// The sum of all values, without a graph: ours on a GPU, else Burn's.
///
/// # Shapes
/// - output: `[1]`
pub fn sum_on_device<const D: usize>(values: Tensor<D>) -> Tensor<1> {
    ours(|| gpu::layers::sum_on_device(&values)).unwrap_or_else(|| values.sum())
}

/// As [`sum_on_device`], of the values' squares.
///
/// # Shapes
/// - output: `[1]`
pub fn squares_on_device<const D: usize>(values: Tensor<D>) -> Tensor<1> {
    ours(|| gpu::layers::squares_on_device(&values))
        .unwrap_or_else(|| (values.clone() * values).sum())
}

/// Passes `gradient` back through the graph behind `end`.
///
/// # Shapes
/// - end, gradient: the same
pub fn backward_with(end: Tensor<4>, gradient: Tensor<4>) -> Gradients {
    let passed = gpu::layers::pass_back(&end, &gradient);
    // The gradient of this sum with respect to the end is the gradient that came.
    let sum = passed.unwrap_or_else(|| (end * Tensor::from_inner(gradient)).sum());
    sum.backward()
}

/// What `compute` makes, where the environment allows it.
fn ours<T>(compute: impl FnOnce() -> Option<T>) -> Option<T> {
    if *PLAIN { None } else { compute() }
}

/// Max pooling: ours over 2x2 pixels on the processor, and on a GPU, else Burn's.
///
/// # Shapes
/// - input: `[batch_size, channels, height, width]`
/// - output: `[batch_size, channels, height_out, width_out]`
pub fn max_pool2d(layer: &MaxPool2d, input: Tensor<4>) -> Tensor<4> {
    let ours = if *PLAIN {
        None
    } else {
        ops::max_pool2d::max_pool2d(layer, &input)
            .or_else(|| gpu::layers::max_pool2d(layer, &input))
    };
    ours.unwrap_or_else(|| layer.forward(input))
}
