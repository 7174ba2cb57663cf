//! The folder around a dataset: the one folder in it that has lists of its own.

use std::fs;
use std::path::{Path, PathBuf};

use super::{DatasetItem, class_files, folders, pairs, splits, voc};

/// The only folder in this one that is a dataset with a class list or lists of images, where this one has
/// none and no pair is outside of that.
pub(super) fn inner(root: &Path) -> Option<PathBuf> {
    if has_lists(root) {
        return None;
    }
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let mut found = entries
        .map(|entry| entry.path())
        .filter(|path| is_dataset(path));
    let inner = found.next()?;
    if found.next().is_some() {
        return None;
    }
    let is_inside =
        |item: &DatasetItem| item.image.starts_with(&inner) && item.mask.starts_with(&inner);
    let is_all = folders::all(root).iter().all(is_inside);
    is_all.then_some(inner)
}

fn has_lists(folder: &Path) -> bool {
    let lists = [
        folder.to_owned(),
        folders::lists(folder),
        voc::lists(folder),
    ];
    class_files::is_in(folder) || lists.iter().any(|lists| splits::has_lists(lists))
}

/// Folders such as `train` are parts of the dataset around them.
fn is_dataset(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let is_part = name.starts_with('.') || folders::is_part(&name);
    let is_one = || folders::has_parts(folder) || pairs::is_root(folder);
    !is_part && folder.is_dir() && has_lists(folder) && is_one()
}

#[cfg(test)]
mod tests {
    use super::super::Dataset;
    use super::super::tests::{write_pair, write_text, write_voc};
    use super::*;

    fn opened(root: &Path) -> (PathBuf, usize, usize) {
        let dataset = Dataset::open(root).unwrap_or_else(|err| panic!("{err}"));
        (dataset.root, dataset.train.len(), dataset.classes.len())
    }

    #[test]
    fn the_only_dataset_with_lists_below_is_opened() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (root, inner) = (dir.path(), dir.path().join("ds"));
        write_voc(&inner, &["a", "b", "c"], [0, 1]);
        write_text(&root.join("docs/x.txt"), "words");
        // Nothing would be lost.
        assert_eq!(opened(root), (root.to_owned(), 2, 2));
        write_text(&inner.join("classes.txt"), "ground\nsquare\nbar\n");
        assert_eq!(opened(root), (inner.clone(), 2, 3));
        write_text(&inner.join("ImageSets/Segmentation/train.txt"), "a\n");
        write_text(&inner.join("ImageSets/Segmentation/val.txt"), "b\n");
        assert_eq!(opened(root), (inner, 1, 3));
    }

    #[test]
    fn nothing_outside_of_a_folder_with_lists_is_lost() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let root = dir.path();
        for city in ["bonn", "kiel"] {
            for id in ["a", "b"] {
                let [image, mask] = ["images", "masks"]
                    .map(|part| root.join(city).join(part).join(format!("{id}.png")));
                write_pair(&image, &mask, [0, 1]);
            }
        }
        write_text(&root.join("bonn/classes.txt"), "ground\nsquare\nbar\n");
        assert_eq!(opened(root), (root.to_owned(), 3, 2));
        // The list of the folder that was chosen counts.
        write_text(&root.join("classes.txt"), "ground\nsquare\nbar\nsky\n");
        assert_eq!(opened(root), (root.to_owned(), 3, 4));
    }
}
