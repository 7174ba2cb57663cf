//! Batch normalization of a training step with its rectifier, as an operation of Burn: a
//! channel is read and written while it is in the cache.

use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::NoCheckpointing};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::{Flex, TensorMetadata as _};
use burn::module::RunningState;
use burn::nn::BatchNorm;
use burn::tensor::{Tensor, TensorData};
use macerator::{AutoArch, Simd, WithSimd};
use rayon::prelude::*;

use crate::kernels::buffer_pool as reuse;
use crate::kernels::conv::conv2d::{Tracked, tensor, tracked};
use crate::kernels::tiling::rectified;

/// Sums that are kept side by side, so that they are added in registers.
const SIDE: usize = 32;

/// Normalization with the statistics of the batch, which move the running ones, and a
/// rectifier behind it where `rectify` says so; `None` where this is not for us: other
/// devices than the processor, other numbers than `f32`, nothing to learn.
///
/// # Shapes
/// - input, output: `[batch_size, channels, height, width]`
pub(crate) fn batch_norm(layer: &BatchNorm, input: &Tensor<4>, rectify: bool) -> Option<Tensor<4>> {
    let [batch, channels, height, width] = input.dims();
    let device = input.device();
    let ours = device.is_autodiff() && layer.training.is_enabled() && batch * height * width > 0;
    if !ours || layer.gamma.dims() != [channels] {
        return None;
    }
    let (input, input_node) = tracked(input.clone())?;
    let (gamma, gamma_node) = tracked(layer.gamma.val())?;
    let (beta, beta_node) = tracked(layer.beta.val())?;
    let size = Size {
        channels,
        area: height * width,
    };
    let input = input.to_contiguous();
    let [scales, shifts] = [&gamma, &beta].map(FlexTensor::to_contiguous);
    let normalized = normalize(
        size,
        input.storage(),
        [scales.storage(), shifts.storage()],
        layer.epsilon,
        rectify,
    );
    let Normalized {
        output,
        means,
        variances,
        inverse,
    } = normalized;
    let shift = |running: &RunningState<Tensor<1>>, batch: Vec<f32>| {
        let batch = Tensor::from_data(TensorData::new(batch, [channels]), &device);
        let old = running
            .value_sync()
            .to_device(&device)
            .mul_scalar(1.0 - layer.momentum);
        running.update((old + batch.mul_scalar(layer.momentum)).detach());
    };
    let state = Saved {
        size,
        input,
        gamma: scales,
        beta: shifts,
        means: means.clone(),
        inverse,
        rectify,
    };
    shift(&layer.running_mean, means);
    shift(&layer.running_var, variances);
    let output = tensor(output, &[batch, channels, height, width]);
    let prepared = Normalization.prepare::<NoCheckpointing>([input_node, gamma_node, beta_node]);
    Some(Tensor::from_primitive::<Tracked>(
        match prepared.compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(state, output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        },
    ))
}

#[derive(Debug, Clone, Copy)]
struct Size {
    channels: usize,
    /// Pixels of an image.
    area: usize,
}

struct Normalized {
    output: Vec<f32>,
    means: Vec<f32>,
    /// Of the population, as Burn's.
    variances: Vec<f32>,
    /// 1 / sqrt(variance + epsilon)
    inverse: Vec<f32>,
}

/// What the backward pass needs.
#[derive(Debug, Clone)]
struct Saved {
    size: Size,
    input: FlexTensor,
    gamma: FlexTensor,
    beta: FlexTensor,
    means: Vec<f32>,
    inverse: Vec<f32>,
    rectify: bool,
}

#[derive(Debug, Clone, Copy)]
struct Normalization;

/// Parents: the input, gamma, beta.
impl Backward<Flex, 3> for Normalization {
    type State = Saved;

