//! File names as people mean them: composed or decomposed, in any case.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use unicode_normalization::{UnicodeNormalization as _, is_nfc};

use crate::dataset::IMAGE_EXTENSIONS;
use crate::dataset::image_io::MASK_EXTENSIONS;

/// A file name without the extension of an image or a mask; other periods belong to the name.
pub(super) fn without_extension(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && is_known(extension) => stem,
        _ => name,
    }
}

fn is_known(extension: &str) -> bool {
    IMAGE_EXTENSIONS
        .iter()
        .chain(MASK_EXTENSIONS)
        .any(|known| known.eq_ignore_ascii_case(extension))
}

/// A name with its letters composed. macOS decomposes the letters of file names.
pub(in crate::dataset) fn composed(name: &str) -> Cow<'_, str> {
    if is_nfc(name) {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(name.nfc().collect())
    }
}

/// A name with its letters composed and in lower case.
pub fn folded_name(name: &str) -> String {
    composed(name).to_lowercase()
}

/// Files by a name.
#[derive(Debug, Default)]
pub(super) struct Names {
    exact: BTreeMap<String, PathBuf>,
    /// The exact name of each name in lower case; `None` where two differ only in case.
    folded: HashMap<String, Option<String>>,
}

impl Names {
    /// Files by their names without extension.
    pub(super) fn new(files: BTreeMap<String, PathBuf>) -> Self {
        let mut names = Self::default();
        for (name, path) in files {
            names.insert(&name, path);
        }
        names
    }

    pub(super) fn insert(&mut self, name: &str, path: PathBuf) {
        let name = composed(name).into_owned();
        self.folded
            .entry(name.to_lowercase())
            .and_modify(|known| {
                if known.as_ref() != Some(&name) {
                    *known = None;
                }
            })
            .or_insert_with(|| Some(name.clone()));
        self.exact.entry(name).or_insert(path);
    }

    /// The exact name and the file of a name; in another case where only one file fits.
    pub(super) fn get(&self, name: &str) -> Option<(&str, &Path)> {
        let name = composed(name);
        let exact = self.exact.get_key_value(name.as_ref()).or_else(|| {
            let known = self.folded.get(&name.to_lowercase())?.as_ref()?;
            self.exact.get_key_value(known)
        });
        exact.map(|(name, path)| (name.as_str(), path.as_path()))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.exact
            .iter()
            .map(|(name, path)| (name.as_str(), path.as_path()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.exact.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_composed_decomposed_and_in_another_case() {
        let mut names = Names::default();
        names.insert("Mu\u{308}ller_1", PathBuf::from("a"));
        names.insert("IMG_1", PathBuf::from("b"));
        names.insert("x", PathBuf::from("c"));
        names.insert("X", PathBuf::from("d"));
        let path = |name: &str| names.get(name).map(|(_, path)| path.to_owned());
        assert_eq!(path("M\u{fc}ller_1"), Some(PathBuf::from("a")));
        assert_eq!(path("m\u{fc}ller_1"), Some(PathBuf::from("a")));
        assert_eq!(path("img_1"), Some(PathBuf::from("b")));
        assert_eq!((path("x"), path("X")), (Some("c".into()), Some("d".into())));
        names.insert("y", PathBuf::from("e"));
        names.insert("Ya", PathBuf::from("f"));
        names.insert("yA", PathBuf::from("g"));
        assert!(names.get("ya").is_none(), "two files fit");
    }
}
