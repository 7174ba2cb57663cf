//! Gradients of a convolution with respect to its input and its bias.

use rayon::prelude::*;

use super::patch_product::{KernelMatrix, PatchProduct};
use super::shape::{ConvShape, Patches};
use crate::kernels::buffer_pool::{Buffer, acquire};
use crate::kernels::gemm::packed::panels;

/// Panels of pixels for which it is not worth transposing the weights in advance.
const FEW_PANELS: usize = 8;

/// Gradient of the input: the gradient of the output through the transposed weights, one
/// product for each residue of the stride.
///
/// # Shapes
/// - weights: `[out_channels, in_channels, taps]`
/// - gradient: `[batch, out_channels, height_out, width_out]`
/// - result: `[batch, in_channels, height, width]`
pub(crate) fn input_gradient(shape: &ConvShape, weights: &[f32], gradient: &[f32]) -> Buffer {
    if shape.stride == [1, 1] {
        let gradient = phase_gradient(shape, weights, gradient, [0, 0]);
        return gradient.unwrap_or_else(|| Vec::new().into());
    }
    let [height, width] = shape.size;
    let mut input = vec![0.0f32; shape.batch * shape.in_channels * height * width];
    for y in 0..shape.stride[0].min(height) {
        for x in 0..shape.stride[1].min(width) {
            // Pixels that no patch reads keep 0.
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
    input.into()
}

/// Gradient of the pixels `phase`, `phase + stride`, ..; `None` if no patch reads them.
fn phase_gradient(
    shape: &ConvShape,
    weights: &[f32],
    gradient: &[f32],
    phase: [usize; 2],
) -> Option<Buffer> {
    let (patches, kept) = shape.gradient_patches(phase);
    if kept.is_empty() {
        return None;
    }
    let transposed = transposed_in_advance(shape, weights, &patches, &kept);
    let weights = kernel_matrix(shape, weights, transposed.as_deref(), &kept);
    let product = gradient_product(shape, weights, gradient, &patches);
    Some(product.compute(shape.batch, shape.in_channels))
}

/// The product whose result is the gradient of the input.
pub(crate) fn gradient_product<'a>(
    shape: &ConvShape,
    weights: KernelMatrix<'a>,
    source: &'a [f32],
    patches: &'a Patches,
) -> PatchProduct<'a> {
    PatchProduct {
        weights,
        source,
        patches,
        channels: shape.out_channels,
        bias: None,
        relu: false,
    }
}

/// The weights transposed in advance; `None` where one image has so few pixels that they are
/// transposed while they are multiplied.
pub(crate) fn transposed_in_advance(
    shape: &ConvShape,
    weights: &[f32],
    patches: &Patches,
    kept: &[usize],
) -> Option<Vec<f32>> {
    let many = shape.batch > 1 || panels(1, patches.pixels()) > FEW_PANELS;
    many.then(|| transpose(shape, weights, kept))
}

pub(crate) fn kernel_matrix<'a>(
    shape: &ConvShape,
    weights: &'a [f32],
    transposed: Option<&'a [f32]>,
    kept: &'a [usize],
) -> KernelMatrix<'a> {
    match transposed {
        Some(transposed) => KernelMatrix::Rows(transposed),
        None => KernelMatrix::Transposed {
            weights,
            rows: shape.in_channels,
            all: shape.taps(),
            kept,
        },
    }
}

/// The kept weights of each kernel, by input channel: `[in_channels, out_channels, kept]`.
fn transpose(shape: &ConvShape, weights: &[f32], kept: &[usize]) -> Vec<f32> {
    /// Rows that are written together: as many neighbors share a cache line.
    const ROWS: usize = 16;
    let ConvShape {
        in_channels,
        out_channels,
        ..
    } = *shape;
    let taps = shape.taps();
    let mut result = vec![0.0; in_channels * out_channels * kept.len()];
    let length = out_channels * kept.len();
    result
        .par_chunks_mut(ROWS * length)
        .enumerate()
        .for_each(|(block, rows)| {
            for from in 0..out_channels {
                for (within, row) in rows.chunks_mut(length).enumerate() {
                    let kernel =
                        &weights[(from * in_channels + block * ROWS + within) * taps..][..taps];
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
/// - gradient: `[batch, out_channels, pixels]`
/// - result: `[out_channels]`
pub(crate) fn bias_gradient(out_channels: usize, pixels: usize, gradient: &[f32]) -> Vec<f32> {
    let sum = |channel: usize| {
        let mut sums = [0.0; 16];
        for plane in gradient.chunks(out_channels * pixels) {
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
    (0..out_channels).into_par_iter().map(sum).collect()
}

/// The gradient in front of a `relu`: 0 where its `output` is 0.
pub(crate) fn relu_gradient(output: &[f32], gradient: &[f32]) -> Buffer {
    const PIECE: usize = 1 << 14;
    let mut result = acquire(gradient.len());
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
