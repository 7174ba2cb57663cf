//! What single layers of a network make of an image, by their names.
//!
//! Layers say what they have made with [`FeatureMap::tap`]. A map that is [`Tapped`] passes it on; all
//! others, so also training and prediction, do nothing there.

use std::cell::RefCell;

use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2d;
use burn::nn::{BatchNorm, Dropout};
use burn::tensor::{Device, Tensor};

use super::cost::Shape;
use super::feature_map::FeatureMap;
use super::network::{Network, NetworkConfig};
use super::upsample::UpsamplingLayer;
use crate::kernels::ResizedPart;

/// What a layer makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerOutput {
    /// The layer's name, as the papers and torchvision have it: `conv3_2`, `pool4`, `fc7`.
    pub name: String,
    /// Channels of its map.
    pub channels: usize,
    /// `[rows, columns]` of its map.
    pub size: [usize; 2],
}

impl NetworkConfig {
    /// The layers whose maps can be looked at, from the image to the scores, for images of
    /// `[height, width]` pixels.
    pub fn layer_outputs(&self, size: [usize; 2]) -> Vec<LayerOutput> {
        let found = RefCell::new(Vec::new());
        let on_tap = |name: String, map: &Shape| {
            let output = LayerOutput {
                name,
                channels: map.channels(),
                size: map.size(),
            };
            found.borrow_mut().push(output);
        };
        let images = Tapped::new(Shape::new(1, 3, size), &on_tap);
        self.init(&Device::flex()).compute(images, false);
        found.take()
    }
}

impl Network {
    /// What the layer of this name makes of images, behind its ReLU where it has one; `None` where
    /// there is no such layer.
    ///
    /// # Shapes
    /// - images: `[batch_size, 3, height, width]`, normalized
    /// - output: `[batch_size, channels, rows, columns]`
    pub fn layer_output(&self, images: Tensor<4>, layer: &str) -> Option<Tensor<4>> {
        let found = RefCell::new(None);
        let on_tap = |name: String, map: &Tensor<4>| {
            if name == layer {
                found.replace(Some(map.clone()));
            }
        };
        self.compute(Tapped::new(images, &on_tap), false);
        found.take()
    }
}

/// Gets the name of each layer, and what it has made.
type OnTap<'a, M> = &'a dyn Fn(String, &M);

/// A map whose layers tell what they make.
#[derive(Clone)]
struct Tapped<'a, M> {
    map: M,
    /// `None` for the map of no layer at all.
    on_tap: Option<OnTap<'a, M>>,
}

impl<'a, M: FeatureMap> Tapped<'a, M> {
    fn new(map: M, on_tap: OnTap<'a, M>) -> Self {
        Self {
            map,
            on_tap: Some(on_tap),
        }
    }

    fn then(self, layer: impl FnOnce(M) -> M) -> Self {
        Self {
            map: layer(self.map),
            ..self
        }
    }
}

