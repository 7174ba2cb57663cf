//! The batches of a run: how they are made, and what is random in each.

use std::sync::Arc;

use super::config::{DecodedCache, RunConfig, SampleOrder};
use crate::dataset::{BatchPlan, Dataset, DecodeCache, DiskCache};

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
        cache: Arc::new(decode_cache(config)),
        // Whoever has opened them sets them.
        stored: None,
    }
}

fn decode_cache(config: &RunConfig) -> DecodeCache {
    let Some(DecodedCache { folder, gib }) = &config.decoded_cache else {
        return DecodeCache::default();
    };
    let bytes = gib * (1_u64 << 30) as f64;
    DecodeCache::with_disk(DiskCache::new(folder.clone(), bytes as u64))
}

/// Mixes seed and number of a batch so that neighboring batches draw unrelated numbers
/// (SplitMix64's increment).
pub(super) fn batch_seed(seed: u64, batch: usize) -> u64 {
    seed ^ (batch as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
