//! Matrix products whose right factor is never built in full.
//!
//! `KC` rows of the right factor are packed at a time, in panels of `NR` columns that stay in the
//! cache while the rows of the left factor pass in groups of `MR`: Goto and van de Geijn, "Anatomy
//! of High-Performance Matrix Multiplication", ACM TOMS 34(3), 2008. Every value is summed in the
//! same order, whatever the number of threads and the tile it falls into.

use macerator::{AutoArch, Scalar as _, Simd, WithSimd};
use rayon::prelude::*;

use crate::kernels::buffer_pool::{Buffer, acquire};
use crate::kernels::tiling::{
    Lanes, Scratch, Tile, WIDEST, cut, lanes, load_some, many_registers, pieces, relu, store_some,
    zero,
};
use crate::kernels::work::Work;

/// The most terms of each sum that are added at a time. A panel of 48 columns takes 36 KiB.
pub(crate) const KC: usize = 192;
/// Rows that are multiplied at a time.
pub(crate) const MR: usize = 8;
/// Columns of a panel, in registers.
const NR: usize = 3;
/// Columns of a panel where registers are widest.
const WIDEST_PANEL: usize = NR * WIDEST;
/// Panels that are packed at a time; they fit into the second-level cache.
const STRIP: usize = 8;
/// Steps of the innermost loop that are unrolled.
const UNROLL: usize = 8;
const ZEROS: [f32; KC] = [0.0; KC];

/// Terms `first..first + count` of all sums.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    pub first: usize,
    pub count: usize,
}

/// What is multiplied: one left factor with each of several right ones.
pub(crate) trait Operands: Sync {
    /// Number of terms of each sum.
    fn depth(&self) -> usize;

    /// How many terms from `first` on [`left_rows`](Self::left_rows) can read at a time, up to
    /// [`KC`].
    fn count(&self, first: usize) -> usize;

    /// Some terms of up to [`MR`] rows of the left factor from `row` on. Rows that are not
    /// contiguous are copied to `scratch`.
    fn left_rows<'a>(
        &'a self,
        row: usize,
        terms: Terms,
        scratch: &'a mut [f32],
        rows: &mut [&'a [f32]],
    );

    /// Writes some terms of `width` columns of a right factor to a panel, term by term; 0 behind
    /// the last column.
    fn pack_panel(
        &self,
        matrix: usize,
        terms: Terms,
        column: usize,
        width: usize,
        panel: &mut [f32],
    );

    /// What is added to each sum of a row.
    fn bias(&self, _row: usize) -> f32 {
        0.0
    }

    /// Whether a `relu` follows.
    fn relu(&self) -> bool {
        false
    }
}

/// Panels that `matrices` right factors of `columns` columns take.
pub(crate) fn panels(matrices: usize, columns: usize) -> usize {
    matrices * columns.div_ceil(WIDEST_PANEL)
}

/// The product of the left factor with each right one.
///
/// # Shapes
/// - left factor: `[rows, depth]`
/// - right factors: `[matrices, depth, columns]`
/// - result: `[matrices, rows, columns]`
pub(crate) fn product(
    operands: &impl Operands,
    matrices: usize,
    rows: usize,
    columns: usize,
) -> Buffer {
    let mut output = acquire(matrices * rows * columns);
    if output.is_empty() {
        return output;
    }
    let wanted = 4 * rayon::current_num_threads();
    let all = panels(1, columns);
    // Each tile packs its own columns, so columns are divided first. Small images with many
    // channels have more rows than columns, and each row should be read once.
    let down = if matrices * all < 2 * wanted {
        pieces(matrices, wanted, rows, 128)
    } else {
        1
    };
    let across = pieces(matrices * down, 2 * wanted, all, 1);
    let tile = [
        rows.div_ceil(down).next_multiple_of(MR),
        all.div_ceil(across) * WIDEST_PANEL,
    ];
    let tiles = cut(&mut output, [rows, columns], tile);
    let work = &Work::entered();
    tiles.into_par_iter().for_each(|tile| {
        let mut scratch = Scratch::new(STRIP * KC * WIDEST_PANEL);
        AutoArch::new().dispatch(Task {
            operands,
            tile,
            scratch: &mut scratch,
            work,
        });
    });
    output
}

struct Task<'a, O> {
    operands: &'a O,
    tile: Tile<'a>,
    scratch: &'a mut Scratch,
    work: &'a Work,
}

impl<O: Operands> WithSimd for Task<'_, O> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self) {
        let Self {
            operands,
            mut tile,
            scratch,
            work,
        } = self;
        let length = tile.rows[0].len();
        let panel = NR * lanes::<S>();
        let mut terms = Terms {
            first: 0,
            count: operands.count(0),
        };
        loop {
            let mut at = 0;
            while at < length {
                if work.is_abandoned() {
                    return;
                }
                let strip = (length - at).min(STRIP * panel);
                let packed = scratch.values();
                for (nth, packed) in packed
                    .chunks_mut(KC * panel)
                    .enumerate()
                    .take(strip.div_ceil(panel))
                {
                    let width = (strip - nth * panel)
                        .next_multiple_of(lanes::<S>())
                        .min(panel);
                    let column = tile.column + at + nth * panel;
                    operands.pack_panel(
                        tile.matrix,
                        terms,
                        column,
                        width,
                        &mut packed[..terms.count * width],
                    );
                }
                multiply::<S, O>(operands, &mut tile, terms, packed, at, strip);
                work.add(tile.rows.len() * strip * terms.count);
                at += strip;
            }
            terms.first += terms.count;
            if terms.first >= operands.depth() {
                break;
            }
            terms.count = operands.count(terms.first);
        }
        if operands.relu() {
            for value in tile.rows.iter_mut().flat_map(|row| row.iter_mut()) {
                *value = relu(*value);
            }
        }
    }
}

