//! Rules about the class list alone.

use std::collections::BTreeMap;

use super::finding::{Finding, FindingKind, Severity};
use crate::dataset::{Dataset, MaskColors, VOID};

/// What is not labeled is called so in many lists.
const VOID_NAMES: [&str; 8] = [
    "void",
    "unlabeled",
    "unlabelled",
    "not labeled",
    "ignore",
    "ignored",
    "don't care",
    "dontcare",
];

/// Classes that people or colors cannot tell apart, and a class that may be none.
pub(super) fn find(dataset: &Dataset) -> Option<Finding> {
    let classes = &dataset.classes;
    let (mut names, mut colors) = (BTreeMap::new(), BTreeMap::new());
    let mut void = Vec::new();
    for (label, class) in (0..VOID).zip(classes) {
        let name = class.name.trim().to_lowercase();
        if VOID_NAMES.contains(&name.as_str()) {
            void.push(label);
        }
        names.entry(name).or_insert_with(Vec::new).push(label);
        colors
            .entry(class.color)
            .or_insert_with(Vec::new)
            .push(label);
    }
    let mut reasons = Vec::new();
    let named = |label: &u8| format!("{} ({label})", classes.name(*label));
    let all = |labels: &[u8]| labels.iter().map(named).collect::<Vec<_>>().join(" and ");
    if let Some(same) = names.values().find(|labels| labels.len() > 1) {
        reasons.push(format!(
            "{} have one name and are trained as different classes",
            all(same)
        ));
    }
    // Without colors in a list they are only what is shown.
    let same_color = colors.values().find(|labels| labels.len() > 1);
    if let Some(same) = same_color.filter(|_| dataset.mask_colors != MaskColors::Assumed) {
        reasons.push(format!(
            "{} have one color, which in masks of colors means the first of them",
            all(same)
        ));
    }
    if !void.is_empty() {
        reasons.push(format!(
            "{} is trained and scored like any other class; if it means that nothing is labeled, write its label as \
             \"void\" into class-map.toml beside the dataset",
            all(&void)
        ));
    }
    let reason = format!("the class list is ambiguous: {}", reasons.join("; "));
    let finding = Finding::new(
        Severity::Warning,
        FindingKind::AmbiguousClasses,
        &[],
        reason,
    );
    (!reasons.is_empty()).then(|| finding.counting(reasons.len()))
}
