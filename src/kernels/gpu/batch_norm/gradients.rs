//! What goes back through a normalization.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::super::launch::{empty_like, grid};
use super::super::reduce::cube_sum;
use super::{Factors, Normalization, UNITS, by_channel, normalized, place};

/// Sums of the gradients that the ReLU let through, and of their products with the normalized values.
#[cube(launch)]
fn part_gradients(
    input: &[f32],
    gradient: &[f32],
    means: &[f32],
    inverses: &[f32],
    gamma: &[f32],
    beta: &[f32],
    sums: &mut [f32],
    products: &mut [f32],
    channels: usize,
    area: usize,
    count: usize,
    part: usize,
    #[comptime] relu: bool,
) {
    let nth = CUBE_POS_X as usize;
    let channel = CUBE_POS_Y as usize;
    let start = nth * part;
    let end = (start + part).min(count);
    let (mean, inverse, beta) = (means[channel], inverses[channel], beta[channel]);
    let scale = gamma[channel] * inverse;
    let mut sum = 0.0f32;
    let mut product = 0.0f32;
    let mut at = start + UNIT_POS as usize;
    while at < end {
        let index = place(at, channel, channels, area);
        let value = input[index];
        let mut through = gradient[index];
        if comptime!(relu) {
            through = select(normalized(value, mean, scale, beta) > 0.0, through, 0.0);
        }
        sum += through;
        product += through * (value - mean) * inverse;
        at += UNITS;
    }
    let sum = cube_sum(sum);
    let product = cube_sum(product);
    if UNIT_POS == 0 {
        sums[nth * channels + channel] = sum;
        products[nth * channels + channel] = product;
    }
}

/// Adds up the parts of two sums.
#[cube(launch)]
fn add_pairs(
    sums: &[f32],
    products: &[f32],
    of_beta: &mut [f32],
    of_gamma: &mut [f32],
    channels: usize,
    parts: usize,
) {
    let channel = CUBE_POS_X as usize * UNITS + UNIT_POS as usize;
    if channel < channels {
        let mut sum = 0.0f32;
        let mut product = 0.0f32;
        for nth in 0..parts {
            sum += sums[nth * channels + channel];
            product += products[nth * channels + channel];
        }
        of_beta[channel] = sum;
        of_gamma[channel] = product;
    }
}

#[cube(launch)]
fn input_gradients(
    input: &[f32],
    gradient: &[f32],
    means: &[f32],
    inverses: &[f32],
    gamma: &[f32],
    beta: &[f32],
    of_gamma: &[f32],
    of_beta: &[f32],
    out: &mut [f32],
    channels: usize,
    area: usize,
    count: usize,
    length: usize,
    #[comptime] relu: bool,
) {
    let cube = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let index = cube * UNITS + UNIT_POS as usize;
    if index < length {
        let channel = index / area % channels;
        let (mean, inverse) = (means[channel], inverses[channel]);
        let scale = gamma[channel] * inverse;
        let value = input[index];
        let mut through = gradient[index];
        if comptime!(relu) {
            let output = normalized(value, mean, scale, beta[channel]);
            through = select(output > 0.0, through, 0.0);
        }
        let constant = of_beta[channel] / count as f32;
        let slope = of_gamma[channel] / count as f32;
        out[index] = scale * (through - constant - (value - mean) * inverse * slope);
    }
}

/// The gradients of the input, of gamma and of beta.
///
/// # Shapes
/// - input, gradient, first result: `[batch_size, channels, height, width]`
/// - other results: `[channels]`
pub(in super::super) fn gradients(
    input: CubeTensor,
    gradient: CubeTensor,
    factors: Factors,
    norm: Normalization,
) -> (CubeTensor, CubeTensor, CubeTensor) {
    let (input, gradient) = (into_contiguous(input), into_contiguous(gradient));
    let (gamma, beta) = (
        into_contiguous(factors.gamma),
        into_contiguous(factors.beta),
    );
    let (part, number) = norm.parts();
    let parts = || empty_like(&input, &[number, norm.channels]);
    let (sums, products) = (parts(), parts());
    part_gradients::launch(
        &sums.client,
        CubeCount::Static(number as u32, norm.channels as u32, 1),
        CubeDim::new_1d(UNITS as u32),
        input.clone().into_buffer_arg(),
        gradient.clone().into_buffer_arg(),
        factors.means.clone().into_buffer_arg(),
        factors.inverses.clone().into_buffer_arg(),
        gamma.clone().into_buffer_arg(),
        beta.clone().into_buffer_arg(),
        sums.clone().into_buffer_arg(),
        products.clone().into_buffer_arg(),
        norm.channels,
        norm.area,
        norm.count,
        part,
        norm.relu,
    );
    let result = || empty_like(&input, &[norm.channels]);
    let (of_beta, of_gamma) = (result(), result());
    add_pairs::launch(
        &of_beta.client,
        by_channel(norm.channels),
        CubeDim::new_1d(UNITS as u32),
        sums.into_buffer_arg(),
        products.into_buffer_arg(),
        of_beta.clone().into_buffer_arg(),
        of_gamma.clone().into_buffer_arg(),
        norm.channels,
        number,
    );
    let out = empty_like(&input, input.meta.shape());
    let length = out.meta.num_elements();
    input_gradients::launch(
        &out.client,
        grid(length.div_ceil(UNITS), 1),
        CubeDim::new_1d(UNITS as u32),
        input.into_buffer_arg(),
        gradient.into_buffer_arg(),
        factors.means.into_buffer_arg(),
        factors.inverses.into_buffer_arg(),
        gamma.into_buffer_arg(),
        beta.into_buffer_arg(),
        of_gamma.clone().into_buffer_arg(),
        of_beta.clone().into_buffer_arg(),
        out.clone().into_buffer_arg(),
        norm.channels,
        norm.area,
        norm.count,
        length,
        norm.relu,
    );
    (out, of_gamma, of_beta)
}
