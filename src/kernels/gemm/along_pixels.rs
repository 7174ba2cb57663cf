//! Products of matrices whose rows and columns both lie along the pixels: nothing is
//! transposed, and a register holds the sums of every 16th (8th, 4th) pixel.
//!
//! What is summed together depends on the sizes alone, never on the number of threads.

use macerator::{AutoArch, Simd, WithSimd};
use rayon::prelude::*;

use crate::kernels::conv::padded_plane::Flat;
use crate::kernels::conv::shape::ConvShape;
use crate::kernels::tiling::{
    Lanes, Scratch, Tile, WIDEST, cut, lanes, load, many_registers, pieces, zero,
};

/// Rows of a tile.
const DOWN: usize = 128;
/// Columns of a tile.
const ACROSS: usize = 96;
/// Numbers of the rows that stay in the second-level cache.
const ROOM: usize = 1 << 17;
/// Tiles there should be at least, so that every thread has some.
const TILES: usize = 32;
/// Rows that are multiplied at a time.
const LINES: usize = 4;
/// The most columns that are multiplied at a time.
const MOST: usize = 6;

/// What is multiplied, by pixels of all images, counted through.
pub(crate) trait Pixels: Sync {
    /// Whether rows and columns are copied before they are read.
    const COPIED: bool;

    /// Where pixels from `start` on end that lie together, at most at `end`.
    fn together(&self, _start: usize, end: usize) -> usize {
        end
    }

    /// Some pixels of a row and zeros up to the next multiple of [`WIDEST`], in `room` where
    /// they are copied.
    fn line<'a>(&'a self, row: usize, pixels: [usize; 2], room: &'a mut [f32]) -> &'a [f32];

    /// As [`line`](Self::line), of a column; not zeros but any numbers up to the next multiple.
    fn column<'a>(&'a self, column: usize, pixels: [usize; 2], room: &'a mut [f32]) -> &'a [f32];
}

/// Pixels that are multiplied before the registers are added up.
fn step(rows: usize) -> usize {
    (ROOM / rows.clamp(1, DOWN) / WIDEST * WIDEST).min(2048)
}

/// Whether the weights' gradient is best computed along the pixels: a register is added up
/// in about as long as it takes to transpose four numbers.
pub(crate) fn along_pixels(shape: &ConvShape) -> bool {
    let [height, width] = shape.output();
    4 * shape.outer <= (shape.batch * height * width).min(step(shape.outer))
}

/// `[rows, columns]`: sums over all pixels.
pub(crate) fn dots<P: Pixels>(sources: &P, [rows, depth]: [usize; 2], pixels: usize) -> Vec<f32> {
    let step = step(rows);
    // Few rows and columns have few tiles: then the pixels are shared out too.
    let tiles = rows.div_ceil(DOWN) * depth.div_ceil(ACROSS);
    let parts = pieces(tiles, TILES, pixels, step);
    let part = pixels.div_ceil(parts).next_multiple_of(WIDEST);
    let mut sums = vec![0.0; parts * rows * depth];
    if sums.is_empty() || pixels == 0 {
        return sums;
    }
    let cut = cut(&mut sums, [rows, depth], [DOWN, ACROSS]);
    cut.into_par_iter().for_each(|tile| {
        let pixels = [tile.matrix * part, ((tile.matrix + 1) * part).min(pixels)];
        let room = if P::COPIED {
            (rows.min(DOWN) + MOST) * step
        } else {
            0
        };
        let mut scratch = Scratch::take(room);
        AutoArch::new().dispatch(Task {
            sources,
            pixels,
            step,
            tile,
            scratch: &mut scratch,
        });
    });
    let (first, rest) = sums.split_at_mut(rows * depth);
    for part in rest.chunks(first.len()) {
        for (sum, part) in first.iter_mut().zip(part) {
            *sum += part;
        }
    }
    sums.truncate(rows * depth);
    sums
}

struct Task<'a, P> {
    sources: &'a P,
    pixels: [usize; 2],
    step: usize,
    tile: Tile<'a>,
    scratch: &'a mut Scratch,
}

impl<P: Pixels> WithSimd for Task<'_, P> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self) {
        if many_registers::<S>() {
            self.compute::<S, MOST>();
        } else {
            self.compute::<S, { MOST / 2 }>();
        }
    }
}

