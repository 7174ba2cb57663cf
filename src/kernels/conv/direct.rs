//! Weights times what windows read, from planes that lie flat (see [`Flat`]): a 3x3
//! convolution without a column matrix, packed or not.
//!
//! Each register of pixels is read where it lies, once for each tap, from the first- and
//! second-level cache. Every number is the sum of all its terms in one order.

use macerator::{AutoArch, Scalar as _, Simd, WithSimd};
use rayon::prelude::*;

use crate::kernels::buffer_pool as reuse;
use crate::kernels::conv::forward::{Weights, Windows};
use crate::kernels::conv::padded_plane::Flat;
use crate::kernels::gemm::packed::{DOWN, Factors as _, Terms};
use crate::kernels::tiling::{
    Lanes, Scratch, Tile, cut, lanes, load, many_registers, pieces, rectified, store,
};

/// Registers across a block of pixels.
const ACROSS: usize = 3;
/// Numbers of the source that are laid out at a time: they fit into the second-level cache.
const ROOM: usize = 1 << 17;
/// Rows of pixels below which the rows above and below them would cost too much.
const LEAST: usize = 2;
/// Share of the computed pixels that may be dropped.
const WASTE: f64 = 0.125;

/// How a source lies for this; `None` where packing it is the better way.
pub(crate) fn layout(windows: &Windows<'_>) -> Option<Flat> {
    Flat::new(windows.gather, 0).filter(suits)
}

/// Whether this is the better way.
pub(crate) fn suits(flat: &Flat) -> bool {
    matches!(flat.offsets.len(), 4 | 9) && flat.waste() <= WASTE
}

/// `[matrices, rows, pixels]`; `laid` are all planes of the source where they lie flat already,
/// in the place of the source.
pub(crate) fn product(
    windows: &Windows<'_>,
    flat: &Flat,
    laid: Option<&[f32]>,
    [matrices, rows]: [usize; 2],
) -> Vec<f32> {
    let [height, width] = windows.gather.target;
    let mut output = reuse::take(matrices * rows * height * width);
    if output.is_empty() {
        return output;
    }
    let wanted = 4 * rayon::current_num_threads();
    let fitting = (ROOM / (windows.channels * flat.pitch)).saturating_sub(2);
    let shared = (matrices * height).div_ceil(wanted);
    let strip = fitting.min(shared).max(LEAST).min(height);
    let strip = height.div_ceil(height.div_ceil(strip));
    let strips = matrices * height.div_ceil(strip);
    // Many channels of few pixels: then the weights are shared out.
    let down = pieces(strips, wanted, rows, 4 * DOWN);
    let own = (laid.is_none() && down > 1).then(|| {
        flat.lay_all(windows.source.len(), |plane, at, to| {
            to.copy_from_slice(&windows.source[plane + at..][..to.len()]);
        })
    });
    let whole = laid.or(own.as_deref());
    let tile = [rows.div_ceil(down).next_multiple_of(DOWN), strip * width];
    let tiles = cut(&mut output, [rows, height * width], tile);
    tiles.into_par_iter().for_each(|tile| {
        let [first, count] = [tile.column / width, tile.rows[0].len() / width];
        let plane = flat.plane(count);
        let sheet = (count * flat.pitch).next_multiple_of(64);
        let room = if whole.is_some() {
            0
        } else {
            windows.channels * plane
        };
        let turned = if matches!(windows.weights, Weights::Rows(_)) {
            0
        } else {
            DOWN * windows.depth()
        };
        let mut scratch = Scratch::take(room + DOWN * sheet + turned);
        let (planes, rest) = scratch.numbers().split_at_mut(room);
        let (sheet, turned) = rest.split_at_mut(DOWN * sheet);
        let planes = if let Some(all) = whole {
            let plane = flat.plane(height);
            let image = &all[tile.matrix * windows.channels * plane..][..windows.channels * plane];
            Planes {
                numbers: image,
                plane,
                first: first * flat.pitch,
            }
        } else {
            let area = windows.gather.source[0] * windows.gather.source[1];
            let source = windows.source[tile.matrix * windows.channels * area..].chunks_exact(area);
            for (to, from) in planes.chunks_exact_mut(plane).zip(source) {
                flat.lay(first, count, to, |at, to| {
                    to.copy_from_slice(&from[at..][..to.len()]);
                });
            }
            Planes {
                numbers: planes,
                plane,
                first: 0,
            }
        };
        AutoArch::new().dispatch(Task {
            windows,
            flat,
            tile,
            planes,
            sheet,
            turned,
        });
    });
    output
}

/// The planes of an image, one for each channel, from some pixel on.
#[derive(Clone, Copy)]
struct Planes<'a> {
    numbers: &'a [f32],
    plane: usize,
    first: usize,
}

struct Task<'a> {
    windows: &'a Windows<'a>,
    flat: &'a Flat,
    tile: Tile<'a>,
    planes: Planes<'a>,
    sheet: &'a mut [f32],
    turned: &'a mut [f32],
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self) {
        match self.flat.offsets.len() {
            4 => self.multiply::<S, 4>(),
            _ => self.multiply::<S, 9>(),
        }
    }
}

