//! Rules about how images and masks were put together.

use std::path::PathBuf;

use super::finding::{Finding, FindingKind, Severity};
use crate::dataset::{Confidence, Dataset, ReviewedPair};

/// Pairs that folders speak against, while their names go together.
pub(super) fn find(dataset: &Dataset) -> Option<Finding> {
    let review = dataset.review.as_ref()?;
    let is_unsure = |pair: &&ReviewedPair| pair.confidence < Confidence::High;
    let masks: Vec<PathBuf> = review
        .pairs
        .iter()
        .filter(is_unsure)
        .map(|pair| pair.mask.clone())
        .collect();
    let first = review.pairs.iter().find(is_unsure)?;
    let reason = format!(
        "these masks were put beside their images by a guess ({}). Look at the pairs, and accept or change them",
        first.reason
    );
    let kind = FindingKind::GuessedPairs;
    Some(Finding::new(Severity::Warning, kind, &masks, reason))
}
