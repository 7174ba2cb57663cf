//! The values that tests of devices work on, and what they have found.

use burn::tensor::{Tensor, TensorData};

use super::comparison::Part;
use crate::training::TrainError;

/// Values between -1 and 1 that look random and are the same everywhere (the finalizer of
/// `MurmurHash3`).
pub(super) fn noise(shape: &[usize], seed: u32) -> TensorData {
    let value = |n: u32| {
        let mut bits = n.wrapping_add(seed.wrapping_mul(0x9e37_79b9));
        for factor in [0x85eb_ca6b, 0xc2b2_ae35] {
            bits = (bits ^ (bits >> 15)).wrapping_mul(factor);
        }
        bits ^= bits >> 16;
        f64::from(bits) / f64::from(1u32 << 31) - 1.0
    };
    let values = (0..shape.iter().product::<usize>()).map(|n| value(n as u32) as f32);
    TensorData::new(values.collect::<Vec<f32>>(), shape.to_vec())
}

pub(super) fn push<const D: usize>(
    parts: &mut Vec<Part>,
    what: impl Into<String>,
    tensor: Tensor<D>,
) -> Result<(), TrainError> {
    let data = tensor
        .try_into_data()
        .map_err(|err| TrainError::Execution(err.to_string()))?;
    parts.push(Part {
        what: what.into(),
        values: data.iter::<f32>().collect(),
    });
    Ok(())
}
