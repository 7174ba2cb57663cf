//! Which files of a folder are images and which are masks.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::super::list::files_below;
use super::super::names::composed;
use super::roles::{self, Role};
use super::{Found, can_be_mask, pairs};
use crate::dataset::IMAGE_EXTENSIONS;

/// Files by what they are.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    pub(super) images: Vec<Found>,
    pub(super) masks: Vec<Found>,
    /// Colored copies of masks, and masks of objects.
    pub(super) copies: Vec<Found>,
}

/// What is in a folder.
pub(super) fn files(root: &Path) -> Sorted {
    let files = files_below(root, IMAGE_EXTENSIONS).into_iter();
    sorted_out(files.filter_map(|path| Found::new(root, path)).collect())
}

/// Images and masks. Where no folder says so, the ends of the names do, and a folder without a
/// word beside a folder of masks holds images. Copies of masks are neither, where masks are there.
fn sorted_out(mut files: Vec<Found>) -> Sorted {
    let is_mask = |file: &Found| file.role == Some(Role::Masks);
    let mut copies = Vec::new();
    if files.iter().any(|file| is_mask(file) && !file.is_copy) {
        (copies, files) = files.into_iter().partition(|file| file.is_copy);
    }
    let has_masks = files.iter().any(is_mask);
    let named = if has_masks {
        HashSet::new()
    } else {
        by_folder(&files)
    };
    let (mut images, mut masks) = (Vec::new(), Vec::new());
    for file in files {
        let ends_as_mask = || roles::shared_name(&file.stem, Role::Masks);
        let is_mask = match file.role {
            Some(Role::Masks) => true,
            // A folder of images may hold their masks too.
            Some(Role::Images) => {
                let (name, _) = ends_as_mask();
                roles::is_named_as_mask(&file.stem)
                    && named.contains(&(file.path.parent().map(Path::to_owned), name))
            }
            None => !has_masks && ends_as_mask().1.is_some(),
        };
        if !is_mask {
            images.push(file);
        } else if !roles::is_no_mask(&file.stem) {
            masks.push(file);
        }
    }
    // Of several masks of an image the ids to train on count.
    for best in ["_labeltrainids", "_labelids"] {
        let is_best = |file: &Found| file.stem.to_lowercase().ends_with(best);
        if masks.iter().any(is_best) {
            masks.retain(is_best);
            break;
        }
    }
    Sorted {
        images,
        masks,
        copies,
    }
}

/// The folders and the names of files.
fn by_folder(files: &[Found]) -> HashSet<(Option<PathBuf>, String)> {
    let names = files.iter().map(|file| {
        let folder = file.path.parent().map(Path::to_owned);
        (folder, composed(&file.stem).to_lowercase())
    });
    names.collect()
}

/// Masks of other images among these, for whoever wants images alone.
pub(in crate::dataset) fn masks_among(root: &Path, files: &[PathBuf]) -> HashSet<PathBuf> {
    let found = files
        .iter()
        .filter_map(|path| Found::new(root, path.clone()));
    let sorted = sorted_out(found.collect());
    let is_sure = |mask: &&Found| {
        can_be_mask(&mask.path)
            && (mask.role == Some(Role::Masks) || roles::is_named_as_mask(&mask.stem))
    };
    let sure: HashSet<&Path> = sorted
        .masks
        .iter()
        .filter(is_sure)
        .map(|mask| mask.path.as_path())
        .collect();
    let pairs = pairs(&sorted.images, &sorted.masks).into_iter();
    let masks = pairs.map(|pair| pair.item.mask);
    masks.filter(|mask| sure.contains(mask.as_path())).collect()
}
