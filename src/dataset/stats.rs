//! Counts over a whole dataset, and what is wrong with it.
//!
//! Reads every mask once. Must not stop at the first problem: the user wants the
//! whole list.

use crate::dataset::Size;
use rayon::prelude::*;

use super::image_io::{check_sizes, read_image_size};
use super::{Dataset, DatasetError, DatasetItem, MaskReader, VOID};

/// How many images are read between two reports of progress.
const CHUNK: usize = 16;

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

    fn add(&mut self, pair: &PairStats) {
        for (total, pixels) in self.class_pixels.iter_mut().zip(&pair.label_pixels) {
            *total += pixels;
        }
        self.void_pixels += pair.label_pixels[usize::from(VOID)];
        if self.images == 0 {
            self.min_size = pair.size;
        }
        self.min_size = sides(self.min_size, pair.size, u32::min);
        self.max_size = sides(self.max_size, pair.size, u32::max);
        self.images += 1;
    }
}

fn sides(one: Size, other: Size, pick: fn(u32, u32) -> u32) -> Size {
    Size::new(pick(one.width, other.width), pick(one.height, other.height))
}

/// Reads every mask and the header of every image. `progress` gets the number of
/// images done and of all images, and says whether to go on.
///
/// Broken pairs are listed in [`DatasetStats::problems`]. `None` when `progress`
/// said to stop.
pub fn scan(
    dataset: &Dataset,
    progress: &mut dyn FnMut(usize, usize) -> bool,
) -> Option<DatasetStats> {
    let items: Vec<&DatasetItem> = dataset.train.iter().chain(&dataset.val).collect();
    let reader = dataset.mask_reader();
    let mut stats = DatasetStats {
        class_pixels: vec![0; dataset.classes.len()],
        ..DatasetStats::default()
    };
    for (index, chunk) in items.chunks(CHUNK).enumerate() {
        let pairs: Vec<_> = chunk
            .par_iter()
            .map(|item| scan_pair(&reader, item))
            .collect();
        for pair in pairs {
            match pair {
                Ok(pair) => stats.add(&pair),
                Err(err) => stats.problems.push(err.to_string()),
            }
        }
        if !progress(index * CHUNK + chunk.len(), items.len()) {
            return None;
        }
    }
    Some(stats)
}

struct PairStats {
    size: Size,
    label_pixels: [u64; 256],
}

fn scan_pair(reader: &MaskReader, item: &DatasetItem) -> Result<PairStats, DatasetError> {
    let size = read_image_size(&item.image)?;
    let labels = reader.read(&item.mask)?;
    check_sizes(item, size, labels.size())?;
    let mut label_pixels = [0; 256];
    for label in labels.labels {
        label_pixels[usize::from(label)] += 1;
    }
    Ok(PairStats { size, label_pixels })
}

#[cfg(test)]
mod tests {
    use super::super::layout::tests::{write_text, write_voc};
    use super::*;

    #[test]
    fn pixels_sizes_and_problems_are_counted() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let root = dir.path();
        write_voc(root, &["a", "b"], [0, VOID]);
        write_voc(root, &["c"], [2, 2]);
        write_voc(root, &["d", "e"], [0, 7]);
        write_text(&root.join("classes.txt"), "x\ny\nz\n");
        std::fs::write(root.join("JPEGImages/e.png"), "broken").expect("written");
        let dataset = Dataset::open(root).expect("a VOC set");
        let mut calls = Vec::new();
        let stats = scan(&dataset, &mut |done, total| {
            calls.push((done, total));
            true
        })
        .expect("not stopped");
        assert_eq!(calls, [(5, 5)]);
        assert_eq!(stats.class_pixels, [2, 0, 2]);
        assert_eq!((stats.void_pixels, stats.images), (2, 3));
        assert_eq!(
            (stats.min_size, stats.max_size),
            (Size::new(2, 1), Size::new(2, 1))
        );
        assert_eq!(
            (stats.share(0), stats.share(1), stats.share(9)),
            (0.5, 0.0, 0.0)
        );
        assert_eq!(stats.problems.len(), 2);
        assert!(
            stats.problems[0].contains("d.png: label 7 at column 1, row 0"),
            "{:?}",
            stats.problems
        );
        assert!(stats.problems[1].contains("e.png"), "{:?}", stats.problems);
    }

    #[test]
    fn a_stopped_scan_gives_nothing() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        write_voc(dir.path(), &["a", "b"], [0, 1]);
        let dataset = Dataset::open(dir.path()).expect("a VOC set");
        assert_eq!(scan(&dataset, &mut |_, _| false), None);
    }
}
