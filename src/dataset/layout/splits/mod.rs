//! Which images are trained on and which are validated on: from lists, or made.

mod named;
mod parts;

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsStr;
use std::path::Path;

use super::list::not_empty;
use super::list_file::ListFile;
use super::{DatasetItem, Note, NoteTopic};
use crate::dataset::DatasetError;
use crate::files::has_extension;
use crate::text::plural;
use named::{Found, find_lists};
pub(super) use named::{TRAIN, VAL, documents, find, find_test, has_lists};
pub(in crate::dataset) use parts::of_parts;

/// Without lists, each image at this distance goes to validation.
const VAL_EVERY: usize = 5;

/// Both lists, and what they come from.
#[derive(Debug, Default)]
pub(in crate::dataset) struct Splits {
    pub(in crate::dataset) train: Vec<DatasetItem>,
    pub(in crate::dataset) val: Vec<DatasetItem>,
    /// Pairs of a test list that are known without reading one.
    pub(in crate::dataset) test: Vec<DatasetItem>,
    pub(in crate::dataset) notes: Vec<Note>,
}

/// The pairs of a dataset, by what lists say.
pub(super) trait Pairs {
    /// Whether an entry of a list names an image.
    fn names_image(&self, entry: &str) -> bool;

    /// The pair of an entry; `None` for a comment.
    ///
    /// # Errors
    /// What is wrong with the entry, for people.
    fn pair(&self, entry: &str) -> Result<Option<DatasetItem>, String>;

    /// Every pair.
    fn all(&self) -> Vec<DatasetItem>;
}

/// The pairs of a list from which the heading was taken.
pub(super) fn read_pairs(
    pairs: &dyn Pairs,
    list: &ListFile,
) -> Result<Vec<DatasetItem>, DatasetError> {
    list.map(|_, entry| pairs.pair(entry))
}

/// The pairs of a list, perhaps with a heading.
pub(super) fn read_list(
    pairs: &dyn Pairs,
    mut list: ListFile,
) -> Result<Vec<DatasetItem>, DatasetError> {
    list.take_apart(&|entry| pairs.names_image(entry));
    list.take_heading(&|entry| pairs.names_image(entry));
    read_pairs(pairs, &list)
}

/// The lists in `folder`, or in `root` where there are none. A list that is missing is made of
/// what the other one leaves, or both of all pairs.
pub(super) fn of_lists(
    root: &Path,
    folder: &Path,
    pairs: &dyn Pairs,
) -> Result<Splits, DatasetError> {
    let folder = if has_lists(folder) { folder } else { root };
    let mut notes = Vec::new();
    let [train, val] = find_lists(folder)?;
    let train = usable(train, pairs, &mut notes);
    let val = usable(val, pairs, &mut notes);
    let mut splits = match (train, val) {
        (Some(train), Some(val)) => both(root, pairs, &train, &val)?,
        (Some(list), None) => training_alone(root, pairs, &list)?,
        (None, Some(list)) => {
            let val = not_empty(read_pairs(pairs, &list.list)?, list.path(), "validate on")?;
            let train = not_empty(without(pairs, &val), &folder.join("train.txt"), "train on")?;
            let text = format!(
                "from {}; {} that it leaves, for training, since there is no train.txt",
                list.name(),
                plural(train.len(), "image", "images")
            );
            Splits {
                train,
                val,
                notes: vec![Note::assumed(NoteTopic::Split, text)],
                ..Splits::default()
            }
        }
        (None, None) => split_evenly(pairs.all(), root)?,
    };
    splits.notes.extend(notes);
    Ok(splits)
}

/// A list without its heading. A table in CSV may be about anything, and is left aside where it names what
/// is not there.
fn usable(found: Option<Found>, pairs: &dyn Pairs, notes: &mut Vec<Note>) -> Option<Found> {
    let mut found = found?;
    let several = found.list.take_apart(&|entry| pairs.names_image(entry));
    let heading = found.list.take_heading(&|entry| pairs.names_image(entry));
    if has_extension(found.path(), &["csv"])
        && let Err(err) = read_pairs(pairs, &found.list)
    {
        let text = format!("{} is not used as a list ({err})", found.name());
        notes.push(Note::assumed(NoteTopic::Split, text));
        return None;
    }
    notes.extend(several.into_iter().chain(heading));
    Some(found)
}

/// What a list leaves.
fn without(pairs: &dyn Pairs, listed: &[DatasetItem]) -> Vec<DatasetItem> {
    let listed: HashSet<&OsStr> = listed.iter().map(|item| item.image.as_os_str()).collect();
    let mut rest = pairs.all();
    rest.retain(|item| !listed.contains(item.image.as_os_str()));
    rest
}

fn training_alone(root: &Path, pairs: &dyn Pairs, list: &Found) -> Result<Splits, DatasetError> {
    let train = not_empty(read_pairs(pairs, &list.list)?, list.path(), "train on")?;
    let val = without(pairs, &train);
    if val.is_empty() {
        let mut made = split_evenly(train, root)?;
        made.notes = vec![Note::assumed(
            NoteTopic::Split,
            format!(
                "{} lists everything and there is no list for validation: every fifth image is for validation",
                list.name()
            ),
        )];
        return Ok(made);
    }
    let text = format!(
        "from {}; {} that it leaves, for validation, since there is no val.txt",
        list.name(),
        plural(val.len(), "image", "images")
    );
    Ok(Splits {
        train,
        val,
        notes: vec![Note::assumed(NoteTopic::Split, text)],
        ..Splits::default()
    })
}

/// Both lists are there; what their names say decides what is assumed.
fn both(
    root: &Path,
    pairs: &dyn Pairs,
    train_list: &Found,
    val_list: &Found,
) -> Result<Splits, DatasetError> {
    let mut train = not_empty(
        read_pairs(pairs, &train_list.list)?,
        train_list.path(),
        "train on",
    )?;
    let names = if train_list.path() == val_list.path() {
        train_list.name()
    } else {
        format!("{} and {}", train_list.name(), val_list.name())
    };
    // The images of public test sets have no masks.
    let has_pair = |entry: &str| pairs.pair(entry).is_ok();
    if val_list.is_test() && !val_list.list.most(&has_pair) {
        let mut made = split_evenly(train, root)?;
        made.notes = vec![Note::assumed(
            NoteTopic::Split,
            format!(
                "every fifth image of {} is for validation; those of {} have no masks",
                train_list.name(),
                if train_list.path() == val_list.path() {
                    "its test list".to_owned()
                } else {
                    val_list.name()
                }
            ),
        )];
        return Ok(made);
    }
    let val = not_empty(
        read_pairs(pairs, &val_list.list)?,
        val_list.path(),
        "validate on",
    )?;
    let text = format!("from {names}");
    let note = if train_list.word == "trainval" && !val_list.is_test() {
        let images: BTreeSet<&Path> = val.iter().map(|item| item.image.as_path()).collect();
        train.retain(|item| !images.contains(item.image.as_path()));
        train = not_empty(
            train,
            train_list.path(),
            "train on that are not validated on",
        )?;
        Note::assumed(
            NoteTopic::Split,
            format!("{text}, the images of the second taken off the first"),
        )
    } else if val_list.is_test() {
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
        ..Splits::default()
    })
}

/// Every fifth item to validation; of fewer than five the last.
fn split_evenly(items: Vec<DatasetItem>, root: &Path) -> Result<Splits, DatasetError> {
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
        ..Splits::default()
    })
}
