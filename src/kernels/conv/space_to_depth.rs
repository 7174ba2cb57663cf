//! A convolution whose kernel is a few strides wide, as one of stride 1: the pixels of each residue
//! ("phase") of the stride become channels of their own, and so do the weights that meet them
//! ("space to depth"). The upsampling of the FCNs is such a convolution, the other way round.

use rayon::prelude::*;

use super::shape::ConvShape;
use crate::kernels::buffer_pool::{Buffer, acquire};

/// The convolution of stride 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SpaceToDepth {
    /// The convolution that it replaces.
    strided: ConvShape,
    /// Its own sizes; the input channels are channels by rows of phases by columns of phases.
    pub shape: ConvShape,
}

impl SpaceToDepth {
    /// `None` where the kernel is not 2 or 3 strides wide, or dilated.
    pub fn of(strided: &ConvShape) -> Option<Self> {
        let ConvShape { stride, kernel, .. } = *strided;
        let wide = [0, 1].map(|axis| kernel[axis] / stride[axis]);
        let whole =
            (0..2).all(|axis| kernel[axis].is_multiple_of(stride[axis]) && stride[axis] > 1);
        if !whole || strided.dilation != [1, 1] || !matches!(wide, [2, 2] | [3, 3]) {
            return None;
        }
        let output = strided.checked_output()?;
        let shape = ConvShape {
            in_channels: strided.in_channels * stride[0] * stride[1],
            size: [0, 1].map(|axis| output[axis] + wide[axis] - 1),
            kernel: wide,
            stride: [1, 1],
            padding: [0, 0],
            ..*strided
        };
        Some(Self {
            strided: *strided,
            shape,
        })
    }

    /// The weights in the order of the convolution of stride 1.
    ///
    /// # Shapes
    /// - weights: `[out_channels, in_channels, kernel]`
    /// - result: `[out_channels, in_channels, phases, taps]`
    pub fn weights_to_depth(&self, weights: &[f32]) -> Vec<f32> {
        self.reordered(weights, |to, from, sorted, kernel| {
            sorted[to] = kernel[from];
        })
    }

    /// The inverse of [`weights_to_depth`](Self::weights_to_depth).
    pub fn weights_to_space(&self, sorted: &[f32]) -> Vec<f32> {
        self.reordered(sorted, |from, to, kernel, sorted| kernel[to] = sorted[from])
    }

    /// Each kernel with its weights in another order. `move_one` is given the place of a weight
    /// among the phases, its place in the kernel, the result and the weights.
    fn reordered(
        &self,
        weights: &[f32],
        move_one: impl Fn(usize, usize, &mut [f32], &[f32]) + Sync,
    ) -> Vec<f32> {
        let ([high, wide], [down, across]) = (self.strided.kernel, self.strided.stride);
        let mut result = vec![0.0; weights.len()];
        let kernels = result
            .par_chunks_mut(high * wide)
            .zip(weights.par_chunks(high * wide));
        kernels.for_each(|(result, kernel)| {
            for y in 0..high {
                for x in 0..wide {
                    let phase = y % down * across + x % across;
                    let tap = y / down * self.shape.kernel[1] + x / across;
                    move_one(
                        phase * self.shape.taps() + tap,
                        y * wide + x,
                        result,
                        kernel,
                    );
                }
            }
        });
        result
    }

    /// The image in phases, with its padding, in planes of `plane` values that end in zeros.
    ///
    /// # Shapes
    /// - image: `[batch, in_channels, height, width]`
    /// - result: `[batch, in_channels, phases, plane]`
    pub fn image_to_depth(&self, image: &[f32], plane: usize) -> Buffer {
        let [height, width] = self.strided.size;
        let length = self.number() * plane;
        let mut phases = acquire(self.strided.batch * length * self.strided.in_channels);
        phases
            .par_chunks_mut(length)
            .zip(image.par_chunks(height * width))
            .for_each(|(phases, image)| {
                phases.fill(0.0);
                self.over_rows(plane, |y, phase, columns| {
                    let row = &image[y * width..][..width];
                    let reads = row[columns.start..].iter().step_by(self.strided.stride[1]);
                    for (to, from) in phases[phase + columns.first..]
                        .iter_mut()
                        .zip(reads)
                        .take(columns.count)
                    {
                        *to = *from;
                    }
                });
            });
        phases
    }

    /// The inverse of [`image_to_depth`](Self::image_to_depth), from planes that end without zeros;
    /// pixels that no patch reads become 0.
    pub fn image_to_space(&self, phases: &[f32]) -> Buffer {
        let [height, width] = self.strided.size;
        let mut image = acquire(self.strided.batch * self.strided.in_channels * height * width);
        let plane = self.area();
        image
            .par_chunks_mut(height * width)
            .zip(phases.par_chunks(self.number() * plane))
            .for_each(|(image, phases)| {
                image.fill(0.0);
                self.over_rows(plane, |y, phase, columns| {
                    let row = &mut image[y * width..][..width];
                    let writes = row[columns.start..]
                        .iter_mut()
                        .step_by(self.strided.stride[1]);
                    for (to, from) in writes
                        .zip(&phases[phase + columns.first..])
                        .take(columns.count)
                    {
                        *to = *from;
                    }
                });
            });
        image
    }

    /// Phases of one channel.
    fn number(&self) -> usize {
        self.strided.stride[0] * self.strided.stride[1]
    }

    /// Pixels of one phase.
    pub fn area(&self) -> usize {
        self.shape.size[0] * self.shape.size[1]
    }

    /// Calls `visit` for each row of an image and each phase of its columns: with the row, where the
    /// phase's row begins among planes of that length, and the columns they share.
    fn over_rows(&self, plane: usize, mut visit: impl FnMut(usize, usize, Columns)) {
        let ([down, across], [above, left]) = (self.strided.stride, self.strided.padding);
        let [rows, columns] = self.shape.size;
        for y in 0..self.strided.size[0].min((rows * down).saturating_sub(above)) {
            let (phase_row, row) = ((y + above) % down, (y + above) / down);
            for x in 0..across {
                // Column `across * first + x` of the padded image is the first inside.
                let first = left.saturating_sub(x).div_ceil(across);
                let start = across * first + x - left;
                let inside = self.strided.size[1].saturating_sub(start).div_ceil(across);
                let count = inside.min(columns.saturating_sub(first));
                if count > 0 {
                    let phase = (phase_row * across + x) * plane + row * columns;
                    visit(
                        y,
                        phase,
                        Columns {
                            start,
                            first,
                            count,
                        },
                    );
                }
            }
        }
    }
}

/// Columns of one phase: strided from `start` on in a row of the image, contiguous from `first` on
/// in a row of the phase.
#[derive(Clone, Copy)]
struct Columns {
    start: usize,
    first: usize,
    count: usize,
}
