//! Dropout whose mask is computed where it is needed, from two random numbers of a batch: no mask is
//! kept for the backward pass.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::{empty_like, grid};

const UNITS: usize = 256;

/// The finalizer of `MurmurHash3`.
#[cube]
fn mixed(bits: u32) -> u32 {
    let mut bits = bits;
    bits = (bits ^ (bits >> 16)) * 0x85eb_ca6b;
    bits = (bits ^ (bits >> 13)) * 0xc2b2_ae35;
    bits ^ (bits >> 16)
}

#[cube(launch)]
fn drop_some(
    values: &[f32],
    seeds: &[f32],
    out: &mut [f32],
    first: usize,
    keep: f32,
    length: usize,
) {
    let cube = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    let index = cube * UNITS + UNIT_POS as usize;
    if index < length {
        let one = u32::reinterpret(seeds[first]);
        let other = u32::reinterpret(seeds[first + 1]);
        let bits = mixed(mixed(index as u32 ^ one) ^ other);
        // 24 bits, each value of which an `f32` has.
        let uniform = (bits >> 8) as f32 / 16_777_216.0;
        out[index] = select(uniform < keep, values[index] / keep, 0.0);
    }
}

/// The values that are kept, divided by the share of those, and 0 in the place of the others. The
/// gradient is the same of the output's gradient.
///
/// # Shapes
/// - values, result: any
/// - seeds: any, of which the two from `first` on are this dropout's
pub(super) fn dropped(
    values: CubeTensor,
    seeds: CubeTensor,
    first: usize,
    keep: f32,
) -> CubeTensor {
    let values = into_contiguous(values);
    let out = empty_like(&values, values.meta.shape());
    let length = out.meta.num_elements();
    drop_some::launch(
        &out.client,
        grid(length.div_ceil(UNITS), 1),
        CubeDim::new_1d(UNITS as u32),
        values.into_buffer_arg(),
        into_contiguous(seeds).into_buffer_arg(),
        out.clone().into_buffer_arg(),
        first,
        keep,
        length,
    );
    out
}
