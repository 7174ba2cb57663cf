//! Lists in a folder, by their names.

use std::path::{Path, PathBuf};

use super::super::json_list::{self, JsonEntry, JsonList, is_json};
use super::super::list_file::{LIST_EXTENSIONS, ListFile};
use super::super::text::read_text;
use crate::dataset::DatasetError;
use crate::files::has_extension;

/// Names of lists of training images, without extension, the best first.
pub(in crate::dataset::layout) const TRAIN: [&str; 6] = [
    "train",
    "training",
    "trainval",
    "trainaug",
    "train_aug",
    "default",
];
/// Names of lists of validation images.
pub(in crate::dataset::layout) const VAL: [&str; 5] =
    ["val", "valid", "validation", "seg11valid", "test"];
/// What the names of lists may have behind these.
const ENDS: [&str; 9] = [
    "_list", "-list", "list", "_ids", "_id", "_files", "_images", "_pairs", "_names",
];
/// With more documents in JSON beside each other they are annotations of an image each.
const MOST_DOCUMENTS: usize = 8;

/// A list, and the word for its split.
pub(super) struct Found {
    pub(super) list: ListFile,
    pub(super) word: String,
}

impl Found {
    pub(super) fn is_test(&self) -> bool {
        json_list::is_test(&self.word)
    }

    pub(super) fn name(&self) -> String {
        self.list.name()
    }

    pub(super) fn path(&self) -> &Path {
        &self.list.path
    }
}

/// Whether there is a list of either kind in a folder.
pub(in crate::dataset::layout) fn has_lists(folder: &Path) -> bool {
    find(folder, &TRAIN).is_some()
        || find(folder, &VAL).is_some()
        || split_document(folder).is_some()
}

/// The lists of images to train and to validate on in a folder.
pub(super) fn find_lists(folder: &Path) -> Result<[Option<Found>; 2], DatasetError> {
    let read = |names: &[&str]| -> Result<Option<Found>, DatasetError> {
        let Some((path, word)) = find(folder, names) else {
            return Ok(None);
        };
        let list = ListFile::read(&path)?;
        Ok(Some(Found { list, word }))
    };
    let found = [read(&TRAIN)?, read(&VAL)?];
    if found.iter().any(Option::is_some) {
        return Ok(found);
    }
    let Some((path, document)) = split_document(folder) else {
        return Ok(found);
    };
    let train = of_document(&path, &document, &TRAIN);
    let val = of_document(&path, &document, &[VAL.as_slice(), &["testing"]].concat());
    Ok([train, val])
}

/// The list of images to test on in a folder.
pub(in crate::dataset::layout) fn find_test(
    folder: &Path,
) -> Result<Option<ListFile>, DatasetError> {
    if let Some((path, _)) = find(folder, &["test"]) {
        return ListFile::read(&path).map(Some);
    }
    let found = split_document(folder)
        .and_then(|(path, document)| of_document(&path, &document, &["test", "testing"]));
    Ok(found.map(|found| found.list))
}

/// The first list of a document that has one of these names.
fn of_document(path: &Path, document: &JsonList, names: &[&str]) -> Option<Found> {
    names.iter().find_map(|word| {
        let is_of = |entry: &&JsonEntry| {
            let split = entry.split.as_deref().unwrap_or_default();
            split.eq_ignore_ascii_case(word)
        };
        let entries: Vec<_> = document.entries.iter().filter(is_of).cloned().collect();
        let classes = Vec::new();
        (!entries.is_empty()).then(|| Found {
            list: ListFile::of_json(path, JsonList { entries, classes }),
            word: (*word).to_owned(),
        })
    })
}

/// The first list of these names, in any case, and the name that it has.
pub(in crate::dataset::layout) fn find(folder: &Path, names: &[&str]) -> Option<(PathBuf, String)> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| has_extension(path, &LIST_EXTENSIONS))
        .collect();
    files.sort();
    let named = |plain: &dyn Fn(&str) -> String| {
        names.iter().find_map(|wanted| {
            LIST_EXTENSIONS.iter().find_map(|extension| {
                let fits = |path: &&PathBuf| {
                    plain(&name(path)) == *wanted
                        && has_extension(path, &[extension])
                        && path.is_file()
                        && (!is_json(path) || is_array(path))
                };
                let path = files.iter().find(fits)?;
                Some((path.clone(), (*wanted).to_owned()))
            })
        })
    };
    named(&|name| name.to_lowercase()).or_else(|| {
        named(&|name| {
            let name = name.to_lowercase();
            let without_end = ENDS.iter().find_map(|end| name.strip_suffix(end));
            without_end.unwrap_or(&name).to_owned()
        })
    })
}

/// Whether a file in JSON is one list of images.
fn is_array(path: &Path) -> bool {
    read_text(path).is_ok_and(|text| {
        text.trim_start_matches('\u{feff}')
            .trim_start()
            .starts_with('[')
            && json_list::parse(&text).is_some()
    })
}

/// The document in a folder that has a list for each split.
fn split_document(folder: &Path) -> Option<(PathBuf, JsonList)> {
    let mut found = documents(folder).into_iter().filter_map(|path| {
        let list = json_list::parse(&read_text(&path).ok()?)?;
        let has_splits = list.entries.iter().all(|entry| entry.split.is_some());
        has_splits.then_some((path, list))
    });
    found.next()
}

/// The documents in JSON in a folder that can be lists, sorted.
pub(in crate::dataset::layout) fn documents(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| is_json(path) && is_short(path))
        .take(MOST_DOCUMENTS + 1)
        .collect();
    if found.len() > MOST_DOCUMENTS {
        return Vec::new();
    }
    found.sort();
    found
}

fn is_short(path: &Path) -> bool {
    std::fs::metadata(path)
        .is_ok_and(|file| file.is_file() && file.len() <= json_list::LONGEST as u64)
}

fn name(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
