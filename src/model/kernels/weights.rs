//! Gradient of a convolution with respect to its weights: the gradient of the output times
//! the transposed column matrix.
//!
//! Few channels: both are read along the pixels, so that nothing is transposed, and a
//! register holds the sums of every 16th (8th, 4th) pixel. Many channels and few pixels:
//! adding up the registers would take longer than the sums, so the columns are transposed,
//! which is quick then. What is summed together depends on the shapes alone, never on the
//! number of threads.

use macerator::{AutoArch, Simd, WithSimd};
use rayon::prelude::*;

use super::product::{DEPTH, DOWN as ROWS, Factors, Terms, product};
use super::shape::{ConvShape, Gather};
use super::tiles::{Lanes, Scratch, Tile, WIDEST, cut, lanes, many_registers, pieces, zero};

/// Output channels of a tile.
const DOWN: usize = 128;
/// Weights of a kernel, of all input channels, in a tile.
const ACROSS: usize = 96;
/// Numbers of the output's gradient that stay in the second-level cache.
const ROOM: usize = 1 << 17;
/// Tiles there should be at least, so that every thread has some.
const TILES: usize = 32;
/// Output channels that are multiplied at a time.
const LINES: usize = 4;
/// The most weights that are multiplied at a time.
const MOST: usize = 6;

/// # Shapes
/// - input: `[batch, inner, height, width]`
/// - gradient: `[batch, outer, height_out, width_out]`
/// - result: `[outer, inner, taps]`
pub(super) fn weight_gradient(shape: &ConvShape, input: &[f32], gradient: &[f32]) -> Vec<f32> {
    let gather = shape.gather();
    let depth = shape.inner * shape.taps();
    let columns = shape.batch * gather.pixels();
    let step = (ROOM / shape.outer.clamp(1, DOWN) / WIDEST * WIDEST).min(2048);
    // A register is added up in about as long as it takes to transpose four numbers.
    if 4 * shape.outer > columns.min(step) {
        let sources = Sources { shape, gather: &gather, input, gradient };
        return product(&sources, 1, shape.outer, depth);
    }
    // Weights of few channels have few tiles: then the pixels are shared out too.
    let tiles = shape.outer.div_ceil(DOWN) * depth.div_ceil(ACROSS);
    let parts = pieces(tiles, TILES, columns, step);
    let part = columns.div_ceil(parts).next_multiple_of(WIDEST);
    let mut sums = vec![0.0; parts * shape.outer * depth];
    if sums.is_empty() || columns == 0 {
        return sums;
    }
    let cut = cut(&mut sums, [shape.outer, depth], [DOWN, ACROSS]);
    cut.into_par_iter().for_each(|tile| {
        let pixels = [tile.matrix * part, ((tile.matrix + 1) * part).min(columns)];
        let mut scratch = Scratch::take((shape.outer.min(DOWN) + MOST) * step);
        let sources = Sources { shape, gather: &gather, input, gradient };
        AutoArch::new().dispatch(Task { sources, pixels, step, tile, scratch: &mut scratch });
    });
    let (first, rest) = sums.split_at_mut(shape.outer * depth);
    for part in rest.chunks(first.len()) {
        for (sum, part) in first.iter_mut().zip(part) {
            *sum += part;
        }
    }
    sums.truncate(shape.outer * depth);
    sums
}

#[derive(Clone, Copy)]
struct Sources<'a> {
    shape: &'a ConvShape,
    gather: &'a Gather,
    input: &'a [f32],
    gradient: &'a [f32],
}

struct Task<'a> {
    sources: Sources<'a>,
    /// Pixels of all images, counted through.
    pixels: [usize; 2],
    step: usize,
    tile: Tile<'a>,
    scratch: &'a mut Scratch,
}

impl WithSimd for Task<'_> {
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

impl Task<'_> {
    #[inline(always)]
    fn compute<S: Simd, const COUNT: usize>(&mut self) {
        let Self { sources, pixels, step, tile, scratch } = self;
        let depth = tile.rows[0].len();
        let mut start = pixels[0];
        while start < pixels[1] {
            let end = (start + *step).min(pixels[1]);
            let width = (end - start).next_multiple_of(lanes::<S>());
            let (lines, columns) = scratch.numbers().split_at_mut(tile.rows.len() * width);
            let columns = &mut columns[..COUNT * width];
            for (row, line) in lines.chunks_exact_mut(width).enumerate() {
                sources.line(tile.row + row, start, end, line);
            }
            let mut first = 0;
            while first < depth {
                for (nth, line) in columns.chunks_exact_mut(width).enumerate().take(depth - first) {
                    sources.column(tile.column + first + nth, start, end, line);
                }
                multiply::<S, COUNT>(lines, columns, width, &mut tile.rows, first);
                first += COUNT;
            }
            start = end;
        }
    }
}

impl Sources<'_> {
    /// The gradient of one output channel for pixels `start..end`.
    #[inline(always)]
    fn line(&self, channel: usize, start: usize, end: usize, line: &mut [f32]) {
        let pixels = self.gather.pixels();
        over_images(pixels, start, end, line, |image, pixel, line| {
            let from = (image * self.shape.outer + channel) * pixels + pixel;
            line.copy_from_slice(&self.gradient[from..from + line.len()]);
        });
    }

    /// Row `index` of the column matrix for pixels `start..end`.
    #[inline(always)]
    fn column(&self, index: usize, start: usize, end: usize, line: &mut [f32]) {
        let taps = self.gather.taps.len();
        let area = self.shape.size[0] * self.shape.size[1];
        over_images(self.gather.pixels(), start, end, line, |image, pixel, line| {
            let plane = image * self.shape.inner + index / taps;
            let plane = &self.input[plane * area..][..area];
            self.gather.line(plane, self.gather.taps[index % taps], pixel, line);
        });
    }
}

