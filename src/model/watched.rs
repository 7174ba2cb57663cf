//! A forward pass that tells how far it is, and that can be given up between two layers.

use std::cell::{Cell, RefCell};

use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2d;
use burn::nn::{BatchNorm, Dropout};
use burn::tensor::Tensor;

use super::cost::Shape;
use super::feature_map::FeatureMap;
use super::network::Network;
use super::upsample::UpsamplingLayer;

impl Network {
    /// As [`forward`](Self::forward); after each convolution `go_on` is told which share of the
    /// arithmetic is done, `0.0..=1.0`, and says whether to go on. `None` = given up.
    ///
    /// # Shapes
    /// - images: `[batch_size, 3, height, width]`
    /// - output: `[batch_size, num_classes, height, width]`, logits
    pub fn forward_watched(
        &self,
        images: Tensor<4>,
        go_on: &mut dyn FnMut(f32) -> bool,
    ) -> Option<Tensor<4>> {
        let size = images.size();
        let whole = Shape::new(size);
        self.compute(whole.clone(), false);
        let watch = Watch {
            total: whole.multiply_adds(),
            go_on: RefCell::new(go_on),
            given_up: Cell::new(false),
        };
        let map = Watched {
            shape: Shape::new(size),
            tensor: Some(images),
            watch: &watch,
        };
        let (logits, _) = self.compute(map, false);
        logits.tensor
    }
}

struct Watch<'a> {
    /// Multiply-adds of the whole pass.
    total: u64,
    go_on: RefCell<&'a mut dyn FnMut(f32) -> bool>,
    given_up: Cell<bool>,
}

/// A map of a watched pass. Once that is given up there are shapes alone, which take no time.
#[derive(Clone)]
struct Watched<'a> {
    shape: Shape,
    tensor: Option<Tensor<4>>,
    watch: &'a Watch<'a>,
}

impl Watched<'_> {
    /// A layer that takes no time worth telling.
    fn quick(
        self,
        shape: impl FnOnce(Shape) -> Shape,
        tensor: impl FnOnce(Tensor<4>) -> Tensor<4>,
    ) -> Self {
        Self {
            shape: shape(self.shape),
            // A branch beside the one in which it was given up still has its tensor.
            tensor: self
                .tensor
                .filter(|_| !self.watch.given_up.get())
                .map(tensor),
            watch: self.watch,
        }
    }

    /// A layer after which the pass tells how far it is.
    fn slow(
        self,
        shape: impl FnOnce(Shape) -> Shape,
        tensor: impl FnOnce(Tensor<4>) -> Tensor<4>,
    ) -> Self {
        let mut map = self.quick(shape, tensor);
        let watch = map.watch;
        if !watch.given_up.get() {
            let share = map.shape.multiply_adds() as f32 / watch.total.max(1) as f32;
            let go_on = (watch.go_on.borrow_mut())(share.min(1.0));
            watch.given_up.set(!go_on);
        }
        if watch.given_up.get() {
            map.tensor = None;
        }
        map
    }

    /// Two maps become one.
    fn join(
        self,
        other: Self,
        shape: impl FnOnce(Shape, Shape) -> Shape,
        tensor: impl FnOnce(Tensor<4>, Tensor<4>) -> Tensor<4>,
    ) -> Self {
        Self {
            shape: shape(self.shape, other.shape),
            tensor: self.tensor.zip(other.tensor).map(|(a, b)| tensor(a, b)),
            watch: self.watch,
        }
    }
}

