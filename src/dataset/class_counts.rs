//! How often each class occurs in a list, for weights of the classes.

use rayon::prelude::*;

use super::{DatasetError, DatasetItem, MaskReader};

/// Masks that are read between two looks whether the rest is wanted.
const TOGETHER: usize = 32;

/// Pixels of a list, by label.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClassCounts {
    /// Pixels of the class.
    pub pixels: Vec<u64>,
    /// Labeled pixels of the images that have the class.
    pub pixels_around: Vec<u64>,
    /// The places in the list of the images that have the class.
    pub images: Vec<Vec<u32>>,
}

impl ClassCounts {
    /// Reads every mask of a list. `goes_on` is told how many are read, and says whether the rest
    /// is wanted; `None` when it is not.
    ///
    /// # Errors
    /// When a mask cannot be read.
    pub fn of(
        items: &[DatasetItem],
        reader: &MaskReader,
        goes_on: &mut dyn FnMut(usize) -> bool,
    ) -> Result<Option<Self>, DatasetError> {
        let classes = reader.num_classes;
        let mut counts = Self {
            pixels: vec![0; classes],
            pixels_around: vec![0; classes],
            images: vec![Vec::new(); classes],
        };
        let mut place = 0;
        for items in items.chunks(TOGETHER) {
            if !goes_on(place as usize) {
                return Ok(None);
            }
            let images: Vec<Vec<u64>> = items
                .par_iter()
                .map(|item| count(item, reader))
                .collect::<Result<_, DatasetError>>()?;
            for image in images {
                let labeled: u64 = image.iter().sum();
                for (class, own) in image.into_iter().enumerate().filter(|(_, own)| *own > 0) {
                    counts.pixels[class] += own;
                    counts.pixels_around[class] += labeled;
                    counts.images[class].push(place);
                }
                place += 1;
            }
        }
        Ok(Some(counts))
    }
}

/// The pixels of an image, by class.
fn count(item: &DatasetItem, reader: &MaskReader) -> Result<Vec<u64>, DatasetError> {
    let mut pixels = vec![0; reader.num_classes];
    for label in reader.read_mask_of(item)?.labels {
        if let Some(pixels) = pixels.get_mut(usize::from(label)) {
            *pixels += 1;
        }
    }
    Ok(pixels)
}

#[cfg(test)]
mod tests {
    use super::super::layout::tests::{write_text, write_voc};
    use super::*;
    use crate::dataset::{Dataset, VOID};

    #[test]
    fn pixels_are_counted_by_class_and_around_it() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        write_voc(dir.path(), &["a", "b"], [0, 1]);
        write_voc(dir.path(), &["c", "d", "e"], [1, VOID]);
        write_text(&dir.path().join("classes.txt"), "x\ny\nz\n");
        let dataset = Dataset::open(dir.path()).expect("a VOC set");
        let items: Vec<DatasetItem> = dataset.train.iter().chain(&dataset.val).cloned().collect();
        let count = |goes_on: bool| {
            ClassCounts::of(&items, &dataset.mask_reader(), &mut |_| goes_on).expect("masks")
        };
        let counts = count(true).expect("not stopped");
        assert_eq!(counts.pixels, [2, 5, 0]);
        assert_eq!(counts.pixels_around, [4, 7, 0]);
        assert_eq!(counts.images, [vec![0, 1], vec![0, 1, 2, 3, 4], vec![]]);
        assert_eq!(count(false), None);
    }
}
