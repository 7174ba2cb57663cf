//! Where the results of a convolution's matrix product go.

use cubecl::prelude::*;

use super::conv_plan::{Epilogue, Pass, Plan, Sizes};
use super::conv_reads::{Work, place};

/// Where a column of the product is written: the place of its value of row 0, how far apart rows are,
/// and how long a part of the sum is.
#[derive(CubeType)]
pub(super) struct Target {
    base: usize,
    pitch: usize,
    total: usize,
    is_column: bool,
}

#[cube]
pub(super) fn target(column: usize, work: &Work, sizes: &Sizes, #[comptime] plan: Plan) -> Target {
    if comptime!(plan.pass == Pass::Data) {
        let pixel = place(column, work.phase_height, work.phase_width);
        let y = pixel.y * sizes.stride_y + work.phase_y;
        let x = pixel.x * sizes.stride_x + work.phase_x;
        Target {
            base: pixel.image * sizes.in_channels * work.area + y * sizes.width + x,
            pitch: work.area,
            total: sizes.batch * sizes.in_channels * work.area,
            is_column: column < sizes.columns && y < sizes.height && x < sizes.width,
        }
    } else if comptime!(plan.pass == Pass::Forward) {
        Target {
            base: column / work.area_out * sizes.out_channels * work.area_out
                + column % work.area_out,
            pitch: work.area_out,
            total: sizes.rows * sizes.columns,
            is_column: column < sizes.columns,
        }
    } else {
        Target {
            base: column,
            pitch: sizes.columns,
            total: sizes.rows * sizes.columns,
            is_column: column < sizes.columns,
        }
    }
}

/// Writes a finished sum, with what follows it.
#[cube]
pub(super) fn write(
    sum: f32,
    row: usize,
    target: &Target,
    part: usize,
    rows: usize,
    bias: &[f32],
    out: &mut [f32],
    #[comptime] epilogue: Epilogue,
) {
    if target.is_column && row < rows {
        let mut value = sum;
        if comptime!(epilogue.bias) {
            value += bias[row];
        }
        if comptime!(epilogue.relu) {
            value = select(value < 0.0, 0.0, value);
        }
        out[part * target.total + target.base + row * target.pitch] = value;
    }
}
