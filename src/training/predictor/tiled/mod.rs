//! Masks and logits of images of any size, tile by tile where they are large.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Predictor;
use crate::dataset::{ImageFacts, LabelMap, Pixels, Rgb, Size, VOID};
use crate::kernels::Work;
use crate::model::{ComputedBy, NetworkConfig};
use crate::training::device;
use crate::training::error::TrainError;
use crate::training::machine::MachineMemory;
use crate::training::predict_options::{Averaging, PredictOptions};
use crate::training::segmenter::Segmenter;
use crate::training::tiles::{Tile, TilePlan, Tiling, is_empty};

/// Bytes of logits that may be there at once.
const MAX_LOGITS: u64 = 1 << 30;

impl Predictor {
    /// How an image of this size is predicted, and what that takes; from its settings alone.
    pub fn plan(&self, image: Size, tiling: &Tiling) -> TilePlan {
        let config = &self.meta.config;
        let network = config.network(self.meta.classes.len());
        let by = if self.segmenter.on_host() {
            ComputedBy::Processor
        } else {
            ComputedBy::Gpu
        };
        if let Some(seen) = config.test_size {
            return self.enlarged_plan(&network, image, seen, by);
        }
        // Other programs need some too, and on a GPU the weights.
        let room = match by {
            ComputedBy::Processor => MachineMemory::read().available,
            ComputedBy::Gpu | ComputedBy::GpuIn16Bits => device::memory(self.device).total,
        };
        let room = room.map(|bytes| bytes / 2);
        TilePlan::new(
            &network,
            image,
            tiling,
            (config.trunk.max_pixels(), room),
            by,
        )
    }

    /// As [`plan`](Self::plan), of an image of which parts may be decoded as they are needed. A network that
    /// sees images at another size needs all pixels at once.
    pub fn plan_of(&self, image: ImageFacts, tiling: &Tiling) -> TilePlan {
        let plan = self.plan(image.size, tiling);
        match self.meta.config.test_size {
            Some(_) => plan,
            None => plan.of_file(image),
        }
    }

    /// An image that the network sees at another size: only its logits can be too large.
    fn enlarged_plan(
        &self,
        network: &NetworkConfig,
        image: Size,
        seen: Size,
        by: ComputedBy,
    ) -> TilePlan {
        let per_pixel = (size_of::<f32>() * self.meta.classes.len()) as u64;
        let most = (MAX_LOGITS / per_pixel).max(1);
        TilePlan::of_strips(
            image,
            most,
            network.prediction_memory(seen.dims(), by),
            per_pixel,
        )
    }

    /// The class of every pixel, at the image's own size, tile by tile as `plan` says. `on_tile` gets
    /// each tile with its labels.
    ///
    /// `go_on` is told from several threads which share is done, `0.0..=1.0`, and says whether the
    /// mask is still wanted; `None` = it was not. A device that is not the processor tells nothing
    /// inside of a tile.
    ///
    /// # Errors
    /// Also when probabilities are to be averaged over an image that takes several tiles, and when a file can
    /// no longer be decoded.
    pub fn predict(
        &self,
        image: &Pixels,
        plan: &TilePlan,
        options: &PredictOptions,
        go_on: impl Fn(f32) -> bool + Send + Sync + 'static,
        on_tile: &mut dyn FnMut(&Tile, &LabelMap),
    ) -> Result<Option<LabelMap>, TrainError> {
        let averages = !options.averaging.is_off();
        if averages {
            can_be_averaged(plan)?;
        }
        let progress = TileProgress::new(self.multiply_adds(plan, &options.averaging));
        let skipped = progress.skipped();
        let work = Work::watched(move |done| go_on(progress.share(done)));
        let _entered = work.enter();
        if plan.is_whole() || averages {
            let mask = self.whole(&*image.decoded()?, options)?;
            return Ok((!work.is_abandoned()).then_some(mask));
        }
        let config = &self.meta.config;
        let small = match config.test_size {
            Some(size) => Some(self.segmenter.small_logits(&*image.decoded()?, size)),
            None => None,
        };
        let mut mask = void(image.size());
        for tile in &plan.tiles {
            let seen = image.part(tile.seen)?;
            if options.tiling.skip_empty && !plan.is_whole() && is_empty(&seen) {
                skipped.add(self.seen_multiply_adds(tile));
                let labels = void(tile.core.size);
                on_tile(tile, &labels);
                continue;
            }
            let logits = match &small {
                Some(small) => Segmenter::enlarged_part(small, tile.core, image.size()),
                None => self.segmenter.tile_logits(&seen, tile, image.size()),
            };
            drop(seen);
            let labels = self
                .segmenter
                .labels(logits, tile.core.size, options.threshold)?;
            if work.is_abandoned() {
                return Ok(None);
            }
            put(&mut mask, tile, &labels);
            on_tile(tile, &labels);
        }
        Ok((!work.is_abandoned()).then_some(mask))
    }

    /// The averaged probability of each class at each pixel of an image.
    ///
    /// # Errors
    /// Also when the image takes several tiles.
    ///
    /// # Shapes
    /// - output: `[num_classes, height, width]`, row by row
    pub fn averaged(
        &self,
        image: &Pixels,
        plan: &TilePlan,
        averaging: &Averaging,
    ) -> Result<Vec<f32>, TrainError> {
        can_be_averaged(plan)?;
        let (image, test_size) = (image.decoded()?, self.meta.config.test_size);
        Segmenter::numbers(self.segmenter.averaged(&image, test_size, averaging))
    }

