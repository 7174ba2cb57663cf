//! Transposed convolutions that start as bilinear interpolation.

use burn::module::{Module, Param};
use burn::nn::conv::{ConvTranspose2d, ConvTranspose2dConfig};
use burn::tensor::{Device, Tensor, TensorData};

use super::geometry::{Geometry, Grid};

/// The 2-d bilinear interpolation kernel of `size` x `size` values, row by row: the products of
/// the [weights along each axis](bilinear_weights).
pub fn bilinear_kernel(size: usize) -> Vec<f32> {
    let weights = bilinear_weights(size);
    weights
        .iter()
        .flat_map(|y| weights.iter().map(move |x| y * x))
        .collect()
}

/// The weights of linear interpolation along one axis.
///
/// Source: `upsample_filt` in `surgery.py` of shelhamer/fcn.berkeleyvision.org:
/// `1 - |x - center| / factor`, `factor = (size + 1) / 2`.
pub(super) fn bilinear_weights(size: usize) -> Vec<f32> {
    let factor = size.div_ceil(2) as f32;
    let center = if size % 2 == 1 {
        factor - 1.0
    } else {
        factor - 0.5
    };
    (0..size)
        .map(|x| 1.0 - (x as f32 - center).abs() / factor)
        .collect()
}

/// The window of a transposed convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Upsampling {
    pub kernel: usize,
    pub stride: usize,
    pub padding: usize,
}

impl Upsampling {
    /// `factor` (2 or more, even) times larger; `odd` = by a kernel of odd size.
    ///
    /// In the padded geometry the kernel of `2 * factor` is padded by `factor / 2`, so that
    /// the output is exactly `factor` times as large and cell `i` covers rows
    /// `factor * i .. factor * (i + 1)`. The reference geometry has no padding; its
    /// `AlexNet` has an odd kernel (`voc-fcn-alexnet/net.py`).
    pub fn new(factor: usize, odd: bool, geometry: Geometry) -> Self {
        let kernel = 2 * factor - usize::from(odd);
        let padding = match geometry {
            Geometry::Padded => factor / 2,
            Geometry::Reference => 0,
        };
        Self {
            kernel,
            stride: factor,
            padding,
        }
    }

    /// Where the upsampled cells lie.
    pub fn grid(self, coarse: Grid) -> Grid {
        coarse.transposed(self.kernel, self.stride, self.padding)
    }

    /// The layer, without a bias; it starts as bilinear interpolation of each class by itself.
    pub fn init(self, num_classes: usize, device: &Device) -> ConvTranspose2d {
        let size = self.kernel;
        let mut layer = ConvTranspose2dConfig::new([num_classes, num_classes], [size, size])
            .with_stride([self.stride; 2])
            .with_padding([self.padding; 2])
            .with_bias(false)
            .init(device);
        let kernel = bilinear_kernel(size);
        let mut weights = vec![0.0; num_classes * num_classes * size * size];
        for class in 0..num_classes {
            let start = (class * num_classes + class) * size * size;
            weights[start..start + size * size].copy_from_slice(&kernel);
        }
        let shape = [num_classes, num_classes, size, size];
        layer.weight =
            Param::from_tensor(Tensor::from_data(TensorData::new(weights, shape), device));
        layer
    }
}

/// The same layer with its weights kept as they are by training.
pub(super) fn fixed(layer: ConvTranspose2d) -> ConvTranspose2d {
    layer.no_grad()
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
        let expected: Vec<f32> = row
            .iter()
            .flat_map(|y| row.iter().map(move |x| x * y))
            .collect();
        assert_close(&bilinear_kernel(4), &expected);
    }

    #[test]
    fn odd_kernel_equals_the_hand_computed_one() {
        assert_close(
            &bilinear_kernel(3),
            &[0.25, 0.5, 0.25, 0.5, 1.0, 0.5, 0.25, 0.5, 0.25],
        );
    }

    #[test]
    fn upsampling_interpolates_between_cell_centers_and_keeps_classes_apart() {
        let device = Device::flex();
        let maps = Tensor::<4>::from_data([[[[0.0, 4.0]], [[8.0, 8.0]]]], &device);
        let layer = Upsampling::new(2, false, Geometry::Padded).init(2, &device);
        let fine = layer.forward(maps);
        assert_eq!(fine.dims(), [1, 2, 2, 4]);
        let values = fine.into_data().try_to_vec::<f32>().expect("floats");
        // Rows at the rim keep 0.75 of the weight (nothing outside adds to them).
        let first = [0.0, 1.0, 3.0, 3.0].map(|value: f32| value * 0.75);
        assert_close(&values[..4], &first);
        let second = [6.0, 8.0, 8.0, 6.0].map(|value: f32| value * 0.75);
        assert_close(&values[8..12], &second);
    }
}
