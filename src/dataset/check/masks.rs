//! Rules about masks without images that are scored: true ones, and predictions of any program.

use super::Facts;
use super::binary;
use super::facts::ItemFacts;
use super::finding::{Finding, FindingKind, Severity};
use super::{labels, palettes, predicted, smoothed};

/// Findings about true masks.
pub(super) fn find_in_labels(facts: &Facts<'_>) -> Vec<Finding> {
    let mut found = labels::find_in_scored(facts);
    found.extend(predicted::find_in_labels(facts));
    found.extend(palettes::find(facts));
    // Reading the mask says which label and where.
    let is_meaning = |finding: &Finding| finding.kind != FindingKind::UnknownLabels;
    // There is no dataset of which a copy could be made.
    let of_masks = |finding: Finding| Finding {
        fix: None,
        ..finding
    };
    found.into_iter().filter(is_meaning).map(of_masks).collect()
}

/// Findings about predictions.
pub(super) fn find_in_predictions(facts: &Facts<'_>) -> Vec<Finding> {
    let items: Vec<&ItemFacts> = facts.items.iter().collect();
    let mut findings = Vec::new();
    if facts.classes.len() > 1 && binary::are_binary(&items) {
        let reason = format!(
            "the predictions hold only 0 and 255. 255 means void, of which each pixel counts as wrong. If 255 is {}, write \
             1 instead",
            facts.classes.name(1)
        );
        let kind = FindingKind::ObjectsAreVoid;
        findings.push(Finding::new(
            Severity::Error,
            kind,
            &binary::masks(&items),
            reason,
        ));
    }
    findings.extend(smoothed::find(facts, "these predictions"));
    if let Some(moved) = palettes::moved(facts) {
        let how = if moved.differ {
            "colors at other labels than others of them"
        } else {
            "the colors of the classes in another order than the classes"
        };
        let reason = format!(
            "the palettes of these predictions have {how}: {}. Labels count, so check that they mean the same classes as \
             those of the true masks",
            moved.example
        );
        let kind = FindingKind::PaletteOrder;
        findings.push(Finding::new(Severity::Warning, kind, &moved.masks, reason));
    }
    findings
}
