//! Every tile of every pass, whole and in parts: what a map's size is cut into depends on the device,
//! so the tiles of large maps are forced onto small ones.

use fcn_workbench::kernels::{Arithmetic, Half, MatrixUnits, PRODUCT_TILES, ProductCut};

use super::{Both, Case, case};

/// More than one of the largest tile in rows and columns of every pass, with odd remainders.
const ACROSS_TILES: Case = case(2, [131, 133], [9, 11], 3, (1, 1), true);
/// As fc7 and residual blocks, and an upsampling, whose programs know no kernel size.
const POINTWISE: Case = case(1, [134, 130], [10, 13], 1, (1, 0), true);
const UPSAMPLING: Case = case(2, [21, 22], [10, 7], 4, (2, 1), false);

impl Both {
    pub(super) fn check_tiles(&self) {
        for tile in PRODUCT_TILES {
            for parts in [1, 3] {
                let _cut = ProductCut { tile, parts }.enter();
                self.check_convolution(ACROSS_TILES);
                self.check_transposed(UPSAMPLING);
            }
        }
        // The largest one, which most of the work of large networks is in.
        let tile = PRODUCT_TILES[0];
        let _cut = ProductCut { tile, parts: 1 }.enter();
        self.check_convolution(POINTWISE);
    }

    /// With bias and ReLU, in matrix units whose work plain arithmetic does.
    pub(super) fn check_tiles_in_units(&self) {
        let kinds = [None, Some(Half::Bf16), Some(Half::F16)];
        for (nth, tile) in PRODUCT_TILES.into_iter().enumerate() {
            // One kind in each tile: the kernel's parts that depend on the kind do not depend on the tile.
            // Two halves of the largest tile in 32 bits, which have 16 in matrix units, are more shared
            // memory than the software adapter has.
            let kinds = match nth {
                0 => &kinds[1..2],
                nth => &kinds[3 - nth..4 - nth],
            };
            for half in kinds {
                for parts in [1, 3] {
                    let _cut = ProductCut { tile, parts }.enter();
                    let arithmetic = Arithmetic {
                        half: *half,
                        units: Some(MatrixUnits::Emulated),
                    };
                    self.check_case(ACROSS_TILES, arithmetic);
                }
            }
        }
    }
}
