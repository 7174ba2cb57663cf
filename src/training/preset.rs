//! Values that a run starts from.

use super::checkpoint_policy::CheckpointPolicy;
use super::config::{DatasetRef, ExtraLogs, InitialWeights, RunConfig, SampleOrder};
use super::device::DeviceId;
use super::precision::Precision;
use super::recipe::{Recipe, Values};
use crate::dataset::Normalization;
use crate::model::{Trunk, Variant};

/// The preset of a trunk: the recipe [`Seed`](Recipe::Seed) for `vgg16`,
/// [`SlimFast`](Recipe::SlimFast) for `vgg16-slim`, which starts from random weights
/// with batch normalization and learns fast with a larger rate and batch, and for the others
/// the recipe of the code that their public weights come from.
pub fn preset(trunk: Trunk) -> RunConfig {
    let (recipe, variant) = match trunk {
        Trunk::Vgg16 => (Recipe::Seed, Variant::Fcn8s),
        Trunk::Vgg16Slim => (Recipe::SlimFast, Variant::Fcn8s),
        Trunk::Alexnet => (Recipe::AlexNet, Variant::Fcn32s),
        Trunk::Vgg16Bn | Trunk::Googlenet => (Recipe::Torchvision, Variant::Fcn8s),
        Trunk::Resnet50 => (Recipe::Torchvision, Variant::FcnResnet50),
        Trunk::Resnet101 => (Recipe::Torchvision, Variant::FcnResnet101),
    };
    let Values {
        learning,
        batch_size,
        dropout,
        final_upsampling,
        augment,
        test_size,
    } = recipe.values(variant.stride());
    RunConfig {
        dataset: DatasetRef::Sample,
        variant,
        trunk,
        geometry: trunk.geometries()[0],
        aux_head: false,
        init: InitialWeights::Random,
        device: DeviceId::Cpu,
        precision: Precision::F32,
        recompute_activations: false,
        epochs: if trunk == Trunk::Vgg16Slim { 40 } else { 20 },
        max_steps: None,
        batch_size,
        learning,
        dropout,
        final_upsampling,
        augment,
        batches: None,
        order: SampleOrder::Shuffled,
        rare_sampling: None,
        test_size,
        normalization: Normalization::IMAGENET,
        seed: 0,
        workers: 1,
        decoded_cache: None,
        early_stop: None,
        ema: None,
        checkpoints: CheckpointPolicy::default(),
        extra_logs: ExtraLogs::default(),
        preview_images: 4,
        preview_secs: 2.0,
        film_secs: None,
        probe_images: Vec::new(),
    }
}
