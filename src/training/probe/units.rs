//! The test of a device's matrix units: all passes of convolutions, against the processor's.

use burn::module::Param;
use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::{Device, Tensor};

use super::comparison::{Part, compare};
use super::trial::{noise, push};
use crate::kernels::{self, Arithmetic, Half, MatrixUnits};
use crate::training::TrainError;
use crate::training::device::{self, DeviceId};

/// What can be multiplied in the matrix units of a device without autodiff.
pub(super) fn arithmetics(device: &Device) -> Vec<Arithmetic> {
    let kinds = [None, Some(Half::Bf16), Some(Half::F16)];
    kinds
        .into_iter()
        .filter(|half| kernels::has_matrix_units(&Tensor::zeros([1; 4], device), *half))
        .map(|half| Arithmetic {
            half,
            units: Some(MatrixUnits::Device),
        })
        .collect()
}

/// # Errors
/// When the device stops, or its units compute something else than the processor.
pub(super) fn test(id: DeviceId) -> Result<(), TrainError> {
    let device = device::open(id)?;
    let expected = convolutions(&Device::flex(), Arithmetic::EXACT)?;
    for arithmetic in arithmetics(&device) {
        let found = convolutions(&device, arithmetic)?;
        compare(&expected, &found).map_err(|fault| TrainError::Device {
            device: id.to_string(),
            reason: format!("matrix units: {fault}"),
        })?;
    }
    Ok(())
}

/// Batch size, channels in and out, height, width, kernel, stride: every tile, and whole and cut sums.
const LAYERS: [[usize; 7]; 5] = [
    [2, 70, 130, 19, 23, 3, 1],
    [1, 128, 21, 40, 45, 1, 1],
    [1, 64, 96, 7, 7, 7, 1],
    [2, 3, 64, 37, 41, 7, 2],
    [1, 20, 24, 60, 70, 3, 1],
];

/// Outputs and gradients.
fn convolutions(device: &Device, arithmetic: Arithmetic) -> Result<Vec<Part>, TrainError> {
    let device = device.clone().autodiff();
    let mut parts = Vec::new();
    for (nth, [batch, inputs, outputs, height, width, kernel, stride]) in
        LAYERS.into_iter().enumerate()
    {
        let seed = 10 * nth as u32;
        let padding = kernel / 2;
        let layer = Conv2dConfig::new([inputs, outputs], [kernel; 2])
            .with_stride([stride; 2])
            .with_padding(PaddingConfig2d::Explicit(
                padding, padding, padding, padding,
            ))
            .with_bias(false)
            .init(&device);
        let weight = noise(&[outputs, inputs, kernel, kernel], seed);
        let layer = Conv2d {
            weight: Param::from_tensor(Tensor::<4>::from_data(weight, &device)),
            ..layer
        };
        let images = noise(&[batch, inputs, height, width], seed + 1);
        let images = Tensor::<4>::from_data(images, &device).require_grad();
        let entered = arithmetic.enter();
        let output = kernels::conv2d(&layer, images.clone(), false);
        let direction = noise(&output.dims(), seed + 2);
        let direction = Tensor::<4>::from_data(direction, &device.clone().inner());
        let gradients = kernels::backward_with(output.clone(), direction);
        drop(entered);
        push(&mut parts, format!("convolution {nth}"), output.inner())?;
        for (what, tensor) in [("input", &images), ("weights", &layer.weight.val())] {
            let gradient = tensor.grad(&gradients).ok_or_else(|| {
                TrainError::Execution(format!("no gradient of the {what} of convolution {nth}"))
            })?;
            push(
                &mut parts,
                format!("gradient of the {what} of convolution {nth}"),
                gradient,
            )?;
        }
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_16_bits_round_passes_and_what_is_wrong_by_2_percent_does_not() {
        let cpu = Device::flex();
        let expected = convolutions(&cpu, Arithmetic::EXACT).expect("numbers");
        assert_eq!(expected.len(), 3 * LAYERS.len());
        let mut rounded = expected.clone();
        for part in &mut rounded {
            for value in &mut part.values {
                *value = burn::tensor::bf16::from_f32(*value).to_f32();
            }
        }
        compare(&expected, &rounded).expect("rounding");
        for nth in 0..expected.len() {
            let mut wrong = expected.clone();
            wrong[nth]
                .values
                .iter_mut()
                .for_each(|value| *value *= 1.02);
            compare(&expected, &wrong).expect_err("wrong");
        }
        assert!(arithmetics(&cpu).is_empty(), "a processor has none");
    }
}
