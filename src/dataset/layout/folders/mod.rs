//! Folders of images and masks whose names go together, in whatever order people keep them.
//!
//! Every file below the folder is listed once. The names of folders say what is an image and
//! what a mask, and which belongs to training; what is left of a path after that, and the
//! name without `_mask` and the like, is what an image and its mask share.

mod by_list;
mod known;
mod pairing;
mod roles;
mod sorting;
mod unknown;

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::hash::Hash;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::class_files::{mask_palette, read_classes};
use super::list::sort_key;
use super::look::Look;
use super::names::{composed, without_extension};
use super::review::Confidence;
use super::splits::{self, Splits};
use super::{Dataset, DatasetItem, Layout, Note, NoteTopic, folder_name};
use crate::dataset::image_io::MASK_EXTENSIONS;
use crate::dataset::{DatasetError, IMAGE_EXTENSIONS, ImageReading, Split, VOID};
use crate::files::has_extension;
use by_list::ByList;
use known::Known;
use roles::Role;
pub(in crate::dataset) use sorting::masks_among;
use sorting::{Sorted, files};

/// The rule that is no guess.
const EQUAL: &str = "equal names";

/// A file below the folder, and what its path says.
#[derive(Debug)]
struct Found {
    path: PathBuf,
    stem: String,
    role: Option<Role>,
    part: Option<Split>,
    /// Whether it is in a folder of copies of masks, or of objects.
    is_copy: bool,
    /// The folders that say nothing, which tell files of one name apart.
    place: String,
}

/// An image and its mask, and what makes them a pair.
#[derive(Debug)]
struct Pair {
    item: DatasetItem,
    part: Option<Split>,
    rule: String,
    confidence: Confidence,
}

/// Whether a folder has two or more folders whose names are those of a dataset's parts, such as
/// `images` and `masks`. Nothing is opened.
pub fn has_parts(root: &Path) -> bool {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let is_part = |entry: &fs::DirEntry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let named = roles::of_folder(&name).is_some() || name == "ImageSets";
        named && entry.path().is_dir()
    };
    entries.filter(is_part).take(2).count() == 2
}

/// Whether a folder of this name is a part of the dataset around it.
pub(super) fn is_part(name: &str) -> bool {
    roles::of_folder(name).is_some()
}

/// Opens a folder in which images and masks can be paired.
///
/// # Errors
/// [`DatasetError::UnknownLayout`] where they cannot.
pub(super) fn open(root: &Path) -> Result<Dataset, DatasetError> {
    let Sorted {
        images,
        masks,
        copies,
    } = files(root);
    let known = Known::of(root, &images, &masks);
    let paired = pairs(&images, &masks);
    if paired.is_empty() {
        return Err(unknown::describe(root, &images, &masks));
    }
    let mut notes = pairing::notes(&paired, &images, &masks);
    notes.extend(pairing::note_of_copies(&copies));
    let review = pairing::review(&paired, &images, &masks);
    let Splits {
        train,
        val,
        test,
        notes: split_notes,
    } = split(root, paired)?;
    notes.extend(split_notes);
    let listed = read_classes(root)?;
    let known = known.filter(|known| known.fits(listed.as_ref().map(|classes| &classes.list)));
    let mut classes = match listed {
        Some(classes) => classes,
        None => known.map_or_else(
            || Look::at(train.iter().chain(&val)).numbered(),
            Known::classes,
        ),
    };
    notes.append(&mut classes.notes);
    let remap = known
        .map(|known| known.remap(&mut classes))
        .unwrap_or_default();
    notes.extend(known.and_then(Known::void_note));
    Ok(Dataset {
        name: folder_name(root),
        root: root.to_owned(),
        layout: known.map_or(Layout::Folders, Known::layout),
        palette: mask_palette(&classes.list, &classes.void_colors),
        classes: classes.list,
        void_labels: vec![VOID],
        mask_colors: classes.colors,
        remap,
        images: ImageReading::default(),
        wants_range: false,
        train,
        val,
        test,
        review,
        drawn: Arc::default(),
        notes,
    })
}

/// What an image is called, in lower case: its whole name, and what it shares with its mask.
pub(in crate::dataset) fn image_names(path: &Path) -> [String; 2] {
    names(path, Role::Images)
}

