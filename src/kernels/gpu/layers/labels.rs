//! What is made of logits outside of a graph.

use burn::backend::Cube;
use burn::backend::tensor::IntTensor;
use burn::tensor::{DType, Int, Tensor};

use super::super::ops::GpuOps;
use super::MOST_VALUES;
use crate::kernels::autodiff::Operand;

/// The class of the largest logit of each pixel, `i32`.
pub(crate) fn most_likely(logits: &Tensor<4>) -> Option<Tensor<4, Int>> {
    let countable = (1..MOST_VALUES).contains(&logits.dims().iter().product());
    if !countable || logits.device().is_autodiff() {
        return None;
    }
    let logits = Operand::<Cube>::new(logits.clone())?.into_values();
    Some(Tensor::from_primitive::<Cube>(Cube::most_likely(logits)))
}

/// Pixels by true and by predicted class, of `i32` labels.
pub(crate) fn confusion(
    truth: &Tensor<1, Int>,
    predicted: &Tensor<1, Int>,
    classes: usize,
) -> Option<Tensor<1, Int>> {
    let [pixels] = truth.dims();
    let same = predicted.dims() == [pixels] && (1..MOST_VALUES).contains(&pixels);
    let values = |labels: &Tensor<1, Int>| -> Option<IntTensor<Cube>> {
        let ours = same && labels.dtype() == DType::I32;
        ours.then(|| labels.clone().try_into_primitive::<Cube>().ok())?
    };
    let counts = Cube::confusion(values(truth)?, values(predicted)?, classes);
    Some(Tensor::from_primitive::<Cube>(counts))
}
