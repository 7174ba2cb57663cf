//! How strongly each pixel of an image pulls at a logit: its gradient with respect to the image.
//!
//! The network is that which predicts (running statistics in batch normalization, no dropout), with a graph
//! that begins at the image.

use burn::module::Module as _;
use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2d;
use burn::nn::{BatchNorm, Dropout};
use burn::tensor::Tensor;

use super::feature_map::{FeatureMap, folded};
use super::network::Network;
use super::part::ImagePart;
use super::precision::convolve;
use super::upsample::UpsamplingLayer;
use crate::kernels::{self, ResizedPart};

/// One logit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogitPlace {
    /// The class.
    pub label: usize,
    /// `[row, column]` of the part that the network sees.
    pub pixel: [usize; 2],
}

impl Network {
    /// A logit of a part of an image, and its gradient with respect to that part: 0 outside of the
    /// [receptive field](crate::model::ReceptiveField).
    ///
    /// # Shapes
    /// - image: `[1, 3, height, width]`, normalized, on a device without gradients
    /// - output: `[1, 1, 1, 1]`, and as the image
    pub fn input_gradient(
        &self,
        image: Tensor<4>,
        part: &ImagePart,
        logit: LogitPlace,
    ) -> (Tensor<4>, Tensor<4>) {
        let net = self.clone().train().no_grad();
        let nothing = image.zeros_like();
        let image = Tensor::from_inner(image).require_grad();
        let logits = net.compute_part(Differentiated(image.clone()), part).0;
        let (label, [row, column]) = (logit.label, logit.pixel);
        let score = logits.slice([0..1, label..label + 1, row..row + 1, column..column + 1]);
        let gradients = kernels::sum(score.clone()).backward();
        let gradient = image.grad(&gradients).unwrap_or(nothing);
        (score.inner(), gradient)
    }
}

/// A map in a graph, which passes through the layers as when they predict.
#[derive(Clone)]
struct Differentiated(Tensor<4>);

impl FeatureMap for Differentiated {
    fn size(&self) -> [usize; 2] {
        FeatureMap::size(&self.0)
    }

    /// A graph would mean training to the layer of a tensor, which takes the statistics of the image.
    fn convolve(self, conv: &Conv2d, norm: Option<&BatchNorm>, with_relu: bool) -> Self {
        Self(match norm {
            None => convolve(conv, self.0, with_relu),
            Some(norm) => convolve(&folded(conv, norm), self.0, with_relu),
        })
    }

    fn score(self, conv: &Conv2d) -> Self {
        Self(self.0.score(conv))
    }

    fn upsample(self, layer: &UpsamplingLayer) -> Self {
        Self(self.0.upsample(layer))
    }

    fn max_pool(self, pool: &MaxPool2d) -> Self {
        Self(FeatureMap::max_pool(self.0, pool))
    }

    fn dropout(self, _dropout: &Dropout) -> Self {
        self
    }

