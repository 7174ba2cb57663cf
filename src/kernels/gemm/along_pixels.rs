//! Matrix products whose rows and columns both lie along the pixels, summed over these: nothing is
//! packed or transposed, and a register holds the sums of every 16th (8th, 4th) pixel.
//!
//! Which terms are summed together depends on the sizes alone, never on the number of threads.

use macerator::{AutoArch, Simd, WithSimd};
use rayon::prelude::*;

use crate::kernels::buffer_pool::Buffer;
use crate::kernels::tiling::{
    Lanes, Scratch, Tile, WIDEST, cut, lanes, load, many_registers, pieces, zero,
};
use crate::kernels::work::Work;

/// Rows of a tile.
const TILE_ROWS: usize = 128;
/// Columns of a tile.
const TILE_COLUMNS: usize = 96;
/// Values of the rows that stay in the second-level cache.
const CACHED: usize = 1 << 17;
/// The fewest tiles, so that every thread has some.
const TILES: usize = 32;
/// Rows that are multiplied at a time.
const MR: usize = 4;
/// Columns that are multiplied at a time, where there are many registers.
const NR: usize = 6;

/// What is multiplied. Pixels are counted through all images; a pair of pixels is the first one
/// and the one behind the last.
pub(crate) trait Operands: Sync {
    /// Whether rows and columns are copied before they are read.
    const COPIED: bool;

    /// The end of the contiguous pixels from `start` on, at most `end`.
    fn contiguous_end(&self, _start: usize, end: usize) -> usize {
        end
    }

    /// Some pixels of a row, and zeros up to the next multiple of [`WIDEST`]. Where they are
    /// copied, they are in `scratch`.
    fn row<'a>(&'a self, row: usize, pixels: [usize; 2], scratch: &'a mut [f32]) -> &'a [f32];

    /// As [`row`](Self::row), of a column; up to the next multiple follow any finite values.
    fn column<'a>(&'a self, column: usize, pixels: [usize; 2], scratch: &'a mut [f32])
    -> &'a [f32];
}

/// Pixels that are summed before the lanes of the registers are added up.
fn step(rows: usize) -> usize {
    (CACHED / rows.clamp(1, TILE_ROWS) / WIDEST * WIDEST).min(2048)
}

/// Whether a product of `rows` rows is faster along the pixels than packed: adding up the lanes of
/// a register takes about as long as transposing four values.
pub(crate) fn is_faster(rows: usize, pixels: usize) -> bool {
    4 * rows <= pixels.min(step(rows))
}

/// Sums over all pixels of a row's value times a column's.
///
/// # Shapes
/// - rows: `[rows, pixels]`
/// - columns: `[columns, pixels]`
/// - result: `[rows, columns]`
pub(crate) fn product<O: Operands>(
    operands: &O,
    [rows, columns]: [usize; 2],
    pixels: usize,
) -> Buffer {
    let step = step(rows);
    // Few rows and columns make few tiles: then the pixels are divided too.
    let tiles = rows.div_ceil(TILE_ROWS) * columns.div_ceil(TILE_COLUMNS);
    let parts = pieces(tiles, TILES, pixels, step);
    let part = pixels.div_ceil(parts).next_multiple_of(WIDEST);
    let mut sums = vec![0.0f32; parts * rows * columns];
    if sums.is_empty() || pixels == 0 {
        return sums.into();
    }
    let cut = cut(&mut sums, [rows, columns], [TILE_ROWS, TILE_COLUMNS]);
    let work = &Work::entered();
    cut.into_par_iter().for_each(|tile| {
        let pixels = [tile.matrix * part, ((tile.matrix + 1) * part).min(pixels)];
        let copied = if O::COPIED {
            (rows.min(TILE_ROWS) + NR) * step
        } else {
            0
        };
        let mut scratch = Scratch::new(copied);
        AutoArch::new().dispatch(Task {
            operands,
            pixels,
            step,
            tile,
            scratch: &mut scratch,
            work,
        });
    });
    let (first, rest) = sums.split_at_mut(rows * columns);
    for part in rest.chunks(first.len()) {
        for (sum, part) in first.iter_mut().zip(part) {
            *sum += part;
        }
    }
    sums.truncate(rows * columns);
    sums.into()
}

struct Task<'a, O> {
    operands: &'a O,
    pixels: [usize; 2],
    step: usize,
    tile: Tile<'a>,
    scratch: &'a mut Scratch,
    work: &'a Work,
}

impl<O: Operands> WithSimd for Task<'_, O> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self) {
        if many_registers::<S>() {
            self.compute::<S, NR>();
        } else {
            self.compute::<S, { NR / 2 }>();
        }
    }
}

