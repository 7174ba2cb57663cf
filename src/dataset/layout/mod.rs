//! Datasets as folders: which layout one has, its lists and its classes.
//!
//! Knows folders and list files. Must not decode images except for a look at
//! masks when no class list says how many classes there are.

mod around;
mod class_files;
mod class_map;
mod folders;
mod headings;
mod json_list;
mod list;
mod list_file;
mod listed_files;
mod look;
mod names;
mod notes;
mod pairs;
mod review;
mod split_words;
mod splits;
mod table;
mod test_list;
mod text;
mod voc;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::image_io::{measure, read_error};
use super::{
    BandChoice, ClassList, DatasetError, DatasetItem, ImageReading, MaskColors, MaskReader,
    RangeChoice,
};
use crate::files::is_named;
use crate::text::plural;
pub use class_files::{find_class_list, read_class_list};
pub(super) use class_files::{listed_classes, mask_palette, note_of_unread_list};
pub use class_map::{CLASS_MAP_FILE, ChosenLists, ClassMap, MappedClass, Palette};
pub use folders::has_parts;
pub(super) use folders::{image_names, mask_names, masks_among};
pub(super) use list::{candidates, files_below, read_lines};
pub use list::{list_masks, read_names};
pub(super) use names::composed;
pub use names::folded_name;
pub use notes::{Note, NoteTopic};
pub(super) use review::documents;
pub use review::{Confidence, PairReview, ReviewedPair};
pub(super) use split_words::split_of;
pub(super) use splits::of_parts;
pub use voc::classes_of_masks;

/// Which list of a dataset.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    VariantArray,
    IntoStaticStr,
    EnumString,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Split {
    /// Images that are trained on.
    Train,
    /// Images that are scored while a run trains.
    Val,
    /// Images that are scored once a run is done; many datasets have none.
    Test,
}

/// Folder layouts that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
pub enum Layout {
    /// `JPEGImages`, `SegmentationClass` and `ImageSets/Segmentation` as in PASCAL VOC.
    #[strum(to_string = "VOC layout")]
    Voc,
    /// `train.txt` and `val.txt` that list image and mask, as `SegNet` distributes `CamVid`.
    #[strum(to_string = "CamVid layout")]
    CamVid,
    /// Folders of images and of masks with names that go together.
    #[strum(to_string = "folders of images and masks")]
    Folders,
    /// The colors and folders of the original `CamVid`.
    #[strum(to_string = "original CamVid layout")]
    CamVidOriginal,
    /// `leftImg8bit` and `gtFine`.
    #[strum(to_string = "Cityscapes layout")]
    Cityscapes,
    /// The scene parsing set of ADE20K: 150 classes from label 1, 0 is void.
    #[strum(to_string = "ADE20K layout")]
    Ade20k,
    /// The trimaps of the Oxford-IIIT Pet set.
    #[strum(to_string = "Oxford-IIIT Pet layout")]
    OxfordPets,
    /// A CSV file with columns of images and masks.
    #[strum(to_string = "table of images and masks")]
    Table,
    /// labelme's JSON beside the images.
    #[strum(to_string = "labelme annotations")]
    Labelme,
    /// COCO's JSON.
    #[strum(to_string = "COCO annotations")]
    Coco,
    /// The Semantic Boundaries Dataset.
    #[strum(to_string = "SBD layout")]
    Sbd,
}

impl Layout {
    /// Whether images and masks are paired by the names of folders and files alone.
    fn is_of_folders(self) -> bool {
        use Layout::{Ade20k, CamVidOriginal, Cityscapes, Folders, OxfordPets};
        [Folders, CamVidOriginal, Cityscapes, Ade20k, OxfordPets].contains(&self)
    }
}

