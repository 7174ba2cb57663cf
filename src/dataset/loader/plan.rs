//! What the batches of a run are: order, augmentation and layout in memory.

use std::path::PathBuf;
use std::sync::Arc;

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;

use super::cache::DecodeCache;
use crate::dataset::{
    Augment, Change, DatasetError, DatasetItem, LabelMap, MaskReader, Normalization, RareSampling,
    Rgb, Rng,
};

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

/// Everything that defines the batches of a run.
///
/// Order and augmentation are pure functions of `seed`, epoch and position:
/// neither the number of workers nor the cache nor an interruption changes them.
#[derive(Debug, Clone)]
pub struct BatchPlan {
    /// The training list.
    pub items: Arc<Vec<DatasetItem>>,
    /// Reads the dataset's masks.
    pub reader: MaskReader,
    /// Random changes; its crop is the size of every image. Without one a batch has the
    /// size of its image.
    pub augment: Augment,
    /// Applied last.
    pub normalization: Normalization,
    /// Images in a batch; 0 counts as 1.
    pub batch_size: usize,
    /// Seed of order and augmentation.
    pub seed: u64,
    /// Whether each epoch has its own order; without, it is the list's.
    pub shuffle: bool,
    /// Which images are drawn instead of taking each once, and what their crops show.
    pub sampling: Option<Arc<RareSampling>>,
    /// Threads that a [`Loader`](super::Loader) prepares batches with; 0 counts as 1.
    pub workers: usize,
    /// Decoded images, shared by the clones of a plan; `Arc::default()` to begin with.
    pub cache: Arc<DecodeCache>,
}

impl BatchPlan {
    /// Batches in an epoch; the last one is filled up from the start of the order.
    /// 0 without items.
    pub fn batches_per_epoch(&self) -> usize {
        self.items.len().div_ceil(self.batch_size.max(1))
    }

    /// The order in which an epoch takes the items, as positions in the list.
    pub fn order(&self, epoch: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.items.len()).collect();
        if self.shuffle {
            order.shuffle(&mut seeded([self.seed, ORDER, epoch as u64]));
        }
        order
    }

    /// The images of a batch and what is drawn for each. `index` counts from 0 in the epoch.
    ///
    /// # Errors
    /// Those of [`MaskReader::read_pair`], and [`DatasetError::List`] without items.
    pub fn drawn(&self, epoch: usize, index: usize) -> Result<Vec<DrawnImage>, DatasetError> {
        let order = self.order(epoch);
        if order.is_empty() {
            let reason = "it has no images to train on".to_owned();
            return Err(DatasetError::List {
                path: PathBuf::from("training list"),
                reason,
            });
        }
        let batch_size = self.batch_size.max(1);
        let positions = index * batch_size..(index + 1) * batch_size;
        positions
            .map(|position| {
                let (place, class) = match &self.sampling {
                    Some(sampling) => {
                        let place = [self.seed, DRAW, epoch as u64, position as u64];
                        let (place, class) = sampling.draw(&mut seeded(place));
                        (place, Some(class))
                    }
                    None => (order[position % order.len()], None),
                };
                let pair = self.cache.pair(&self.reader, &self.items[place])?;
                let mut rng = seeded([self.seed, epoch as u64, position as u64]);
                let change = match class {
                    Some(class) => RareSampling::change(&self.augment, &pair.1, class, &mut rng),
                    None => self.augment.draw(pair.0.size(), &mut rng),
                };
                Ok(DrawnImage {
                    place,
                    pair,
                    change,
                })
            })
            .collect()
    }

    /// Reads, changes and normalizes the images of a batch. `index` counts from 0
    /// in the epoch.
    ///
    /// # Errors
    /// Those of [`drawn`](Self::drawn), and [`DatasetError::List`] where whole images of one batch
    /// differ in size.
    pub fn batch(&self, epoch: usize, index: usize) -> Result<Batch, DatasetError> {
        let drawn = self.drawn(epoch, index)?;
        let mut batch = Batch {
            images: Vec::new(),
            labels: Vec::new(),
            batch_size: drawn.len(),
            height: 0,
            width: 0,
            ids: Vec::with_capacity(drawn.len()),
            changes: Vec::with_capacity(drawn.len()),
        };
        for (slot, image) in drawn.into_iter().enumerate() {
            let item = &self.items[image.place];
            let (rgb, labels) = image.change.apply(&image.pair.0, &image.pair.1);
            let (width, height) = (rgb.width as usize, rgb.height as usize);
            if slot == 0 {
                (batch.width, batch.height) = (width, height);
                batch.images = vec![0.0; batch.batch_size * 3 * width * height];
                batch.labels.reserve(batch.batch_size * width * height);
            } else if [width, height] != [batch.width, batch.height] {
                return Err(other_size(item, [width, height], &batch));
            }
            let values = 3 * width * height;
            self.normalization
                .write_chw(&rgb, &mut batch.images[slot * values..(slot + 1) * values]);
            batch.labels.extend_from_slice(&labels.labels);
            batch.ids.push(item.id.clone());
            batch.changes.push(image.change);
        }
        Ok(batch)
    }
}

