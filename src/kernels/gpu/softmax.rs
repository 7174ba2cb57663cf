//! Logarithms of softmax over the classes of each pixel, and sums that a loss is made of.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::cross_entropy::{Pixels, largest_and_sum};
use super::launch::{empty_like, grid};

const UNITS: usize = 256;

#[cube(launch)]
fn log_shares(logits: &[f32], out: &mut [f32], classes: usize, area: usize, length: usize) {
    let cube = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let pixel = cube * UNITS + UNIT_POS as usize;
    if pixel < length {
        let base = pixel / area * classes * area + pixel % area;
        let (largest, sum) = largest_and_sum(logits, base, area, classes);
        let rest = largest + sum.ln();
        for class in 0..classes {
            let at = base + class * area;
            out[at] = logits[at] - rest;
        }
    }
}

#[cube(launch)]
fn log_shares_gradient(
    log_shares: &[f32],
    gradient: &[f32],
    out: &mut [f32],
    classes: usize,
    area: usize,
    length: usize,
) {
    let cube = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let pixel = cube * UNITS + UNIT_POS as usize;
    if pixel < length {
        let base = pixel / area * classes * area + pixel % area;
        let mut sum = 0.0f32;
        for class in 0..classes {
            sum += gradient[base + class * area];
        }
        for class in 0..classes {
            let at = base + class * area;
            out[at] = gradient[at] - log_shares[at].exp() * sum;
        }
    }
}

#[cube(launch)]
fn spread_values(values: &[f32], out: &mut [f32], channels: usize, area: usize, length: usize) {
    let cube = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let index = cube * UNITS + UNIT_POS as usize;
    if index < length {
        out[index] = values[index / area % channels];
    }
}

/// # Shapes
/// - logits, output: `[batch_size, classes, height, width]`
pub(super) fn log_softmax(logits: CubeTensor, pixels: Pixels) -> CubeTensor {
    let logits = into_contiguous(logits);
    let out = empty_like(&logits, logits.meta.shape());
    let length = pixels.batch * pixels.area;
    log_shares::launch(
        &out.client,
        grid(length.div_ceil(UNITS), 1),
        CubeDim::new_1d(UNITS as u32),
        logits.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        pixels.classes,
        pixels.area,
        length,
    );
    out
}

/// The gradient of the logits, from what [`log_softmax`] made of them.
///
/// # Shapes
/// - output, gradient, result: `[batch_size, classes, height, width]`
pub(super) fn log_softmax_gradient(
    output: CubeTensor,
    gradient: CubeTensor,
    pixels: Pixels,
) -> CubeTensor {
    let (output, gradient) = (into_contiguous(output), into_contiguous(gradient));
    let out = empty_like(&output, output.meta.shape());
    let length = pixels.batch * pixels.area;
    log_shares_gradient::launch(
        &out.client,
        grid(length.div_ceil(UNITS), 1),
        CubeDim::new_1d(UNITS as u32),
        output.into_buffer_arg(),
        gradient.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        pixels.classes,
        pixels.area,
        length,
    );
    out
}

/// A map whose channels have the values; of one value, all have it.
///
/// # Shapes
/// - values: `[channels]` or `[1]`
/// - output: `dims`, `[batch_size, channels, height, width]`
pub(super) fn spread(values: CubeTensor, dims: [usize; 4]) -> CubeTensor {
    let values = into_contiguous(values);
    let out = empty_like(&values, &dims);
    let length = out.meta.num_elements();
    let channels = values.meta.num_elements();
    spread_values::launch(
        &out.client,
        grid(length.div_ceil(UNITS), 1),
        CubeDim::new_1d(UNITS as u32),
        values.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        channels,
        dims[2] * dims[3],
        length,
    );
    out
}
