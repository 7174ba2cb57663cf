//! Masks that are called as other images than theirs: a list was shifted, or put together from two orders.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::finding::{Finding, FindingKind, Severity};
use crate::dataset::layout::{image_names, mask_names};
use crate::dataset::{Dataset, DatasetItem, Split};

/// Masks of some lists; the names of all lists are known. Nothing but names is looked at.
pub(super) fn find(dataset: &Dataset, of: &[Split]) -> Option<Finding> {
    let mut dataset = dataset.clone();
    // Many datasets have none.
    dataset.read_test_list().ok();
    let named = Named::new(&dataset);
    let lists = of.iter().flat_map(|split| dataset.items(*split));
    let crossed: Vec<(&DatasetItem, &Path)> = lists
        .filter_map(|item| Some((item, named.other_mask(item)?)))
        .collect();
    let (first, other) = crossed.first()?;
    if named.is_numbered_otherwise() {
        return None;
    }
    let shown = |path: &Path| {
        let seen = path.strip_prefix(&dataset.root).unwrap_or(path);
        seen.display().to_string()
    };
    let reason = format!(
        "these masks are called as other images than those that they are listed with, such as {} for {}, while the image \
         of its name has {}. Check that the list was not shifted or sorted in two ways",
        shown(&first.mask),
        shown(&first.image),
        shown(other)
    );
    let masks: Vec<PathBuf> = crossed.iter().map(|(item, _)| item.mask.clone()).collect();
    let kind = FindingKind::CrossedPairs;
    Some(Finding::new(Severity::Warning, kind, &masks, reason))
}

/// The pairs of all lists, and the masks by the names of their images.
struct Named<'a> {
    root: &'a Path,
    /// Those with masks below the root: masks that were drawn lie elsewhere, and their names say nothing.
    items: Vec<&'a DatasetItem>,
    masks_of: HashMap<String, HashSet<&'a Path>>,
}

impl<'a> Named<'a> {
    fn new(dataset: &'a Dataset) -> Self {
        let lists = [&dataset.train, &dataset.val, &dataset.test];
        let mut masks_of: HashMap<String, HashSet<&Path>> = HashMap::new();
        for item in lists.into_iter().flatten() {
            for name in image_names(&item.image) {
                masks_of.entry(name).or_default().insert(&item.mask);
            }
        }
        let items = lists.into_iter().flatten();
        Self {
            root: &dataset.root,
            items: items
                .filter(|item| item.mask.starts_with(&dataset.root))
                .collect(),
            masks_of,
        }
    }

    /// The mask of the image that a mask is called as, where it is another one.
    fn other_mask(&self, item: &DatasetItem) -> Option<&'a Path> {
        let images = image_names(&item.image);
        let called = mask_names(&item.mask);
        let is_own = called.iter().any(|name| images.contains(name));
        if is_own || !item.mask.starts_with(self.root) {
            return None;
        }
        let own = called.iter().find_map(|name| self.masks_of.get(name))?;
        // A mask that both images have is a finding of its own.
        let is_shared = own.contains(item.mask.as_path());
        own.iter().min().copied().filter(|_| !is_shared)
    }

    /// Whether images and masks are counted from two numbers: all differ by the same, and the masks that the first
    /// images would have, if a list had been shifted, are not there.
    fn is_numbered_otherwise(&self) -> bool {
        let mut offset = None;
        let all_differ_alike = self.items.iter().all(|item| {
            let differ = Numbers::of(item).map(|numbers| numbers.mask - numbers.image);
            differ.is_some_and(|differ| differ != 0 && *offset.get_or_insert(differ) == differ)
        });
        let masks: HashSet<&Path> = self.items.iter().map(|item| item.mask.as_path()).collect();
        let is_there = |item: &&DatasetItem| {
            let own = Numbers::of(item).map(|numbers| numbers.own_mask(&item.mask));
            own.is_some_and(|own| masks.contains(own.as_path()) || own.exists())
        };
        all_differ_alike && !self.items.iter().all(is_there)
    }
}

/// The numbers at the ends of the names of an image and its mask, which have the same before them.
struct Numbers {
    image: i64,
    mask: i64,
}

impl Numbers {
    fn of(item: &DatasetItem) -> Option<Self> {
        let [_, image] = image_names(&item.image);
        let [_, mask] = mask_names(&item.mask);
        let ((before, image), (same, mask)) = (split(&image), split(&mask));
        let numbers = Self {
            image: image.parse().ok()?,
            mask: mask.parse().ok()?,
        };
        (before == same).then_some(numbers)
    }

    /// The file that the mask would be if it had the number of the image.
    fn own_mask(&self, mask: &Path) -> PathBuf {
        let name = mask.file_name().unwrap_or_default().to_string_lossy();
        let [_, shared] = mask_names(mask);
        let (_, digits) = split(&shared);
        let own = format!("{:0width$}", self.image, width = digits.len());
        // The last time, as it is at the end of what is shared.
        let Some(place) = name.rfind(digits) else {
            return mask.to_owned();
        };
        let (before, rest) = name.split_at(place);
        mask.with_file_name(format!("{before}{own}{}", &rest[digits.len()..]))
    }
}

/// A name, and the digits at its end.
fn split(name: &str) -> (&str, &str) {
    let before = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    name.split_at(before.len())
}
