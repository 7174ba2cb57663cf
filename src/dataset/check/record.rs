//! What a dataset was when a run began, so that a later change can be told.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::finding::{Finding, FindingKind, Severity};
use crate::dataset::{Dataset, DatasetItem, Split};
use crate::text::plural;

/// Names and lengths of all files, in short. A dataset that was moved stays the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatasetRecord {
    /// Pairs of the training list.
    pub train: usize,
    /// Pairs of the validation list.
    pub val: usize,
    /// SHA-256 over names and lengths of the training list.
    pub train_sha256: String,
    /// The same of the validation list.
    pub val_sha256: String,
}

impl DatasetRecord {
    /// Looks at the files without reading them.
    pub fn of(dataset: &Dataset) -> Self {
        Self {
            train: dataset.train.len(),
            val: dataset.val.len(),
            train_sha256: list_digest(dataset.items(Split::Train)),
            val_sha256: list_digest(dataset.items(Split::Val)),
        }
    }

    /// What has changed since; `None` = nothing.
    pub fn changes(&self, dataset: &Dataset) -> Option<Finding> {
        let now = Self::of(dataset);
        if now == *self {
            return None;
        }
        let mut changes = Vec::new();
        for (list, then, is) in [
            (
                "training",
                (self.train, &self.train_sha256),
                (now.train, &now.train_sha256),
            ),
            (
                "validation",
                (self.val, &self.val_sha256),
                (now.val, &now.val_sha256),
            ),
        ] {
            if then.0 != is.0 {
                changes.push(format!(
                    "the {list} list has {} instead of {}",
                    plural(is.0, "image", "images"),
                    then.0
                ));
            } else if then.1 != is.1 {
                changes.push(format!("files of the {list} list were renamed or changed"));
            }
        }
        let reason = format!(
            "the dataset is not as it was when the run began: {}. Scores from before and from now do not compare",
            changes.join(", and ")
        );
        let kind = FindingKind::ChangedSinceRun;
        Some(Finding::new(Severity::Warning, kind, &[], reason).counting(changes.len()))
    }
}

/// SHA-256 over the names of a list and the lengths of its files, which are not read.
pub fn list_digest(items: &[DatasetItem]) -> String {
    let mut digest = Sha256::new();
    for item in items {
        let length = |path| std::fs::metadata(path).map_or(0, |meta: std::fs::Metadata| meta.len());
        let line = format!(
            "{} {} {}\n",
            item.id,
            length(&item.image),
            length(&item.mask)
        );
        digest.update(line.as_bytes());
    }
    let mut hex = String::new();
    for byte in digest.finalize() {
        // Writing to a string cannot fail.
        write!(hex, "{byte:02x}").ok();
    }
    hex
}
