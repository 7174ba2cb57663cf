//! Products of matrices of which the right one is never written down.
//!
//! The right factor is packed in panels of a few columns that stay in the cache while the
//! rows of the left one pass, as in Goto and van de Geijn, "Anatomy of High-Performance
//! Matrix Multiplication" (2008). Every number is summed in the same order, whatever the
//! number of threads and the tile it falls into.

use macerator::{AutoArch, Scalar as _, Simd, WithSimd};
use rayon::prelude::*;

use crate::kernels::buffer_pool as reuse;
use crate::kernels::tiling::{
    Lanes, Scratch, Tile, WIDEST, cut, lanes, load_some, many_registers, pieces, rectified,
    store_some, zero,
};

/// The most terms of the sums that are added at a time. A panel of 48 columns takes 36 KiB.
pub(crate) const DEPTH: usize = 192;
/// Rows that are multiplied at a time.
pub(crate) const DOWN: usize = 8;
/// Registers across a panel.
const ACROSS: usize = 3;
/// Columns of a panel.
const PANEL: usize = ACROSS * WIDEST;
/// Panels that are packed at a time; they fit into the second-level cache.
const STRIP: usize = 8;
/// Steps of the innermost loop that are written out.
const UNROLL: usize = 8;
const ZEROS: [f32; DEPTH] = [0.0; DEPTH];

/// Terms `first..first + count` of all sums.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    pub first: usize,
    pub count: usize,
}

/// What is multiplied: one left factor and several right ones.
pub(crate) trait Factors: Sync {
    /// Number of terms of each sum.
    fn depth(&self) -> usize;

    /// How many terms from `first` on lie so that [`line`](Self::lines) can give them, up to
    /// [`DEPTH`].
    fn count(&self, first: usize) -> usize;

    /// Some terms of up to [`DOWN`] rows of the left factor, in `room` for as many of each where
    /// they are not in one piece.
    fn lines<'a>(&'a self, row: usize, terms: Terms, room: &'a mut [f32], lines: &mut [&'a [f32]]);

    /// Some terms of `width` columns of a right factor, term by term; 0 behind the last column.
    fn pack(&self, matrix: usize, terms: Terms, column: usize, width: usize, panel: &mut [f32]);

    /// What the sums of a row begin with.
    fn bias(&self, _row: usize) -> f32 {
        0.0
    }

    /// Whether negative sums become 0.
    fn rectify(&self) -> bool {
        false
    }
}

/// Panels that `columns` of each of `matrices` take.
pub(crate) fn panels(matrices: usize, columns: usize) -> usize {
    matrices * columns.div_ceil(PANEL)
}

/// `[matrices, rows, columns]`
pub(crate) fn product(
    factors: &impl Factors,
    matrices: usize,
    rows: usize,
    columns: usize,
) -> Vec<f32> {
    let mut output = reuse::take(matrices * rows * columns);
    if output.is_empty() {
        return output;
    }
    let wanted = 4 * rayon::current_num_threads();
    let all = panels(1, columns);
    // Each tile packs its own columns, so columns are cut first. Small images of many
    // channels have more rows, and those should pass by once.
    let down = if matrices * all < 2 * wanted {
        pieces(matrices, wanted, rows, 128)
    } else {
        1
    };
    let across = pieces(matrices * down, 2 * wanted, all, 1);
    let tile = [
        rows.div_ceil(down).next_multiple_of(DOWN),
        all.div_ceil(across) * PANEL,
    ];
    let tiles = cut(&mut output, [rows, columns], tile);
    tiles.into_par_iter().for_each(|tile| {
        let mut scratch = Scratch::take(STRIP * DEPTH * PANEL);
        AutoArch::new().dispatch(Task {
            factors,
            tile,
            scratch: &mut scratch,
        });
    });
    output
}

struct Task<'a, F> {
    factors: &'a F,
    tile: Tile<'a>,
    scratch: &'a mut Scratch,
}

impl<F: Factors> WithSimd for Task<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self) {
        let Self {
            factors,
            mut tile,
            scratch,
        } = self;
        let length = tile.rows[0].len();
        let panel = ACROSS * lanes::<S>();
        let mut terms = Terms {
            first: 0,
            count: factors.count(0),
        };
        loop {
            let mut at = 0;
            while at < length {
                let strip = (length - at).min(STRIP * panel);
                let packed = scratch.numbers();
                for (nth, packed) in packed
                    .chunks_mut(DEPTH * panel)
                    .enumerate()
                    .take(strip.div_ceil(panel))
                {
                    let width = (strip - nth * panel)
                        .next_multiple_of(lanes::<S>())
                        .min(panel);
                    let column = tile.column + at + nth * panel;
                    factors.pack(
                        tile.matrix,
                        terms,
                        column,
                        width,
                        &mut packed[..terms.count * width],
                    );
                }
                multiply::<S, F>(factors, &mut tile, terms, packed, at, strip);
                at += strip;
            }
            terms.first += terms.count;
            if terms.first >= factors.depth() {
                break;
            }
            terms.count = factors.count(terms.first);
        }
        if factors.rectify() {
            for value in tile.rows.iter_mut().flat_map(|row| row.iter_mut()) {
                *value = rectified(*value);
            }
        }
    }
}