impl Factors for Sources<'_> {
    #[inline(always)]
    fn depth(&self) -> usize {
        self.shape.batch * self.gather.pixels()
    }

    #[inline(always)]
    fn count(&self, first: usize) -> usize {
        let pixels = self.gather.pixels();
        (pixels - first % pixels).min(DEPTH)
    }

    #[inline(always)]
    fn lines<'a>(
        &'a self,
        row: usize,
        Terms { first, count }: Terms,
        _room: &'a mut [f32; ROWS * DEPTH],
        lines: &mut [&'a [f32]],
    ) {
        let pixels = self.gather.pixels();
        let (image, pixel) = (first / pixels, first % pixels);
        for (within, line) in lines.iter_mut().enumerate() {
            let plane = image * self.shape.outer + row + within;
            *line = &self.gradient[plane * pixels + pixel..][..count];
        }
    }

    #[inline(always)]
    fn pack(&self, _: usize, Terms { first, count }: Terms, column: usize, width: usize, panel: &mut [f32]) {
        let depth = self.shape.inner * self.gather.taps.len();
        let mut line = [0.0; DEPTH];
        for across in 0..width {
            if column + across < depth {
                self.column(column + across, first, first + count, &mut line[..count]);
            } else {
                line.fill(0.0);
            }
            for (value, panel) in line.iter().zip(panel.chunks_exact_mut(width)) {
                panel[across] = *value;
            }
        }
    }
}

/// Calls `write` with an image, a pixel of it and the place of that and the following pixels
/// in the line; what is behind `end` becomes 0.
#[inline(always)]
fn over_images(
    pixels: usize,
    start: usize,
    end: usize,
    line: &mut [f32],
    write: impl Fn(usize, usize, &mut [f32]),
) {
    let (mut rest, padding) = line.split_at_mut(end - start);
    padding.fill(0.0);
    let [mut image, mut pixel] = [start / pixels, start % pixels];
    while !rest.is_empty() {
        let count = rest.len().min(pixels - pixel);
        let (now, behind) = rest.split_at_mut(count);
        write(image, pixel, now);
        rest = behind;
        (image, pixel) = (image + 1, 0);
    }
}

/// Adds the products of all lines with `COUNT` columns to `first..` of the rows.
#[inline(always)]
fn multiply<S: Simd, const COUNT: usize>(
    lines: &[f32],
    columns: &[f32],
    width: usize,
    rows: &mut [&mut [f32]],
    first: usize,
) {
    let lines: &[Lanes<S>] = bytemuck::cast_slice(lines);
    let columns: &[Lanes<S>] = bytemuck::cast_slice(columns);
    let length = width / lanes::<S>();
    let mut right: [&[Lanes<S>]; COUNT] = [&[]; COUNT];
    for nth in 0..COUNT {
        right[nth] = &columns[nth * length..][..length];
    }
    for (group, rows) in rows.chunks_mut(LINES).enumerate() {
        let mut left: [&[Lanes<S>]; LINES] = [&[]; LINES];
        for nth in 0..LINES {
            // The last row again in the place of those that are missing.
            let row = group * LINES + nth.min(rows.len() - 1);
            left[nth] = &lines[row * length..][..length];
        }
        let sums = products::<S, COUNT>(left, right, length);
        for down in 0..LINES {
            if down < rows.len() {
                for across in 0..COUNT {
                    if let Some(value) = rows[down].get_mut(first + across) {
                        *value += sums[down][across].reduce_add();
                    }
                }
            }
        }
    }
}

/// One row of sums; rows are variables of their own, so that all sums stay in registers.
struct Row<'a, S: Simd, const COUNT: usize> {
    sums: [Lanes<S>; COUNT],
    line: &'a [Lanes<S>],
}

impl<'a, S: Simd, const COUNT: usize> Row<'a, S, COUNT> {
    #[inline(always)]
    fn new(line: &'a [Lanes<S>]) -> Self {
        Self { sums: [zero::<S>(); COUNT], line }
    }

    #[inline(always)]
    fn add(&mut self, at: usize, columns: &[Lanes<S>; COUNT]) {
        let line = self.line[at];
        for (sum, column) in self.sums.iter_mut().zip(columns) {
            *sum = line.mul_add(*column, *sum);
        }
    }
}

/// The sum over `k` of `left[i][k] * right[j][k]`, lane by lane.
#[inline(always)]
fn products<S: Simd, const COUNT: usize>(
    left: [&[Lanes<S>]; LINES],
    right: [&[Lanes<S>]; COUNT],
    length: usize,
) -> [[Lanes<S>; COUNT]; LINES] {
    let [mut a, mut b, mut c, mut d] = left.map(|line| Row::<S, COUNT>::new(line));
    for at in 0..length {
        let mut columns = [zero::<S>(); COUNT];
        for (column, line) in columns.iter_mut().zip(right) {
            *column = line[at];
        }
        a.add(at, &columns);
        b.add(at, &columns);
        c.add(at, &columns);
        d.add(at, &columns);
    }
    [a.sums, b.sums, c.sums, d.sums]
}
