//! The matrix product of a convolution in a device's matrix units (Vulkan's cooperative matrices,
//! CUDA's tensor cores): factors in 16 bits, sums in `f32`.
//!
//! Tiles are [read](super::conv_reads) as by the kernel in plain arithmetic, rounded, and multiplied in
//! fragments of 16 x 16 by groups of 32 units, which have 16 x 16 sums of `f32` each.
//! [`Factors::Split`] is `f32` as the sum of two `bf16` (the products of the two small halves are left
//! out), which is what PyTorch's `float32_matmul_precision` names "high" where it does not take TF32:
//! about 16 bits of precision, of which TF32 has 11.
//!
//! Where there are no matrix units, the same kernel can be asked to do their work in plain arithmetic:
//! slow, for tests.

#![expect(
    clippy::too_many_lines,
    clippy::used_underscore_binding,
    reason = "one kernel: what its parts share are registers; and CubeCL's macro names its type"
)]

use burn_cubecl::CubeDevice;
use cubecl::ir::features::MmaConfig;
use cubecl::ir::{ElemType, FloatKind};
use cubecl::prelude::*;

use super::conv_plan::{Plan, STEP, Sizes, Tile, UNITS};
use super::conv_reads::{left_place, read_left, read_right, right_place, work};
use super::conv_writes::{target, write};
use super::half::rounded_value;
use crate::kernels::arithmetic::{Arithmetic, Half, MatrixUnits};

/// Edge of a fragment.
const EDGE: usize = 16;
/// Units that multiply fragments together.
pub(super) const GROUP: usize = 32;
/// Such groups of a cube.
const GROUPS: usize = UNITS / GROUP;
/// Values of a fragment.
const FRAGMENT: usize = EDGE * EDGE;

/// What the values of the factors become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Factors {
    /// Rounded to 16 bits.
    Rounded(Half),
    /// The sum of two `bf16`.
    Split,
}

impl Factors {
    pub fn half(self) -> Half {
        match self {
            Self::Rounded(half) => half,
            Self::Split => Half::Bf16,
        }
    }

    /// Tiles of each factor.
    fn layers(self) -> usize {
        match self {
            Self::Rounded(_) => 1,
            Self::Split => 2,
        }
    }
}

/// How the work is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Units {
    pub factors: Factors,
    /// In plain arithmetic.
    pub emulated: bool,
}

impl Units {
    /// Those of an arithmetic that multiplies in matrix units.
    pub fn of(Arithmetic { half, units }: Arithmetic) -> Option<Self> {
        Some(Self {
            factors: half.map_or(Factors::Split, Factors::Rounded),
            emulated: units? == MatrixUnits::Emulated,
        })
    }

    /// Type of the factors' values.
    pub fn element(self) -> ElemType {
        ElemType::Float(if self.emulated {
            FloatKind::F32
        } else {
            kind(self.factors.half())
        })
    }
}

fn kind(half: Half) -> FloatKind {
    match half {
        Half::Bf16 => FloatKind::BF16,
        Half::F16 => FloatKind::F16,
    }
}

/// Whether a device has the fragments that the kernel multiplies; without `half` those of
/// [`Factors::Split`].
pub(super) fn has_matrix_units(device: &CubeDevice, half: Option<Half>) -> bool {
    let client = device.client();
    let properties = client.properties();
    let element = ElemType::Float(kind(half.unwrap_or(Half::Bf16)));
    let fragments = MmaConfig {
        a_type: element,
        b_type: element,
        cd_type: ElemType::Float(FloatKind::F32),
        m: EDGE as u32,
        n: EDGE as u32,
        k: STEP as u32,
    };
    let hardware = &properties.hardware;
    let groups = [hardware.plane_size_min, hardware.plane_size_max];
    groups == [GROUP as u32; 2] && properties.features.matmul.cmma.contains(&fragments)
}

/// Groups that share a tile, down and across, and the fragments of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Grid {
    down: usize,
    across: usize,
    groups_down: usize,
}

impl Grid {
    fn of(tile: Tile) -> Self {
        let groups_down = (tile.rows / EDGE).min(4);
        let groups_across = GROUPS / groups_down;
        Self {
            down: tile.rows / EDGE / groups_down,
            across: tile.columns / EDGE / groups_across,
            groups_down,
        }
    }
}

/// Distance of the places along the sum: fragments' rows begin at multiples of 16 bytes.
fn pitch(length: usize) -> usize {
    length + 8
}

