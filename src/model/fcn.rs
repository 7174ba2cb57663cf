//! FCN-32s, FCN-16s and FCN-8s (CVPR 2015, sections 4.1 to 4.3).

use burn::module::{Initializer, Module};
use burn::nn::conv::{Conv2d, Conv2dConfig, ConvTranspose2d};
use burn::tensor::{Device, Tensor, assert_shape};
use serde::{Deserialize, Serialize};

use super::upsample::{crop_to, fixed, upsampling};
use super::variant::{FinalUpsampling, Trunk, Variant};
use super::vgg::{Vgg16, Widths};

/// Configuration to create an [FCN](Fcn) using the [init function](FcnConfig::init).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FcnConfig {
    /// Prediction stride.
    pub variant: Variant,
    /// Network under the score layers.
    pub trunk: Trunk,
    /// Number of classes, background included, 1 or more.
    pub num_classes: usize,
    /// Probability of dropping a value behind fc6 and fc7 while training, `0.0..1.0`.
    pub dropout: f64,
    /// Whether the last transposed convolution is trained.
    pub final_upsampling: FinalUpsampling,
}

impl FcnConfig {
    /// A network with random trunk weights, score layers at zero (section 4.1) and
    /// upsampling at bilinear interpolation.
    pub fn init(&self, device: &Device) -> Fcn {
        let classes = self.num_classes;
        let widths = Widths::of(self.trunk);
        let score = |channels| {
            Conv2dConfig::new([channels, classes], [1, 1]).with_initializer(Initializer::Zeros).init(device)
        };
        let stride = self.variant.stride();
        let fuse_pool4 = stride <= 16;
        let fuse_pool3 = stride <= 8;
        let last = upsampling(classes, stride, device);
        Fcn {
            trunk: Vgg16::new(self.trunk, self.dropout, device),
            score_fr: score(widths.fc),
            score_pool4: fuse_pool4.then(|| score(widths.stages[3])),
            score_pool3: fuse_pool3.then(|| score(widths.stages[2])),
            upscore2: fuse_pool4.then(|| upsampling(classes, 2, device)),
            upscore_pool4: fuse_pool3.then(|| upsampling(classes, 2, device)),
            upscore: match self.final_upsampling {
                FinalUpsampling::Learned => last,
                FinalUpsampling::Fixed => fixed(last),
            },
            num_classes: classes,
        }
    }
}

/// A fully convolutional network; the layers carry the names of the reference code.
#[derive(Module, Debug)]
pub struct Fcn {
    trunk: Vgg16,
    score_fr: Conv2d,
    score_pool4: Option<Conv2d>,
    score_pool3: Option<Conv2d>,
    upscore2: Option<ConvTranspose2d>,
    upscore_pool4: Option<ConvTranspose2d>,
    upscore: ConvTranspose2d,
    num_classes: usize,
}

impl Fcn {
    /// # Shapes
    /// - images: `[batch_size, 3, height, width]`, normalized
    /// - output: `[batch_size, num_classes, height, width]`, logits
    pub fn forward(&self, images: Tensor<4>) -> Tensor<4> {
        let [batch_size, _, height, width] = images.dims();
        let features = self.trunk.forward(images);
        let mut scores = self.score_fr.forward(features.fc7);
        scores = fuse(scores, self.upscore2.as_ref(), self.score_pool4.as_ref(), features.pool4);
        scores = fuse(scores, self.upscore_pool4.as_ref(), self.score_pool3.as_ref(), features.pool3);
        let logits = crop_to(self.upscore.forward(scores), [height, width]);
        assert_shape!(logits, [batch_size, self.num_classes, height, width]);
        logits
    }
}

/// Doubles the coarse scores and adds the scores of a finer layer; nothing happens
/// where the variant has no such skip.
fn fuse(
    coarse: Tensor<4>,
    upsample: Option<&ConvTranspose2d>,
    score: Option<&Conv2d>,
    pooled: Tensor<4>,
) -> Tensor<4> {
    let (Some(upsample), Some(score)) = (upsample, score) else {
        return coarse;
    };
    let [_, _, height, width] = pooled.dims();
    crop_to(upsample.forward(coarse), [height, width]) + score.forward(pooled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Distribution;

    fn config(variant: Variant) -> FcnConfig {
        FcnConfig {
            variant,
            trunk: Trunk::Vgg16Slim,
            num_classes: 3,
            dropout: 0.5,
            final_upsampling: FinalUpsampling::Learned,
        }
    }

    #[test]
    fn any_input_size_gives_logits_of_that_size() {
        let device = Device::flex();
        for variant in Variant::ALL {
            let net = config(variant).init(&device);
            for [height, width] in [[1, 1], [2, 3], [17, 33], [32, 32], [37, 70]] {
                let images = Tensor::random([1, 3, height, width], Distribution::Default, &device);
                assert_eq!(net.forward(images).dims(), [1, 3, height, width], "{variant}");
            }
        }
    }

    #[test]
    fn zero_score_layers_start_at_zero_logits() {
        let device = Device::flex();
        let net = config(Variant::Fcn8s).init(&device);
        let images = Tensor::random([2, 3, 20, 24], Distribution::Default, &device);
        let logits = net.forward(images).into_data().try_to_vec::<f32>().expect("floats");
        assert!(logits.iter().all(|logit| *logit == 0.0));
    }

    #[test]
    fn the_full_width_vgg16_has_the_papers_parameters() {
        // VGG16's convolutions, fc6 and fc7, counted by hand (134 million in table 1),
        // then 21 scores from fc7, pool4 and pool3, and kernels of 4, 4 and 16.
        let trunk = 14_714_688 + (512 * 49 * 4096 + 4096) + (4096 * 4096 + 4096);
        let scores = 21 * (4096 + 512 + 256) + 3 * 21;
        let upsampling = 21 * 21 * (16 + 16 + 256);
        let config = FcnConfig { trunk: Trunk::Vgg16, num_classes: 21, ..config(Variant::Fcn8s) };
        // Weights are made when first used, so this costs no memory.
        let count = config.init(&Device::flex()).num_params();
        assert_eq!(count, trunk + scores + upsampling);
    }

    #[test]
    fn a_fixed_last_upsampling_takes_no_gradient() {
        let device = Device::flex().autodiff();
        for (choice, learned) in [(FinalUpsampling::Learned, true), (FinalUpsampling::Fixed, false)] {
            let net = FcnConfig { final_upsampling: choice, ..config(Variant::Fcn8s) }.init(&device);
            let images = Tensor::random([1, 3, 32, 32], Distribution::Default, &device);
            let gradients = net.forward(images).sum().backward();
            assert_eq!(net.upscore.weight.val().grad(&gradients).is_some(), learned);
        }
    }
}
