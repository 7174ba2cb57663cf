//! What the `predict` thread is asked for.

use std::fs;
use std::path::{Path, PathBuf};

use super::PartialMask;
use super::source::Source;
use crate::dataset::{ClassList, Dataset, DatasetItem, MaskReader, Pixels, Split};
use crate::training::{DeviceId, PredictOptions};

/// What to predict with which network.
pub(super) struct Request {
    pub source: Source,
    pub device: DeviceId,
    pub image: PathBuf,
    /// The image, where it was read already.
    pub pixels: Option<Pixels>,
    /// Where the image's ground truth is known.
    pub truth: Option<KnownTruth>,
    /// How it is predicted.
    pub options: PredictOptions,
    /// Where it is shown while it grows.
    pub partial: Option<PartialMask>,
}

/// How to read the ground truth of an image.
pub(super) struct KnownTruth {
    pub reader: MaskReader,
    pub item: DatasetItem,
    /// What its labels mean.
    pub classes: ClassList,
}

impl KnownTruth {
    /// That of an image of the dataset, by whatever path it is named.
    pub fn of(dataset: &Dataset, image: &Path) -> Option<Self> {
        let items = || {
            [Split::Val, Split::Train, Split::Test]
                .into_iter()
                .flat_map(|split| dataset.items(split))
        };
        // Compared as it is written: of very many, comparing paths part by part takes too long.
        let is_written = |item: &&DatasetItem| item.image.as_os_str() == image.as_os_str();
        let item = items().find(is_written).or_else(|| {
            // A relative path, or one through a link.
            let file = fs::canonicalize(image).ok()?;
            let is_it = |item: &&DatasetItem| {
                item.image.file_name() == file.file_name()
                    && fs::canonicalize(&item.image).is_ok_and(|other| other == file)
            };
            items().find(is_it)
        })?;
        Some(Self {
            reader: dataset.mask_reader(),
            item: item.clone(),
            classes: dataset.classes.clone(),
        })
    }
}
