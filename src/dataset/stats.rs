//! Counts over a whole dataset, and what is wrong with its pairs.
//!
//! Made by the check of a dataset, which reads every mask once.

use super::VOID;
use crate::dataset::Size;

/// Counts over all masks of a dataset, both lists together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DatasetStats {
    /// Pixels of each class, by label.
    pub class_pixels: Vec<u64>,
    /// Pixels that no score counts.
    pub void_pixels: u64,
    /// Smallest width and smallest height of the images, in pixels.
    pub min_size: Size,
    /// Largest width and largest height of the images, in pixels.
    pub max_size: Size,
    /// Pairs of image and mask that are sound.
    pub images: usize,
    /// What is wrong with the others, one message each, in the order of the lists.
    pub problems: Vec<String>,
}

impl DatasetStats {
    /// Share of a class in the labeled pixels, 0..=1; 0 when nothing is labeled.
    pub fn share(&self, label: u8) -> f64 {
        let labeled: u64 = self.class_pixels.iter().sum();
        self.class_pixels
            .get(usize::from(label))
            .map_or(0.0, |pixels| *pixels as f64 / labeled.max(1) as f64)
    }

    /// Adds a sound pair: the pixels of each label, and the size of its image.
    pub(super) fn add(&mut self, labels: &[(u8, u64)], size: Size) {
        for (label, pixels) in labels {
            if *label == VOID {
                self.void_pixels += pixels;
            } else if let Some(total) = self.class_pixels.get_mut(usize::from(*label)) {
                *total += pixels;
            }
        }
        if self.images == 0 {
            self.min_size = size;
        }
        self.min_size = sides(self.min_size, size, u32::min);
        self.max_size = sides(self.max_size, size, u32::max);
        self.images += 1;
    }
}

fn sides(one: Size, other: Size, pick: fn(u32, u32) -> u32) -> Size {
    Size::new(pick(one.width, other.width), pick(one.height, other.height))
}
