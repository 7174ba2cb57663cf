//! Convolutions in the dtype of their input. A network that is fed with `bf16` or `f16`
//! keeps its maps in that dtype; weights stay `f32` and are rounded on their way into a
//! convolution, so that gradients come back as `f32`.

use burn::nn::PaddingConfig2d;
use burn::nn::conv::Conv2d;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{FloatDType, Tensor, activation::relu};

use crate::kernels;

/// A convolution, through a ReLU or not, in the dtype of its input.
///
/// # Shapes
/// - input: `[batch_size, in_channels, height, width]`
/// - output: `[batch_size, out_channels, height_out, width_out]`
pub(super) fn convolve(layer: &Conv2d, input: Tensor<4>, with_relu: bool) -> Tensor<4> {
    let dtype = FloatDType::from(input.dtype());
    let padding = match layer.padding {
        PaddingConfig2d::Valid => Some([(0, 0), (0, 0)]),
        PaddingConfig2d::Explicit(top, left, bottom, right) => Some([(top, bottom), (left, right)]),
        // No layer here has it.
        PaddingConfig2d::Same => None,
    };
    let Some(padding) = padding.filter(|_| dtype != FloatDType::F32) else {
        return kernels::conv2d(layer, full(input), with_relu).cast(dtype);
    };
    let options =
        ConvOptions::new_with_padding(layer.stride, padding, layer.dilation, layer.groups);
    let bias = layer.bias.as_ref().map(|bias| bias.val().cast(dtype));
    let output = conv2d(input, layer.weight.val().cast(dtype), bias, options);
    if with_relu { relu(output) } else { output }
}

/// The same map in `f32`.
///
/// # Shapes
/// - map, output: `[batch_size, channels, height, width]`
pub(super) fn full(map: Tensor<4>) -> Tensor<4> {
    map.cast(FloatDType::F32)
}

/// `compute` on the map in `f32`; its result in the dtype of the map.
pub(super) fn in_full(map: Tensor<4>, compute: impl FnOnce(Tensor<4>) -> Tensor<4>) -> Tensor<4> {
    let dtype = FloatDType::from(map.dtype());
    compute(full(map)).cast(dtype)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::nn::conv::Conv2dConfig;
    use burn::tensor::{DType, Device, Distribution};

    #[test]
    fn rounded_convolutions_follow_the_exact_one_and_weights_get_gradients_in_full() {
        let device = Device::flex().autodiff();
        let layer = Conv2dConfig::new([3, 4], [3, 3])
            .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
            .with_stride([2, 1])
            .init(&device);
        let input = Tensor::<4>::random([2, 3, 9, 7], Distribution::Uniform(-1.0, 1.0), &device);
        let of = |dtype: FloatDType| {
            let output = convolve(&layer, input.clone().cast(dtype), true);
            assert_eq!(output.dtype(), dtype.into());
            let gradients = full(output.clone()).powi_scalar(2).sum().backward();
            let gradient = layer.weight.val().grad(&gradients).expect("a gradient");
            assert_eq!(gradient.dtype(), DType::F32);
            let values = |tensor: Tensor<4>| {
                full(tensor)
                    .into_data()
                    .try_to_vec::<f32>()
                    .expect("floats")
            };
            [values(output.inner()), values(gradient)]
        };
        let exact = of(FloatDType::F32);
        for (dtype, epsilon) in [(FloatDType::BF16, 2e-2), (FloatDType::F16, 3e-3)] {
            for (found, exact) in of(dtype).iter().zip(&exact) {
                let most = exact
                    .iter()
                    .fold(0.0f32, |most, value| most.max(value.abs()));
                let apart = found
                    .iter()
                    .zip(exact)
                    .map(|(a, b)| (a - b).abs())
                    .fold(0.0, f32::max);
                // Rounded, so not the same; but near.
                assert!(
                    apart > 0.0 && apart < epsilon * most,
                    "{dtype:?}: {apart} of {most}"
                );
            }
        }
    }
}
