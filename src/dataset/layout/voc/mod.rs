//! The layout of PASCAL VOC: `JPEGImages`, `SegmentationClass`, `ImageSets/Segmentation`; also
//! as labelme and CVAT export it.

mod lines;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::class_files::{Classes, mask_palette, read_classes};
use super::list::{files_by_stem, files_by_stem_with};
use super::list_file::ListFile;
use super::listed_files::ListedFiles;
use super::look::Look;
use super::names::{Names, composed};
use super::review::{Confidence, PairReview, ReviewedPair};
use super::splits::{self, Splits};
use super::{Dataset, DatasetItem, Layout, Note, NoteTopic, folder_name};
use crate::dataset::classes::is_voc_palette;
use crate::dataset::image_io::MASK_EXTENSIONS;
use crate::dataset::{ClassList, DatasetError, IMAGE_EXTENSIONS, ImageReading, MaskColors, VOID};
use crate::text::plural;

const IMAGES: &str = "JPEGImages";
/// The reason that is no guess.
const EQUAL: &str = "equal names";
/// Folders of masks; the first that holds some counts.
const MASKS: [&str; 4] = [
    "SegmentationClass",
    "SegmentationClassPNG",
    "SegmentationClassAug",
    "SegmentationClassRaw",
];
/// Ends of the names of masks that belong to the image without it.
pub(super) const MASK_SUFFIXES: [&str; 8] = [
    "_mask",
    "_label",
    "_labels",
    "_gt",
    "_seg",
    "_segmentation",
    "_L",
    "-mask",
];

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
    let Splits {
        train,
        val,
        test,
        mut notes,
    } = split(root, &files)?;
    notes.extend(files.notes());
    notes.extend(files.notes_of_lists(train.iter().chain(&val)));
    let review = files.review(train.iter().chain(&val));
    let mut classes = match read_classes(root)? {
        Some(classes) => classes,
        None => guess_classes(train.iter().chain(&val)),
    };
    notes.append(&mut classes.notes);
    Ok(Dataset {
        name: folder_name(root),
        root: root.to_owned(),
        layout: Layout::Voc,
        palette: mask_palette(&classes.list, &classes.void_colors),
        classes: classes.list,
        void_labels: vec![VOID],
        mask_colors: classes.colors,
        remap: Vec::new(),
        images: ImageReading::default(),
        wants_range: false,
        train,
        val,
        test,
        review,
        drawn: Arc::default(),
        notes,
    })
}

/// The lists of `Segmentation`, or those of `Main` where only these are there and all their images
/// have masks: VOC's are about boxes.
fn split(root: &Path, files: &Files) -> Result<Splits, DatasetError> {
    let [lists, main] = ["Segmentation", "Main"].map(|name| root.join("ImageSets").join(name));
    let of_lists = |folder: &Path| splits::of_lists(root, folder, files);
    if splits::has_lists(&lists) || splits::has_lists(root) || !splits::has_lists(&main) {
        return of_lists(&lists);
    }
    let (assumed, mut splits) = match of_lists(&main) {
        Ok(splits) => ("the lists are those of ImageSets/Main", splits),
        Err(_) => (
            "the lists of ImageSets/Main name images without masks and are not used",
            of_lists(&lists)?,
        ),
    };
    splits.notes.push(Note::assumed(NoteTopic::Split, assumed));
    Ok(splits)
}

/// Where the lists are.
pub(super) fn lists(root: &Path) -> PathBuf {
    root.join("ImageSets").join("Segmentation")
}

/// The images and masks of a list.
pub(super) fn read_list(root: &Path, list: ListFile) -> Result<Vec<DatasetItem>, DatasetError> {
    splits::read_list(&Files::list(root)?, list)
}

fn is_root(path: &Path) -> bool {
    path.join(IMAGES).is_dir() && MASKS.iter().any(|masks| path.join(masks).is_dir())
}

fn is_voc_name(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with("VOC"))
}

/// What lies in the two folders, by file name without extension.
struct Files {
    root: PathBuf,
    listed: ListedFiles,
    images: Names,
    /// An image whose name another image has, with another ending, and how many there are.
    doubled: Option<(String, usize)>,
    masks: Names,
    /// Where the masks are.
    folder: &'static str,
    /// A mask that a list names and that is not there, where the one of the image's name is taken.
    replaced: RefCell<Option<String>>,
}

impl Files {
    fn list(root: &Path) -> Result<Self, DatasetError> {
        let mut doubled = Vec::new();
        let images = files_by_stem_with(&root.join(IMAGES), IMAGE_EXTENSIONS, &mut doubled)?;
        doubled.sort();
        let images = Names::new(images);
        let count = doubled.len();
        let mut found = Self {
            root: root.to_owned(),
            listed: ListedFiles::new(root),
            images,
            doubled: doubled.into_iter().next().map(|name| (name, count)),
            masks: Names::default(),
            folder: MASKS[0],
            replaced: RefCell::default(),
        };
        // JPEG masks are listed as well, since reading them says what is wrong with them.
        for extensions in [MASK_EXTENSIONS, &["jpg", "jpeg"]] {
            for folder in MASKS.iter().filter(|folder| root.join(folder).is_dir()) {
                found.masks = Names::new(files_by_stem(&root.join(folder), extensions)?);
                found.folder = folder;
                if !found.masks.is_empty() {
                    return Ok(found);
                }
            }
        }
        Ok(found)
    }

