//! The matrix product that all passes of a convolution are, as one kernel: `im2col` happens while a
//! tile is read into shared memory, and is never written down.
//!
//! A cube of 256 units computes one tile of the product; each unit keeps a part of it in registers
//! (Goto and van de Geijn's scheme, with shared memory in the place of a cache). The next step's
//! values are read while this one's are multiplied. Sizes are arguments and not part of the kernel,
//! so that one program serves all layers of a kernel size.
//!
//! Sums are of `f32`, in one order: the same device gives the same bits each time.

#![expect(
    clippy::too_many_lines,
    reason = "one kernel: what its parts share are registers, which functions would hide"
)]

use cubecl::prelude::*;

/// Units of a cube.
pub(super) const UNITS: usize = 256;
/// Length of a step along the sum.
pub(super) const STEP: usize = 16;

/// What is multiplied. `K` is what is summed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Pass {
    /// Output channels by pixels of all images; `K` = input channels by taps.
    Forward,
    /// Input channels by the input's pixels of one phase of the stride, of all images; `K` = output
    /// channels by the taps that meet these pixels.
    Data,
    /// Output channels by input channels and taps; `K` = pixels of all images.
    Weights,
}

/// Rows and columns of the part of the product that one cube computes, multiples of 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Tile {
    pub rows: usize,
    pub columns: usize,
}

/// What is done to a finished sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Epilogue {
    pub bias: bool,
    pub relu: bool,
}

/// Sizes of a convolution and of the product.
#[derive(CubeType, CubeLaunch)]
pub(super) struct Sizes {
    pub batch: usize,
    pub in_channels: usize,
    pub out_channels: usize,
    pub height: usize,
    pub width: usize,
    pub height_out: usize,
    pub width_out: usize,
    pub kernel_height: usize,
    pub kernel_width: usize,
    pub stride_y: usize,
    pub stride_x: usize,
    pub pad_y: usize,
    pub pad_x: usize,
    pub dilation_y: usize,
    pub dilation_x: usize,
    /// Of the product.
    pub rows: usize,
    pub columns: usize,
    pub sum: usize,
    /// Length of a part of the sum; a multiple of [`STEP`].
    pub part: usize,
    /// Parts of the sum, each of which is written for itself.
    pub parts: usize,
}

/// What the product's passes ask of a pixel or of a place along the sum.
#[derive(CubeType, Clone, Copy)]
struct Place {
    image: usize,
    y: usize,
    x: usize,
}

#[cube]
fn place(index: usize, height: usize, width: usize) -> Place {
    let area = height * width;
    let pixel = index % area;
    Place {
        image: index / area,
        y: pixel / width,
        x: pixel % width,
    }
}

