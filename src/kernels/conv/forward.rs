//! A convolution as a product of matrices: weights times the column matrix of each image.

use crate::kernels::conv::direct;
use crate::kernels::conv::shape::{ConvShape, Gather};
use crate::kernels::gemm::packed::{DEPTH, Factors, Terms, product};

/// Where the rows of a left factor are.
pub(crate) enum Weights<'a> {
    /// `[rows, channels * taps]`
    Rows(&'a [f32]),
    /// `[channels, rows, all taps]`, of which `kept` are taken
    Turned {
        weights: &'a [f32],
        rows: usize,
        all: usize,
        kept: &'a [usize],
    },
}

/// Weights times what the windows of images read.
pub(crate) struct Windows<'a> {
    pub weights: Weights<'a>,
    /// `[batch_size, channels, height, width]`
    pub source: &'a [f32],
    pub gather: &'a Gather,
    pub channels: usize,
    /// `[rows]`
    pub bias: Option<&'a [f32]>,
    pub rectify: bool,
}

/// # Shapes
/// - weights: `[outer, inner, taps]`
/// - input: `[batch, inner, height, width]`
/// - bias: `[outer]`
/// - result: `[batch, outer, height_out, width_out]`
pub(crate) fn forward(
    shape: &ConvShape,
    weights: &[f32],
    input: &[f32],
    bias: Option<&[f32]>,
    rectify: bool,
) -> Vec<f32> {
    let gather = shape.gather();
    let weights = Weights::Rows(weights);
    let windows = Windows {
        weights,
        source: input,
        gather: &gather,
        channels: shape.inner,
        bias,
        rectify,
    };
    windows.product(shape.batch, shape.outer)
}

impl Windows<'_> {
    /// `[matrices, rows, pixels]`
    pub fn product(&self, matrices: usize, rows: usize) -> Vec<f32> {
        match direct::layout(self) {
            Some(flat) => direct::product(self, &flat, None, [matrices, rows]),
            None => product(self, matrices, rows, self.gather.pixels()),
        }
    }
}

impl Factors for Windows<'_> {
    #[inline(always)]
    fn depth(&self) -> usize {
        self.channels * self.gather.taps.len()
    }

    #[inline(always)]
    fn count(&self, first: usize) -> usize {
        (self.depth() - first).min(DEPTH)
    }

    #[inline(always)]
    fn lines<'a>(
        &'a self,
        row: usize,
        Terms { first, count }: Terms,
        room: &'a mut [f32],
        lines: &mut [&'a [f32]],
    ) {
        match self.weights {
            Weights::Rows(weights) => {
                for (within, line) in lines.iter_mut().enumerate() {
                    *line = &weights[(row + within) * self.depth() + first..][..count];
                }
            }
            Weights::Turned {
                weights,
                rows,
                all,
                kept,
            } => {
                for nth in 0..count {
                    let (channel, tap) =
                        ((first + nth) / kept.len(), kept[(first + nth) % kept.len()]);
                    let kernels = &weights[(channel * rows + row) * all..][..lines.len() * all];
                    for (within, kernel) in kernels.chunks_exact(all).enumerate() {
                        room[within * count + nth] = kernel[tap];
                    }
                }
                for (line, room) in lines.iter_mut().zip(room.chunks_exact(count)) {
                    *line = room;
                }
            }
        }
    }

    #[inline(always)]
    fn pack(&self, image: usize, terms: Terms, pixel: usize, width: usize, panel: &mut [f32]) {
        let taps = &self.gather.taps;
        let area = self.gather.source[0] * self.gather.source[1];
        let (mut channel, mut tap) = (terms.first / taps.len(), terms.first % taps.len());
        for line in panel.chunks_exact_mut(width) {
            let plane = &self.source[(image * self.channels + channel) * area..][..area];
            self.gather.line(plane, taps[tap], pixel, line);
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
    fn rectify(&self) -> bool {
        self.rectify
    }
}
