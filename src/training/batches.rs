//! The batches of a run: how they are made, and what is random in each.

use std::sync::Arc;

use super::config::{RunConfig, SampleOrder};
use crate::dataset::{BatchPlan, Dataset};

/// How the training images of `dataset` become batches.
pub fn batch_plan(config: &RunConfig, dataset: &Dataset) -> BatchPlan {
    BatchPlan {
        items: Arc::new(dataset.train.clone()),
        reader: dataset.mask_reader(),
        augment: config.augment.clone(),
        normalization: config.normalization.clone(),
        batch_size: config.batch_size,
        seed: config.seed,
        shuffle: config.order == SampleOrder::Shuffled,
        // Whoever has counted the classes sets it.
        sampling: None,
        workers: config.workers,
        cache: Arc::default(),
        // Whoever has opened them sets them.
        stored: None,
    }
}

/// Mixes seed and number of a batch so that neighboring batches draw unrelated numbers
/// (SplitMix64's increment).
pub(super) fn batch_seed(seed: u64, batch: usize) -> u64 {
    seed ^ (batch as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
