//! The batches that a run trains on, as files for other programs.
//!
//! A folder of NumPy arrays, and `manifest.json` which names them.

use std::path::PathBuf;

use serde::Serialize;

use super::batches::batch_plan;
use super::class_balance::ClassBalance;
use super::config::RunConfig;
use super::error::TrainError;
use super::step_batches::{StepBatches, step_batches};
use super::stored_batches::stored_batches;
use crate::dataset::{
    Batch, BatchPlan, Change, ClassList, Dataset, Normalization, VOID, encode_index_png,
    encode_rgb_png,
};
use crate::files::{FileError, NewFolder, write_npy_bytes, write_npy_floats};

/// Steps of a run, 1 for its first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepRange {
    /// The first of them.
    pub first: usize,
    /// How many, where not all that follow.
    pub count: Option<usize>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WrittenBatches {
    /// The folder.
    pub folder: PathBuf,
    /// Steps in it.
    pub steps: usize,
    /// Batches in it; more than steps where gradients of several are added up.
    pub batches: usize,
}

/// What `manifest.json` says.
#[derive(Serialize)]
struct Manifest<'a> {
    version: u32,
    dataset: &'a str,
    classes: Vec<&'a str>,
    void_label: u8,
    seed: u64,
    normalization: &'a Normalization,
    /// Of the run; fewer may have been written.
    batches_per_epoch: usize,
    /// Weights of the classes in the loss; `null` where all are equal.
    class_weights: Option<Vec<f64>>,
    batches: Vec<BatchEntry>,
}

#[derive(Serialize)]
struct BatchEntry {
    step: usize,
    epoch: usize,
    learning_rate: f64,
    /// `[batch_size, 3, height, width]`, float32, normalized.
    images: String,
    /// `[batch_size, height, width]`, uint8.
    labels: String,
    samples: Vec<Sample>,
}

#[derive(Serialize)]
struct Sample {
    id: String,
    change: Change,
    /// The image with its normalization undone, and its mask with the classes' colors, where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pictures: Option<Pictures>,
}

#[derive(Serialize)]
struct Pictures {
    image: String,
    mask: String,
}

/// What is needed to write the images of a batch as people look at them.
#[derive(Clone, Copy)]
struct PictureStyle<'a> {
    normalization: &'a Normalization,
    classes: &'a ClassList,
}

impl BatchEntry {
    fn new(
        number: usize,
        step: &StepBatches,
        batch: &Batch,
        style: Option<PictureStyle<'_>>,
    ) -> Self {
        let samples = batch.ids.iter().zip(&batch.changes).enumerate();
        let pictures = |slot: usize| Pictures {
            image: format!("{number:08}-{slot:02}-image.png"),
            mask: format!("{number:08}-{slot:02}-mask.png"),
        };
        Self {
            step: step.step,
            epoch: step.epoch,
            learning_rate: step.learning_rate,
            images: format!("{number:08}-images.npy"),
            labels: format!("{number:08}-labels.npy"),
            samples: samples
                .map(|(slot, (id, change))| Sample {
                    id: id.clone(),
                    change: change.clone(),
                    pictures: style.map(|_| pictures(slot)),
                })
                .collect(),
        }
    }

    fn write(&self, batch: &Batch, folder: &NewFolder) -> Result<(), FileError> {
        let [size, height, width] = [batch.batch_size, batch.height, batch.width];
        let failed = FileError::write(&folder.path());
        let (mut images, mut labels) = (Vec::new(), Vec::new());
        write_npy_floats(&mut images, &[size, 3, height, width], &batch.images)
            .and_then(|()| write_npy_bytes(&mut labels, &[size, height, width], &batch.labels))
            .map_err(failed)?;
        folder.write(&self.images, &images)?;
        folder.write(&self.labels, &labels)
    }

