//! What a check finds, as data.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use strum::{Display, IntoStaticStr, VariantArray};

use crate::dataset::Split;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Display, IntoStaticStr)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Severity {
    /// Training or scoring cannot work, or would give numbers that mean nothing.
    Error,
    /// It works, but people should look at it first.
    Warning,
    /// True of the dataset, and often meant.
    Info,
}

/// What was found.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Display,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum FindingKind {
    /// No pixel has a label.
    NothingLabeled,
    /// No pixel of the training list has a label.
    NothingToTrainOn,
    /// No pixel of the validation list has a label.
    NothingToValidateOn,
    /// The masks hold 0 and 255 alone: an object in 255, which means void.
    ObjectsAreVoid,
    /// All labeled pixels are of one class.
    OneClass,
    /// Masks that this program predicted.
    PredictedMasks,
    /// The labels are 1 to the number of classes.
    OffByOne,
    /// One label too many: the number of classes.
    LabelIsClassCount,
    /// Labels that are no class.
    UnknownLabels,
    /// The masks number objects, and say no classes.
    NumberedObjects,
    /// Many rare values along edges: anti-aliased masks, or masks that were JPEGs.
    BlendedMasks,
    /// The palettes have the colors of the classes in another order.
    PaletteOrder,
    /// Images that cannot be decoded.
    UnreadableImages,
    /// Images whose bands nothing says the meaning of, or that do not have the chosen ones.
    BandChoice,
    /// Masks that cannot be decoded.
    UnreadableMasks,
    /// Masks made for the image as it is stored, which EXIF turns.
    TurnedByExif,
    /// Masks of which nothing says whether they were made for the image as it is stored or as EXIF
    /// shows it.
    ExifUnclear,
    /// Masks of another size than their images.
    SizeMismatch,
    /// An image in both lists, by its file.
    SameFileInBoth,
    /// An image in both lists, by what is in the picture.
    SameImageInBoth,
    /// An image that is several times in a list.
    ListedTwice,
    /// A mask that is of several images.
    SharedMask,
    /// Classes of one name or one color, or one that is called as what is not labeled.
    AmbiguousClasses,
    /// A class of the list that no mask has.
    ClassNeverOccurs,
    /// A class that is only in one of the lists.
    ClassInOneSplit,
    /// A class with very few pixels.
    ClassIsRare,
    /// Masks without a labeled pixel.
    VoidMasks,
    /// Large areas of void.
    MuchVoid,
    /// Masks with one class.
    OneClassMasks,
    /// Images and masks that were put together by a guess.
    GuessedPairs,
    /// Masks that are called as other images than those that they are listed with.
    CrossedPairs,
    /// Masks without an image.
    MasksWithoutImage,
    /// Images without a mask.
    ImagesWithoutMask,
    /// Gray images among color ones.
    GrayImages,
    /// Images with more than 8 bits per sample.
    DeepImages,
    /// Images with a fourth band that is not opaque everywhere.
    FourthBand,
    /// Very small, large or narrow images.
    ExtremeSizes,
    /// The dataset is not as it was when the run began.
    ChangedSinceRun,
}

impl FindingKind {
    /// What it is called where people read it; scripts have the name in kebab case.
    pub fn title(self) -> &'static str {
        match self {
            Self::NothingLabeled => "No pixel is labeled",
            Self::NothingToTrainOn => "No label to train on",
            Self::NothingToValidateOn => "No label to validate on",
            Self::ObjectsAreVoid => "Objects are marked as void",
            Self::OneClass => "All labels are one class",
            Self::PredictedMasks => "Masks that were predicted",
            Self::OffByOne => "Labels count from 1",
            Self::LabelIsClassCount => "One label too many",
            Self::UnknownLabels => "Labels without a class",
            Self::NumberedObjects => "Objects are numbered, not classes",
            Self::BlendedMasks => "Mixed labels along edges",
            Self::PaletteOrder => "Colors at other labels",
            Self::UnreadableImages => "Images that cannot be read",
            Self::BandChoice => "Bands are not clear",
            Self::UnreadableMasks => "Masks that cannot be read",
            Self::TurnedByExif => "Masks are turned",
            Self::ExifUnclear => "Masks may be turned",
            Self::SizeMismatch => "Mask and image differ in size",
            Self::SameFileInBoth => "Same file in both lists",
            Self::SameImageInBoth => "Same picture in both lists",
            Self::ListedTwice => "Images are listed twice",
            Self::SharedMask => "One mask for several images",
            Self::AmbiguousClasses => "Classes look alike",
            Self::ClassNeverOccurs => "Classes that no mask has",
            Self::ClassInOneSplit => "Classes missing in one list",
            Self::ClassIsRare => "Rare classes",
            Self::VoidMasks => "Masks without labels",
            Self::MuchVoid => "Large areas of void",
            Self::OneClassMasks => "Masks with a single class",
            Self::GuessedPairs => "Pairs put together by a guess",
            Self::CrossedPairs => "Masks called as other images",
            Self::MasksWithoutImage => "Masks without an image",
            Self::ImagesWithoutMask => "Images without a mask",
            Self::GrayImages => "Gray images among color ones",
            Self::DeepImages => "More than 8 bits per sample",
            Self::FourthBand => "Images with a fourth band",
            Self::ExtremeSizes => "Images of unusual size",
            Self::ChangedSinceRun => "Changed since the run",
        }
    }
}

