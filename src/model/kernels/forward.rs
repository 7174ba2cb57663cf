//! A convolution as a product of matrices: weights times the column matrix of the image.
//!
//! The column matrix is packed in panels of a few pixels that stay in the cache while all
//! weights pass, as in Goto and van de Geijn, "Anatomy of High-Performance Matrix
//! Multiplication" (2008). Every number is summed in the same order, whatever the number of
//! threads and the tile it falls into.

use macerator::{AutoArch, Scalar as _, Simd, WithSimd};
use rayon::prelude::*;

use super::shape::Gather;
use super::tiles::{
    Lanes, Scratch, Tile, WIDEST, cut, lanes, load_some, many_registers, pieces, store_some, zero,
};

/// Rows of the column matrix in one panel. A panel of 48 pixels takes 36 KiB.
const DEPTH: usize = 192;
/// Rows that are multiplied at a time.
const DOWN: usize = 8;
/// Registers across a panel.
const ACROSS: usize = 3;
/// Steps of the innermost loop that are written out.
const UNROLL: usize = 8;
const ZEROS: [f32; DEPTH] = [0.0; DEPTH];

/// `bias + weights * columns`, through a rectifier or not.
pub(super) struct Product<'a> {
    /// `[rows, channels * taps]`
    pub weights: &'a [f32],
    /// `[batch_size, channels, height, width]`
    pub source: &'a [f32],
    pub gather: &'a Gather,
    pub channels: usize,
    /// `[rows]`
    pub bias: Option<&'a [f32]>,
    pub rectify: bool,
}

impl Product<'_> {
    /// `[batch_size, rows, pixels]`
    pub fn compute(&self, batch: usize, rows: usize) -> Vec<f32> {
        let pixels = self.gather.pixels();
        let mut output = vec![0.0; batch * rows * pixels];
        if output.is_empty() {
            return output;
        }
        let wanted = 4 * rayon::current_num_threads();
        let panel = ACROSS * WIDEST;
        let panels = pixels.div_ceil(panel);
        // Each tile packs its own columns, so pixels are cut first. Small images of many
        // channels have more weights than pixels, and weights should pass by once.
        let down = if batch * panels < 2 * wanted { pieces(batch, wanted, rows, 128) } else { 1 };
        let across = pieces(batch * down, 2 * wanted, panels, 1);
        let tile = [rows.div_ceil(down).next_multiple_of(DOWN), panels.div_ceil(across) * panel];
        let tiles = cut(&mut output, [rows, pixels], tile);
        tiles.into_par_iter().for_each(|tile| {
            let mut scratch = Scratch::take(DEPTH * ACROSS * WIDEST);
            AutoArch::new().dispatch(Task { product: self, tile, scratch: &mut scratch });
        });
        output
    }

    fn depth(&self) -> usize {
        self.channels * self.gather.taps.len()
    }

    /// Rows `first..` of the columns of `width` pixels from `pixel` on.
    #[inline(always)]
    fn pack(&self, image: &[f32], first: usize, pixel: usize, width: usize, panel: &mut [f32]) {
        let taps = &self.gather.taps;
        let area = self.gather.source[0] * self.gather.source[1];
        let (mut channel, mut tap) = (first / taps.len(), first % taps.len());
        for line in panel.chunks_exact_mut(width) {
            self.gather.line(&image[channel * area..][..area], taps[tap], pixel, line);
            tap += 1;
            if tap == taps.len() {
                (channel, tap) = (channel + 1, 0);
            }
        }
    }
}

struct Task<'a> {
    product: &'a Product<'a>,
    tile: Tile<'a>,
    scratch: &'a mut Scratch,
}

impl WithSimd for Task<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self) {
        self.compute::<S>();
    }
}

/// A stretch of the sums: `count` rows of the column matrix from `first` on.
#[derive(Clone, Copy)]
struct Stretch {
    first: usize,
    count: usize,
    depth: usize,
}

impl Task<'_> {
    #[inline(always)]
    fn compute<S: Simd>(&mut self) {
        let Self { product, tile, scratch } = self;
        let depth = product.depth();
        let area = product.channels * product.gather.source[0] * product.gather.source[1];
        let image = &product.source[tile.matrix * area..][..area];
        let length = tile.rows[0].len();
        let mut first = 0;
        loop {
            let stretch = Stretch { first, count: DEPTH.min(depth - first), depth };
            let mut at = 0;
            while at < length {
                let across = (length - at).div_ceil(lanes::<S>()).min(ACROSS);
                let width = across * lanes::<S>();
                let panel = &mut scratch.numbers()[..stretch.count * width];
                product.pack(image, first, tile.column + at, width, panel);
                match across {
                    3 => multiply::<S, 3>(product, tile, stretch, panel, at),
                    2 => multiply::<S, 2>(product, tile, stretch, panel, at),
                    _ => multiply::<S, 1>(product, tile, stretch, panel, at),
                }
                at += width;
            }
            first += stretch.count;
            if first == depth {
                break;
            }
        }
        if product.rectify {
            for value in tile.rows.iter_mut().flat_map(|row| row.iter_mut()) {
                // Not `max`, which would turn what is no number into 0.
                *value = if *value < 0.0 { 0.0 } else { *value };
            }
        }
    }
}