    fn scale(self, factor: f64) -> Self {
        Self(self.0.scale(factor))
    }

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }

    fn add_relu(self, other: Self) -> Self {
        Self(FeatureMap::add_relu(self.0, other.0))
    }

    fn concat(maps: Vec<Self>) -> Self {
        Self(FeatureMap::concat(
            maps.into_iter().map(|map| map.0).collect(),
        ))
    }

    fn crop(self, offset: usize, size: [usize; 2]) -> Self {
        Self(FeatureMap::crop(self.0, offset, size))
    }

    fn pad_to(self, size: [usize; 2]) -> Self {
        Self(self.0.pad_to(size))
    }

    fn resize(self, size: [usize; 2]) -> Self {
        Self(FeatureMap::resize(self.0, size))
    }

    fn resize_part(self, part: &ResizedPart) -> Self {
        Self(self.0.resize_part(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::network::tests::two_classes;
    use crate::model::{Geometry, Trunk, Variant};
    use burn::module::{ModuleMapper, Param};
    use burn::tensor::{Device, Distribution};

    /// Score layers start at zero.
    struct Shaken;

    impl ModuleMapper for Shaken {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|weight| {
                let noise = weight.random_like(Distribution::Uniform(-0.05, 0.1));
                weight + noise
            })
        }
    }

    fn values(map: Tensor<4>) -> Vec<f32> {
        map.into_data().try_to_vec().expect("floats")
    }

    fn whole(size: [usize; 2]) -> ImagePart {
        ImagePart {
            whole: size,
            first: [0, 0],
        }
    }

    #[test]
    fn the_gradient_is_that_of_the_network_which_predicts() {
        let device = Device::flex();
        device.seed(21);
        for (variant, trunk) in [
            (Variant::Fcn8s, Trunk::Vgg16Slim),
            (Variant::Fcn32s, Trunk::Vgg16Slim),
            (Variant::FcnResnet50, Trunk::Resnet50),
        ] {
            let mut net = two_classes(variant, trunk, Geometry::Padded).init(&device);
            // The head of a ResNet starts at random, and noise in fifty layers would overflow.
            if variant.is_fcn() {
                net = net.map(&mut Shaken);
            }
            let net = net.valid();
            let size = [24, 40];
            let image = Tensor::<4>::random([1, 3, 24, 40], Distribution::Default, &device);
            let logit = LogitPlace {
                label: 1,
                pixel: [9, 30],
            };
            let score_of = |image: Tensor<4>| {
                let logits = net.forward(image);
                f64::from(values(logits.slice([0..1, 1..2, 9..10, 30..31]))[0])
            };
            let (score, gradient) = net.input_gradient(image.clone(), &whole(size), logit);
            let expected = score_of(image.clone());
            let score = f64::from(values(score)[0]);
            assert!(
                (score - expected).abs() < 1e-3 * (1.0 + expected.abs()),
                "{trunk}: {score} is not {expected}"
            );
            // Along the gradient itself the score rises by its squared length. ReLUs and poolings have kinks,
            // which few of many small values cross.
            let slope: f64 = values(gradient.clone())
                .iter()
                .map(|value| f64::from(*value) * f64::from(*value))
                .sum();
            assert!(slope > 0.0, "{trunk}");
            let step = 1e-3 * expected.abs().max(1.0) / slope;
            let moved = |by: f64| score_of(image.clone() + gradient.clone() * by);
            let rise = (moved(step) - moved(-step)) / (2.0 * step);
            assert!(
                (rise - slope).abs() < 0.1 * slope,
                "{trunk}: rises by {rise}, not {slope}"
            );
        }
    }

    #[test]
    fn nothing_outside_the_receptive_field_has_a_gradient() {
        let device = Device::flex();
        device.seed(22);
        for (variant, geometry) in [
            (Variant::Fcn8s, Geometry::Padded),
            (Variant::Fcn16s, Geometry::Reference),
        ] {
            let config = two_classes(variant, Trunk::Vgg16Slim, geometry);
            let net = config.init(&device).map(&mut Shaken).valid();
            let (height, width, at) = (8, 640, 330);
            let image = Tensor::<4>::random([1, 3, height, width], Distribution::Default, &device);
            let logit = LogitPlace {
                label: 0,
                pixel: [4, at],
            };
            let (_, gradient) = net.input_gradient(image, &whole([height, width]), logit);
            let gradient = values(gradient);
            let fields = config.receptive_fields([height, width]);
            let ranges = fields
                .iter()
                .map(|field| field.range(at as u32, width as u32));
            let (first, last) = ranges
                .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
                .expect("a field");
            assert!(first > 0 && (last as usize) < width - 1);
            let mut inside = 0.0;
            for (place, value) in gradient.iter().enumerate() {
                let column = (place % width) as u32;
                if (first..=last).contains(&column) {
                    inside += value.abs();
                } else {
                    assert_eq!(*value, 0.0, "{geometry}: column {column}");
                }
            }
            assert!(inside > 0.0, "{geometry}");
        }
    }
}
