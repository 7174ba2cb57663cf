//! Where a cube's part of a convolution's matrix product is, and the values that it multiplies: the
//! entries of an `im2col` matrix that nobody writes down.

use cubecl::prelude::*;

use super::conv_plan::{Pass, Plan, Sizes};

/// What the product's passes ask of a pixel or of a place along the sum.
#[derive(CubeType, Clone, Copy)]
pub(super) struct Place {
    pub image: usize,
    pub y: usize,
    pub x: usize,
}

#[cube]
pub(super) fn place(index: usize, height: usize, width: usize) -> Place {
    let area = height * width;
    let pixel = index % area;
    Place {
        image: index / area,
        y: pixel / width,
        x: pixel % width,
    }
}

/// The part of the product that a cube computes, and what its units need for each step.
#[derive(CubeType)]
pub(super) struct Work {
    pub first_row: usize,
    pub first_column: usize,
    pub part: usize,
    /// Of the sum.
    pub start: usize,
    pub end: usize,
    pub phase_y: usize,
    pub phase_x: usize,
    pub phase_height: usize,
    pub phase_width: usize,
    kernel_height: usize,
    kernel_width: usize,
    /// Of the data's gradient: taps of a phase are `stride` apart, counted from the first.
    first_tap_y: usize,
    first_tap_x: usize,
    shift_y: usize,
    shift_x: usize,
    taps_across: usize,
    taps_all: usize,
    pub area: usize,
    pub area_out: usize,
    /// Where this unit's pixel of the right factor is; one pixel for all steps.
    pixel: Place,
    is_column: bool,
}

/// The work of tile `number` of the product.
#[cube]
pub(super) fn work(number: usize, sizes: &Sizes, #[comptime] plan: Plan) -> Work {
    let is_data = comptime!(plan.pass == Pass::Data);
    let taps = comptime!(plan.taps);
    let tile = comptime!(plan.tile);
    let tiles_down = sizes.rows.div_ceil(tile.rows);
    let first_column = (number / tiles_down) * tile.columns;
    let part = CUBE_POS_Z as usize % sizes.parts;
    let phase = CUBE_POS_Z as usize / sizes.parts;
    let start = part * sizes.part;

    let kernel_height = if comptime!(taps[0] > 0) {
        comptime!(taps[0]).runtime()
    } else {
        sizes.kernel_height
    };
    let kernel_width = if comptime!(taps[1] > 0) {
        comptime!(taps[1]).runtime()
    } else {
        sizes.kernel_width
    };
    let phase_y = phase / sizes.stride_x;
    let phase_x = phase % sizes.stride_x;
    let phase_height = sizes.height.div_ceil(sizes.stride_y);
    let phase_width = sizes.width.div_ceil(sizes.stride_x);
    let taps_down = if comptime!(is_data) {
        kernel_height.div_ceil(sizes.stride_y)
    } else {
        kernel_height
    };
    let taps_across = if comptime!(is_data) {
        kernel_width.div_ceil(sizes.stride_x)
    } else {
        kernel_width
    };
    let column = first_column + UNIT_POS as usize % tile.columns;
    let pixel = if comptime!(is_data) {
        place(column, phase_height, phase_width)
    } else {
        place(column, sizes.height_out, sizes.width_out)
    };
    Work {
        first_row: (number % tiles_down) * tile.rows,
        first_column,
        part,
        start,
        end: (start + sizes.part).min(sizes.sum),
        phase_y,
        phase_x,
        phase_height,
        phase_width,
        kernel_height,
        kernel_width,
        first_tap_y: (phase_y + sizes.pad_y) % sizes.stride_y,
        first_tap_x: (phase_x + sizes.pad_x) % sizes.stride_x,
        shift_y: (phase_y + sizes.pad_y) / sizes.stride_y,
        shift_x: (phase_x + sizes.pad_x) / sizes.stride_x,
        taps_across,
        taps_all: taps_down * taps_across,
        area: sizes.height * sizes.width,
        area_out: sizes.height_out * sizes.width_out,
        pixel,
        is_column: column < sizes.columns,
    }
}

/// This unit's values of the left factor for the step that begins at `at`; 0 outside. Of unit `u`
/// they are of place `u % 16` along the sum and of rows `u / 16`, `u / 16 + 16`, ...
///
/// Nothing is read from outside of the buffer either, whose address is all that a device may have.
#[cube]
pub(super) fn read_left(
    left: &[f32],
    next: &mut Array<f32>,
    at: usize,
    work: &Work,
    sizes: &Sizes,
    #[comptime] plan: Plan,
) {
    let k = at + UNIT_POS as usize % 16;
    let first_row = work.first_row + UNIT_POS as usize / 16;
    let is_inside = k < work.end;
    let k = select(is_inside, k, 0);
    let reads = comptime!(plan.left_reads());
    if comptime!(plan.pass == Pass::Weights) {
        let pixel = place(k, sizes.height_out, sizes.width_out);
        let base =
            pixel.image * sizes.out_channels * work.area_out + pixel.y * sizes.width_out + pixel.x;
        #[unroll]
        for i in 0..reads {
            let row = first_row + i * 16;
            next[i] = read_row(left, base, row, work.area_out, is_inside, sizes.rows);
        }
    } else if comptime!(plan.pass == Pass::Data) {
        let channel = k / work.taps_all;
        let tap = k % work.taps_all;
        let y = work.first_tap_y + tap / work.taps_across * sizes.stride_y;
        let x = work.first_tap_x + tap % work.taps_across * sizes.stride_x;
        let is_tap = is_inside && y < work.kernel_height && x < work.kernel_width;
        let kernel = work.kernel_height * work.kernel_width;
        let base = channel * sizes.in_channels * kernel + y * work.kernel_width + x;
        let base = select(is_tap, base, 0);
        #[unroll]
        for i in 0..reads {
            next[i] = read_row(left, base, first_row + i * 16, kernel, is_tap, sizes.rows);
        }
    } else {
        #[unroll]
        for i in 0..reads {
            next[i] = read_row(
                left,
                k,
                first_row + i * 16,
                sizes.sum,
                is_inside,
                sizes.rows,
            );
        }
    }
}

