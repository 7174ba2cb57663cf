//! A convolution's pass as a matrix product, and how it is cut up for a device: by arithmetic, nothing
//! is timed.

use burn::tensor::DType;
use cubecl::client::Client;

use super::conv_plan::{Pass, STEP, SizesLaunch, Tile};
use crate::kernels::conv::shape::ConvShape;

/// A matrix product.
#[derive(Debug, Clone, Copy)]
pub(super) struct Product {
    pub pass: Pass,
    rows: usize,
    columns: usize,
    pub sum: usize,
    /// Products of these sizes, one for each phase of a stride.
    pub phases: usize,
}

/// How a product is cut up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cut {
    pub tile: Tile,
    /// Parts of the sum.
    pub parts: usize,
}

/// Tiles, and how well each uses the arithmetic units: a large one reads less for each product.
const TILES: [(Tile, f64); 4] = [
    (
        Tile {
            rows: 128,
            columns: 128,
        },
        1.0,
    ),
    (
        Tile {
            rows: 64,
            columns: 64,
        },
        0.7,
    ),
    (
        Tile {
            rows: 32,
            columns: 128,
        },
        0.65,
    ),
    (
        Tile {
            rows: 128,
            columns: 32,
        },
        0.65,
    ),
];

/// Compute units of a device that does not say how many it has.
const COMPUTE_UNITS: usize = 64;
/// Steps that a part of a sum has at least: reading and adding up the parts must not cost more.
const LEAST_STEPS: usize = 16;
/// Bytes of all parts together, at most.
const MOST_PART_BYTES: usize = 128 << 20;

pub(super) fn compute_units(client: &Client) -> usize {
    let units = client.properties().hardware.num_streaming_multiprocessors;
    units.map_or(COMPUTE_UNITS, |units| units as usize)
}

impl Product {
    pub fn of(pass: Pass, shape: &ConvShape) -> Self {
        let [height, width] = shape.output();
        let [down, across] = shape.stride;
        match pass {
            Pass::Forward => Self {
                pass,
                rows: shape.out_channels,
                columns: shape.batch * height * width,
                sum: shape.in_channels * shape.taps(),
                phases: 1,
            },
            Pass::Data => {
                let [rows, columns] = shape.size;
                let taps = shape.kernel[0].div_ceil(down) * shape.kernel[1].div_ceil(across);
                Self {
                    pass,
                    rows: shape.in_channels,
                    columns: shape.batch * rows.div_ceil(down) * columns.div_ceil(across),
                    sum: shape.out_channels * taps,
                    phases: down * across,
                }
            }
            Pass::Weights => Self {
                pass,
                rows: shape.out_channels,
                columns: shape.in_channels * shape.taps(),
                sum: shape.batch * height * width,
                phases: 1,
            },
        }
    }

    /// The tiles and parts for which the device is estimated to take the least time.
    pub fn cut(&self, compute_units: usize) -> Cut {
        let cuts = TILES.map(|(tile, efficiency)| {
            let cubes = self.cubes(tile);
            // Parts of the sum fill a device that whole sums do not.
            let wanted = (2 * compute_units).div_ceil(cubes);
            let possible = self.sum / (LEAST_STEPS * STEP);
            let allowed = MOST_PART_BYTES / (self.values() * DType::F32.size()).max(1);
            let parts = wanted.min(possible).min(allowed).max(1);
            let rounds = (cubes * parts).div_ceil(compute_units);
            let work = tile.rows * tile.columns * self.sum.div_ceil(parts);
            let time = (rounds * work) as f64 / efficiency;
            (Cut { tile, parts }, time)
        });
        let best = cuts
            .iter()
            .min_by(|(_, time), (_, other)| time.total_cmp(other));
        best.map_or(cuts[0].0, |(cut, _)| *cut)
    }

    /// Cubes of one part.
    pub fn cubes(&self, tile: Tile) -> usize {
        self.rows.div_ceil(tile.rows) * self.columns.div_ceil(tile.columns) * self.phases
    }

    /// Results, at least as many as there are.
    fn values(&self) -> usize {
        self.rows * self.columns * self.phases
    }

    pub fn sizes(&self, shape: &ConvShape, part: usize, parts: usize) -> SizesLaunch {
        let [height_out, width_out] = shape.output();
        SizesLaunch::new(
            shape.batch,
            shape.in_channels,
            shape.out_channels,
            shape.size[0],
            shape.size[1],
            height_out,
            width_out,
            shape.kernel[0],
            shape.kernel[1],
            shape.stride[0],
            shape.stride[1],
            shape.padding[0],
            shape.padding[1],
            shape.dilation[0],
            shape.dilation[1],
            self.rows,
            self.columns,
            self.sum,
            part,
            parts,
        )
    }
}

/// The kernel sizes that most of the work is in are part of the program, so that it need not divide
/// by them; all others share one.
pub(super) fn known_taps(shape: &ConvShape) -> [usize; 2] {
    match (shape.kernel, shape.stride) {
        ([1, 1] | [3, 3], [1, 1]) => shape.kernel,
        _ => [0, 0],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(rows: usize, columns: usize, sum: usize) -> Product {
        Product {
            pass: Pass::Forward,
            rows,
            columns,
            sum,
            phases: 1,
        }
    }

    #[test]
    fn large_products_take_large_tiles_and_whole_sums() {
        let cut = product(512, 20 * 28 * 28, 4608).cut(132);
        assert_eq!(
            cut,
            Cut {
                tile: TILES[0].0,
                parts: 1
            }
        );
    }

    #[test]
    fn few_rows_take_low_tiles() {
        assert_eq!(product(21, 50_000, 512).cut(132).tile, TILES[2].0);
    }

    #[test]
    fn long_sums_of_few_values_are_cut_until_the_device_is_full() {
        // The first layer's weights at 224x224: 64 x 27, summed over 50176 pixels.
        let cut = product(64, 27, 50_176).cut(132);
        assert!(cut.parts >= 100, "{cut:?}");
        // fc6 of one small image.
        let cut = product(4096, 49, 25_088).cut(132);
        assert!(
            product(4096, 49, 25_088).cubes(cut.tile) * cut.parts >= 132,
            "{cut:?}"
        );
    }

    #[test]
    fn parts_stay_within_their_memory_and_have_enough_to_do() {
        for (rows, columns, sum) in [
            (1, 1, 1),
            (64, 64, 300),
            (4096, 25_088, 49),
            (3, 9, 1 << 24),
        ] {
            let product = product(rows, columns, sum);
            let Cut { parts, .. } = product.cut(4096);
            assert!(parts >= 1);
            if parts > 1 {
                assert!(parts * product.values() * 4 <= MOST_PART_BYTES);
                assert!(sum / parts >= LEAST_STEPS * STEP);
            }
        }
    }
}