impl Task<'_> {
    /// [`DOWN`] rows at a time: into a sheet that has the pixels between the rows too, and
    /// from there to where they belong.
    #[inline(always)]
    fn multiply<S: Simd, const TAPS: usize>(self) {
        let Self {
            windows,
            flat,
            mut tile,
            planes,
            sheet,
            turned,
        } = self;
        let Ok(offsets) = <[usize; TAPS]>::try_from(flat.offsets.as_slice()) else {
            return;
        };
        let width = windows.gather.target[1];
        let pixels = tile.rows[0].len() / width * flat.pitch;
        let length = sheet.len() / DOWN;
        for (group, rows) in tile.rows.chunks_mut(DOWN).enumerate() {
            let row = tile.row + group * DOWN;
            // The first row again in the place of those that are missing.
            let mut lines: [&[f32]; DOWN] = [&[]; DOWN];
            windows.lines(
                row,
                Terms {
                    first: 0,
                    count: windows.depth(),
                },
                turned,
                &mut lines[..rows.len()],
            );
            let first = lines[0];
            lines[rows.len()..].fill(first);
            let biases = std::array::from_fn(|nth| windows.bias(row + nth % rows.len()));
            let registers = pixels.div_ceil(lanes::<S>());
            let blocks = registers.div_ceil(ACROSS);
            let mut from = 0;
            for block in 0..blocks {
                // Blocks of like sizes: 4 registers are 2 and 2.
                let across = (registers - from).div_ceil(blocks - block);
                let at = from * lanes::<S>();
                match across {
                    1 => block_of::<S, TAPS, 1>(lines, planes, &offsets, biases, at, sheet, length),
                    2 => block_of::<S, TAPS, 2>(lines, planes, &offsets, biases, at, sheet, length),
                    _ => block_of::<S, TAPS, ACROSS>(
                        lines, planes, &offsets, biases, at, sheet, length,
                    ),
                }
                from += across;
            }
            for (row, sheet) in rows.iter_mut().zip(sheet.chunks_exact(length)) {
                for (to, from) in row.chunks_exact_mut(width).zip(sheet.chunks(flat.pitch)) {
                    to.copy_from_slice(&from[..width]);
                    if windows.rectify {
                        for value in to {
                            *value = rectified(*value);
                        }
                    }
                }
            }
        }
    }
}

/// Computes `ACROSS` registers of pixels from `at` on, of all rows of the sheet.
#[inline(always)]
fn block_of<S: Simd, const TAPS: usize, const ACROSS: usize>(
    lines: [&[f32]; DOWN],
    planes: Planes<'_>,
    offsets: &[usize; TAPS],
    biases: [f32; DOWN],
    at: usize,
    sheet: &mut [f32],
    length: usize,
) {
    let mut sums = biases.map(|bias| [bias.splat::<S>(); ACROSS]);
    add_products::<S, TAPS, ACROSS>(
        &mut sums,
        lines,
        Planes {
            first: planes.first + at,
            ..planes
        },
        offsets,
    );
    for (sums, row) in sums.iter().zip(sheet.chunks_exact_mut(length)) {
        let row = &mut row[at..][..ACROSS * lanes::<S>()];
        for (sum, to) in sums.iter().zip(row.chunks_exact_mut(lanes::<S>())) {
            store::<S>(*sum, to);
        }
    }
}

macro_rules! add_rows {
    ($sums:ident, $lines:ident, $planes:ident, $offsets:ident, $($row:ident $kernel:ident $nth:literal),*) => {
        $(let mut $row = $sums[$nth];)*
        $(let $kernel: &[[f32; TAPS]] = $lines[$nth].as_chunks().0;)*
        for (channel, plane) in $planes.numbers.chunks_exact($planes.plane).enumerate() {
            let plane = &plane[$planes.first..];
            // References to arrays: their bounds are checked once a channel.
            $(let $kernel: &[f32; TAPS] = &$kernel[channel];)*
            for tap in 0..TAPS {
                let columns = read::<S, ACROSS>(&plane[$offsets[tap]..]);
                $(add::<S, ACROSS>(&mut $row, $kernel[tap], &columns);)*
            }
        }
        $($sums[$nth] = $row;)*
    };
}

#[inline(always)]
fn add<S: Simd, const ACROSS: usize>(
    sums: &mut [Lanes<S>; ACROSS],
    weight: f32,
    columns: &[Lanes<S>; ACROSS],
) {
    let weight = weight.splat::<S>();
    for (sum, column) in sums.iter_mut().zip(columns) {
        *sum = weight.mul_add(*column, *sum);
    }
}

#[inline(always)]
fn read<S: Simd, const ACROSS: usize>(from: &[f32]) -> [Lanes<S>; ACROSS] {
    let from = &from[..ACROSS * lanes::<S>()];
    std::array::from_fn(|nth| load::<S>(&from[nth * lanes::<S>()..][..lanes::<S>()]))
}

/// Adds to each row the sum over all channels and taps of weight times pixel.
#[inline(always)]
fn add_products<S: Simd, const TAPS: usize, const ACROSS: usize>(
    sums: &mut [[Lanes<S>; ACROSS]; DOWN],
    lines: [&[f32]; DOWN],
    planes: Planes<'_>,
    offsets: &[usize; TAPS],
) {
    if many_registers::<S>() {
        add_rows!(sums, lines, planes, offsets, a i 0, b j 1, c k 2, d l 3, e m 4, f n 5, g o 6, h p 7);
    } else {
        add_rows!(sums, lines, planes, offsets, a i 0, b j 1, c k 2, d l 3);
        add_rows!(sums, lines, planes, offsets, a i 4, b j 5, c k 6, d l 7);
    }
}
