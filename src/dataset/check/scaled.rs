//! Masks whose labels were spread over gray values, to be looked at: 0, 127 and 255 for three classes, or 0, 127 and
//! 254. 255 is void then, and the others are labels that nobody has.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::Facts;
use super::facts::ItemFacts;
use super::finding::{Finding, FindingKind, Fix, Severity};
use crate::dataset::{ClassList, VOID};

/// With more values, any set of labels looks spread.
const MOST: usize = 16;
/// Labels that are closer are those of some classes out of many.
const LEAST_STEP: f64 = 8.0;

/// The finding about all masks together; 0 and 255 alone are [`binary`](super::binary).
pub(super) fn find(facts: &Facts<'_>) -> Option<Finding> {
    let mut used = BTreeSet::new();
    // A mask that cannot be read has a finding of its own, and says nothing here.
    for item in facts.items.iter().filter(|item| item.raw.is_some()) {
        used.extend(item.raw_counts()?.iter().map(|(label, _)| *label));
    }
    let used: Vec<u8> = used.into_iter().collect();
    if is_taken_care_of(facts) {
        return None;
    }
    match used.split_last() {
        Some((&VOID, others)) => up_to_white(facts, &used).or_else(|| below_white(facts, others)),
        _ => below_white(facts, &used),
    }
}

/// Values that end with 255, which means void.
fn up_to_white(facts: &Facts<'_>, used: &[u8]) -> Option<Finding> {
    if used.len() < 3 || !are_spread(used, LEAST_STEP) {
        return None;
    }
    let count = used.len();
    let can_be_fixed = facts.classes.len() == count || are_numbered(facts);
    let advice = if can_be_fixed {
        advice(count)
    } else {
        format!(
            "If they are classes, name {count} classes in the class list, and write the masks with 0 to {} instead",
            count - 1
        )
    };
    let reason = format!(
        "the masks hold {count} gray values that are spread evenly from black to white: {}. 255 means void, so that \
         the last of them would be left out of training and scores. {advice}",
        listed(used)
    );
    let kind = FindingKind::ObjectsAreVoid;
    let finding = Finding::new(Severity::Error, kind, &masks(facts), reason);
    Some(if can_be_fixed {
        finding.with_fix(Fix::Remap {
            map: in_order(used),
        })
    } else {
        finding
    })
}

/// Values that end before, without 255: as many as the class list has classes, or of classes that nobody named.
fn below_white(facts: &Facts<'_>, used: &[u8]) -> Option<Finding> {
    let count = used.len();
    let is_numbered = are_numbered(facts);
    // Of two values for two classes, the second can be nothing but the second class.
    let least_step = if count == 2 && !is_numbered {
        2.0
    } else {
        LEAST_STEP
    };
    if !are_spread(used, least_step) {
        return None;
    }
    let kind = FindingKind::UnknownLabels;
    if is_numbered {
        // Nobody says how many classes there are, so that it works as long as they fit, with many that never occur.
        let fits = facts.items.iter().all(|item| item.labels.is_ok());
        let severity = if fits {
            Severity::Warning
        } else {
            Severity::Error
        };
        let reason = format!(
            "the masks hold {count} values at even distances: {}. Each would be the class of its number, of {} classes. \
             {}",
            listed(used),
            facts.classes.len(),
            advice(count)
        );
        let finding = Finding::new(severity, kind, &masks(facts), reason);
        return Some(finding.with_fix(Fix::RemapGuessed {
            map: in_order(used),
        }));
    }
    let is_known = used
        .iter()
        .all(|label| usize::from(*label) < facts.classes.len());
    if is_known || facts.classes.len() != count {
        return None;
    }
    let reason = format!(
        "the masks hold as many values as there are classes, at even distances: {}. But classes are labels from 0 to {}. \
         {}",
        listed(used),
        count - 1,
        advice(count)
    );
    let finding = Finding::new(Severity::Error, kind, &masks(facts), reason);
    Some(finding.with_fix(Fix::Remap {
        map: in_order(used),
    }))
}

/// Each value as the number of its place; 0 stays.
fn in_order(used: &[u8]) -> BTreeMap<u8, u8> {
    used.iter().copied().zip(0..).skip(1).collect()
}

fn advice(count: usize) -> String {
    format!(
        "If they are classes, write the masks with 0 to {} instead",
        count - 1
    )
}

fn listed(used: &[u8]) -> String {
    let values: Vec<String> = used.iter().map(u8::to_string).collect();
    values.join(", ")
}

fn masks(facts: &Facts<'_>) -> Vec<PathBuf> {
    let masks = facts.items.iter().map(|item| item.mask_path.clone());
    masks.collect()
}

/// Whether nobody said how many classes there are.
fn are_numbered(facts: &Facts<'_>) -> bool {
    *facts.classes == ClassList::numbered(facts.classes.len())
}

/// Whether values start at 0 and have one distance, but for what was rounded.
fn are_spread(used: &[u8], least_step: f64) -> bool {
    let (Some(0), Some(last), 2..=MOST) = (used.first(), used.last(), used.len()) else {
        return false;
    };
    let step = f64::from(*last) / (used.len() - 1) as f64;
    let mut values = used.iter().zip(0..);
    step >= least_step
        && values.all(|(value, place)| (f64::from(*value) - step * f64::from(place)).abs() < 1.0)
}

/// Whether labels got another meaning while reading.
fn is_taken_care_of(facts: &Facts<'_>) -> bool {
    let is_as_it_was =
        |item: &ItemFacts| item.labels.is_err() || item.raw_counts() == Some(item.counts());
    !facts.items.iter().all(is_as_it_was)
}
