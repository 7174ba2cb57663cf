//! The operations on Burn's GPU backend: each is one of the kernels of this room.

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn_cubecl::CubeBackend;

use super::super::batch_norm::{self, Factors, Normalization};
use super::super::conv::{self, Convolution, Route};
use super::super::cross_entropy::{self, Pixels};
use super::super::pool::{self, Pooling};
use super::super::resize::{self, Resizing};
use super::super::sgd_group::{self, SgdGroup, SgdStepped};
use super::super::{dropout, half, labels, reduce, sgd, softmax};
use super::GpuOps;
use crate::kernels::arithmetic::Half;
use crate::kernels::conv::shape::ConvShape;
use crate::kernels::sgd_factors::SgdStep;

impl GpuOps for CubeBackend {
    fn conv_forward(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        convolution: Convolution,
    ) -> FloatTensor<Self> {
        conv::forward(input, weight, bias, convolution)
    }

    fn conv_data_gradient(
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        conv_shape: ConvShape,
        route: Route,
    ) -> FloatTensor<Self> {
        conv::data_gradient(weight, gradient, conv_shape, route)
    }

    fn conv_weight_gradient(
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        conv_shape: ConvShape,
        route: Route,
    ) -> FloatTensor<Self> {
        conv::weight_gradient(input, gradient, conv_shape, route)
    }

    fn relu_gradient(output: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self> {
        reduce::relu_gradient(output, gradient)
    }

    fn channel_sums(values: FloatTensor<Self>) -> FloatTensor<Self> {
        reduce::channel_sums(values)
    }

    fn add_relu(one: FloatTensor<Self>, other: FloatTensor<Self>) -> FloatTensor<Self> {
        reduce::add_relu(one, other)
    }

    fn total(values: FloatTensor<Self>, squared: bool) -> FloatTensor<Self> {
        reduce::total(values, squared)
    }

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
    ) {
        batch_norm::statistics(input, running_mean, running_var, norm)
    }

    fn norm_forward(
        input: FloatTensor<Self>,
        means: FloatTensor<Self>,
        inverses: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        norm: Normalization,
    ) -> FloatTensor<Self> {
        let factors = Factors {
            means,
            inverses,
            gamma,
            beta,
        };
        batch_norm::forward(input, factors, norm)
    }

    fn norm_gradients(
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        means: FloatTensor<Self>,
        inverses: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        norm: Normalization,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let factors = Factors {
            means,
            inverses,
            gamma,
            beta,
        };
        batch_norm::gradients(input, gradient, factors, norm)
    }

    fn pack(values: FloatTensor<Self>, half: Half) -> IntTensor<Self> {
        half::pack(values, half)
    }

    fn unpack(words: IntTensor<Self>, dims: [usize; 4], half: Half) -> FloatTensor<Self> {
        half::unpack(words, dims, half)
    }

    fn rounded(values: FloatTensor<Self>, half: Half) -> FloatTensor<Self> {
        half::rounded(values, half)
    }

    fn positive(values: FloatTensor<Self>) -> IntTensor<Self> {
        half::positive(values)
    }

    fn masked_gradient(words: IntTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self> {
        half::relu_gradient(words, gradient)
    }

    fn most_likely(logits: FloatTensor<Self>) -> IntTensor<Self> {
        labels::most_likely(logits)
    }

    fn confusion(
        truth: IntTensor<Self>,
        predicted: IntTensor<Self>,
        classes: usize,
    ) -> IntTensor<Self> {
        labels::confusion(truth, predicted, classes)
    }

    fn dropped(
        values: FloatTensor<Self>,
        seeds: FloatTensor<Self>,
        first: usize,
        keep: f32,
    ) -> FloatTensor<Self> {
        dropout::dropped(values, seeds, first, keep)
    }

    fn resize(map: FloatTensor<Self>, resizing: Resizing) -> FloatTensor<Self> {
        resize::forward(map, resizing)
    }

    fn resize_gradient(gradient: FloatTensor<Self>, resizing: Resizing) -> FloatTensor<Self> {
        resize::gradient(gradient, resizing)
    }

    fn pool_forward(input: FloatTensor<Self>, pooling: Pooling) -> FloatTensor<Self> {
        pool::forward(input, pooling)
    }

    fn pool_gradient(
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        pooling: Pooling,
    ) -> FloatTensor<Self> {
        pool::gradient(input, gradient, pooling)
    }

    fn loss_sum(
        logits: FloatTensor<Self>,
        labels: IntTensor<Self>,
        pixels: Pixels,
    ) -> FloatTensor<Self> {
        cross_entropy::sum(logits, labels, pixels)
    }

    fn loss_gradient(
        logits: FloatTensor<Self>,
        labels: IntTensor<Self>,
        scale: FloatTensor<Self>,
        pixels: Pixels,
    ) -> FloatTensor<Self> {
        cross_entropy::gradient(logits, labels, scale, pixels)
    }

    fn log_softmax(logits: FloatTensor<Self>, pixels: Pixels) -> FloatTensor<Self> {
        softmax::log_softmax(logits, pixels)
    }

    fn log_softmax_gradient(
        output: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        pixels: Pixels,
    ) -> FloatTensor<Self> {
        softmax::log_softmax_gradient(output, gradient, pixels)
    }

    fn spread(sums: FloatTensor<Self>, dims: [usize; 4]) -> FloatTensor<Self> {
        softmax::spread(sums, dims)
    }

    fn sgd_step(
        weight: FloatTensor<Self>,
        velocity: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        step: SgdStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        sgd::step(weight, velocity, gradient, step)
    }

    fn sgd_first_step(
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        step: SgdStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        sgd::first_step(weight, gradient, step)
    }

    fn sgd_steps(group: SgdGroup<Self>, steps: Vec<SgdStep>) -> SgdStepped<Self> {
        sgd_group::steps(group, &steps)
    }
}
