//! A convolution's pass as a matrix product on a GPU, and how it is cut up for one: by arithmetic,
//! nothing is timed. Knows no GPU, so that estimates of memory ask it, too.

use std::cell::Cell;
use std::marker::PhantomData;

use super::conv::shape::ConvShape;

/// What is multiplied. `K` is what is summed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Pass {
    /// Output channels by pixels of all images; `K` = input channels by taps.
    Forward,
    /// Input channels by the input's pixels of one phase of the stride, of all images; `K` = output
    /// channels by the taps that meet these pixels.
    Data,
    /// Output channels by input channels and taps; `K` = pixels of all images.
    Weights,
}

/// Rows and columns of the part of a product that one cube of a GPU computes, multiples of 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProductTile {
    pub rows: usize,
    pub columns: usize,
}

/// How a product is cut up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProductCut {
    pub tile: ProductTile,
    /// Parts of the sum, at most.
    pub parts: usize,
}

const fn tile(rows: usize, columns: usize) -> ProductTile {
    ProductTile { rows, columns }
}

/// All tiles that a product is cut into.
pub const PRODUCT_TILES: [ProductTile; 4] =
    [tile(128, 128), tile(64, 64), tile(32, 128), tile(128, 32)];
/// How well each of them uses the arithmetic units: a large one reads less for each product.
const EFFICIENCIES: [f64; 4] = [1.0, 0.7, 0.65, 0.65];

/// Length of a step along the sum.
pub(crate) const STEP: usize = 16;
/// Steps that a part of a sum has at least: reading and adding up the parts must not cost more.
const LEAST_STEPS: usize = 16;
/// Bytes of all parts together, at most.
const MOST_PART_BYTES: usize = 128 << 20;

/// Compute units of a device that tells neither their number nor its memory.
const UNITS_OF_UNKNOWN: usize = 64;
/// Graphics cards of ten years have 2 to 6 units for each GiB of their memory; the largest ones have
/// more memory, and no more than this many units.
const UNITS_PER_GIB: usize = 4;
const LEAST_UNITS: usize = 16;
const MOST_UNITS: usize = 132;

/// Compute units of a device: as it tells, else by its memory in bytes, where it tells that. Vulkan
/// and Metal tell no number of units.
#[cfg_attr(
    not(feature = "gpu"),
    expect(dead_code, reason = "asked by GPUs alone")
)]
pub(crate) fn compute_units(told: Option<u32>, memory: Option<u64>) -> usize {
    match (told, memory) {
        (Some(units), _) => units as usize,
        (None, Some(bytes)) => {
            let gib = bytes.div_ceil(1 << 30) as usize;
            (gib * UNITS_PER_GIB).clamp(LEAST_UNITS, MOST_UNITS)
        }
        (None, None) => UNITS_OF_UNKNOWN,
    }
}

thread_local! {
    static ENTERED: Cell<Option<ProductCut>> = const { Cell::new(None) };
}

impl ProductCut {
    /// Convolutions of this thread are cut so on GPUs until the guard is dropped, whatever is estimated
    /// to be best: for tests of all tiles on small maps.
    pub fn enter(self) -> EnteredCut {
        EnteredCut {
            previous: ENTERED.replace(Some(self)),
            on_this_thread: PhantomData,
        }
    }

    /// What this thread has entered.
    #[cfg_attr(
        not(feature = "gpu"),
        expect(dead_code, reason = "asked by GPUs alone")
    )]
    pub(crate) fn entered() -> Option<Self> {
        ENTERED.get()
    }
}

/// While it lives, convolutions of this thread have one [`ProductCut`].
#[derive(Debug)]
#[must_use = "products are cut so while the guard lives"]
pub struct EnteredCut {
    previous: Option<ProductCut>,
    /// Not `Send`: it must be dropped where it was made.
    on_this_thread: PhantomData<*const ()>,
}

impl Drop for EnteredCut {
    fn drop(&mut self) {
        ENTERED.set(self.previous);
    }
}

/// A matrix product.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Product {
    pub rows: usize,
    pub columns: usize,
    pub sum: usize,
    /// Products of these sizes, one for each phase of a stride.
    pub phases: usize,
}

impl Product {
    pub fn of(pass: Pass, shape: &ConvShape) -> Self {
        let [height, width] = shape.output();
        let [down, across] = shape.stride;
        match pass {
            Pass::Forward => Self {
                rows: shape.out_channels,
                columns: shape.batch * height * width,
                sum: shape.in_channels * shape.taps(),
                phases: 1,
            },
            Pass::Data => {
                let [rows, columns] = shape.size;
                let taps = shape.kernel[0].div_ceil(down) * shape.kernel[1].div_ceil(across);
                Self {
                    rows: shape.in_channels,
                    columns: shape.batch * rows.div_ceil(down) * columns.div_ceil(across),
                    sum: shape.out_channels * taps,
                    phases: down * across,
                }
            }
            Pass::Weights => Self {
                rows: shape.out_channels,
                columns: shape.in_channels * shape.taps(),
                sum: shape.batch * height * width,
                phases: 1,
            },
        }
    }

    /// The tiles and parts for which a device of so many compute units is estimated to take the least
    /// time.
    pub fn cut(&self, compute_units: usize) -> ProductCut {
        let cuts = [0, 1, 2, 3].map(|nth| {
            let tile = PRODUCT_TILES[nth];
            let cubes = self.cubes(tile).max(1);
            // Parts of the sum fill a device that whole sums do not.
            let wanted = (2 * compute_units).div_ceil(cubes);
            let possible = self.sum / (LEAST_STEPS * STEP);
            let allowed = MOST_PART_BYTES / self.bytes().max(1);
            let parts = wanted.min(possible).min(allowed).max(1);
            let rounds = (cubes * parts).div_ceil(compute_units);
            let work = tile.rows * tile.columns * self.sum.div_ceil(parts);
            let time = (rounds * work) as f64 / EFFICIENCIES[nth];
            (ProductCut { tile, parts }, time)
        });
        let best = cuts
            .iter()
            .min_by(|(_, time), (_, other)| time.total_cmp(other));
        best.map_or(cuts[0].0, |(cut, _)| *cut)
    }

    /// Cubes of one part.
    pub fn cubes(&self, tile: ProductTile) -> usize {
        self.rows.div_ceil(tile.rows) * self.columns.div_ceil(tile.columns) * self.phases
    }

    /// Bytes of the results, at least as many as there are.
    fn bytes(&self) -> usize {
        self.rows * self.columns * self.phases * size_of::<f32>()
    }
}

/// Bytes of the parts of a pass, where the device does not say how many compute units it has; with more
/// of them there are more parts.
pub(crate) fn bytes_of_parts(pass: Pass, shape: &ConvShape) -> u64 {
    if shape.checked_output().is_none() {
        return 0;
    }
    let product = Product::of(pass, shape);
    match product.cut(UNITS_OF_UNKNOWN).parts {
        1 => 0,
        parts => (parts * product.bytes()) as u64,
    }
}

#[cfg(test)]
mod tests;
