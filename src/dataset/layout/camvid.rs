//! The layout of `SegNet`'s `CamVid`: `train.txt` and `val.txt` with `image mask` lines.

use std::path::{Component, Path, PathBuf};

use super::list::{not_empty, read_classes, read_lines};
use super::{Dataset, DatasetItem, Layout, Note, NoteTopic, folder_name};
use crate::dataset::{ClassList, DatasetError, VOID};

/// The label of unlabeled pixels in `CamVid`'s masks.
const CAMVID_VOID: u8 = 11;

/// Whether the lists of this layout are here.
pub(super) fn is_root(root: &Path) -> bool {
    root.join("train.txt").is_file() && val_list(root).is_file()
}

/// Opens a folder for which [`is_root`] holds.
pub(super) fn open(root: &Path) -> Result<Dataset, DatasetError> {
    let listed_classes = read_classes(root)?;
    let void_label = listed_classes
        .as_ref()
        .map_or(Some(CAMVID_VOID), |classes| {
            u8::try_from(classes.len()).ok()
        });
    let notes = vec![
        match &listed_classes {
            Some(_) => Note::found(NoteTopic::ClassNames, "from classes.txt"),
            None => Note::assumed(
                NoteTopic::ClassNames,
                "CamVid's 11, since there is no classes.txt",
            ),
        },
        Note::found(NoteTopic::Split, "from the lists"),
    ];
    let (train_list, val_list) = (root.join("train.txt"), val_list(root));
    Ok(Dataset {
        name: folder_name(root),
        root: root.to_owned(),
        layout: Layout::CamVid,
        classes: listed_classes.unwrap_or_else(ClassList::camvid),
        void_labels: void_label.into_iter().chain([VOID]).collect(),
        train: not_empty(read_items(root, &train_list)?, &train_list, "train on")?,
        val: not_empty(read_items(root, &val_list)?, &val_list, "validate on")?,
        test: Vec::new(),
        notes,
    })
}

/// `val.txt`, or `test.txt` where only that is there.
fn val_list(root: &Path) -> PathBuf {
    let (val, test) = (root.join("val.txt"), root.join("test.txt"));
    if !val.is_file() && test.is_file() {
        test
    } else {
        val
    }
}

/// The images and masks of a list.
pub(super) fn read_items(root: &Path, list: &Path) -> Result<Vec<DatasetItem>, DatasetError> {
    let item = |(number, line): (usize, String)| {
        read_item(root, &line).map_err(|reason| DatasetError::List {
            path: list.to_owned(),
            reason: format!("line {number}: {reason}"),
        })
    };
    read_lines(list)?.into_iter().map(item).collect()
}

/// Finds the two files of a line. File names may hold spaces, so every space is
/// tried as the one between them.
fn read_item(root: &Path, line: &str) -> Result<DatasetItem, String> {
    let mut first_problem = None;
    for (position, _) in line.match_indices([' ', '\t']) {
        let (image, mask) = (line[..position].trim(), line[position..].trim());
        match (resolve(root, image), resolve(root, mask)) {
            (Some(image), Some(mask)) => {
                let id = image
                    .file_stem()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                return Ok(DatasetItem { id, image, mask });
            }
            (None, _) => first_problem.get_or_insert(("image", image)),
            (_, None) => first_problem.get_or_insert(("mask", mask)),
        };
    }
    Err(match first_problem {
        None => "it holds one word, but an image and its mask belong in a line".to_owned(),
        Some((what, file)) => {
            format!(
                "the {what} {file} is not in this folder. Add the file or take the line off the list"
            )
        }
    })
}

/// The file a list means: lists are handed on with the folders of the machine
/// they were made on (`/SegNet/CamVid/train/x.png`), so leading parts are taken
/// off until the rest exists under `root`.
fn resolve(root: &Path, listed: &str) -> Option<PathBuf> {
    let listed = PathBuf::from(listed.replace('\\', "/"));
    let parts: Vec<Component<'_>> = listed
        .components()
        .filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir))
        .collect();
    (0..parts.len())
        .map(|skipped| root.join(parts[skipped..].iter().collect::<PathBuf>()))
        .chain(
            [listed.clone()]
                .into_iter()
                .filter(|path| path.is_absolute()),
        )
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::super::tests::{write_pair, write_text};
    use super::*;

    fn write_camvid(root: &Path) {
        for (split, id) in [("train", "a"), ("train", "b c"), ("val", "d")] {
            let mask = root.join(format!("{split}annot/{id}.png"));
            write_pair(&root.join(format!("{split}/{id}.png")), &mask, [3, 11]);
        }
        write_text(
            &root.join("train.txt"),
            "/SegNet/CamVid/train/a.png /SegNet/CamVid/trainannot/a.png\r\n\r\ntrain/b c.png trainannot/b c.png\n",
        );
        write_text(
            &root.join("val.txt"),
            "C:\\data\\val\\d.png C:\\data\\valannot\\d.png\n",
        );
    }

    #[test]
    fn foreign_prefixes_are_taken_off() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let root = dir.path();
        write_camvid(root);
        let dataset = Dataset::open(root).expect("a CamVid set");
        assert_eq!(dataset.layout.to_string(), "CamVid layout");
        assert_eq!(dataset.classes, ClassList::camvid());
        assert_eq!(dataset.void_labels, [11, VOID]);
        let ids: Vec<&str> = dataset.train.iter().map(|item| item.id.as_str()).collect();
        assert_eq!(ids, ["a", "b c"]);
        assert_eq!(dataset.train[0].image, root.join("train/a.png"));
        assert_eq!(dataset.train[0].mask, root.join("trainannot/a.png"));
        assert_eq!(dataset.val[0].mask, root.join("valannot/d.png"));
        let (_, labels) = dataset
            .mask_reader()
            .read_pair(&dataset.val[0])
            .expect("read");
        assert_eq!(labels.labels, [3, VOID]);
    }

    #[test]
    fn test_list_and_own_classes_are_taken() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let root = dir.path();
        write_camvid(root);
        std::fs::rename(root.join("val.txt"), root.join("test.txt")).expect("renamed");
        write_text(
            &root.join("classes.txt"),
            "road 1 2 3\nrest\nthird\nfourth\n",
        );
        let dataset = Dataset::open(root).expect("a CamVid set");
        assert_eq!(dataset.val.len(), 1);
        assert_eq!(dataset.classes.name(1), "rest");
        assert_eq!(dataset.void_labels, [4, VOID]);
    }

    #[test]
    fn absent_files_and_empty_lists_are_named() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let root = dir.path();
        write_camvid(root);
        let message = |text: &str| {
            write_text(&root.join("train.txt"), text);
            Dataset::open(root).unwrap_err().to_string()
        };
        let absent = message("train/a.png trainannot/a.png\ntrain/zzz.png trainannot/a.png\n");
        assert!(
            absent.contains("train.txt: line 2: the image train/zzz.png"),
            "{absent}"
        );
        let maskless = message("train/a.png nowhere/q.png\n");
        assert!(maskless.contains("the mask nowhere/q.png"), "{maskless}");
        assert!(message("train/a.png").contains("one word"));
        assert!(message("\n\n").contains("no images to train on"));
    }
}
