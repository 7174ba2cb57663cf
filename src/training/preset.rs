//! Values that a run starts from.

use super::config::{DatasetRef, Learning, RunConfig, Schedule};
use super::device::DeviceId;
use crate::dataset::{Augment, Normalization};
use crate::model::{FinalUpsampling, Trunk, Variant};

/// The preset of a trunk. `vgg16` has the seed's values (train 224x224, test
/// 256x256, batch 1, learning rate 1e-4, momentum 0.99, weight decay 5e-4);
/// `vgg16-slim`, which starts from random weights with batch normalization,
/// learns fast with a larger rate and batch.
pub fn preset(trunk: Trunk) -> RunConfig {
    let slim = trunk == Trunk::Vgg16Slim;
    RunConfig {
        dataset: DatasetRef::Sample,
        variant: Variant::Fcn8s,
        trunk,
        device: DeviceId::Cpu,
        epochs: if slim { 40 } else { 20 },
        max_steps: None,
        batch_size: if slim { 4 } else { 1 },
        learning: if slim {
            Learning { learning_rate: 0.05, momentum: 0.9, weight_decay: 5e-4, schedule: Schedule::Poly }
        } else {
            Learning { learning_rate: 1e-4, momentum: 0.99, weight_decay: 5e-4, schedule: Schedule::Fixed }
        },
        dropout: 0.5,
        final_upsampling: FinalUpsampling::Learned,
        augment: Augment {
            crop: if slim { [160, 128] } else { [224, 224] },
            scale: [1.0, 1.0],
            flip: true,
            brightness: 0.0,
        },
        test_size: (!slim).then_some([256, 256]),
        normalization: Normalization::IMAGENET,
        seed: 0,
        workers: 1,
        preview_images: 4,
        preview_secs: 2.0,
    }
}
