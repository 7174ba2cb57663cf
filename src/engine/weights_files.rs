//! Weights as files: what one holds, one of a run, a run of one.

use std::path::PathBuf;

use super::Engine;
use super::runs::unix_secs;
use super::tasks::Task;
use crate::training::{WeightsChoice, WeightsSummary, export_run, import_run};

impl Engine {
    /// What a weights file holds, and what becomes of each layer.
    pub fn inspect_weights(&self, choice: WeightsChoice) -> Task<Result<WeightsSummary, String>> {
        self.spawn("inspect weights", move |_| {
            WeightsSummary::read(&choice).map_err(|err| err.to_string())
        })
    }

    /// Writes the best weights of a run as one file; gives the path.
    pub fn export_run(&self, run: &str, path: PathBuf) -> Task<Result<PathBuf, String>> {
        let folder = self.folder(run);
        self.spawn_waiting("export", move |_| {
            export_run(&folder, &path)
                .map(|()| path)
                .map_err(|err| err.to_string())
        })
    }

    /// Makes a finished run of a weights file; gives its name. [`refresh_runs`](Self::refresh_runs)
    /// shows it.
    pub fn import_weights(&self, choice: WeightsChoice) -> Task<Result<String, String>> {
        let runs = self.dirs.runs.clone();
        self.spawn_waiting("import", move |_| {
            let stem = choice
                .path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let created = unix_secs();
            let folder = import_run(&runs, &format!("imported-{stem}"), created, &choice);
            folder
                .map(|folder| folder.name())
                .map_err(|err| err.to_string())
        })
    }
}
