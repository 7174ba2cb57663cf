//! Folders in which outputs would become a part of a dataset.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use strum::VariantArray as _;

use super::EngineError;
use crate::dataset::{Dataset, DatasetItem, Split, has_parts, refuse_inside};
use crate::files::own_files;

/// Whether a folder has images or masks of the dataset at `root`. A dataset that cannot be opened has
/// none. `cache` is where those of archives and annotations are.
pub(super) fn is_of_run(root: &Path, cache: &Path, folder: &Path) -> bool {
    let Ok(root) = root.canonicalize() else {
        return false;
    };
    // Opening a dataset takes time, which most outputs do not need.
    let is_prepared = || {
        let cache = cache.canonicalize();
        cache.is_ok_and(|cache| folder.starts_with(cache))
    };
    (folder.starts_with(&root) || is_prepared())
        && Dataset::open_any(&root, cache, &mut |_, _| true)
            .is_ok_and(|dataset| holds_pairs(&dataset, folder))
}

/// Refuses a new folder in the dataset at `root`, or among the images or masks of another.
///
/// # Errors
/// [`EngineError::InDataset`], and that of [`refuse_inside`].
pub(super) fn refuse_new_folder(folder: &Path, root: &Path) -> Result<(), EngineError> {
    refuse_inside(folder, root)?;
    refuse(folder.parent().unwrap_or(Path::new(".")))
}

/// Refuses outputs in a folder that has images or masks of a dataset; one that is not there has none.
///
/// # Errors
/// [`EngineError::InDataset`].
pub(super) fn refuse(folder: &Path) -> Result<(), EngineError> {
    // The folder of a bare name is the one that the program runs in.
    let is_bare = folder.as_os_str().is_empty();
    let folder = if is_bare { Path::new(".") } else { folder };
    let place = folder.canonicalize().ok();
    match place.and_then(|place| dataset_around(&place)) {
        Some(dataset) => Err(EngineError::InDataset {
            folder: folder.to_owned(),
            dataset,
        }),
        None => Ok(()),
    }
}

/// The dataset of which a folder, or one of the three that it is in, has the images or masks.
fn dataset_around(folder: &Path) -> Option<PathBuf> {
    let is_root = |root: &&Path| *root == folder || has_parts(root);
    let mut roots = folder.ancestors().take(4).filter(is_root);
    let holds = |root: &&Path| {
        Dataset::open(root)
            .is_ok_and(|dataset| holds_pairs(&dataset, folder) && !is_predicted(&dataset))
    };
    roots.find(holds).map(Path::to_path_buf)
}

/// Whether a folder has images or masks of a dataset: a mask that is written there would become a part
/// of it.
fn holds_pairs(dataset: &Dataset, folder: &Path) -> bool {
    let files = items(dataset).flat_map(|item| [&item.image, &item.mask]);
    let parents: BTreeSet<&Path> = files.filter_map(|path| path.parent()).collect();
    parents
        .into_iter()
        .any(|parent| parent.canonicalize().is_ok_and(|parent| parent == folder))
}

/// Whether all masks of a dataset are predictions of this program, and its images so no dataset.
fn is_predicted(dataset: &Dataset) -> bool {
    let masks: BTreeSet<&PathBuf> = items(dataset).map(|item| &item.mask).collect();
    own_files(masks.iter().copied()).len() == masks.len()
}

/// The pairs of all lists.
fn items(dataset: &Dataset) -> impl Iterator<Item = &DatasetItem> {
    let lists = Split::VARIANTS.iter().map(|split| dataset.items(*split));
    lists.flatten()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn folders_of_annotated_images_are_left_alone() {
        let place = |path: &Path| path.canonicalize().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let (root, cache) = (dir.path().join("set"), dir.path().join("cache"));
        let images = root.join("photos");
        fs::create_dir_all(&images).unwrap();
        for name in ["a", "b"] {
            let image = images.join(format!("{name}.png"));
            image::RgbImage::new(4, 3).save(&image).unwrap();
            let text = format!(
                r#"{{"imagePath": "{name}.png", "imageHeight": 3, "imageWidth": 4, "shapes": [
                {{"label": "x", "points": [[0, 0], [2.5, 0], [2, 3]], "shape_type": "polygon"}}]}}"#
            );
            fs::write(image.with_extension("json"), text).unwrap();
        }
        assert!(is_of_run(&root, &cache, &place(&images)));
        assert!(!is_of_run(&root, &cache, &place(dir.path())));
        let drawn = Dataset::open_any(&root, &cache, &mut |_, _| true).unwrap();
        let masks = drawn.train[0].mask.parent().unwrap();
        assert!(is_of_run(&root, &cache, &place(masks)), "its drawn masks");
    }
}
