//! The matrix product that all passes of a convolution are, as one kernel: `im2col` happens while a
//! tile is [read](super::conv_reads) into shared memory, and is never written down.
//!
//! A cube of 256 units computes one tile of the product; each unit keeps a part of it in registers
//! (Goto and van de Geijn's scheme, with shared memory in the place of a cache). The next step's
//! values are read while this one's are multiplied. Sizes are arguments and not part of the kernel,
//! so that one program serves all layers of a kernel size.
//!
//! Sums are of `f32`, in one order: the same device gives the same bits each time.

use cubecl::prelude::*;

use super::conv_plan::{Plan, STEP, Sizes};
use super::conv_reads::{left_place, read_left, read_right, right_place, work};
use super::conv_writes::{target, write};

/// One pass of a convolution.
///
/// # Shapes
/// - `Forward`: left is the weights, right the input, out the output
/// - `Data`: left is the weights, right the output's gradient, out the input's
/// - `Weights`: left is the output's gradient, right the input, out the weights' gradient
#[cube(launch)]
pub(super) fn conv_gemm(
    left: &[f32],
    right: &[f32],
    bias: &[f32],
    out: &mut [f32],
    sizes: Sizes,
    #[comptime] plan: Plan,
) {
    let tile = comptime!(plan.tile);
    let rows_per_unit = comptime!(tile.rows / 16);
    let columns_per_unit = comptime!(tile.columns / 16);
    // Neighbors of one tap share a bank without the additional column.
    let left_pitch = comptime!(tile.rows + 1);
    let right_pitch = comptime!(tile.columns + 1);

    let tiles = sizes.rows.div_ceil(tile.rows) * sizes.columns.div_ceil(tile.columns);
    let number = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    if number >= tiles {
        terminate!();
    }
    let work = work(number, &sizes, plan);
    let low = UNIT_POS as usize % 16;
    let high = UNIT_POS as usize / 16;

    let mut left_shared = Shared::<[f32]>::new_slice(comptime!(STEP * left_pitch));
    let mut right_shared = Shared::<[f32]>::new_slice(comptime!(STEP * right_pitch));
    let left_reads = comptime!(plan.left_reads());
    let right_reads = comptime!(plan.right_reads());
    let mut left_next = Array::<f32>::new(left_reads);
    let mut right_next = Array::<f32>::new(right_reads);
    let mut sums = Array::<f32>::new(comptime!(rows_per_unit * columns_per_unit));
    #[unroll]
    for i in 0..comptime!(rows_per_unit * columns_per_unit) {
        sums[i] = 0.0;
    }

    let steps = (work.end - work.start).div_ceil(STEP);
    for step in 0..=steps {
        if step > 0 {
            // What other units still multiply must not be overwritten.
            sync_cube();
            #[unroll]
            for i in 0..left_reads {
                left_shared[left_place(i, left_pitch)] = left_next[i];
            }
            #[unroll]
            for i in 0..right_reads {
                right_shared[right_place(i, right_pitch, plan)] = right_next[i];
            }
            sync_cube();
        }
        // What comes next is read while this step is multiplied; past the end it is 0.
        let at = work.start + step * STEP;
        read_left(left, &mut left_next, at, &work, &sizes, plan);
        read_right(right, &mut right_next, at, &work, &sizes, plan);

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

    let epilogue = comptime!(plan.epilogue);
    #[unroll]
    for j in 0..columns_per_unit {
        let target = target(work.first_column + low + j * 16, &work, &sizes, plan);
        #[unroll]
        for i in 0..rows_per_unit {
            let row = work.first_row + high + i * 16;
            let sum = sums[i * columns_per_unit + j];
            write(
                sum, row, &target, work.part, sizes.rows, bias, out, epilogue,
            );
        }
    }
}
