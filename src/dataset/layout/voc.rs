//! The layout of PASCAL VOC: `JPEGImages`, `SegmentationClass`, `ImageSets/Segmentation`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::list::{files_by_stem, not_empty, read_classes, read_lines};
use super::{Dataset, DatasetItem, Layout, Note, NoteTopic, folder_name};
use crate::dataset::image_io::{RawPixels, read_raw};
use crate::dataset::{Class, ClassList, DatasetError, IMAGE_EXTENSIONS, VOID};

const IMAGES: &str = "JPEGImages";
const MASKS: &str = "SegmentationClass";
/// Without lists, each image at this distance goes to validation.
const VAL_EVERY: usize = 5;
/// How many masks are looked at for the number of classes.
const LOOKED_AT: usize = 200;

/// The folder with images and masks: `root` itself, or the only `VOC...` folder
/// in it or in its `VOCdevkit`. `None` when there is none.
pub(super) fn find_root(root: &Path) -> Result<Option<PathBuf>, DatasetError> {
    if is_root(root) {
        return Ok(Some(root.to_owned()));
    }
    let mut found = Vec::new();
    for folder in [root.to_owned(), root.join("VOCdevkit")] {
        // A folder that cannot be listed is skipped.
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        found.extend(
            entries
                .map(|entry| entry.path())
                .filter(|path| is_voc_name(path) && is_root(path)),
        );
    }
    found.sort();
    if found.len() > 1 {
        let names: Vec<String> = found.iter().map(|path| folder_name(path)).collect();
        let reason = format!(
            "it holds several datasets ({}). Choose one of these folders",
            names.join(", ")
        );
        return Err(DatasetError::List {
            path: root.to_owned(),
            reason,
        });
    }
    Ok(found.pop())
}

/// Opens a folder that [`find_root`] has found.
pub(super) fn open(root: &Path) -> Result<Dataset, DatasetError> {
    let files = Files::list(root)?;
    let (train, val) = files.splits(root)?;
    let lists = root.join("ImageSets").join("Segmentation");
    let train = not_empty(train, &lists.join("train.txt"), "train on")?;
    let val = not_empty(val, &lists.join("val.txt"), "validate on")?;
    let (classes, note) = match read_classes(root)? {
        Some(classes) => (
            classes,
            Note::found(NoteTopic::ClassNames, "from classes.txt"),
        ),
        None => (
            guess_classes(train.iter().chain(&val)),
            Note::assumed(
                NoteTopic::ClassNames,
                "there is no classes.txt: VOC's, or numbered ones",
            ),
        ),
    };
    Ok(Dataset {
        name: folder_name(root),
        root: root.to_owned(),
        layout: Layout::Voc,
        classes,
        void_labels: vec![VOID],
        train,
        val,
        test: Vec::new(),
        notes: vec![note],
    })
}

/// Where the test list is, if there is one.
pub(super) fn test_list(root: &Path) -> PathBuf {
    root.join("ImageSets").join("Segmentation").join("test.txt")
}

/// The images and masks of a list.
pub(super) fn read_items(root: &Path, list: &Path) -> Result<Vec<DatasetItem>, DatasetError> {
    Files::list(root)?.read_list(list)
}

fn is_root(path: &Path) -> bool {
    path.join(IMAGES).is_dir() && path.join(MASKS).is_dir()
}

fn is_voc_name(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with("VOC"))
}

/// What lies in the two folders, by file name without extension.
struct Files {
    images: BTreeMap<String, PathBuf>,
    masks: BTreeMap<String, PathBuf>,
}

impl Files {
    fn list(root: &Path) -> Result<Self, DatasetError> {
        Ok(Self {
            images: files_by_stem(&root.join(IMAGES), IMAGE_EXTENSIONS)?,
            masks: files_by_stem(&root.join(MASKS), &["png"])?,
        })
    }

    /// The training and the validation items. A list that is missing is made of
    /// what the other one leaves, or both of every image that has a mask.
    fn splits(&self, root: &Path) -> Result<(Vec<DatasetItem>, Vec<DatasetItem>), DatasetError> {
        let lists = root.join("ImageSets").join("Segmentation");
        let (train_list, val_list) = (lists.join("train.txt"), lists.join("val.txt"));
        match (train_list.is_file(), val_list.is_file()) {
            (true, true) => Ok((self.read_list(&train_list)?, self.read_list(&val_list)?)),
            (true, false) => {
                let train = self.read_list(&train_list)?;
                log::info!(
                    "{} is missing, images that train.txt leaves are for validation",
                    val_list.display()
                );
                let val = self.all_but(&train);
                Ok((train, val))
            }
            (false, true) => {
                let val = self.read_list(&val_list)?;
                log::info!(
                    "{} is missing, images that val.txt leaves are for training",
                    train_list.display()
                );
                Ok((self.all_but(&val), val))
            }
            (false, false) => {
                log::info!(
                    "{} holds no lists, every fifth image is for validation",
                    lists.display()
                );
                Ok(split_evenly(self.all_but(&[])))
            }
        }
    }

