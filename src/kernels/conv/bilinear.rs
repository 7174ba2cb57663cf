//! Bilinear upsampling: the transposed convolution of the FCNs as it starts, and as it stays where
//! it is fixed. It treats each class by itself and is separable, so it is two passes of two terms
//! per pixel instead of a product over all classes and weights.

use rayon::prelude::*;

use super::shape::ConvShape;
use crate::kernels::buffer_pool::{Buffer, acquire};
use crate::kernels::tiling::Scratch;

/// The 2-d bilinear interpolation kernel of `size` x `size` values, row by row: the products of
/// the [weights along each axis](bilinear_weights).
pub fn bilinear_kernel(size: usize) -> Vec<f32> {
    let weights = bilinear_weights(size);
    weights
        .iter()
        .flat_map(|y| weights.iter().map(move |x| y * x))
        .collect()
}

/// The weights of linear interpolation along one axis.
///
/// Source: `upsample_filt` in `surgery.py` of shelhamer/fcn.berkeleyvision.org:
/// `1 - |x - center| / factor`, `factor = (size + 1) / 2`.
fn bilinear_weights(size: usize) -> Vec<f32> {
    let factor = size.div_ceil(2) as f32;
    let center = if size % 2 == 1 {
        factor - 1.0
    } else {
        factor - 0.5
    };
    (0..size)
        .map(|x| 1.0 - (x as f32 - center).abs() / factor)
        .collect()
}

/// What one fine pixel of an axis is made of: two coarse pixels and their weights.
type Terms = [(usize, f32); 2];

/// Bilinear upsampling from coarse maps to fine ones.
#[derive(Debug)]
pub(crate) struct BilinearUpsampling {
    /// Height and width.
    coarse: [usize; 2],
    /// For each row and each column of the fine maps.
    terms: [Vec<Terms>; 2],
}

impl BilinearUpsampling {
    /// `None` where a layer of these sizes cannot be bilinear upsampling. `shape` is of the
    /// convolution that leads back, from the fine maps to the coarse ones.
    pub fn new(shape: &ConvShape) -> Option<Self> {
        let ConvShape { kernel, stride, .. } = *shape;
        let fits = |axis: usize| kernel[axis] == kernel[0] && kernel[axis] <= 2 * stride[axis];
        let channels_match = shape.in_channels == shape.out_channels;
        if !channels_match || !fits(0) || !fits(1) || shape.dilation != [1, 1] {
            return None;
        }
        Some(Self {
            coarse: shape.output(),
            terms: [0, 1].map(|axis| axis_terms(shape, axis)),
        })
    }

    /// # Shapes
    /// - maps: `[batch * classes, height, width]`, coarse
    /// - result: the same, fine
    pub fn forward(&self, maps: &[f32]) -> Buffer {
        let [coarse, fine] = self.areas();
        self.each([coarse, fine], maps, Self::enlarge)
    }

    /// Gradient of the coarse maps.
    ///
    /// # Shapes
    /// - gradient: `[batch * classes, height, width]`, fine
    /// - result: the same, coarse
    pub fn gradient(&self, gradient: &[f32]) -> Buffer {
        let [coarse, fine] = self.areas();
        self.each([fine, coarse], gradient, Self::reduce)
    }

    /// Pixels of a coarse and of a fine map.
    fn areas(&self) -> [usize; 2] {
        let [rows, columns] = &self.terms;
        [self.coarse[0] * self.coarse[1], rows.len() * columns.len()]
    }

    /// From each map of `area[0]` pixels one of `area[1]`. `pass` reads the one and writes the other,
    /// with scratch memory for a map that is fine along its rows only.
    fn each(
        &self,
        area: [usize; 2],
        maps: &[f32],
        pass: impl Fn(&Self, &[f32], &mut [f32], &mut [f32]) + Sync,
    ) -> Buffer {
        let mut result = acquire(maps.len() / area[0] * area[1]);
        result
            .par_chunks_mut(area[1])
            .zip(maps.par_chunks(area[0]))
            .for_each(|(to, from)| {
                let len = self.coarse[0] * self.terms[1].len();
                let mut scratch = Scratch::new(len);
                pass(self, from, to, &mut scratch.values()[..len]);
            });
        result
    }