impl<M: FeatureMap> FeatureMap for Tapped<'_, M> {
    fn size(&self) -> [usize; 2] {
        self.map.size()
    }

    fn convolve(self, conv: &Conv2d, norm: Option<&BatchNorm>, with_relu: bool) -> Self {
        self.then(|map| map.convolve(conv, norm, with_relu))
    }

    fn score(self, conv: &Conv2d) -> Self {
        self.then(|map| map.score(conv))
    }

    fn upsample(self, layer: &UpsamplingLayer) -> Self {
        self.then(|map| map.upsample(layer))
    }

    fn max_pool(self, pool: &MaxPool2d) -> Self {
        self.then(|map| map.max_pool(pool))
    }

    fn dropout(self, dropout: &Dropout) -> Self {
        self.then(|map| map.dropout(dropout))
    }

    fn scale(self, factor: f64) -> Self {
        self.then(|map| map.scale(factor))
    }

    fn add(self, other: Self) -> Self {
        self.then(|map| map.add(other.map))
    }

    fn add_relu(self, other: Self) -> Self {
        self.then(|map| map.add_relu(other.map))
    }

    fn concat(maps: Vec<Self>) -> Self {
        let on_tap = maps.first().and_then(|first| first.on_tap);
        let maps = maps.into_iter().map(|tapped| tapped.map);
        Self {
            map: M::concat(maps.collect()),
            on_tap,
        }
    }

    fn crop(self, offset: usize, size: [usize; 2]) -> Self {
        self.then(|map| map.crop(offset, size))
    }

    fn pad_to(self, size: [usize; 2]) -> Self {
        self.then(|map| map.pad_to(size))
    }

    fn resize(self, size: [usize; 2]) -> Self {
        self.then(|map| map.resize(size))
    }

    fn resize_part(self, part: &ResizedPart) -> Self {
        self.then(|map| map.resize_part(part))
    }

    fn end_of_stage(self) -> Self {
        self.then(M::end_of_stage)
    }

    fn tap(self, name: impl FnOnce() -> String) -> Self {
        if let Some(on_tap) = self.on_tap {
            on_tap(name(), &self.map);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::network::tests::two_classes;
    use crate::model::{Geometry, Trunk, Variant};
    use burn::module::Module as _;
    use burn::tensor::Distribution;
    use strum::VariantArray as _;

    fn names(outputs: &[LayerOutput]) -> Vec<&str> {
        outputs.iter().map(|output| &*output.name).collect()
    }

    #[test]
    fn the_layers_of_vgg16_are_those_of_the_paper() {
        let slim = two_classes(Variant::Fcn8s, Trunk::Vgg16Slim, Geometry::Padded);
        let found = slim.layer_outputs([64, 96]);
        let expected = "conv1_1 conv1_2 pool1 conv2_1 conv2_2 pool2 conv3_1 conv3_2 conv3_3 pool3 conv4_1 conv4_2 \
                        conv4_3 pool4 conv5_1 conv5_2 conv5_3 pool5 fc6 fc7 score_fr score_pool4 score_pool3";
        assert_eq!(names(&found).join(" "), expected);
        // Slim widths 8, 16, 32, 64, 96, and 192 of fc7; each pooling halves the sides.
        let of = |name: &str| found.iter().find(|output| output.name == name);
        let shape = |name: &str| of(name).map(|output| (output.channels, output.size));
        assert_eq!(shape("conv1_1"), Some((8, [64, 96])));
        assert_eq!(shape("pool3"), Some((32, [8, 12])));
        assert_eq!(shape("fc7"), Some((192, [2, 3])));
        assert_eq!(shape("score_pool4"), Some((2, [4, 6])));
    }

    #[test]
    fn every_network_names_each_of_its_layers_once() {
        for &trunk in Trunk::VARIANTS {
            let config = two_classes(trunk.variants()[0], trunk, trunk.geometries()[0]);
            let found = config.layer_outputs([70, 90]);
            let mut unique = names(&found);
            unique.sort_unstable();
            unique.dedup();
            assert!(found.len() > 9, "{trunk}: {found:?}");
            assert_eq!(unique.len(), found.len(), "{trunk}: {found:?}");
        }
    }

    #[test]
    fn a_layers_map_is_what_the_trunk_itself_makes() {
        let device = Device::flex();
        device.seed(11);
        let values = |map: Tensor<4>| map.into_data().try_to_vec::<f32>().expect("floats");
        for &geometry in Geometry::VARIANTS {
            let net = two_classes(Variant::Fcn8s, Trunk::Vgg16Slim, geometry);
            let net = net.init(&device).valid();
            let images = Tensor::<4>::random([1, 3, 40, 52], Distribution::Default, &device);
            let [pool3, pool4, fc7] = net.trunk_maps(images.clone());
            for (layer, expected) in [("pool3", pool3), ("pool4", pool4), ("fc7", fc7)] {
                let found = net.layer_output(images.clone(), layer).expect("a layer");
                assert_eq!(found.dims(), expected.dims(), "{layer}");
                assert_eq!(values(found), values(expected), "{layer}");
            }
            // The maps do not change what comes behind them.
            let seen = net
                .layer_output(images.clone(), "score_fr")
                .expect("a layer");
            let again = net
                .layer_output(images.clone(), "score_fr")
                .expect("a layer");
            assert_eq!(values(seen), values(again));
            assert!(net.layer_output(images, "conv9_9").is_none());
        }
    }
}
