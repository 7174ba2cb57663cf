//! The most likely class of each pixel, and pixels counted by true and predicted class.

use burn::tensor::{DType, Shape};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::{empty_of, grid};

const UNITS: usize = 256;

#[cube(launch)]
fn largest_class(logits: &[f32], out: &mut [i32], classes: usize, area: usize, length: usize) {
    let cube = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let pixel = cube * UNITS + UNIT_POS as usize;
    if pixel < length {
        let base = pixel / area * classes * area + pixel % area;
        let mut best = 0usize;
        let mut value = logits[base];
        for class in 1..classes {
            let other = logits[base + class * area];
            if other > value || (other.is_nan() && !value.is_nan()) {
                value = other;
                best = class;
            }
        }
        out[pixel] = best as i32;
    }
}

#[cube(launch)]
fn clear(out: &mut [i32], length: usize) {
    let index = CUBE_POS_X as usize * UNITS + UNIT_POS as usize;
    if index < length {
        out[index] = 0;
    }
}

/// Sums of integers do not depend on their order.
#[cube(launch)]
fn count_pairs(truth: &[i32], predicted: &[i32], out: &[Atomic<i32>], classes: i32, length: usize) {
    let cube = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let index = cube * UNITS + UNIT_POS as usize;
    if index < length {
        let (from, to) = (truth[index], predicted[index]);
        if from >= 0 && from < classes && to >= 0 && to < classes {
            out[(from * classes + to) as usize].fetch_add(1);
        }
    }
}

/// Of the classes of logits.
pub(super) fn shape(logits: &[usize]) -> Shape {
    Shape::new([logits[0], 1, logits[2], logits[3]])
}

/// The first of equal ones; NaN is before all others.
///
/// # Shapes
/// - logits: `[batch_size, classes, height, width]`
/// - output: `[batch_size, 1, height, width]`
pub(super) fn most_likely(logits: CubeTensor) -> CubeTensor {
    let logits = into_contiguous(logits);
    let shape = logits.meta.shape();
    let (batch, classes, height, width) = (shape[0], shape[1], shape[2], shape[3]);
    let length = batch * height * width;
    let out = empty_of(&logits, &self::shape(shape), DType::I32);
    largest_class::launch(
        &out.client,
        grid(length.div_ceil(UNITS), 1),
        CubeDim::new_1d(UNITS as u32),
        logits.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        classes,
        height * width,
        length,
    );
    out
}

/// # Shapes
/// - truth, predicted: `[pixels]`
/// - output: `[classes * classes]`, true class by predicted class
pub(super) fn confusion(truth: CubeTensor, predicted: CubeTensor, classes: usize) -> CubeTensor {
    let (truth, predicted) = (into_contiguous(truth), into_contiguous(predicted));
    let cells = classes * classes;
    let length = truth.meta.num_elements();
    let out = empty_of(&truth, &[cells], DType::I32);
    clear::launch(
        &out.client,
        CubeCount::Static(cells.div_ceil(UNITS) as u32, 1, 1),
        CubeDim::new_1d(UNITS as u32),
        out.clone().into_buffer_arg(),
        cells,
    );
    count_pairs::launch(
        &out.client,
        grid(length.div_ceil(UNITS), 1),
        CubeDim::new_1d(UNITS as u32),
        truth.into_buffer_arg(),
        predicted.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        classes as i32,
        length,
    );
    out
}
