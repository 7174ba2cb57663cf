//! Means and deviations of a batch.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::launch::empty_like;
use super::super::reduce::cube_sum;
use super::{Normalization, UNITS, by_channel, place};

/// Mean of each part of each channel, and the sum of the squares of what its values differ from it.
#[cube(launch)]
fn part_moments(
    input: &[f32],
    means: &mut [f32],
    squares: &mut [f32],
    channels: usize,
    area: usize,
    count: usize,
    part: usize,
) {
    let nth = CUBE_POS_X as usize;
    let channel = CUBE_POS_Y as usize;
    let start = nth * part;
    let end = (start + part).min(count);
    let mut sum = 0.0f32;
    let mut at = start + UNIT_POS as usize;
    while at < end {
        sum += input[place(at, channel, channels, area)];
        at += UNITS;
    }
    let mean = cube_sum(sum) / (end - start) as f32;
    let mut sum = 0.0f32;
    let mut at = start + UNIT_POS as usize;
    while at < end {
        let apart = input[place(at, channel, channels, area)] - mean;
        sum += apart * apart;
        at += UNITS;
    }
    let sum = cube_sum(sum);
    if UNIT_POS == 0 {
        means[nth * channels + channel] = mean;
        squares[nth * channels + channel] = sum;
    }
}

/// The moments of all parts together (Chan, Golub and `LeVeque` 1983), and the running statistics
/// moved towards them.
#[cube(launch)]
fn moments(
    part_means: &[f32],
    part_squares: &[f32],
    running_mean: &[f32],
    running_var: &[f32],
    means: &mut [f32],
    inverses: &mut [f32],
    moved_mean: &mut [f32],
    moved_var: &mut [f32],
    channels: usize,
    count: usize,
    part: usize,
    parts: usize,
    epsilon: f32,
    momentum: f32,
    unbiased: f32,
) {
    let channel = CUBE_POS_X as usize * UNITS + UNIT_POS as usize;
    if channel < channels {
        let mut mean = 0.0f32;
        let mut squares = 0.0f32;
        let mut number = 0.0f32;
        for nth in 0..parts {
            let start = nth * part;
            let own = ((start + part).min(count) - start) as f32;
            let apart = part_means[nth * channels + channel] - mean;
            let all = number + own;
            mean += apart * own / all;
            squares += part_squares[nth * channels + channel] + apart * apart * number * own / all;
            number = all;
        }
        let variance = squares / count as f32;
        means[channel] = mean;
        inverses[channel] = 1.0 / (variance + epsilon).sqrt();
        moved_mean[channel] = (1.0 - momentum) * running_mean[channel] + momentum * mean;
        moved_var[channel] =
            (1.0 - momentum) * running_var[channel] + momentum * variance * unbiased;
    }
}

/// Means and 1 / standard deviations of the batch, and the moved running means and variances.
///
/// # Shapes
/// - input: `[batch_size, channels, height, width]`
/// - running statistics, results: `[channels]`
pub(in super::super) fn statistics(
    input: CubeTensor,
    running_mean: CubeTensor,
    running_var: CubeTensor,
    norm: Normalization,
) -> (CubeTensor, CubeTensor, CubeTensor, CubeTensor) {
    let input = into_contiguous(input);
    let (part, number) = norm.parts();
    let parts = || empty_like(&input, &[number, norm.channels]);
    let (part_means, part_squares) = (parts(), parts());
    part_moments::launch(
        &part_means.client,
        CubeCount::Static(number as u32, norm.channels as u32, 1),
        CubeDim::new_1d(UNITS as u32),
        input.clone().into_buffer_arg(),
        part_means.clone().into_buffer_arg(),
        part_squares.clone().into_buffer_arg(),
        norm.channels,
        norm.area,
        norm.count,
        part,
    );
    let result = || empty_like(&input, &[norm.channels]);
    let (means, inverses, moved_mean, moved_var) = (result(), result(), result(), result());
    moments::launch(
        &means.client,
        by_channel(norm.channels),
        CubeDim::new_1d(UNITS as u32),
        part_means.into_buffer_arg(),
        part_squares.into_buffer_arg(),
        into_contiguous(running_mean).into_buffer_arg(),
        into_contiguous(running_var).into_buffer_arg(),
        means.clone().into_buffer_arg(),
        inverses.clone().into_buffer_arg(),
        moved_mean.clone().into_buffer_arg(),
        moved_var.clone().into_buffer_arg(),
        norm.channels,
        norm.count,
        part,
        number,
        norm.epsilon,
        norm.momentum,
        norm.unbiased,
    );
    (means, inverses, moved_mean, moved_var)
}
