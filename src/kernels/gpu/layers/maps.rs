//! What is done to maps between convolutions.

use burn::backend::Cube;
use burn::tensor::Tensor;

use super::super::ops::GpuOps;
use super::super::resize::Resizing;
use super::{KeptRelu, MOST_VALUES, Values};
use crate::kernels::autodiff::{BackwardPass, Operand, apply};
use crate::kernels::resized_part::ResizedPart;

/// Whether the values can be counted in 32 bits, and there are any.
pub(super) fn is_countable(map: &Tensor<4>) -> bool {
    (1..MOST_VALUES).contains(&map.dims().iter().product())
}

/// The sum of two maps, through a ReLU.
pub(crate) fn add_relu(one: &Tensor<4>, other: &Tensor<4>) -> Option<Tensor<4>> {
    if one.dims() != other.dims() || !is_countable(one) {
        return None;
    }
    let operands = [
        Operand::<Cube>::new(one.clone())?,
        Operand::new(other.clone())?,
    ];
    apply(operands, |[one, other], _| {
        let output = Cube::add_relu(one, other);
        let pass = SumPass {
            output: KeptRelu::of(output.clone()),
        };
        (output, pass)
    })
}

/// The gradient of both is the same.
#[derive(Debug, Clone)]
struct SumPass {
    output: KeptRelu,
}

impl BackwardPass<2, Cube> for SumPass {
    fn backward(self, gradient: Values, wanted: [bool; 2]) -> [Option<Values>; 2] {
        let gradient = self.output.gradient(gradient);
        wanted.map(|wanted| wanted.then(|| gradient.clone()))
    }
}

/// Bilinear interpolation of a map, or of a part of one, without aligned corners.
pub(crate) fn resize(map: &Tensor<4>, part: ResizedPart) -> Option<Tensor<4>> {
    let [batch, channels, height, width] = map.dims();
    let pixels = batch * channels * part.size[0] * part.size[1];
    if !is_countable(map) || !(1..MOST_VALUES).contains(&pixels) {
        return None;
    }
    let resizing = Resizing {
        shape: [batch, channels],
        from: [height, width],
        part,
    };
    apply([Operand::<Cube>::new(map.clone())?], |[map], _| {
        (Cube::resize(map, resizing), ResizingPass { resizing })
    })
}

#[derive(Debug, Clone)]
struct ResizingPass {
    resizing: Resizing,
}

impl BackwardPass<1, Cube> for ResizingPass {
    fn backward(self, gradient: Values, [wanted]: [bool; 1]) -> [Option<Values>; 1] {
        [wanted.then(|| Cube::resize_gradient(gradient, self.resizing))]
    }
}

/// A number whose gradient with respect to `end` is `gradient`, which is without a graph.
///
/// # Shapes
/// - end, gradient: the same
/// - output: `[1]`
pub(crate) fn pass_back(end: &Tensor<4>, gradient: &Tensor<4>) -> Option<Tensor<1>> {
    let gradient = Operand::<Cube>::new(gradient.clone())?.into_values();
    let number = Tensor::<1>::zeros([1], &end.device().inner());
    let number = Operand::<Cube>::new(number)?.into_values();
    apply([Operand::<Cube>::new(end.clone())?], |[_], _| {
        (number, PassedBack { gradient })
    })
}

#[derive(Debug, Clone)]
struct PassedBack {
    gradient: Values,
}

impl BackwardPass<1, Cube> for PassedBack {
    /// The gradient of the number is 1.
    fn backward(self, _one: Values, [wanted]: [bool; 1]) -> [Option<Values>; 1] {
        [wanted.then_some(self.gradient)]
    }
}
