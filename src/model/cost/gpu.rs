//! Scratch memory of the kernels for GPUs.

/// Values of the tile that cuts a product into the fewest parts, see `kernels/gpu/conv.rs`.
const TILE: u64 = 64 * 64;
/// Tiles that a device should have to do at a time.
const WANTED_TILES: u64 = 2 * 64;
/// Products that a part of a sum has at least.
const LEAST_SUM: u64 = 16 * 16;
/// Bytes of all parts together, at most.
const MOST_PART_BYTES: u64 = 128 << 20;

/// Bytes of the parts into which a matrix product is cut that has few results and long sums, where
/// the device does not say how many compute units it has.
pub(super) fn parts(bytes_out: u64, sum: usize) -> u64 {
    let tiles = (bytes_out / 4).div_ceil(TILE).max(1);
    let parts = WANTED_TILES
        .div_ceil(tiles)
        .min(sum as u64 / LEAST_SUM)
        .min(MOST_PART_BYTES / bytes_out.max(1));
    if parts > 1 { parts * bytes_out } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_results_of_long_sums_are_cut_within_their_memory() {
        // 64x27 weights of the first layer, summed over 50176 pixels: one tile, 128 parts.
        assert_eq!(parts(4 * 64 * 27, 50_176), 128 * 4 * 64 * 27);
        // 256 tiles fill a device; so does a sum that is short.
        assert_eq!(parts(4 * 1024 * 1024, 1 << 20), 0);
        assert_eq!(parts(4 * 64 * 27, 300), 0);
        assert!(parts(4 * 512 * 512, 1 << 20) <= MOST_PART_BYTES);
    }
}