/// A dataset on disk: what is where, with nothing decoded yet.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// Name of its folder.
    pub name: String,
    /// The folder that holds lists and images.
    pub root: PathBuf,
    /// How the folder is organized.
    pub layout: Layout,
    /// Its classes, background included if there is one.
    pub classes: ClassList,
    /// Labels in its masks that mean void; 255 always does.
    pub void_labels: Vec<u8>,
    /// How far the colors of its masks say what the labels are.
    pub mask_colors: MaskColors,
    /// As in [`MaskReader::palette`].
    pub palette: Vec<([u8; 3], u8)>,
    /// As in [`MaskReader::remap`].
    pub remap: Vec<Option<u8>>,
    /// How its images become 8-bit RGB.
    pub images: ImageReading,
    /// Whether the range of its images' samples is still to be measured, see
    /// [`measure_range`](Dataset::measure_range).
    pub wants_range: bool,
    /// The training list, never empty.
    pub train: Vec<DatasetItem>,
    /// The validation list, never empty.
    pub val: Vec<DatasetItem>,
    /// The test list; empty until [`read_test_list`](Dataset::read_test_list), unless folders, rows or
    /// annotations say it.
    pub test: Vec<DatasetItem>,
    /// Its pairs with the reasons for them, where some are a guess.
    pub review: Option<Arc<PairReview>>,
    /// The masks that were drawn from a document of annotations of their own, with that document. Lists of pairs
    /// name the documents.
    pub drawn: Arc<BTreeMap<PathBuf, PathBuf>>,
    /// What its files say about it and what was assumed, for people; sorted by topic.
    pub notes: Vec<Note>,
}

impl Dataset {
    /// Opens the dataset in a folder. Also takes the folder around a VOC set
    /// (`VOCdevkit` with one `VOC2012` in it), or around a dataset with lists of its own.
    ///
    /// Classes come from a class list if there is one, else from what is known of the
    /// layout or from a look at some masks; the notes say which. That a listed file exists
    /// is checked here, that it can be decoded is not.
    ///
    /// # Errors
    /// [`DatasetError::NoMasks`] for a folder of images alone,
    /// [`DatasetError::UnknownLayout`] for any other folder,
    /// [`DatasetError::List`] for a list that is empty or names absent files,
    /// [`DatasetError::File`] for what cannot be read.
    pub fn open(root: &Path) -> Result<Self, DatasetError> {
        let mut dataset = Self::open_files(root)?;
        dataset.apply_own_map()?;
        Ok(dataset)
    }

    /// The dataset as the files of its folder are, without a class map.
    pub(super) fn open_files(root: &Path) -> Result<Self, DatasetError> {
        std::fs::metadata(root).map_err(|err| read_error(root, err))?;
        let dataset = if let Some(voc_root) = voc::find_root(root)? {
            voc::open(&voc_root)?
        } else if pairs::is_root(root) {
            pairs::open(root)?
        } else if let Some(dataset) = table::open(root)? {
            dataset
        } else if let Some(inner) = around::inner(root) {
            Self::open_files(&inner)?
        } else {
            let mut dataset = folders::open(root)?;
            dataset.notes.extend(table::notes_of_unread(root));
            dataset
        };
        Ok(dataset)
    }

    /// Applies the class map in the dataset's folder, which is where the dataset was found and
    /// not where people pointed.
    pub(super) fn apply_own_map(&mut self) -> Result<(), DatasetError> {
        let map = self.root.join(CLASS_MAP_FILE);
        if is_named(&map) {
            ClassMap::read(&map)?.apply(self)?;
        }
        self.notes.sort_by_key(|note| note.topic);
        Ok(())
    }

    /// Reads the images as was chosen by `source`, for people.
    ///
    /// # Errors
    /// A sentence where that cannot be.
    pub fn choose_bands(&mut self, choice: &BandChoice, source: &str) -> Result<(), String> {
        if choice.is_empty() {
            return Ok(());
        }
        self.images = choice.reading(&self.images)?;
        if let Some(range) = choice.range {
            self.wants_range = range == RangeChoice::Measured;
        }
        self.notes.retain(|note| note.topic != NoteTopic::Images);
        let text = format!("{}, by {source}", self.images);
        self.notes.push(Note::found(NoteTopic::Images, text));
        Ok(())
    }

