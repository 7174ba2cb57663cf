//! The kernels as operations of Burn's GPU backend: with the feature `fusion` they wait in the queue
//! in which Burn joins its own operations, without it they are launched at once.

mod launches;

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Backend, backend_extension};
#[cfg(feature = "fusion")]
use burn::tensor::{DType, Shape};

use super::batch_norm::Normalization;
use super::conv::{Convolution, Route};
#[cfg(feature = "fusion")]
use super::conv::{input_shape, output_shape, weight_shape};
use super::cross_entropy::Pixels;
use super::pool::Pooling;
use super::resize::Resizing;
use super::sgd_group::{SgdGroup, SgdStepped};
#[cfg(feature = "fusion")]
use super::sgd_group::{SgdGroupMetadata, stepped};
#[cfg(feature = "fusion")]
use super::{half, labels};
use crate::kernels::arithmetic::Half;
use crate::kernels::conv::shape::ConvShape;
use crate::kernels::sgd_factors::SgdStep;

/// The kernels of this room.
#[backend_extension(Cube, Fusion: cfg(feature = "fusion"))]
pub(super) trait GpuOps: Backend {
    #[fusion(dtype = input, shape = output_shape(&convolution.shape))]
    fn conv_forward(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        convolution: Convolution,
    ) -> FloatTensor<Self>;

    #[fusion(dtype = gradient, shape = input_shape(conv_shape))]
    fn conv_data_gradient(
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        conv_shape: ConvShape,
        route: Route,
    ) -> FloatTensor<Self>;

    #[fusion(dtype = gradient, shape = weight_shape(conv_shape))]
    fn conv_weight_gradient(
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        conv_shape: ConvShape,
        route: Route,
    ) -> FloatTensor<Self>;

    #[fusion(dtype = gradient, shape = gradient)]
    fn relu_gradient(output: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self>;

    #[fusion(dtype = values, shape = Shape::new([values[1]]))]
    fn channel_sums(values: FloatTensor<Self>) -> FloatTensor<Self>;

    #[fusion(dtype = one, shape = one)]
    fn add_relu(one: FloatTensor<Self>, other: FloatTensor<Self>) -> FloatTensor<Self>;

    #[fusion(dtype = values, shape = Shape::new([1]))]
    fn total(values: FloatTensor<Self>, squared: bool) -> FloatTensor<Self>;

    /// Means, 1 / standard deviations, and the moved running statistics.
    #[fusion(meta = |_input, running_mean, running_var, _norm| (
        running_mean.clone(),
        running_mean.clone(),
        running_mean.clone(),
        running_var.clone(),
    ))]
    fn norm_statistics(
        input: FloatTensor<Self>,
        running_mean: FloatTensor<Self>,
        running_var: FloatTensor<Self>,
        norm: Normalization,
    ) -> (
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
        FloatTensor<Self>,
    );

    #[fusion(dtype = input, shape = input)]
    fn norm_forward(
        input: FloatTensor<Self>,
        means: FloatTensor<Self>,
        inverses: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        norm: Normalization,
    ) -> FloatTensor<Self>;

    /// Of the input, of gamma and of beta.
    #[fusion(meta = |input, _gradient, means, _inverses, _gamma, _beta, _norm| (
        input.clone(),
        means.clone(),
        means.clone(),
    ))]
    fn norm_gradients(
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        means: FloatTensor<Self>,
        inverses: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        norm: Normalization,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);

    /// Two values to a word.
    #[fusion(dtype = DType::I32, shape = half::words(values.num_elements(), 2))]
    fn pack(values: FloatTensor<Self>, half: Half) -> IntTensor<Self>;

    #[fusion(dtype = DType::F32, shape = Shape::new(*dims))]
    fn unpack(words: IntTensor<Self>, dims: [usize; 4], half: Half) -> FloatTensor<Self>;

    #[fusion(dtype = values, shape = values)]
    fn rounded(values: FloatTensor<Self>, half: Half) -> FloatTensor<Self>;

    /// 32 values to a word.
    #[fusion(dtype = DType::I32, shape = half::words(values.num_elements(), 32))]
    fn positive(values: FloatTensor<Self>) -> IntTensor<Self>;

    #[fusion(dtype = gradient, shape = gradient)]
    fn masked_gradient(words: IntTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self>;

    #[fusion(dtype = DType::I32, shape = labels::shape(logits))]
    fn most_likely(logits: FloatTensor<Self>) -> IntTensor<Self>;

    #[fusion(dtype = truth, shape = Shape::new([classes * classes]))]
    fn confusion(
        truth: IntTensor<Self>,
        predicted: IntTensor<Self>,
        classes: usize,
    ) -> IntTensor<Self>;

    #[fusion(dtype = values, shape = values)]
    fn dropped(
        values: FloatTensor<Self>,
        seeds: FloatTensor<Self>,
        first: usize,
        keep: f32,
    ) -> FloatTensor<Self>;

    #[fusion(dtype = map, shape = resizing.output_shape())]
    fn resize(map: FloatTensor<Self>, resizing: Resizing) -> FloatTensor<Self>;

    #[fusion(dtype = gradient, shape = resizing.input_shape())]
    fn resize_gradient(gradient: FloatTensor<Self>, resizing: Resizing) -> FloatTensor<Self>;

    #[fusion(dtype = input, shape = pooling.output_shape())]
    fn pool_forward(input: FloatTensor<Self>, pooling: Pooling) -> FloatTensor<Self>;

    #[fusion(dtype = gradient, shape = input)]
    fn pool_gradient(
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        pooling: Pooling,
    ) -> FloatTensor<Self>;

    #[fusion(dtype = logits, shape = Shape::new([1]))]
    fn loss_sum(
        logits: FloatTensor<Self>,
        labels: IntTensor<Self>,
        pixels: Pixels,
    ) -> FloatTensor<Self>;

    #[fusion(dtype = logits, shape = logits)]
    fn loss_gradient(
        logits: FloatTensor<Self>,
        labels: IntTensor<Self>,
        scale: FloatTensor<Self>,
        pixels: Pixels,
    ) -> FloatTensor<Self>;

    #[fusion(dtype = logits, shape = logits)]
    fn log_softmax(logits: FloatTensor<Self>, pixels: Pixels) -> FloatTensor<Self>;

    #[fusion(dtype = gradient, shape = gradient)]
    fn log_softmax_gradient(
        output: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        pixels: Pixels,
    ) -> FloatTensor<Self>;

    #[fusion(dtype = sums, shape = Shape::new(*dims))]
    fn spread(sums: FloatTensor<Self>, dims: [usize; 4]) -> FloatTensor<Self>;

    #[fusion(meta = |weight, _velocity, _gradient, _step| (weight.clone(), weight.clone()))]
    fn sgd_step(
        weight: FloatTensor<Self>,
        velocity: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        step: SgdStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);

    /// The first step, at which the velocity is 0.
    #[fusion(meta = |weight, _gradient, _step| (weight.clone(), weight.clone()))]
    fn sgd_first_step(
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        step: SgdStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);

    /// As [`sgd_step`](Self::sgd_step), of several weights at once.
    #[fusion(meta = |group: &SgdGroupMetadata, _steps| stepped(group))]
    fn sgd_steps(#[extension_type] group: SgdGroup<Self>, steps: Vec<SgdStep>) -> SgdStepped<Self>;
}
