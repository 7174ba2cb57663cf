//! What all loops share: SIMD registers, scratch memory, and outputs that are cut into tiles.

use std::cell::Cell;

use macerator::{Scalar as _, Simd, Vector};

/// The values of one register.
pub(crate) type Lanes<S> = Vector<S, f32>;

/// The widest register there is, in values.
pub(crate) const WIDEST: usize = 16;

/// Values of a register.
#[inline(always)]
pub(crate) fn lanes<S: Simd>() -> usize {
    size_of::<Lanes<S>>() / size_of::<f32>()
}

/// Whether there are 32 registers (AVX-512, NEON) and not 16.
#[inline(always)]
pub(crate) fn many_registers<S: Simd>() -> bool {
    lanes::<S>() == WIDEST || cfg!(target_arch = "aarch64")
}

#[inline(always)]
pub(crate) fn zero<S: Simd>() -> Lanes<S> {
    0.0f32.splat::<S>()
}

/// Not `max`, which would turn NaN into 0.
#[inline(always)]
pub(crate) fn relu(value: f32) -> f32 {
    if value < 0.0 { 0.0 } else { value }
}

/// Reads exactly [`lanes`] values.
#[inline(always)]
pub(crate) fn load<S: Simd>(from: &[f32]) -> Lanes<S> {
    bytemuck::pod_read_unaligned(bytemuck::cast_slice(from))
}

/// Writes exactly [`lanes`] values.
#[inline(always)]
pub(crate) fn store<S: Simd>(lanes: Lanes<S>, to: &mut [f32]) {
    bytemuck::cast_slice_mut::<f32, u8>(to).copy_from_slice(bytemuck::bytes_of(&lanes));
}

/// Reads the values there are, then zeros.
#[inline(always)]
pub(crate) fn load_some<S: Simd>(from: &[f32]) -> Lanes<S> {
    let width = lanes::<S>();
    if from.len() >= width {
        return load::<S>(&from[..width]);
    }
    let mut all = [0.0; WIDEST];
    all[..from.len()].copy_from_slice(from);
    load::<S>(&all[..width])
}

/// Writes as many of the values as fit.
#[inline(always)]
pub(crate) fn store_some<S: Simd>(some: Lanes<S>, to: &mut [f32]) {
    let width = lanes::<S>();
    if to.len() >= width {
        store::<S>(some, &mut to[..width]);
        return;
    }
    let mut all = [0.0; WIDEST];
    store::<S>(some, &mut all[..width]);
    to.copy_from_slice(&all[..to.len()]);
}

thread_local! {
    static SCRATCH: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// Memory for one task, which its thread keeps for the next.
pub(crate) struct Scratch {
    memory: Vec<f32>,
    start: usize,
}

impl Scratch {
    /// Memory for `len` values, aligned for all registers. What it holds is left over from earlier.
    pub fn new(len: usize) -> Self {
        let mut memory = SCRATCH.take();
        if memory.len() < len + WIDEST {
            memory.resize(len + WIDEST, 0.0);
        }
        let start = memory
            .as_ptr()
            .align_offset(WIDEST * size_of::<f32>())
            .min(WIDEST);
        Self { memory, start }
    }

    pub fn values(&mut self) -> &mut [f32] {
        &mut self.memory[self.start..]
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        SCRATCH.set(std::mem::take(&mut self.memory));
    }
}

/// Part of an output: some columns of some rows of one matrix.
pub(crate) struct Tile<'a> {
    /// Index of the matrix.
    pub matrix: usize,
    /// First row.
    pub row: usize,
    /// First column.
    pub column: usize,
    /// The columns of each row.
    pub rows: Vec<&'a mut [f32]>,
}

/// Cuts matrices of `size` into tiles of at most `tile` rows and columns.
///
/// # Shapes
/// - output: `[matrices, size[0], size[1]]`
pub(crate) fn cut(output: &mut [f32], size: [usize; 2], tile: [usize; 2]) -> Vec<Tile<'_>> {
    let [down, across] = [0, 1].map(|axis| size[axis].div_ceil(tile[axis]));
    let mut tiles = Vec::new();
    for (index, line) in output.chunks_mut(size[1]).enumerate() {
        let (matrix, row) = (index / size[0], index % size[0]);
        for (nth, columns) in line.chunks_mut(tile[1]).enumerate() {
            let place = (matrix * down + row / tile[0]) * across + nth;
            if row % tile[0] == 0 {
                debug_assert_eq!(tiles.len(), place, "tiles begin in order");
                tiles.push(Tile {
                    matrix,
                    row,
                    column: nth * tile[1],
                    rows: Vec::with_capacity(tile[0]),
                });
            }
            tiles[place].rows.push(columns);
        }
    }
    tiles
}

/// The number of pieces of an axis, each of `least` or more, for which `tasks` times as many are no
/// fewer than `wanted`, where that is possible.
pub(crate) fn pieces(tasks: usize, wanted: usize, length: usize, least: usize) -> usize {
    wanted
        .div_ceil(tasks.max(1))
        .clamp(1, (length / least).max(1))
}
