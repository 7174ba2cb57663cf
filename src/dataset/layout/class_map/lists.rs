//! The lists of a dataset, said by the user: which pairs there are, which are trained on.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::list::{candidates, not_empty};
use super::super::list_file::{LIST_EXTENSIONS, ListFile};
use super::super::review::{read_pairs, seen_from};
use super::super::{Dataset, DatasetItem, Layout, Note, NoteTopic, folders, pairs, voc};
use crate::dataset::DatasetError;
use crate::text::plural;

/// Files that list images, as seen from the dataset's folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChosenLists {
    /// The images to train on.
    pub train: PathBuf,
    /// The images to validate on.
    pub val: PathBuf,
}

impl Dataset {
    /// Takes the pairs of a list instead of those that were found. Images stay in their lists;
    /// new ones are trained on.
    pub(super) fn take_pairs(&mut self, list: &Path) -> Result<(), DatasetError> {
        let path = self.root.join(list);
        let items = not_empty(read_pairs(&self.root, &path, &self.drawn)?, &path, "use")?;
        let old: BTreeMap<&Path, &str> = [&self.train, &self.val]
            .into_iter()
            .flatten()
            .map(|item| (item.image.as_path(), item.id.as_str()))
            .collect();
        let validated: BTreeSet<&Path> = self.val.iter().map(|item| item.image.as_path()).collect();
        let count = items.len();
        let (val, train): (Vec<DatasetItem>, Vec<DatasetItem>) = items
            .into_iter()
            .map(|item| match old.get(item.image.as_path()) {
                Some(id) => DatasetItem {
                    id: (*id).to_owned(),
                    ..item
                },
                None => item,
            })
            .partition(|item| validated.contains(item.image.as_path()));
        self.train = not_empty(train, &path, "train on")?;
        self.val = not_empty(val, &path, "validate on")?;
        self.review = None;
        self.notes.retain(|note| note.topic != NoteTopic::Pairing);
        let pairs = plural(count, "pair", "pairs");
        let text = format!("{pairs} of image and mask from {}", list.display());
        self.notes.push(Note::found(NoteTopic::Pairing, text));
        Ok(())
    }

    /// Takes the images of two lists.
    pub(super) fn take_lists(&mut self, lists: &ChosenLists) -> Result<(), DatasetError> {
        let read = |list: &Path, purpose: &str| {
            let path = self.root.join(list);
            not_empty(self.listed(&path)?, &path, purpose)
        };
        let train = read(&lists.train, "train on")?;
        let val = read(&lists.val, "validate on")?;
        self.train = train;
        self.val = val;
        self.notes.retain(|note| note.topic != NoteTopic::Split);
        let text = format!("from {} and {}", lists.train.display(), lists.val.display());
        self.notes.push(Note::found(NoteTopic::Split, text));
        Ok(())
    }

    /// The pairs of a list file: images by path, id or name.
    ///
    /// # Errors
    /// When a line names an image without a pair.
    pub fn listed(&self, list: &Path) -> Result<Vec<DatasetItem>, DatasetError> {
        self.in_list(ListFile::read(list)?, &OnceCell::new())
    }

    /// As [`listed`](Self::listed). `others` are pairs of neither list, once they were needed.
    pub(in crate::dataset::layout) fn in_list(
        &self,
        list: ListFile,
        others: &OnceCell<Vec<DatasetItem>>,
    ) -> Result<Vec<DatasetItem>, DatasetError> {
        let found = self.among(list.clone(), &[]);
        match (found, self.layout) {
            // It may name images of neither of the dataset's own lists.
            (Err(_), Layout::Voc) => voc::read_list(&self.root, list),
            (Err(_), Layout::CamVid) => pairs::read_list(&self.root, list),
            (Err(_), layout) if layout.is_of_folders() => {
                self.among(list, others.get_or_init(|| folders::all(&self.root)))
            }
            (found, _) => found,
        }
    }

    /// The pairs of a list among those of the dataset's lists and some others.
    fn among(
        &self,
        mut list: ListFile,
        others: &[DatasetItem],
    ) -> Result<Vec<DatasetItem>, DatasetError> {
        let mut known: BTreeMap<String, Option<&DatasetItem>> = BTreeMap::new();
        let mut by_path: BTreeMap<String, &DatasetItem> = BTreeMap::new();
        let own = self.train.iter().chain(&self.val).chain(&self.test);
        for item in own.chain(others) {
            by_path
                .entry(seen_from(&self.root, &item.image))
                .or_insert(item);
            let stem = item.image.file_stem().unwrap_or_default().to_string_lossy();
            for name in BTreeSet::from([item.id.clone(), stem.into_owned()]) {
                // Two that are called so are none.
                let same = |known: &mut Option<&DatasetItem>| {
                    if known.is_some_and(|other| other.image != item.image) {
                        *known = None;
                    }
                };
                known.entry(name).and_modify(same).or_insert(Some(item));
            }
        }
        let find = |line: &str| {
            by_path.get(line).copied().or_else(|| {
                let names = candidates(line);
                names
                    .into_iter()
                    .find_map(|name| known.get(name).copied().flatten())
            })
        };
        list.take_heading(&|entry| find(entry).is_some());
        list.map(|_, entry| match find(entry) {
            Some(item) => Ok(Some(item.clone())),
            // A comment, unless a file is called so.
            None if entry.starts_with('#') => Ok(None),
            None => Err(format!(
                "{entry} has no pair of image and mask. Add the files or take the line off the list"
            )),
        })
    }

    /// Text files of the dataset that may list its images, with their numbers of lines.
    pub fn offered_lists(&self) -> Vec<(PathBuf, usize)> {
        let folders = [
            "",
            "ImageSets/Segmentation",
            "annotations",
            "splits",
            "lists",
            "split",
        ];
        let (mut found, others) = (Vec::new(), OnceCell::new());
        for folder in folders {
            let entries = std::fs::read_dir(self.root.join(folder))
                .into_iter()
                .flatten();
            for path in entries.flatten().map(|entry| entry.path()) {
                if !crate::files::has_extension(&path, &LIST_EXTENSIONS) || !path.is_file() {
                    continue;
                }
                // A class list or a read-me names no image.
                let listed = ListFile::read(&path).and_then(|list| self.in_list(list, &others));
                if let Ok(items) = listed
                    && !items.is_empty()
                {
                    found.push((PathBuf::from(seen_from(&self.root, &path)), items.len()));
                }
            }
        }
        found.sort();
        found.dedup();
        found
    }

    /// The text of a list of images, as [`listed`](Self::listed) reads it.
    pub fn list_text<'a>(&self, items: impl Iterator<Item = &'a DatasetItem>) -> String {
        let lines = items.map(|item| seen_from(&self.root, &item.image) + "\n");
        lines.collect()
    }
}
