//! Which images a list of files and folders stands for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{DatasetError, IMAGE_EXTENSIONS};
use crate::files::{FileError, has_extension, own_files};

/// Folders below this depth are not looked at.
const DEEPEST: usize = 10;

/// The images among files and folders, and what was wrong with the rest.
#[derive(Debug, Default)]
pub struct ImageFiles {
    /// In the order of the list; the images of a folder sorted by name.
    pub images: Vec<PathBuf>,
    /// One for each folder that has no image.
    pub problems: Vec<DatasetError>,
}

impl ImageFiles {
    /// Replaces each folder by the images directly in it, or by those of the folders in it where
    /// there are none, without hidden files and, where there are others, without what this program
    /// wrote there. A file that is named by itself is kept whatever its extension, so that opening
    /// it can say what is wrong. Reads the disk.
    pub fn find(paths: &[PathBuf]) -> Self {
        let mut found = Self::default();
        for path in paths {
            if !path.is_dir() {
                found.images.push(path.clone());
                continue;
            }
            match images_in(path) {
                Ok(images) => found.images.extend(images),
                Err(err) => found.problems.push(err),
            }
        }
        found
    }
}

/// Whether the extension is that of an image, in any case.
pub fn has_image_extension(path: &Path) -> bool {
    has_extension(path, IMAGE_EXTENSIONS)
}

/// The images directly in a folder, or those in the folders below where there are none.
fn images_in(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let mut level = vec![folder.to_owned()];
    for _ in 0..DEEPEST {
        let (mut images, mut folders) = (Vec::new(), Vec::new());
        for folder in level {
            for entry in std::fs::read_dir(&folder).map_err(FileError::read(&folder))? {
                let path = entry.map_err(FileError::read(&folder))?.path();
                if is_hidden(&path) {
                    continue;
                }
                if path.is_dir() {
                    folders.push(path);
                } else if has_image_extension(&path) {
                    images.push(path);
                }
            }
        }
        if !images.is_empty() {
            images.sort();
            // Masks and overlays of an earlier prediction beside the photos are no photos.
            let own: BTreeSet<PathBuf> =
                own_files(&images).into_iter().map(Path::to_owned).collect();
            if own.len() < images.len() {
                images.retain(|image| !own.contains(image));
            }
            return Ok(images);
        }
        level = folders;
    }
    Err(DatasetError::NoImages {
        path: folder.to_owned(),
        extensions: IMAGE_EXTENSIONS.join(", "),
    })
}

/// Hidden files are other programs' notes about images (`._photo.jpg` of macOS), not images.
fn is_hidden(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::files::{Existing, Outputs};

    #[test]
    fn a_folder_becomes_its_sorted_images() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        for name in ["b.png", "a.JPG", "notes.txt", "c.jpeg", "._a.JPG"] {
            fs::write(path(name), "").expect("a file");
        }
        fs::create_dir(path("deeper.png")).expect("a folder");
        fs::write(path("deeper.png/d.png"), "").expect("a file");
        let single = PathBuf::from("z.png");

        let found = ImageFiles::find(&[single.clone(), folder.path().to_path_buf()]);

        assert_eq!(
            found.images,
            [single, path("a.JPG"), path("b.png"), path("c.jpeg")]
        );
        assert!(found.problems.is_empty());
    }

    #[test]
    fn a_folder_of_folders_becomes_their_images() {
        let folder = tempfile::tempdir().expect("a folder");
        for day in ["day0", "day1"] {
            fs::create_dir(folder.path().join(day)).expect("a folder");
            fs::write(folder.path().join(day).join("x.jfif"), "").expect("a file");
        }
        let found = ImageFiles::find(&[folder.path().to_path_buf()]);
        let expected = ["day0/x.jfif", "day1/x.jfif"].map(|name| folder.path().join(name));
        assert_eq!(found.images, expected);
    }

    #[test]
    fn notes_of_the_system_and_own_masks_are_no_photos() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        for name in ["a.jpg", "._a.jpg", ".hidden.png"] {
            fs::write(path(name), "").expect("a file");
        }
        let mask = Outputs::new(Existing::Keep).claim(&path("a.png"));
        mask.expect("a free name")
            .write(|file| file.write_all(b"mask"))
            .expect("written");
        let found = || ImageFiles::find(&[folder.path().to_path_buf()]).images;
        assert_eq!(found(), [path("a.jpg")]);
        // A folder of masks alone was meant as it is.
        fs::remove_file(path("a.jpg")).expect("removed");
        assert_eq!(found(), [path("a.png")]);
    }

    #[test]
    fn a_folder_without_images_is_a_problem() {
        let folder = tempfile::tempdir().expect("a folder");
        let found = ImageFiles::find(&[folder.path().to_path_buf()]);
        assert!(found.images.is_empty());
        let problems: Vec<String> = found.problems.iter().map(ToString::to_string).collect();
        assert!(
            matches!(&problems[..], [text] if text.contains("no images") && text.contains("jpeg")),
            "{problems:?}"
        );
    }

    #[test]
    fn files_are_kept_as_they_are() {
        let files = [PathBuf::from("z.png"), PathBuf::from("gone.txt")];
        assert_eq!(ImageFiles::find(&files).images, files);
    }

    #[test]
    fn extensions_are_known_in_any_case() {
        assert!(has_image_extension(Path::new("a/b.PNG")));
        assert!(has_image_extension(Path::new("x.TIFF")));
        assert!(!has_image_extension(Path::new("x.txt")));
        assert!(!has_image_extension(Path::new("png")));
    }
}
