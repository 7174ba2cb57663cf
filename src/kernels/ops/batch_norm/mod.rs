//! Batch normalization of a training step with its `relu`, as an operation of Burn: a channel is
//! read and written while it is in the cache.

mod running;

use burn::backend::Flex;
use burn::backend::TensorMetadata as _;
use burn::backend::flex::FlexTensor;
use burn::module::RunningState;
use burn::nn::BatchNorm;
use burn::tensor::{Tensor, TensorData};
use macerator::{AutoArch, Simd, WithSimd};
use rayon::prelude::*;

use crate::kernels::autodiff::{BackwardPass, Operand, apply, tensor};
use crate::kernels::buffer_pool::{Buffer, acquire, recycle};
use crate::kernels::tiling::relu;
pub(crate) use running::{burn_batch_norm, unbiased_factor};

/// Sums that are kept side by side, so that they are added in registers.
const SIDE: usize = 32;

/// Normalization with the statistics of the batch, which move the running ones, with a `relu`
/// behind it where `with_relu` is set; `None` where only Burn's layer computes this: on other
/// devices than the processor, for other dtypes than `f32`, outside of training.
///
/// # Shapes
/// - input, output: `[batch_size, channels, height, width]`
pub(crate) fn batch_norm(
    layer: &BatchNorm,
    input: &Tensor<4>,
    with_relu: bool,
) -> Option<Tensor<4>> {
    let [batch, channels, height, width] = input.dims();
    let device = input.device();
    let ours = device.is_autodiff() && layer.training.is_enabled() && batch * height * width > 0;
    if !ours || layer.gamma.dims() != [channels] {
        return None;
    }
    let operands = [
        Operand::<Flex>::new(input.clone())?,
        Operand::new(layer.gamma.val())?,
        Operand::new(layer.beta.val())?,
    ];
    let sizes = Sizes {
        channels,
        area: height * width,
    };
    apply(operands, |[input, gamma, beta], _| {
        let [input, gamma, beta] = [&input, &gamma, &beta].map(FlexTensor::to_contiguous);
        let affine = Affine {
            gamma: gamma.storage(),
            beta: beta.storage(),
            epsilon: layer.epsilon,
            with_relu,
        };
        let Normalized {
            output,
            means,
            variances,
            inverse,
        } = normalize(sizes, input.storage(), affine);
        let shift = |running: &RunningState<Tensor<1>>, batch: Vec<f32>| {
            let batch = Tensor::from_data(TensorData::new(batch, [channels]), &device);
            let old = running
                .value_sync()
                .to_device(&device)
                .mul_scalar(1.0 - layer.momentum);
            running.update((old + batch.mul_scalar(layer.momentum)).detach());
        };
        shift(&layer.running_mean, means.clone());
        let count = batch * height * width;
        shift(&layer.running_var, running::unbiased(&variances, count));
        let pass = NormalizationPass {
            sizes,
            input,
            gamma,
            beta,
            means,
            inverse,
            with_relu,
        };
        (tensor(output, &[batch, channels, height, width]), pass)
    })
}

#[derive(Debug, Clone, Copy)]
struct Sizes {
    channels: usize,
    /// Pixels of an image.
    area: usize,
}

/// What is done to all normalized values.
#[derive(Clone, Copy)]
struct Affine<'a> {
    /// `[channels]`
    gamma: &'a [f32],
    /// `[channels]`
    beta: &'a [f32],
    epsilon: f64,
    with_relu: bool,
}

struct Normalized {
    output: Buffer,
    means: Vec<f32>,
    /// Of the population: what normalizes the batch itself.
    variances: Vec<f32>,
    /// 1 / sqrt(variance + epsilon)
    inverse: Vec<f32>,
}

/// Gradients of the input, gamma and beta.
#[derive(Debug, Clone)]
struct NormalizationPass {
    sizes: Sizes,
    input: FlexTensor,
    gamma: FlexTensor,
    beta: FlexTensor,
    means: Vec<f32>,
    inverse: Vec<f32>,
    with_relu: bool,
}

