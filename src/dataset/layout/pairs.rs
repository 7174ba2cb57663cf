//! Lists of pairs: `train.txt` and `val.txt` with `image mask` lines, as `SegNet` distributes
//! `CamVid` and as others do with their own data.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::class_files::{Classes, mask_palette, read_classes};
use super::list_file::ListFile;
use super::listed_files::ListedFiles;
use super::look::Look;
use super::names::without_extension;
use super::splits::{self, Splits};
use super::{Dataset, DatasetItem, Layout, Note, NoteTopic, folder_name};
use crate::dataset::{ClassList, DatasetError, ImageReading, MaskColors, VOID};
use crate::files::has_extension;

/// The label of unlabeled pixels in `SegNet`'s `CamVid`.
const CAMVID_VOID: u8 = 11;
/// How the frames of `CamVid` are called.
const CAMVID_SEQUENCES: [&str; 4] = ["0001TP_", "0006R0_", "0016E5_", "Seq05VD_"];

/// What the names of these lists end in.
const EXTENSIONS: [&str; 3] = ["txt", "lst", "list"];

/// Whether the lists of this layout are here.
pub(super) fn is_root(root: &Path) -> bool {
    let lists = [&splits::TRAIN[..1], &splits::VAL].map(|names| splits::find(root, names));
    let paths = lists.into_iter().flatten().map(|(path, _)| path);
    let paths: Vec<PathBuf> = paths
        .filter(|path| has_extension(path, &EXTENSIONS))
        .collect();
    let files = ListedFiles::new(root);
    paths.len() == 2 && paths.iter().any(|list| lists_pairs(&files, list))
}

/// Whether the lines of a list hold an image and a mask. Names may hold blanks. What cannot be read is
/// such a list as well: opening it says why.
fn lists_pairs(files: &ListedFiles, list: &Path) -> bool {
    let is_file = |word: &str| word.contains(['.', '/', '\\']);
    let is_pair = |line: &str| {
        let mut words = line.split(SEPARATORS);
        let (first, last) = (words.next(), words.next_back());
        first.is_some_and(is_file) && last.is_some_and(is_file) || read_item(files, line).is_ok()
    };
    ListFile::read(list).map_or(true, |list| {
        list.is_empty() || list.first_two().any(is_pair)
    })
}

/// The pairs of lists with an image and its mask in each line.
struct Lines {
    files: ListedFiles,
}

impl splits::Pairs for Lines {
    fn names_image(&self, entry: &str) -> bool {
        read_item(&self.files, entry).is_ok()
    }

    fn pair(&self, entry: &str) -> Result<Option<DatasetItem>, String> {
        match read_item(&self.files, entry) {
            Err(_) if entry.starts_with('#') => Ok(None),
            read => read.map(Some),
        }
    }

    /// Only the lists say what is a pair.
    fn all(&self) -> Vec<DatasetItem> {
        Vec::new()
    }
}

/// Opens a folder for which [`is_root`] holds.
pub(super) fn open(root: &Path) -> Result<Dataset, DatasetError> {
    let files = ListedFiles::new(root);
    let Splits {
        train,
        val,
        test,
        notes: split_notes,
    } = splits::of_lists(root, root, &Lines { files })?;
    let (classes, void_label) = classes_of(root, train.iter().chain(&val))?;
    let mut notes = classes.notes;
    notes.extend(split_notes);
    notes.push(Note::found(NoteTopic::Pairing, "from the lists"));
    if let Some(label) = void_label {
        let text = format!("label {label}, the one after the last class, and 255");
        notes.push(if classes.list == ClassList::camvid() {
            Note::found(NoteTopic::Void, text)
        } else {
            Note::assumed(NoteTopic::Void, text)
        });
    }
    Ok(Dataset {
        name: folder_name(root),
        root: root.to_owned(),
        layout: Layout::CamVid,
        palette: mask_palette(&classes.list, &classes.void_colors),
        classes: classes.list,
        void_labels: void_label.into_iter().chain([VOID]).collect(),
        mask_colors: classes.colors,
        remap: Vec::new(),
        images: ImageReading::default(),
        wants_range: false,
        train,
        val,
        test,
        review: None,
        drawn: Arc::default(),
        notes,
    })
}