    fn backward(self, ops: Ops<Saved, 3>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<Flex>(&ops.node).to_contiguous();
        let state = ops.state;
        let (of_input, of_gamma, of_beta) = state.gradients(gradient.storage());
        reuse::give_tensor(gradient);
        let [input, gamma, beta] = ops.parents.map(|node| node.map(|node| node.id));
        if let Some(node) = input {
            gradients.register::<Flex>(node, tensor(of_input, &state.input.shape()));
        }
        for (node, values) in [(gamma, of_gamma), (beta, of_beta)] {
            if let Some(node) = node {
                gradients.register::<Flex>(node, tensor(values, &[state.size.channels]));
            }
        }
        reuse::give_tensor(state.input);
    }
}

/// The planes of each channel, of all images.
fn by_channel(values: &mut [f32], size: Size) -> Vec<Vec<&mut [f32]>> {
    let mut planes: Vec<Vec<&mut [f32]>> = (0..size.channels).map(|_| Vec::new()).collect();
    for (nth, plane) in values.chunks_mut(size.area).enumerate() {
        planes[nth % size.channels].push(plane);
    }
    planes
}

/// The planes of one channel.
fn planes(values: &[f32], size: Size, channel: usize) -> impl Iterator<Item = &[f32]> + Clone {
    values
        .chunks_exact(size.area)
        .skip(channel)
        .step_by(size.channels)
}

