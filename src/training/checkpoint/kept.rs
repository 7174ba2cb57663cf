//! A run of the weights of one of the steps that another run still has.

use std::path::Path;

use burn::tensor::Device;

use super::folder::{RunFolder, RunMeta};
use super::notes::RunNotes;
use crate::training::error::TrainError;

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
    made.set_notes(&RunNotes {
        name: format!("{}, step {step}", folder.short_title()),
        note: format!("The weights of {} after step {step}", folder.name()),
        ..RunNotes::default()
    })?;
    Ok(made)
}