/// An image of a batch before it is changed.
#[derive(Debug, Clone)]
pub struct DrawnImage {
    /// Its place in the list.
    pub place: usize,
    /// As it was decoded, with its labels.
    pub pair: Arc<(Rgb, LabelMap)>,
    /// What is to be done to both.
    pub change: Change,
}

fn other_size(item: &DatasetItem, [width, height]: [usize; 2], batch: &Batch) -> DatasetError {
    let reason = format!(
        "it is {width}x{height} but the first image of its batch is {}x{}. Train whole images with a \
         batch size of 1, or set a training size",
        batch.width, batch.height
    );
    DatasetError::List {
        path: item.image.clone(),
        reason,
    }
}

/// Stands where augmentation has the epoch, so that order and augmentation draw
/// different numbers. No run comes to this epoch.
const ORDER: u64 = u64::MAX;

/// The same, for images that are drawn.
const DRAW: u64 = u64::MAX - 1;

/// Random numbers for a place in a run, unrelated to those of its neighbors.
fn seeded<const N: usize>(place: [u64; N]) -> Rng {
    let mut state = 0_u64;
    for part in place {
        // The finalizer of SplitMix64, by which every bit of `part` changes about half of the result.
        state = (state ^ part).wrapping_add(0x9e37_79b9_7f4a_7c15);
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        state ^= state >> 31;
    }
    Rng::seed_from_u64(state)
}

#[cfg(test)]
pub(in crate::dataset) mod tests {
    use std::path::Path;

    use super::*;
    use crate::dataset::layout::tests::write_pair;
    use crate::dataset::{Size, VOID};

    /// A plan over `num_items` pairs of 2x1 pixels, which are written to `dir`.
    pub(in crate::dataset) fn plan(dir: &Path, num_items: usize, batch_size: usize) -> BatchPlan {
        let item = |index: usize| {
            let (image, mask) = (
                dir.join(format!("{index}.png")),
                dir.join(format!("{index}-mask.png")),
            );
            write_pair(
                &image,
                &mask,
                [u8::try_from(index).expect("few items"), VOID],
            );
            DatasetItem {
                id: index.to_string(),
                image,
                mask,
            }
        };
        BatchPlan {
            items: Arc::new((0..num_items).map(item).collect()),
            reader: MaskReader {
                num_classes: 100,
                void_labels: Vec::new(),
                ..MaskReader::default()
            },
            augment: Augment {
                crop: Some(Size::new(4, 3)),
                random_crop: true,
                scale: [1.0, 1.5],
                flip: true,
                brightness: 0.1,
            },
            normalization: Normalization::IMAGENET,
            batch_size,
            seed: 7,
            shuffle: true,
            sampling: None,
            workers: 1,
            cache: Arc::default(),
        }
    }

