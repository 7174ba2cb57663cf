//! What is said of the pairs of images and masks: notes, and the list for people to look at.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::Arc;

use super::super::review::{PairReview, ReviewedPair};
use super::{EQUAL, Found, Note, NoteTopic, Pair};
use crate::text::plural;

/// How pairs were made, and what has no partner.
pub(super) fn notes(pairs: &[Pair], images: &[Found], masks: &[Found]) -> Vec<Note> {
    let mut by_rule: BTreeMap<&str, usize> = BTreeMap::new();
    for pair in pairs {
        *by_rule.entry(&pair.rule).or_default() += 1;
    }
    let mut notes: Vec<Note> = by_rule
        .into_iter()
        .map(|(rule, count)| {
            let pairs = plural(count, "pair", "pairs");
            let text = format!("{pairs} of image and mask by {rule}");
            if rule == EQUAL {
                Note::found(NoteTopic::Pairing, text)
            } else {
                Note::assumed(NoteTopic::Pairing, text)
            }
        })
        .collect();
    let paired: HashSet<&OsStr> = pairs
        .iter()
        .flat_map(|pair| [pair.item.image.as_os_str(), pair.item.mask.as_os_str()])
        .collect();
    for (files, what, other) in [(images, "images", "mask"), (masks, "masks", "image")] {
        let alone: Vec<&Found> = files
            .iter()
            .filter(|file| !paired.contains(file.path.as_os_str()))
            .collect();
        if let Some(first) = alone.first() {
            let text = format!(
                "{} {what} without {} are left out, such as {}",
                alone.len(),
                if other == "image" {
                    "an image"
                } else {
                    "a mask"
                },
                first.path.display()
            );
            notes.push(Note::assumed(NoteTopic::Pairing, text));
        }
    }
    notes
}

/// What lies beside the masks and is none.
pub(super) fn note_of_copies(copies: &[Found]) -> Option<Note> {
    let first = copies.first()?;
    let text = format!(
        "{} in folders of colored copies or of objects left out, such as {}",
        plural(copies.len(), "file", "files"),
        first.path.display()
    );
    Some(Note::assumed(NoteTopic::Pairing, text))
}

/// All pairs with their reasons, where one of them is a guess.
pub(super) fn review(pairs: &[Pair], images: &[Found], masks: &[Found]) -> Option<Arc<PairReview>> {
    if pairs.iter().all(|pair| pair.rule == EQUAL) {
        return None;
    }
    let mut reviewed: Vec<ReviewedPair> = pairs
        .iter()
        .map(|pair| ReviewedPair {
            image: pair.item.image.clone(),
            mask: pair.item.mask.clone(),
            confidence: pair.confidence,
            reason: pair.rule.clone(),
            document: None,
        })
        .collect();
    reviewed.sort_by_key(|pair| pair.confidence);
    let paired: HashSet<&OsStr> = pairs
        .iter()
        .flat_map(|pair| [pair.item.image.as_os_str(), pair.item.mask.as_os_str()])
        .collect();
    let free = |files: &[Found]| {
        let paths = files.iter().map(|file| file.path.clone());
        paths
            .filter(|path: &PathBuf| !paired.contains(path.as_os_str()))
            .collect()
    };
    Some(Arc::new(PairReview {
        pairs: reviewed,
        free_masks: free(masks),
        free_images: free(images),
    }))
}
