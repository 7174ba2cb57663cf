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

    /// The pair of the folders that has this image and this mask: tables often name one or both without their folders.
    pub(super) fn named(&self, image: &str, mask: &str) -> Option<&DatasetItem> {
        // One name for both is no file of its own, even where an image lies beside the table.
        let resolved = |listed: &str| self.listed.resolve(listed).filter(|_| image != mask);
        let (image, mask) = ((image, resolved(image)), (mask, resolved(mask)));
        self.pairs().find(&image, &mask)
    }

    /// Whether a file is listed with its folder, or one of this name is in any folder.
    pub(super) fn is_anywhere(&self, listed: &str) -> bool {
        let is_called = |path: &PathBuf| names(path).any(|name| name == listed);
        self.listed.resolve(listed).is_some() || self.listed.all().any(is_called)
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

    fn find(&self, image: &Listed<'_>, mask: &Listed<'_>) -> Option<&DatasetItem> {
        let name = match image {
            (_, Some(path)) => path.file_name()?,
            (listed, None) => OsStr::new(listed),
        };
        let places = self.by_image.get(name)?.iter();
        let pairs = places.map(|place| &self.pairs[*place]);
        let mut found =
            pairs.filter(|pair| is_meant(&pair.image, image) && is_meant(&pair.mask, mask));
        found.next().filter(|_| found.next().is_none())
    }
}

/// A file as it is listed, and where it is if that says its folder.
type Listed<'a> = (&'a str, Option<PathBuf>);

fn is_meant(path: &Path, (listed, resolved): &Listed<'_>) -> bool {
    match resolved {
        Some(resolved) => path == resolved,
        None => names(path).any(|name| name == *listed),
    }
}

/// The name of a file with its extension, and without where it has one.
fn names(path: &Path) -> impl Iterator<Item = &OsStr> {
    let stem = path.file_stem().filter(|_| path.extension().is_some());
    path.file_name().into_iter().chain(stem)
}
