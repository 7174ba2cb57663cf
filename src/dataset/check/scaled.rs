//! Masks whose labels were spread over the gray values from black to white, to be looked at: 0, 127 and 255
//! for three classes. The brightest class is void then, and the others are labels that nobody has.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::Facts;
use super::facts::ItemFacts;
use super::finding::{Finding, FindingKind, Fix, Severity};
use crate::dataset::{ClassList, VOID};

/// With more values, any set of labels looks spread.
const MOST: usize = 16;

/// The finding about all masks together; two values are [`binary`](super::binary).
pub(super) fn find(facts: &Facts<'_>) -> Option<Finding> {
    let mut used = BTreeSet::new();
    for item in &facts.items {
        used.extend(item.raw_counts()?.iter().map(|(label, _)| *label));
    }
    let used: Vec<u8> = used.into_iter().collect();
    if !(3..=MOST).contains(&used.len()) || !is_spread(&used) || is_taken_care_of(facts) {
        return None;
    }
    let classes = facts.classes.len();
    let count = used.len();
    let values: Vec<String> = used.iter().map(u8::to_string).collect();
    let is_numbered = *facts.classes == ClassList::numbered(classes);
    let can_be_fixed = classes == count || is_numbered;
    let advice = if can_be_fixed {
        format!(
            "If they are classes, write the masks with 0 to {} instead",
            count - 1
        )
    } else {
        format!(
            "If they are classes, name {count} classes in the class list, and write the masks with 0 to {} instead",
            count - 1
        )
    };
    let reason = format!(
        "the masks hold {count} gray values that are spread evenly from black to white: {}. 255 means void, so that \
         the last of them would be left out of training and scores. {advice}",
        values.join(", ")
    );
    let masks: Vec<PathBuf> = facts
        .items
        .iter()
        .map(|item| item.mask_path.clone())
        .collect();
    let kind = FindingKind::ObjectsAreVoid;
    let finding = Finding::new(Severity::Error, kind, &masks, reason);
    let map: BTreeMap<u8, u8> = used.into_iter().zip(0..).skip(1).collect();
    Some(if can_be_fixed {
        finding.with_fix(Fix::Remap { map })
    } else {
        finding
    })
}

fn is_spread(used: &[u8]) -> bool {
    let step = f64::from(VOID) / (used.len() - 1) as f64;
    let mut values = used.iter().zip(0..);
    values.all(|(value, place)| (f64::from(*value) - step * f64::from(place)).abs() < 1.0)
}

/// Whether labels got another meaning while reading.
fn is_taken_care_of(facts: &Facts<'_>) -> bool {
    let is_as_it_was =
        |item: &ItemFacts| item.labels.is_err() || item.raw_counts() == Some(item.counts());
    !facts.items.iter().all(is_as_it_was)
}
