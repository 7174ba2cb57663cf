//! The files that tables of pairs name.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::super::folders;
use super::super::listed_files::ListedFiles;
use crate::dataset::DatasetItem;

/// The files that tables name.
pub(super) struct Files {
    pub(super) listed: ListedFiles,
    root: PathBuf,
    /// The pairs by names and folders, found once a table names files without folders.
    pairs: OnceCell<NamedPairs>,
}

/// Pairs that are looked up for each row of a table, which has as many.
struct NamedPairs {
    pairs: Vec<DatasetItem>,
    /// Their places by the names of their images, with and without extension.
    by_image: HashMap<OsString, Vec<usize>>,
}

impl Files {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            listed: ListedFiles::new(root),
            root: root.to_owned(),
            pairs: OnceCell::new(),
        }
    }

    /// The pair of the folders that has this name of an image and this name of a mask: tables often name files
    /// without their folders.
    pub(super) fn named(&self, image: &str, mask: &str) -> Option<&DatasetItem> {
        self.pairs().find(image, mask)
    }

    /// Whether a pair of the folders has an image of this name, whatever its mask is.
    pub(super) fn has_image(&self, name: &str) -> bool {
        self.pairs().by_image.contains_key(OsStr::new(name))
    }

    fn pairs(&self) -> &NamedPairs {
        self.pairs
            .get_or_init(|| NamedPairs::new(folders::all(&self.root)))
    }
}

impl NamedPairs {
    fn new(pairs: Vec<DatasetItem>) -> Self {
        let mut by_image: HashMap<OsString, Vec<usize>> = HashMap::new();
        for (place, pair) in pairs.iter().enumerate() {
            for name in names(&pair.image) {
                by_image.entry(name.to_owned()).or_default().push(place);
            }
        }
        Self { pairs, by_image }
    }

    fn find(&self, image: &str, mask: &str) -> Option<&DatasetItem> {
        let places = self.by_image.get(OsStr::new(image))?.iter();
        let pairs = places.map(|place| &self.pairs[*place]);
        let mut found = pairs.filter(|pair| names(&pair.mask).any(|name| name == mask));
        found.next().filter(|_| found.next().is_none())
    }
}

/// The name of a file with its extension, and without where it has one.
fn names(path: &Path) -> impl Iterator<Item = &OsStr> {
    let stem = path.file_stem().filter(|_| path.extension().is_some());
    path.file_name().into_iter().chain(stem)
}
