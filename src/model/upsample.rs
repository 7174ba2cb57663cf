//! Transposed convolutions that start as bilinear interpolation, and the crop
//! that aligns two score maps.

use burn::module::{Module, Param};
use burn::nn::conv::{ConvTranspose2d, ConvTranspose2dConfig};
use burn::tensor::{Device, Tensor, TensorData};

/// The 2-d bilinear interpolation kernel of `size` x `size` values, row by row.
///
/// Source: `upsample_filt` in `surgery.py` of shelhamer/fcn.berkeleyvision.org:
/// `1 - |x - center| / factor` along each axis, `factor = (size + 1) / 2`.
pub fn bilinear_kernel(size: usize) -> Vec<f32> {
    let factor = size.div_ceil(2) as f32;
    let center = if size % 2 == 1 { factor - 1.0 } else { factor - 0.5 };
    let weight = |x: usize| 1.0 - (x as f32 - center).abs() / factor;
    (0..size).flat_map(|y| (0..size).map(move |x| weight(y) * weight(x))).collect()
}

/// A transposed convolution that multiplies height and width by exactly `factor`
/// (2 or more, even): kernel `2 * factor`, stride `factor`, padding `factor / 2`,
/// no bias. It starts as bilinear interpolation of each class by itself.
///
/// The padding centers the kernel, so cell `i` of the input covers the rows
/// `factor * i .. factor * (i + 1)` of the output: two maps are aligned when their
/// first cells are, and a longer one is cropped at its end ([`crop_to`]).
pub(super) fn upsampling(num_classes: usize, factor: usize, device: &Device) -> ConvTranspose2d {
    let size = 2 * factor;
    let mut layer = ConvTranspose2dConfig::new([num_classes, num_classes], [size, size])
        .with_stride([factor, factor])
        .with_padding([factor / 2, factor / 2])
        .with_bias(false)
        .init(device);
    let kernel = bilinear_kernel(size);
    let mut weights = vec![0.0; num_classes * num_classes * size * size];
    for class in 0..num_classes {
        let start = (class * num_classes + class) * size * size;
        weights[start..start + size * size].copy_from_slice(&kernel);
    }
    let shape = [num_classes, num_classes, size, size];
    layer.weight = Param::from_tensor(Tensor::from_data(TensorData::new(weights, shape), device));
    layer
}

/// The same layer with its weights kept as they are by training.
pub(super) fn fixed(layer: ConvTranspose2d) -> ConvTranspose2d {
    layer.no_grad()
}

/// The first `height` rows and `width` columns.
///
/// # Shapes
/// - maps: `[batch_size, channels, at least height, at least width]`
/// - output: `[batch_size, channels, height, width]`
pub fn crop_to(maps: Tensor<4>, [height, width]: [usize; 2]) -> Tensor<4> {
    let [batch_size, channels, rows, columns] = maps.dims();
    if [rows, columns] == [height, width] {
        return maps;
    }
    maps.slice([0..batch_size, 0..channels, 0..height, 0..width])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(values: &[f32], expected: &[f32]) {
        assert_eq!(values.len(), expected.len());
        for (value, expected) in values.iter().zip(expected) {
            assert!((value - expected).abs() < 1e-6, "{value} != {expected}");
        }
    }

    #[test]
    fn even_kernel_equals_the_hand_computed_one() {
        let row = [0.25, 0.75, 0.75, 0.25];
        let expected: Vec<f32> = row.iter().flat_map(|y| row.iter().map(move |x| x * y)).collect();
        assert_close(&bilinear_kernel(4), &expected);
    }

    #[test]
    fn odd_kernel_equals_the_hand_computed_one() {
        assert_close(&bilinear_kernel(3), &[0.25, 0.5, 0.25, 0.5, 1.0, 0.5, 0.25, 0.5, 0.25]);
    }

    #[test]
    fn upsampling_interpolates_between_cell_centers_and_keeps_classes_apart() {
        let device = Device::flex();
        let maps = Tensor::<4>::from_data([[[[0.0, 4.0]], [[8.0, 8.0]]]], &device);
        let fine = upsampling(2, 2, &device).forward(maps);
        assert_eq!(fine.dims(), [1, 2, 2, 4]);
        let values = fine.into_data().try_to_vec::<f32>().expect("floats");
        // Rows at the rim keep 0.75 of the weight (nothing outside adds to them).
        let first = [0.0, 1.0, 3.0, 3.0].map(|value: f32| value * 0.75);
        assert_close(&values[..4], &first);
        let second = [6.0, 8.0, 8.0, 6.0].map(|value: f32| value * 0.75);
        assert_close(&values[8..12], &second);
    }

    #[test]
    fn crop_keeps_the_first_rows_and_columns() {
        let device = Device::flex();
        let maps = Tensor::<4>::from_data([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]], &device);
        let values = crop_to(maps, [1, 2]).into_data().try_to_vec::<f32>();
        assert_eq!(values.expect("floats"), [1.0, 2.0]);
    }
}
