//! Batch normalization of a training step.

use burn::backend::Cube;
use burn::module::RunningState;
use burn::nn::BatchNorm;
use burn::tensor::Tensor;

use super::super::batch_norm::Normalization;
use super::super::ops::GpuOps;
use super::{Kept, MOST_VALUES, Values};
use crate::kernels::autodiff::{BackwardPass, KernelBackend as _, Operand, apply};
use crate::kernels::ops::batch_norm::unbiased_factor;

/// Normalization with the statistics of the batch, which move the running ones, with a ReLU behind
/// it where `relu` is set; `None` where only Burn's layer computes this, outside of training among
/// others.
pub(crate) fn batch_norm(layer: &BatchNorm, input: &Tensor<4>, relu: bool) -> Option<Tensor<4>> {
    let [batch, channels, height, width] = input.dims();
    let device = input.device();
    let count = batch * height * width;
    let ours = device.is_autodiff()
        && layer.training.is_enabled()
        && (1..MOST_VALUES).contains(&(channels * count))
        && layer.gamma.dims() == [channels];
    if !ours {
        return None;
    }
    let norm = Normalization {
        channels,
        count,
        area: height * width,
        epsilon: layer.epsilon as f32,
        momentum: layer.momentum as f32,
        unbiased: unbiased_factor(count) as f32,
        relu,
    };
    let operands = [
        Operand::<Cube>::new(input.clone())?,
        Operand::new(layer.gamma.val())?,
        Operand::new(layer.beta.val())?,
    ];
    let running = |state: &RunningState<Tensor<1>>| {
        let value = state.value_sync().to_device(&device);
        Operand::<Cube>::new(value).map(Operand::into_values)
    };
    let (running_mean, running_var) = (running(&layer.running_mean)?, running(&layer.running_var)?);
    apply(operands, |[input, gamma, beta], _| {
        let (input, kept) = Kept::of(input);
        let (means, inverses, moved_mean, moved_var) =
            Cube::norm_statistics(input.clone(), running_mean, running_var, norm);
        let update = |state: &RunningState<Tensor<1>>, moved: Values| {
            state.update(Tensor::from_inner(Cube::wrap(moved)));
        };
        update(&layer.running_mean, moved_mean);
        update(&layer.running_var, moved_var);
        let output = Cube::norm_forward(
            input,
            means.clone(),
            inverses.clone(),
            gamma.clone(),
            beta.clone(),
            norm,
        );
        let pass = NormalizationPass {
            norm,
            input: kept,
            means,
            inverses,
            gamma,
            beta,
        };
        (output, pass)
    })
}

/// Gradients of the input, gamma and beta.
#[derive(Debug, Clone)]
struct NormalizationPass {
    norm: Normalization,
    input: Kept,
    means: Values,
    inverses: Values,
    gamma: Values,
    beta: Values,
}

impl BackwardPass<3, Cube> for NormalizationPass {
    fn backward(self, gradient: Values, wanted: [bool; 3]) -> [Option<Values>; 3] {
        let (of_input, of_gamma, of_beta) = Cube::norm_gradients(
            self.input.values(),
            gradient,
            self.means,
            self.inverses,
            self.gamma,
            self.beta,
            self.norm,
        );
        [
            wanted[0].then_some(of_input),
            wanted[1].then_some(of_gamma),
            wanted[2].then_some(of_beta),
        ]
    }
}
