//! A convolution as a matrix product: the weights times the `im2col` matrix of each image.

use super::direct;
use super::patch_product::{KernelMatrix, PatchProduct};
use super::shape::ConvShape;
use crate::kernels::buffer_pool::Buffer;
use crate::kernels::gemm::packed::product;

/// # Shapes
/// - weights: `[out_channels, in_channels, taps]`
/// - input: `[batch, in_channels, height, width]`
/// - bias: `[out_channels]`
/// - result: `[batch, out_channels, height_out, width_out]`
pub(crate) fn forward(
    shape: &ConvShape,
    weights: &[f32],
    input: &[f32],
    bias: Option<&[f32]>,
    relu: bool,
) -> Buffer {
    let patches = shape.patches();
    let product = PatchProduct {
        weights: KernelMatrix::Rows(weights),
        source: input,
        patches: &patches,
        channels: shape.in_channels,
        bias,
        relu,
    };
    product.compute(shape.batch, shape.out_channels)
}

impl PatchProduct<'_> {
    /// # Shapes
    /// - result: `[batch, rows, pixels]`
    pub fn compute(&self, batch: usize, rows: usize) -> Buffer {
        match direct::layout(self) {
            Some(plane) => direct::product(self, &plane, None, [batch, rows]),
            None => product(self, batch, rows, self.patches.pixels()),
        }
    }
}
