//! Runs by what people call them.

use super::RunSnapshot;
use crate::engine::{Engine, EngineError};
use crate::files::FileError;
use crate::training::TrainError;

/// What a run is looked for to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// To resume it, to repeat it, to report on it.
    Training,
    /// To predict with it.
    Weights,
}

/// The name that means the newest run.
const LATEST: &str = "latest";

impl Engine {
    /// The run that a person means by `wanted`: its name, or `latest` for the newest one
    /// that has what is needed. Imported weights have no training; to predict with they are as good as any.
    pub fn find_run(&self, wanted: &str, need: Need) -> Result<&RunSnapshot, EngineError> {
        let folder = || self.dirs.runs.clone();
        if self.runs.is_empty() {
            let none = || EngineError::NoRuns { folder: folder() };
            return Err(self.unreadable(wanted).unwrap_or_else(none));
        }
        let has_it = |run: &&RunSnapshot| need == Need::Training || run.has_weights;
        if wanted == LATEST {
            let newest = match need {
                Need::Weights => self.runs.iter().find(has_it),
                Need::Training => self
                    .runs
                    .iter()
                    .find(|run| !run.is_imported())
                    .or(self.runs.first()),
            };
            return newest.ok_or_else(|| EngineError::NoRunWithWeights { folder: folder() });
        }
        let run = self.existing_run(wanted)?;
        if has_it(&run) {
            return Ok(run);
        }
        Err(EngineError::NoWeights {
            run: wanted.to_owned(),
            folder: folder(),
        })
    }

    /// A run by its name, or an error.
    pub(in crate::engine) fn existing_run(&self, name: &str) -> Result<&RunSnapshot, EngineError> {
        self.run(name).ok_or_else(|| {
            self.unreadable(name)
                .unwrap_or_else(|| EngineError::NoSuchRun {
                    run: name.to_owned(),
                    folder: self.dirs.runs.clone(),
                })
        })
    }

    /// What is wrong with a run that is there and was left out of the list.
    fn unreadable(&self, name: &str) -> Option<EngineError> {
        match self.folder(name).meta() {
            Err(TrainError::File(err @ FileError::Json { .. })) => Some(err.into()),
            _ => None,
        }
    }
}
