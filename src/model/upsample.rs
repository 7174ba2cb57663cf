//! Transposed convolutions that start as bilinear interpolation.

use burn::module::{Module, Param};
use burn::nn::conv::{ConvTranspose2d, ConvTranspose2dConfig};
use burn::tensor::{Device, Tensor, TensorData};

use super::geometry::{Geometry, Grid};
use crate::kernels::bilinear_kernel;

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
    use crate::kernels::conv_transpose2d;
    use burn::tensor::Distribution;

    fn assert_close(values: &[f32], expected: &[f32]) {
        assert_eq!(values.len(), expected.len());
        for (value, expected) in values.iter().zip(expected) {
            assert!((value - expected).abs() < 1e-6, "{value} != {expected}");
        }
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

    #[test]
    fn a_fixed_upsampling_passes_its_gradient_on() {
        let device = Device::flex().autodiff();
        let layer = fixed(Upsampling::new(4, false, Geometry::Padded).init(3, &device));
        let random = Tensor::random([2, 3, 5, 4], Distribution::Uniform(-1.0, 1.0), &device);
        let input = random.require_grad();
        let [ours, theirs] = [
            conv_transpose2d(&layer, input.clone()),
            layer.forward(input.clone()),
        ]
        .map(|output| {
            let gradients = (output.clone() * output).sum().backward();
            assert!(layer.weight.val().grad(&gradients).is_none());
            let gradient = input.grad(&gradients).expect("input");
            gradient.into_data().try_to_vec::<f32>().expect("floats")
        });
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert!((ours - theirs).abs() < 1e-4, "{ours} != {theirs}");
        }
    }
}
