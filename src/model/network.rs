//! Every network of the program behind one configuration and one module.

use burn::module::Module;
use burn::tensor::{Device, Gradients, Tensor, assert_shape};
use serde::{Deserialize, Serialize};

use super::fcn::{Fcn, FcnOptions};
use super::feature_map::FeatureMap;
use super::geometry::Geometry;
use super::stages::{self, StageEnds};
use super::trunk::{FcnResnet, Layers, Trunk, TrunkOptions, VggWidths};
use super::variant::{FinalUpsampling, Variant};

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
mod tests {
    use super::*;
    use crate::model::weights;
    use burn::module::{ModuleVisitor, Param};
    use burn::optim::GradientsParams;
    use burn::tensor::Distribution;
    use strum::VariantArray as _;

    fn config(variant: Variant) -> NetworkConfig {
        NetworkConfig {
            variant,
            trunk: Trunk::Vgg16Slim,
            geometry: Geometry::Padded,
            num_classes: 3,
            dropout: 0.5,
            final_upsampling: FinalUpsampling::Learned,
            aux_head: false,
            widths: None,
        }
    }

    fn random(size: [usize; 4], device: &Device) -> Tensor<4> {
        Tensor::random(size, Distribution::Default, device)
    }

    #[test]
    fn any_input_size_gives_logits_of_that_size() {
        let device = Device::flex();
        for variant in Variant::STRIDES {
            for &geometry in Geometry::VARIANTS {
                let net = NetworkConfig {
                    geometry,
                    ..config(variant)
                }
                .init(&device);
                for [height, width] in [[1, 1], [2, 3], [17, 33], [32, 32], [37, 70]] {
                    let images = random([1, 3, height, width], &device);
                    assert_eq!(
                        net.forward(images).dims(),
                        [1, 3, height, width],
                        "{variant} {geometry}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_other_trunks_take_any_size_too() {
        let device = Device::flex();
        for (variant, trunk) in [
            (Variant::Fcn8s, Trunk::Googlenet),
            (Variant::FcnResnet50, Trunk::Resnet50),
        ] {
            let net = NetworkConfig {
                trunk,
                ..config(variant)
            }
            .init(&device);
            for [height, width] in [[1, 1], [33, 70]] {
                let images = random([1, 3, height, width], &device);
                assert_eq!(net.forward(images).dims(), [1, 3, height, width], "{trunk}");
            }
        }
    }

    #[test]
    fn what_happened_inside_the_stages_is_forgotten_until_the_gradients_come_back() {
        let device = Device::flex().autodiff();
        let net = NetworkConfig {
            dropout: 0.0,
            ..config(Variant::Fcn32s)
        }
        .init(&device);
        let (logits, _, ends) = net.forward_in_stages(random([1, 3, 40, 50], &device));
        let mut counts = Vec::new();
        net.backward_through_stages(ends, logits.sum().backward(), &mut |gradients| {
            counts.push(GradientsParams::from_grads(gradients, &net).len());
        });
        // fc6 and fc7 with normalization, two scores, upsampling; then 3, 3, 3, 2, 2 convolutions.
        assert_eq!(counts, [9, 9, 9, 9, 6, 6]);
    }

    #[test]
    fn zero_score_layers_start_at_zero_logits() {
        let device = Device::flex();
        let net = config(Variant::Fcn8s).init(&device);
        let logits = net
            .forward(random([2, 3, 20, 24], &device))
            .into_data()
            .try_to_vec::<f32>();
        assert!(logits.expect("floats").iter().all(|logit| *logit == 0.0));
    }

    #[test]
    fn the_full_width_vgg16_has_the_papers_parameters() {
        // VGG16's convolutions, fc6 and fc7, counted by hand (134 million in table 1),
        // then 21 scores from fc7, pool4 and pool3, and kernels of 4, 4 and 16.
        let trunk = 14_714_688 + (512 * 49 * 4096 + 4096) + (4096 * 4096 + 4096);
        let scores = 21 * (4096 + 512 + 256) + 3 * 21;
        let upsampling = 21 * 21 * (16 + 16 + 256);
        let config = NetworkConfig {
            trunk: Trunk::Vgg16,
            num_classes: 21,
            ..config(Variant::Fcn8s)
        };
        // Weights are made when first used, so this costs no memory.
        let count = config.init(&Device::flex()).num_params();
        assert_eq!(count, trunk + scores + upsampling);
    }

    #[test]
    fn the_resnets_have_torchvisions_parameters() {
        // torchvision's documented parameter counts of the released weights, which have an
        // auxiliary head; its batch normalization counts running values as buffers.
        for (variant, trunk, expected) in [
            (Variant::FcnResnet50, Trunk::Resnet50, 35_322_218),
            (Variant::FcnResnet101, Trunk::Resnet101, 54_314_346),
        ] {
            let config = NetworkConfig {
                trunk,
                num_classes: 21,
                aux_head: true,
                ..config(variant)
            };
            let parameters = weights::parameters(&config.init(&Device::flex()), variant, trunk);
            let trained = parameters
                .iter()
                .filter(|parameter| !parameter.name.contains("running_"));
            let count: usize = trained
                .map(|parameter| parameter.shape.iter().product::<usize>())
                .sum();
            assert_eq!(count, expected, "{variant}");
        }
    }

    #[test]
    fn upsampling_takes_a_gradient_where_it_is_learned() {
        let device = Device::flex().autodiff();
        for (choice, learned) in [
            (FinalUpsampling::Learned, 3),
            (FinalUpsampling::Fixed, 2),
            (FinalUpsampling::AllFixed, 0),
        ] {
            let net = NetworkConfig {
                final_upsampling: choice,
                ..config(Variant::Fcn8s)
            }
            .init(&device);
            let gradients = net
                .forward(random([1, 3, 32, 32], &device))
                .sum()
                .backward();
            let mut upsampling = Upsampling {
                gradients: &gradients,
                path: Vec::new(),
                learned: 0,
            };
            net.visit(&mut upsampling);
            assert_eq!(upsampling.learned, learned);
        }
    }

    struct Upsampling<'a> {
        gradients: &'a burn::tensor::Gradients,
        path: Vec<String>,
        learned: usize,
    }

    impl ModuleVisitor for Upsampling<'_> {
        fn enter_module(&mut self, name: &str, _container: &str) {
            self.path.push(name.to_owned());
        }

        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.path.pop();
        }

        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let upsamples = self.path.iter().any(|name| name.starts_with("upscore"));
            if upsamples && param.val().grad(self.gradients).is_some() {
                self.learned += 1;
            }
        }
    }
}
