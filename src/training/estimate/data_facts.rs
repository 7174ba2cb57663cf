//! What estimates need to know of a dataset.

use crate::dataset::{Dataset, DatasetItem, Size, read_image_size};

/// Images of each list whose sizes are looked at.
const LOOKED_AT: usize = 64;

/// Counts and sizes of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataFacts {
    /// Number of training images.
    pub train_images: usize,
    /// Number of validation images.
    pub val_images: usize,
    /// Number of classes.
    pub classes: usize,
    /// Middle width and middle height of the training images.
    pub usual: Size,
    /// Largest width and largest height of the images.
    pub largest: Size,
}

impl DataFacts {
    /// Reads the headers of up to 64 images of each list, spread over it. What cannot be read is
    /// left out; training tells of it.
    pub fn read(dataset: &Dataset) -> Self {
        let [train, val] = [&dataset.train, &dataset.val].map(|items| sizes(items));
        Self {
            train_images: dataset.train.len(),
            val_images: dataset.val.len(),
            classes: dataset.classes.len(),
            usual: Size::new(
                middle(train.iter().map(|size| size.width)),
                middle(train.iter().map(|size| size.height)),
            ),
            largest: largest(train.iter().chain(&val)),
        }
    }
}

fn sizes(items: &[DatasetItem]) -> Vec<Size> {
    let step = items.len().div_ceil(LOOKED_AT).max(1);
    let looked_at = items.iter().step_by(step);
    looked_at
        .filter_map(|item| read_image_size(&item.image).ok())
        .collect()
}

/// 1 where there is none: an image has a pixel or more.
fn middle(sides: impl Iterator<Item = u32>) -> u32 {
    let mut sides: Vec<u32> = sides.collect();
    sides.sort_unstable();
    sides.get(sides.len() / 2).copied().unwrap_or(1)
}

fn largest<'a>(sizes: impl Iterator<Item = &'a Size>) -> Size {
    sizes.fold(Size::new(1, 1), |largest, size| {
        Size::new(
            largest.width.max(size.width),
            largest.height.max(size.height),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_largest_are_side_by_side() {
        assert_eq!(middle([5, 1, 9].into_iter()), 5);
        assert_eq!(middle(std::iter::empty()), 1);
        let sizes = [Size::new(2, 9), Size::new(7, 3)];
        assert_eq!(largest(sizes.iter()), Size::new(7, 9));
        assert_eq!(largest(std::iter::empty()), Size::new(1, 1));
    }
}
