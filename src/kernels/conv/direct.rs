//! Weights times patches, read from [`PaddedPlane`]s: a convolution of 2x2 or 3x3 weights without
//! an `im2col` matrix, packed or not.
//!
//! A register of pixels is read where it lies, once for each tap, from the first- and second-level
//! cache. Every value is the sum of all its terms in one order.

use macerator::{AutoArch, Scalar as _, Simd, WithSimd};
use rayon::prelude::*;

use super::padded_plane::PaddedPlane;
use super::patch_product::{KernelMatrix, PatchProduct};
use crate::kernels::buffer_pool::{Buffer, acquire};
use crate::kernels::gemm::packed::{MR, Operands as _, Terms};
use crate::kernels::tiling::{
    Lanes, Scratch, Tile, cut, lanes, load, many_registers, pieces, relu, store,
};
use crate::kernels::work::Work;

/// Pixels that are computed at a time, in registers.
const NR: usize = 3;
/// Values of the source that are padded at a time: they fit into the second-level cache.
const CACHED: usize = 1 << 17;
/// Fewest rows of pixels of a tile; each tile also reads rows above and below its own.
const MIN_ROWS: usize = 2;
/// The largest share of the computed pixels that is dropped.
const MAX_WASTE: f64 = 0.125;

/// The layout of the padded source; `None` where packing it is faster.
pub(crate) fn layout(factors: &PatchProduct<'_>) -> Option<PaddedPlane> {
    PaddedPlane::new(factors.patches, 0).filter(is_faster)
}

/// Whether this is faster than packing the source.
pub(crate) fn is_faster(plane: &PaddedPlane) -> bool {
    matches!(plane.offsets.len(), 4 | 9) && plane.waste() <= MAX_WASTE
}

/// The product for `size` images and rows. `padded` takes the place of the source where that is
/// padded already.
///
/// # Shapes
/// - padded: `[batch, channels, plane]`
/// - result: `[batch, rows, pixels]`
pub(crate) fn product(
    factors: &PatchProduct<'_>,
    layout: &PaddedPlane,
    padded: Option<&[f32]>,
    size: [usize; 2],
) -> Buffer {
    let [batch, rows] = size;
    let [height, width] = factors.patches.target;
    let mut output = acquire(batch * rows * height * width);
    if output.is_empty() {
        return output;
    }
    let wanted = 4 * rayon::current_num_threads();
    let fitting = (CACHED / (factors.channels * layout.pitch)).saturating_sub(2);
    let shared = (batch * height).div_ceil(wanted);
    let strip = fitting.min(shared).max(MIN_ROWS).min(height);
    let strip = height.div_ceil(height.div_ceil(strip));
    let strips = batch * height.div_ceil(strip);
    // Many channels of few pixels: then the rows are divided too.
    let down = pieces(strips, wanted, rows, 4 * MR);
    let own = (padded.is_none() && down > 1).then(|| {
        layout.pad_all(factors.source.len(), |plane, at, to| {
            to.copy_from_slice(&factors.source[plane + at..][..to.len()]);
        })
    });
    let whole = padded.or(own.as_deref());
    let tile = [rows.div_ceil(down).next_multiple_of(MR), strip * width];
    let tiles = cut(&mut output, [rows, height * width], tile);
    let work = Work::entered();
    tiles.into_par_iter().for_each(|tile| {
        if work.is_abandoned() {
            return;
        }
        let sums = tile.rows.len() * tile.rows[0].len();
        let [first, count] = [tile.column / width, tile.rows[0].len() / width];
        let plane = layout.plane(count);
        let sheet = (count * layout.pitch).next_multiple_of(64);
        let copied = if whole.is_some() {
            0
        } else {
            factors.channels * plane
        };
        let transposed = if matches!(factors.weights, KernelMatrix::Rows(_)) {
            0
        } else {
            MR * factors.depth()
        };
        let mut scratch = Scratch::new(copied + MR * sheet + transposed);
        let (planes, rest) = scratch.values().split_at_mut(copied);
        let (sheet, transposed) = rest.split_at_mut(MR * sheet);
        let planes = if let Some(all) = whole {
            let plane = layout.plane(height);
            let image = &all[tile.matrix * factors.channels * plane..][..factors.channels * plane];
            Planes {
                values: image,
                plane,
                first: first * layout.pitch,
            }
        } else {
            let area = factors.patches.source[0] * factors.patches.source[1];
            let source = factors.source[tile.matrix * factors.channels * area..].chunks_exact(area);
            for (to, from) in planes.chunks_exact_mut(plane).zip(source) {
                layout.pad(first, count, to, |at, to| {
                    to.copy_from_slice(&from[at..][..to.len()]);
                });
            }
            Planes {
                values: planes,
                plane,
                first: 0,
            }
        };
        AutoArch::new().dispatch(Task {
            factors,
            layout,
            tile,
            planes,
            sheet,
            transposed,
        });
        work.add(sums * factors.depth());
    });
    output
}

/// The padded planes of an image, one for each channel.
#[derive(Clone, Copy)]
struct Planes<'a> {
    values: &'a [f32],
    /// Values of a plane.
    plane: usize,
    /// The pixel that is read first.
    first: usize,
}

struct Task<'a> {
    factors: &'a PatchProduct<'a>,
    layout: &'a PaddedPlane,
    tile: Tile<'a>,
    planes: Planes<'a>,
    /// Scratch memory for [`MR`] rows of the result, with the pixels between the image's rows.
    sheet: &'a mut [f32],
    /// Scratch memory for [`MR`] rows of the weights, where they are transposed.
    transposed: &'a mut [f32],
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self) {
        match self.layout.offsets.len() {
            4 => self.multiply::<S, 4>(),
            _ => self.multiply::<S, 9>(),
        }
    }
}

