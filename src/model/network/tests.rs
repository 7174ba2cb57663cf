use super::*;
use crate::model::weights;
use burn::module::{ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Distribution;
use strum::VariantArray as _;

/// A network of two classes, as the presets make it.
pub fn two_classes(variant: Variant, trunk: Trunk, geometry: Geometry) -> NetworkConfig {
    NetworkConfig {
        variant,
        trunk,
        geometry,
        num_classes: 2,
        dropout: 0.5,
        final_upsampling: FinalUpsampling::Learned,
        aux_head: false,
        widths: None,
    }
}

fn config(variant: Variant) -> NetworkConfig {
    NetworkConfig {
        num_classes: 3,
        ..two_classes(variant, Trunk::Vgg16Slim, Geometry::Padded)
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

/// Score layers start at zero; with weights everywhere, each part is something.
struct Shaken;

impl ModuleMapper for Shaken {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|weight| {
            let noise = weight.random_like(Distribution::Uniform(-0.1, 0.1));
            weight + noise
        })
    }
}

#[test]
fn what_the_score_layers_add_sums_to_the_logits() {
    let device = Device::flex();
    device.seed(7);
    let values = |map: Tensor<4>| map.into_data().try_to_vec::<f32>().expect("floats");
    for (variant, expected) in [
        (Variant::Fcn32s, 1),
        (Variant::Fcn16s, 2),
        (Variant::Fcn8s, 3),
        (Variant::Fcn8sAtOnce, 3),
    ] {
        for &geometry in Geometry::VARIANTS {
            let config = NetworkConfig {
                geometry,
                ..config(variant)
            };
            let net = config.init(&device).map(&mut Shaken);
            let images = random([1, 3, 45, 70], &device);
            let logits = values(net.forward(images.clone()));
            let parts = net.contributions(images);
            assert_eq!(parts.len(), expected, "{variant}");
            let parts: Vec<_> = parts.into_iter().map(|(_, map)| values(map)).collect();
            let magnitude = logits
                .iter()
                .fold(1.0_f32, |most, value| most.max(value.abs()));
            for (pixel, logit) in logits.iter().enumerate() {
                let sum: f32 = parts.iter().map(|part| part[pixel]).sum();
                assert!(
                    (sum - logit).abs() <= 1e-5 * magnitude,
                    "{variant} {geometry}: {sum} and {logit}"
                );
            }
            // No part is nothing, or all of it.
            for part in &parts {
                assert!(part.iter().any(|value| *value != 0.0), "{variant}");
            }
        }
    }
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