    #[test]
    fn the_order_is_the_seeds_and_another_each_epoch() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let plan = plan(dir.path(), 20, 3);
        let order = plan.order(4);
        assert_eq!(plan.order(4), order);
        assert_ne!(plan.order(5), order);
        assert_ne!(
            BatchPlan {
                seed: 8,
                ..plan.clone()
            }
            .order(4),
            order
        );
        let mut sorted = order;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..20).collect::<Vec<_>>());
        assert_eq!(
            BatchPlan {
                shuffle: false,
                ..plan
            }
            .order(4),
            (0..20).collect::<Vec<_>>()
        );
    }

    #[test]
    fn the_last_batch_is_filled_from_the_start() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let plan = BatchPlan {
            shuffle: false,
            ..plan(dir.path(), 5, 2)
        };
        assert_eq!(plan.batches_per_epoch(), 3);
        assert_eq!(plan.batch(0, 0).expect("read").ids, ["0", "1"]);
        assert_eq!(plan.batch(0, 2).expect("read").ids, ["4", "0"]);
        let large = BatchPlan {
            batch_size: 7,
            ..plan
        };
        assert_eq!(large.batches_per_epoch(), 1);
        assert_eq!(
            large.batch(0, 0).expect("read").ids,
            ["0", "1", "2", "3", "4", "0", "1"]
        );
    }

    #[test]
    fn a_batch_depends_on_its_place_alone() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let plan = plan(dir.path(), 6, 2);
        let batch = plan.batch(3, 1).expect("read");
        plan.batch(0, 0).expect("read");
        assert_eq!(plan.batch(3, 1).expect("read"), batch);
        assert_eq!(
            BatchPlan {
                cache: Arc::default(),
                workers: 9,
                ..plan.clone()
            }
            .batch(3, 1)
            .expect("read"),
            batch
        );
        assert_ne!(plan.batch(4, 1).expect("read").images, batch.images);
        assert_eq!((batch.batch_size, batch.height, batch.width), (2, 3, 4));
        assert_eq!(
            (batch.images.len(), batch.labels.len()),
            (2 * 3 * 3 * 4, 2 * 3 * 4)
        );
    }

    #[test]
    fn values_are_laid_out_by_image_and_channel() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let plan = plan(dir.path(), 2, 2);
        let plan = BatchPlan {
            shuffle: false,
            augment: Augment::none(Some(Size::new(2, 1))),
            normalization: Normalization {
                mean: [0.0; 3],
                std: [1.0 / 255.0; 3],
                ..Normalization::IMAGENET
            },
            ..plan
        };
        let batch = plan.batch(0, 0).expect("read");
        let rounded: Vec<f32> = batch.images.iter().map(|value| value.round()).collect();
        assert_eq!(
            rounded,
            [
                10.0, 40.0, 20.0, 50.0, 30.0, 60.0, 10.0, 40.0, 20.0, 50.0, 30.0, 60.0
            ]
        );
        assert_eq!(batch.labels, [0, VOID, 1, VOID]);
    }

    #[test]
    fn whole_images_give_batches_of_their_own_size() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let plan = plan(dir.path(), 3, 1);
        let plan = BatchPlan {
            shuffle: false,
            augment: Augment::none(None),
            ..plan
        };
        let larger = image::RgbImage::from_pixel(3, 2, image::Rgb([9, 9, 9]));
        larger.save(&plan.items[1].image).expect("an image");
        let mask = image::GrayImage::from_pixel(3, 2, image::Luma([4]));
        mask.save(&plan.items[1].mask).expect("a mask");
        let sizes = [0, 1].map(|index| plan.batch(0, index).expect("read"));
        assert_eq!(
            sizes.each_ref().map(|batch| [batch.width, batch.height]),
            [[2, 1], [3, 2]]
        );
        assert_eq!(sizes.each_ref().map(|batch| batch.images.len()), [6, 18]);
        assert_eq!(sizes[1].labels, [4; 6]);
        let two = BatchPlan {
            batch_size: 2,
            ..plan
        };
        let message = two.batch(0, 0).expect_err("two sizes").to_string();
        assert!(
            message.contains("1.png") && message.contains("3x2") && message.contains("2x1"),
            "{message}"
        );
    }

    #[test]
    fn a_plan_without_chance_gives_every_epoch_the_same_batches() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let plan = plan(dir.path(), 5, 2);
        let plan = BatchPlan {
            shuffle: false,
            augment: Augment::none(Some(Size::new(3, 2))),
            ..plan
        };
        let other_seed = BatchPlan {
            seed: 8,
            ..plan.clone()
        };
        for index in 0..3 {
            let batch = plan.batch(1, index).expect("read");
            assert_eq!(plan.batch(2, index).expect("read"), batch);
            assert_eq!(other_seed.batch(1, index).expect("read"), batch);
        }
    }

    #[test]
    fn without_items_there_are_no_batches() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let plan = plan(dir.path(), 0, 2);
        assert_eq!(plan.batches_per_epoch(), 0);
        assert!(matches!(plan.batch(0, 0), Err(DatasetError::List { .. })));
    }
}
