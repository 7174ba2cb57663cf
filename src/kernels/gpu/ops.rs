//! The kernels as operations of Burn's GPU backend: with the feature `fusion` they wait in the queue
//! in which Burn joins its own operations, without it they are launched at once.

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Backend, backend_extension};
#[cfg(feature = "fusion")]
use burn::tensor::Shape;
use burn_cubecl::CubeBackend;

use super::conv::{self, Convolution};
use super::cross_entropy::{self, Pixels};
use super::pool::{self, Pooling};
use super::{reduce, sgd};
use crate::kernels::conv::shape::ConvShape;
use crate::kernels::ops::sgd_step::SgdStep;

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
    ) -> FloatTensor<Self>;

    #[fusion(dtype = gradient, shape = weight_shape(conv_shape))]
    fn conv_weight_gradient(
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        conv_shape: ConvShape,
    ) -> FloatTensor<Self>;

    #[fusion(dtype = gradient, shape = gradient)]
    fn relu_gradient(output: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self>;

    #[fusion(dtype = values, shape = Shape::new([values[1]]))]
    fn channel_sums(values: FloatTensor<Self>) -> FloatTensor<Self>;

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
}

#[cfg(feature = "fusion")]
fn output_shape(shape: &ConvShape) -> Shape {
    let [height, width] = shape.output();
    Shape::new([shape.batch, shape.out_channels, height, width])
}

#[cfg(feature = "fusion")]
fn input_shape(shape: &ConvShape) -> Shape {
    let [height, width] = shape.size;
    Shape::new([shape.batch, shape.in_channels, height, width])
}

#[cfg(feature = "fusion")]
fn weight_shape(shape: &ConvShape) -> Shape {
    let [height, width] = shape.kernel;
    Shape::new([shape.out_channels, shape.in_channels, height, width])
}

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
    ) -> FloatTensor<Self> {
        conv::data_gradient(weight, gradient, conv_shape)
    }

    fn conv_weight_gradient(
        input: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        conv_shape: ConvShape,
    ) -> FloatTensor<Self> {
        conv::weight_gradient(input, gradient, conv_shape)
    }

    fn relu_gradient(output: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self> {
        reduce::relu_gradient(output, gradient)
    }

    fn channel_sums(values: FloatTensor<Self>) -> FloatTensor<Self> {
        reduce::channel_sums(values)
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
}