impl BackwardPass<3> for NormalizationPass {
    fn backward(self, gradient: FlexTensor, wanted: [bool; 3]) -> [Option<FlexTensor>; 3] {
        let (of_input, of_gamma, of_beta) = self.gradients(gradient.storage());
        let channels = [self.sizes.channels];
        let found = [
            wanted[0].then(|| tensor(of_input, &self.input.shape())),
            wanted[1].then(|| tensor(of_gamma, &channels)),
            wanted[2].then(|| tensor(of_beta, &channels)),
        ];
        [gradient, self.input].into_iter().for_each(recycle);
        found
    }
}

/// The planes of each channel, of all images.
fn by_channel(values: &mut [f32], sizes: Sizes) -> Vec<Vec<&mut [f32]>> {
    let mut planes: Vec<Vec<&mut [f32]>> = (0..sizes.channels).map(|_| Vec::new()).collect();
    for (nth, plane) in values.chunks_mut(sizes.area).enumerate() {
        planes[nth % sizes.channels].push(plane);
    }
    planes
}

/// The planes of one channel.
fn planes(values: &[f32], sizes: Sizes, channel: usize) -> impl Iterator<Item = &[f32]> + Clone {
    values
        .chunks_exact(sizes.area)
        .skip(channel)
        .step_by(sizes.channels)
}

fn normalize(sizes: Sizes, input: &[f32], affine: Affine<'_>) -> Normalized {
    let mut output = acquire(input.len());
    let statistics: Vec<[f32; 3]> = by_channel(&mut output, sizes)
        .into_par_iter()
        .enumerate()
        .map(|(channel, output)| {
            AutoArch::new().dispatch(Forward {
                sizes,
                input,
                channel,
                affine,
                output,
            })
        })
        .collect();
    let of = |nth: usize| statistics.iter().map(|values| values[nth]).collect();
    Normalized {
        output,
        means: of(0),
        variances: of(1),
        inverse: of(2),
    }
}

/// One channel: mean, variance of the population, 1 / standard deviation.
struct Forward<'a> {
    sizes: Sizes,
    input: &'a [f32],
    channel: usize,
    affine: Affine<'a>,
    output: Vec<&'a mut [f32]>,
}

impl WithSimd for Forward<'_> {
    type Output = [f32; 3];

    #[inline(always)]
    fn with_simd<S: Simd>(self) -> [f32; 3] {
        let Self {
            sizes,
            input,
            channel,
            affine:
                Affine {
                    gamma,
                    beta,
                    epsilon,
                    with_relu,
                },
            output,
        } = self;
        let count = (output.len() * sizes.area) as f64;
        let planes = planes(input, sizes, channel);
        let mut sum = 0.0;
        for plane in planes.clone() {
            sum += summed(plane, |value| value);
        }
        let mean = (sum / count) as f32;
        let mut squares = 0.0;
        for plane in planes.clone() {
            squares += summed(plane, |value| (value - mean) * (value - mean));
        }
        let variance = squares / count;
        let inverse = (1.0 / (variance + epsilon).sqrt()) as f32;
        let (scale, shift) = scale_and_shift(gamma[channel], beta[channel], mean, inverse);
        for (plane, output) in planes.zip(output) {
            for (value, output) in plane.iter().zip(output) {
                let normalized = value * scale + shift;
                *output = if with_relu {
                    relu(normalized)
                } else {
                    normalized
                };
            }
        }
        [mean, variance as f32, inverse]
    }
}

/// Normalization of a channel as `scale * value + shift`.
#[inline(always)]
fn scale_and_shift(gamma: f32, beta: f32, mean: f32, inverse: f32) -> (f32, f32) {
    let scale = gamma * inverse;
    (scale, beta - mean * scale)
}

/// The sum of a term of each value, in double precision across blocks.
#[inline(always)]
fn summed(values: &[f32], term: impl Fn(f32) -> f32) -> f64 {
    let mut sum = 0.0;
    // Single precision for as long as it is exact enough.
    for block in values.chunks(64 * SIDE) {
        let mut sums = [0.0; SIDE];
        let (rows, rest) = block.as_chunks::<SIDE>();
        for row in rows {
            for (sum, value) in sums.iter_mut().zip(row) {
                *sum += term(*value);
            }
        }
        for (sum, value) in sums.iter_mut().zip(rest) {
            *sum += term(*value);
        }
        sum += sums.iter().map(|sum| f64::from(*sum)).sum::<f64>();
    }
    sum
}