/// The value of a row that begins at `row * pitch`, `base` behind that; 0 outside.
#[cube]
fn read_row(
    left: &[f32],
    base: usize,
    row: usize,
    pitch: usize,
    is_inside: bool,
    rows: usize,
) -> f32 {
    let is_row = row < rows;
    let value = left[base + select(is_row, row, 0) * pitch];
    select(is_inside && is_row, value, 0.0)
}

/// This unit's values of the right factor for the step that begins at `at`; 0 outside. Where they are
/// in the tile, [`right_place`] says.
#[cube]
pub(super) fn read_right(
    right: &[f32],
    next: &mut Array<f32>,
    at: usize,
    work: &Work,
    sizes: &Sizes,
    #[comptime] plan: Plan,
) {
    let reads = comptime!(plan.right_reads());
    if comptime!(plan.pass == Pass::Weights) {
        let k = at + UNIT_POS as usize % 16;
        let pixel = place(k, sizes.height_out, sizes.width_out);
        #[unroll]
        for i in 0..reads {
            let column = work.first_column + UNIT_POS as usize / 16 + i * 16;
            let channel = column / work.taps_all;
            let tap = column % work.taps_all;
            let y = pixel.y * sizes.stride_y + tap / work.taps_across * sizes.dilation_y;
            let x = pixel.x * sizes.stride_x + tap % work.taps_across * sizes.dilation_x;
            let is_read = k < work.end
                && column < sizes.columns
                && y >= sizes.pad_y
                && y - sizes.pad_y < sizes.height
                && x >= sizes.pad_x
                && x - sizes.pad_x < sizes.width;
            let index = (pixel.image * sizes.in_channels + channel) * work.area
                + (y - sizes.pad_y) * sizes.width
                + (x - sizes.pad_x);
            let value = right[select(is_read, index, 0)];
            next[i] = select(is_read, value, 0.0);
        }
    } else {
        #[unroll]
        for i in 0..reads {
            let k = at + right_line(i, plan);
            let channel = k / work.taps_all;
            let tap = k % work.taps_all;
            let down = tap / work.taps_across;
            let across = tap % work.taps_across;
            if comptime!(plan.pass == Pass::Data) {
                let y = work.pixel.y + work.shift_y;
                let x = work.pixel.x + work.shift_x;
                // At a stride of 1 taps are `dilation` apart, else neither is dilated.
                let back_y = down * sizes.dilation_y;
                let back_x = across * sizes.dilation_x;
                let is_read = work.is_column
                    && k < work.end
                    && work.first_tap_y + down * sizes.stride_y < work.kernel_height
                    && work.first_tap_x + across * sizes.stride_x < work.kernel_width
                    && y >= back_y
                    && y - back_y < sizes.height_out
                    && x >= back_x
                    && x - back_x < sizes.width_out;
                let index = (work.pixel.image * sizes.out_channels + channel) * work.area_out
                    + (y - back_y) * sizes.width_out
                    + (x - back_x);
                let value = right[select(is_read, index, 0)];
                next[i] = select(is_read, value, 0.0);
            } else {
                let y = work.pixel.y * sizes.stride_y + down * sizes.dilation_y;
                let x = work.pixel.x * sizes.stride_x + across * sizes.dilation_x;
                let is_read = work.is_column
                    && k < work.end
                    && y >= sizes.pad_y
                    && y - sizes.pad_y < sizes.height
                    && x >= sizes.pad_x
                    && x - sizes.pad_x < sizes.width;
                let index = (work.pixel.image * sizes.in_channels + channel) * work.area
                    + (y - sizes.pad_y) * sizes.width
                    + (x - sizes.pad_x);
                let value = right[select(is_read, index, 0)];
                next[i] = select(is_read, value, 0.0);
            }
        }
    }
}

/// The place along the sum of this unit's value `i` of a tile's pixels.
#[cube]
fn right_line(#[comptime] i: usize, #[comptime] plan: Plan) -> usize {
    UNIT_POS as usize / comptime!(plan.tile.columns) + comptime!(i * plan.right_lines())
}

/// Where this unit's value `i` of the right factor's tile is, of which a place along the sum has
/// `pitch` values.
#[cube]
pub(super) fn right_place(
    #[comptime] i: usize,
    #[comptime] pitch: usize,
    #[comptime] plan: Plan,
) -> usize {
    let unit = UNIT_POS as usize;
    if comptime!(plan.pass == Pass::Weights) {
        unit % 16 * pitch + unit / 16 + comptime!(i * 16)
    } else {
        right_line(i, plan) * pitch + unit % comptime!(plan.tile.columns)
    }
}

/// As [`right_place`], of the left factor.
#[cube]
pub(super) fn left_place(#[comptime] i: usize, #[comptime] pitch: usize) -> usize {
    let unit = UNIT_POS as usize;
    unit % 16 * pitch + unit / 16 + comptime!(i * 16)
}
