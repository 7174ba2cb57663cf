//! The stages of the data path by themselves.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use super::case::ImageStage;
use crate::dataset::{
    Augment, BatchPlan, Dataset, DatasetItem, DecodeCache, DiskCache, LabelMap, Rgb, Size,
    resize_labels, resize_rgb,
};
use crate::model::Trunk;
use crate::training::{TrainError, batch_plan, preset};

/// Pairs of a call: few enough to stay in memory, more than one batch.
const PAIRS: usize = 32;
/// More than the cache takes for them.
const CACHE: u64 = 1 << 30;
/// The cache trusts no file that was written within the last seconds; the sample may be that new.
const MOST_WAITS: usize = 6;

/// A stage, with what it works on.
pub struct ImageStages {
    stage: ImageStage,
    plan: BatchPlan,
    /// Decoded, for the stages behind that.
    pairs: Vec<(Rgb, LabelMap)>,
    /// The folder of the cache.
    folder: TempDir,
}

impl ImageStages {
    /// The stage over the first pairs of the sample.
    pub fn new(stage: ImageStage, sample: &Dataset) -> Result<Self, TrainError> {
        let mut plan = batch_plan(&preset(Trunk::Vgg16Slim), sample);
        let items: Vec<DatasetItem> = sample.train.iter().take(PAIRS).cloned().collect();
        plan.items = Arc::new(items);
        plan.shuffle = false;
        plan.augment = Augment {
            scale: [0.5, 2.0],
            random_crop: true,
            flip: true,
            brightness: 0.2,
            ..Augment::none(plan.augment.crop)
        };
        let folder = tempfile::tempdir().map_err(|err| TrainError::Execution(err.to_string()))?;
        let pairs = match stage {
            ImageStage::Decode | ImageStage::Cached => Vec::new(),
            ImageStage::Resize | ImageStage::Augment | ImageStage::Batch => {
                let items = plan.items.iter();
                items
                    .map(|item| plan.reader.read_pair(item))
                    .collect::<Result<_, _>>()?
            }
        };
        let mut stages = Self {
            stage,
            plan,
            pairs,
            folder,
        };
        if stage == ImageStage::Cached {
            stages.fill_cache()?;
        }
        if stage == ImageStage::Batch {
            stages.cut();
        }
        Ok(stages)
    }

    /// Pairs of a call.
    pub fn count(&self) -> usize {
        self.plan.items.len()
    }

    /// Does it once for all pairs.
    pub fn call(&self) -> Result<(), TrainError> {
        match self.stage {
            ImageStage::Decode => {
                for item in self.plan.items.iter() {
                    std::hint::black_box(self.plan.reader.read_pair(item)?);
                }
            }
            ImageStage::Cached => {
                // Without what an earlier call has in memory.
                let plan = self.with_cache();
                for batch in 0..plan.batches_per_epoch() {
                    std::hint::black_box(plan.drawn(1, batch)?);
                }
            }
            ImageStage::Resize => {
                for (rgb, labels) in &self.pairs {
                    let size = Size::new(rgb.width * 3 / 2, rgb.height * 3 / 2);
                    std::hint::black_box((resize_rgb(rgb, size), resize_labels(labels, size)));
                }
            }
            ImageStage::Augment => {
                for (place, (rgb, labels)) in self.pairs.iter().enumerate() {
                    let change = self.plan.change(rgb.size(), 1, place);
                    std::hint::black_box(change.apply(rgb, labels));
                }
            }
            ImageStage::Batch => {
                for pairs in self.pairs.chunks(self.plan.batch_size) {
                    std::hint::black_box(self.batch(pairs));
                }
            }
        }
        Ok(())
    }

    /// Crops as they come into a batch.
    fn cut(&mut self) {
        let plan = &self.plan;
        for (place, (rgb, labels)) in self.pairs.iter_mut().enumerate() {
            let change = plan.change(rgb.size(), 1, place);
            (*rgb, *labels) = change.apply(rgb, labels);
        }
    }

    /// The values of a batch of crops of one size.
    fn batch(&self, pairs: &[(Rgb, LabelMap)]) -> (Vec<f32>, Vec<u8>) {
        let mut images = vec![0.0; pairs.iter().map(|(rgb, _)| rgb.pixels.len()).sum()];
        let mut labels = Vec::new();
        let mut start = 0;
        for (rgb, map) in pairs {
            let end = start + rgb.pixels.len();
            self.plan
                .normalization
                .write_chw(rgb, &mut images[start..end]);
            labels.extend_from_slice(&map.labels);
            start = end;
        }
        (images, labels)
    }

    fn with_cache(&self) -> BatchPlan {
        let disk = DiskCache::new(self.folder.path().join("pairs"), CACHE);
        BatchPlan {
            cache: Arc::new(DecodeCache::with_disk(disk)),
            ..self.plan.clone()
        }
    }

    /// Decodes all pairs into the cache.
    fn fill_cache(&self) -> Result<(), TrainError> {
        for _ in 0..MOST_WAITS {
            let plan = self.with_cache();
            for batch in 0..plan.batches_per_epoch() {
                plan.drawn(1, batch)?;
            }
            let kept = std::fs::read_dir(self.folder.path().join("pairs"));
            if kept.is_ok_and(|kept| kept.count() >= self.count()) {
                return Ok(());
            }
            thread::sleep(Duration::from_secs(1));
        }
        Err(TrainError::Execution(
            "the cache of decoded images could not be filled. Look whether the folder for temporary files is full"
                .to_owned(),
        ))
    }
}
