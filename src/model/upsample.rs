//! Transposed convolutions that start as bilinear interpolation.

use burn::module::{
    Content, Devices, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor,
    Param,
};
use burn::nn::conv::{ConvTranspose2d, ConvTranspose2dConfig};
use burn::tensor::{Device, Tensor, TensorData};

use super::geometry::{Geometry, Grid};
use crate::kernels::{bilinear_kernel, bilinear_upsample, conv_transpose2d, is_bilinear};

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
    /// Training keeps its weights unless they are `learned`.
    pub fn init(self, num_classes: usize, learned: bool, device: &Device) -> UpsamplingLayer {
        let size = self.kernel;
        let mut conv = ConvTranspose2dConfig::new([num_classes, num_classes], [size, size])
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
        conv.weight =
            Param::from_tensor(Tensor::from_data(TensorData::new(weights, shape), device));
        UpsamplingLayer {
            conv: if learned { conv } else { conv.no_grad() },
            learned,
            is_bilinear: !learned,
        }
    }
}

/// A transposed convolution that knows whether it is bilinear upsampling, which is computed
/// faster: a fixed layer is from the start. Whoever changes its weights (loads them, or trains)
/// maps the module, and there it is decided again.
///
/// As a module it is the convolution itself: saved weights have no level for it in their paths.
#[derive(Debug, Clone)]
pub(super) struct UpsamplingLayer {
    conv: ConvTranspose2d,
    learned: bool,
    is_bilinear: bool,
}

impl UpsamplingLayer {
    /// The layer with weights that `change` may make new. Those that are being learned will not stay
    /// bilinear, and are not looked at.
    fn replace(self, change: impl FnOnce(ConvTranspose2d) -> ConvTranspose2d) -> Self {
        let mut layer = Self {
            conv: change(self.conv),
            ..self
        };
        layer.is_bilinear = !layer.is_learning() && is_bilinear(&layer.conv);
        layer
    }

    /// Whether its weights get a gradient.
    fn is_learning(&self) -> bool {
        self.learned && self.conv.weight.val().is_autodiff()
    }

    /// Whether training changes its weights.
    pub fn is_learned(&self) -> bool {
        self.learned
    }

    pub fn conv(&self) -> &ConvTranspose2d {
        &self.conv
    }

    /// # Shapes
    /// - coarse: `[batch_size, num_classes, height, width]`
    /// - output: `[batch_size, num_classes, height_out, width_out]`
    pub fn forward(&self, coarse: Tensor<4>) -> Tensor<4> {
        if self.is_bilinear && !self.is_learning() {
            bilinear_upsample(&self.conv, coarse)
        } else {
            conv_transpose2d(&self.conv, coarse)
        }
    }
}

/// The convolution's, without a level of its own.
impl Module for UpsamplingLayer {
    fn collect_devices(&self, devices: Devices) -> Devices {
        self.conv.collect_devices(devices)
    }

    fn fork(self, device: &Device) -> Self {
        Self {
            conv: self.conv.fork(device),
            ..self
        }
    }

    fn to_device(self, device: &Device) -> Self {
        Self {
            conv: self.conv.to_device(device),
            ..self
        }
    }

    fn train(self) -> Self {
        Self {
            conv: self.conv.train(),
            ..self
        }
    }

    fn valid(&self) -> Self {
        Self {
            conv: self.conv.valid(),
            ..*self
        }
    }

    fn materialize(self) -> Self {
        self.replace(Module::materialize)
    }

    fn visit<Visitor: ModuleVisitor>(&self, visitor: &mut Visitor) {
        self.conv.visit(visitor);
    }

    fn map<Mapper: ModuleMapper>(self, mapper: &mut Mapper) -> Self {
        self.replace(|conv| conv.map(mapper))
    }
}

impl ModuleDisplayDefault for UpsamplingLayer {
    fn content(&self, content: Content) -> Option<Content> {
        self.conv.content(content)
    }
}

impl ModuleDisplay for UpsamplingLayer {}

#[cfg(test)]
mod tests {
    use super::*;
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
        let layer = Upsampling::new(2, false, Geometry::Padded).init(2, true, &device);
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
        let layer = Upsampling::new(4, false, Geometry::Padded).init(3, false, &device);
        let random = Tensor::random([2, 3, 5, 4], Distribution::Uniform(-1.0, 1.0), &device);
        let input = random.require_grad();
        let [ours, theirs] = [
            layer.forward(input.clone()),
            layer.conv().forward(input.clone()),
        ]
        .map(|output| {
            let gradients = (output.clone() * output).sum().backward();
            assert!(layer.conv().weight.val().grad(&gradients).is_none());
            let gradient = input.grad(&gradients).expect("input");
            gradient.into_data().try_to_vec::<f32>().expect("floats")
        });
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert!((ours - theirs).abs() < 1e-4, "{ours} != {theirs}");
        }
    }

    /// Multiplies every weight.
    struct Scale(f64);

    impl ModuleMapper for Scale {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|weights| weights * self.0)
        }
    }

    #[test]
    fn a_layer_is_interpolated_while_its_weights_are_bilinear_and_fixed() {
        let window = Upsampling::new(2, false, Geometry::Padded);
        let plain = Device::flex();
        let device = plain.clone().autodiff();
        let random = Tensor::random([1, 2, 4, 3], Distribution::Uniform(-1.0, 1.0), &plain);
        let check = |layer: &UpsamplingLayer, expected: bool| {
            assert_eq!(layer.is_bilinear, expected);
            let input = if layer.conv.weight.val().is_autodiff() {
                Tensor::from_inner(random.clone())
            } else {
                random.clone()
            };
            let values =
                |output: Tensor<4>| output.into_data().try_to_vec::<f32>().expect("floats");
            assert_close(
                &values(layer.forward(input.clone())),
                &values(layer.conv.forward(input)),
            );
        };
        // Training: a fixed layer is, a learned one is not, and neither is what it has learned.
        let fixed = window.init(2, false, &device);
        check(&fixed, true);
        check(&fixed.valid(), true);
        let learned = window.init(2, true, &device).map(&mut Scale(1.0));
        check(&learned, false);
        check(&learned.map(&mut Scale(1.5)).valid(), false);
        // Loaded for predictions: whatever it was made as, its weights tell.
        for made_as_learned in [false, true] {
            let layer = window.init(2, made_as_learned, &plain);
            let loaded = layer.map(&mut Scale(1.0));
            check(&loaded, true);
            let other = loaded.clone().map(&mut Scale(1.5));
            check(&other, false);
            // Trained after all.
            let trained = loaded.train();
            let step = trained.map(&mut Scale(2.0));
            check(&step.valid(), false);
        }
    }

    #[test]
    fn the_layer_has_no_level_of_its_own_in_saved_weights() {
        #[derive(Default)]
        struct Paths(Vec<String>, Vec<String>);
        impl ModuleVisitor for Paths {
            fn enter_module(&mut self, name: &str, _container: &str) {
                self.0.push(name.to_owned());
            }
            fn exit_module(&mut self, _name: &str, _container: &str) {
                self.0.pop();
            }
            fn visit_float<const D: usize>(&mut self, _param: &Param<Tensor<D>>) {
                self.1.push(self.0.join("."));
            }
        }
        let layer = Upsampling::new(2, false, Geometry::Padded).init(2, true, &Device::flex());
        let mut paths = Paths::default();
        layer.visit(&mut paths);
        assert_eq!(paths.1, ["weight"]);
    }
}
