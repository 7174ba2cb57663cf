//! Weights as files: what one holds, one of a run, a run of one.

use std::path::PathBuf;

use super::export::SaveTo;
use super::runs::unix_secs;
use super::tasks::Task;
use super::{Engine, EngineError};
use crate::training::{SavedWeights, WeightsChoice, WeightsSummary, export_run, import_run};

impl Engine {
    /// What a weights file holds, and what becomes of each layer.
    pub fn inspect_weights(
        &self,
        choice: WeightsChoice,
    ) -> Task<Result<WeightsSummary, EngineError>> {
        self.spawn("inspect weights", move |_| {
            Ok(WeightsSummary::read(&choice)?)
        })
    }

    /// Writes weights of a run as one file; returns the path.
    pub fn export_run(
        &self,
        run: &str,
        which: SavedWeights,
        to: SaveTo,
    ) -> Task<Result<PathBuf, EngineError>> {
        let folder = self.folder(run);
        self.spawn_waiting("export", move |_| {
            let output = to.claim()?;
            export_run(&folder, which, &output)?;
            Ok(output.path().to_owned())
        })
    }

    /// Makes a finished run of a weights file; returns its name. [`refresh_runs`](Self::refresh_runs)
    /// shows it.
    pub fn import_weights(&self, choice: WeightsChoice) -> Task<Result<String, EngineError>> {
        let runs = self.dirs.runs.clone();
        self.spawn_waiting("import", move |_| {
            let stem = choice
                .path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let created = unix_secs();
            let folder = import_run(&runs, &format!("imported-{stem}"), created, &choice)?;
            Ok(folder.name())
        })
    }
}
