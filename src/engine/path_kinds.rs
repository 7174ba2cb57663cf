//! What a file or folder is that people give to the program without saying so.

use std::fs;
use std::path::{Path, PathBuf};

use super::Engine;
use super::tasks::{Task, spawn_thread};
use crate::dataset::{
    Dataset, ImageFiles, ZippedImages, has_archive_extension, has_image_extension,
};
use crate::model::weights::has_weights_extension;
use crate::training::checkpoint::RunFolder;

/// Weights files of a folder that are named; more are a collection to choose from.
const MOST_WEIGHTS: usize = 4;

/// Something that a path can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathKind {
    /// A dataset, perhaps one with an error that opening it tells.
    Dataset,
    /// An image, a folder with so many images directly in it, or an archive with so many; 0 = it was not
    /// counted.
    Images(usize),
    /// A weights file, or a folder with this one in it.
    Weights(PathBuf),
    /// The folder of a run.
    Run,
}

/// All that a path can be, the likeliest first; empty = nothing the program knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathKinds {
    /// The path.
    pub path: PathBuf,
    /// What it can be.
    pub kinds: Vec<PathKind>,
}

impl PathKinds {
    /// Looks at the disk. Slow.
    pub fn of(path: PathBuf) -> Self {
        let kinds = if path.is_dir() {
            kinds_of_folder(&path)
        } else if has_image_extension(&path) {
            vec![PathKind::Images(1)]
        } else if has_weights_extension(&path) {
            vec![PathKind::Weights(path.clone())]
        } else if has_archive_extension(&path) {
            kinds_of_archive(&path)
        } else {
            Vec::new()
        };
        Self { path, kinds }
    }
}

/// Of a tar it takes a while to know what is in it.
fn kinds_of_archive(path: &Path) -> Vec<PathKind> {
    match ZippedImages::of(path) {
        Some(found) if found.count == 0 => vec![PathKind::Dataset],
        Some(found) if !found.can_be_dataset => vec![PathKind::Images(found.count)],
        Some(found) => vec![PathKind::Dataset, PathKind::Images(found.count)],
        None if path.is_file() => vec![PathKind::Dataset, PathKind::Images(0)],
        // Opening it says that it is not there.
        None => vec![PathKind::Dataset],
    }
}

fn kinds_of_folder(folder: &Path) -> Vec<PathKind> {
    if RunFolder::at(folder).meta().is_ok() {
        return vec![PathKind::Run]; // its weights are the run's
    }
    let mut kinds = Vec::new();
    if Dataset::open(folder).is_ok() {
        kinds.push(PathKind::Dataset);
    }
    let entries = fs::read_dir(folder).into_iter().flatten();
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let (mut images, mut weights) = (0, Vec::new());
    for file in files.filter(|path| path.is_file()) {
        if has_image_extension(&file) {
            images += 1;
        } else if has_weights_extension(&file) {
            weights.push(file);
        }
    }
    if images > 0 {
        kinds.push(PathKind::Images(images));
    }
    weights.sort();
    if weights.len() <= MOST_WEIGHTS {
        kinds.extend(weights.into_iter().map(PathKind::Weights));
    }
    if kinds.is_empty() {
        // Opening it says what is there and what is missing.
        kinds.push(PathKind::Dataset);
    }
    kinds
}

impl Engine {
    /// The images that files, folders and archives stand for; archives are unpacked into the program's own
    /// folder. Tells how far an archive is.
    pub fn find_images(&self, paths: Vec<PathBuf>) -> Task<ImageFiles> {
        let cache = self.prepared_cache();
        spawn_thread(&self.waker, "find images", move |cancel| {
            let mut progress = |done: usize, total: usize| {
                cancel.set_progress(done as f32 / total.max(1) as f32);
                !cancel.is_cancelled()
            };
            ImageFiles::find(&paths, &cache, &mut progress)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_what_their_names_say() {
        let kinds = |name: &str| PathKinds::of(PathBuf::from(name)).kinds;
        assert_eq!(kinds("/a/b.JPG"), [PathKind::Images(1)]);
        assert_eq!(kinds("/a/b.pth"), [PathKind::Weights("/a/b.pth".into())]);
        assert_eq!(kinds("/a/b.TAR.gz"), [PathKind::Dataset]);
        assert_eq!(kinds("/a/b.zip"), [PathKind::Dataset]);
        assert_eq!(kinds("/a/b.gz"), []);
        assert_eq!(kinds("/a/b.txt"), []);
    }

    #[test]
    fn a_folder_is_all_that_is_in_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let kinds = || PathKinds::of(dir.path().to_owned()).kinds;
        assert_eq!(kinds(), [PathKind::Dataset], "its error says more");
        for name in ["a.png", "b.jpg", "notes.md"] {
            fs::write(dir.path().join(name), "").expect("a file");
        }
        assert_eq!(kinds(), [PathKind::Images(2)]);
        let weights = dir.path().join("w.safetensors");
        fs::write(&weights, "").expect("a file");
        assert_eq!(kinds(), [PathKind::Images(2), PathKind::Weights(weights)]);
    }
}