    fn notes(&self) -> Vec<Note> {
        // Mostly none, while there may be very many images.
        let without: Vec<&str> = self
            .images
            .iter()
            .map(|(id, _)| id)
            .filter(|id| self.masks.get(id).is_none())
            .collect();
        let paired = |suffix: &str| {
            let named = |id: &&&str| self.masks.get(&format!("{id}{suffix}")).is_some();
            without.iter().filter(named).count()
        };
        let mut notes = Vec::new();
        if let Some((name, count)) = &self.doubled {
            let taken = self
                .images
                .get(name)
                .map_or(Path::new(name), |(_, path)| path);
            let taken = taken.file_name().unwrap_or_default().to_string_lossy();
            notes.push(Note::assumed(
                NoteTopic::Pairing,
                format!(
                    "{} with more than one image file; the first by its name is taken, such as {taken}",
                    plural(*count, "name", "names")
                ),
            ));
        }
        if self.folder != MASKS[0] {
            notes.push(Note::found(
                NoteTopic::Pairing,
                format!("masks are those of {}", self.folder),
            ));
        }
        for suffix in MASK_SUFFIXES {
            let count = paired(suffix);
            if count > 0 {
                notes.push(Note::assumed(
                    NoteTopic::Pairing,
                    format!(
                        "{} with the mask of the same name and \"{suffix}\"",
                        plural(count, "image", "images")
                    ),
                ));
            }
        }
        notes
    }

    /// The pairs with their reasons, where a mask has another name than its image.
    fn review<'a>(
        &self,
        items: impl Iterator<Item = &'a DatasetItem> + Clone,
    ) -> Option<Arc<PairReview>> {
        let is_plain = |item: &DatasetItem| item.mask.file_stem() == Some(item.id.as_ref());
        if items.clone().all(is_plain) {
            return None;
        }
        let mut used = BTreeSet::new();
        let mut pairs: Vec<ReviewedPair> = items
            .filter(|item| used.insert(&item.mask))
            .map(|item| {
                let stem = item.mask.file_stem().unwrap_or_default().to_string_lossy();
                let is_equal = composed(&stem) == composed(&item.id);
                ReviewedPair {
                    image: item.image.clone(),
                    mask: item.mask.clone(),
                    // What a list names is no guess.
                    confidence: Confidence::High,
                    reason: if is_equal {
                        EQUAL.to_owned()
                    } else if let Some(end) = stem.strip_prefix(&item.id) {
                        format!("the name of the image and \"{end}\"")
                    } else {
                        "listed beside the image".to_owned()
                    },
                    document: None,
                }
            })
            .collect();
        if pairs.iter().all(|pair| pair.reason == EQUAL) {
            return None;
        }
        pairs.sort_by_key(|pair| pair.confidence);
        let free = |names: &Names, is_used: &dyn Fn(&Path) -> bool| {
            let paths = names.iter().map(|(_, path)| path);
            paths
                .filter(|path| !is_used(path))
                .map(Path::to_owned)
                .collect()
        };
        let images: BTreeSet<&Path> = pairs.iter().map(|pair| pair.image.as_path()).collect();
        let masks: BTreeSet<&Path> = pairs.iter().map(|pair| pair.mask.as_path()).collect();
        let free_images = free(&self.images, &|path| images.contains(path));
        let free_masks = free(&self.masks, &|path| masks.contains(path));
        Some(Arc::new(PairReview {
            pairs,
            free_masks,
            free_images,
        }))
    }

    fn mask_of(&self, id: &str) -> Option<&Path> {
        let with_suffix = || {
            MASK_SUFFIXES
                .iter()
                .find_map(|suffix| self.masks.get(&format!("{id}{suffix}")))
        };
        self.masks
            .get(id)
            .or_else(with_suffix)
            .map(|(_, path)| path)
    }
}

/// The classes of masks without a class list, and what was assumed of them.
pub fn classes_of_masks<'a>(masks: impl Iterator<Item = &'a Path>) -> (ClassList, Vec<Note>) {
    let item = |mask: &Path| DatasetItem {
        id: mask
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        image: PathBuf::new(),
        mask: mask.to_owned(),
    };
    let items: Vec<DatasetItem> = masks.map(item).collect();
    let classes = guess_classes(items.iter());
    (classes.list, classes.notes)
}

/// VOC's classes for VOC's own images, else as many numbered ones as there are labels.
fn guess_classes<'a>(items: impl Iterator<Item = &'a DatasetItem>) -> Classes {
    let items: Vec<&DatasetItem> = items.collect();
    let look = Look::at(items.iter().copied());
    let voc = ClassList::voc();
    let fits = look.colors.is_empty()
        && look
            .highest()
            .is_some_and(|label| usize::from(label) < voc.len())
        && (look.palette.is_empty() || is_voc_palette(&look.palette));
    if fits && items.iter().all(|item| is_voc_id(&item.id)) {
        let note = Note::found(
            NoteTopic::ClassNames,
            "VOC's 21, as the images have VOC's names and the masks its labels",
        );
        return Classes::published(voc, MaskColors::Listed, note);
    }
    look.numbered()
}

/// Whether an image is called as VOC's are: `2007_000033`.
fn is_voc_id(id: &str) -> bool {
    id.split_once('_').is_some_and(|(year, number)| {
        let digits = |text: &str, count: usize| {
            text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        digits(year, 4) && digits(number, 6)
    })
}

#[cfg(test)]
mod tests;