/// What can be done about a finding in a new copy of the dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "fix")]
pub enum Fix {
    /// Give labels of the masks of the finding another number.
    Remap { map: BTreeMap<u8, u8> },
    /// The same where it is a guess what the labels mean, so that people have to ask for it.
    RemapGuessed { map: BTreeMap<u8, u8> },
    /// Give labels of the masks of the finding the number of the class whose color their palette has.
    NumberByPalette,
    /// Leave the fourth band out.
    StripAlpha,
    /// Turn masks as EXIF turns their images.
    TurnMasks,
    /// The same, where people must look whether the masks are turned; not done unless it is asked for.
    TurnUnclear,
    /// Leave these pairs out.
    LeaveOut,
}

impl Fix {
    /// Whether it is only done when people ask for it.
    pub fn is_asked_for(&self) -> bool {
        matches!(self, Self::LeaveOut | Self::RemapGuessed { .. })
    }
}

/// What it does, without a period.
impl std::fmt::Display for Fix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Remap { map } | Self::RemapGuessed { map } => {
                let pairs = map.iter().map(|(old, new)| format!("{old} becomes {new}"));
                let pairs: Vec<String> = pairs.collect();
                return write!(f, "Labels of these masks: {}", pairs.join(", "));
            }
            Self::NumberByPalette => {
                "Numbers the labels of these masks by the colors of their palettes"
            }
            Self::StripAlpha => "Leaves the fourth band out",
            Self::TurnMasks => "Turns the masks as EXIF turns their images",
            Self::TurnUnclear => {
                "Turns these masks as EXIF turns their images; look at a pair first"
            }
            Self::LeaveOut => "Leaves these pairs out",
        })
    }
}

/// What a list is called in a finding.
pub(super) fn list_name(split: Split) -> &'static str {
    match split {
        Split::Train => "training",
        Split::Val => "validation",
        Split::Test => "test",
    }
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What it is.
    pub kind: FindingKind,
    /// How many files, or classes where it is about these.
    pub count: usize,
    /// The first of the files.
    pub files: Vec<PathBuf>,
    /// All of them, for whoever shows a part of the dataset: images and masks, where `files` has the annotations
    /// that masks were drawn from.
    #[serde(skip)]
    pub all_files: Arc<[PathBuf]>,
    /// One or two sentences: what is there, why it matters, what to do. No period at the end.
    pub reason: String,
    /// What [`fix`](super::fix) can do.
    pub fix: Option<Fix>,
}

/// Files that a finding names.
pub(super) const NAMED: usize = 20;

impl Finding {
    /// A finding about files; of many, the first are named.
    pub(super) fn new(
        severity: Severity,
        kind: FindingKind,
        files: &[PathBuf],
        reason: impl Into<String>,
    ) -> Self {
        Self {
            severity,
            kind,
            count: files.len(),
            files: files.iter().take(NAMED).cloned().collect(),
            all_files: files.into(),
            reason: reason.into(),
            fix: None,
        }
    }

    pub(super) fn with_fix(self, fix: Fix) -> Self {
        Self {
            fix: Some(fix),
            ..self
        }
    }

    pub(super) fn counting(self, count: usize) -> Self {
        Self { count, ..self }
    }
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.reason)?;
        let Some(first) = self.files.first().map(|file| file.display().to_string()) else {
            return Ok(());
        };
        // A message about a file begins with its name.
        match (self.reason.contains(&first), self.count) {
            (true, 0 | 1) => Ok(()),
            (true, count) => write!(f, " (and {} more)", count - 1),
            (false, 0 | 1) => write!(f, " ({first})"),
            (false, count) => write!(f, " ({first} and {} more)", count - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_a_title_of_its_own_that_fits_a_narrow_panel() {
        let titles: std::collections::BTreeSet<&str> = FindingKind::VARIANTS
            .iter()
            .map(|kind| kind.title())
            .collect();
        assert_eq!(titles.len(), FindingKind::VARIANTS.len());
        for title in titles {
            let begins = title.chars().next().is_some_and(char::is_uppercase);
            assert!(
                begins && title.len() <= 34 && !title.contains('-'),
                "{title}"
            );
        }
        // Scripts go by the other one.
        assert_eq!(FindingKind::ObjectsAreVoid.to_string(), "objects-are-void");
    }
}
