//! Masks of 0 and 255 alone, as many programs write an object on its background. Here 255 means
//! void, and the object would be left out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::Facts;
use super::facts::ItemFacts;
use super::finding::{Finding, FindingKind, Fix, Severity};
use crate::dataset::{Split, VOID};

/// The finding where all masks of both lists are so.
pub(super) fn in_all_masks(facts: &Facts<'_>) -> Option<Finding> {
    let items: Vec<&ItemFacts> = facts.items.iter().collect();
    if facts.classes.len() < 2 || !are_binary(&items) {
        return None;
    }
    let name = facts.classes.name(1);
    let reason = format!(
        "the masks hold only 0 and 255. 255 means void, so that everything but class 0 would be left out of training and \
         scores, and every score would be 100 %. If 255 is {name}, write the masks with 1 instead"
    );
    let kind = FindingKind::ObjectsAreVoid;
    let finding = Finding::new(Severity::Error, kind, &masks(&items), reason);
    Some(finding.with_fix(one_for_255()))
}

/// Findings where the masks of one list are so, or some masks among others.
pub(super) fn in_some_masks(facts: &Facts<'_>) -> Vec<Finding> {
    let all: Vec<&ItemFacts> = facts.items.iter().collect();
    // That is a finding about all masks.
    if facts.classes.len() < 2 || are_binary(&all) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let lists = [Split::Train, Split::Val].map(|split| facts.of(split).collect::<Vec<_>>());
    let [train, val] = [0, 1].map(|list| are_binary(&lists[list]));
    for (is_so, list, name, effect) in [
        (
            train,
            &lists[0],
            "training",
            "nothing but class 0 would be trained",
        ),
        (
            val,
            &lists[1],
            "validation",
            "everything but class 0 would be left out of the scores, which would be 100 %",
        ),
    ] {
        if is_so {
            let reason = format!(
                "the masks of the {name} list hold only 0 and 255, those of the other list do not. 255 means void, so that \
                 {effect}. {}",
                advice(facts)
            );
            findings.push(found(facts, Severity::Error, list, reason));
        }
    }
    let are_told = |item: &&ItemFacts| {
        (item.split == Split::Train && train) || (item.split == Split::Val && val)
    };
    let others_have_void = facts
        .items
        .iter()
        .any(|item| !is_binary(item) && has_255(item));
    // Where the others use void as well, it is the objects that have an area of it.
    let is_object = |item: &&ItemFacts| {
        let deep = item
            .labels
            .as_ref()
            .is_ok_and(|labels| labels.deep_void > 0);
        is_binary(item) && (deep || !others_have_void)
    };
    let some: Vec<&ItemFacts> = facts
        .items
        .iter()
        .filter(is_object)
        .filter(|item| !are_told(item))
        .collect();
    if !some.is_empty() {
        let reason = format!(
            "these masks hold only 0 and 255, while others hold the labels of classes. 255 means void: if it is an object \
             here, it is left out of training and scores. {}",
            advice(facts)
        );
        findings.push(found(facts, Severity::Warning, &some, reason));
    }
    findings
}

fn advice(facts: &Facts<'_>) -> String {
    if can_be_fixed(facts) {
        let name = facts.classes.name(1);
        return format!("If 255 is {name}, write 1 instead");
    }
    "If 255 is an object, write the label of its class instead".to_owned()
}

fn found(facts: &Facts<'_>, severity: Severity, items: &[&ItemFacts], reason: String) -> Finding {
    let kind = FindingKind::ObjectsAreVoid;
    let finding = Finding::new(severity, kind, &masks(items), reason);
    if can_be_fixed(facts) {
        finding.with_fix(one_for_255())
    } else {
        finding
    }
}

/// Whether 255 can only mean the one class beside the background, in all masks that have it.
fn can_be_fixed(facts: &Facts<'_>) -> bool {
    let mut with_255 = facts.items.iter().filter(|item| has_255(item));
    facts.classes.len() == 2 && with_255.all(is_binary)
}

fn one_for_255() -> Fix {
    Fix::Remap {
        map: BTreeMap::from([(VOID, 1)]),
    }
}

pub(super) fn masks(items: &[&ItemFacts]) -> Vec<PathBuf> {
    items.iter().map(|item| item.mask_path.clone()).collect()
}

fn has_255(item: &ItemFacts) -> bool {
    let counts = item.raw_counts().unwrap_or_default();
    counts.iter().any(|(label, _)| *label == VOID)
}

/// Whether a mask has both 0 and 255 and nothing else, and 255 means void.
fn is_binary(item: &ItemFacts) -> bool {
    are_binary(&[item])
}

/// The same of all masks together.
pub(super) fn are_binary(items: &[&ItemFacts]) -> bool {
    let (mut raw, mut read) = (BTreeSet::new(), BTreeSet::new());
    for item in items {
        let (Some(counts), Ok(labels)) = (item.raw_counts(), &item.labels) else {
            return false;
        };
        raw.extend(counts.iter().map(|(label, _)| *label));
        read.extend(labels.counts.iter().map(|(label, _)| *label));
    }
    let both = BTreeSet::from([0, VOID]);
    raw == both && read == both
}
