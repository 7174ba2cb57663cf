//! Steps in 16 bits: the GPU's results are those of the processor in `f32` on values that were
//! rounded to 16 bits before.

use burn::module::{Module as _, Param};
use burn::nn::BatchNormConfig;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::MaxPool2dConfig;
use burn::tensor::{Device, Tensor, TensorData, bf16, f16};
use fcn_workbench::kernels::{self, Half};

use super::{Both, Values, assert_near, of, values};

fn round(half: Half, value: f32) -> f32 {
    match half {
        Half::Bf16 => bf16::from_f32(value).to_f32(),
        Half::F16 => f16::from_f32(value).to_f32(),
    }
}

/// The same tensor in 16 bits and back.
pub(super) fn rounded<const D: usize>(half: Half, tensor: &Tensor<D>) -> Tensor<D> {
    let shape = tensor.dims();
    let values = values(tensor.clone());
    let values: Values = values.iter().map(|value| round(half, *value)).collect();
    Tensor::from_data(TensorData::new(values, shape), &tensor.device())
}

/// Every value of 16 bits, what lies half-way to the next one and beside it, and others.
fn edge_cases() -> Values {
    let mut found = Vec::new();
    for bits in 0..=u16::MAX {
        for value in [
            f16::from_bits(bits).to_f32(),
            bf16::from_bits(bits).to_f32(),
        ] {
            found.push(value);
            let bits = value.to_bits();
            for apart in [1, 0x0fff, 0x1000, 0x1001, 0x7fff, 0x8000, 0x8001] {
                found.push(f32::from_bits(bits.wrapping_add(apart)));
            }
        }
    }
    // A device may take numbers for 0 that `f32` has no exponent for.
    found.retain(|value| *value == 0.0 || value.is_nan() || value.abs() >= f32::MIN_POSITIVE);
    found
}

impl Both {
    /// A pooling of single pixels gives back what it keeps.
    pub(super) fn check_half_rounding(&self) {
        let layer = MaxPool2dConfig::new([1, 1]).with_strides([1, 1]).init();
        let cases = edge_cases();
        for half in [Half::Bf16, Half::F16] {
            let expected: Values = cases.iter().map(|value| round(half, *value)).collect();
            let shape = [1, 1, 1, cases.len()];
            let data = TensorData::new(cases.clone(), shape);
            let images = Tensor::<4>::from_data(data, &self.gpu);
            let _half = half.enter();
            let found = values(kernels::max_pool2d(&layer, images));
            for ((found, expected), case) in found.iter().zip(&expected).zip(&cases) {
                let same = found.to_bits() == expected.to_bits()
                    || (found.is_nan() && expected.is_nan())
                    // As above.
                    || (*found == 0.0 && expected.abs() < f32::MIN_POSITIVE);
                assert!(same, "{half:?} of {case:e}: {found:e}, not {expected:e}");
            }
        }
    }

    /// Operations that multiply: rounded on the way in, exact from there on.
    pub(super) fn check_half_layers(&self) {
        let images = self.random([2, 5, 13, 12]);
        let weight = self.random([7, 5, 3, 3]);
        let bias = self.random([7]);
        let layer: Conv2d = Conv2dConfig::new([5, 7], [3, 3])
            .with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1))
            .init(&self.cpu);
        let pool = MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init();
        let direction = self.random([2, 7, 13, 12]);
        for half in [Half::Bf16, Half::F16] {
            let compute = |device: &Device, images: &Tensor<4>, weight: &Tensor<4>| {
                let on = |tensor: &Tensor<4>| Tensor::<4>::from_data(tensor.to_data(), device);
                let images = on(images).require_grad();
                let layer = Conv2d {
                    weight: Param::from_tensor(on(weight)),
                    bias: Some(Param::from_tensor(Tensor::from_data(
                        bias.to_data(),
                        device,
                    ))),
                    ..layer.clone()
                };
                let outputs = kernels::conv2d(&layer, images.clone(), true);
                let norm = BatchNormConfig::new(5).init(device);
                let normed = kernels::batch_norm(&norm, images.clone(), false);
                let pooled = kernels::max_pool2d(&pool, images.clone());
                let sum = kernels::add_relu(normed.clone(), images.clone());
                let gradients = (outputs.clone() * on(&direction)).sum()
                    + (normed.clone() * normed.clone() * images.clone()).sum()
                    + (pooled.clone() * pooled.clone()).sum()
                    + sum.clone().sum();
                let gradients = gradients.backward();
                vec![
                    values(outputs.inner()),
                    values(normed.inner()),
                    values(pooled.inner()),
                    of(&images, &gradients),
                    of(&layer.weight.val(), &gradients),
                    values(norm.valid().running_mean.value()),
                ]
            };
            let [cpu, gpu] = self.devices();
            // The processor's are rounded before: what is exact in 16 bits stays as it is.
            let images = rounded(half, &images);
            let expected = compute(&cpu, &images, &rounded(half, &weight));
            let exact = compute(&gpu, &images, &weight);
            let entered = half.enter();
            let found = compute(&gpu, &images, &weight);
            drop(entered);
            for (nth, (found, expected)) in found.iter().zip(&expected).enumerate() {
                assert_near(found, expected, &format!("result {nth} in {half:?}"));
            }
            assert_ne!(found[0], exact[0], "weights are rounded");
            // And images are.
            let noise = self.random(images.dims()).mul_scalar(1e-5) + images.clone();
            let entered = half.enter();
            let found = compute(&gpu, &noise, &weight);
            drop(entered);
            let expected = compute(&cpu, &rounded(half, &noise), &rounded(half, &weight));
            for nth in [0, 2, 4] {
                assert_near(&found[nth], &expected[nth], "rounded images");
            }
        }
    }
}
