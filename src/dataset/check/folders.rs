//! Rules about files that lie beside those of the lists.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::finding::{Finding, FindingKind, Severity};
use crate::dataset::{Dataset, has_image_extension};

/// Files of the folders of images and masks that have no other half. Only where each half has a
/// folder of its own do names tell.
pub(super) fn find(dataset: &Dataset) -> Vec<Finding> {
    let items = || dataset.train.iter().chain(&dataset.val);
    let folders = |path: fn(&crate::dataset::DatasetItem) -> &Path| -> BTreeSet<PathBuf> {
        let parents = items().filter_map(|item| path(item).parent());
        parents.map(Path::to_owned).collect()
    };
    let (image_folders, mask_folders) = (folders(|item| &item.image), folders(|item| &item.mask));
    let same_stems = items().all(|item| item.image.file_stem() == item.mask.file_stem());
    if !same_stems || !image_folders.is_disjoint(&mask_folders) {
        return Vec::new();
    }
    let (images, masks) = (by_stem(&image_folders), by_stem(&mask_folders));
    let lacking = |these: &BTreeMap<String, PathBuf>, others: &BTreeMap<String, PathBuf>| {
        let alone = these.iter().filter(|(stem, _)| !others.contains_key(*stem));
        alone
            .map(|(_, path)| path.clone())
            .collect::<Vec<PathBuf>>()
    };
    let rules = [
        (
            Severity::Warning,
            FindingKind::MasksWithoutImage,
            lacking(&masks, &images),
            "these masks have no image of their name and are not used",
        ),
        (
            Severity::Info,
            FindingKind::ImagesWithoutMask,
            lacking(&images, &masks),
            "these images have no mask of their name and are not used",
        ),
    ];
    rules
        .into_iter()
        .filter(|(_, _, files, _)| !files.is_empty())
        .map(|(severity, kind, files, reason)| Finding::new(severity, kind, &files, reason))
        .collect()
}

/// The pictures of some folders by name without extension, hidden ones left out.
fn by_stem(folders: &BTreeSet<PathBuf>) -> BTreeMap<String, PathBuf> {
    let mut files = BTreeMap::new();
    for folder in folders {
        // What cannot be listed has been read by name before, and is no finding.
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let Some(stem) = path
                .file_stem()
                .map(|stem| stem.to_string_lossy().into_owned())
            else {
                continue;
            };
            if !stem.starts_with('.') && has_image_extension(&path) {
                files.insert(stem, path);
            }
        }
    }
    files
}
