//! The per-pixel multinomial logistic loss and its gradient, softmax minus the one-hot label.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::{empty_like, grid};
use super::reduce::{cube_sum, total};

const UNITS: usize = 256;

/// Which pixels there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pixels {
    pub batch: usize,
    pub classes: usize,
    /// Of one image.
    pub area: usize,
}

/// Labels are bytes, four to a word.
#[cube]
fn label(labels: &[u32], pixel: usize) -> usize {
    let shift = (pixel % 4 * 8) as u32;
    ((labels[pixel / 4] >> shift) & 255) as usize
}

/// The largest logit of a pixel, and the sum of the exponentials of what the others fall short of it.
#[cube]
pub(super) fn largest_and_sum(
    logits: &[f32],
    base: usize,
    area: usize,
    classes: usize,
) -> (f32, f32) {
    let mut largest = logits[base];
    for class in 1..classes {
        largest = largest.max(logits[base + class * area]);
    }
    let mut sum = 0.0f32;
    for class in 0..classes {
        sum += (logits[base + class * area] - largest).exp();
    }
    (largest, sum)
}

#[cube(launch)]
fn loss_parts(
    logits: &[f32],
    labels: &[u32],
    out: &mut [f32],
    classes: usize,
    area: usize,
    length: usize,
) {
    let unit = UNIT_POS as usize;
    let cube = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let pixel = cube * UNITS + unit;
    let mut loss = 0.0f32;
    if pixel < length {
        let truth = label(labels, pixel);
        if truth < classes {
            let base = pixel / area * classes * area + pixel % area;
            let (largest, sum) = largest_and_sum(logits, base, area, classes);
            loss = sum.ln() + largest - logits[base + truth * area];
        }
    }
    let loss = cube_sum(loss);
    if unit == 0 && cube * UNITS < length {
        out[cube] = loss;
    }
}

#[cube(launch)]
fn loss_gradients(
    logits: &[f32],
    labels: &[u32],
    scale: &[f32],
    out: &mut [f32],
    classes: usize,
    area: usize,
    length: usize,
) {
    let cube = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let pixel = cube * UNITS + UNIT_POS as usize;
    if pixel < length {
        let truth = label(labels, pixel);
        let base = pixel / area * classes * area + pixel % area;
        if truth < classes {
            let scale = scale[0];
            let (largest, sum) = largest_and_sum(logits, base, area, classes);
            for class in 0..classes {
                let at = base + class * area;
                let share = (logits[at] - largest).exp() / sum;
                let own = select(class == truth, 1.0f32, 0.0f32);
                out[at] = (share - own) * scale;
            }
        } else {
            for class in 0..classes {
                out[base + class * area] = 0.0;
            }
        }
    }
}

/// Sum over the labeled pixels of `-log softmax(logits)[label]`.
///
/// # Shapes
/// - logits: `[batch_size, classes, height, width]`
/// - labels: a word for every four pixels
/// - output: `[1]`
pub(super) fn sum(logits: CubeTensor, labels: CubeTensor, pixels: Pixels) -> CubeTensor {
    let (logits, labels) = (into_contiguous(logits), into_contiguous(labels));
    let length = pixels.batch * pixels.area;
    let number = length.div_ceil(UNITS);
    let parts = empty_like(&logits, &[number]);
    loss_parts::launch(
        &parts.client,
        grid(number, 1),
        CubeDim::new_1d(UNITS as u32),
        logits.into_buffer_arg(),
        labels.into_buffer_arg(),
        parts.clone().into_buffer_arg(),
        pixels.classes,
        pixels.area,
        length,
    );
    total(parts, false)
}

/// The gradient of the [`sum`], times `scale`.
///
/// # Shapes
/// - logits, output: `[batch_size, classes, height, width]`
/// - labels: a word for every four pixels
/// - scale: `[1]`
pub(super) fn gradient(
    logits: CubeTensor,
    labels: CubeTensor,
    scale: CubeTensor,
    pixels: Pixels,
) -> CubeTensor {
    let (logits, labels) = (into_contiguous(logits), into_contiguous(labels));
    let out = empty_like(&logits, logits.meta.shape());
    let length = pixels.batch * pixels.area;
    loss_gradients::launch(
        &out.client,
        grid(length.div_ceil(UNITS), 1),
        CubeDim::new_1d(UNITS as u32),
        logits.into_buffer_arg(),
        labels.into_buffer_arg(),
        into_contiguous(scale).into_buffer_arg(),
        out.clone().into_buffer_arg(),
        pixels.classes,
        pixels.area,
        length,
    );
    out
}