    fn whole(&self, image: &Rgb, options: &PredictOptions) -> Result<LabelMap, TrainError> {
        let test_size = self.meta.config.test_size;
        if options.averaging.is_off() && options.threshold.is_none() {
            return self.segmenter.segment(image, test_size);
        }
        let shares = self
            .segmenter
            .averaged(image, test_size, &options.averaging);
        let threshold = options.threshold.unwrap_or(0.0);
        self.segmenter.sure_labels(shares, image.size(), threshold)
    }

    /// What is to be computed of a plan.
    fn multiply_adds(&self, plan: &TilePlan, averaging: &Averaging) -> u64 {
        let network = self.meta.config.network(self.meta.classes.len());
        if let Some(size) = self.meta.config.test_size {
            return network.multiply_adds(size.dims());
        }
        if !averaging.is_off() {
            let [height, width] = plan.image.dims();
            let scaled = |side: usize, scale: f32| ((side as f32 * scale) as usize).max(1);
            let of = |scale: &f32| {
                let size = [scaled(height, *scale), scaled(width, *scale)];
                network.multiply_adds(size) * if averaging.flip { 2 } else { 1 }
            };
            return averaging.sizes().iter().map(of).sum();
        }
        let mut known: BTreeMap<[usize; 2], u64> = BTreeMap::new();
        let mut total = 0;
        for tile in &plan.tiles {
            let size = tile.seen.size.dims();
            let of_size = known
                .entry(size)
                .or_insert_with(|| network.multiply_adds(size));
            total += *of_size;
        }
        total
    }

    fn seen_multiply_adds(&self, tile: &Tile) -> u64 {
        let network = self.meta.config.network(self.meta.classes.len());
        match self.meta.config.test_size {
            Some(_) => 0,
            None => network.multiply_adds(tile.seen.size.dims()),
        }
    }

    /// The logits of every pixel, at the image's own size, tile by tile as `plan` says.
    ///
    /// # Shapes
    /// - output: `[num_classes, height, width]`, row by row
    pub fn logits(&self, image: &Pixels, plan: &TilePlan) -> Result<Vec<f32>, TrainError> {
        let test_size = self.meta.config.test_size;
        if plan.is_whole() || test_size.is_some() {
            return self.segmenter.logits_vec(&*image.decoded()?, test_size);
        }
        let plane = image.size().pixels() as usize;
        let mut values = vec![0.0; self.meta.classes.len() * plane];
        for tile in &plan.tiles {
            let seen = image.part(tile.seen)?;
            let logits = self.segmenter.tile_logits(&seen, tile, image.size());
            let logits = Segmenter::numbers(logits)?;
            let ([height, width], row) = (tile.core.size.dims(), image.size().width as usize);
            let start = tile.core.top as usize * row + tile.core.left as usize;
            for (index, from) in logits.chunks_exact(width).enumerate() {
                let (class, y) = (index / height, index % height);
                let to = class * plane + start + y * row;
                values[to..to + width].copy_from_slice(from);
            }
        }
        Ok(values)
    }
}

/// Averages are made of whole images.
fn can_be_averaged(plan: &TilePlan) -> Result<(), TrainError> {
    if plan.is_whole() {
        return Ok(());
    }
    Err(TrainError::Config {
        field: "averaging",
        value: plan.image.to_string(),
        rule: "an image of this size is predicted in tiles, which are not averaged over scales and mirror images; \
               switch averaging off, or make the image smaller",
    })
}

/// How far the tiles of an image are.
#[derive(Clone)]
struct TileProgress {
    total: u64,
    skipped: Skipped,
}

/// Multiply-adds that were left out.
#[derive(Clone, Default)]
struct Skipped(Arc<AtomicU64>);

impl TileProgress {
    fn new(total: u64) -> Self {
        Self {
            total: total.max(1),
            skipped: Skipped::default(),
        }
    }

    fn skipped(&self) -> Skipped {
        self.skipped.clone()
    }

    fn share(&self, done: u64) -> f32 {
        let done = done + self.skipped.0.load(Ordering::Relaxed);
        (done as f64 / self.total as f64).min(1.0) as f32
    }
}

impl Skipped {
    fn add(&self, multiply_adds: u64) {
        self.0.fetch_add(multiply_adds, Ordering::Relaxed);
    }
}

fn void(size: Size) -> LabelMap {
    LabelMap {
        width: size.width,
        height: size.height,
        labels: vec![VOID; size.pixels() as usize],
    }
}

/// Copies the labels of a tile to their place.
fn put(mask: &mut LabelMap, tile: &Tile, labels: &LabelMap) {
    let width = tile.core.size.width as usize;
    for (y, row) in labels.labels.chunks_exact(width.max(1)).enumerate() {
        let start = (tile.core.top as usize + y) * mask.width as usize + tile.core.left as usize;
        mask.labels[start..start + width].copy_from_slice(row);
    }
}

#[cfg(test)]
mod tests;
