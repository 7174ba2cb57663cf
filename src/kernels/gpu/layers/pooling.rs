//! Max pooling.

use burn::backend::Cube;
use burn::nn::PaddingConfig2d;
use burn::nn::pool::MaxPool2d;
use burn::tensor::Tensor;

use super::super::ops::GpuOps;
use super::super::pool::Pooling;
use super::{Kept, MOST_VALUES, Values};
use crate::kernels::autodiff::{BackwardPass, Operand, apply};

/// Max pooling.
pub(crate) fn max_pool2d(layer: &MaxPool2d, input: &Tensor<4>) -> Option<Tensor<4>> {
    let pooling = pooling(layer, input)?;
    apply([Operand::<Cube>::new(input.clone())?], |[input], _| {
        let (input, kept) = Kept::of(input);
        let output = Cube::pool_forward(input, pooling);
        (output, PoolingPass { pooling, kept })
    })
}

/// `None` for what only Burn computes, or refuses.
fn pooling(layer: &MaxPool2d, input: &Tensor<4>) -> Option<Pooling> {
    let padding = match layer.padding {
        PaddingConfig2d::Valid => [0, 0],
        PaddingConfig2d::Explicit(top, left, bottom, right) if top == bottom && left == right => {
            [top, left]
        }
        _ => return None,
    };
    let [batch, channels, height, width] = input.dims();
    let output = |axis: usize, size: usize| {
        let (kernel, stride) = (layer.kernel_size[axis], layer.stride[axis]);
        let rest = if layer.ceil_mode { stride - 1 } else { 0 };
        let number = (size + 2 * padding[axis] + rest).checked_sub(kernel)? / stride + 1;
        // A last window that would begin behind the image is none (PyTorch).
        let is_outside = layer.ceil_mode && (number - 1) * stride >= size + padding[axis];
        Some(number - usize::from(is_outside))
    };
    let pooling = Pooling {
        shape: [batch, channels],
        size: [height, width],
        output: [output(0, height)?, output(1, width)?],
        kernel: layer.kernel_size,
        stride: layer.stride,
        padding,
    };
    let fits = (0..2).all(|axis| 2 * padding[axis] <= layer.kernel_size[axis]);
    let values = batch * channels * height * width;
    let ours = fits && layer.dilation == [1, 1] && (1..MOST_VALUES).contains(&values);
    ours.then_some(pooling)
}

#[derive(Debug, Clone)]
struct PoolingPass {
    pooling: Pooling,
    kept: Kept,
}

impl BackwardPass<1, Cube> for PoolingPass {
    fn backward(self, gradient: Values, [wanted]: [bool; 1]) -> [Option<Values>; 1] {
        [wanted.then(|| Cube::pool_gradient(self.kept.values(), gradient, self.pooling))]
    }
}