impl Task<'_> {
    /// [`MR`] rows at a time: into the sheet, and from there without the pixels between the rows
    /// into the tile.
    #[inline(always)]
    fn multiply<S: Simd, const TAPS: usize>(self) {
        let Self {
            factors,
            layout,
            mut tile,
            planes,
            sheet,
            transposed,
        } = self;
        let Ok(offsets) = <[usize; TAPS]>::try_from(layout.offsets.as_slice()) else {
            return;
        };
        let width = factors.patches.target[1];
        let pixels = tile.rows[0].len() / width * layout.pitch;
        let length = sheet.len() / MR;
        for (group, rows) in tile.rows.chunks_mut(MR).enumerate() {
            let row = tile.row + group * MR;
            // The first row takes the place of those that are missing.
            let mut lines: [&[f32]; MR] = [&[]; MR];
            factors.left_rows(
                row,
                Terms {
                    first: 0,
                    count: factors.depth(),
                },
                transposed,
                &mut lines[..rows.len()],
            );
            let first = lines[0];
            lines[rows.len()..].fill(first);
            let biases = std::array::from_fn(|nth| factors.bias(row + nth % rows.len()));
            let registers = pixels.div_ceil(lanes::<S>());
            let blocks = registers.div_ceil(NR);
            let block = Block {
                lines,
                planes,
                offsets: &offsets,
                biases,
            };
            let mut from = 0;
            for nth in 0..blocks {
                // Blocks of like sizes: 4 registers are 2 and 2.
                let vectors = (registers - from).div_ceil(blocks - nth);
                let at = from * lanes::<S>();
                match vectors {
                    1 => block.compute::<S, 1>(at, sheet, length),
                    2 => block.compute::<S, 2>(at, sheet, length),
                    _ => block.compute::<S, NR>(at, sheet, length),
                }
                from += vectors;
            }
            for (row, sheet) in rows.iter_mut().zip(sheet.chunks_exact(length)) {
                for (to, from) in row.chunks_exact_mut(width).zip(sheet.chunks(layout.pitch)) {
                    to.copy_from_slice(&from[..width]);
                    if factors.relu {
                        for value in to {
                            *value = relu(*value);
                        }
                    }
                }
            }
        }
    }
}

/// What [`MR`] rows of the result are made of.
#[derive(Clone, Copy)]
struct Block<'a, const TAPS: usize> {
    /// Weights of each row.
    lines: [&'a [f32]; MR],
    planes: Planes<'a>,
    offsets: &'a [usize; TAPS],
    biases: [f32; MR],
}

impl<const TAPS: usize> Block<'_, TAPS> {
    /// Computes `VECTORS` registers of pixels from `at` on, of all rows of the sheet, which are
    /// `length` apart.
    #[inline(always)]
    fn compute<S: Simd, const VECTORS: usize>(self, at: usize, sheet: &mut [f32], length: usize) {
        let mut sums = self.biases.map(|bias| [bias.splat::<S>(); VECTORS]);
        let planes = Planes {
            first: self.planes.first + at,
            ..self.planes
        };
        add_products::<S, TAPS, VECTORS>(&mut sums, self.lines, planes, self.offsets);
        for (sums, row) in sums.iter().zip(sheet.chunks_exact_mut(length)) {
            let row = &mut row[at..][..VECTORS * lanes::<S>()];
            for (sum, to) in sums.iter().zip(row.chunks_exact_mut(lanes::<S>())) {
                store::<S>(*sum, to);
            }
        }
    }
}

macro_rules! add_rows {
    ($sums:ident, $lines:ident, $planes:ident, $offsets:ident, $($row:ident $kernel:ident $nth:literal),*) => {
        $(let mut $row = $sums[$nth];)*
        $(let $kernel: &[[f32; TAPS]] = $lines[$nth].as_chunks().0;)*
        for (channel, plane) in $planes.values.chunks_exact($planes.plane).enumerate() {
            let plane = &plane[$planes.first..];
            // References to arrays: their bounds are checked once a channel.
            $(let $kernel: &[f32; TAPS] = &$kernel[channel];)*
            for tap in 0..TAPS {
                let columns = read::<S, VECTORS>(&plane[$offsets[tap]..]);
                $(add::<S, VECTORS>(&mut $row, $kernel[tap], &columns);)*
            }
        }
        $($sums[$nth] = $row;)*
    };
}

#[inline(always)]
fn add<S: Simd, const VECTORS: usize>(
    sums: &mut [Lanes<S>; VECTORS],
    weight: f32,
    columns: &[Lanes<S>; VECTORS],
) {
    let weight = weight.splat::<S>();
    for (sum, column) in sums.iter_mut().zip(columns) {
        *sum = weight.mul_add(*column, *sum);
    }
}

#[inline(always)]
fn read<S: Simd, const VECTORS: usize>(from: &[f32]) -> [Lanes<S>; VECTORS] {
    let from = &from[..VECTORS * lanes::<S>()];
    std::array::from_fn(|nth| load::<S>(&from[nth * lanes::<S>()..][..lanes::<S>()]))
}

/// Adds to each row the sum over all channels and taps of weight times pixel.
#[inline(always)]
fn add_products<S: Simd, const TAPS: usize, const VECTORS: usize>(
    sums: &mut [[Lanes<S>; VECTORS]; MR],
    lines: [&[f32]; MR],
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
