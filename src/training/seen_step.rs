//! What the network sees in a step: the images of its batches, made as they are made for training.

use std::sync::Arc;

use super::class_balance::ClassBalance;
use super::config::RunConfig;
use super::error::TrainError;
use super::objective::ClassWeights;
use super::preset::preset;
use super::step_batches::StepBatches;
use super::{StepRange, batch_plan};
use crate::dataset::{Change, Dataset, LabelMap, RareSampling, Rgb};
use crate::model::Trunk;

/// Images that are shown of a step, at most.
const MOST_IMAGES: usize = 64;
/// Pixels of all of them together, at most.
const MOST_PIXELS: u64 = 64 << 20;

/// The images of a step, with the normalization undone.
#[derive(Debug, Clone)]
pub struct SeenStep {
    /// 1 for the first.
    pub step: usize,
    /// 1 for the first.
    pub epoch: usize,
    /// Steps of the whole run.
    pub steps: usize,
    /// Images of the step; more than there are here where these would take too much memory.
    pub count: usize,
    /// The images in the order of their batches.
    pub images: Vec<SeenImage>,
    /// How rare classes are drawn, which takes a reading of all masks to know.
    pub sampling: Option<Arc<RareSampling>>,
}

/// An image as the network sees it.
#[derive(Debug, Clone)]
pub struct SeenImage {
    /// The id of its item.
    pub id: String,
    /// Its pixels.
    pub image: Arc<Rgb>,
    /// Its labels.
    pub labels: Arc<LabelMap>,
    /// What was done to it.
    pub change: Change,
}

impl RunConfig {
    /// A configuration with the same batches, and with presets for all that they do not depend on.
    pub fn batches_alone(&self) -> Self {
        let mut config = Self {
            dataset: self.dataset.clone(),
            epochs: self.epochs,
            max_steps: self.max_steps,
            batch_size: self.batch_size,
            augment: self.augment.clone(),
            order: self.order,
            rare_sampling: self.rare_sampling,
            normalization: self.normalization.clone(),
            seed: self.seed,
            ..preset(Trunk::Vgg16Slim)
        };
        config.learning.accumulation = self.learning.accumulation;
        config.learning.objective.class_weights = ClassWeights::Equal;
        config
    }
}

impl SeenStep {
    /// Makes the images of a step of a run with these settings. `sampling` is that of an earlier step of
    /// the same run, which spares reading the masks again. `goes_on` says whether they are still wanted.
    ///
    /// # Errors
    /// When settings make no sense, something cannot be read, the run has no such step, or the images
    /// are not wanted.
    pub fn of(
        config: &RunConfig,
        dataset: &Dataset,
        step: usize,
        sampling: Option<Arc<RareSampling>>,
        goes_on: &mut dyn FnMut() -> bool,
    ) -> Result<Self, TrainError> {
        let config = config.batches_alone();
        config.validate()?;
        let mut plan = batch_plan(&config, dataset);
        plan.sampling = match sampling {
            Some(known) if config.rare_sampling.is_some() => Some(known),
            _ => ClassBalance::of(&config, dataset, &mut |_| goes_on())?.sampling,
        };
        let range = StepRange {
            first: step,
            count: Some(1),
        };
        let found = range.of(&config, &plan)?.into_iter().next();
        let Some(StepBatches { epoch, batches, .. }) = found else {
            return Err(TrainError::Stopped);
        };
        let mut seen = Self {
            step,
            epoch,
            steps: config.total_steps(config.steps_per_epoch(plan.batches_per_epoch())),
            count: batches.len() * config.batch_size,
            images: Vec::new(),
            sampling: plan.sampling.clone(),
        };
        for place in batches {
            if !goes_on() {
                return Err(TrainError::Stopped);
            }
            let batch = plan.batch(epoch, place)?;
            let pixels = (batch.width * batch.height) as u64;
            for (slot, (id, change)) in batch.ids.iter().zip(&batch.changes).enumerate() {
                let count = seen.images.len();
                if count > 0 && (count == MOST_IMAGES || (count as u64 + 1) * pixels > MOST_PIXELS)
                {
                    return Ok(seen);
                }
                let (image, labels) = batch.image(slot, &plan.normalization);
                seen.images.push(SeenImage {
                    id: id.clone(),
                    image: Arc::new(image),
                    labels: Arc::new(labels),
                    change: change.clone(),
                });
            }
        }
        Ok(seen)
    }
}
