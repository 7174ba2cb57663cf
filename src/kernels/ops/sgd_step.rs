//! A step of gradient descent with momentum in one pass over the memory. Burn's operations make
//! five passes, with two more tensors of the size of the weights.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use rayon::prelude::*;

use crate::kernels::PLAIN;
use crate::kernels::autodiff::Operand;
use crate::kernels::gpu::{self, layers::SgdOperands, layers::SgdOutcome};
use crate::kernels::sgd_factors::SgdStep;

/// Values of one task; a step of fewer is not worth a thread.
const TASK: usize = 1 << 16;

/// Weight and velocity after a step; no velocity stands for 0. Burn's operations compute it for
/// other dtypes than `f32`.
///
/// # Shapes
/// - weight, velocity, gradient, results: any, all the same
pub fn sgd_step<const D: usize>(
    weight: Tensor<D>,
    velocity: Option<Tensor<D>>,
    gradient: Tensor<D>,
    step: SgdStep,
) -> (Tensor<D>, Tensor<D>) {
    // Copies share the values, and are the only ones when the tensors have gone.
    let shared = |tensor: &Tensor<D>| {
        if *PLAIN || tensor.device().is_autodiff() {
            None
        } else {
            Operand::<Flex>::new(tensor.clone()).map(Operand::into_values)
        }
    };
    let ours = match &velocity {
        Some(velocity) => shared(velocity).map(Some),
        None => Some(None),
    };
    if let (Some(own_weight), Some(own_velocity), Some(own_gradient)) =
        (shared(&weight), ours, shared(&gradient))
    {
        drop((weight, velocity, gradient));
        let (weight, velocity) = in_place(own_weight, own_velocity, own_gradient, step);
        return (
            Tensor::from_primitive::<Flex>(weight),
            Tensor::from_primitive::<Flex>(velocity),
        );
    }
    if !*PLAIN && let Some(operands) = SgdOperands::of(&weight, velocity.as_ref(), &gradient) {
        drop((weight, velocity, gradient));
        return operands.step(step);
    }
    plain(weight, velocity, gradient, step)
}

/// Steps of many weights, where a GPU takes several of them to a launch.
#[derive(Default)]
pub struct SgdSteps {
    gathered: Vec<(SgdOperands, SgdStep)>,
}

impl SgdSteps {
    /// Takes a weight with its velocity and its gradient, and gives the number under which the
    /// [results](Self::run) are; `None` where its device takes one weight at a time, as [`sgd_step`]
    /// does. Whoever drops the tensors afterwards has the step done in place.
    ///
    /// # Shapes
    /// - weight, velocity, gradient: any, all the same
    pub fn gather<const D: usize>(
        &mut self,
        weight: &Tensor<D>,
        velocity: Option<&Tensor<D>>,
        gradient: &Tensor<D>,
        step: SgdStep,
    ) -> Option<usize> {
        if *PLAIN {
            return None;
        }
        let operands = SgdOperands::of(weight, velocity, gradient)?;
        if !operands.can_be_grouped() {
            return None;
        }
        self.gathered.push((operands, step));
        Some(self.gathered.len() - 1)
    }

    /// Does the steps.
    pub fn run(self) -> SteppedWeights {
        let outcomes = gpu::layers::sgd_steps(self.gathered);
        SteppedWeights {
            outcomes: outcomes.into_iter().map(Some).collect(),
        }
    }
}

/// Weights and velocities after [`SgdSteps`].
#[derive(Default)]
pub struct SteppedWeights {
    outcomes: Vec<Option<SgdOutcome>>,
}

impl SteppedWeights {
    /// Weight and velocity of a number, once. The number of dimensions is that of what was gathered.
    pub fn take<const D: usize>(&mut self, number: usize) -> Option<(Tensor<D>, Tensor<D>)> {
        let outcome = self.outcomes.get_mut(number)?.take()?;
        Some(outcome.into_tensors())
    }
}

fn plain<const D: usize>(
    weight: Tensor<D>,
    velocity: Option<Tensor<D>>,
    gradient: Tensor<D>,
    step: SgdStep,
) -> (Tensor<D>, Tensor<D>) {
    let mut change = if step.gradient_scale == 1.0 {
        gradient
    } else {
        gradient.mul_scalar(step.gradient_scale)
    };
    if step.weight_decay > 0.0 {
        change = change + weight.clone().mul_scalar(step.weight_decay);
    }
    if let Some(velocity) = velocity {
        change = velocity.mul_scalar(step.momentum) + change;
    }
    (
        weight - change.clone().mul_scalar(step.learning_rate),
        change,
    )
}

/// The same values in order; the tensor that had them is gone afterwards.
fn contiguous(tensor: FlexTensor) -> FlexTensor {
    tensor.to_contiguous()
}

/// [`sgd_step`] on the processor, in place where no one else has the values.
fn in_place(
    weight: FlexTensor,
    velocity: Option<FlexTensor>,
    gradient: FlexTensor,
    step: SgdStep,
) -> (FlexTensor, FlexTensor) {
    let (mut weight, mut gradient) = (contiguous(weight), contiguous(gradient));
    let weights = weight.storage_mut::<f32>().par_chunks_mut(TASK);
    let velocity = if let Some(velocity) = velocity {
        let mut velocity = contiguous(velocity);
        let velocities = velocity.storage_mut::<f32>().par_chunks_mut(TASK);
        let gradients = gradient.storage::<f32>().par_chunks(TASK);
        weights
            .zip(velocities)
            .zip(gradients)
            .for_each(|((weights, velocities), gradients)| {
                for ((weight, velocity), gradient) in
                    weights.iter_mut().zip(velocities).zip(gradients)
                {
                    *velocity = step.momentum * *velocity
                        + (step.gradient_scale * gradient + step.weight_decay * *weight);
                    *weight -= step.learning_rate * *velocity;
                }
            });
        velocity
    } else {
        // The gradient becomes the velocity.
        let velocities = gradient.storage_mut::<f32>().par_chunks_mut(TASK);
        weights.zip(velocities).for_each(|(weights, velocities)| {
            for (weight, velocity) in weights.iter_mut().zip(velocities) {
                *velocity = step.gradient_scale * *velocity + step.weight_decay * *weight;
                *weight -= step.learning_rate * *velocity;
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
    fn one_pass_equals_the_operations_of_burn() {
        let device = Device::flex();
        let random = |shape: [usize; 2]| Tensor::<2>::random(shape, Distribution::Default, &device);
        let step = SgdStep {
            gradient_scale: 0.25,
            weight_decay: 0.1,
            momentum: 0.9,
            learning_rate: 0.5,
        };
        for shape in [[1, 1], [7, 3], [300, 500]] {
            for moving in [false, true] {
                let (weight, gradient) = (random(shape), random(shape));
                let velocity = moving.then(|| random(shape));
                let (expected, expected_velocity) =
                    plain(weight.clone(), velocity.clone(), gradient.clone(), step);
                let (found, found_velocity) = sgd_step(weight, velocity, gradient, step);
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
        let step = SgdStep {
            gradient_scale: 1.0,
            weight_decay: 0.0,
            momentum: 0.5,
            learning_rate: 1.0,
        };
        let (weight, velocity) = sgd_step(ones.clone(), Some(ones.clone()), ones.clone(), step);
        let values = |tensor: Tensor<1>| tensor.into_data().try_to_vec::<f32>().unwrap();
        assert_eq!(
            (values(weight), values(velocity)),
            (vec![-0.5; 4], vec![1.5; 4])
        );
        assert_eq!(values(ones), [1.0; 4]);
    }
}
