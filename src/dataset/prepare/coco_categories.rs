//! The categories of COCO's documents, and the labels that they become.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::dataset::VOID;
use crate::dataset::classes::is_background;

/// A category, as a document writes it.
#[derive(Debug, Deserialize)]
pub(super) struct Category {
    pub(super) id: u64,
    pub(super) name: String,
}

/// The categories of all documents.
pub(super) struct Categories {
    /// Their names, in the order of the labels from 1; one that is called background or bg has label 0.
    pub(super) names: Vec<String>,
    /// The label of each id, by document.
    pub(super) labels: Vec<BTreeMap<u64, u8>>,
    /// Whether names tell them apart, as the documents number them differently.
    pub(super) are_by_name: bool,
}

impl Categories {
    pub(super) fn of(documents: &[&[Category]]) -> Self {
        let all = || documents.iter().copied().flatten();
        let by_id: BTreeMap<u64, &str> = all()
            .map(|category| (category.id, category.name.as_str()))
            .collect();
        let distinct: BTreeSet<&str> = all().map(|category| category.name.as_str()).collect();
        let have_one_name = all().all(|category| by_id.get(&category.id) == Some(&&*category.name));
        // In one document two of a name are two classes, which a check tells.
        let are_by_name = documents.len() > 1 && !(have_one_name && distinct.len() == by_id.len());
        let mut names: Vec<&str> = Vec::new();
        if are_by_name {
            for category in all() {
                if !names.contains(&category.name.as_str()) {
                    names.push(&category.name);
                }
            }
        } else {
            names.extend(by_id.values());
        }
        // What lies around all objects is a class already.
        names.retain(|name| !is_background(name));
        let label_of = |category: &Category| {
            if is_background(&category.name) {
                return Some((category.id, 0));
            }
            let mut known = (1..VOID).zip(&names);
            known
                .find(|(_, name)| **name == category.name)
                .map(|(label, _)| (category.id, label))
        };
        let by_number = || {
            let mut labels = 1..VOID;
            let label = |(id, name): (&u64, &&str)| {
                let own = if is_background(name) {
                    Some(0)
                } else {
                    labels.next()
                };
                own.map(|label| (*id, label))
            };
            by_id.iter().filter_map(label).collect()
        };
        let labels = documents.iter().map(|document| {
            if are_by_name {
                document.iter().filter_map(label_of).collect()
            } else {
                by_number()
            }
        });
        Self {
            labels: labels.collect(),
            names: names.into_iter().map(str::to_owned).collect(),
            are_by_name,
        }
    }
}
