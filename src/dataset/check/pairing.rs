//! Rules about how images and masks were put together.

use std::path::PathBuf;

use super::finding::{Finding, FindingKind, Severity};
use crate::dataset::{Confidence, Dataset, ReviewedPair};

/// Pairs that folders speak against, while their names go together.
pub(super) fn find(dataset: &Dataset) -> Option<Finding> {
    let review = dataset.review.as_ref()?;
    let is_unsure = |pair: &&ReviewedPair| pair.confidence < Confidence::High;
    let unsure: Vec<&ReviewedPair> = review.pairs.iter().filter(is_unsure).collect();
    let first = unsure.first()?;
    let reason = format!(
        "these masks were put beside their images by a guess ({}). Look at the pairs, and accept or change them",
        first.reason
    );
    // Masks that were drawn are in the cache, where nobody looks.
    let named = |pair: &&ReviewedPair| pair.document.as_ref().unwrap_or(&pair.mask).clone();
    let files: Vec<PathBuf> = unsure.iter().map(named).collect();
    let masks = unsure.iter().map(|pair| pair.mask.clone());
    Some(Finding {
        all_files: masks.collect(),
        ..Finding::new(Severity::Warning, FindingKind::GuessedPairs, &files, reason)
    })
}