/// As [`conv_gemm`](super::conv_gemm::conv_gemm); `E` is the factors' type: 16 bits, or `f32` where
/// matrix units are emulated.
#[cube(launch)]
pub(super) fn conv_matrix<E: Float>(
    left: &[f32],
    right: &[f32],
    bias: &[f32],
    out: &mut [f32],
    sizes: Sizes,
    #[comptime] plan: Plan,
    #[comptime] units: Units,
    #[define(E)] _factors: ElemType,
) {
    let tile = comptime!(plan.tile);
    let grid = comptime!(Grid::of(tile));
    let layers = comptime!(units.factors.layers());
    let left_pitch = comptime!(pitch(tile.rows));
    let right_pitch = comptime!(pitch(tile.columns));
    let left_length = comptime!(STEP * left_pitch);
    let right_length = comptime!(STEP * right_pitch);

    let tiles = sizes.rows.div_ceil(tile.rows) * sizes.columns.div_ceil(tile.columns);
    let number = CUBE_POS_Y as usize * CUBE_COUNT_X as usize + CUBE_POS_X as usize;
    if number >= tiles {
        terminate!();
    }
    let work = work(number, &sizes, plan);
    // Units that follow each other are a group, as in Burn's kernels. What Vulkan has to tell them apart
    // by, CubeCL declares in a place where it is not valid.
    let group = UNIT_POS as usize / GROUP;
    let member = UNIT_POS as usize % GROUP;
    let first_row = group % grid.groups_down * comptime!(grid.down * EDGE);
    let first_column = group / grid.groups_down * comptime!(grid.across * EDGE);

    let mut left_shared = Shared::<[E]>::new_slice(comptime!(layers * left_length));
    let mut right_shared = Shared::<[E]>::new_slice(comptime!(layers * right_length));
    let mut staging = Shared::<[f32]>::new_slice(comptime!(GROUPS * FRAGMENT));
    let left_reads = comptime!(plan.left_reads());
    let right_reads = comptime!(plan.right_reads());
    let mut left_next = Array::<f32>::new(left_reads);
    let mut right_next = Array::<f32>::new(right_reads);
    let fragments = comptime!(grid.down * grid.across);
    let mut sums = Sequence::<cmma::Matrix<f32>>::new();
    let mut emulated_sums = Array::<f32>::new(comptime!(fragments * FRAGMENT / GROUP));
    if comptime!(units.emulated) {
        #[unroll]
        for i in 0..comptime!(fragments * FRAGMENT / GROUP) {
            emulated_sums[i] = 0.0;
        }
    } else {
        #[unroll]
        for _ in 0..fragments {
            sums.push(cmma::Matrix::<f32>::from_value(
                cmma::MatrixIdent::Accumulator,
                EDGE,
                EDGE,
                EDGE,
                cmma::MatrixLayout::Undefined,
                0.0,
            ));
        }
    }

    let steps = (work.end - work.start).div_ceil(STEP);
    for step in 0..=steps {
        if step > 0 {
            sync_cube();
            #[unroll]
            for i in 0..left_reads {
                let at = left_place(i, left_pitch);
                store(&mut left_shared, at, left_length, left_next[i], units);
            }
            #[unroll]
            for i in 0..right_reads {
                let at = right_place(i, right_pitch, plan);
                store(&mut right_shared, at, right_length, right_next[i], units);
            }
            sync_cube();
        }
        let at = work.start + step * STEP;
        read_left(left, &mut left_next, at, &work, &sizes, plan);
        read_right(right, &mut right_next, at, &work, &sizes, plan);

        if step > 0 {
            // The largest products last: large and large, small and large, large and small.
            #[unroll]
            for pair in 0..comptime!(2 * layers - 1) {
                let (of_left, of_right) = comptime!(layers_of(pair, layers));
                let left_start = first_row + comptime!(of_left * left_length);
                let right_start = first_column + comptime!(of_right * right_length);
                if comptime!(units.emulated) {
                    for k in 0..STEP {
                        let left_start = left_start + k * left_pitch + member / EDGE;
                        let right_start = right_start + k * right_pitch + member % EDGE;
                        #[unroll]
                        for n in 0..comptime!(fragments * FRAGMENT / GROUP) {
                            let fragment = comptime!(n / (FRAGMENT / GROUP));
                            let nth = comptime!(n % (FRAGMENT / GROUP));
                            let row = comptime!(fragment / grid.across * EDGE + nth * 2);
                            let column = comptime!(fragment % grid.across * EDGE);
                            let down = left_shared[left_start + row];
                            let across = right_shared[right_start + column];
                            emulated_sums[n] += f32::cast_from(down) * f32::cast_from(across);
                        }
                    }
                } else {
                    multiply::<E>(
                        &left_shared[left_start..comptime!(layers * left_length)],
                        &right_shared[right_start..comptime!(layers * right_length)],
                        &sums,
                        plan,
                    );
                }
            }
        }
    }

    let epilogue = comptime!(plan.epilogue);
    let own = group * FRAGMENT;
    #[unroll]
    for fragment in 0..fragments {
        // The group's fragment passes through shared memory, since only the driver knows which unit
        // has which value.
        sync_cube();
        if comptime!(units.emulated) {
            #[unroll]
            for nth in 0..comptime!(FRAGMENT / GROUP) {
                staging[own + nth * GROUP + member] =
                    emulated_sums[comptime!(fragment * FRAGMENT / GROUP + nth)];
            }
        } else {
            cmma::store(
                &mut staging[own..comptime!(GROUPS * FRAGMENT)],
                sums.index(fragment),
                comptime!(EDGE as u32),
                cmma::MatrixLayout::RowMajor,
            );
        }
        sync_cube();
        let row = work.first_row + first_row + comptime!(fragment / grid.across * EDGE);
        let column = work.first_column + first_column + comptime!(fragment % grid.across * EDGE);
        let target = target(column + member % EDGE, &work, &sizes, plan);
        #[unroll]
        for nth in 0..comptime!(FRAGMENT / GROUP) {
            let row = row + nth * 2 + member / EDGE;
            let sum = staging[own + nth * GROUP + member];
            write(
                sum, row, &target, work.part, sizes.rows, bias, out, epilogue,
            );
        }
    }
}

