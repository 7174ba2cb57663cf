//! Which images a list of files and folders stands for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::layout::masks_among;
use super::prepare::{self, unpacked, zipped_names};
use super::{DatasetError, IMAGE_EXTENSIONS};
use crate::files::{FileError, has_extension, own_files};
use crate::text::plural;

/// Extensions of images, and of archives of them.
pub const IMAGES_AND_ARCHIVES: [&str; IMAGE_EXTENSIONS.len() + ARCHIVE_EXTENSIONS.len()] = {
    let mut all = [""; IMAGE_EXTENSIONS.len() + ARCHIVE_EXTENSIONS.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = if at < IMAGE_EXTENSIONS.len() {
            IMAGE_EXTENSIONS[at]
        } else {
            ARCHIVE_EXTENSIONS[at - IMAGE_EXTENSIONS.len()]
        };
        at += 1;
    }
    all
};
/// The last of them of a `.tar.gz`.
const ARCHIVE_EXTENSIONS: [&str; 4] = ["zip", "tar", "tgz", "gz"];
/// Folders below this depth are not looked at.
const DEEPEST: usize = 10;

/// The images among files and folders, and what was wrong with the rest.
#[derive(Debug, Default)]
pub struct ImageFiles {
    /// In the order of the list; the images of a folder sorted by name.
    pub images: Vec<PathBuf>,
    /// One for each folder or archive that has no image, or cannot be read.
    pub problems: Vec<DatasetError>,
}

impl ImageFiles {
    /// Replaces each folder by the images directly in it, or by those of the folders in it where
    /// there are none, without hidden files and, where there are others, without what this program
    /// wrote there and without the masks of a dataset. A file that is named by itself is kept whatever its extension, so that opening
    /// it can say what is wrong. A zip or tar is unpacked in `cache`, once and within bounds, and stands for
    /// its images as a folder does; `progress` is told how much of how much of it is done, and says whether
    /// to continue. Reads the disk.
    pub fn find(
        paths: &[PathBuf],
        cache: &Path,
        progress: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Self {
        let mut found = Self::default();
        for path in paths {
            let images = if path.is_dir() {
                images_in(path, path)
            } else if prepare::has_archive_extension(path) && path.is_file() {
                unpacked(path, cache, progress).and_then(|folder| images_in(&folder, path))
            } else {
                found.images.push(path.clone());
                continue;
            };
            match images {
                Ok(images) => found.images.extend(images),
                Err(err) => found.problems.push(err),
            }
        }
        found
    }
}

/// What the names in a zip tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZippedImages {
    /// Number of images in it.
    pub count: usize,
    /// Whether it can be a dataset: its images lie in several folders, some have one name, or there are
    /// annotations.
    pub can_be_dataset: bool,
}

impl ZippedImages {
    /// Those of a zip; `None` for other files. Does not unpack it.
    pub fn of(path: &Path) -> Option<Self> {
        let names = zipped_names(path)?;
        let is_shown = |name: &&PathBuf| !name.iter().any(|part| is_hidden(Path::new(part)));
        let names: Vec<PathBuf> = names.iter().filter(is_shown).cloned().collect();
        let images: Vec<&PathBuf> = names
            .iter()
            .filter(|name| has_image_extension(name))
            .collect();
        let folders: BTreeSet<_> = images.iter().map(|image| image.parent()).collect();
        let stems: BTreeSet<_> = images.iter().map(|image| image.file_stem()).collect();
        let annotations = ["json", "mat", "csv"];
        let has_annotations = names.iter().any(|name| has_extension(name, &annotations));
        Some(Self {
            count: images.len(),
            can_be_dataset: folders.len() != 1 || stems.len() < images.len() || has_annotations,
        })
    }
}

/// Whether the extension is that of a zip or tar, in any case.
pub fn has_archive_extension(path: &Path) -> bool {
    prepare::has_archive_extension(path)
}

/// Whether the extension is that of an image, in any case.
pub fn has_image_extension(path: &Path) -> bool {
    has_extension(path, IMAGE_EXTENSIONS)
}

/// The images directly in a folder, or those in the folders below where there are none; `named` is what
/// people call it.
fn images_in(folder: &Path, named: &Path) -> Result<Vec<PathBuf>, DatasetError> {
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
            leave_masks_out(folder, &mut images);
            return Ok(images);
        }
        level = folders;
    }
    Err(DatasetError::NoImages {
        path: named.to_owned(),
        extensions: IMAGE_EXTENSIONS.join(", "),
    })
}

/// Masks of a dataset beside its images are no photos.
fn leave_masks_out(folder: &Path, images: &mut Vec<PathBuf>) {
    let masks = masks_among(folder, images);
    let Some(first) = images.iter().find(|image| masks.contains(*image)) else {
        return;
    };
    log::warn!(
        "{}: {} of other images here, left out, such as {}",
        folder.display(),
        plural(
            masks.len(),
            "file looks like the mask",
            "files look like the masks"
        ),
        first.display()
    );
    images.retain(|image| !masks.contains(image));
}

