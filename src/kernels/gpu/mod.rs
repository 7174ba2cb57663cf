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
//! | Few output values, long sums | the same, in parts that are added up by [`reduce`] in a fixed order |
//! | ReLU | in the forward kernel; backward one pass over the gradient |
//! | Max pooling | [`pool`]: backward looks for the largest pixel again, so that no places are kept |
//! | Loss | [`cross_entropy`]: softmax and loss in one pass, its gradient in another; labels are uploaded as bytes |
//! | Step of SGD | [`sgd`]: one pass in place over weight, velocity and gradient |
//! | Groups, dilation with stride, padding that differs from side to side, other dtypes than `f32` | Burn's |
//!
//! Sums are exact `f32` (no TF32) and have one order, so a device gives the same bits each time;
//! they differ from the processor's by rounding.
//!
//! [`ops`] enters the kernels into Burn's queue, [`layers`] into its graph.

mod conv;
mod conv_gemm;
mod cross_entropy;
pub(super) mod layers;
mod ops;
mod pool;
mod reduce;
mod sgd;
