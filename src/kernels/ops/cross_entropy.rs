//! The per-pixel multinomial logistic loss, as an operation of Burn that knows its gradient: softmax
//! minus the one-hot label.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;
use macerator::{AutoArch, Simd, WithSimd};
use rayon::prelude::*;

use crate::kernels::PLAIN;
use crate::kernels::autodiff::{BackwardPass, Operand, apply, tensor};
use crate::kernels::buffer_pool::{Buffer, acquire};
use crate::kernels::gpu;
use crate::kernels::tiling::{Scratch, Tile, cut};

/// Pixels that are computed at a time: all their classes stay in the first-level cache.
const PIXELS: usize = 256;
/// Pixels of a task.
const PART: usize = 16 * PIXELS;

/// Sum over the labeled pixels of `-log softmax(logits)[label]`, in nats; `None` where only Burn's
/// operations compute it. Labels that are no class are void and add nothing.
///
/// # Shapes
/// - logits: `[batch_size, num_classes, height, width]`
/// - labels: `batch_size * height * width`, row by row
/// - output: `[1]`
pub fn cross_entropy_sum(logits: &Tensor<4>, labels: &[u8]) -> Option<Tensor<1>> {
    let [batch, _, height, width] = logits.dims();
    if *PLAIN || labels.len() != batch * height * width || labels.is_empty() {
        return None;
    }
    on_processor(logits, labels).or_else(|| gpu::layers::cross_entropy_sum(logits, labels))
}

fn on_processor(logits: &Tensor<4>, labels: &[u8]) -> Option<Tensor<1>> {
    let [batch, classes, height, width] = logits.dims();
    let sizes = Sizes {
        classes,
        pixels: height * width,
    };
    apply([Operand::<Flex>::new(logits.clone())?], |[logits], save| {
        let logits = logits.to_contiguous();
        let (loss, gradient) = if save {
            let (loss, gradient) = loss_and_gradient(logits.storage(), labels, sizes);
            (loss, tensor(gradient, &[batch, classes, height, width]))
        } else {
            let loss = loss(logits.storage(), labels, sizes);
            (loss, tensor(Vec::new(), &[0]))
        };
        (tensor(vec![loss as f32], &[1]), LossPass { gradient })
    })
}

#[derive(Debug, Clone)]
struct LossPass {
    /// Of the sum with respect to the logits.
    gradient: FlexTensor,
}

impl BackwardPass<1> for LossPass {
    fn backward(self, scale: FlexTensor, [wanted]: [bool; 1]) -> [Option<FlexTensor>; 1] {
        if !wanted {
            return [None];
        }
        let scale: f32 = scale.storage().first().copied().unwrap_or(0.0);
        let mut gradient = self.gradient;
        if scale != 1.0 {
            let values: &mut [f32] = gradient.storage_mut();
            values.par_chunks_mut(PART).for_each(|values| {
                for value in values {
                    *value *= scale;
                }
            });
        }
        [Some(gradient)]
    }
}

#[derive(Debug, Clone, Copy)]
struct Sizes {
    classes: usize,
    /// Of an image.
    pixels: usize,
}

/// The loss and its gradient.
///
/// # Shapes
/// - logits, gradient: `[batch, classes, pixels]`
fn loss_and_gradient(logits: &[f32], labels: &[u8], sizes: Sizes) -> (f64, Buffer) {
    let mut gradient = acquire(logits.len());
    let Sizes { classes, pixels } = sizes;
    let tiles = cut(&mut gradient, [classes, pixels], [classes, PART]);
    let part = |tile: Tile<'_>| {
        let part = Part {
            logits,
            labels,
            sizes,
            image: tile.matrix,
            first: tile.column,
        };
        part.loss(tile.rows[0].len(), tile.rows)
    };
    let losses: Vec<f64> = tiles.into_par_iter().map(part).collect();
    // In one order, whatever the number of threads.
    (losses.iter().sum(), gradient)
}

fn loss(logits: &[f32], labels: &[u8], sizes: Sizes) -> f64 {
    let pixels = sizes.pixels;
    let parts = pixels.div_ceil(PART);
    let part = |nth: usize| {
        let (image, first) = (nth / parts, nth % parts * PART);
        let part = Part {
            logits,
            labels,
            sizes,
            image,
            first,
        };
        part.loss(PART.min(pixels - first), Vec::new())
    };
    let losses: Vec<f64> = (0..labels.len() / pixels * parts)
        .into_par_iter()
        .map(part)
        .collect();
    losses.iter().sum()
}

/// Pixels of an image from `first` on.
struct Part<'a> {
    logits: &'a [f32],
    labels: &'a [u8],
    sizes: Sizes,
    image: usize,
    first: usize,
}