/// One pass of a convolution.
///
/// # Shapes
/// - `Forward`: left is the weights, right the input, out the output
/// - `Data`: left is the weights, right the output's gradient, out the input's
/// - `Weights`: left is the output's gradient, right the input, out the weights' gradient
///
/// `taps` is the height and width of the kernel where the program knows it, else 0, 0.
#[cube(launch)]
pub(super) fn conv_gemm(
    left: &[f32],
    right: &[f32],
    bias: &[f32],
    out: &mut [f32],
    sizes: Sizes,
    #[comptime] pass: Pass,
    #[comptime] tile: Tile,
    #[comptime] taps: [usize; 2],
    #[comptime] epilogue: Epilogue,
) {
    let rows_per_unit = comptime!(tile.rows / 16);
    let columns_per_unit = comptime!(tile.columns / 16);
    let is_data = comptime!(pass == Pass::Data);
    let is_weights = comptime!(pass == Pass::Weights);
    // Neighbors of one tap share a bank without the additional column.
    let left_pitch = comptime!(tile.rows + 1);
    let right_pitch = comptime!(tile.columns + 1);

    let tiles_down = sizes.rows.div_ceil(tile.rows);
    let tiles_across = sizes.columns.div_ceil(tile.columns);
    let number = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    if number >= tiles_down * tiles_across {
        terminate!();
    }
    let first_row = (number % tiles_down) * tile.rows;
    let first_column = (number / tiles_down) * tile.columns;
    let part = CUBE_POS_Z as usize % sizes.parts;
    let phase = CUBE_POS_Z as usize / sizes.parts;
    let start = part * sizes.part;
    let end = (start + sizes.part).min(sizes.sum);

    let unit = UNIT_POS as usize;
    let low = unit % 16;
    let high = unit / 16;

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
    // Of the data's gradient: taps of a phase are `stride` apart, counted from `first_tap`.
    let phase_y = phase / sizes.stride_x;
    let phase_x = phase % sizes.stride_x;
    let first_tap_y = (phase_y + sizes.pad_y) % sizes.stride_y;
    let first_tap_x = (phase_x + sizes.pad_x) % sizes.stride_x;
    let shift_y = (phase_y + sizes.pad_y) / sizes.stride_y;
    let shift_x = (phase_x + sizes.pad_x) / sizes.stride_x;
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
    let taps_all = taps_down * taps_across;
    let area = sizes.height * sizes.width;
    let area_out = sizes.height_out * sizes.width_out;

    // Where this unit's pixel of the right factor is; one pixel for all steps.
    let column = first_column + unit % tile.columns;
    let is_column = column < sizes.columns;
    let pixel = if comptime!(is_data) {
        place(column, phase_height, phase_width)
    } else {
        place(column, sizes.height_out, sizes.width_out)
    };

    let mut left_shared = Shared::<[f32]>::new_slice(comptime!(STEP * left_pitch));
    let mut right_shared = Shared::<[f32]>::new_slice(comptime!(STEP * right_pitch));
    let left_reads = comptime!(tile.rows * STEP / UNITS);
    let right_reads = comptime!(tile.columns * STEP / UNITS);
    let right_lines = comptime!(UNITS / tile.columns);
    let mut left_next = Array::<f32>::new(left_reads);
    let mut right_next = Array::<f32>::new(right_reads);
    let mut sums = Array::<f32>::new(comptime!(rows_per_unit * columns_per_unit));
    #[unroll]
    for i in 0..comptime!(rows_per_unit * columns_per_unit) {
        sums[i] = 0.0;
    }

    let steps = (end - start).div_ceil(STEP);
    for step in 0..=steps {
        if step > 0 {
            // What other units still multiply must not be overwritten.
            sync_cube();
            #[unroll]
            for i in 0..left_reads {
                left_shared[low * left_pitch + high + i * 16] = left_next[i];
            }
            #[unroll]
            for i in 0..right_reads {
                if comptime!(is_weights) {
                    right_shared[low * right_pitch + high + i * 16] = right_next[i];
                } else {
                    let line = unit / tile.columns + i * right_lines;
                    right_shared[line * right_pitch + unit % tile.columns] = right_next[i];
                }
            }
            sync_cube();
        }
        // What comes next is read while this step is multiplied; past the end it is 0.
        let at = start + step * STEP;
        // The left factor: unit `low` reads along the sum, `high` down the rows.
        let k = at + low;
        let is_inside = k < end;
        if comptime!(is_weights) {
            let pixel = place(k, sizes.height_out, sizes.width_out);
            let base =
                pixel.image * sizes.out_channels * area_out + pixel.y * sizes.width_out + pixel.x;
            #[unroll]
            for i in 0..left_reads {
                let row = first_row + high + i * 16;
                let value = left[base + row * area_out];
                left_next[i] = select(is_inside && row < sizes.rows, value, 0.0);
            }
            #[unroll]
            for i in 0..right_reads {
                let column = first_column + high + i * 16;
                let channel = column / taps_all;
                let tap = column % taps_all;
                let y = pixel.y * sizes.stride_y + tap / taps_across * sizes.dilation_y;
                let x = pixel.x * sizes.stride_x + tap % taps_across * sizes.dilation_x;
                let is_read = is_inside
                    && column < sizes.columns
                    && y >= sizes.pad_y
                    && y - sizes.pad_y < sizes.height
                    && x >= sizes.pad_x
                    && x - sizes.pad_x < sizes.width;
                let index = (pixel.image * sizes.in_channels + channel) * area
                    + (y - sizes.pad_y) * sizes.width
                    + (x - sizes.pad_x);
                let value = right[select(is_read, index, 0)];
                right_next[i] = select(is_read, value, 0.0);
            }
        } else {
            if comptime!(is_data) {
                let channel = k / taps_all;
                let tap = k % taps_all;
                let y = first_tap_y + tap / taps_across * sizes.stride_y;
                let x = first_tap_x + tap % taps_across * sizes.stride_x;
                let is_tap = is_inside && y < kernel_height && x < kernel_width;
                let kernel = kernel_height * kernel_width;
                let base = channel * sizes.in_channels * kernel + y * kernel_width + x;
                #[unroll]
                for i in 0..left_reads {
                    let row = first_row + high + i * 16;
                    let value = left[base + row * kernel];
                    left_next[i] = select(is_tap && row < sizes.rows, value, 0.0);
                }
            } else {
                #[unroll]
                for i in 0..left_reads {
                    let row = first_row + high + i * 16;
                    let value = left[row * sizes.sum + k];
                    left_next[i] = select(is_inside && row < sizes.rows, value, 0.0);
                }
            }
            #[unroll]
            for i in 0..right_reads {
                let k = at + unit / tile.columns + i * right_lines;
                let channel = k / taps_all;
                let tap = k % taps_all;
                let down = tap / taps_across;
                let across = tap % taps_across;
                if comptime!(is_data) {
                    let y = pixel.y + shift_y;
                    let x = pixel.x + shift_x;
                    // At a stride of 1 taps are `dilation` apart, else neither is dilated.
                    let back_y = down * sizes.dilation_y;
                    let back_x = across * sizes.dilation_x;
                    let is_read = is_column
                        && k < end
                        && first_tap_y + down * sizes.stride_y < kernel_height
                        && first_tap_x + across * sizes.stride_x < kernel_width
                        && y >= back_y
                        && y - back_y < sizes.height_out
                        && x >= back_x
                        && x - back_x < sizes.width_out;
                    let index = (pixel.image * sizes.out_channels + channel) * area_out
                        + (y - back_y) * sizes.width_out
                        + (x - back_x);
                    let value = right[select(is_read, index, 0)];
                    right_next[i] = select(is_read, value, 0.0);
                } else {
                    let y = pixel.y * sizes.stride_y + down * sizes.dilation_y;
                    let x = pixel.x * sizes.stride_x + across * sizes.dilation_x;
                    let is_read = is_column
                        && k < end
                        && y >= sizes.pad_y
                        && y - sizes.pad_y < sizes.height
                        && x >= sizes.pad_x
                        && x - sizes.pad_x < sizes.width;
                    let index = (pixel.image * sizes.in_channels + channel) * area
                        + (y - sizes.pad_y) * sizes.width
                        + (x - sizes.pad_x);
                    let value = right[select(is_read, index, 0)];
                    right_next[i] = select(is_read, value, 0.0);
                }
            }
        }

        if step > 0 {
            for k in 0..STEP {
                let mut down = Array::<f32>::new(rows_per_unit);
                let mut across = Array::<f32>::new(columns_per_unit);
                #[unroll]
                for i in 0..rows_per_unit {
                    down[i] = left_shared[k * left_pitch + high + i * 16];
                }
                #[unroll]
                for j in 0..columns_per_unit {
                    across[j] = right_shared[k * right_pitch + low + j * 16];
                }
                #[unroll]
                for i in 0..rows_per_unit {
                    #[unroll]
                    for j in 0..columns_per_unit {
                        sums[i * columns_per_unit + j] += down[i] * across[j];
                    }
                }
            }
        }
    }

    #[unroll]
    for j in 0..columns_per_unit {
        let column = first_column + low + j * 16;
        // Where the column's value of row 0 is written, and how far apart rows are.
        let mut base = column;
        let mut pitch = sizes.columns;
        let mut total = sizes.rows * sizes.columns;
        let mut is_column = column < sizes.columns;
        if comptime!(pass == Pass::Forward) {
            base = column / area_out * sizes.out_channels * area_out + column % area_out;
            pitch = area_out;
        }
        if comptime!(is_data) {
            let pixel = place(column, phase_height, phase_width);
            let y = pixel.y * sizes.stride_y + phase_y;
            let x = pixel.x * sizes.stride_x + phase_x;
            is_column = is_column && y < sizes.height && x < sizes.width;
            base = pixel.image * sizes.in_channels * area + y * sizes.width + x;
            pitch = area;
            total = sizes.batch * sizes.in_channels * area;
        }
        #[unroll]
        for i in 0..rows_per_unit {
            let row = first_row + high + i * 16;
            if is_column && row < sizes.rows {
                let mut value = sums[i * columns_per_unit + j];
                if comptime!(epilogue.bias) {
                    value += bias[row];
                }
                if comptime!(epilogue.relu) {
                    value = select(value < 0.0, 0.0, value);
                }
                out[part * total + base + row * pitch] = value;
            }
        }
    }
}
