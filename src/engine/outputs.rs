//! The files of a batch of predictions: which names they get, planned before the first is
//! written.
//!
//! A name that an image of the batch has, or another output, is not available, and the next
//! free number is taken. Any other file that has a name stops the batch, since a mask of another
//! name would not be found by who pairs masks with images.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::dataset::dataset_folder;
use super::in_dataset::{is_of_run, refuse};
use super::predict::NetworkSource;
use super::tasks::Task;
use super::{Engine, EngineError};
use crate::files::{Existing, FileError, Output, Outputs, folds_case, make_folder};

/// Bytes of a stem, so that `_2_overlay.png` and what a file is called while it is written have room in the
/// 255 that names have.
const LONGEST_STEM: usize = 220;

/// An image and the names of its outputs.
#[derive(Debug, Clone)]
pub struct PredictionFiles {
    /// The image.
    pub image: PathBuf,
    /// `NAME.png` for its mask.
    pub mask: Output,
    /// `NAME_overlay.png` for the mask over the image.
    pub overlay: Output,
}

impl Engine {
    /// Names for the masks and overlays of images in the folder `out`, which is made. An image that
    /// is named twice is taken once.
    ///
    /// The task fails when a name is taken by whatever [`Outputs`] does not replace, and when `out`
    /// holds images or masks of the run's dataset or of one that it is in. Then nothing has been written.
    pub fn plan_predictions(
        &self,
        network: &NetworkSource,
        images: &[PathBuf],
        out: &Path,
        existing: Existing,
    ) -> Task<Result<Vec<PredictionFiles>, EngineError>> {
        let root = self.dataset_root(network);
        let cache = self.prepared_cache();
        let (images, out) = (images.to_vec(), out.to_path_buf());
        self.spawn("plan outputs", move |_| {
            plan_in(root.as_deref(), &cache, &images, &out, existing)
        })
    }

    /// Where datasets of archives and annotations are prepared.
    pub(super) fn prepared_cache(&self) -> PathBuf {
        self.dirs.data.join("cache")
    }

    /// The folder of the dataset that a network was trained on, where that is known.
    pub(super) fn dataset_root(&self, network: &NetworkSource) -> Option<PathBuf> {
        let run = match network {
            NetworkSource::Run(run, _) | NetworkSource::Checkpoint(run, _) => self.run(run)?,
            NetworkSource::Weights(..) => return None,
        };
        Some(dataset_folder(&run.config.dataset, &self.dirs.data))
    }
}

/// As [`Engine::plan_predictions`], with the dataset at `root`.
pub(super) fn plan_in(
    root: Option<&Path>,
    cache: &Path,
    images: &[PathBuf],
    out: &Path,
    existing: Existing,
) -> Result<Vec<PredictionFiles>, EngineError> {
    let Ok(folder) = out.canonicalize() else {
        // A new folder has nothing in it.
        return plan(images, out, existing);
    };
    if let Some(dataset) = root.filter(|root| is_of_run(root, cache, &folder)) {
        return Err(EngineError::InDataset {
            folder: out.to_owned(),
            dataset: dataset.to_owned(),
        });
    }
    refuse(out)?;
    plan(images, out, existing)
}

fn plan(
    images: &[PathBuf],
    out: &Path,
    existing: Existing,
) -> Result<Vec<PredictionFiles>, EngineError> {
    make_folder(out)?;
    let folder = out.canonicalize().map_err(FileError::read(out))?;
    let images = once_each(images);
    let mut names = Names::new(&folder, &images);
    let mut outputs = Outputs::new(existing);
    let mut taken = Vec::new();
    let mut files = Vec::new();
    for image in images {
        let name = names.next(&image);
        let mask = outputs.claim(&out.join(format!("{name}.png")));
        let overlay = outputs.claim(&out.join(format!("{name}_overlay.png")));
        match (mask, overlay) {
            (Ok(mask), Ok(overlay)) => files.push(PredictionFiles {
                image,
                mask,
                overlay,
            }),
            (mask, overlay) => taken.extend(mask.err().into_iter().chain(overlay.err())),
        }
    }
    if !taken.is_empty() {
        let others = taken.len() - 1;
        let first = taken.swap_remove(0);
        return Err(EngineError::NamesTaken { first, others });
    }
    Ok(files)
}