/// The same of a mask.
pub(in crate::dataset) fn mask_names(path: &Path) -> [String; 2] {
    names(path, Role::Masks)
}

fn names(path: &Path, role: Role) -> [String; 2] {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    [
        composed(&stem).to_lowercase(),
        roles::shared_name(&stem, role).0,
    ]
}

impl Found {
    fn new(root: &Path, path: PathBuf) -> Option<Self> {
        if !has_extension(&path, IMAGE_EXTENSIONS) {
            return None;
        }
        let stem = path.file_stem()?.to_string_lossy().into_owned();
        let (mut role, mut part, mut place) = (None, None, Vec::new());
        let folders = path.parent()?.strip_prefix(root).ok()?;
        let mut is_copy = false;
        for folder in folders {
            let folder = folder.to_string_lossy();
            is_copy |= roles::is_of_copies(&folder, role);
            match roles::of_folder(&folder) {
                Some((found_role, found_part)) => {
                    role = found_role.or(role);
                    part = part.or(found_part);
                }
                None => place.push(folder.to_lowercase()),
            }
        }
        Some(Self {
            stem,
            role,
            part,
            is_copy,
            place: place.join("/"),
            path,
        })
    }

    fn named(&self, role: Role) -> String {
        roles::shared_name(&self.stem, role).0
    }

    /// The whole name of an image, and the shared one of a mask.
    fn whole_or_named(&self, role: Role) -> String {
        match role {
            Role::Images => composed(&self.stem).to_lowercase(),
            Role::Masks => self.named(role),
        }
    }
}

/// Pairs from the strictest to the loosest rule, each mask and image once.
fn pairs(images: &[Found], masks: &[Found]) -> Vec<Pair> {
    type Key = (Option<Split>, String, String);
    type Rule = (&'static str, Confidence, fn(&Found, Role) -> Key);
    const ENDS: &str = "names that are equal without their ends";
    const PARTS: &str = "names, whatever the split";
    const ALONE: &str = "names alone, in different folders";
    use Confidence::{High, Low, Medium};
    // Of an image the whole name comes first: `img_1` has `img_1_mask`, or else `mask_1`.
    let rules: [Rule; 7] = [
        (EQUAL, High, |file, _| {
            (file.part, file.place.clone(), file.stem.clone())
        }),
        (ENDS, High, |file, role| {
            (file.part, file.place.clone(), file.whole_or_named(role))
        }),
        (ENDS, High, |file, role| {
            (file.part, file.place.clone(), file.named(role))
        }),
        (PARTS, Medium, |file, role| {
            (None, file.place.clone(), file.whole_or_named(role))
        }),
        (PARTS, Medium, |file, role| {
            (None, file.place.clone(), file.named(role))
        }),
        (ALONE, Low, |file, role| {
            (None, String::new(), file.whole_or_named(role))
        }),
        (ALONE, Low, |file, role| {
            (None, String::new(), file.named(role))
        }),
    ];
    let (mut free_images, mut free_masks): (Vec<&Found>, Vec<&Found>) =
        (images.iter().collect(), masks.iter().collect());
    let mut found = Vec::new();
    for (rule, confidence, key) in rules {
        let masks_of = by_key(&free_masks, |file| key(file, Role::Masks));
        let images_of = by_key(&free_images, |file| key(file, Role::Images));
        let mut used_images = vec![false; free_images.len()];
        let mut used_masks = vec![false; free_masks.len()];
        for (image, image_file) in free_images.iter().enumerate() {
            let key = key(image_file, Role::Images);
            // Two that fit are a guess that nobody could check.
            if let (Some(Files::One(_)), Some(Files::One(mask))) =
                (images_of.get(&key), masks_of.get(&key))
            {
                let mask_file = free_masks[*mask];
                found.push(Pair {
                    item: DatasetItem {
                        id: without_extension(&image_file.stem).to_owned(),
                        image: image_file.path.clone(),
                        mask: mask_file.path.clone(),
                    },
                    part: image_file.part.or(mask_file.part),
                    rule: rule_text(rule, mask_file),
                    confidence,
                });
                used_images[image] = true;
                used_masks[*mask] = true;
            }
        }
        free_images = rest(&free_images, &used_images);
        free_masks = rest(&free_masks, &used_masks);
    }
    found.sort_by_cached_key(|pair| sort_key(&pair.item.image));
    tell_apart(&mut found, images);
    found
}

fn rule_text(rule: &str, mask: &Found) -> String {
    match roles::shared_name(&mask.stem, Role::Masks).1 {
        Some(end) if rule != EQUAL => format!("{rule} (\"{end}\" of the masks taken off)"),
        _ => rule.to_owned(),
    }
}

/// The files of one key.
enum Files {
    One(usize),
    Several,
}

/// Which files have a key. Not in order, which takes most of the time where there are very many.
fn by_key<K: Eq + Hash>(files: &[&Found], key: impl Fn(&Found) -> K) -> HashMap<K, Files> {
    let mut by_key = HashMap::with_capacity(files.len());
    for (index, file) in files.iter().enumerate() {
        by_key
            .entry(key(file))
            .and_modify(|files| *files = Files::Several)
            .or_insert(Files::One(index));
    }
    by_key
}

fn rest<'a>(files: &[&'a Found], used: &[bool]) -> Vec<&'a Found> {
    let free = files.iter().zip(used).filter(|(_, used)| !**used);
    free.map(|(file, _)| *file).collect()
}