/// Which tiles of the factors are multiplied; the first of two has the large halves.
fn layers_of(pair: usize, layers: usize) -> (usize, usize) {
    match (layers, pair) {
        (1, _) | (_, 2) => (0, 0),
        (_, 0) => (1, 0),
        _ => (0, 1),
    }
}

/// Keeps a factor's value in its tile, and what rounding took from it in the tile behind that.
#[cube]
fn store<E: Float>(
    shared: &mut [E],
    at: usize,
    #[comptime] length: usize,
    value: f32,
    #[comptime] units: Units,
) {
    let half = comptime!(units.factors.half());
    let large = rounded_value(value, half);
    shared[at] = E::cast_from(large);
    if comptime!(units.factors == Factors::Split) {
        // What is infinite in 16 bits leaves nothing.
        let rest = select(large == value, 0.0, value - large);
        shared[at + length] = E::cast_from(rounded_value(rest, half));
    }
}

/// Adds the product of two tiles to a group's sums.
#[cube]
fn multiply<E: Float>(
    left: &[E],
    right: &[E],
    sums: &Sequence<cmma::Matrix<f32>>,
    #[comptime] plan: Plan,
) {
    let tile = comptime!(plan.tile);
    let grid = comptime!(Grid::of(tile));
    let left_pitch = comptime!(pitch(tile.rows));
    let right_pitch = comptime!(pitch(tile.columns));
    let mut across = Sequence::<cmma::Matrix<E>>::new();
    #[unroll]
    for j in 0..grid.across {
        across.push(cmma::Matrix::<E>::from_slice(
            cmma::MatrixIdent::B,
            EDGE,
            EDGE,
            EDGE,
            cmma::MatrixLayout::RowMajor,
            &right[comptime!(j * EDGE)..comptime!(STEP * right_pitch - tile.columns + EDGE)],
            comptime!(right_pitch as u32),
        ));
    }
    #[unroll]
    for i in 0..grid.down {
        let down = cmma::Matrix::<E>::from_slice(
            cmma::MatrixIdent::A,
            EDGE,
            EDGE,
            EDGE,
            cmma::MatrixLayout::ColMajor,
            &left[comptime!(i * EDGE)..comptime!(STEP * left_pitch - tile.rows + EDGE)],
            comptime!(left_pitch as u32),
        );
        #[unroll]
        for j in 0..grid.across {
            let sum = sums.index(comptime!(i * grid.across + j));
            cmma::execute(&down, across.index(j), sum, sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_cover_a_tile_without_overlap() {
        for (rows, columns) in [(128, 128), (64, 64), (32, 128), (128, 32)] {
            let tile = Tile { rows, columns };
            let grid = Grid::of(tile);
            let mut covered = vec![0; rows * columns];
            for group in 0..GROUPS {
                let row = group % grid.groups_down * grid.down * EDGE;
                let column = group / grid.groups_down * grid.across * EDGE;
                for y in row..row + grid.down * EDGE {
                    for x in column..column + grid.across * EDGE {
                        covered[y * columns + x] += 1;
                    }
                }
            }
            assert!(covered.iter().all(|count| *count == 1), "{tile:?}");
        }
    }
}
