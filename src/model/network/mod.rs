//! Every network of the program behind one configuration and one module.

mod param_stages;

use burn::module::Module;
use burn::tensor::{Device, Gradients, Tensor, assert_shape};
use serde::{Deserialize, Serialize};

use crate::model::fcn::{Fcn, FcnOptions};
use crate::model::feature_map::FeatureMap;
use crate::model::geometry::Geometry;
use crate::model::part::ImagePart;
use crate::model::stages::{self, StageEnds};
use crate::model::trunk::{FcnResnet, Layers, Trunk, TrunkOptions, VggWidths};
use crate::model::variant::{FinalUpsampling, ScoreSource, Variant};

/// Configuration to create a [network](Network) using the [init function](NetworkConfig::init).
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use fcn_workbench::model::{FinalUpsampling, Geometry, NetworkConfig, Trunk, Variant};
///
/// let device = Device::flex();
/// let network = NetworkConfig {
///     variant: Variant::Fcn8s,
///     trunk: Trunk::Vgg16Slim,
///     geometry: Geometry::Padded,
///     num_classes: 21,
///     dropout: 0.5,
///     final_upsampling: FinalUpsampling::Learned,
///     aux_head: false,
///     widths: None,
/// }
/// .init(&device);
///
/// // One image of 48x40 pixels, normalized; logits of each pixel for each class.
/// let images = Tensor::<4>::zeros([1, 3, 40, 48], &device);
/// assert_eq!(network.forward(images).dims(), [1, 21, 40, 48]);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkConfig {
    /// What is made of the trunk's feature maps.
    pub variant: Variant,
    /// Network under the score layers, one of [`Variant::trunks`].
    pub trunk: Trunk,
    /// Treatment of borders, one of [`Trunk::geometries`].
    pub geometry: Geometry,
    /// Number of classes, background included, 1 or more.
    pub num_classes: usize,
    /// Probability of dropping a value behind fc6 and fc7 (in the heads of a `ResNet`, before
    /// the scores) while training, `0.0..1.0`.
    pub dropout: f64,
    /// Which transposed convolutions are trained.
    pub final_upsampling: FinalUpsampling,
    /// Whether a `ResNet` has torchvision's second head, which helps training.
    pub aux_head: bool,
    /// Widths of a VGG16 other than its trunk's own.
    pub widths: Option<VggWidths>,
}

impl NetworkConfig {
    /// A network with random trunk weights. Score layers of the papers' variants start at
    /// zero (CVPR 2015, section 4.1) and their upsampling at bilinear interpolation.
    pub fn init(&self, device: &Device) -> Network {
        let Self {
            variant,
            trunk,
            geometry,
            num_classes,
            dropout,
            final_upsampling,
            aux_head,
            widths,
        } = *self;
        let options = TrunkOptions {
            geometry,
            dropout,
            widths,
        };
        let net = match trunk.layers(&options, device) {
            Layers::Fcn(layers, channels) => {
                let fcn = FcnOptions {
                    variant,
                    geometry,
                    odd_upsampling: trunk.info().odd_upsampling,
                };
                let trunk = (*layers, channels);
                Net::Fcn(Fcn::new(trunk, fcn, num_classes, final_upsampling, device))
            }
            Layers::Resnet(blocks) => {
                let net = FcnResnet::new(blocks, num_classes, dropout, aux_head, device);
                Net::Resnet(net)
            }
        };
        Network {
            net,
            num_classes: self.num_classes,
        }
    }
}

#[derive(Module, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "there are few networks, and modules cannot be boxed"
)]
enum Net {
    Fcn(Fcn),
    Resnet(FcnResnet),
}

/// A fully convolutional network, made by [`NetworkConfig::init`].
#[derive(Module, Debug)]
pub struct Network {
    net: Net,
    num_classes: usize,
}

impl Network {
    /// # Shapes
    /// - images: `[batch_size, 3, height, width]`, normalized; 1x1 pixel or more. In `bf16` or
    ///   `f16` the trunk convolves in that dtype
    /// - output: `[batch_size, num_classes, height, width]`, logits in `f32`
    pub fn forward(&self, images: Tensor<4>) -> Tensor<4> {
        self.logits(images, false).0
    }

    /// The logits, and those of the second head where there is one.
    ///
    /// # Shapes
    /// As [`forward`](Self::forward), both.
    pub fn forward_with_aux(&self, images: Tensor<4>) -> (Tensor<4>, Option<Tensor<4>>) {
        self.logits(images, true)
    }

