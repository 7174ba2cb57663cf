//! The factors of a convolution as a matrix product: weights, and the patches of images.

use super::shape::Patches;
use crate::kernels::gemm::packed::{KC, Operands, Terms};

/// The left factor, a row for each output channel of the product.
pub(crate) enum KernelMatrix<'a> {
    /// `[rows, channels * taps]`
    Rows(&'a [f32]),
    /// `[channels, rows, all taps]`, of which `kept` are used.
    Transposed {
        weights: &'a [f32],
        rows: usize,
        all: usize,
        kept: &'a [usize],
    },
}

/// Weights times the patches of images.
pub(crate) struct PatchProduct<'a> {
    pub weights: KernelMatrix<'a>,
    /// `[batch, channels, height, width]`
    pub source: &'a [f32],
    pub patches: &'a Patches,
    pub channels: usize,
    /// `[rows]`
    pub bias: Option<&'a [f32]>,
    pub relu: bool,
}

impl Operands for PatchProduct<'_> {
    #[inline(always)]
    fn depth(&self) -> usize {
        self.channels * self.patches.taps.len()
    }

    #[inline(always)]
    fn count(&self, first: usize) -> usize {
        (self.depth() - first).min(KC)
    }

    #[inline(always)]
    fn left_rows<'a>(
        &'a self,
        row: usize,
        Terms { first, count }: Terms,
        scratch: &'a mut [f32],
        rows: &mut [&'a [f32]],
    ) {
        match self.weights {
            KernelMatrix::Rows(weights) => {
                for (within, line) in rows.iter_mut().enumerate() {
                    *line = &weights[(row + within) * self.depth() + first..][..count];
                }
            }
            KernelMatrix::Transposed {
                weights,
                rows: all_rows,
                all,
                kept,
            } => {
                for nth in 0..count {
                    let (channel, tap) =
                        ((first + nth) / kept.len(), kept[(first + nth) % kept.len()]);
                    let kernels = &weights[(channel * all_rows + row) * all..][..rows.len() * all];
                    for (within, kernel) in kernels.chunks_exact(all).enumerate() {
                        scratch[within * count + nth] = kernel[tap];
                    }
                }
                for (line, copied) in rows.iter_mut().zip(scratch.chunks_exact(count)) {
                    *line = copied;
                }
            }
        }
    }

    #[inline(always)]
    fn pack_panel(
        &self,
        image: usize,
        terms: Terms,
        pixel: usize,
        width: usize,
        panel: &mut [f32],
    ) {
        let taps = &self.patches.taps;
        let area = self.patches.source[0] * self.patches.source[1];
        let (mut channel, mut tap) = (terms.first / taps.len(), terms.first % taps.len());
        for row in panel.chunks_exact_mut(width) {
            let plane = &self.source[(image * self.channels + channel) * area..][..area];
            self.patches.im2col_row(plane, taps[tap], pixel, row);
            tap += 1;
            if tap == taps.len() {
                (channel, tap) = (channel + 1, 0);
            }
        }
    }

    #[inline(always)]
    fn bias(&self, row: usize) -> f32 {
        self.bias.map_or(0.0, |bias| bias[row])
    }

    #[inline(always)]
    fn relu(&self) -> bool {
        self.relu
    }
}