impl Part<'_> {
    /// Loss of `length` pixels. Their gradient is written to the rows of the classes, where there
    /// are some.
    fn loss(self, length: usize, gradient: Vec<&mut [f32]>) -> f64 {
        let mut scratch = Scratch::new(2 * PIXELS);
        let sums = &mut scratch.values()[..2 * PIXELS];
        AutoArch::new().dispatch(Task {
            part: self,
            length,
            gradient,
            sums,
        })
    }
}

struct Task<'a> {
    part: Part<'a>,
    length: usize,
    gradient: Vec<&'a mut [f32]>,
    /// Scratch memory for two values of each pixel.
    sums: &'a mut [f32],
}

impl WithSimd for Task<'_> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self) -> f64 {
        let Self {
            part,
            length,
            mut gradient,
            sums,
        } = self;
        let Part {
            logits,
            labels,
            sizes: Sizes { classes, pixels },
            image,
            first,
        } = part;
        let (largest, sums) = sums.split_at_mut(PIXELS);
        let mut loss = 0.0;
        for start in (0..length).step_by(PIXELS) {
            let count = PIXELS.min(length - start);
            let (largest, sums) = (&mut largest[..count], &mut sums[..count]);
            let labels = &labels[image * pixels + first + start..][..count];
            let plane = |class: usize| {
                &logits[(image * classes + class) * pixels + first + start..][..count]
            };
            largest.fill(f32::NEG_INFINITY);
            for class in 0..classes {
                for (largest, logit) in largest.iter_mut().zip(plane(class)) {
                    *largest = if *logit > *largest || logit.is_nan() {
                        *logit
                    } else {
                        *largest
                    };
                }
            }
            sums.fill(0.0);
            for class in 0..classes {
                let terms = plane(class).iter().zip(&*largest).zip(&mut *sums);
                if let Some(row) = gradient.get_mut(class) {
                    for (value, ((logit, largest), sum)) in
                        row[start..start + count].iter_mut().zip(terms)
                    {
                        *value = exp(logit - largest);
                        *sum += *value;
                    }
                } else {
                    for ((logit, largest), sum) in terms {
                        *sum += exp(logit - largest);
                    }
                }
            }
            for (pixel, label) in labels.iter().enumerate() {
                let class = usize::from(*label);
                if class < classes {
                    let logit = f64::from(plane(class)[pixel]);
                    loss += f64::from(sums[pixel]).ln() + f64::from(largest[pixel]) - logit;
                }
            }
            if gradient.is_empty() {
                continue;
            }
            // From here on: what turns an exponential into the gradient, 0 for void.
            for (sum, label) in sums.iter_mut().zip(labels) {
                *sum = if usize::from(*label) < classes {
                    1.0 / *sum
                } else {
                    0.0
                };
            }
            for row in &mut gradient {
                for (value, factor) in row[start..start + count].iter_mut().zip(&*sums) {
                    *value *= factor;
                }
            }
            for (pixel, label) in labels.iter().enumerate() {
                if let Some(row) = gradient.get_mut(usize::from(*label)) {
                    row[start + pixel] -= 1.0;
                }
            }
        }
        loss
    }
}

/// e to the power of a value of 0 or less, with a relative error of about 1e-7: powers of two, and
/// the polynomial of Cephes' `expf` for the rest.
#[inline(always)]
fn exp(value: f32) -> f32 {
    // ln 2 in two parts, so that the difference is exact.
    const HIGH: f32 = 0.693_359_4;
    const LOW: f32 = -2.121_944_4e-4;
    /// Adding it rounds to an integer.
    const ROUND: f32 = 12_582_912.0;
    let value = if value < -87.0 { -87.0 } else { value };
    let rounded = value * std::f32::consts::LOG2_E + ROUND;
    let power = rounded - ROUND;
    let rest = value - power * HIGH - power * LOW;
    let terms = [
        1.398_199_9e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        1.666_666_5e-1,
        0.5,
    ];
    let polynomial = terms
        .iter()
        .fold(1.987_569_1e-4, |sum, term| sum * rest + term);
    let fraction = polynomial * rest * rest + rest + 1.0;
    // The integer is in the lowest bits: add it to the exponent.
    fraction * f32::from_bits((rounded.to_bits() << 23).wrapping_add(0x3f80_0000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponential_is_that_of_the_standard_library() {
        for step in 0..=8700 {
            let value = -0.01 * step as f32;
            let (found, expected) = (f64::from(exp(value)), f64::from(value).exp());
            assert!(
                (found - expected).abs() <= 3e-7 * expected,
                "exp({value}): {found}, {expected}"
            );
        }
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(-1e30) < 1e-37 && exp(f32::NEG_INFINITY) < 1e-37);
        assert!(exp(f32::NAN).is_nan());
    }
}
