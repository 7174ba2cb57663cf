//! Batch normalization of a training step with its ReLU (Ioffe and Szegedy 2015): the statistics of
//! a channel are gathered in parts, and put together in a fixed order.

mod gradients;
mod statistics;

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::{empty_like, grid};
pub(super) use gradients::gradients;
pub(super) use statistics::statistics;

const UNITS: usize = 256;
/// Values of a channel that one cube looks at, where there are enough of them.
const PART: usize = 16 * 1024;
/// Parts of a channel at most.
const MOST_PARTS: usize = 1024;

/// What is normalized, and how the running statistics move.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Normalization {
    pub channels: usize,
    /// Values of a channel: pixels of all images.
    pub count: usize,
    /// Pixels of an image.
    pub area: usize,
    pub epsilon: f32,
    /// Share of a batch in the running statistics.
    pub momentum: f32,
    /// What makes the variance of a batch an estimate of where it came from.
    pub unbiased: f32,
    pub relu: bool,
}

impl Normalization {
    /// The length of a part of a channel, and how many there are.
    fn parts(&self) -> (usize, usize) {
        let part = PART.max(self.count.div_ceil(MOST_PARTS)).min(self.count);
        (part, self.count.div_ceil(part))
    }
}

/// Where value `at` of a channel is.
#[cube]
fn place(at: usize, channel: usize, channels: usize, area: usize) -> usize {
    (at / area * channels + channel) * area + at % area
}

fn by_channel(channels: usize) -> CubeCount {
    CubeCount::Static(channels.div_ceil(UNITS) as u32, 1, 1)
}

/// A value behind normalization, in front of the ReLU.
#[cube]
fn normalized(value: f32, mean: f32, scale: f32, beta: f32) -> f32 {
    (value - mean) * scale + beta
}

#[cube(launch)]
fn normalize(
    input: &[f32],
    means: &[f32],
    inverses: &[f32],
    gamma: &[f32],
    beta: &[f32],
    out: &mut [f32],
    channels: usize,
    area: usize,
    length: usize,
    #[comptime] relu: bool,
) {
    let cube = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let index = cube * UNITS + UNIT_POS as usize;
    if index < length {
        let channel = index / area % channels;
        let scale = gamma[channel] * inverses[channel];
        let mut value = normalized(input[index], means[channel], scale, beta[channel]);
        if comptime!(relu) {
            value = select(value < 0.0, 0.0, value);
        }
        out[index] = value;
    }
}

/// What normalizes the values of each channel, `[channels]` each.
#[derive(Debug, Clone)]
pub(super) struct Factors {
    pub means: CubeTensor,
    pub inverses: CubeTensor,
    pub gamma: CubeTensor,
    pub beta: CubeTensor,
}

/// The normalized values, through the ReLU where there is one.
///
/// # Shapes
/// - input, output: `[batch_size, channels, height, width]`
pub(super) fn forward(input: CubeTensor, factors: Factors, norm: Normalization) -> CubeTensor {
    let input = into_contiguous(input);
    let out = empty_like(&input, input.meta.shape());
    let length = out.meta.num_elements();
    normalize::launch(
        &out.client,
        grid(length.div_ceil(UNITS), 1),
        CubeDim::new_1d(UNITS as u32),
        input.into_buffer_arg(),
        factors.means.into_buffer_arg(),
        factors.inverses.into_buffer_arg(),
        into_contiguous(factors.gamma).into_buffer_arg(),
        into_contiguous(factors.beta).into_buffer_arg(),
        out.clone().into_buffer_arg(),
        norm.channels,
        norm.area,
        length,
        norm.relu,
    );
    out
}
