//! Which dataset the files of a folder would be a part of, for outputs that are to be none.

use std::fs;
use std::path::{Path, PathBuf};

use super::annotations;
use crate::dataset::layout::{Layout, is_name_of_part};
use crate::dataset::{Dataset, DatasetError, IMAGE_EXTENSIONS};
use crate::files::{has_extension, resolved};

/// How far above a folder a dataset is looked for.
const LEVELS: usize = 4;

/// The dataset whose reader would look at images that are written into `folder`; `None` where there
/// is none that can be opened. Looked for are the folder, which need not be there, and those around
/// it, as far as they have the folders or files of a dataset. Writes nothing.
pub fn dataset_around(folder: &Path) -> Option<PathBuf> {
    let folder = resolved(folder).ok()?;
    let home = directories::BaseDirs::new().and_then(|dirs| dirs.home_dir().canonicalize().ok());
    for root in folder.ancestors().take(LEVELS) {
        // What lies loose in these is no dataset, and may take very long to look through.
        if root.parent().is_none() || home.as_deref() == Some(root) {
            break;
        }
        if looks_like_one(root) && reads(root, &folder) {
            return Some(root.to_owned());
        }
        // The readers leave hidden folders out.
        let name = root.file_name().unwrap_or_default();
        if name.to_string_lossy().starts_with('.') {
            break;
        }
    }
    None
}

/// Whether the names in a folder are those of a dataset. It is not opened, which may take long.
fn looks_like_one(root: &Path) -> bool {
    let (mut parts, mut images, mut annotations) = (0_usize, false, false);
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            parts += usize::from(is_name_of_part(&name.to_string_lossy()));
        } else {
            images |= has_extension(&path, IMAGE_EXTENSIONS);
            annotations |= has_extension(&path, &["json", "mat", "csv", "tsv", "txt"]);
        }
    }
    parts > 1 || annotations && (images || parts > 0)
}

/// Whether `root` is a dataset whose reader looks into `folder`, which is `root` or below it.
fn reads(root: &Path, folder: &Path) -> bool {
    let dataset = match Dataset::open(root) {
        Ok(dataset) => dataset,
        Err(DatasetError::UnknownLayout { .. } | DatasetError::NoMasks { .. }) => {
            return annotations::are_there(root);
        }
        Err(_) => return false,
    };
    match dataset.layout {
        // It may have been found in a folder of this one.
        Layout::Voc => dataset.root.canonicalize().is_ok_and(|root| folder == root),
        Layout::CamVid | Layout::Table => true,
        // A dataset in a folder of this one does not make this one a dataset.
        _ => dataset
            .train
            .iter()
            .any(|item| is_in_part(&item.image, root)),
    }
}

/// Whether an image is in the folder itself, or in one that has the name of a dataset's part.
fn is_in_part(image: &Path, root: &Path) -> bool {
    let below = image.strip_prefix(root).ok();
    let mut names = below.into_iter().flat_map(Path::iter);
    match (names.next(), names.next()) {
        (Some(folder), Some(_)) => is_name_of_part(&folder.to_string_lossy()),
        (name, _) => name.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::layout::tests::{write_pair, write_text, write_voc};

    fn folder(root: &Path, name: &str) -> PathBuf {
        let folder = root.join(name);
        fs::create_dir_all(&folder).expect("created");
        folder
    }

    #[test]
    fn folders_of_images_and_masks_are_read_as_a_whole() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let root = folder(dir.path(), "set").canonicalize().expect("a path");
        for name in ["a", "b"] {
            let file = |folder: &str| root.join(folder).join(format!("{name}.png"));
            write_pair(&file("images"), &file("masks"), [0, 1]);
        }
        for inside in ["", "images", "masks", "predictions", "predictions/deep"] {
            assert_eq!(
                dataset_around(&folder(&root, inside)).as_deref(),
                Some(&*root),
                "{inside}"
            );
        }
        assert!(dataset_around(&root.join("absent").join("deep")).is_some());
        // Hidden folders are not read, and folders beside the set are not in it.
        assert_eq!(dataset_around(&folder(&root, ".predictions")), None);
        assert_eq!(dataset_around(&folder(dir.path(), "beside")), None);
        assert_eq!(dataset_around(dir.path()), None);
    }

    #[test]
    fn annotations_find_their_images_in_every_folder() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let root = folder(dir.path(), "set").canonicalize().expect("a path");
        for name in ["a", "b"] {
            let image = folder(&root, "images").join(format!("{name}.png"));
            image::RgbImage::new(4, 3).save(&image).expect("written");
        }
        write_text(
            &root.join("annotations.json"),
            r#"{"images": [{"id": 1, "file_name": "a.png", "width": 4, "height": 3},
                {"id": 2, "file_name": "b.png", "width": 4, "height": 3}],
                "categories": [{"id": 1, "name": "x"}], "annotations": [
                {"image_id": 1, "category_id": 1, "iscrowd": 0, "segmentation": [[0, 0, 2, 0, 2, 2]]},
                {"image_id": 2, "category_id": 1, "iscrowd": 0, "segmentation": [[0, 0, 2, 0, 2, 2]]}]}"#,
        );
        for inside in ["", "images", "predictions"] {
            assert_eq!(
                dataset_around(&folder(&root, inside)).as_deref(),
                Some(&*root),
                "{inside}"
            );
        }
    }

    #[test]
    fn new_folders_in_vocs_layout_are_not_read() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let root = folder(dir.path(), "set").canonicalize().expect("a path");
        write_voc(&root, &["a", "b"], [0, 1]);
        assert_eq!(dataset_around(&root).as_deref(), Some(&*root));
        assert_eq!(dataset_around(&folder(&root, "predictions")), None);
        // The folder around it has images and masks of other things.
        folder(dir.path(), "photos");
        assert_eq!(dataset_around(&folder(dir.path(), "masks")), None);
    }

    #[test]
    fn photos_alone_are_no_dataset() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let photos = folder(dir.path(), "photos");
        image::RgbImage::new(4, 3)
            .save(photos.join("a.png"))
            .expect("written");
        write_text(&photos.join("notes.txt"), "a.png is blurred\n");
        assert_eq!(dataset_around(&photos), None);
        assert_eq!(dataset_around(&folder(&photos, "masks-of-fcn")), None);
    }
}
