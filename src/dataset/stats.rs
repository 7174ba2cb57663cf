//! Counts over a whole dataset.
//!
//! Made by the check of a dataset, which reads every mask once and says what is wrong with the pairs that are not
//! counted.

use std::collections::BTreeMap;

use super::{Size, Split, VOID};

/// Labels that occur in a mask.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LabelSet([u64; 4]);

impl LabelSet {
    /// Whether the label occurs.
    pub fn contains(&self, label: u8) -> bool {
        self.0[usize::from(label / 64)] & (1 << (label % 64)) != 0
    }

    fn insert(&mut self, label: u8) {
        self.0[usize::from(label / 64)] |= 1 << (label % 64);
    }
}

/// Counts over all masks of a dataset, both lists together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DatasetStats {
    /// Pixels of each class, by label.
    pub class_pixels: Vec<u64>,
    /// Sound pairs in whose mask each class occurs, by label.
    pub class_images: Vec<usize>,
    /// Pixels that no score counts.
    pub void_pixels: u64,
    /// Sound pairs in whose mask these occur.
    pub void_images: usize,
    /// How many images have each size, by width and height.
    pub sizes: BTreeMap<[u32; 2], usize>,
    /// The labels in each mask of the training list, in its order; none where a pair is not sound.
    pub train_labels: Vec<LabelSet>,
    /// The same of the validation list.
    pub val_labels: Vec<LabelSet>,
    /// Smallest width and smallest height of the images, in pixels.
    pub min_size: Size,
    /// Largest width and largest height of the images, in pixels.
    pub max_size: Size,
    /// Pairs of image and mask that are sound.
    pub images: usize,
}

impl DatasetStats {
    /// Share of a class in the labeled pixels, 0..=1; 0 when nothing is labeled.
    pub fn share(&self, label: u8) -> f64 {
        let labeled: u64 = self.class_pixels.iter().sum();
        self.class_pixels
            .get(usize::from(label))
            .map_or(0.0, |pixels| *pixels as f64 / labeled.max(1) as f64)
    }

    /// Share of the sound pairs in whose mask a class or void occurs, 0..=1.
    pub fn image_share(&self, label: u8) -> f64 {
        let images = match label {
            VOID => Some(&self.void_images),
            label => self.class_images.get(usize::from(label)),
        };
        images.map_or(0.0, |images| *images as f64 / self.images.max(1) as f64)
    }

    /// The labels in each mask of a list, in its order; the test list is not counted.
    pub fn labels_of(&self, split: Split) -> &[LabelSet] {
        match split {
            Split::Train => &self.train_labels,
            Split::Val => &self.val_labels,
            Split::Test => &[],
        }
    }

    /// Adds a pair that is not sound.
    pub(super) fn add_unsound(&mut self, split: Split) {
        self.push_labels(split, LabelSet::default());
    }

    fn push_labels(&mut self, split: Split, labels: LabelSet) {
        match split {
            Split::Train => self.train_labels.push(labels),
            Split::Val => self.val_labels.push(labels),
            Split::Test => {}
        }
    }

    /// Adds a sound pair: the pixels of each label, each of which occurs, and the size of its image.
    pub(super) fn add(&mut self, split: Split, labels: &[(u8, u64)], size: Size) {
        let mut occurring = LabelSet::default();
        for (label, pixels) in labels {
            occurring.insert(*label);
            if *label == VOID {
                self.void_pixels += pixels;
                self.void_images += 1;
            } else if let Some(total) = self.class_pixels.get_mut(usize::from(*label)) {
                *total += pixels;
                self.class_images[usize::from(*label)] += 1;
            }
        }
        self.push_labels(split, occurring);
        *self.sizes.entry(size.into()).or_default() += 1;
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