/// Adds a stretch to `ACROSS` registers of all rows of a tile.
#[inline(always)]
fn multiply<S: Simd, const ACROSS: usize>(
    product: &Product<'_>,
    tile: &mut Tile<'_>,
    stretch: Stretch,
    panel: &[f32],
    at: usize,
) {
    let Stretch { first, count, depth } = stretch;
    let columns: &[[Lanes<S>; ACROSS]] = bytemuck::cast_slice::<f32, Lanes<S>>(panel).as_chunks().0;
    let columns = &columns[..count];
    for (nth, rows) in tile.rows.chunks_mut(DOWN).enumerate() {
        let row = tile.row + nth * DOWN;
        let mut weights = [&ZEROS[..count]; DOWN];
        for (within, weights) in weights.iter_mut().enumerate().take(rows.len()) {
            *weights = &product.weights[(row + within) * depth + first..][..count];
        }
        let mut sums = [[zero::<S>(); ACROSS]; DOWN];
        for down in 0..DOWN {
            if down < rows.len() {
                if first > 0 {
                    for across in 0..ACROSS {
                        let start = (at + across * lanes::<S>()).min(rows[down].len());
                        sums[down][across] = load_some::<S>(&rows[down][start..]);
                    }
                } else if let Some(bias) = product.bias {
                    sums[down] = [bias[row + down].splat::<S>(); ACROSS];
                }
            }
        }
        add_products::<S, ACROSS>(&mut sums, weights, columns);
        for down in 0..DOWN {
            if down < rows.len() {
                for across in 0..ACROSS {
                    let length = rows[down].len();
                    let start = (at + across * lanes::<S>()).min(length);
                    let end = (start + lanes::<S>()).min(length);
                    store_some::<S>(sums[down][across], &mut rows[down][start..end]);
                }
            }
        }
    }
}

/// One row of sums; rows are variables of their own, so that all sums stay in registers.
struct Row<'a, S: Simd, const ACROSS: usize> {
    sums: [Lanes<S>; ACROSS],
    blocks: &'a [[f32; UNROLL]],
    rest: &'a [f32],
}

impl<'a, S: Simd, const ACROSS: usize> Row<'a, S, ACROSS> {
    #[inline(always)]
    fn new(sums: [Lanes<S>; ACROSS], weights: &'a [f32]) -> Self {
        let (blocks, rest) = weights.as_chunks();
        Self { sums, blocks, rest }
    }

    #[inline(always)]
    fn add(&mut self, weight: f32, columns: &[Lanes<S>; ACROSS]) {
        let weight = weight.splat::<S>();
        for (sum, column) in self.sums.iter_mut().zip(columns) {
            *sum = weight.mul_add(*column, *sum);
        }
    }
}

macro_rules! add_rows {
    ($sums:ident, $weights:ident, $columns:ident, $($row:ident $nth:literal),*) => {
        let (blocks, rest) = $columns.as_chunks::<UNROLL>();
        $(let mut $row = Row::<S, ACROSS>::new($sums[$nth], $weights[$nth]);)*
        for (step, block) in blocks.iter().enumerate() {
            for (k, columns) in block.iter().enumerate() {
                $($row.add($row.blocks[step][k], columns);)*
            }
        }
        for (k, columns) in rest.iter().enumerate() {
            $($row.add($row.rest[k], columns);)*
        }
        $($sums[$nth] = $row.sums;)*
    };
}

/// Adds to `sums[i][j]` the sum over `k` of `weights[i][k] * columns[k][j]`.
#[inline(always)]
fn add_products<S: Simd, const ACROSS: usize>(
    sums: &mut [[Lanes<S>; ACROSS]; DOWN],
    weights: [&[f32]; DOWN],
    columns: &[[Lanes<S>; ACROSS]],
) {
    if many_registers::<S>() {
        add_rows!(sums, weights, columns, a 0, b 1, c 2, d 3, e 4, f 5, g 6, h 7);
    } else {
        add_rows!(sums, weights, columns, a 0, b 1, c 2, d 3);
        add_rows!(sums, weights, columns, a 4, b 5, c 6, d 7);
    }
}
