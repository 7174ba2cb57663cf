//! Public datasets that are recognized among folders of images and masks.

use std::path::Path;

use super::super::class_files::Classes;
use super::{Found, Layout, Note, NoteTopic};
use crate::dataset::classes::CITYSCAPES_TRAIN_IDS;
use crate::dataset::{Class, ClassList, MaskColors, VOID};

/// A public dataset, by the names of its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    CamVidOriginal,
    /// Masks of train ids.
    Cityscapes,
    /// Masks of all ids.
    CityscapesIds,
    Ade20k,
    OxfordPets,
}

/// The classes of ADE20K's scene parsing set.
const ADE20K_CLASSES: u8 = 150;

impl Known {
    pub(super) fn of(root: &Path, images: &[Found], masks: &[Found]) -> Option<Self> {
        let all = |files: &[Found], is_it: &dyn Fn(&str) -> bool| {
            !files.is_empty() && files.iter().all(|file| is_it(&file.stem))
        };
        if all(masks, &|stem| stem.ends_with("_labelTrainIds")) {
            return Some(Self::Cityscapes);
        }
        let is_of_ids = |stem: &str| {
            let ends = ["_gtFine_labelIds", "_gtCoarse_labelIds"];
            ends.iter().any(|end| stem.ends_with(end))
        };
        if all(masks, &is_of_ids) {
            return Some(Self::CityscapesIds);
        }
        let is_camvid = |stem: &str| {
            ["0001TP_", "0006R0_", "0016E5_", "Seq05VD_"]
                .iter()
                .any(|sequence| stem.starts_with(sequence))
        };
        if all(masks, &|stem| is_camvid(stem) && stem.ends_with("_L")) {
            return Some(Self::CamVidOriginal);
        }
        if all(images, &|stem| stem.starts_with("ADE_"))
            && all(masks, &|stem| stem.starts_with("ADE_"))
        {
            return Some(Self::Ade20k);
        }
        root.join("annotations/trimaps")
            .is_dir()
            .then_some(Self::OxfordPets)
    }

    /// Whether the ids in the masks can be this dataset's beside a class list: another list numbers labels of
    /// its own.
    pub(super) fn fits(self, listed: Option<&ClassList>) -> bool {
        let names = |list: &ClassList| -> Vec<String> {
            list.iter().map(|class| class.name.to_lowercase()).collect()
        };
        let is_own = |list| names(list) == names(&ClassList::cityscapes());
        self != Self::CityscapesIds || listed.is_none_or(is_own)
    }

    pub(super) fn layout(self) -> Layout {
        match self {
            Self::CamVidOriginal => Layout::CamVidOriginal,
            Self::Cityscapes | Self::CityscapesIds => Layout::Cityscapes,
            Self::Ade20k => Layout::Ade20k,
            Self::OxfordPets => Layout::OxfordPets,
        }
    }

    /// The classes as they were published, where the folder has no class list.
    pub(super) fn classes(self) -> Classes {
        let found = |text: &str| Note::found(NoteTopic::ClassNames, text);
        let (list, colors, note) = match self {
            Self::CamVidOriginal => (
                ClassList::camvid_original(),
                MaskColors::Listed,
                found("the 31 of the original CamVid, as the files have its names"),
            ),
            Self::Cityscapes | Self::CityscapesIds => (
                ClassList::cityscapes(),
                MaskColors::Listed,
                found("the 19 of Cityscapes, as the masks have its names"),
            ),
            Self::OxfordPets => (
                ClassList::oxford_pets(),
                MaskColors::Listed,
                found("those of the trimaps: 1 is the pet, 2 the background, 3 the border"),
            ),
            Self::Ade20k => (
                numbered_from_one(),
                MaskColors::Assumed,
                Note::assumed(
                    NoteTopic::ClassNames,
                    "ADE20K's 150, numbered, since there is no objectInfo150.txt with their names",
                ),
            ),
        };
        Classes::published(list, colors, note)
    }

    /// What the labels of the masks stand for; empty where they are the classes.
    pub(super) fn remap(self, classes: &mut Classes) -> Vec<Option<u8>> {
        match self {
            Self::CityscapesIds => (0..=VOID)
                .map(|id| {
                    let train_id = CITYSCAPES_TRAIN_IDS.iter().position(|known| *known == id);
                    Some(
                        train_id
                            .and_then(|id| u8::try_from(id).ok())
                            .unwrap_or(VOID),
                    )
                })
                .collect(),
            Self::Ade20k => {
                // objectInfo150.txt counts from 1, so its list has a filler for label 0.
                if classes.list.len() == usize::from(ADE20K_CLASSES) + 1 {
                    let list = Vec::<Class>::from(std::mem::take(&mut classes.list));
                    classes.list = ClassList::new(list[1..].to_vec()).unwrap_or_default();
                }
                from_one(ADE20K_CLASSES, Some(VOID))
            }
            // A class list for other meanings of the three labels counts as they do.
            Self::OxfordPets if classes.list.len() == 3 => from_one(3, None),
            Self::OxfordPets | Self::CamVidOriginal | Self::Cityscapes => Vec::new(),
        }
    }

    pub(super) fn void_note(self) -> Option<Note> {
        let text = match self {
            Self::CamVidOriginal => "black in the masks, \"Void\" in CamVid",
            Self::Cityscapes => "255",
            Self::CityscapesIds => "every id that Cityscapes does not train on",
            Self::Ade20k => "0, \"other objects\" in ADE20K, and 255",
            Self::OxfordPets => return None,
        };
        Some(Note::found(NoteTopic::Void, text))
    }
}

fn numbered_from_one() -> ClassList {
    let list = Vec::<Class>::from(ClassList::numbered(usize::from(ADE20K_CLASSES) + 1));
    ClassList::new(list[1..].to_vec()).unwrap_or_default()
}

/// Labels from 1 to `count` become classes from 0.
fn from_one(count: u8, zero: Option<u8>) -> Vec<Option<u8>> {
    std::iter::once(zero).chain((0..count).map(Some)).collect()
}