/// The classes and the label that is void besides 255.
pub(super) fn classes_of<'a>(
    root: &Path,
    items: impl Iterator<Item = &'a DatasetItem>,
) -> Result<(Classes, Option<u8>), DatasetError> {
    if let Some(classes) = read_classes(root)? {
        let label = u8::try_from(classes.list.len()).ok();
        return Ok((classes, label));
    }
    let items: Vec<&DatasetItem> = items.collect();
    let look = Look::at(items.iter().copied());
    let is_camvid = items.iter().all(|item| {
        CAMVID_SEQUENCES
            .iter()
            .any(|sequence| item.id.starts_with(sequence))
    });
    if is_camvid && look.colors.is_empty() && look.highest() <= Some(CAMVID_VOID) {
        let text = "CamVid's 11, as the images have CamVid's names and the masks its labels";
        let note = Note::found(NoteTopic::ClassNames, text);
        let classes = Classes::published(ClassList::camvid(), MaskColors::Listed, note);
        return Ok((classes, Some(CAMVID_VOID)));
    }
    Ok((look.numbered(), None))
}

/// The images and masks of another list beside these.
pub(super) fn read_list(root: &Path, list: ListFile) -> Result<Vec<DatasetItem>, DatasetError> {
    let files = ListedFiles::new(root);
    splits::read_list(&Lines { files }, list)
}

/// What stands between the files of a line.
const SEPARATORS: [char; 4] = [' ', '\t', ',', ';'];

/// Finds the two files of a line. File names may hold blanks, so every separator is
/// tried as the one between them.
pub(super) fn read_item(files: &ListedFiles, line: &str) -> Result<DatasetItem, String> {
    let mut first_problem = None;
    for (position, _) in line.match_indices(SEPARATORS) {
        let clean = |part: &str| {
            let part = part.trim_matches(|one: char| SEPARATORS.contains(&one) || one == '"');
            part.to_owned()
        };
        let (image, mask) = (clean(&line[..position]), clean(&line[position..]));
        match (files.resolve(&image), files.resolve(&mask)) {
            (Some(image), Some(mask)) => {
                let name = image.file_name().unwrap_or_default().to_string_lossy();
                let id = without_extension(&name).to_owned();
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

#[cfg(test)]
mod tests {
    use super::super::tests::{write_pair, write_text};
    use super::*;

    fn write_camvid(root: &Path) {
        for (split, id) in [
            ("train", "0001TP_a"),
            ("train", "0001TP_b c"),
            ("val", "0016E5_d"),
        ] {
            let mask = root.join(format!("{split}annot/{id}.png"));
            write_pair(&root.join(format!("{split}/{id}.png")), &mask, [3, 11]);
        }
        write_text(
            &root.join("train.txt"),
            "/SegNet/CamVid/train/0001TP_a.png /SegNet/CamVid/trainannot/0001TP_a.png\r\n\r\ntrain/0001TP_b c.png trainannot/0001tp_B c.png\n",
        );
        write_text(
            &root.join("val.txt"),
            "C:\\data\\val\\0016E5_d.png C:\\data\\valannot\\0016E5_d.png\n",
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
        assert_eq!(ids, ["0001TP_a", "0001TP_b c"]);
        assert_eq!(dataset.train[0].image, root.join("train/0001TP_a.png"));
        assert_eq!(dataset.train[0].mask, root.join("trainannot/0001TP_a.png"));
        assert_eq!(dataset.val[0].mask, root.join("valannot/0016E5_d.png"));
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
        let absent = message(
            "train/0001TP_a.png trainannot/0001TP_a.png\ntrain/zzz.png trainannot/0001TP_a.png\n",
        );
        assert!(
            absent.contains("train.txt: line 2: the image train/zzz.png"),
            "{absent}"
        );
        let maskless = message("train/0001TP_a.png nowhere/q.png\n");
        assert!(maskless.contains("the mask nowhere/q.png"), "{maskless}");
        assert!(message("train/0001TP_a.png").contains("one word"));
        assert!(message("\n\n").contains("no images to train on"));
    }
}
