//! Batches of a folder that a run is trained on: what its `manifest.json` says, held against the run.

use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;

use super::config::RunConfig;
use super::error::TrainError;
use super::step_batches::step_batches;
use crate::dataset::{Dataset, Normalization, StoredBatch, StoredBatches};
use crate::files::read_json;
use crate::text::plural;

/// What `manifest.json` says, as far as it matters here; other programs may leave out the rest.
#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    classes: Option<Vec<String>>,
    #[serde(default)]
    normalization: Option<Normalization>,
    /// Without it, as many as the first epoch has.
    #[serde(default)]
    batches_per_epoch: Option<usize>,
    batches: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    step: Option<usize>,
    /// Without it, all are of one epoch.
    #[serde(default)]
    epoch: Option<usize>,
    images: String,
    labels: String,
    #[serde(default)]
    samples: Vec<Sample>,
}

#[derive(Deserialize)]
struct Sample {
    id: String,
}

/// The batches of the folder that a run names, where it names one.
///
/// # Errors
/// When there are none, too few, or they are meant for another run.
pub(super) fn stored_batches(
    config: &RunConfig,
    dataset: &Dataset,
) -> Result<Option<Arc<StoredBatches>>, TrainError> {
    let Some(folder) = &config.batches else {
        return Ok(None);
    };
    let path = folder.join("manifest.json");
    let manifest: Manifest = read_json(&path)?;
    let per_epoch = manifest
        .check(config, dataset)
        .map_err(|(reason, hint)| TrainError::Unusable { path, reason, hint })?;
    let batches = manifest.batches.into_iter();
    let batches = batches.map(|entry| entry.stored(folder)).collect();
    Ok(Some(Arc::new(StoredBatches {
        per_epoch,
        batches,
        num_classes: dataset.classes.len(),
    })))
}

/// Whether a run can train on the batches that it names, where it names some.
///
/// # Errors
/// When there are none, too few, or they are meant for another run.
pub fn check_stored_batches(config: &RunConfig, dataset: &Dataset) -> Result<(), TrainError> {
    stored_batches(config, dataset).map(drop)
}

const WRITE_AGAIN: &str =
    "Write the batches again with the settings of the run, or train without them";

impl Manifest {
    /// How many batches an epoch has; or why they cannot be trained on, and what to do.
    fn check(
        &self,
        config: &RunConfig,
        dataset: &Dataset,
    ) -> Result<usize, (String, &'static str)> {
        let Some(first) = self.batches.first() else {
            return Err(("it names no batches".to_owned(), WRITE_AGAIN));
        };
        if first.epoch.unwrap_or(1) != 1 || first.step.unwrap_or(1) != 1 {
            let reason = format!(
                "its first batch is of step {}, and a run begins with step 1",
                first.step.unwrap_or(1)
            );
            return Err((reason, WRITE_AGAIN));
        }
        if let Some(classes) = &self.classes
            && classes.len() != dataset.classes.len()
        {
            let reason = format!(
                "its labels are of {}, and the dataset has {}",
                plural(classes.len(), "class", "classes"),
                dataset.classes.len()
            );
            return Err((reason, "Name the dataset that the batches were made of"));
        }
        if let Some(normalization) = &self.normalization
            && *normalization != config.normalization
        {
            let reason = "its images are normalized in another way than the run's".to_owned();
            return Err((reason, "Choose the same input normalization"));
        }
        let of_first = |entry: &&Entry| entry.epoch.unwrap_or(1) == 1;
        let of_first = self.batches.iter().take_while(of_first).count();
        let per_epoch = self.batches_per_epoch.unwrap_or(of_first).max(1);
        self.check_steps(config, per_epoch)?;
        Ok(per_epoch)
    }

    /// Holds the steps of the batches against those that the run makes of them.
    fn check_steps(
        &self,
        config: &RunConfig,
        per_epoch: usize,
    ) -> Result<(), (String, &'static str)> {
        let mut whole = 0;
        let mut total = 0;
        for step in step_batches(config, per_epoch) {
            total = step.step;
            let first = (step.epoch - 1) * per_epoch;
            let places = first + step.batches.start..first + step.batches.end;
            let Some(entries) = self.batches.get(places) else {
                continue;
            };
            whole = step.step;
            let is_other = |entry: &Entry| {
                entry.step.is_some_and(|number| number != step.step)
                    || entry.epoch.is_some_and(|epoch| epoch != step.epoch)
            };
            if let Some(other) = entries.iter().find(|entry| is_other(entry)) {
                let reason = format!(
                    "{} is of step {} in epoch {} there, and of step {} in epoch {} of the run",
                    other.images,
                    other.step.unwrap_or(step.step),
                    other.epoch.unwrap_or(step.epoch),
                    step.step,
                    step.epoch
                );
                return Err((
                    reason,
                    "Choose the accumulation with which they were written",
                ));
            }
        }
        if whole < total {
            let reason = format!("it has the batches of {whole} steps, and the run takes {total}");
            return Err((reason, "Train for fewer steps, or write more batches"));
        }
        Ok(())
    }
}

impl Entry {
    fn stored(self, folder: &Path) -> StoredBatch {
        StoredBatch {
            images: folder.join(self.images),
            labels: folder.join(self.labels),
            ids: self.samples.into_iter().map(|sample| sample.id).collect(),
        }
    }
}