impl NormalizationPass {
    /// With respect to the input, gamma and beta.
    fn gradients(&self, gradient: &[f32]) -> (Buffer, Vec<f32>, Vec<f32>) {
        let mut result = acquire(gradient.len());
        let sums: Vec<[f32; 2]> = by_channel(&mut result, self.sizes)
            .into_par_iter()
            .enumerate()
            .map(|(channel, result)| {
                AutoArch::new().dispatch(Back {
                    pass: self,
                    gradient,
                    channel,
                    result,
                })
            })
            .collect();
        let of = |nth: usize| sums.iter().map(|values| values[nth]).collect();
        (result, of(0), of(1))
    }
}

/// One channel: the gradients of gamma and beta (Ioffe and Szegedy 2015, section 3).
struct Back<'a> {
    pass: &'a NormalizationPass,
    gradient: &'a [f32],
    channel: usize,
    result: Vec<&'a mut [f32]>,
}

impl WithSimd for Back<'_> {
    type Output = [f32; 2];

    #[inline(always)]
    fn with_simd<S: Simd>(self) -> [f32; 2] {
        let Self {
            pass,
            gradient,
            channel,
            result,
        } = self;
        let input: &[f32] = pass.input.storage();
        let gamma: &[f32] = pass.gamma.storage();
        let beta: &[f32] = pass.beta.storage();
        let (mean, inverse) = (pass.means[channel], pass.inverse[channel]);
        let (scale, shift) = scale_and_shift(gamma[channel], beta[channel], mean, inverse);
        // What the `relu` let through: everything, where there is none.
        let least = if pass.with_relu {
            0.0
        } else {
            f32::NEG_INFINITY
        };
        let sizes = pass.sizes;
        let count = (result.len() * sizes.area) as f64;
        let pairs = planes(input, sizes, channel).zip(planes(gradient, sizes, channel));
        let factors = Factors {
            scale,
            shift,
            mean,
            inverse,
            least,
        };
        let (mut of_beta, mut of_gamma) = (0.0, 0.0);
        for (values, gradients) in pairs.clone() {
            let [sum, product] = sums_and_products(values, gradients, factors);
            of_beta += sum;
            of_gamma += product;
        }
        let constant = (of_beta / count) as f32;
        let slope = (of_gamma / count) as f32;
        for ((values, gradients), result) in pairs.zip(result) {
            for ((value, gradient), result) in values.iter().zip(gradients).zip(result) {
                let through = if value * scale + shift <= least {
                    0.0
                } else {
                    *gradient
                };
                *result = scale * (through - constant - (value - mean) * inverse * slope);
            }
        }
        [of_gamma as f32, of_beta as f32]
    }
}

/// What normalizes the values of a channel.
#[derive(Clone, Copy)]
struct Factors {
    scale: f32,
    shift: f32,
    mean: f32,
    inverse: f32,
    /// The largest output of which the gradient is 0.
    least: f32,
}

/// Sums of the gradients that the `relu` let through, and of their products with the normalized
/// values.
#[inline(always)]
fn sums_and_products(values: &[f32], gradients: &[f32], factors: Factors) -> [f64; 2] {
    let Factors {
        scale,
        shift,
        mean,
        inverse,
        least,
    } = factors;
    let mut totals = [0.0; 2];
    for (values, gradients) in values.chunks(64 * SIDE).zip(gradients.chunks(64 * SIDE)) {
        let mut sums = [[0.0; SIDE]; 2];
        let [sum, product] = &mut sums;
        let mut add = |place: usize, value: f32, gradient: f32| {
            let through = if value * scale + shift <= least {
                0.0
            } else {
                gradient
            };
            sum[place] += through;
            product[place] += through * (value - mean) * inverse;
        };
        let ((rows, rest), (gradient_rows, gradient_rest)) =
            (values.as_chunks::<SIDE>(), gradients.as_chunks::<SIDE>());
        for (row, gradients) in rows.iter().zip(gradient_rows) {
            for place in 0..SIDE {
                add(place, row[place], gradients[place]);
            }
        }
        for (place, (value, gradient)) in rest.iter().zip(gradient_rest).enumerate() {
            add(place, *value, *gradient);
        }
        for (total, sums) in totals.iter_mut().zip(sums) {
            *total += sums.iter().map(|sum| f64::from(*sum)).sum::<f64>();
        }
    }
    totals
}

#[cfg(test)]
mod tests;
