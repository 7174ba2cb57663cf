//! What the `predict` thread is asked for.

use std::path::PathBuf;
use std::sync::Arc;

use super::PartialMask;
use super::source::Source;
use crate::dataset::{ClassList, DatasetItem, MaskReader, Rgb};
use crate::training::{DeviceId, PredictOptions};

/// What to predict with which network.
pub(super) struct Request {
    pub source: Source,
    pub device: DeviceId,
    pub image: PathBuf,
    /// The image, where it was read already.
    pub pixels: Option<Arc<Rgb>>,
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
