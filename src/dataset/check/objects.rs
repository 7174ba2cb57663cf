//! Masks that number the objects of each image, and say nothing about classes.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::Facts;
use super::finding::{Finding, FindingKind, Severity};
use crate::dataset::VOID;

/// Fewer masks with objects say nothing.
const MIN_MASKS: usize = 4;
/// How many different numbers of objects masks have, at least.
const MIN_COUNTS: usize = 3;
/// Fewer labels can be classes by chance.
const MIN_LABELS: usize = 4;

/// Masks whose labels are 1 to a number of their own: of classes, some are missing in between.
pub(super) fn find(facts: &Facts<'_>) -> Option<Finding> {
    let mut counts = BTreeSet::new();
    let mut masks: Vec<PathBuf> = Vec::new();
    for item in &facts.items {
        let raw = item.raw_counts()?;
        let labels = raw.iter().map(|(label, _)| *label);
        let objects: Vec<u8> = labels.filter(|label| ![0, VOID].contains(label)).collect();
        if !objects.iter().copied().eq((1..).take(objects.len())) {
            return None;
        }
        if !objects.is_empty() {
            counts.insert(objects.len());
            masks.push(item.mask_path.clone());
        }
    }
    let most = counts.last().copied().unwrap_or(0);
    if masks.len() < MIN_MASKS || counts.len() < MIN_COUNTS || most < MIN_LABELS {
        return None;
    }
    let reason = format!(
        "the labels of each mask are 1 to a number of its own, up to {most}: so objects are numbered, and not classes. If \
         they are of one class, write them all as 1, or give one class all these labels in class-map.toml"
    );
    let kind = FindingKind::NumberedObjects;
    Some(Finding::new(Severity::Warning, kind, &masks, reason))
}
