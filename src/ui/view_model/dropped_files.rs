//! Which images a drop of files and folders stands for.

use std::fs;
use std::path::{Path, PathBuf};

use crate::engine::{IMAGE_EXTENSIONS, WEIGHTS_EXTENSIONS};

/// The images among dropped paths and what was wrong with the rest.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Expanded {
    /// Images, in the order of the drop; the files of a folder sorted by name.
    pub images: Vec<PathBuf>,
    /// One message for each path that gave no image.
    pub problems: Vec<String>,
}

/// Replaces each folder by the images directly in it. A file named by itself is kept
/// whatever its extension, so that opening it can say what is wrong. Reads the disk.
pub fn expand(paths: &[PathBuf]) -> Expanded {
    let mut expanded = Expanded::default();
    for path in paths {
        if !path.is_dir() {
            expanded.images.push(path.clone());
            continue;
        }
        match images_in(path) {
            Ok(images) if images.is_empty() => {
                expanded
                    .problems
                    .push(format!("No images in {}", path.display()));
            }
            Ok(images) => expanded.images.extend(images),
            Err(err) => {
                expanded.problems.push(format!(
                    "The folder cannot be read: {err}\n{}",
                    path.display()
                ));
            }
        }
    }
    expanded
}

/// Whether the extension is one of [`IMAGE_EXTENSIONS`], in any case.
pub fn has_image_extension(path: &Path) -> bool {
    has_extension(path, IMAGE_EXTENSIONS)
}

/// Whether the extension is one of [`WEIGHTS_EXTENSIONS`], in any case.
pub fn has_weights_extension(path: &Path) -> bool {
    has_extension(path, &WEIGHTS_EXTENSIONS)
}

fn has_extension(path: &Path, wanted: &[&str]) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| {
        wanted
            .iter()
            .any(|known| known.eq_ignore_ascii_case(extension))
    })
}

/// The file name, or the whole path if there is none.
pub fn file_label(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

fn images_in(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut images: Vec<_> = fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| has_image_extension(path) && path.is_file())
        .collect();
    images.sort();
    Ok(images)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_becomes_its_sorted_images() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["b.png", "a.JPG", "notes.txt", "c.jpeg"] {
            fs::write(path(name), "").unwrap();
        }
        fs::create_dir(path("deeper")).unwrap();
        fs::write(path("deeper/d.png"), "").unwrap();

        let expanded = expand(&[folder.path().to_path_buf()]);

        assert_eq!(
            expanded.images,
            [path("a.JPG"), path("b.png"), path("c.jpeg")]
        );
        assert!(expanded.problems.is_empty());
    }

    #[test]
    fn images_are_told_by_their_ending() {
        assert!(
            has_image_extension(Path::new("a/b.PNG")) && has_image_extension(Path::new("c.jpeg"))
        );
        assert!(!has_image_extension(Path::new("a.txt")) && !has_image_extension(Path::new("png")));
    }

    #[test]
    fn a_folder_without_images_is_a_problem() {
        let folder = tempfile::tempdir().unwrap();
        let expanded = expand(&[folder.path().to_path_buf()]);
        assert!(expanded.images.is_empty());
        assert_eq!(expanded.problems.len(), 1);
    }

    #[test]
    fn files_are_kept_as_they_are() {
        let files = [PathBuf::from("z.png"), PathBuf::from("gone.txt")];
        assert_eq!(expand(&files).images, files);
    }

    #[test]
    fn extensions_are_known_in_any_case() {
        assert!(has_image_extension(Path::new("x.TIFF")));
        assert!(!has_image_extension(Path::new("x.txt")));
        assert!(!has_image_extension(Path::new("png")));
    }
}
