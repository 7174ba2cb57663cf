//! What the batches of a run are: order, augmentation and layout in memory.

#[cfg(test)]
pub(in crate::dataset) mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;

use super::batch::Batch;
use super::cache::DecodeCache;
use super::stored::StoredBatches;
use crate::dataset::{
    Augment, Change, DatasetError, DatasetItem, LabelMap, MaskReader, Normalization, RareSampling,
    Rgb, Rng, Size,
};

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
    /// Batches that are there already, instead of those of the images.
    pub stored: Option<Arc<StoredBatches>>,
}

impl BatchPlan {
    /// Batches in an epoch; the last one is filled up from the start of the order.
    /// 0 without items.
    pub fn batches_per_epoch(&self) -> usize {
        if let Some(stored) = &self.stored {
            return stored.per_epoch;
        }
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
                let change = match class {
                    Some(class) => {
                        let mut rng = self.rng(epoch, position);
                        RareSampling::change(&self.augment, &pair.1, class, &mut rng)
                    }
                    None => self.change(pair.0.size(), epoch, position),
                };
                Ok(DrawnImage {
                    place,
                    pair,
                    change,
                })
            })
            .collect()
    }

    /// What is drawn for an image of this size at a position of an epoch, where no class is preferred.
    pub fn change(&self, size: Size, epoch: usize, position: usize) -> Change {
        self.augment.draw(size, &mut self.rng(epoch, position))
    }

    /// The random numbers of a position of an epoch.
    fn rng(&self, epoch: usize, position: usize) -> Rng {
        seeded([self.seed, epoch as u64, position as u64])
    }

    /// Reads, changes and normalizes the images of a batch, or reads it where it is stored. `index`
    /// counts from 0 in the epoch.
    ///
    /// # Errors
    /// Those of [`drawn`](Self::drawn), [`DatasetError::Batch`] for one that is stored, and [`DatasetError::List`] where whole images of one batch
    /// differ in size.
    pub fn batch(&self, epoch: usize, index: usize) -> Result<Batch, DatasetError> {
        if let Some(stored) = &self.stored {
            return stored.batch(epoch, index);
        }
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