/// Adds some terms to the columns `at..at + strip` of all rows of a tile.
#[inline(always)]
fn multiply<S: Simd, F: Factors>(
    factors: &F,
    tile: &mut Tile<'_>,
    terms: Terms,
    packed: &[f32],
    at: usize,
    strip: usize,
) {
    let panel = ACROSS * lanes::<S>();
    let mut room = [0.0; DOWN * DEPTH];
    for (group, rows) in tile.rows.chunks_mut(DOWN).enumerate() {
        let row = tile.row + group * DOWN;
        let mut lines = [&ZEROS[..terms.count]; DOWN];
        factors.lines(row, terms, &mut room, &mut lines[..rows.len()]);
        let mut biases = [0.0; DOWN];
        for (within, bias) in biases.iter_mut().enumerate().take(rows.len()) {
            *bias = factors.bias(row + within);
        }
        let biases = (terms.first == 0).then_some(biases);
        for (nth, packed) in packed
            .chunks(DEPTH * panel)
            .enumerate()
            .take(strip.div_ceil(panel))
        {
            let at = at + nth * panel;
            match (strip - nth * panel).div_ceil(lanes::<S>()) {
                1 => add_panel::<S, 1>(lines, packed, rows, biases, at),
                2 => add_panel::<S, 2>(lines, packed, rows, biases, at),
                _ => add_panel::<S, ACROSS>(lines, packed, rows, biases, at),
            }
        }
    }
}

/// Adds the products of the lines with a panel to the rows, from column `at` on; begins with
/// the biases where there are some.
#[inline(always)]
fn add_panel<S: Simd, const ACROSS: usize>(
    lines: [&[f32]; DOWN],
    packed: &[f32],
    rows: &mut [&mut [f32]],
    biases: Option<[f32; DOWN]>,
    at: usize,
) {
    let count = lines[0].len();
    let columns: &[[Lanes<S>; ACROSS]] =
        bytemuck::cast_slice::<f32, Lanes<S>>(packed).as_chunks().0;
    let mut sums = [[zero::<S>(); ACROSS]; DOWN];
    if let Some(biases) = biases {
        for (sums, bias) in sums.iter_mut().zip(biases) {
            *sums = [bias.splat::<S>(); ACROSS];
        }
    } else {
        for (sums, row) in sums.iter_mut().zip(rows.iter()) {
            for (across, sum) in sums.iter_mut().enumerate() {
                let start = (at + across * lanes::<S>()).min(row.len());
                *sum = load_some::<S>(&row[start..]);
            }
        }
    }
    add_products::<S, ACROSS>(&mut sums, lines, &columns[..count]);
    for (sums, row) in sums.iter().zip(rows) {
        for (across, sum) in sums.iter().enumerate() {
            let start = (at + across * lanes::<S>()).min(row.len());
            let end = (start + lanes::<S>()).min(row.len());
            store_some::<S>(*sum, &mut row[start..end]);
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
    ($sums:ident, $lines:ident, $columns:ident, $($row:ident $nth:literal),*) => {
        let (blocks, rest) = $columns.as_chunks::<UNROLL>();
        $(let mut $row = Row::<S, ACROSS>::new($sums[$nth], $lines[$nth]);)*
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

/// Adds to `sums[i][j]` the sum over `k` of `lines[i][k] * columns[k][j]`.
#[inline(always)]
fn add_products<S: Simd, const ACROSS: usize>(
    sums: &mut [[Lanes<S>; ACROSS]; DOWN],
    lines: [&[f32]; DOWN],
    columns: &[[Lanes<S>; ACROSS]],
) {
    if many_registers::<S>() {
        add_rows!(sums, lines, columns, a 0, b 1, c 2, d 3, e 4, f 5, g 6, h 7);
    } else {
        add_rows!(sums, lines, columns, a 0, b 1, c 2, d 3);
        add_rows!(sums, lines, columns, a 4, b 5, c 6, d 7);
    }
}