    /// What each score layer adds to the logits of [`forward`](Self::forward). After the score layers
    /// a network is linear (upsampling, cropping and adding, CVPR 2015, section 4.2), so the sum of the
    /// parts is the logits up to rounding.
    ///
    /// # Shapes
    /// - images: `[batch_size, 3, height, width]`, normalized
    /// - output: `[batch_size, num_classes, height, width]` of each source, coarse to fine
    pub fn contributions(&self, images: Tensor<4>) -> Vec<(ScoreSource, Tensor<4>)> {
        self.compute_contributions(images)
    }

    /// The logits of a part of an image, away from the part's borders those of the whole image: inside
    /// of the image as far as the [receptive field](crate::model::ReceptiveField) reaches, pixels at a border
    /// of the part are wrong.
    ///
    /// # Shapes
    /// As [`forward`](Self::forward), of the part.
    pub fn forward_part(&self, images: Tensor<4>, part: &ImagePart) -> Tensor<4> {
        self.compute_part(images, part)
    }

    /// As [`forward_with_aux`](Self::forward_with_aux), with the trunk computed in stages of
    /// which only the ends are kept. The gradients of the logits are to be passed on to
    /// [`backward_through_stages`](Self::backward_through_stages). A trunk without stages
    /// ([`Trunk::has_stages`]) is computed as in [`forward`](Self::forward).
    ///
    /// # Shapes
    /// As [`forward`](Self::forward).
    pub fn forward_in_stages(
        &self,
        images: Tensor<4>,
    ) -> (Tensor<4>, Option<Tensor<4>>, StageEnds) {
        let [_, _, height, width] = images.dims();
        let size = [height, width];
        let (ends, logits) = match &self.net {
            Net::Fcn(net) => {
                let ends = stages::forward(net, images.clone());
                let logits = net.behind_stages(ends.outputs(), size);
                (ends, logits.map(|logits| (logits, None)))
            }
            Net::Resnet(net) => {
                let ends = stages::forward(net, images.clone());
                let logits = net.behind_stages(ends.outputs(), size);
                (ends, logits)
            }
        };
        let (logits, aux_logits) = logits.unwrap_or_else(|| self.logits(images, true));
        (logits, aux_logits, ends)
    }

    /// Passes gradients back through the stages, the last one first, computing each once more.
    /// `gradients` are those of the layers behind them; `take` is called with these, and then with
    /// those of each stage: every weight has its gradient in one of them.
    pub fn backward_through_stages(
        &self,
        ends: StageEnds,
        gradients: Gradients,
        take: &mut dyn FnMut(Gradients),
    ) {
        match &self.net {
            Net::Fcn(net) => stages::backward(net, ends, gradients, take),
            Net::Resnet(net) => stages::backward(net, ends, gradients, take),
        }
    }

    fn logits(&self, images: Tensor<4>, aux: bool) -> (Tensor<4>, Option<Tensor<4>>) {
        let [batch_size, _, height, width] = images.dims();
        let (logits, aux_logits) = self.compute(images, aux);
        assert_shape!(logits, [batch_size, self.num_classes, height, width]);
        (logits, aux_logits)
    }

    /// What each score layer adds to the logits, of images or of something else that is followed
    /// through the layers.
    pub(super) fn compute_contributions<M: FeatureMap>(&self, images: M) -> Vec<(ScoreSource, M)> {
        match &self.net {
            Net::Fcn(net) => net.contributions(images),
            // One score layer, behind which the logits are only enlarged.
            Net::Resnet(net) => vec![(ScoreSource::Coarse, net.forward(images, false).0)],
        }
    }

    /// The logits of a part of an image, of tensors or of something else.
    pub(super) fn compute_part<M: FeatureMap>(&self, images: M, part: &ImagePart) -> M {
        match &self.net {
            Net::Fcn(net) => net.forward(images),
            Net::Resnet(net) => net.forward_part(images, part),
        }
    }

    /// Pool3, pool4 and fc7 of an FCN, from its trunk.
    #[cfg(test)]
    pub(super) fn trunk_maps(&self, images: Tensor<4>) -> [Tensor<4>; 3] {
        match &self.net {
            Net::Fcn(net) => net.trunk_maps(images),
            Net::Resnet(_) => panic!("no FCN"),
        }
    }

    /// The logits, and those of the second head where it is there and asked for, of images or
    /// of their shape alone.
    pub(super) fn compute<M: FeatureMap>(&self, images: M, aux: bool) -> (M, Option<M>) {
        match &self.net {
            Net::Fcn(net) => (net.forward(images), None),
            Net::Resnet(net) => net.forward(images, aux),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
