//! Running statistics as PyTorch's.

use burn::nn::BatchNorm;
use burn::tensor::Tensor;

/// What the variance of a population of `count` values is multiplied by to estimate that of where
/// they came from: PyTorch normalizes a batch with the one and moves the running variance with
/// the other (`torch.nn.BatchNorm2d`); Burn's layer takes the population's for both. A single
/// value says nothing of a variance; PyTorch refuses it.
pub(crate) fn unbiased_factor(count: usize) -> f64 {
    let count = count as f64;
    if count > 1.0 {
        count / (count - 1.0)
    } else {
        1.0
    }
}

/// Variances of populations of `count` values as estimates.
pub(super) fn unbiased(variances: &[f32], count: usize) -> Vec<f32> {
    let factor = unbiased_factor(count);
    let scale = |variance: &f32| (f64::from(*variance) * factor) as f32;
    variances.iter().map(scale).collect()
}

/// Burn's layer, with PyTorch's running variance.
///
/// # Shapes
/// - input, output: `[batch_size, channels, height, width]`
pub(crate) fn burn_batch_norm(layer: &BatchNorm, input: Tensor<4>) -> Tensor<4> {
    let device = input.device();
    if !(device.is_autodiff() && layer.training.is_enabled()) {
        return layer.forward(input);
    }
    let [batch, _, height, width] = input.dims();
    let before = layer.running_var.value_sync().to_device(&device);
    let output = layer.forward(input);
    let after = layer.running_var.value_sync().to_device(&device);
    // after = (1 - momentum) * before + momentum * variance; the second term is to be scaled.
    let kept = before.mul_scalar(1.0 - layer.momentum);
    let factor = unbiased_factor(batch * height * width);
    let corrected = kept.clone() + (after - kept).mul_scalar(factor);
    layer.running_var.update(corrected.detach());
    output
}
