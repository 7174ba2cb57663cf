//! The layers of a network on a GPU, forward and backward, in place of Burn's.
//!
//! Burn chooses among its convolutions by timing them, for each layer's shape anew, and some of
//! them take minutes. Here each pass of each layer is one kernel that is known beforehand, and
//! what is chosen (tiles, parts of a sum) is chosen by arithmetic. The kernels are written once,
//! with `CubeCL`, for every way to a GPU; nothing is timed and nothing is tuned.
//!
//! # Which case takes which path
//!
//! | Case | Kernel |
//! |---|---|
//! | Convolution, all passes; transposed convolution | [one matrix product](conv_gemm) that reads patches in place of an `im2col` matrix. A transposed convolution's forward pass is the gradient of the convolution that leads back, by the phases of its stride |
//! | The same with `bf16`, `f16`, or `f32` as two `bf16`, on devices with matrix units | [in fragments](conv_matrix) of 16 x 16, from the same tiles |
//! | Few output values, long sums | the same, in parts that are added up by [`reduce`] in a fixed order |
//! | ReLU | in the forward kernel; backward one pass over the gradient |
//! | Batch normalization of a training step, with its ReLU | [`batch_norm`]: statistics in parts of a channel, put together in a fixed order; backward computes the normalized values again |
//! | Dropout of a training step | [`dropout`]: the mask is computed from two random numbers of the batch, forward and backward; none is kept |
//! | Sum of two maps with a ReLU; sums of all values and of squares | [`reduce`] |
//! | Max pooling | [`pool`]: backward looks for the largest pixel again, so that no places are kept |
//! | Bilinear interpolation | [`resize`]: backward gathers, so that nothing is added up in memory |
//! | Loss | [`cross_entropy`]: softmax and loss in one pass, its gradient in another; labels are uploaded as bytes |
//! | Other losses | [`softmax`]: its logarithms, and sums whose gradient is one value for all |
//! | Step of SGD | [`sgd_group`]: one pass in place over weights, velocities and gradients, several weights to a launch; [`sgd`] for the first step, whose velocities are the gradients |
//! | The most likely classes, and confusion counts | [`labels`] |
//! | Steps in `bf16` or `f16` | [`half`]: what is multiplied is rounded and kept for the backward pass in 16 bits, two values to a word; products and sums are `f32` |
//! | Groups, dilation with stride, padding that differs from side to side, other dtypes than `f32` | Burn's |
//!
//! Sums are exact `f32` (no TF32) and have one order, so a device gives the same bits each time;
//! they differ from the processor's by rounding.
//!
//! Nobody checks indices: a kernel that reads a value which it may not need reads one inside of the
//! buffer. To Vulkan's programs buffers are bare addresses, and `CubeCL` 0.11 checks no launch.
//!
//! [`ops`] enters the kernels into Burn's queue, [`layers`] into its graph.

#[cfg(not(feature = "gpu"))]
mod absent;
#[cfg(feature = "gpu")]
mod batch_norm;
#[cfg(feature = "gpu")]
mod conv;
#[cfg(feature = "gpu")]
mod conv_gemm;
#[cfg(feature = "gpu")]
mod conv_matrix;
#[cfg(feature = "gpu")]
mod conv_plan;
#[cfg(feature = "gpu")]
mod conv_reads;
#[cfg(feature = "gpu")]
mod conv_writes;
#[cfg(feature = "gpu")]
mod cross_entropy;
#[cfg(feature = "gpu")]
mod dropout;
#[cfg(feature = "gpu")]
mod half;
#[cfg(feature = "gpu")]
mod labels;
#[cfg(feature = "gpu")]
mod launch;
#[cfg(feature = "gpu")]
mod launches;
#[cfg(feature = "gpu")]
pub(super) mod layers;
#[cfg(feature = "gpu")]
mod ops;
#[cfg(feature = "gpu")]
mod pool;
#[cfg(feature = "gpu")]
mod reduce;
#[cfg(feature = "gpu")]
mod resize;
#[cfg(feature = "gpu")]
mod sgd;
#[cfg(feature = "gpu")]
mod sgd_group;
#[cfg(feature = "gpu")]
mod softmax;

#[cfg(not(feature = "gpu"))]
pub(super) use absent as layers;
