//! Masks that are called as other images than theirs: a list was shifted, or put together from two orders.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::Facts;
use super::facts::ItemFacts;
use super::finding::{Finding, FindingKind, Severity};
use crate::dataset::folded_name;

/// Pairs below `root`: masks that were drawn lie elsewhere, and their names say nothing.
pub(super) fn find(facts: &Facts<'_>, root: &Path) -> Option<Finding> {
    let mut masks_of: HashMap<String, HashSet<&Path>> = HashMap::new();
    for item in &facts.items {
        let masks = masks_of.entry(name(&item.image_path)).or_default();
        masks.insert(&item.mask_path);
    }
    let other_mask = |item: &ItemFacts| {
        let called = name(&item.mask_path);
        if called == name(&item.image_path) || !item.mask_path.starts_with(root) {
            return None;
        }
        // A mask that both images have is a finding of its own.
        let own = masks_of.get(&called)?;
        let other = own.iter().min()?;
        (!own.contains(item.mask_path.as_path())).then(|| other.to_path_buf())
    };
    let crossed: Vec<(&ItemFacts, PathBuf)> = facts
        .items
        .iter()
        .filter_map(|item| Some((item, other_mask(item)?)))
        .collect();
    let (first, other) = crossed.first()?;
    let shown = |path: &Path| {
        path.strip_prefix(root)
            .unwrap_or(path)
            .display()
            .to_string()
    };
    let reason = format!(
        "these masks are called as other images than those that they are listed with, such as {} for {}, while the image \
         of its name has {}. Check that the list was not shifted or sorted in two ways",
        shown(&first.mask_path),
        shown(&first.image_path),
        shown(other)
    );
    let masks: Vec<PathBuf> = crossed
        .iter()
        .map(|(item, _)| item.mask_path.clone())
        .collect();
    let kind = FindingKind::CrossedPairs;
    Some(Finding::new(Severity::Warning, kind, &masks, reason))
}

fn name(path: &Path) -> String {
    folded_name(&path.file_stem().unwrap_or_default().to_string_lossy())
}
