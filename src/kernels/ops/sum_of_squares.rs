//! The sum of the squares of a tensor in one pass that writes nothing. Burn's operations write the
//! squares first, as much memory as the tensor has.

use burn::backend::Flex;
use burn::tensor::Tensor;
use rayon::prelude::*;

use crate::kernels::PLAIN;
use crate::kernels::autodiff::Operand;

/// Values of one task. The same on every machine, so that the sum is, too.
const TASK: usize = 1 << 16;
/// Sums that grow side by side.
const LANES: usize = 8;

/// The sum on the processor, in double precision; `None` on other devices and for other dtypes than
/// `f32`.
///
/// # Shapes
/// - tensor: any
pub fn sum_of_squares<const D: usize>(tensor: &Tensor<D>) -> Option<f64> {
    if *PLAIN || tensor.device().is_autodiff() {
        return None;
    }
    let count = tensor.shape().num_elements();
    let values = Operand::<Flex>::new(tensor.clone())?
        .into_values()
        .to_contiguous();
    let values = values.storage::<f32>().get(..count)?;
    // Added up in order, whichever thread was done first.
    let tasks: Vec<f64> = values.par_chunks(TASK).map(sum_of).collect();
    Some(tasks.iter().sum())
}

fn sum_of(values: &[f32]) -> f64 {
    let mut sums = [0.0_f64; LANES];
    let (lanes, rest) = values.as_chunks::<LANES>();
    for lane in lanes {
        for (sum, value) in sums.iter_mut().zip(lane) {
            let value = f64::from(*value);
            *sum += value * value;
        }
    }
    let rest: f64 = rest.iter().map(|value| f64::from(*value).powi(2)).sum();
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{DType, Device};

    #[test]
    fn squares_are_added_up_whatever_the_size() {
        let device = Device::flex();
        let of = |tensor: &Tensor<1>| sum_of_squares(tensor).expect("on the processor");
        assert_eq!(of(&Tensor::from_data([3.0, -4.0], &device)), 25.0);
        // Too large to be squared in single precision.
        let large = of(&Tensor::from_data([1e30], &device));
        assert!((large / 1e60 - 1.0).abs() < 1e-6, "{large}");
        // Whole numbers, which double precision adds up without error.
        let count = TASK + 2 * LANES + 3;
        let whole: Vec<f32> = (1..=count).map(|n| (n % 1000) as f32).collect();
        let expected: f64 = whole.iter().map(|n| f64::from(*n).powi(2)).sum();
        assert_eq!(of(&Tensor::from_data(&whole[..], &device)), expected);
    }

    #[test]
    fn parts_and_transposed_tensors_are_what_they_show() {
        let device = Device::flex();
        let tensor = Tensor::<2>::from_data([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], &device);
        assert_eq!(sum_of_squares(&tensor.clone().narrow(0, 0, 1)), Some(14.0));
        assert_eq!(sum_of_squares(&tensor.clone().narrow(1, 1, 1)), Some(29.0));
        assert_eq!(sum_of_squares(&tensor.clone().transpose()), Some(91.0));
        assert_eq!(sum_of_squares(&tensor.cast(DType::F16)), None);
    }
}
