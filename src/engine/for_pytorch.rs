//! What other programs need to train as this one does: its batches, and a run as a script.

use std::path::PathBuf;

use super::dataset::{dataset_folder, open};
use super::in_dataset::refuse_new_folder;
use super::tasks::{Cancel, Task};
use super::{Engine, EngineError};
use crate::training::checkpoint::RunFolder;
use crate::training::{
    BatchTarget, DatasetRef, Reproduction, RunConfig, StepRange, TrainError, WrittenBatches,
    write_batches, write_reproduction,
};

impl Engine {
    /// Writes batches of a run with these settings into a new folder.
    pub fn write_batches(
        &self,
        config: RunConfig,
        range: StepRange,
        target: BatchTarget,
    ) -> Task<Result<WrittenBatches, EngineError>> {
        let data_dir = self.dirs.data.clone();
        self.spawn_waiting("batches", move |cancel| {
            refuse_new_folder(&target.folder, &dataset_folder(&config.dataset, &data_dir))?;
            let dataset = open(&config.dataset, &data_dir, &mut |_, _| {
                !cancel.is_cancelled()
            })?;
            write_batches(&config, &dataset, range, &target, &mut tell(cancel)).map_err(stopped)
        })
    }

    /// Writes a script for PyTorch into a new folder, with what it needs to repeat the first `steps`
    /// steps of a run, or all. `dataset` is where its data lies now, if that is another place.
    pub fn write_reproduction(
        &self,
        run: &str,
        dataset: Option<DatasetRef>,
        steps: Option<usize>,
        out: PathBuf,
    ) -> Task<Result<Reproduction, EngineError>> {
        let data_dir = self.dirs.data.clone();
        let folder = RunFolder::at(self.dirs.runs.join(run));
        self.spawn_waiting("reproduction", move |cancel| {
            let which = match dataset {
                Some(which) => which,
                None => folder.meta()?.config.dataset,
            };
            refuse_new_folder(&out, &dataset_folder(&which, &data_dir))?;
            let dataset = open(&which, &data_dir, &mut |_, _| !cancel.is_cancelled())?;
            write_reproduction(&folder, &dataset, steps, &out, &mut tell(cancel)).map_err(stopped)
        })
    }
}

fn tell(cancel: &Cancel) -> impl FnMut(f32) -> bool {
    move |share| {
        cancel.set_progress(share);
        !cancel.is_cancelled()
    }
}

pub(super) fn stopped(err: TrainError) -> EngineError {
    match err {
        TrainError::Stopped => EngineError::Cancelled,
        err => err.into(),
    }
}
