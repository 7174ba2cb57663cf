//! The files that lists mean, which are written for other machines and in another case.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use super::list::files_below;
use super::names::composed;
use crate::dataset::IMAGE_EXTENSIONS;

/// The files below a folder, for lists whose names differ in case or in composed letters.
pub(super) struct ListedFiles {
    root: PathBuf,
    /// Listed once; by composed path in lower case.
    known: OnceCell<HashMap<String, PathBuf>>,
}

impl ListedFiles {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            known: OnceCell::new(),
        }
    }

    /// The file a list means: lists are handed on with the folders of the machine
    /// they were made on (`/SegNet/CamVid/train/x.png`), so leading parts are taken
    /// off until the rest exists under the root.
    pub(super) fn resolve(&self, listed: &str) -> Option<PathBuf> {
        let listed = PathBuf::from(listed.replace('\\', "/"));
        let parts: Vec<Component<'_>> = listed
            .components()
            .filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir))
            .collect();
        let rests = || (0..parts.len()).map(|skipped| parts[skipped..].iter().collect::<PathBuf>());
        let exact = rests()
            .map(|rest| self.root.join(rest))
            .chain(
                [listed.clone()]
                    .into_iter()
                    .filter(|path| path.is_absolute()),
            )
            .find(|path| path.is_file());
        exact.or_else(|| {
            let known = self.known();
            rests().find_map(|rest| known.get(&folded(&rest)).cloned())
        })
    }

    /// The images and masks below the folder.
    pub(super) fn all(&self) -> impl Iterator<Item = &PathBuf> {
        self.known().values()
    }

    fn known(&self) -> &HashMap<String, PathBuf> {
        self.known.get_or_init(|| self.list())
    }

    fn list(&self) -> HashMap<String, PathBuf> {
        files_below(&self.root, IMAGE_EXTENSIONS)
            .into_iter()
            .filter_map(|path| Some((folded(path.strip_prefix(&self.root).ok()?), path)))
            .collect()
    }
}

fn folded(path: &Path) -> String {
    composed(&path.to_string_lossy()).to_lowercase()
}