fn normalize(
    size: Size,
    input: &[f32],
    [gamma, beta]: [&[f32]; 2],
    epsilon: f64,
    rectify: bool,
) -> Normalized {
    let mut output = reuse::take(input.len());
    let statistics: Vec<[f32; 3]> = by_channel(&mut output, size)
        .into_par_iter()
        .enumerate()
        .map(|(channel, output)| {
            let (gamma, beta) = (gamma[channel], beta[channel]);
            AutoArch::new().dispatch(Forward {
                size,
                input,
                channel,
                gamma,
                beta,
                epsilon,
                rectify,
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
    size: Size,
    input: &'a [f32],
    channel: usize,
    gamma: f32,
    beta: f32,
    epsilon: f64,
    rectify: bool,
    output: Vec<&'a mut [f32]>,
}

impl WithSimd for Forward<'_> {
    type Output = [f32; 3];

    #[inline(always)]
    fn with_simd<S: Simd>(self) -> [f32; 3] {
        let Self {
            size,
            input,
            channel,
            gamma,
            beta,
            epsilon,
            rectify,
            output,
        } = self;
        let count = (output.len() * size.area) as f64;
        let planes = planes(input, size, channel);
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
        let (scale, shift) = affine(gamma, beta, mean, inverse);
        for (plane, output) in planes.zip(output) {
            for (value, output) in plane.iter().zip(output) {
                let normalized = value * scale + shift;
                *output = if rectify {
                    rectified(normalized)
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
fn affine(gamma: f32, beta: f32, mean: f32, inverse: f32) -> (f32, f32) {
    let scale = gamma * inverse;
    (scale, beta - mean * scale)
}

/// The sum of a term for each number, in double precision across blocks.
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

impl Saved {
    /// With respect to the input, gamma and beta.
    fn gradients(&self, gradient: &[f32]) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
        let mut result = reuse::take(gradient.len());
        let sums: Vec<[f32; 2]> = by_channel(&mut result, self.size)
            .into_par_iter()
            .enumerate()
            .map(|(channel, result)| {
                AutoArch::new().dispatch(Back {
                    saved: self,
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
    saved: &'a Saved,
    gradient: &'a [f32],
    channel: usize,
    result: Vec<&'a mut [f32]>,
}

impl WithSimd for Back<'_> {
    type Output = [f32; 2];

    #[inline(always)]
    fn with_simd<S: Simd>(self) -> [f32; 2] {
        let Self {
            saved,
            gradient,
            channel,
            result,
        } = self;
        let input: &[f32] = saved.input.storage();
        let gamma: &[f32] = saved.gamma.storage();
        let beta: &[f32] = saved.beta.storage();
        let (mean, inverse) = (saved.means[channel], saved.inverse[channel]);
        let (scale, shift) = affine(gamma[channel], beta[channel], mean, inverse);
        // What the rectifier let through: everything, where there is none.
        let least = if saved.rectify {
            0.0
        } else {
            f32::NEG_INFINITY
        };
        let size = saved.size;
        let count = (result.len() * size.area) as f64;
        let pairs = planes(input, size, channel).zip(planes(gradient, size, channel));
        let (mut of_beta, mut of_gamma) = (0.0, 0.0);
        for (values, gradients) in pairs.clone() {
            let [sum, product] = products(values, gradients, [scale, shift, mean, inverse, least]);
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

/// Sums of the gradients that came through, and of their products with the normalized values.
#[inline(always)]
fn products(
    values: &[f32],
    gradients: &[f32],
    [scale, shift, mean, inverse, least]: [f32; 5],
) -> [f64; 2] {
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
mod tests {
    use super::*;
    use burn::module::Param;
    use burn::nn::BatchNormConfig;
    use burn::tensor::activation::relu;
    use burn::tensor::{Device, Distribution};

    fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.into_data().try_to_vec().expect("floats")
    }

    fn layer(channels: usize, device: &Device) -> BatchNorm {
        let random = || {
            Param::from_tensor(Tensor::random(
                [channels],
                Distribution::Uniform(-1.0, 1.0),
                device,
            ))
        };
        BatchNorm {
            gamma: random(),
            beta: random(),
            ..BatchNormConfig::new(channels).init(device)
        }
    }

    /// Output, gradients of the input, gamma and beta, running mean and variance.
    fn step(
        layer: &BatchNorm,
        [input, seed]: [&Tensor<4>; 2],
        forward: impl Fn(&BatchNorm, Tensor<4>) -> Tensor<4>,
    ) -> [Vec<f32>; 6] {
        let input = input.clone().require_grad();
        let output = forward(layer, input.clone());
        let gradients = (output.clone() * seed.clone()).sum().backward();
        let of =
            |param: &Param<Tensor<1>>| values(param.val().grad(&gradients).expect("a gradient"));
        [
            values(output),
            values(input.grad(&gradients).expect("a gradient")),
            of(&layer.gamma),
            of(&layer.beta),
            values(layer.running_mean.value_sync()),
            values(layer.running_var.value_sync()),
        ]
    }

    #[test]
    fn a_step_is_that_of_burn() {
        let device = Device::flex().autodiff();
        for shape in [[1, 1, 1, 7], [2, 3, 5, 9], [4, 8, 33, 70]] {
            for rectify in [false, true] {
                let random =
                    |mean| Tensor::<4>::random(shape, Distribution::Normal(mean, 2.0), &device);
                let (input, seed) = (random(3.0), random(0.0));
                let layer = layer(shape[1], &device);
                let ours = step(&fresh(&layer, &device), [&input, &seed], |layer, input| {
                    batch_norm(layer, &input, rectify).expect("ours")
                });
                let theirs = step(&fresh(&layer, &device), [&input, &seed], |layer, input| {
                    let output = layer.forward(input);
                    if rectify { relu(output) } else { output }
                });
                for (nth, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
                    let largest = theirs
                        .iter()
                        .fold(1e-2f32, |most, value| most.max(value.abs()));
                    assert_eq!(ours.len(), theirs.len());
                    for (ours, theirs) in ours.iter().zip(theirs) {
                        let close = (ours - theirs).abs() <= 2e-4 * largest;
                        assert!(
                            close,
                            "{nth} of {shape:?}, {rectify}: {ours} and not {theirs}"
                        );
                    }
                }
            }
        }
    }

    /// The same weights with running values of their own.
    fn fresh(layer: &BatchNorm, device: &Device) -> BatchNorm {
        let (gamma, beta) = (layer.gamma.clone(), layer.beta.clone());
        BatchNorm {
            gamma,
            beta,
            ..BatchNormConfig::new(layer.gamma.dims()[0]).init(device)
        }
    }

    #[test]
    fn predictions_and_other_devices_are_left_to_burn() {
        let device = Device::flex();
        let layer = layer(2, &device);
        assert!(batch_norm(&layer, &Tensor::zeros([1, 2, 3, 3], &device), true).is_none());
    }
}
