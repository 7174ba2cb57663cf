//! An entry of a dataset.

use std::path::PathBuf;

/// An image and its mask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetItem {
    /// Name without folder and extension, as in the lists of PASCAL VOC.
    pub id: String,
    /// The image's file.
    pub image: PathBuf,
    /// The label map's file.
    pub mask: PathBuf,
}
