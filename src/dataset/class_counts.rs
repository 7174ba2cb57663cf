//! How often each class occurs in a list, for weights of the classes.

use rayon::prelude::*;

use super::{DatasetError, DatasetItem, MaskReader};

/// Pixels of a list, by label.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClassCounts {
    /// Pixels of the class.
    pub pixels: Vec<u64>,
    /// Labeled pixels of the images that have the class.
    pub pixels_around: Vec<u64>,
}

impl ClassCounts {
    /// Reads every mask of a list; `None` when `stopped` says so meanwhile.
    ///
    /// # Errors
    /// When a mask cannot be read.
    pub fn of(
        items: &[DatasetItem],
        reader: &MaskReader,
        stopped: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Self>, DatasetError> {
        let images: Vec<Option<Vec<u64>>> = items
            .par_iter()
            .map(|item| {
                if stopped() {
                    return Ok(None);
                }
                let mut pixels = vec![0; reader.num_classes];
                for label in reader.read(&item.mask)?.labels {
                    if let Some(pixels) = pixels.get_mut(usize::from(label)) {
                        *pixels += 1;
                    }
                }
                Ok(Some(pixels))
            })
            .collect::<Result<_, DatasetError>>()?;
        let mut counts = Self {
            pixels: vec![0; reader.num_classes],
            pixels_around: vec![0; reader.num_classes],
        };
        for image in images {
            let Some(image) = image else {
                return Ok(None);
            };
            let labeled: u64 = image.iter().sum();
            let totals = counts.pixels.iter_mut().zip(&mut counts.pixels_around);
            for ((pixels, around), own) in totals.zip(image) {
                *pixels += own;
                *around += if own > 0 { labeled } else { 0 };
            }
        }
        Ok(Some(counts))
    }
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
        let count = |stopped: bool| {
            ClassCounts::of(&items, &dataset.mask_reader(), &|| stopped).expect("masks")
        };
        let counts = count(false).expect("not stopped");
        assert_eq!(counts.pixels, [2, 5, 0]);
        assert_eq!(counts.pixels_around, [4, 7, 0]);
        assert_eq!(count(true), None);
    }
}