    fn read_list(&self, list: &Path) -> Result<Vec<DatasetItem>, DatasetError> {
        let item = |(number, id): (usize, String)| {
            let absent = |folder: &str| DatasetError::List {
                path: list.to_owned(),
                reason: format!(
                    "line {number}: {id} has no file in {folder}. Add the file or take the line off the list"
                ),
            };
            let image = self.images.get(&id).ok_or_else(|| absent(IMAGES))?.clone();
            let mask = self.masks.get(&id).ok_or_else(|| absent(MASKS))?.clone();
            Ok(DatasetItem { id, image, mask })
        };
        read_lines(list)?.into_iter().map(item).collect()
    }

    /// Every image that has a mask, but for those listed.
    fn all_but(&self, listed: &[DatasetItem]) -> Vec<DatasetItem> {
        let listed: BTreeSet<&str> = listed.iter().map(|item| item.id.as_str()).collect();
        let rest = self
            .images
            .iter()
            .filter(|(id, _)| !listed.contains(id.as_str()));
        rest.filter_map(|(id, image)| {
            Some(DatasetItem {
                id: id.clone(),
                image: image.clone(),
                mask: self.masks.get(id)?.clone(),
            })
        })
        .collect()
    }
}

/// Every fifth item to validation; of fewer than five the last.
fn split_evenly(items: Vec<DatasetItem>) -> (Vec<DatasetItem>, Vec<DatasetItem>) {
    let distance = VAL_EVERY.min(items.len().max(2));
    let (val, train): (Vec<_>, Vec<_>) = items
        .into_iter()
        .enumerate()
        .partition(|(index, _)| index % distance == distance - 1);
    let items_of =
        |numbered: Vec<(usize, DatasetItem)>| numbered.into_iter().map(|(_, item)| item).collect();
    (items_of(train), items_of(val))
}

/// VOC's classes when a look at the masks finds no label above 20, else as many
/// numbered ones as there are labels, in the colors of the masks' palette.
fn guess_classes<'a>(items: impl Iterator<Item = &'a DatasetItem>) -> ClassList {
    let looked_at: Vec<&DatasetItem> = items.take(LOOKED_AT).collect();
    let highest = looked_at
        .par_iter()
        .filter_map(|item| highest_label(&item.mask))
        .max_by_key(|(label, _)| *label);
    let voc = ClassList::voc();
    match highest {
        Some((label, palette)) if usize::from(label) >= voc.len() => {
            let numbered = ClassList::numbered(usize::from(label) + 1);
            with_colors(numbered, &palette)
        }
        _ => voc,
    }
}

/// The highest label of a mask that is not void, and its palette. A mask that
/// cannot be read is skipped here; reading it for use says what is wrong.
fn highest_label(mask: &Path) -> Option<(u8, Vec<[u8; 3]>)> {
    let RawPixels::Labels { samples, palette } = read_raw(mask).ok()?.pixels else {
        return None;
    };
    let highest = samples.into_iter().filter(|label| *label != VOID).max()?;
    Some((highest, palette.unwrap_or_default()))
}

