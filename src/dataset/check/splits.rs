//! Rules about images that are in a list where they should not be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::Facts;
use super::facts::ItemFacts;
use super::finding::{Finding, FindingKind, Severity};
use super::picture_hash::{PictureHash, Pictures};
use crate::dataset::{DatasetItem, Split};

/// All findings.
pub(super) fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let train = by_file(facts, Split::Train);
    let val = by_file(facts, Split::Val);
    let both: Vec<PathBuf> = train
        .keys()
        .filter(|path| val.contains_key(*path))
        .map(|path| path.to_path_buf())
        .collect();
    if !both.is_empty() {
        let reason = "these images are both trained on and validated on, so that the scores say little about new images. \
                      Take them off one of the lists";
        findings.push(Finding::new(
            Severity::Warning,
            FindingKind::SameFileInBoth,
            &both,
            reason,
        ));
    }
    let twice: Vec<PathBuf> = [&train, &val]
        .into_iter()
        .flatten()
        .filter(|(_, times)| **times > 1)
        .map(|(path, _)| path.to_path_buf())
        .collect();
    if !twice.is_empty() {
        let reason = "these images are several times in one list and count as often";
        findings.push(Finding::new(
            Severity::Info,
            FindingKind::ListedTwice,
            &twice,
            reason,
        ));
    }
    findings.extend(same_pictures(facts));
    findings
}

/// Images of a list that is scored which are also in the training list, by file.
pub(super) fn trained_on(train: &[DatasetItem], scored: &[DatasetItem]) -> Option<Finding> {
    let train: BTreeSet<&Path> = train.iter().map(|item| item.image.as_path()).collect();
    let scored = scored.iter().map(|item| item.image.clone());
    let both: Vec<PathBuf> = scored.filter(|image| train.contains(&**image)).collect();
    let reason = "these images are scored and are in the training list too, so that the scores say little about new \
                  images. Take them off one of the lists";
    let kind = FindingKind::SameFileInBoth;
    (!both.is_empty()).then(|| Finding::new(Severity::Warning, kind, &both, reason))
}

/// How often each image is in a list.
fn by_file<'a>(facts: &'a Facts<'_>, split: Split) -> BTreeMap<&'a Path, usize> {
    let mut times = BTreeMap::new();
    for item in facts.of(split) {
        *times.entry(item.image_path.as_path()).or_default() += 1;
    }
    times
}

/// Pictures of the validation list that are in the training list under another name.
fn same_pictures(facts: &Facts<'_>) -> Option<Finding> {
    let train: Vec<(&ItemFacts, PictureHash)> = facts
        .of(Split::Train)
        .filter_map(|item| Some((item, item.hash?)))
        .collect();
    let val: Vec<&ItemFacts> = facts
        .of(Split::Val)
        .filter(|item| item.hash.is_some())
        .collect();
    let pictures = Pictures::of(train.iter().map(|(_, hash)| *hash));
    let copy_of = |item: &&ItemFacts| {
        let is_another = |place: usize| train[place].0.image_path != item.image_path;
        let found = pictures.first_of(&item.hash?, is_another)?;
        Some((item.image_path.clone(), train[found].0.image_path.clone()))
    };
    let pairs: Vec<(PathBuf, PathBuf)> = val.par_iter().filter_map(copy_of).collect();
    let (_, first) = pairs.first()?;
    let reason = format!(
        "these images of the validation list show the same as an image of the training list, so that the scores say \
         little about new images. The first is a copy of {}",
        first.display()
    );
    let images: Vec<PathBuf> = pairs.iter().map(|(image, _)| image.clone()).collect();
    Some(Finding::new(
        Severity::Warning,
        FindingKind::SameImageInBoth,
        &images,
        reason,
    ))
}
