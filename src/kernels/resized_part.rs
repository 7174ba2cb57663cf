//! Bilinear interpolation of a map, or of a part of one with the shares that the whole would have.

use burn::tensor::{Device, Tensor, TensorData};

/// A part of a map that is interpolated to another size, with the weights that the whole map would get:
/// bilinear, cells at half a pixel's distance from the borders (`align_corners=False`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResizedPart {
    /// `[rows, columns]` of the whole map.
    pub map: [usize; 2],
    /// `[row, column]` of the map where the given part of it begins.
    pub map_first: [usize; 2],
    /// `[height, width]` of the whole result.
    pub whole: [usize; 2],
    /// `[row, column]` of the result where the wanted part begins, and the part's size.
    pub first: [usize; 2],
    pub size: [usize; 2],
}

impl ResizedPart {
    /// The whole of a map of size `map`, interpolated to `size`.
    pub(crate) fn all(map: [usize; 2], size: [usize; 2]) -> Self {
        Self {
            map,
            map_first: [0; 2],
            whole: size,
            first: [0; 2],
            size,
        }
    }

    /// What each row (column) of the wanted part takes of each row (column) of the given one.
    ///
    /// # Shapes
    /// - output: `[1, 1, size, given]`
    fn weights(&self, axis: usize, given: usize, device: &Device) -> Tensor<4> {
        let size = self.size[axis];
        let scale = self.map[axis] as f64 / self.whole[axis] as f64;
        let last = self.map[axis] - 1;
        let mut values = vec![0.0_f32; size * given];
        for index in 0..size {
            let target = (self.first[axis] + index) as f64;
            let source = ((target + 0.5) * scale - 0.5).clamp(0.0, last as f64);
            let before = source as usize;
            let share = (source - before as f64) as f32;
            for (cell, weight) in [(before, 1.0 - share), ((before + 1).min(last), share)] {
                // Cells that were not given are farther away than the part is wanted.
                let place = cell.checked_sub(self.map_first[axis]);
                if let Some(place) = place.filter(|place| *place < given) {
                    values[index * given + place] += weight;
                }
            }
        }
        Tensor::from_data(TensorData::new(values, [1, 1, size, given]), device)
    }
}

/// Interpolates a part of a map by two products of matrices.
///
/// # Shapes
/// - map: `[batch_size, channels, rows, columns]`, from `map_first` on
/// - output: `[batch_size, channels, height, width]`, `size`
pub(super) fn by_products(map: Tensor<4>, part: &ResizedPart) -> Tensor<4> {
    let [batch_size, channels, rows, columns] = map.dims();
    let given = [rows, columns];
    let device = map.device();
    // Rows first, then columns: `vertical * map * horizontal^T`.
    let weights = |axis: usize| part.weights(axis, given[axis], &device);
    let [height, width] = part.size;
    let vertical = weights(0).expand([batch_size, channels, height, rows]);
    let horizontal = weights(1).transpose();
    let horizontal = horizontal.expand([batch_size, channels, columns, width]);
    vertical.matmul(map).matmul(horizontal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::{resize, resize_part};
    use burn::tensor::Distribution;

    fn values(map: Tensor<4>) -> Vec<f32> {
        map.into_data().try_to_vec().expect("floats")
    }

    #[test]
    fn parts_of_an_interpolated_map_are_those_of_the_whole() {
        let device = Device::flex();
        device.seed(1);
        // 13 of 100 rows and 9 of 67 columns: no whole factors.
        let map = Tensor::<4>::random([1, 2, 13, 9], Distribution::Default, &device);
        let whole = resize(map.clone(), [100, 67]);
        for (map_first, first, size) in [
            ([0, 0], [0, 0], [100, 67]),
            ([3, 2], [32, 20], [40, 30]),
            ([8, 0], [70, 0], [30, 12]),
        ] {
            let given = map
                .clone()
                .slice([0..1, 0..2, map_first[0]..13, map_first[1]..9]);
            let part = ResizedPart {
                map: [13, 9],
                map_first,
                whole: [100, 67],
                first,
                size,
            };
            let [top, left] = first;
            let expected =
                whole
                    .clone()
                    .slice([0..1, 0..2, top..top + size[0], left..left + size[1]]);
            let found = values(resize_part(given, &part));
            for (found, expected) in found.into_iter().zip(values(expected)) {
                assert!((found - expected).abs() < 1e-5, "{found} is not {expected}");
            }
        }
    }
}