/// Hidden files are other programs' notes about images (`._photo.jpg` of macOS), not images.
fn is_hidden(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use super::*;
    use crate::files::{Existing, Outputs};

    /// Where nothing is an archive.
    fn find(paths: &[PathBuf]) -> ImageFiles {
        ImageFiles::find(paths, Path::new("no cache"), &mut |_, _| true)
    }

    fn zip_of(path: &Path, names: &[&str]) {
        let mut writer = zip::ZipWriter::new(fs::File::create(path).expect("a file"));
        for name in names {
            let options = zip::write::SimpleFileOptions::default();
            writer.start_file(*name, options).expect("an entry");
            writer.write_all(name.as_bytes()).expect("written");
        }
        writer.finish().expect("a zip");
    }

    #[test]
    fn an_archive_is_unpacked_once_and_stands_for_its_images() {
        let dir = tempfile::tempdir().expect("a folder");
        let (path, cache) = (dir.path().join("photos.zip"), dir.path().join("cache"));
        let names = [
            "trip/b.png",
            "trip/a.jpg",
            "trip/notes.txt",
            "__MACOSX/trip/._a.jpg",
        ];
        zip_of(&path, &names);
        let mut steps = 0;
        let mut progress = |_, _| {
            steps += 1;
            true
        };
        let found = ImageFiles::find(std::slice::from_ref(&path), &cache, &mut progress);
        assert!(found.problems.is_empty(), "{:?}", found.problems);
        let names: Vec<_> = found.images.iter().map(|image| image.file_name()).collect();
        assert_eq!(names, [Some("a.jpg".as_ref()), Some("b.png".as_ref())]);
        assert!(found.images.iter().all(|image| image.starts_with(&cache)));
        assert_eq!(fs::read(&found.images[1]).expect("a file"), b"trip/b.png");
        let after = steps;
        ImageFiles::find(std::slice::from_ref(&path), &cache, &mut |_, _| {
            panic!("once")
        });
        assert!(after > 0);

        let told = |path: &Path, go_on: bool| {
            let found = ImageFiles::find(&[path.to_owned()], &cache, &mut |_, _| go_on);
            assert!(found.images.is_empty());
            found.problems[0].to_string()
        };
        let empty = dir.path().join("notes.zip");
        zip_of(&empty, &["notes.txt"]);
        let text = told(&empty, true);
        assert!(
            text.contains("notes.zip") && text.contains("no images"),
            "{text}"
        );
        let broken = dir.path().join("broken.zip");
        fs::write(&broken, "PK\x03\x04 and no more").expect("a file");
        assert!(told(&broken, true).contains("broken.zip"));
        let stopped = dir.path().join("stopped.zip");
        zip_of(&stopped, &["a.png"]);
        assert!(told(&stopped, false).contains("stopped.zip"));
    }

    #[test]
    fn names_tell_whether_a_zip_can_be_a_dataset() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.zip");
        for (names, count, can_be_dataset) in [
            (
                &["x/a.jpg", "x/b.jpg", "x/readme.txt", "x/._b.jpg"][..],
                2,
                false,
            ),
            (&["images/a.jpg", "masks/a.png"], 2, true),
            (&["a.jpg", "a.png"], 2, true),
            (&["a.jpg", "instances.json"], 1, true),
            (&["notes.txt"], 0, true),
        ] {
            zip_of(&path, names);
            let found = ZippedImages::of(&path).expect("a zip");
            let expected = ZippedImages {
                count,
                can_be_dataset,
            };
            assert_eq!(found, expected, "{names:?}");
        }
        fs::write(&path, "no zip").expect("a file");
        assert_eq!(ZippedImages::of(&path), None);
    }

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

        let found = find(&[single.clone(), folder.path().to_path_buf()]);

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
        let found = find(&[folder.path().to_path_buf()]);
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
        let found = || find(&[folder.path().to_path_buf()]).images;
        assert_eq!(found(), [path("a.jpg")]);
        // A folder of masks alone was meant as it is.
        fs::remove_file(path("a.jpg")).expect("removed");
        assert_eq!(found(), [path("a.png")]);
    }

    #[test]
    fn masks_of_a_dataset_are_no_photos() {
        let dir = tempfile::tempdir().expect("a folder");
        for (names, expected) in [
            (
                &[
                    "train/a.jpg",
                    "train/a_mask.png",
                    "valid/b.png",
                    "valid/b_mask.png",
                ][..],
                &["a.jpg", "b.png"][..],
            ),
            (
                &["img/a.jpg", "masks/a.png", "img/b.jpg"],
                &["a.jpg", "b.jpg"],
            ),
            // Whose mask, if it is one?
            (&["a_mask.png", "b.jpg"], &["a_mask.png", "b.jpg"]),
            (&["a.jpg", "a.png"], &["a.jpg", "a.png"]),
            (&["c.png", "c_l.png"], &["c.png", "c_l.png"]),
        ] {
            let root = dir.path().join(expected.concat());
            for name in names {
                let path = root.join(name);
                fs::create_dir_all(path.parent().expect("a folder")).expect("created");
                fs::write(path, name).expect("a file");
            }
            let found = find(&[root]);
            let shown = found.images.iter().filter_map(|image| image.file_name());
            assert_eq!(shown.collect::<Vec<_>>(), expected, "{names:?}");
        }
    }

    #[test]
    fn a_folder_without_images_is_a_problem() {
        let folder = tempfile::tempdir().expect("a folder");
        let found = find(&[folder.path().to_path_buf()]);
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
        assert_eq!(find(&files).images, files);
    }

    #[test]
    fn extensions_are_known_in_any_case() {
        assert!(has_image_extension(Path::new("a/b.PNG")));
        assert!(has_image_extension(Path::new("x.TIFF")));
        assert!(!has_image_extension(Path::new("x.txt")));
        assert!(!has_image_extension(Path::new("png")));
    }
}