/// The images without those that are there already under another path.
fn once_each(images: &[PathBuf]) -> Vec<PathBuf> {
    let mut seen = BTreeSet::new();
    // What cannot be resolved is kept, so that reading it says why.
    let is_new = |image: &&PathBuf| image.canonicalize().map_or(true, |path| seen.insert(path));
    images.iter().filter(is_new).cloned().collect()
}

/// The file names in the output folder that outputs cannot have.
struct Names {
    taken: BTreeSet<String>,
    folds_case: bool,
}

impl Names {
    /// The images that lie in `folder`, by whichever path and name, have theirs.
    fn new(folder: &Path, images: &[PathBuf]) -> Self {
        let mut names = Self {
            taken: BTreeSet::new(),
            folds_case: folds_case(folder),
        };
        for image in images {
            // An image can be a link in this folder, or be linked to from elsewhere.
            let parent = image
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty());
            let as_named = parent
                .unwrap_or(Path::new("."))
                .canonicalize()
                .ok()
                .zip(image.file_name())
                .map(|(parent, name)| parent.join(name));
            for path in [as_named, image.canonicalize().ok()].into_iter().flatten() {
                if let Some(name) = path.file_name().filter(|_| path.parent() == Some(folder)) {
                    let name = names.key(&name.to_string_lossy());
                    names.taken.insert(name);
                    // Of `a.tif` and `a.png`, datasets would take the mask for the image.
                    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                    let beside = names.key(&format!("{stem}.png"));
                    names.taken.insert(beside);
                }
            }
        }
        names
    }

    /// The name for the outputs of an image, without `.png`: its stem, or that with the first
    /// number from 2 that is free: `a` for `a.jpg`, then `a_2` for `a.bmp`. Of a stem with which the longest
    /// output would have no name, the start.
    fn next(&mut self, image: &Path) -> String {
        let stem = image.file_stem().unwrap_or(image.as_os_str());
        let stem = stem.to_string_lossy().into_owned();
        let stem = &stem[..stem.floor_char_boundary(LONGEST_STEM)];
        let mut name = stem.to_owned();
        let mut number = 2_usize;
        loop {
            let files = [".png", "_overlay.png"].map(|end| self.key(&format!("{name}{end}")));
            if files.iter().all(|file| !self.taken.contains(file)) {
                self.taken.extend(files);
                return name;
            }
            name = format!("{stem}_{number}");
            number += 1;
        }
    }

    fn key(&self, name: &str) -> String {
        if self.folds_case {
            name.to_lowercase()
        } else {
            name.to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn names(files: &[PredictionFiles]) -> Vec<String> {
        let name = |files: &PredictionFiles| {
            files
                .mask
                .path()
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
        };
        files.iter().filter_map(name).collect()
    }

    fn planned(images: &[PathBuf], out: &Path) -> Result<Vec<PredictionFiles>, EngineError> {
        plan(images, out, Existing::Keep)
    }

    fn folder(files: &[&str]) -> (tempfile::TempDir, Vec<PathBuf>) {
        let dir = tempfile::tempdir().unwrap();
        let paths: Vec<PathBuf> = files.iter().map(|name| dir.path().join(name)).collect();
        for path in &paths {
            fs::write(path, path.to_string_lossy().as_bytes()).unwrap();
        }
        (dir, paths)
    }

    #[test]
    fn equal_stems_get_files_of_their_own() {
        let (_photos, images) = folder(&["a.jpg", "a.png", "a_overlay.png", "b.png"]);
        let out = tempfile::tempdir().unwrap();
        let files = planned(&images, &out.path().join("masks")).unwrap();
        assert_eq!(
            names(&files),
            ["a.png", "a_2.png", "a_overlay_2.png", "b.png"]
        );
    }

    #[test]
    fn photos_in_the_output_folder_keep_their_names() {
        let (photos, images) = folder(&["a.jpg", "a.png", "b.png"]);
        let files = planned(&images, photos.path()).unwrap();
        assert_eq!(names(&files), ["a_2.png", "a_3.png", "b_2.png"]);
        // The same by another path of the folder, and with a photo that is named twice.
        let detour = photos
            .path()
            .join("..")
            .join(photos.path().file_name().unwrap());
        let twice: Vec<PathBuf> = images
            .iter()
            .cloned()
            .chain([detour.join("b.png")])
            .collect();
        assert_eq!(names(&planned(&twice, &detour).unwrap()).len(), 3);
    }

    #[test]
    fn other_files_stop_the_batch_before_anything_is_written() {
        let (_photos, images) = folder(&["a.jpg", "b.jpg", "c.jpg"]);
        let (truth, _) = folder(&["b.png", "c.png", "c_overlay.png"]);
        let refused = planned(&images, truth.path()).unwrap_err();
        assert!(
            matches!(refused, EngineError::NamesTaken { others: 2, .. }),
            "{refused}"
        );
        let message = refused.to_string();
        assert!(
            message.contains("b.png") && message.contains("2 more names"),
            "{message}"
        );
        assert!(!truth.path().join("a.png").exists());
    }

    #[test]
    fn own_masks_are_replaced_on_request() {
        let (_photos, images) = folder(&["a.jpg"]);
        let out = tempfile::tempdir().unwrap();
        let first = planned(&images, out.path()).unwrap();
        first[0].mask.write(|file| file.write_all(b"mask")).unwrap();
        let refused = planned(&images, out.path()).unwrap_err().to_string();
        assert!(refused.contains("there already"), "{refused}");
        let again = plan(&images, out.path(), Existing::ReplaceOwn).unwrap();
        assert_eq!(names(&again), ["a.png"]);
    }

    #[test]
    fn masks_are_not_written_among_those_of_any_dataset() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("set");
        for part in ["images", "masks"] {
            fs::create_dir_all(root.join(part)).unwrap();
            for name in ["a.png", "b.png"] {
                let file = root.join(part).join(name);
                let stripes = |x, _| image::Luma([u8::from(x > 1)]);
                image::GrayImage::from_fn(4, 3, stripes).save(file).unwrap();
            }
        }
        let images = [root.join("images/a.png"), root.join("images/b.png")];
        let cache = dir.path().join("cache");
        let plan = |out: &str, existing| plan_in(None, &cache, &images, &root.join(out), existing);
        for part in ["images", "masks", "masks/../images"] {
            let refused = plan(part, Existing::Keep).unwrap_err();
            assert!(
                matches!(refused, EngineError::InDataset { .. }),
                "{refused}"
            );
            assert!(refused.to_string().contains("set"), "{refused}");
        }
        assert_eq!(
            names(&plan("fcn", Existing::Keep).unwrap()),
            ["a.png", "b.png"]
        );

        // Beside images that have no other masks than predicted ones they can be predicted again.
        fs::remove_dir_all(root.join("masks")).unwrap();
        for file in plan("masks", Existing::Keep).unwrap() {
            let mask = root.join("images").join("a.png");
            let bytes = fs::read(mask).unwrap();
            file.mask.write(|to| to.write_all(&bytes)).unwrap();
        }
        crate::dataset::Dataset::open(&root).expect("images and masks");
        plan("masks", Existing::ReplaceOwn).unwrap();
    }

    #[test]
    fn names_that_leave_no_room_for_an_ending_are_shortened() {
        let long = "ä".repeat(120);
        let (_photos, images) = folder(&[&format!("{long}1.jpg"), &format!("{long}2.jpg")]);
        let out = tempfile::tempdir().unwrap();
        let files = planned(&images, out.path()).unwrap();
        for file in &files {
            for output in [&file.mask, &file.overlay] {
                output.write(|to| to.write_all(b"mask")).unwrap();
            }
        }
        let start = "ä".repeat(110);
        assert_eq!(
            names(&files),
            [format!("{start}.png"), format!("{start}_2.png")]
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_to_photos_are_photos_too() {
        let (photos, images) = folder(&["a.png"]);
        let out = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(&images[0], out.path().join("a.png")).unwrap();
        // A mask would replace the link: somebody else's file.
        planned(&images, out.path()).unwrap_err();
        let files = planned(&[out.path().join("a.png")], out.path()).unwrap();
        assert_eq!(names(&files), ["a_2.png"]);
        let other = tempfile::tempdir().unwrap();
        let link = other.path().join("photos");
        std::os::unix::fs::symlink(photos.path(), &link).unwrap();
        let files = planned(&[link.join("a.png")], photos.path()).unwrap();
        assert_eq!(names(&files), ["a_2.png"]);
    }

    #[test]
    fn where_case_is_folded_no_two_names_are_one_file() {
        let mut names = Names {
            taken: BTreeSet::new(),
            folds_case: true,
        };
        assert_eq!(names.next(Path::new("A.jpg")), "A");
        assert_eq!(names.next(Path::new("a.jpg")), "a_2");
    }
}
