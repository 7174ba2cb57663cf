//! Named sets of values from the papers, the released nets and this project.

use std::fmt;

use strum::{EnumString, IntoStaticStr, VariantArray};

use super::config::RunConfig;
use super::learning::{Learning, Reduction};
use super::schedule::Schedule;
use crate::dataset::{Augment, Size};
use crate::model::{FinalUpsampling, Variant};

/// A named set of optimizer values, batch, image sizes, augmentation, dropout and
/// upsampling. It says nothing of dataset, network, device, order and length of a run,
/// and each value can be changed afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray, IntoStaticStr, EnumString)]
#[strum(serialize_all = "kebab-case")]
pub enum Recipe {
    /// What `vgg16` starts from: crops of 224x224, one a step, high momentum.
    Seed,
    /// What `vgg16-slim` starts from: a large rate that falls, for random weights and
    /// batch normalization.
    SlimFast,
    /// The text of the CVPR paper.
    #[strum(serialize = "cvpr2015")]
    Cvpr2015,
    /// The released stride 32, 16 and 8 nets: each starts from the weights of the coarser one.
    PamiHeavy,
    /// The released FCN-8s that was trained at once; the rate does not depend on the stride.
    PamiAtOnce,
    /// The released FCN-AlexNet.
    #[strum(serialize = "alexnet")]
    AlexNet,
    /// torchvision's training script, at four images a step.
    Torchvision,
}

/// The values that a recipe sets.
pub(super) struct Values {
    pub learning: Learning,
    pub batch_size: usize,
    pub dropout: f64,
    pub final_upsampling: FinalUpsampling,
    pub augment: Augment,
    pub test_size: Option<Size>,
}

impl Recipe {
    /// The name on the command line: `pami-heavy`.
    pub fn id(self) -> &'static str {
        self.into()
    }

    /// Where its values come from, and what to know before it is used, in one line.
    pub fn source(self) -> &'static str {
        match self {
            Self::Seed => {
                "This project's start for VGG16: crops of 224x224, batch 1, momentum 0.99"
            }
            Self::SlimFast => {
                "This project's start for VGG16 slim: random weights learn fast with a large rate"
            }
            Self::Cvpr2015 => {
                "CVPR 2015, sections 3.3 and 4.3, for VGG16: whole images, 20 a step, momentum 0.9, last upsampling fixed"
            }
            Self::PamiHeavy => {
                "voc-fcn32s, -16s and -8s/solver.prototxt of PAMI 2016: summed loss, momentum 0.99; each stride goes on from the coarser one's weights"
            }
            Self::PamiAtOnce => {
                "voc-fcn8s-atonce/solver.prototxt of PAMI 2016: summed loss, momentum 0.99, rate 1e-10 at any stride"
            }
            Self::AlexNet => {
                "voc-fcn-alexnet/solver.prototxt of PAMI 2016: mean loss, gradients of 20 images a step"
            }
            Self::Torchvision => {
                "references/segmentation of torchvision: rate 0.02 for 32 images a step, so 0.0025 for these 4; poly, momentum 0.9"
            }
        }
    }

    /// Sets the recipe's values; the learning rate of [`PamiHeavy`](Self::PamiHeavy) is
    /// that of the configuration's stride.
    pub fn apply(self, config: &mut RunConfig) {
        let Values {
            learning,
            batch_size,
            dropout,
            final_upsampling,
            augment,
            test_size,
        } = self.values(config.variant.stride());
        config.learning = learning;
        config.batch_size = batch_size;
        config.dropout = dropout;
        config.final_upsampling = final_upsampling;
        config.augment = augment;
        config.test_size = test_size;
    }

    /// The recipe whose values a configuration has; `None` = values of its own. Where two
    /// have the same (at stride 32 both of PAMI's), the first of them.
    pub fn of(config: &RunConfig) -> Option<Self> {
        Self::VARIANTS.iter().copied().find(|recipe| {
            let values = recipe.values(config.variant.stride());
            config.learning == values.learning
                && config.batch_size == values.batch_size
                && config.dropout == values.dropout
                && config.final_upsampling == values.final_upsampling
                && config.augment == values.augment
                && config.test_size == values.test_size
        })
    }

    pub(super) fn values(self, stride: usize) -> Values {
        match self {
            Self::Seed => Values {
                learning: Learning::sgd(1e-4, 0.99, 5e-4),
                batch_size: 1,
                dropout: 0.5,
                final_upsampling: FinalUpsampling::Learned,
                augment: Augment {
                    flip: true,
                    random_crop: true,
                    ..Augment::none(Some(Size::new(224, 224)))
                },
                test_size: Some(Size::new(256, 256)),
            },
            Self::SlimFast => Values {
                learning: Learning {
                    schedule: Schedule::Poly { power: 0.9 },
                    ..Learning::sgd(0.05, 0.9, 5e-4)
                },
                batch_size: 4,
                dropout: 0.5,
                final_upsampling: FinalUpsampling::Learned,
                augment: Augment {
                    flip: true,
                    random_crop: true,
                    ..Augment::none(Some(Size::new(160, 128)))
                },
                test_size: None,
            },
            // Section 4.3: 20 images, 1e-4 for VGG16, momentum 0.9, "weight decay of 5^-4 or
            // 2^-4" (read as 5e-4 or 2e-4; the released solvers have 5e-4), doubled rate for
            // biases. Whether biases are decayed is not said: no, as in the released nets.
            // Section 4.3: augmentation brought nothing, and the last upsampling is fixed.
            Self::Cvpr2015 => Values {
                final_upsampling: FinalUpsampling::Fixed,
                ..whole_images(Learning {
                    accumulation: 20,
                    ..caffe(1e-4, 0.9)
                })
            },
            Self::PamiHeavy => {
                let learning_rate = match stride {
                    32.. => 1e-10,
                    16.. => 1e-12,
                    _ => 1e-14,
                };
                whole_images(Learning {
                    reduction: Reduction::Sum,
                    ..caffe(learning_rate, 0.99)
                })
            }
            Self::PamiAtOnce => whole_images(Learning {
                reduction: Reduction::Sum,
                ..caffe(1e-10, 0.99)
            }),
            // The file doubles the rate of the score layer's bias alone; here it is all biases.
            Self::AlexNet => whole_images(Learning {
                accumulation: 20,
                ..caffe(1e-4, 0.9)
            }),
            // `train.py` (momentum, decay, poly schedule), `presets.py` (crop, scale, flip) and the
            // README's command; `fcn.py` (dropout of the head).
            Self::Torchvision => Values {
                learning: Learning {
                    schedule: Schedule::Poly { power: 0.9 },
                    ..Learning::sgd(0.0025, 0.9, 1e-4)
                },
                batch_size: 4,
                dropout: 0.1,
                final_upsampling: FinalUpsampling::Learned,
                augment: Augment {
                    flip: true,
                    random_crop: true,
                    scale: [0.5, 2.0],
                    ..Augment::none(Some(Size::new(480, 480)))
                },
                test_size: None,
            },
        }
    }
}

