//! A step of gradient descent with momentum in one pass over the memory. Burn's operations
//! pass by five times, with two more tensors of the size of the weights.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use rayon::prelude::*;

use crate::kernels::PLAIN;
use crate::kernels::conv::conv2d::untracked;

/// Factors of a step: `v = momentum * v + scale * gradient + decay * w`, `w = w - rate * v`.
#[derive(Debug, Clone, Copy)]
pub struct Momentum {
    /// On the gradient.
    pub scale: f32,
    /// L2 penalty, 0 or more.
    pub decay: f32,
    /// Share of the last velocity, `0.0..1.0`.
    pub momentum: f32,
    /// Step size.
    pub rate: f32,
}

/// Numbers of one task; a step of less is not worth a thread.
const STRETCH: usize = 1 << 16;

/// Weight and velocity after a step; no velocity stands for 0. Other devices than the
/// processor, and numbers other than `f32`, take Burn's operations.
///
/// # Shapes
/// All tensors have that of the weight.
pub fn momentum_step<const D: usize>(
    weight: Tensor<D>,
    velocity: Option<Tensor<D>>,
    gradient: Tensor<D>,
    step: Momentum,
) -> (Tensor<D>, Tensor<D>) {
    // Copies share the numbers, and are the only ones when the tensors have gone.
    let shared = |tensor: &Tensor<D>| {
        if *PLAIN {
            None
        } else {
            untracked(tensor.clone())
        }
    };
    let ours = match &velocity {
        Some(velocity) => shared(velocity).map(Some),
        None => Some(None),
    };
    match (shared(&weight), ours, shared(&gradient)) {
        (Some(numbers), Some(moving), Some(slope)) => {
            drop((weight, velocity, gradient));
            let (weight, velocity) = in_place(numbers, moving, slope, step);
            (
                Tensor::from_primitive::<Flex>(weight),
                Tensor::from_primitive::<Flex>(velocity),
            )
        }
        _ => plain(weight, velocity, gradient, step),
    }
}

fn plain<const D: usize>(
    weight: Tensor<D>,
    velocity: Option<Tensor<D>>,
    gradient: Tensor<D>,
    step: Momentum,
) -> (Tensor<D>, Tensor<D>) {
    let mut change = if step.scale == 1.0 {
        gradient
    } else {
        gradient.mul_scalar(step.scale)
    };
    if step.decay > 0.0 {
        change = change + weight.clone().mul_scalar(step.decay);
    }
    if let Some(velocity) = velocity {
        change = velocity.mul_scalar(step.momentum) + change;
    }
    (weight - change.clone().mul_scalar(step.rate), change)
}

/// The same numbers without gaps; the tensor that had them is gone afterwards.
fn in_a_row(tensor: FlexTensor) -> FlexTensor {
    tensor.to_contiguous()
}

/// [`momentum_step`] on the numbers of the processor, in place where nobody else has them.
fn in_place(
    weight: FlexTensor,
    velocity: Option<FlexTensor>,
    gradient: FlexTensor,
    step: Momentum,
) -> (FlexTensor, FlexTensor) {
    let (mut weight, mut gradient) = (in_a_row(weight), in_a_row(gradient));
    let weights = weight.storage_mut::<f32>().par_chunks_mut(STRETCH);
    let velocity = if let Some(velocity) = velocity {
        let mut velocity = in_a_row(velocity);
        let velocities = velocity.storage_mut::<f32>().par_chunks_mut(STRETCH);
        let gradients = gradient.storage::<f32>().par_chunks(STRETCH);
        weights
            .zip(velocities)
            .zip(gradients)
            .for_each(|((weights, velocities), gradients)| {
                for ((weight, velocity), gradient) in
                    weights.iter_mut().zip(velocities).zip(gradients)
                {
                    *velocity =
                        step.momentum * *velocity + (step.scale * gradient + step.decay * *weight);
                    *weight -= step.rate * *velocity;
                }
            });
        velocity
    } else {
        // The gradient becomes the velocity.
        let velocities = gradient.storage_mut::<f32>().par_chunks_mut(STRETCH);
        weights.zip(velocities).for_each(|(weights, velocities)| {
            for (weight, velocity) in weights.iter_mut().zip(velocities) {
                *velocity = step.scale * *velocity + step.decay * *weight;
                *weight -= step.rate * *velocity;
            }
        });
        gradient
    };
    (weight, velocity)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Distribution};

    #[test]
    fn one_pass_equals_burns_operations() {
        let device = Device::flex();
        let random = |shape: [usize; 2]| Tensor::<2>::random(shape, Distribution::Default, &device);
        let step = Momentum {
            scale: 0.25,
            decay: 0.1,
            momentum: 0.9,
            rate: 0.5,
        };
        for shape in [[1, 1], [7, 3], [300, 500]] {
            for moving in [false, true] {
                let (weight, gradient) = (random(shape), random(shape));
                let velocity = moving.then(|| random(shape));
                let (expected, expected_velocity) =
                    plain(weight.clone(), velocity.clone(), gradient.clone(), step);
                let (found, found_velocity) = momentum_step(weight, velocity, gradient, step);
                for (found, expected) in [(found, expected), (found_velocity, expected_velocity)] {
                    let apart: f32 = (found - expected).abs().max().into_scalar();
                    assert!(apart < 1e-6, "{shape:?}: {apart}");
                }
            }
        }
    }

    #[test]
    fn tensors_that_are_used_elsewhere_stay_as_they_are() {
        let device = Device::flex();
        let ones = Tensor::<1>::ones([4], &device);
        let step = Momentum {
            scale: 1.0,
            decay: 0.0,
            momentum: 0.5,
            rate: 1.0,
        };
        let (weight, velocity) =
            momentum_step(ones.clone(), Some(ones.clone()), ones.clone(), step);
        let values = |tensor: Tensor<1>| tensor.into_data().try_to_vec::<f32>().unwrap();
        assert_eq!(
            (values(weight), values(velocity)),
            (vec![-0.5; 4], vec![1.5; 4])
        );
        assert_eq!(values(ones), [1.0; 4]);
    }
}