/// Items of one name get their folders into their ids.
fn tell_apart(pairs: &mut [Pair], images: &[Found]) {
    let mut counts: HashMap<&str, usize> = HashMap::with_capacity(pairs.len());
    for pair in pairs.iter() {
        *counts.entry(&pair.item.id).or_default() += 1;
    }
    if counts.len() == pairs.len() {
        return;
    }
    let is_shared: Vec<bool> = pairs
        .iter()
        .map(|pair| counts.get(pair.item.id.as_str()).copied() != Some(1))
        .collect();
    let places: HashMap<&OsStr, &str> = images
        .iter()
        .map(|file| (file.path.as_os_str(), file.place.as_str()))
        .collect();
    for (pair, is_shared) in pairs.iter_mut().zip(is_shared) {
        if is_shared
            && let Some(place) = places.get(pair.item.image.as_os_str())
            && !place.is_empty()
        {
            pair.item.id = format!("{}_{}", place.replace('/', "_"), pair.item.id);
        }
    }
}

/// The lists: by the folders, by lists in the folder, or made.
fn split(root: &Path, pairs: Vec<Pair>) -> Result<Splits, DatasetError> {
    let folder = lists(root);
    let has = |split: Option<Split>| pairs.iter().any(|pair| pair.part == split);
    let is_scored = has(Some(Split::Val)) || has(Some(Split::Test));
    let has_lists = || splits::has_lists(&folder) || splits::has_lists(root);
    // Test images alone are not trained on, unless a list says so.
    let is_test = !has(Some(Split::Val)) && !has(None);
    if is_scored && (has(Some(Split::Train)) || (has(None) || is_test) && !has_lists()) {
        let parts = pairs.into_iter().map(|pair| (pair.item, pair.part));
        return splits::of_parts(root, parts.collect(), "the folders");
    }
    let items: Vec<DatasetItem> = pairs.into_iter().map(|pair| pair.item).collect();
    splits::of_lists(root, &folder, &ByList::new(root, items))
}

/// The folder with the lists, which may be the dataset's own.
pub(super) fn lists(root: &Path) -> PathBuf {
    let folders = ["ImageSets/Segmentation", "annotations", "splits", "lists"];
    let mut folders = folders.map(|folder| root.join(folder)).into_iter();
    let found = folders.find(|folder| folder.is_dir());
    found.unwrap_or_else(|| root.to_owned())
}

/// All pairs in a folder, whatever list they are of.
pub(super) fn all(root: &Path) -> Vec<DatasetItem> {
    let sorted = files(root);
    let pairs = pairs(&sorted.images, &sorted.masks).into_iter();
    pairs.map(|pair| pair.item).collect()
}

/// Whether a mask could be read by its extension.
fn can_be_mask(path: &Path) -> bool {
    has_extension(path, MASK_EXTENSIONS)
}

#[cfg(test)]
mod tests;
