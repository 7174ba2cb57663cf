//! Values in 16 bits, two to a word. Conversions are written out in integers, so that every device
//! has both kinds: WGSL knows no `bf16`, and Vulkan computes with it in matrix units alone.

use burn::tensor::{DType, Shape};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::{empty_like, empty_of, grid};
use crate::kernels::arithmetic::Half;

const UNITS: usize = 256;

/// The 16 bits nearest to a value; of two as near, the even ones.
#[cube]
fn bits_of(value: f32, #[comptime] half: Half) -> u32 {
    let bits = u32::reinterpret(value);
    let size = bits & 0x7fff_ffff;
    let sign = (bits ^ size) >> 16;
    let is_nan = size > 0x7f80_0000;
    if comptime!(half == Half::Bf16) {
        let rounded = (size + 0x7fff + ((size >> 16) & 1)) >> 16;
        sign | select(is_nan, 0x7fc0u32, rounded)
    } else {
        // Of at least 2^-14: the exponent's offset is 112 less. From 65520 on this is infinite.
        let normal = (size - 0x3800_0000 + 0xfff + ((size >> 13) & 1)) >> 13;
        // A smaller one is a multiple of 2^-24, which is what 0.5 is a multiple of, too.
        let small = u32::reinterpret(f32::reinterpret(size) + 0.5) - 0x3f00_0000;
        let finite = select(size < 0x3880_0000, small, normal);
        let large = select(is_nan, 0x7e00u32, 0x7c00u32);
        sign | select(size >= 0x4780_0000, large, finite)
    }
}

/// The value of 16 bits, in the lower half of a word.
#[cube]
fn value_of(bits: u32, #[comptime] half: Half) -> f32 {
    if comptime!(half == Half::Bf16) {
        f32::reinterpret(bits << 16)
    } else {
        let sign = (bits & 0x8000) << 16;
        let size = (bits & 0x7fff) << 13;
        let exponent = size & 0x0f80_0000;
        let normal = f32::reinterpret(size + 0x3800_0000);
        let endless = f32::reinterpret(size + 0x7000_0000);
        // Below 2^-14, without a number that the device might take for 0.
        let small = f32::reinterpret(size + 0x3880_0000) - 6.103_515_6e-5f32;
        let value = select(exponent == 0x0f80_0000, endless, normal);
        let value = select(exponent == 0, small, value);
        f32::reinterpret(u32::reinterpret(value) | sign)
    }
}

/// The value in 32 bits again after it was in 16.
#[cube]
pub(super) fn rounded_value(value: f32, #[comptime] half: Half) -> f32 {
    value_of(bits_of(value, half), half)
}

#[cube(launch)]
fn pack_pairs(values: &[f32], out: &mut [u32], length: usize, #[comptime] half: Half) {
    let cube = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let index = cube * UNITS + UNIT_POS as usize;
    let first = 2 * index;
    if first < length {
        let low = bits_of(values[first], half);
        let second = (first + 1).min(length - 1);
        let high = bits_of(values[second], half);
        out[index] = low | (high << 16);
    }
}

#[cube(launch)]
fn unpack_pairs(words: &[u32], out: &mut [f32], length: usize, #[comptime] half: Half) {
    let cube = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let index = cube * UNITS + UNIT_POS as usize;
    if index < length {
        let shift = (index % 2 * 16) as u32;
        out[index] = value_of((words[index / 2] >> shift) & 0xffff, half);
    }
}

#[cube(launch)]
fn round_all(values: &[f32], out: &mut [f32], length: usize, #[comptime] half: Half) {
    let cube = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let index = cube * UNITS + UNIT_POS as usize;
    if index < length {
        out[index] = rounded_value(values[index], half);
    }
}

/// A bit for each value, 32 to a word: whether it is above 0.
#[cube(launch)]
fn find_positive(values: &[f32], out: &mut [u32], length: usize) {
    let cube = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let index = cube * UNITS + UNIT_POS as usize;
    let first = 32 * index;
    if first < length {
        let mut word = 0u32;
        for nth in 0..32usize {
            let at = (first + nth).min(length - 1);
            word |= select(values[at] > 0.0, 1u32, 0u32) << (nth as u32);
        }
        out[index] = word;
    }
}

#[cube(launch)]
fn keep_positive(words: &[u32], gradient: &[f32], out: &mut [f32], length: usize) {
    let cube = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let index = cube * UNITS + UNIT_POS as usize;
    if index < length {
        let bit = (words[index / 32] >> ((index % 32) as u32)) & 1;
        out[index] = select(bit == 1, gradient[index], 0.0);
    }
}

/// Words that hold `length` values, `in_word` in each.
pub(super) fn words(length: usize, in_word: usize) -> Shape {
    Shape::new([length.div_ceil(in_word)])
}

/// # Shapes
/// - values: any
/// - output: a word for every two values
pub(super) fn pack(values: CubeTensor, half: Half) -> CubeTensor {
    let values = into_contiguous(values);
    let length = values.meta.num_elements();
    let out = empty_of(&values, &words(length, 2), DType::I32);
    pack_pairs::launch(
        &out.client,
        grid(length.div_ceil(2 * UNITS), 1),
        CubeDim::new_1d(UNITS as u32),
        values.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        length,
        half,
    );
    out
}

/// # Shapes
/// - words: a word for every two values
/// - output: `dims`
pub(super) fn unpack(words: CubeTensor, dims: [usize; 4], half: Half) -> CubeTensor {
    let words = into_contiguous(words);
    let out = empty_like(&words, &dims);
    let length = out.meta.num_elements();
    unpack_pairs::launch(
        &out.client,
        grid(length.div_ceil(UNITS), 1),
        CubeDim::new_1d(UNITS as u32),
        words.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        length,
        half,
    );
    out
}

/// The values in 32 bits again after they were in 16.
///
/// # Shapes
/// - values, output: any, the same
pub(super) fn rounded(values: CubeTensor, half: Half) -> CubeTensor {
    let values = into_contiguous(values);
    let out = empty_like(&values, values.meta.shape());
    let length = out.meta.num_elements();
    round_all::launch(
        &out.client,
        grid(length.div_ceil(UNITS), 1),
        CubeDim::new_1d(UNITS as u32),
        values.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        length,
        half,
    );
    out
}

/// Which values are above 0.
///
/// # Shapes
/// - values: any
/// - output: a word for every 32 values
pub(super) fn positive(values: CubeTensor) -> CubeTensor {
    let values = into_contiguous(values);
    let length = values.meta.num_elements();
    let out = empty_of(&values, &words(length, 32), DType::I32);
    find_positive::launch(
        &out.client,
        grid(length.div_ceil(32 * UNITS), 1),
        CubeDim::new_1d(UNITS as u32),
        values.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        length,
    );
    out
}

/// The gradient of a ReLU's input, from which outputs were [`positive`].
///
/// # Shapes
/// - words: a word for every 32 values
/// - gradient, output: any, the same
pub(super) fn relu_gradient(words: CubeTensor, gradient: CubeTensor) -> CubeTensor {
    let (words, gradient) = (into_contiguous(words), into_contiguous(gradient));
    let out = empty_like(&gradient, gradient.meta.shape());
    let length = out.meta.num_elements();
    keep_positive::launch(
        &out.client,
        grid(length.div_ceil(UNITS), 1),
        CubeDim::new_1d(UNITS as u32),
        words.into_buffer_arg(),
        gradient.into_buffer_arg(),
        out.clone().into_buffer_arg(),
        length,
    );
    out
}
