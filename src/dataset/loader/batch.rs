//! A batch in memory.

use crate::dataset::{Change, LabelMap, Normalization, Rgb, Size};

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

impl Batch {
    /// An image as the network sees it, with the `normalization` of the plan undone, and its labels.
    ///
    /// # Panics
    /// When there is no such image.
    pub fn image(&self, place: usize, normalization: &Normalization) -> (Rgb, LabelMap) {
        let plane = self.width * self.height;
        // They were a crop's.
        let size = Size::new(self.width as u32, self.height as u32);
        let values = &self.images[place * 3 * plane..][..3 * plane];
        let labels = self.labels[place * plane..][..plane].to_vec();
        let labels = LabelMap {
            width: size.width,
            height: size.height,
            labels,
        };
        (normalization.undo(values, size), labels)
    }
}
