//! Datasets by reference, and small pictures of their items.

use std::path::{Path, PathBuf};

use crate::dataset::{
    Dataset, DatasetError, DatasetStats, Item, LabelMap, MaskReader, Rgb, SampleSpec,
    ensure_sample, resize_labels, resize_rgb,
};
use crate::training::DatasetRef;

/// A dataset that is open in the window.
#[derive(Debug, Clone)]
pub struct OpenDataset {
    /// How it was asked for.
    pub which: DatasetRef,
    /// Its lists and classes.
    pub dataset: Dataset,
    /// Pixel counts, once all masks are read.
    pub stats: Option<DatasetStats>,
}

/// The dataset of the window.
#[derive(Debug, Clone)]
pub enum DatasetState {
    /// Nothing was opened yet.
    None,
    /// It is being read or made; `progress` in `0.0..=1.0` where known.
    Opening {
        label: String,
        progress: Option<f32>,
    },
    /// It can be used.
    Ready(std::sync::Arc<OpenDataset>),
    /// It cannot be read, and why.
    Failed { label: String, message: String },
}

/// An item in small.
#[derive(Debug, Clone)]
pub struct Thumbnail {
    /// The image.
    pub image: Rgb,
    /// Its mask, the same size.
    pub labels: LabelMap,
}

/// Where a dataset lies.
pub fn dataset_folder(which: &DatasetRef, data_dir: &Path) -> PathBuf {
    match which {
        DatasetRef::Sample => data_dir.join("sample"),
        DatasetRef::Folder(path) => path.clone(),
    }
}

/// Opens a dataset, making the sample where it is not there yet. `progress` is told
/// how many of how many images are made, and answers whether to go on.
pub(super) fn open(
    which: &DatasetRef,
    data_dir: &Path,
    progress: &mut dyn FnMut(usize, usize) -> bool,
) -> Result<Dataset, DatasetError> {
    let root = dataset_folder(which, data_dir);
    if *which == DatasetRef::Sample {
        ensure_sample(&root, &SampleSpec::default(), progress)?;
    }
    Dataset::open(&root)
}

/// Reads an item and makes it small: the longer side has at most `max_side` pixels.
pub(super) fn thumbnail(
    reader: &MaskReader,
    item: &Item,
    max_side: u32,
) -> Result<Thumbnail, DatasetError> {
    let (image, labels) = reader.read_pair(item)?;
    let scale = f64::from(max_side) / f64::from(image.width.max(image.height).max(1));
    if scale >= 1.0 {
        return Ok(Thumbnail { image, labels });
    }
    let side = |length: u32| ((f64::from(length) * scale) as u32).max(1);
    let (width, height) = (side(image.width), side(image.height));
    Ok(Thumbnail {
        image: resize_rgb(&image, width, height),
        labels: resize_labels(&labels, width, height),
    })
}
