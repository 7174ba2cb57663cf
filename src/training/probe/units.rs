//! The test of a device's matrix units: all passes of convolutions, against the processor's.

use burn::tensor::{Device, Tensor};

use super::comparison::{Part, compare};
use super::convolutions::{Sizes, convolution, in_all_tiles};
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
    for arithmetic in arithmetics(&device) {
        // The processor has no such units, and computes exactly.
        let expected = convolutions(&Device::flex(), arithmetic)?;
        let found = convolutions(&device, arithmetic)?;
        compare(&expected, &found).map_err(|fault| TrainError::Device {
            device: id.to_string(),
            reason: format!("matrix units: {fault}"),
        })?;
    }
    Ok(())
}

const fn sizes(
    batch: usize,
    channels: [usize; 2],
    size: [usize; 2],
    (kernel, stride): (usize, usize),
) -> Sizes {
    Sizes {
        batch,
        channels,
        size,
        kernel,
        stride,
    }
}

/// As the kernels cut them: the kernel sizes that programs know and others, and strides.
const LAYERS: [Sizes; 5] = [
    sizes(2, [70, 130], [19, 23], (3, 1)),
    sizes(1, [128, 21], [40, 45], (1, 1)),
    sizes(1, [64, 96], [7, 7], (7, 1)),
    sizes(2, [3, 64], [37, 41], (7, 2)),
    sizes(1, [20, 24], [60, 70], (3, 1)),
];

/// Outputs and gradients.
fn convolutions(device: &Device, arithmetic: Arithmetic) -> Result<Vec<Part>, TrainError> {
    let mut parts = Vec::new();
    for (nth, sizes) in LAYERS.into_iter().enumerate() {
        let name = format!("convolution {nth}");
        convolution(&name, sizes, false, (device, arithmetic), &mut parts)?;
    }
    in_all_tiles(device, arithmetic, &mut parts)?;
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_16_bits_round_passes_and_what_is_wrong_by_2_percent_does_not() {
        let cpu = Device::flex();
        let arithmetic = Arithmetic {
            half: Some(Half::Bf16),
            units: Some(MatrixUnits::Device),
        };
        let expected = convolutions(&cpu, arithmetic).expect("numbers");
        // With a bias where there is a ReLU: four tiles, whole and in parts.
        assert_eq!(expected.len(), 3 * LAYERS.len() + 4 * 4 * 2);
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