    /// Measures the range of the images' samples, where that was asked for, in some images of the
    /// training list; reads them. `progress` says whether to go on.
    ///
    /// # Errors
    /// When an image cannot be read, or `progress` said no.
    pub fn measure_range(
        &mut self,
        progress: &mut dyn FnMut(usize, usize) -> bool,
    ) -> Result<(), DatasetError> {
        if !std::mem::take(&mut self.wants_range) {
            return Ok(());
        }
        let images: Vec<PathBuf> = self.train.iter().map(|item| item.image.clone()).collect();
        let measured = measure(&self.images, &images, progress)?;
        let Some(([low, high], count)) = measured else {
            return Err(DatasetError::Interrupted {
                path: self.root.clone(),
            });
        };
        self.notes.retain(|note| note.topic != NoteTopic::Images);
        let text = if count == 0 {
            format!(
                "{}; none has more than 8 bits, so no range was measured",
                self.images
            )
        } else {
            // Of images without contrast any range shows the same.
            self.images.range = Some([low, high.max(low.saturating_add(1))]);
            format!(
                "{}, as measured in {} of the training list",
                self.images,
                plural(count, "image", "images")
            )
        };
        self.notes.push(Note::assumed(NoteTopic::Images, text));
        self.notes.sort_by_key(|note| note.topic);
        Ok(())
    }

    /// The items of a list.
    pub fn items(&self, split: Split) -> &[DatasetItem] {
        match split {
            Split::Train => &self.train,
            Split::Val => &self.val,
            Split::Test => &self.test,
        }
    }

    /// The reader for this dataset's masks.
    pub fn mask_reader(&self) -> MaskReader {
        MaskReader {
            num_classes: self.classes.len(),
            void_labels: self.void_labels.clone(),
            palette: self.palette.clone(),
            colors: self.mask_colors,
            remap: self.remap.clone(),
            images: self.images.clone(),
        }
    }
}

/// The last part of a folder's path, for people.
fn folder_name(root: &Path) -> String {
    let named = |path: &Path| {
        path.file_name()
            .map(|name| name.to_string_lossy().into_owned())
    };
    // A path such as `.` has no name until it is resolved.
    named(root)
        .or_else(|| named(&root.canonicalize().ok()?))
        .unwrap_or_else(|| root.display().to_string())
}

#[cfg(test)]
mod cases;

#[cfg(test)]
pub(super) mod tests {
    use std::fs;

    use super::*;
    use crate::dataset::{LabelMap, Rgb, VOID, write_index_png, write_rgb_png};

    /// Writes a 2x1 image and its mask.
    pub(in crate::dataset) fn write_pair(image: &Path, mask: &Path, labels: [u8; 2]) {
        for path in [image, mask] {
            fs::create_dir_all(path.parent().expect("a folder")).expect("created");
        }
        write_rgb_png(
            image,
            &Rgb {
                width: 2,
                height: 1,
                pixels: vec![10, 20, 30, 40, 50, 60],
            },
        )
        .expect("written");
        let labels = LabelMap {
            width: 2,
            height: 1,
            labels: labels.to_vec(),
        };
        write_index_png(mask, &labels, &ClassList::voc()).expect("written");
    }

    /// Writes a VOC set of these ids without lists.
    pub(in crate::dataset) fn write_voc(root: &Path, ids: &[&str], labels: [u8; 2]) {
        for id in ids {
            let image = root.join("JPEGImages").join(format!("{id}.png"));
            write_pair(
                &image,
                &root.join("SegmentationClass").join(format!("{id}.png")),
                labels,
            );
        }
    }

    pub(in crate::dataset) fn write_text(path: &Path, text: &str) {
        fs::create_dir_all(path.parent().expect("a folder")).expect("created");
        fs::write(path, text).expect("written");
    }

    #[test]
    fn folders_without_a_dataset_are_named() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let message = Dataset::open(dir.path()).unwrap_err().to_string();
        assert!(message.contains("no dataset found here"), "{message}");
        let absent = dir.path().join("absent");
        let message = Dataset::open(&absent).unwrap_err().to_string();
        assert!(
            message.contains("absent") && message.contains("Check that"),
            "{message}"
        );
    }

    #[test]
    fn the_mask_reader_knows_class_and_void_colors() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        write_voc(dir.path(), &["2007_000001", "2007_000002"], [0, 1]);
        let reader = Dataset::open(dir.path()).expect("a VOC set").mask_reader();
        assert_eq!(reader.num_classes, 21);
        let label = |color| {
            reader
                .palette
                .iter()
                .find(|entry| entry.0 == color)
                .map(|entry| entry.1)
        };
        assert_eq!(
            (label([0, 0, 0]), label([128, 0, 0]), label([224, 224, 192])),
            (Some(0), Some(1), Some(VOID))
        );
    }
}
