//! Gradients of a convolution with respect to its input and its bias.

use rayon::prelude::*;

use crate::kernels::buffer_pool as reuse;
use crate::kernels::conv::forward::{Weights, Windows};
use crate::kernels::conv::shape::{ConvShape, Gather};
use crate::kernels::gemm::packed::panels;

/// Panels of pixels for which the weights are not worth turning in advance.
const FEW: usize = 8;

/// Gradient of the input: the gradient of the output through the transposed weights, one
/// product for each residue of the stride.
///
/// # Shapes
/// - weights: `[outer, inner, taps]`
/// - gradient: `[batch, outer, height_out, width_out]`
/// - result: `[batch, inner, height, width]`
pub(crate) fn input_gradient(shape: &ConvShape, weights: &[f32], gradient: &[f32]) -> Vec<f32> {
    if shape.stride == [1, 1] {
        return phase_gradient(shape, weights, gradient, [0, 0]).unwrap_or_default();
    }
    let [height, width] = shape.size;
    let mut input = vec![0.0; shape.batch * shape.inner * height * width];
    for y in 0..shape.stride[0].min(height) {
        for x in 0..shape.stride[1].min(width) {
            // Pixels that no window reads keep 0.
            let Some(pixels) = phase_gradient(shape, weights, gradient, [y, x]) else {
                continue;
            };
            let across = (width - x).div_ceil(shape.stride[1]);
            let planes = pixels.par_chunks((height - y).div_ceil(shape.stride[0]) * across);
            input
                .par_chunks_mut(height * width)
                .zip(planes)
                .for_each(|(plane, pixels)| {
                    let rows = plane.chunks_mut(width).skip(y).step_by(shape.stride[0]);
                    for (row, pixels) in rows.zip(pixels.chunks(across)) {
                        for (value, pixel) in
                            row[x..].iter_mut().step_by(shape.stride[1]).zip(pixels)
                        {
                            *value = *pixel;
                        }
                    }
                });
        }
    }
    input
}

/// Gradient of the pixels `phase`, `phase + stride`, ..; `None` if no window reads them.
fn phase_gradient(
    shape: &ConvShape,
    weights: &[f32],
    gradient: &[f32],
    phase: [usize; 2],
) -> Option<Vec<f32>> {
    let (gather, kept) = shape.gather_back(phase);
    if kept.is_empty() {
        return None;
    }
    let turned = turned(shape, weights, &gather, &kept);
    let weights = rows(shape, weights, turned.as_deref(), &kept);
    Some(windows(shape, weights, gradient, &gather).product(shape.batch, shape.inner))
}

pub(crate) fn windows<'a>(
    shape: &ConvShape,
    weights: Weights<'a>,
    source: &'a [f32],
    gather: &'a Gather,
) -> Windows<'a> {
    Windows {
        weights,
        source,
        gather,
        channels: shape.outer,
        bias: None,
        rectify: false,
    }
}

/// The weights turned in advance; `None` where few pixels of one image pass and they are
/// turned in passing.
pub(crate) fn turned(
    shape: &ConvShape,
    weights: &[f32],
    gather: &Gather,
    kept: &[usize],
) -> Option<Vec<f32>> {
    let many = shape.batch > 1 || panels(1, gather.pixels()) > FEW;
    many.then(|| transposed(shape, weights, kept))
}

pub(crate) fn rows<'a>(
    shape: &ConvShape,
    weights: &'a [f32],
    turned: Option<&'a [f32]>,
    kept: &'a [usize],
) -> Weights<'a> {
    match turned {
        Some(turned) => Weights::Rows(turned),
        None => Weights::Turned {
            weights,
            rows: shape.inner,
            all: shape.taps(),
            kept,
        },
    }
}

/// The kept weights of each kernel, by the channels that come in: `[inner, outer, kept]`.
fn transposed(shape: &ConvShape, weights: &[f32], kept: &[usize]) -> Vec<f32> {
    /// Rows that are written together: as many neighbors share a line of the cache.
    const ROWS: usize = 16;
    let ConvShape { inner, outer, .. } = *shape;
    let taps = shape.taps();
    let mut result = vec![0.0; inner * outer * kept.len()];
    let length = outer * kept.len();
    result
        .par_chunks_mut(ROWS * length)
        .enumerate()
        .for_each(|(block, rows)| {
            for from in 0..outer {
                for (within, row) in rows.chunks_mut(length).enumerate() {
                    let kernel = &weights[(from * inner + block * ROWS + within) * taps..][..taps];
                    let to = &mut row[from * kept.len()..][..kept.len()];
                    for (to, tap) in to.iter_mut().zip(kept) {
                        *to = kernel[*tap];
                    }
                }
            }
        });
    result
}

/// Gradient of the bias: the sums over images and pixels.
///
/// # Shapes
/// - gradient: `[batch, outer, pixels]`
/// - result: `[outer]`
pub(crate) fn bias_gradient(outer: usize, pixels: usize, gradient: &[f32]) -> Vec<f32> {
    let sum = |channel: usize| {
        let mut sums = [0.0; 16];
        for plane in gradient.chunks(outer * pixels) {
            let (blocks, rest) = plane[channel * pixels..][..pixels].as_chunks::<16>();
            for block in blocks {
                for (sum, value) in sums.iter_mut().zip(block) {
                    *sum += value;
                }
            }
            for (sum, value) in sums.iter_mut().zip(rest) {
                *sum += value;
            }
        }
        sums.iter().sum()
    };
    (0..outer).into_par_iter().map(sum).collect()
}

/// Lets the gradient through where the rectifier let its input through: where `output` is not 0.
pub(crate) fn rectifier_gradient(output: &[f32], gradient: &[f32]) -> Vec<f32> {
    const PIECE: usize = 1 << 14;
    let mut result = reuse::take(gradient.len());
    let inputs = output.par_chunks(PIECE).zip(gradient.par_chunks(PIECE));
    result
        .par_chunks_mut(PIECE)
        .zip(inputs)
        .for_each(|(result, (output, gradient))| {
            for ((result, output), gradient) in result.iter_mut().zip(output).zip(gradient) {
                *result = if *output <= 0.0 { 0.0 } else { *gradient };
            }
        });
    result
}
