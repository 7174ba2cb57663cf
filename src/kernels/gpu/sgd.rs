//! A step of gradient descent with momentum, in place where no one else has the values.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::grid;
use crate::kernels::sgd_factors::SgdStep;

const UNITS: usize = 256;

#[cube(launch)]
fn moving(
    weight: &mut [f32],
    velocity: &mut [f32],
    gradient: &[f32],
    gradient_scale: f32,
    weight_decay: f32,
    momentum: f32,
    learning_rate: f32,
    length: usize,
) {
    let cube = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let index = cube * UNITS + UNIT_POS as usize;
    if index < length {
        let old = weight[index];
        let change = gradient_scale * gradient[index] + weight_decay * old;
        let speed = momentum * velocity[index] + change;
        velocity[index] = speed;
        weight[index] = old - learning_rate * speed;
    }
}

/// The gradient becomes the velocity.
#[cube(launch)]
fn starting(
    weight: &mut [f32],
    gradient: &mut [f32],
    gradient_scale: f32,
    weight_decay: f32,
    learning_rate: f32,
    length: usize,
) {
    let cube = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let index = cube * UNITS + UNIT_POS as usize;
    if index < length {
        let old = weight[index];
        let speed = gradient_scale * gradient[index] + weight_decay * old;
        gradient[index] = speed;
        weight[index] = old - learning_rate * speed;
    }
}

/// The same values, which nobody else has.
pub(super) fn owned(tensor: CubeTensor) -> CubeTensor {
    let tensor = into_contiguous(tensor);
    if tensor.can_mut() {
        tensor
    } else {
        tensor.copy()
    }
}

/// Weight and velocity after a step.
///
/// # Shapes
/// - weight, velocity, gradient, results: any, all the same
pub(super) fn step(
    weight: CubeTensor,
    velocity: CubeTensor,
    gradient: CubeTensor,
    step: SgdStep,
) -> (CubeTensor, CubeTensor) {
    let (weight, velocity) = (owned(weight), owned(velocity));
    let length = weight.meta.num_elements();
    moving::launch(
        &weight.client,
        grid(length.div_ceil(UNITS), 1),
        CubeDim::new_1d(UNITS as u32),
        weight.clone().into_buffer_arg(),
        velocity.clone().into_buffer_arg(),
        into_contiguous(gradient).into_buffer_arg(),
        step.gradient_scale,
        step.weight_decay,
        step.momentum,
        step.learning_rate,
        length,
    );
    (weight, velocity)
}

/// As [`step`], of a weight that has no velocity yet.
///
/// # Shapes
/// - weight, gradient, results: any, all the same
pub(super) fn first_step(
    weight: CubeTensor,
    gradient: CubeTensor,
    step: SgdStep,
) -> (CubeTensor, CubeTensor) {
    let (weight, gradient) = (owned(weight), owned(gradient));
    let length = weight.meta.num_elements();
    starting::launch(
        &weight.client,
        grid(length.div_ceil(UNITS), 1),
        CubeDim::new_1d(UNITS as u32),
        weight.clone().into_buffer_arg(),
        gradient.clone().into_buffer_arg(),
        step.gradient_scale,
        step.weight_decay,
        step.learning_rate,
        length,
    );
    (weight, gradient)
}