    /// A fine map from a coarse one.
    fn enlarge(&self, from: &[f32], to: &mut [f32], wide: &mut [f32]) {
        let [rows, columns] = &self.terms;
        for (wide, from) in wide
            .chunks_exact_mut(columns.len())
            .zip(from.chunks_exact(self.coarse[1]))
        {
            for (value, [(left, near), (right, far)]) in wide.iter_mut().zip(columns) {
                *value = from[*left] * near + from[*right] * far;
            }
        }
        for (to, [(above, near), (below, far)]) in to.chunks_exact_mut(columns.len()).zip(rows) {
            let [above, below] =
                [above, below].map(|row| &wide[row * columns.len()..][..columns.len()]);
            for ((value, above), below) in to.iter_mut().zip(above).zip(below) {
                *value = above * near + below * far;
            }
        }
    }

    /// The gradient of a coarse map from that of the fine one.
    fn reduce(&self, from: &[f32], to: &mut [f32], wide: &mut [f32]) {
        let [rows, columns] = &self.terms;
        wide.fill(0.0);
        for (from, terms) in from.chunks_exact(columns.len()).zip(rows) {
            for (row, weight) in terms {
                let wide = &mut wide[row * columns.len()..][..columns.len()];
                for (sum, value) in wide.iter_mut().zip(from) {
                    *sum += value * weight;
                }
            }
        }
        to.fill(0.0);
        for (to, wide) in to
            .chunks_exact_mut(self.coarse[1])
            .zip(wide.chunks_exact(columns.len()))
        {
            for (value, terms) in wide.iter().zip(columns) {
                for (column, weight) in terms {
                    to[*column] += value * weight;
                }
            }
        }
    }
}

/// Whether the weights interpolate: each class from itself only, with the bilinear kernel.
///
/// # Shapes
/// - weights: `[channels, channels, kernel, kernel]`
pub(crate) fn is_bilinear(weights: &[f32], channels: usize, kernel: usize) -> bool {
    let bilinear = bilinear_kernel(kernel);
    let mut kernels = weights.chunks(bilinear.len()).enumerate();
    kernels.all(|(nth, kernel)| {
        if nth / channels == nth % channels {
            kernel == bilinear
        } else {
            kernel.iter().all(|weight| *weight == 0.0)
        }
    })
}

/// Fine pixel `i` is under weight `k` of coarse pixel `o` where `i = stride * o + k - padding`.
fn axis_terms(shape: &ConvShape, axis: usize) -> Vec<Terms> {
    let (stride, padding, coarse) = (
        shape.stride[axis],
        shape.padding[axis],
        shape.output()[axis],
    );
    let weights = bilinear_weights(shape.kernel[axis]);
    let terms = |fine: usize| {
        let last = (fine + padding) / stride;
        let [left, right] = [last.checked_sub(1), Some(last)].map(|place| {
            let place = place.filter(|place| *place < coarse)?;
            Some((place, *weights.get(fine + padding - stride * place)?))
        });
        // A term that is missing reads where the other one does.
        let place = left.or(right).map_or(0, |(place, _)| place);
        [left, right].map(|term| term.unwrap_or((place, 0.0)))
    };
    (0..shape.size[axis]).map(terms).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(values: &[f32], expected: &[f32]) {
        assert_eq!(values.len(), expected.len());
        for (value, expected) in values.iter().zip(expected) {
            assert!((value - expected).abs() < 1e-6, "{value} != {expected}");
        }
    }

    #[test]
    fn even_kernel_equals_the_hand_computed_one() {
        let row = [0.25, 0.75, 0.75, 0.25];
        let expected: Vec<f32> = row
            .iter()
            .flat_map(|y| row.iter().map(move |x| x * y))
            .collect();
        assert_close(&bilinear_kernel(4), &expected);
    }

    #[test]
    fn odd_kernel_equals_the_hand_computed_one() {
        assert_close(
            &bilinear_kernel(3),
            &[0.25, 0.5, 0.25, 0.5, 1.0, 0.5, 0.25, 0.5, 0.25],
        );
    }
}