fn with_colors(classes: ClassList, palette: &[[u8; 3]]) -> ClassList {
    let mut classes = Vec::<Class>::from(classes);
    for (class, color) in classes.iter_mut().zip(palette) {
        class.color = *color;
    }
    ClassList::new(classes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{write_pair, write_text, write_voc};
    use super::*;
    use crate::dataset::{LabelMap, voc_color, write_index_png};

    fn ids(items: &[DatasetItem]) -> Vec<&str> {
        items.iter().map(|item| item.id.as_str()).collect()
    }

    #[test]
    fn lists_say_what_is_trained_and_validated() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let root = dir.path();
        write_voc(root, &["a", "b", "c", "unlisted"], [0, 20]);
        write_text(
            &root.join("ImageSets/Segmentation/train.txt"),
            "b\r\na\r\n\r\n",
        );
        write_text(&root.join("ImageSets/Segmentation/val.txt"), "c");
        let dataset = Dataset::open(root).expect("a VOC set");
        assert_eq!(
            (ids(&dataset.train), ids(&dataset.val)),
            (vec!["b", "a"], vec!["c"])
        );
        assert_eq!(dataset.classes, ClassList::voc());
        assert_eq!(dataset.train[0].image, root.join("JPEGImages/b.png"));
        assert_eq!(dataset.train[0].mask, root.join("SegmentationClass/b.png"));
        assert_eq!(dataset.layout.to_string(), "VOC layout");
    }

    #[test]
    fn without_lists_every_fifth_image_validates() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        write_voc(dir.path(), &["f", "e", "d", "c", "b", "a"], [0, 1]);
        fs::write(dir.path().join("JPEGImages/maskless.png"), "").expect("written");
        let dataset = Dataset::open(dir.path()).expect("a VOC set");
        assert_eq!(
            (ids(&dataset.train), ids(&dataset.val)),
            (vec!["a", "b", "c", "d", "f"], vec!["e"])
        );
    }

    #[test]
    fn a_missing_list_is_what_the_other_leaves() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        write_voc(dir.path(), &["a", "b", "c"], [0, 1]);
        write_text(&dir.path().join("ImageSets/Segmentation/train.txt"), "b\n");
        let dataset = Dataset::open(dir.path()).expect("a VOC set");
        assert_eq!(
            (ids(&dataset.train), ids(&dataset.val)),
            (vec!["b"], vec!["a", "c"])
        );
    }

    #[test]
    fn a_single_image_is_not_enough() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        write_voc(dir.path(), &["a"], [0, 1]);
        let message = Dataset::open(dir.path()).unwrap_err().to_string();
        assert!(
            message.contains("val.txt: there are no images to validate on"),
            "{message}"
        );
    }

    #[test]
    fn the_folder_around_is_taken_when_it_holds_one_set() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let inner = dir.path().join("VOCdevkit").join("VOC2012");
        write_voc(&inner, &["a", "b"], [0, 1]);
        for root in [dir.path(), &dir.path().join("VOCdevkit"), &inner] {
            let dataset = Dataset::open(root).expect("a VOC set");
            assert_eq!((dataset.name.as_str(), &dataset.root), ("VOC2012", &inner));
        }
        write_voc(
            &dir.path().join("VOCdevkit").join("VOC2007"),
            &["a", "b"],
            [0, 1],
        );
        let message = Dataset::open(&dir.path().join("VOCdevkit"))
            .unwrap_err()
            .to_string();
        assert!(message.contains("VOC2007, VOC2012"), "{message}");
    }

    #[test]
    fn a_listed_id_without_its_files_is_named() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let root = dir.path();
        write_voc(root, &["a", "b"], [0, 1]);
        write_text(&root.join("ImageSets/Segmentation/val.txt"), "b\n");
        write_text(
            &root.join("ImageSets/Segmentation/train.txt"),
            "a\n2007_000032\n",
        );
        let message = Dataset::open(root).unwrap_err().to_string();
        assert!(
            message.contains("train.txt: line 2: 2007_000032 has no file in JPEGImages"),
            "{message}"
        );
        fs::copy(
            root.join("JPEGImages/a.png"),
            root.join("JPEGImages/2007_000032.JPG"),
        )
        .expect("copied");
        let message = Dataset::open(root).unwrap_err().to_string();
        assert!(
            message.contains("no file in SegmentationClass"),
            "{message}"
        );
    }

    #[test]
    fn classes_come_from_the_list_or_the_masks() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let root = dir.path();
        write_voc(root, &["a", "b"], [0, 1]);
        let image = root.join("JPEGImages/c.png");
        let mask = root.join("SegmentationClass/c.png");
        write_pair(&image, &mask, [0, 1]);
        let mut colors = Vec::<Class>::from(ClassList::numbered(31));
        colors[30].color = [1, 2, 3];
        let colors = ClassList::new(colors).expect("few enough");
        write_index_png(
            &mask,
            &LabelMap {
                width: 2,
                height: 1,
                labels: vec![30, VOID],
            },
            &colors,
        )
        .expect("written");
        let classes = Dataset::open(root).expect("a VOC set").classes;
        assert_eq!((classes.len(), classes.name(30)), (31, "class 30"));
        assert_eq!(
            (classes.color(1), classes.color(30)),
            (voc_color(1), [1, 2, 3])
        );

        write_text(&root.join("classes.txt"), "ground\nobject 9 8 7\n");
        let classes = Dataset::open(root).expect("a VOC set").classes;
        assert_eq!(
            (classes.len(), classes.name(0), classes.color(1)),
            (2, "ground", [9, 8, 7])
        );
        write_text(&root.join("classes.txt"), "# none\n");
        assert!(
            Dataset::open(root)
                .unwrap_err()
                .to_string()
                .contains("classes.txt: there is no class")
        );
    }
}
