//! Sums over parts, pixels and maps, and the gradient of a ReLU.

use cubecl::prelude::*;

use burn::tensor::{DType, Shape};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;

use super::launch::{empty_like, grid};

/// Units of a cube.
const UNITS: usize = 256;
/// Values that one cube of [`channel_sums`] adds up, where there are enough of them.
const PART: usize = 16 * 1024;

/// `out[i]` = the sum of `parts[n * out.len() + i]` over all parts, plus the bias of its channel,
/// through a ReLU.
#[cube(launch)]
fn add_parts(
    parts: &[f32],
    bias: &[f32],
    out: &mut [f32],
    length: usize,
    number: usize,
    pixels: usize,
    channels: usize,
    #[comptime] with_bias: bool,
    #[comptime] relu: bool,
) {
    let cube = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let index = cube * UNITS + UNIT_POS as usize;
    if index < length {
        let mut sum = 0.0f32;
        for part in 0..number {
            sum += parts[part * length + index];
        }
        if comptime!(with_bias) {
            sum += bias[index / pixels % channels];
        }
        if comptime!(relu) {
            sum = select(sum < 0.0, 0.0, sum);
        }
        out[index] = sum;
    }
}

/// Adds up parts of a tensor that lie behind each other.
///
/// # Shapes
/// - parts: `number` times that of `out`
/// - bias: `[channels]`, added where `with_bias` is set
/// - out: `[batch_size, channels, pixels]`
pub(super) fn add_up(
    parts: CubeTensor,
    bias: Option<CubeTensor>,
    out: &CubeTensor,
    number: usize,
    [channels, pixels]: [usize; 2],
    relu: bool,
) {
    let length = out.meta.num_elements();
    let with_bias = bias.is_some();
    let bias = bias.unwrap_or_else(|| parts.clone());
    add_parts::launch(
        &out.client,
        grid(length.div_ceil(UNITS), 1),
        CubeDim::new_1d(UNITS as u32),
        parts.into_buffer_arg(),
        bias.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        length,
        number,
        pixels,
        channels,
        with_bias,
        relu,
    );
}

/// The sum of what the 256 units of a cube have.
#[cube]
pub(super) fn cube_sum(own: f32) -> f32 {
    let unit = UNIT_POS as usize;
    let mut shared = Shared::<[f32]>::new_slice(UNITS);
    shared[unit] = own;
    sync_cube();
    let mut half = comptime!(UNITS / 2).runtime();
    while half > 0 {
        if unit < half {
            let other = shared[unit + half];
            shared[unit] += other;
        }
        sync_cube();
        half /= 2;
    }
    shared[0]
}

/// Part `n` of channel `c` goes to `out[n * channels + c]`.
#[cube(launch)]
fn channel_parts(
    values: &[f32],
    out: &mut [f32],
    pixels: usize,
    channels: usize,
    length: usize,
    part: usize,
    #[comptime] squared: bool,
) {
    let nth = CUBE_POS_X as usize;
    let channel = CUBE_POS_Y as usize;
    let start = nth * part;
    let end = (start + part).min(length);
    let mut sum = 0.0f32;
    let mut at = start + UNIT_POS as usize;
    while at < end {
        let value = values[(at / pixels * channels + channel) * pixels + at % pixels];
        sum += if comptime!(squared) {
            value * value
        } else {
            value
        };
        at += UNITS;
    }
    let sum = cube_sum(sum);
    if UNIT_POS == 0 {
        out[nth * channels + channel] = sum;
    }
}

/// The sum over images and pixels.
///
/// # Shapes
/// - values: `[batch_size, channels, ..]`
/// - output: `[channels]`
pub(super) fn channel_sums(values: CubeTensor) -> CubeTensor {
    sums(values, false)
}

fn sums(values: CubeTensor, squared: bool) -> CubeTensor {
    let values = into_contiguous(values);
    let shape = values.meta.shape();
    let (batch, channels) = (shape[0], shape[1]);
    let pixels = shape[2..].iter().product::<usize>();
    let length = batch * pixels;
    // So that no more than 1024 parts are added up in the end.
    let part = PART.max(length.div_ceil(1024)).min(length.max(1));
    let number = length.div_ceil(part).max(1);
    let parts = empty_like(&values, &[number, channels]);
    channel_parts::launch(
        &values.client.clone(),
        CubeCount::Static(number as u32, channels as u32, 1),
        CubeDim::new_1d(UNITS as u32),
        values.into_buffer_arg(),
        parts.clone().into_buffer_arg(),
        pixels,
        channels,
        length,
        part,
        squared,
    );
    let out = empty_like(&parts, &[channels]);
    add_up(parts, None, &out, number, [channels, 1], false);
    out
}

/// The sum of all values, or of their squares.
///
/// # Shapes
/// - values: any
/// - output: `[1]`
pub(super) fn total(values: CubeTensor, squared: bool) -> CubeTensor {
    let length = values.meta.num_elements();
    let values = CubeTensor::new_contiguous(
        values.client.clone(),
        values.device.clone(),
        Shape::new([length, 1]),
        into_contiguous(values).handle,
        DType::F32,
    );
    sums(values, squared)
}

#[cube(launch)]
fn added(one: &[f32], other: &[f32], out: &mut [f32], length: usize) {
    let cube = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let index = cube * UNITS + UNIT_POS as usize;
    if index < length {
        let sum = one[index] + other[index];
        out[index] = select(sum < 0.0, 0.0, sum);
    }
}

/// The sum of two tensors, through a ReLU.
///
/// # Shapes
/// - one, other, result: any, all the same
pub(super) fn add_relu(one: CubeTensor, other: CubeTensor) -> CubeTensor {
    let (one, other) = (into_contiguous(one), into_contiguous(other));
    let length = one.meta.num_elements();
    let out = empty_like(&one, one.meta.shape());
    added::launch(
        &out.client,
        grid(length.div_ceil(UNITS), 1),
        CubeDim::new_1d(UNITS as u32),
        one.into_buffer_arg(),
        other.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        length,
    );
    out
}

#[cube(launch)]
fn masked(output: &[f32], gradient: &[f32], out: &mut [f32], length: usize) {
    let cube = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let index = cube * UNITS + UNIT_POS as usize;
    if index < length {
        out[index] = select(output[index] > 0.0, gradient[index], 0.0);
    }
}

/// The gradient of a ReLU's input, from its output and the gradient of that.
///
/// # Shapes
/// - output, gradient, result: any, all the same
pub(super) fn relu_gradient(output: CubeTensor, gradient: CubeTensor) -> CubeTensor {
    let (output, gradient) = (into_contiguous(output), into_contiguous(gradient));
    let length = gradient.meta.num_elements();
    let out = empty_like(&gradient, gradient.meta.shape());
    masked::launch(
        &out.client,
        grid(length.div_ceil(UNITS), 1),
        CubeDim::new_1d(UNITS as u32),
        output.into_buffer_arg(),
        gradient.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        length,
    );
    out
}
