//! Masks that count classes from 1 among masks that count them from 0.

use std::collections::BTreeMap;

use strum::VariantArray as _;

use super::Facts;
use super::facts::ItemFacts;
use super::finding::{Finding, FindingKind, Fix, Severity, list_name};
use crate::dataset::{Split, VOID};
use crate::text::plural;

/// Which of the two labels that tell the counting a mask has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Has {
    /// 0: it counts from 0.
    First,
    /// The number of classes: it counts from 1, or the label is something else.
    Last,
    Both,
    Neither,
}

fn has(item: &ItemFacts, top: u8) -> Option<Has> {
    let mut labels = item.raw_counts()?.iter().map(|(label, _)| *label);
    // A mask without labels says nothing.
    labels.clone().any(|label| label != VOID).then(|| {
        let first = labels.clone().any(|label| label == 0);
        match (first, labels.any(|label| label == top)) {
            (true, false) => Has::First,
            (false, true) => Has::Last,
            (true, true) => Has::Both,
            (false, false) => Has::Neither,
        }
    })
}

/// The finding where the one label that is no class is `top`, the number of classes, and some masks have 0.
pub(super) fn find(facts: &Facts<'_>, top: u8) -> Option<Finding> {
    // Where it stands beside class 0, it is something else than the last class.
    let any = |wanted: Has| {
        facts
            .items
            .iter()
            .any(|item| has(item, top) == Some(wanted))
    };
    if any(Has::Both) || !any(Has::Last) || !any(Has::First) {
        return None;
    }
    let whole: Vec<Split> = whole_lists(facts, top);
    let (mut shifted, mut unclear) = (Vec::new(), 0);
    for item in &facts.items {
        match has(item, top) {
            Some(Has::Last) => shifted.push(item.mask_path.clone()),
            Some(Has::Neither) if whole.contains(&item.split) => {
                shifted.push(item.mask_path.clone());
            }
            Some(Has::Neither) => unclear += 1,
            _ => {}
        }
    }
    let only_whole = facts
        .items
        .iter()
        .all(|item| has(item, top) != Some(Has::Last) || whole.contains(&item.split));
    let who = if only_whole {
        let lists: Vec<&str> = whole.iter().map(|split| list_name(*split)).collect();
        format!("the masks of the {} list", lists.join(" and the "))
    } else {
        "these masks".to_owned()
    };
    let reason = format!(
        "{who} seem to count classes from 1, while others count from 0: they have label {top} and no 0, and with {top} \
         classes the labels are 0 to {}. So each label would be the class after its own. Look at them, and subtract 1 from \
         their labels; if {top} means \"not labeled\" in them, write 255 instead",
        top - 1
    );
    let kind = FindingKind::OffByOne;
    if unclear > 0 {
        let reason = format!(
            "{reason}. {} neither 0 nor {top} and may be shifted too",
            plural(unclear, "other mask has", "other masks have")
        );
        return Some(Finding::new(Severity::Error, kind, &shifted, reason));
    }
    let map: BTreeMap<u8, u8> = (1..=top).map(|label| (label, label - 1)).collect();
    let finding = Finding::new(Severity::Error, kind, &shifted, reason);
    Some(finding.with_fix(Fix::RemapGuessed { map }))
}

/// Lists that have `top` and no 0 in any mask.
pub(super) fn whole_lists(facts: &Facts<'_>, top: u8) -> Vec<Split> {
    let is_whole = |split: &&Split| {
        let all = || facts.of(**split).map(|item| has(item, top));
        let is_without_0 = |has: Option<Has>| !matches!(has, Some(Has::First | Has::Both));
        all().any(|has| has == Some(Has::Last)) && all().all(is_without_0)
    };
    Split::VARIANTS.iter().filter(is_whole).copied().collect()
}