impl<P: Pixels> Task<'_, P> {
    #[inline(always)]
    fn compute<S: Simd, const COUNT: usize>(&mut self) {
        let Self {
            sources,
            pixels,
            step,
            tile,
            scratch,
        } = self;
        let depth = tile.rows[0].len();
        let mut start = pixels[0];
        while start < pixels[1] {
            let range = [start, (start + *step).min(pixels[1])];
            let copied = if P::COPIED {
                (range[1] - start).next_multiple_of(WIDEST)
            } else {
                0
            };
            let (lines, columns) = scratch.numbers().split_at_mut(tile.rows.len() * copied);
            if P::COPIED {
                for (row, line) in lines.chunks_exact_mut(copied).enumerate() {
                    sources.line(tile.row + row, range, line);
                }
            }
            for first in (0..depth).step_by(COUNT) {
                // The last column again in the place of those that are missing.
                let index = |nth: usize| tile.column + (first + nth).min(depth - 1);
                if P::COPIED {
                    for (nth, column) in columns.chunks_exact_mut(copied).enumerate().take(COUNT) {
                        sources.column(index(nth), range, column);
                    }
                }
                for (group, rows) in tile.rows.chunks_mut(LINES).enumerate() {
                    let row = |nth: usize| group * LINES + nth.min(rows.len() - 1);
                    let line = |nth: usize, piece| {
                        if P::COPIED {
                            &lines[row(nth) * copied..]
                        } else {
                            sources.line(tile.row + row(nth), piece, &mut [])
                        }
                    };
                    let column = |nth: usize, piece| {
                        if P::COPIED {
                            &columns[nth * copied..]
                        } else {
                            sources.column(index(nth), piece, &mut [])
                        }
                    };
                    add::<S, COUNT>(
                        rows,
                        first,
                        products::<S, P, COUNT>(*sources, range, line, column),
                    );
                }
            }
            start = range[1];
        }
    }
}

/// Sums of the products of [`LINES`] rows and `COUNT` columns over a range of pixels, one
/// piece that lies together after the other.
#[inline(always)]
fn products<'a, S: Simd, P: Pixels, const COUNT: usize>(
    sources: &P,
    [start, end]: [usize; 2],
    line: impl Fn(usize, [usize; 2]) -> &'a [f32],
    column: impl Fn(usize, [usize; 2]) -> &'a [f32],
) -> [[Lanes<S>; COUNT]; LINES] {
    let mut sums = [[zero::<S>(); COUNT]; LINES];
    let mut from = start;
    while from < end {
        let piece = [from, sources.together(from, end)];
        let width = (piece[1] - from).next_multiple_of(WIDEST);
        let (mut left, mut right): ([&[f32]; LINES], [&[f32]; COUNT]) =
            ([&[]; LINES], [&[]; COUNT]);
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

/// Adds up the registers, each into its place among columns `first..` of the rows.
#[inline(always)]
fn add<S: Simd, const COUNT: usize>(
    rows: &mut [&mut [f32]],
    first: usize,
    sums: [[Lanes<S>; COUNT]; LINES],
) {
    for (row, sums) in rows.iter_mut().zip(sums) {
        for (value, sum) in row[first..].iter_mut().zip(sums) {
            *value += sum.reduce_add();
        }
    }
}

/// One row of sums; rows are variables of their own, so that all sums stay in registers.
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
    sums: [[Lanes<S>; COUNT]; LINES],
    left: [&[f32]; LINES],
    right: [&[f32]; COUNT],
    length: usize,
) -> [[Lanes<S>; COUNT]; LINES] {
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

/// Planes that lie flat, of one pitch: the gradient of an output and the input. Pixels are
/// counted with those between the rows, where the gradient is 0.
pub(crate) struct FlatPixels<'a> {
    pub input: &'a [f32],
    pub gradient: &'a [f32],
    /// How the input lies.
    pub flat: &'a Flat,
    /// Numbers of a plane of the input and of the gradient.
    pub planes: [usize; 2],
    /// Where the gradient's first pixel is.
    pub origin: usize,
    /// Channels of the input and of the gradient.
    pub channels: [usize; 2],
    /// Pixels of an image, a multiple of [`WIDEST`].
    pub length: usize,
}

impl Pixels for FlatPixels<'_> {
    const COPIED: bool = false;

    #[inline(always)]
    fn together(&self, start: usize, end: usize) -> usize {
        end.min((start / self.length + 1) * self.length)
    }

    #[inline(always)]
    fn line<'a>(&'a self, row: usize, [start, _]: [usize; 2], _: &'a mut [f32]) -> &'a [f32] {
        let (image, pixel) = (start / self.length, start % self.length);
        let plane = (image * self.channels[1] + row) * self.planes[1];
        &self.gradient[plane + self.origin + pixel..]
    }

    #[inline(always)]
    fn column<'a>(&'a self, column: usize, [start, _]: [usize; 2], _: &'a mut [f32]) -> &'a [f32] {
        let taps = self.flat.offsets.len();
        let (image, pixel) = (start / self.length, start % self.length);
        let plane = (image * self.channels[0] + column / taps) * self.planes[0];
        &self.input[plane + self.flat.offsets[column % taps] + pixel..]
    }
}
