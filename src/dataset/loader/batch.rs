//! A batch in memory.

use crate::dataset::Change;

/// Images and labels of one training step.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// `[batch_size, 3, height, width]`, normalized.
    pub images: Vec<f32>,
    /// `[batch_size, height, width]`, [`VOID`](crate::dataset::VOID) where nothing counts.
    pub labels: Vec<u8>,
    /// Number of images, the plan's.
    pub batch_size: usize,
    /// Rows of an image.
    pub height: usize,
    /// Columns of an image.
    pub width: usize,
    /// The items' ids, one an image.
    pub ids: Vec<String>,
    /// What was done to each image.
    pub changes: Vec<Change>,
}