/// Adds some terms to the columns `at..at + strip` of all rows of a tile.
#[inline(always)]
fn multiply<S: Simd, O: Operands>(
    operands: &O,
    tile: &mut Tile<'_>,
    terms: Terms,
    packed: &[f32],
    at: usize,
    strip: usize,
) {
    let panel = NR * lanes::<S>();
    let mut scratch = [0.0; MR * KC];
    for (group, rows) in tile.rows.chunks_mut(MR).enumerate() {
        let row = tile.row + group * MR;
        let mut lines = [&ZEROS[..terms.count]; MR];
        operands.left_rows(row, terms, &mut scratch, &mut lines[..rows.len()]);
        let mut biases = [0.0; MR];
        for (within, bias) in biases.iter_mut().enumerate().take(rows.len()) {
            *bias = operands.bias(row + within);
        }
        let biases = (terms.first == 0).then_some(biases);
        for (nth, packed) in packed
            .chunks(KC * panel)
            .enumerate()
            .take(strip.div_ceil(panel))
        {
            let at = at + nth * panel;
            match (strip - nth * panel).div_ceil(lanes::<S>()) {
                1 => add_panel::<S, 1>(lines, packed, rows, biases, at),
                2 => add_panel::<S, 2>(lines, packed, rows, biases, at),
                _ => add_panel::<S, NR>(lines, packed, rows, biases, at),
            }
        }
    }
}

/// Adds the products of [`MR`] lines of the left factor with a panel to the rows, from column
/// `at` on; starts from the biases where there are some.
#[inline(always)]
fn add_panel<S: Simd, const VECTORS: usize>(
    lines: [&[f32]; MR],
    packed: &[f32],
    rows: &mut [&mut [f32]],
    biases: Option<[f32; MR]>,
    at: usize,
) {
    let count = lines[0].len();
    let columns: &[[Lanes<S>; VECTORS]] =
        bytemuck::cast_slice::<f32, Lanes<S>>(packed).as_chunks().0;
    let mut sums = [[zero::<S>(); VECTORS]; MR];
    if let Some(biases) = biases {
        for (sums, bias) in sums.iter_mut().zip(biases) {
            *sums = [bias.splat::<S>(); VECTORS];
        }
    } else {
        for (sums, row) in sums.iter_mut().zip(rows.iter()) {
            for (across, sum) in sums.iter_mut().enumerate() {
                let start = (at + across * lanes::<S>()).min(row.len());
                *sum = load_some::<S>(&row[start..]);
            }
        }
    }
    add_products::<S, VECTORS>(&mut sums, lines, &columns[..count]);
    for (sums, row) in sums.iter().zip(rows) {
        for (across, sum) in sums.iter().enumerate() {
            let start = (at + across * lanes::<S>()).min(row.len());
            let end = (start + lanes::<S>()).min(row.len());
            store_some::<S>(*sum, &mut row[start..end]);
        }
    }
}

/// One row of sums. Each row is a variable of its own, so that all sums stay in registers.
struct Row<'a, S: Simd, const VECTORS: usize> {
    sums: [Lanes<S>; VECTORS],
    blocks: &'a [[f32; UNROLL]],
    rest: &'a [f32],
}

impl<'a, S: Simd, const VECTORS: usize> Row<'a, S, VECTORS> {
    #[inline(always)]
    fn new(sums: [Lanes<S>; VECTORS], weights: &'a [f32]) -> Self {
        let (blocks, rest) = weights.as_chunks();
        Self { sums, blocks, rest }
    }

    #[inline(always)]
    fn add(&mut self, weight: f32, columns: &[Lanes<S>; VECTORS]) {
        let weight = weight.splat::<S>();
        for (sum, column) in self.sums.iter_mut().zip(columns) {
            *sum = weight.mul_add(*column, *sum);
        }
    }
}

macro_rules! add_rows {
    ($sums:ident, $lines:ident, $columns:ident, $($row:ident $nth:literal),*) => {
        let (blocks, rest) = $columns.as_chunks::<UNROLL>();
        $(let mut $row = Row::<S, VECTORS>::new($sums[$nth], $lines[$nth]);)*
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
fn add_products<S: Simd, const VECTORS: usize>(
    sums: &mut [[Lanes<S>; VECTORS]; MR],
    lines: [&[f32]; MR],
    columns: &[[Lanes<S>; VECTORS]],
) {
    if many_registers::<S>() {
        add_rows!(sums, lines, columns, a 0, b 1, c 2, d 3, e 4, f 5, g 6, h 7);
    } else {
        add_rows!(sums, lines, columns, a 0, b 1, c 2, d 3);
        add_rows!(sums, lines, columns, a 4, b 5, c 6, d 7);
    }
}
