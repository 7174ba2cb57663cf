//! Rules about images that are in a list where they should not be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::Facts;
use super::facts::ItemFacts;
use super::finding::{Finding, FindingKind, Severity};
use super::picture_hash::{PictureHash, Pictures};
use super::same_files;
use crate::dataset::{DatasetItem, Split};

/// Bytes of images that are compared before a training or a score, which is not to wait for it long.
const MOST_BYTES: u64 = 256 << 20;

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
    findings.extend(twice(facts, [&train, &val]));
    findings.extend(shared_masks(facts));
    findings.extend(same_pictures(facts));
    findings
}

/// Images that are several times in one list: with one mask they count more, with several they are taught
/// different labels.
fn twice(facts: &Facts<'_>, lists: [&BTreeMap<&Path, usize>; 2]) -> Vec<Finding> {
    let mut masks: BTreeMap<&Path, BTreeSet<&Path>> = BTreeMap::new();
    for item in &facts.items {
        let of_image = masks.entry(&item.image_path).or_default();
        of_image.insert(&item.mask_path);
    }
    let (differing, alike): (Vec<PathBuf>, Vec<PathBuf>) = lists
        .into_iter()
        .flatten()
        .filter(|(_, times)| **times > 1)
        .map(|(path, _)| path.to_path_buf())
        .partition(|path| masks.get(&**path).is_some_and(|masks| masks.len() > 1));
    let rules = [
        (
            Severity::Warning,
            differing,
            "these images are several times in one list with masks that are different files, so that one place may have \
             several labels. Keep the mask that is of the image, or correct which image each of them is of",
        ),
        (
            Severity::Info,
            alike,
            "these images are several times in one list and count as often",
        ),
    ];
    rules
        .into_iter()
        .filter(|(_, images, _)| !images.is_empty())
        .map(|(severity, images, reason)| {
            Finding::new(severity, FindingKind::ListedTwice, &images, reason)
        })
        .collect()
}

/// Masks that belong to several images, while a mask says what is where in one.
pub(super) fn shared_masks(facts: &Facts<'_>) -> Option<Finding> {
    let mut images: BTreeMap<&Path, BTreeSet<&Path>> = BTreeMap::new();
    for item in &facts.items {
        let of_mask = images.entry(&item.mask_path).or_default();
        of_mask.insert(&item.image_path);
    }
    images.retain(|_, images| images.len() > 1);
    let mut of_first = images.values().next()?.iter();
    let (one, other) = (of_first.next()?, of_first.next()?);
    let reason = format!(
        "each of these masks is used for several images, the first for {} and {}. The labels of a mask are right for the \
         image that it was made for: correct the list, the table or the annotations",
        one.display(),
        other.display()
    );
    let masks: Vec<PathBuf> = images.keys().map(|mask| mask.to_path_buf()).collect();
    let kind = FindingKind::SharedMask;
    Some(Finding::new(Severity::Warning, kind, &masks, reason))
}

/// Images of a list that is scored which are also in the training list, by file or by content.
pub(super) fn trained_on(train: &[DatasetItem], scored: &[DatasetItem]) -> Vec<Finding> {
    let paths = |items: &'_ [DatasetItem]| -> Vec<PathBuf> {
        items.iter().map(|item| item.image.clone()).collect()
    };
    let (train, scored) = (paths(train), paths(scored));
    let known: BTreeSet<&Path> = train.iter().map(PathBuf::as_path).collect();
    let (both, others): (Vec<&Path>, Vec<&Path>) = scored
        .iter()
        .map(PathBuf::as_path)
        .partition(|image| known.contains(image));
    let mut findings = Vec::new();
    if !both.is_empty() {
        let both: Vec<PathBuf> = both.into_iter().map(Path::to_owned).collect();
        let reason = "these images are scored and are in the training list too, so that the scores say little about new \
                      images. Take them off one of the lists";
        let kind = FindingKind::SameFileInBoth;
        findings.push(Finding::new(Severity::Warning, kind, &both, reason));
    }
    let train: Vec<&Path> = train.iter().map(PathBuf::as_path).collect();
    let copies = same_files::copies(&others, &train, MOST_BYTES);
    findings.extend(same_images(&copies, "that are scored"));
    findings
}

/// How often each image is in a list.
fn by_file<'a>(facts: &'a Facts<'_>, split: Split) -> BTreeMap<&'a Path, usize> {
    let mut times = BTreeMap::new();
    for item in facts.of(split) {
        *times.entry(item.image_path.as_path()).or_default() += 1;
    }
    times
}

/// Pictures of the validation list that are in the training list under another name: by the content of
/// the files, and where the pictures were read for it by what they show.
fn same_pictures(facts: &Facts<'_>) -> Option<Finding> {
    let train: Vec<(&ItemFacts, PictureHash)> = facts
        .of(Split::Train)
        .filter_map(|item| Some((item, item.hash?)))
        .collect();
    let pictures = Pictures::of(train.iter().map(|(_, hash)| *hash));
    let shows_same = |item: &ItemFacts| {
        let is_another = |place: usize| train[place].0.image_path != item.image_path;
        let found = pictures.first_of(&item.hash?, is_another)?;
        Some(train[found].0.image_path.clone())
    };
    let paths = |split| -> Vec<&Path> {
        let items = facts.of(split);
        items.map(|item| item.image_path.as_path()).collect()
    };
    let (of_train, of_val) = (paths(Split::Train), paths(Split::Val));
    // Those of one file are said to be, and nothing else.
    let known: BTreeSet<&Path> = of_train.iter().copied().collect();
    let others: Vec<&Path> = of_val
        .into_iter()
        .filter(|path| !known.contains(path))
        .collect();
    let most_bytes = if facts.are_compared {
        u64::MAX
    } else {
        MOST_BYTES
    };
    let copies: BTreeMap<PathBuf, PathBuf> = same_files::copies(&others, &of_train, most_bytes)
        .into_iter()
        .collect();
    let val: Vec<&ItemFacts> = facts.of(Split::Val).collect();
    let copy_of = |item: &&ItemFacts| {
        let of = copies.get(&item.image_path).cloned();
        Some((item.image_path.clone(), of.or_else(|| shows_same(item))?))
    };
    let pairs: Vec<(PathBuf, PathBuf)> = val.par_iter().filter_map(copy_of).collect();
    same_images(&pairs, "of the validation list")
}

/// Images that are those of the training list, each with one of them.
fn same_images(pairs: &[(PathBuf, PathBuf)], which: &str) -> Option<Finding> {
    let (_, first) = pairs.first()?;
    let reason = format!(
        "these images {which} show the same as an image of the training list, so that the scores say little about new \
         images. The first is a copy of {}",
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
