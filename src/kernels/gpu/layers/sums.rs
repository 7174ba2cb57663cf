//! What losses are made of: logarithms of softmax, and sums with a graph.

use burn::backend::Cube;
use burn::tensor::Tensor;

use super::super::cross_entropy::Pixels;
use super::super::ops::GpuOps;
use super::{MOST_VALUES, Values};
use crate::kernels::autodiff::{BackwardPass, Operand, apply};

fn operand(map: &Tensor<4>) -> Option<Operand<Cube>> {
    let is_countable = (1..MOST_VALUES).contains(&map.dims().iter().product());
    is_countable
        .then(|| Operand::<Cube>::new(map.clone()))
        .flatten()
}

/// The logarithm of softmax over the second dimension.
///
/// # Shapes
/// - logits, output: `[batch_size, classes, height, width]`
pub(crate) fn log_softmax(logits: &Tensor<4>) -> Option<Tensor<4>> {
    let [batch, classes, height, width] = logits.dims();
    let pixels = Pixels {
        batch,
        classes,
        area: height * width,
    };
    apply([operand(logits)?], |[logits], _| {
        let output = Cube::log_softmax(logits, pixels);
        let pass = LogSoftmaxPass {
            output: output.clone(),
            pixels,
        };
        (output, pass)
    })
}

#[derive(Debug, Clone)]
struct LogSoftmaxPass {
    output: Values,
    pixels: Pixels,
}

impl BackwardPass<1, Cube> for LogSoftmaxPass {
    fn backward(self, gradient: Values, [wanted]: [bool; 1]) -> [Option<Values>; 1] {
        [wanted.then(|| Cube::log_softmax_gradient(self.output, gradient, self.pixels))]
    }
}

/// The sum of all values.
///
/// # Shapes
/// - output: `[1]`
pub(crate) fn sum(map: &Tensor<4>) -> Option<Tensor<1>> {
    let dims = map.dims();
    apply([operand(map)?], |[map], _| {
        (Cube::total(map, false), SpreadPass { dims })
    })
}

/// The sums of each channel.
///
/// # Shapes
/// - map: `[batch_size, channels, height, width]`
/// - output: `[channels]`
pub(crate) fn channel_sums(map: &Tensor<4>) -> Option<Tensor<1>> {
    let dims = map.dims();
    apply([operand(map)?], |[map], _| {
        (Cube::channel_sums(map), SpreadPass { dims })
    })
}

/// Each value has the gradient of the sum that it is in.
#[derive(Debug, Clone)]
struct SpreadPass {
    dims: [usize; 4],
}

impl BackwardPass<1, Cube> for SpreadPass {
    fn backward(self, gradient: Values, [wanted]: [bool; 1]) -> [Option<Values>; 1] {
        [wanted.then(|| Cube::spread(gradient, self.dims))]
    }
}