    fn write_pictures(
        &self,
        batch: &Batch,
        style: PictureStyle<'_>,
        folder: &NewFolder,
    ) -> Result<(), FileError> {
        for (slot, sample) in self.samples.iter().enumerate() {
            let Some(names) = &sample.pictures else {
                continue;
            };
            let (image, labels) = batch.image(slot, style.normalization);
            let (mut shown, mut mask) = (Vec::new(), Vec::new());
            encode_rgb_png(&image, &mut shown)
                .and_then(|()| encode_index_png(&labels, style.classes, &mut mask))
                .map_err(FileError::write(&folder.path()))?;
            folder.write(&names.image, &shown)?;
            folder.write(&names.mask, &mask)?;
        }
        Ok(())
    }
}

/// How batches are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchTarget {
    /// The new folder.
    pub folder: PathBuf,
    /// Whether each image and mask is written as a PNG besides.
    pub pictures: bool,
}

/// Writes the batches of some steps of a run with these settings into a new folder. `goes_on` is told the share that is done, and says whether the rest is wanted.
///
/// # Errors
/// When something cannot be read or written, there is something at the folder's place, the run has no
/// such step, or the rest is not wanted.
pub fn write_batches(
    config: &RunConfig,
    dataset: &Dataset,
    range: StepRange,
    target: &BatchTarget,
    goes_on: &mut dyn FnMut(f32) -> bool,
) -> Result<WrittenBatches, TrainError> {
    config.validate()?;
    config.check_classes(dataset.classes.len())?;
    let out = &target.folder;
    let folder = NewFolder::begin(out)?;
    let style = target.pictures.then_some(PictureStyle {
        normalization: &config.normalization,
        classes: &dataset.classes,
    });
    let (plan, class_weights) = counted_plan(config, dataset, goes_on)?;
    let steps: Vec<_> = range.of(config, &plan)?;
    let mut batches = Vec::new();
    for (done, step) in steps.iter().enumerate() {
        if !goes_on(done as f32 / steps.len() as f32) {
            return Err(TrainError::Stopped);
        }
        for place in step.batches.clone() {
            let number = (step.epoch - 1) * plan.batches_per_epoch() + place + 1;
            let batch = plan.batch(step.epoch, place)?;
            let entry = BatchEntry::new(number, step, &batch, style);
            entry.write(&batch, &folder)?;
            if let Some(style) = style {
                entry.write_pictures(&batch, style, &folder)?;
            }
            batches.push(entry);
        }
    }
    let written = batches.len();
    let manifest = Manifest {
        version: 1,
        dataset: &dataset.name,
        classes: dataset
            .classes
            .iter()
            .map(|class| class.name.as_str())
            .collect(),
        void_label: VOID,
        seed: config.seed,
        normalization: &config.normalization,
        batches_per_epoch: plan.batches_per_epoch(),
        class_weights,
        batches,
    };
    let text = serde_json::to_vec_pretty(&manifest)
        .map_err(|err| TrainError::write(&out.join("manifest.json"), err))?;
    folder.write("manifest.json", &text)?;
    Ok(WrittenBatches {
        folder: folder.finish()?,
        steps: steps.len(),
        batches: written,
    })
}

/// The batches of a run, with what has to be counted for them; and the weights of the classes.
pub(super) fn counted_plan(
    config: &RunConfig,
    dataset: &Dataset,
    goes_on: &mut dyn FnMut(f32) -> bool,
) -> Result<(BatchPlan, Option<Vec<f64>>), TrainError> {
    let mut plan = batch_plan(config, dataset);
    let balance = ClassBalance::of(config, dataset, &mut |_| goes_on(0.0))?;
    plan.sampling = balance.sampling;
    plan.stored = stored_batches(config, dataset)?;
    Ok((plan, balance.weights))
}

impl StepRange {
    /// The steps of the range.
    ///
    /// # Errors
    /// When there are none.
    pub(super) fn of(
        self,
        config: &RunConfig,
        plan: &BatchPlan,
    ) -> Result<Vec<StepBatches>, TrainError> {
        let steps: Vec<_> = step_batches(config, plan.batches_per_epoch())
            .skip(self.first.saturating_sub(1))
            .take(self.count.unwrap_or(usize::MAX))
            .collect();
        if steps.is_empty() {
            return Err(TrainError::Config {
                field: "first step",
                value: self.first.to_string(),
                rule: "the run has no step of this number or no images to train on",
            });
        }
        Ok(steps)
    }
}