impl<O: Operands> Task<'_, O> {
    #[inline(always)]
    fn compute<S: Simd, const COUNT: usize>(&mut self) {
        let Self {
            operands,
            pixels,
            step,
            tile,
            scratch,
            work,
        } = self;
        let columns_of_tile = tile.rows[0].len();
        let mut start = pixels[0];
        while start < pixels[1] {
            if work.is_abandoned() {
                return;
            }
            let range = [start, (start + *step).min(pixels[1])];
            let copied = if O::COPIED {
                (range[1] - start).next_multiple_of(WIDEST)
            } else {
                0
            };
            let (lines, columns) = scratch.values().split_at_mut(tile.rows.len() * copied);
            if O::COPIED {
                for (row, line) in lines.chunks_exact_mut(copied).enumerate() {
                    operands.row(tile.row + row, range, line);
                }
            }
            for first in (0..columns_of_tile).step_by(COUNT) {
                // The last column takes the place of those that are missing.
                let index = |nth: usize| tile.column + (first + nth).min(columns_of_tile - 1);
                if O::COPIED {
                    for (nth, column) in columns.chunks_exact_mut(copied).enumerate().take(COUNT) {
                        operands.column(index(nth), range, column);
                    }
                }
                for (group, rows) in tile.rows.chunks_mut(MR).enumerate() {
                    let row = |nth: usize| group * MR + nth.min(rows.len() - 1);
                    let line = |nth: usize, piece| {
                        if O::COPIED {
                            &lines[row(nth) * copied..]
                        } else {
                            operands.row(tile.row + row(nth), piece, &mut [])
                        }
                    };
                    let column = |nth: usize, piece| {
                        if O::COPIED {
                            &columns[nth * copied..]
                        } else {
                            operands.column(index(nth), piece, &mut [])
                        }
                    };
                    add::<S, COUNT>(
                        rows,
                        first,
                        products::<S, O, COUNT>(*operands, range, line, column),
                    );
                }
            }
            work.add(tile.rows.len() * columns_of_tile * (range[1] - start));
            start = range[1];
        }
    }
}

/// Sums of the products of [`MR`] rows and `COUNT` columns over a range of pixels, one contiguous
/// piece after the other.
#[inline(always)]
fn products<'a, S: Simd, O: Operands, const COUNT: usize>(
    operands: &O,
    [start, end]: [usize; 2],
    line: impl Fn(usize, [usize; 2]) -> &'a [f32],
    column: impl Fn(usize, [usize; 2]) -> &'a [f32],
) -> [[Lanes<S>; COUNT]; MR] {
    let mut sums = [[zero::<S>(); COUNT]; MR];
    let mut from = start;
    while from < end {
        let piece = [from, operands.contiguous_end(from, end)];
        let width = (piece[1] - from).next_multiple_of(WIDEST);
        let (mut left, mut right): ([&[f32]; MR], [&[f32]; COUNT]) = ([&[]; MR], [&[]; COUNT]);
        for (nth, left) in left.iter_mut().enumerate() {
            *left = &line(nth, piece)[..width];
        }
        for (nth, right) in right.iter_mut().enumerate() {
            *right = &column(nth, piece)[..width];
        }
        sums = add_products::<S, COUNT>(sums, left, right, width);
        from = piece[1];
    }
    sums
}

/// Adds up the lanes of the registers, each into its place among columns `first..` of the rows.
#[inline(always)]
fn add<S: Simd, const COUNT: usize>(
    rows: &mut [&mut [f32]],
    first: usize,
    sums: [[Lanes<S>; COUNT]; MR],
) {
    for (row, sums) in rows.iter_mut().zip(sums) {
        for (value, sum) in row[first..].iter_mut().zip(sums) {
            *value += sum.reduce_add();
        }
    }
}

/// One row of sums. Each row is a variable of its own, so that all sums stay in registers.
struct Row<'a, S: Simd, const COUNT: usize> {
    sums: [Lanes<S>; COUNT],
    line: &'a [[f32; WIDEST]],
}

impl<'a, S: Simd, const COUNT: usize> Row<'a, S, COUNT> {
    #[inline(always)]
    fn new(sums: [Lanes<S>; COUNT], line: &'a [f32]) -> Self {
        Self {
            sums,
            line: line.as_chunks().0,
        }
    }

    #[inline(always)]
    fn add(&mut self, block: usize, at: usize, columns: &[Lanes<S>; COUNT]) {
        let line = load::<S>(&self.line[block][at..][..lanes::<S>()]);
        for (sum, column) in self.sums.iter_mut().zip(columns) {
            *sum = line.mul_add(*column, *sum);
        }
    }
}

/// Adds the sum over `k` of `left[i][k] * right[j][k]`, lane by lane.
#[inline(always)]
fn add_products<S: Simd, const COUNT: usize>(
    sums: [[Lanes<S>; COUNT]; MR],
    left: [&[f32]; MR],
    right: [&[f32]; COUNT],
    length: usize,
) -> [[Lanes<S>; COUNT]; MR] {
    let line = |nth: usize| Row::<S, COUNT>::new(sums[nth], &left[nth][..length]);
    let [mut a, mut b, mut c, mut d] = [line(0), line(1), line(2), line(3)];
    let right: [&[[f32; WIDEST]]; COUNT] = right.map(|column| column[..length].as_chunks().0);
    for block in 0..length / WIDEST {
        for at in (0..WIDEST).step_by(lanes::<S>()) {
            let mut columns = [zero::<S>(); COUNT];
            for (column, line) in columns.iter_mut().zip(right) {
                *column = load::<S>(&line[block][at..][..lanes::<S>()]);
            }
            a.add(block, at, &columns);
            b.add(block, at, &columns);
            c.add(block, at, &columns);
            d.add(block, at, &columns);
        }
    }
    [a.sums, b.sums, c.sums, d.sums]
}
