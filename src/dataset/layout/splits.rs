//! Which images are trained on and which are validated on: from lists, or made.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::list::not_empty;
use super::{DatasetItem, Note, NoteTopic};
use crate::dataset::DatasetError;
use crate::text::plural;

/// Without lists, each image at this distance goes to validation.
const VAL_EVERY: usize = 5;

/// Names of lists of training images, without extension, the best first.
const TRAIN: [&str; 6] = [
    "train",
    "training",
    "trainval",
    "trainaug",
    "train_aug",
    "default",
];
/// Names of lists of validation images.
const VAL: [&str; 5] = ["val", "valid", "validation", "seg11valid", "test"];

/// Both lists, and what they come from.
#[derive(Debug)]
pub(in crate::dataset) struct Splits {
    pub(in crate::dataset) train: Vec<DatasetItem>,
    pub(in crate::dataset) val: Vec<DatasetItem>,
    pub(in crate::dataset) notes: Vec<Note>,
}

/// The lists in `folder`, or in `root` where there are none. A list that is missing is made of
/// what the other one leaves, or both of all pairs.
pub(super) fn of_lists(
    root: &Path,
    folder: &Path,
    read: &dyn Fn(&Path) -> Result<Vec<DatasetItem>, DatasetError>,
    all_pairs: &dyn Fn() -> Vec<DatasetItem>,
) -> Result<Splits, DatasetError> {
    let folder = if has_lists(folder) { folder } else { root };
    let (train_list, val_list) = (find(folder, &TRAIN), find(folder, &VAL));
    let without = |listed: &[DatasetItem]| {
        let listed: BTreeSet<&Path> = listed.iter().map(|item| item.image.as_path()).collect();
        let mut rest = all_pairs();
        rest.retain(|item| !listed.contains(item.image.as_path()));
        rest
    };
    match (train_list, val_list) {
        (Some(train_list), Some(val_list)) => {
            let train = not_empty(read(&train_list)?, &train_list, "train on")?;
            // The images of public test sets have no masks.
            if name(&val_list) == "test" && read(&val_list).is_err() {
                let mut made = split_evenly(train, root)?;
                made.notes = vec![Note::assumed(
                    NoteTopic::Split,
                    format!(
                        "every fifth image of {} is for validation; those of {} have no masks",
                        file_name(&train_list),
                        file_name(&val_list)
                    ),
                )];
                return Ok(made);
            }
            let val = not_empty(read(&val_list)?, &val_list, "validate on")?;
            Ok(both(train, val, &train_list, &val_list)?)
        }
        (Some(train_list), None) => {
            let train = not_empty(read(&train_list)?, &train_list, "train on")?;
            let val = without(&train);
            if val.is_empty() {
                let mut made = split_evenly(train, root)?;
                made.notes = vec![Note::assumed(
                    NoteTopic::Split,
                    format!(
                        "{} lists everything and there is no list for validation: every fifth image is for validation",
                        file_name(&train_list)
                    ),
                )];
                return Ok(made);
            }
            let text = format!(
                "from {}; the {} images that it leaves are for validation, since there is no val.txt",
                file_name(&train_list),
                val.len()
            );
            Ok(Splits {
                train,
                val,
                notes: vec![Note::assumed(NoteTopic::Split, text)],
            })
        }
        (None, Some(val_list)) => {
            let val = not_empty(read(&val_list)?, &val_list, "validate on")?;
            let train = not_empty(without(&val), &folder.join("train.txt"), "train on")?;
            let text = format!(
                "from {}; the {} images that it leaves are for training, since there is no train.txt",
                file_name(&val_list),
                train.len()
            );
            Ok(Splits {
                train,
                val,
                notes: vec![Note::assumed(NoteTopic::Split, text)],
            })
        }
        (None, None) => split_evenly(all_pairs(), root),
    }
}

/// Whether there is a list of either kind in a folder.
pub(super) fn has_lists(folder: &Path) -> bool {
    find(folder, &TRAIN).is_some() || find(folder, &VAL).is_some()
}

/// Both lists are there; what their names say decides what is assumed.
fn both(
    mut train: Vec<DatasetItem>,
    val: Vec<DatasetItem>,
    train_list: &Path,
    val_list: &Path,
) -> Result<Splits, DatasetError> {
    let text = format!("from {} and {}", file_name(train_list), file_name(val_list));
    let note = if name(train_list) == "trainval" && name(val_list) != "test" {
        let images: BTreeSet<&Path> = val.iter().map(|item| item.image.as_path()).collect();
        train.retain(|item| !images.contains(item.image.as_path()));
        train = not_empty(train, train_list, "train on that are not validated on")?;
        Note::assumed(
            NoteTopic::Split,
            format!("{text}, the images of the second taken off the first"),
        )
    } else if name(val_list) == "test" {
        Note::assumed(
            NoteTopic::Split,
            format!("{text}, which is validated on since there is no val.txt"),
        )
    } else {
        Note::found(NoteTopic::Split, text)
    };
    Ok(Splits {
        train,
        val,
        notes: vec![note],
    })
}

/// Every fifth item to validation; of fewer than five the last.
pub(in crate::dataset) fn split_evenly(
    items: Vec<DatasetItem>,
    root: &Path,
) -> Result<Splits, DatasetError> {
    if items.len() < 2 {
        let reason = format!(
            "{} of image and mask, but training needs at least one and validation another. Add images and their masks",
            plural(items.len(), "pair", "pairs")
        );
        return Err(DatasetError::List {
            path: root.to_owned(),
            reason,
        });
    }
    let distance = VAL_EVERY.min(items.len().max(2));
    let (val, train): (Vec<_>, Vec<_>) = items
        .into_iter()
        .enumerate()
        .partition(|(index, _)| index % distance == distance - 1);
    let items_of =
        |numbered: Vec<(usize, DatasetItem)>| numbered.into_iter().map(|(_, item)| item).collect();
    Ok(Splits {
        train: items_of(train),
        val: items_of(val),
        notes: vec![Note::assumed(
            NoteTopic::Split,
            "every fifth image is for validation, since there are no lists",
        )],
    })
}

/// The first list of these names, in any case.
fn find(folder: &Path, names: &[&str]) -> Option<PathBuf> {
    let files: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|end| end.eq_ignore_ascii_case("txt"))
        })
        .collect();
    names.iter().find_map(|wanted| {
        let fits = |path: &&PathBuf| name(path).eq_ignore_ascii_case(wanted) && path.is_file();
        files.iter().find(fits).cloned()
    })
}

fn name(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
