use super::*;

fn product(rows: usize, columns: usize, sum: usize) -> Product {
    Product {
        rows,
        columns,
        sum,
        phases: 1,
    }
}

/// A device that tells nothing, and the largest.
const DEVICES: [usize; 2] = [UNITS_OF_UNKNOWN, MOST_UNITS];

#[test]
fn units_are_told_or_estimated_from_the_memory() {
    assert_eq!(compute_units(Some(108), Some(40 << 30)), 108);
    // Cards of 8 GB tell a little less.
    assert_eq!(compute_units(None, Some((8 << 30) - (100 << 20))), 32);
    assert_eq!(compute_units(None, Some(24 << 30)), 96);
    assert_eq!(compute_units(None, Some(141 << 30)), 132);
    assert_eq!(compute_units(None, Some(1 << 30)), 16);
    assert_eq!(compute_units(None, None), 64);
}

#[test]
fn large_products_take_large_tiles_and_whole_sums() {
    for units in DEVICES {
        let cut = product(512, 20 * 28 * 28, 4608).cut(units);
        let tile = PRODUCT_TILES[0];
        assert_eq!(cut, ProductCut { tile, parts: 1 });
    }
}

#[test]
fn few_rows_take_low_tiles() {
    for units in DEVICES {
        assert_eq!(product(21, 50_000, 512).cut(units).tile, PRODUCT_TILES[2]);
    }
}

#[test]
fn long_sums_of_few_values_are_cut_until_the_device_is_full() {
    for units in DEVICES {
        // The first layer's weights at 224x224: 64 x 27, summed over 50176 pixels; and fc6 of one
        // small image.
        for product in [product(64, 27, 50_176), product(4096, 49, 25_088)] {
            let cut = product.cut(units);
            assert!(
                product.cubes(cut.tile) * cut.parts >= units,
                "{cut:?} of {units}"
            );
        }
    }
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
        let ProductCut { parts, .. } = product.cut(4096);
        assert!(parts >= 1);
        if parts > 1 {
            assert!(parts * product.bytes() <= MOST_PART_BYTES);
            assert!(sum / parts >= LEAST_STEPS * STEP);
        }
    }
}

#[test]
fn the_parts_of_a_pass_are_in_memory_together() {
    let shape = ConvShape {
        batch: 1,
        in_channels: 3,
        out_channels: 64,
        size: [224; 2],
        kernel: [3; 2],
        stride: [1; 2],
        padding: [1; 2],
        dilation: [1; 2],
    };
    // 64x27 weights: one tile of 128x32 or of 64x64, which 64 units take twice.
    let weights = bytes_of_parts(Pass::Weights, &shape);
    assert_eq!(weights, 128 * 4 * 64 * 27);
    // The output's 392 tiles fill a device.
    assert_eq!(bytes_of_parts(Pass::Forward, &shape), 0);
}

#[test]
fn a_cut_is_entered_until_its_guard_goes() {
    assert_eq!(ENTERED.get(), None);
    let [large, small] = [0, 1].map(|nth| ProductCut {
        tile: PRODUCT_TILES[nth],
        parts: nth + 1,
    });
    let outer = large.enter();
    let inner = small.enter();
    assert_eq!(ENTERED.get(), Some(small));
    drop(inner);
    assert_eq!(ENTERED.get(), Some(large));
    drop(outer);
    assert_eq!(ENTERED.get(), None);
}