impl FeatureMap for Watched<'_> {
    fn size(&self) -> [usize; 2] {
        match &self.tensor {
            Some(tensor) => tensor.size(),
            None => self.shape.size(),
        }
    }

    fn convolve(self, conv: &Conv2d, norm: Option<&BatchNorm>, with_relu: bool) -> Self {
        self.slow(
            |shape| shape.convolve(conv, norm, with_relu),
            |tensor| tensor.convolve(conv, norm, with_relu),
        )
    }

    fn score(self, conv: &Conv2d) -> Self {
        self.slow(|shape| shape.score(conv), |tensor| tensor.score(conv))
    }

    fn upsample(self, layer: &UpsamplingLayer) -> Self {
        self.slow(
            |shape| shape.upsample(layer),
            |tensor| tensor.upsample(layer),
        )
    }

    fn max_pool(self, pool: &MaxPool2d) -> Self {
        self.quick(|shape| shape.max_pool(pool), |tensor| tensor.max_pool(pool))
    }

    fn dropout(self, dropout: &Dropout) -> Self {
        self.quick(
            |shape| shape.dropout(dropout),
            |tensor| FeatureMap::dropout(tensor, dropout),
        )
    }

    fn scale(self, factor: f64) -> Self {
        self.quick(|shape| shape.scale(factor), |tensor| tensor.scale(factor))
    }

    fn add(self, other: Self) -> Self {
        self.join(other, Shape::add, FeatureMap::add)
    }

    fn add_relu(self, other: Self) -> Self {
        self.join(other, Shape::add_relu, FeatureMap::add_relu)
    }

    fn concat(maps: Vec<Self>) -> Self {
        let Some(watch) = maps.first().map(|map| map.watch) else {
            unreachable!("there is no block without branches")
        };
        let (shapes, tensors): (Vec<_>, Vec<_>) =
            maps.into_iter().map(|map| (map.shape, map.tensor)).unzip();
        let tensors: Option<Vec<_>> = tensors.into_iter().collect();
        Self {
            shape: Shape::concat(shapes),
            tensor: tensors.map(FeatureMap::concat),
            watch,
        }
    }

    fn crop(self, offset: usize, size: [usize; 2]) -> Self {
        self.quick(
            |shape| shape.crop(offset, size),
            |tensor| tensor.crop(offset, size),
        )
    }

    fn pad_to(self, size: [usize; 2]) -> Self {
        self.quick(|shape| shape.pad_to(size), |tensor| tensor.pad_to(size))
    }

    fn resize(self, size: [usize; 2]) -> Self {
        self.quick(|shape| shape.resize(size), |tensor| tensor.resize(size))
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution};

    use crate::model::{FinalUpsampling, Geometry, Network, NetworkConfig, Trunk, Variant};

    use super::*;

    fn network(variant: Variant, trunk: Trunk) -> Network {
        NetworkConfig {
            variant,
            trunk,
            geometry: Geometry::Padded,
            num_classes: 3,
            dropout: 0.5,
            final_upsampling: FinalUpsampling::Learned,
            aux_head: false,
            widths: None,
        }
        .init(&Device::flex())
    }

    #[test]
    fn a_watched_pass_computes_the_same_and_ends_at_1() {
        for (variant, trunk) in [
            (Variant::Fcn8s, Trunk::Vgg16Slim),
            (Variant::Fcn8s, Trunk::Googlenet),
            (Variant::FcnResnet50, Trunk::Resnet50),
        ] {
            let net = network(variant, trunk);
            let images = Tensor::random([1, 3, 33, 47], Distribution::Default, &Device::flex());
            let mut told = Vec::new();
            let logits = net.forward_watched(images.clone(), &mut |share| {
                told.push(share);
                true
            });
            let logits = logits.expect("it was not given up").into_data();
            assert_eq!(logits, net.forward(images).into_data(), "{trunk}");
            assert!(told.is_sorted() && told[0] > 0.0, "{trunk}: {told:?}");
            assert_eq!(told.last(), Some(&1.0), "{trunk}");
        }
    }

    #[test]
    fn a_pass_that_is_given_up_computes_no_further() {
        let net = network(Variant::Fcn8s, Trunk::Vgg16Slim);
        let images = Tensor::random([1, 3, 40, 40], Distribution::Default, &Device::flex());
        let mut calls = 0;
        let logits = net.forward_watched(images, &mut |_| {
            calls += 1;
            calls < 3
        });
        assert!(logits.is_none());
        assert_eq!(calls, 3, "nobody is asked again");
    }
}
