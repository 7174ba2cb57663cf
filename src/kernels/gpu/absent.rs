//! In the place of `layers` where no way to a GPU is built in: computes nothing.

use std::sync::Arc;

use burn::nn::conv::{Conv2d, ConvTranspose2d};
use burn::nn::pool::MaxPool2d;
use burn::nn::{BatchNorm, Dropout};
use burn::tensor::{Int, Tensor};

use crate::kernels::arithmetic::Half;
use crate::kernels::resized_part::ResizedPart;
use crate::kernels::sgd_factors::SgdStep;

pub fn conv2d(_layer: &Conv2d, _input: &Tensor<4>, _relu: bool) -> Option<Tensor<4>> {
    None
}

pub fn is_here(_tensor: &Tensor<4>) -> bool {
    false
}

pub fn log_softmax(_logits: &Tensor<4>) -> Option<Tensor<4>> {
    None
}

pub fn sum(_map: &Tensor<4>) -> Option<Tensor<1>> {
    None
}

pub fn channel_sums(_map: &Tensor<4>) -> Option<Tensor<1>> {
    None
}

pub fn has_matrix_units(_tensor: &Tensor<4>, _half: Option<Half>) -> bool {
    false
}

pub fn conv_routes(_layer: &Conv2d, _input: &Tensor<4>) -> Option<[String; 3]> {
    None
}

pub fn transposed_routes(_layer: &ConvTranspose2d, _input: &Tensor<4>) -> Option<[String; 3]> {
    None
}

pub fn conv_transpose2d(_layer: &ConvTranspose2d, _input: &Tensor<4>) -> Option<Tensor<4>> {
    None
}

pub fn max_pool2d(_layer: &MaxPool2d, _input: &Tensor<4>) -> Option<Tensor<4>> {
    None
}

pub fn batch_norm(_layer: &BatchNorm, _input: &Tensor<4>, _relu: bool) -> Option<Tensor<4>> {
    None
}

pub fn dropout(_layer: &Dropout, _input: &Tensor<4>) -> Option<Tensor<4>> {
    None
}

/// Nothing is drawn.
pub struct SharedDraws;

impl SharedDraws {
    pub fn enter() -> Self {
        Self
    }
}

pub fn add_relu(_one: &Tensor<4>, _other: &Tensor<4>) -> Option<Tensor<4>> {
    None
}

pub fn resize(_map: &Tensor<4>, _part: ResizedPart) -> Option<Tensor<4>> {
    None
}

pub fn most_likely(_logits: &Tensor<4>) -> Option<Tensor<4, Int>> {
    None
}

pub fn confusion(
    _truth: &Tensor<1, Int>,
    _predicted: &Tensor<1, Int>,
    _classes: usize,
) -> Option<Tensor<1, Int>> {
    None
}

pub fn pass_back(_end: &Tensor<4>, _gradient: &Tensor<4>) -> Option<Tensor<1>> {
    None
}

pub fn sum_on_device<const D: usize>(_values: &Tensor<D>) -> Option<Tensor<1>> {
    None
}

pub fn squares_on_device<const D: usize>(_values: &Tensor<D>) -> Option<Tensor<1>> {
    None
}

pub fn cross_entropy_sum(_logits: &Tensor<4>, _labels: &[u8]) -> Option<Tensor<1>> {
    None
}

/// Nothing to watch.
pub struct LaunchWatch;

pub fn watch_launches(_launched: Arc<dyn Fn(&'static str) + Send + Sync>) -> LaunchWatch {
    LaunchWatch
}

/// There is none.
pub enum SgdOperands {}

impl SgdOperands {
    pub fn of<const D: usize>(
        _weight: &Tensor<D>,
        _velocity: Option<&Tensor<D>>,
        _gradient: &Tensor<D>,
    ) -> Option<Self> {
        None
    }

    pub fn can_be_grouped(&self) -> bool {
        match *self {}
    }

    pub fn step<const D: usize>(self, _step: SgdStep) -> (Tensor<D>, Tensor<D>) {
        match self {}
    }
}

/// There is none.
pub enum SgdOutcome {}

impl SgdOutcome {
    pub fn into_tensors<const D: usize>(self) -> (Tensor<D>, Tensor<D>) {
        match self {}
    }
}

pub fn sgd_steps(_gathered: Vec<(SgdOperands, SgdStep)>) -> Vec<SgdOutcome> {
    Vec::new()
}
