//! The steps whose weights a run still has, and a run of the weights of one of them.

use std::path::Path;

use burn::tensor::Device;

use super::folder::{RunFolder, RunMeta};
use super::notes::RunNotes;
use super::store::SavedWeights;
use crate::model::Network;
use crate::training::error::TrainError;

impl RunFolder {
    /// Steps of which the weights are kept, in their order.
    pub fn kept_steps(&self) -> Vec<usize> {
        let candidates = self.candidates(SavedWeights::Last);
        let mut steps: Vec<usize> = candidates.iter().map(|named| named.step).collect();
        steps.sort_unstable();
        steps.dedup();
        steps
    }

    /// Loads the weights of one of [`kept_steps`](Self::kept_steps).
    fn load_step(&self, step: usize, model: Network) -> Result<Network, TrainError> {
        let mut candidates = self.candidates(SavedWeights::Last).into_iter();
        let named = candidates.find(|named| named.step == step);
        let named = named.ok_or_else(|| TrainError::Unusable {
            path: self.path().to_path_buf(),
            reason: format!("the weights of step {step} are not kept any more"),
            hint: "Choose a moment that is marked, or keep more checkpoints with --keep-every",
        })?;
        self.load_weights(&named.file, named.checksum, model)
    }
}

/// Makes a finished run of the weights that `folder` has of a step.
///
/// # Errors
/// When they are not kept any more or damaged, or the new run cannot be written.
pub fn run_of_step(
    runs: &Path,
    folder: &RunFolder,
    step: usize,
    created: u64,
) -> Result<RunFolder, TrainError> {
    let meta = folder.meta()?;
    let network = meta.config.network(meta.classes.len());
    let network = folder.load_step(step, network.init(&Device::flex()))?;
    let name = format!("{}-step-{step}", folder.name());
    let made = RunFolder::create(runs, &name, &RunMeta { created, ..meta })?;
    made.save_imported(&network)?;
    // Both would have the same title otherwise.
    let of = folder.notes().map(|notes| notes.name).unwrap_or_default();
    let of = if of.is_empty() { folder.name() } else { of };
    made.set_notes(&RunNotes {
        name: format!("{of}, step {step}"),
        note: format!("The weights of {} after step {step}", folder.name()),
        ..RunNotes::default()
    })?;
    Ok(made)
}