/// SGD as in the released solvers: decay 5e-4, biases with `lr_mult: 2` and `decay_mult: 0`.
fn caffe(learning_rate: f64, momentum: f64) -> Learning {
    Learning {
        bias_rate: 2.0,
        decay_biases: false,
        ..Learning::sgd(learning_rate, momentum, 5e-4)
    }
}

/// Images as they are, one at a time, and all upsampling fixed (`lr_mult: 0`).
fn whole_images(learning: Learning) -> Values {
    Values {
        learning,
        batch_size: 1,
        dropout: 0.5,
        final_upsampling: FinalUpsampling::AllFixed,
        augment: Augment::none(None),
        test_size: None,
    }
}

impl RunConfig {
    /// The same settings at another stride. Where they are a [`Recipe`]'s, the recipe is
    /// applied again, since its learning rate may depend on the stride.
    pub fn with_variant(&self, variant: Variant) -> Self {
        let mut config = Self {
            variant,
            ..self.clone()
        };
        match Recipe::of(self) {
            // Its rates are for nets that start from the coarser one.
            Some(Recipe::PamiHeavy) if variant == Variant::Fcn8sAtOnce => {
                Recipe::PamiAtOnce.apply(&mut config);
            }
            Some(recipe) => recipe.apply(&mut config),
            None => {}
        }
        config
    }
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Seed => "Seed",
            Self::SlimFast => "Slim, fast",
            Self::Cvpr2015 => "CVPR 2015",
            Self::PamiHeavy => "PAMI 2016, heavy momentum",
            Self::PamiAtOnce => "PAMI 2016, at once",
            Self::AlexNet => "AlexNet",
            Self::Torchvision => "torchvision",
        })
    }
}

#[cfg(test)]
mod tests;
