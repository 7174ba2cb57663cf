//! Runs as the window shows them.

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use chrono::DateTime;

use super::background::Background;
use super::{Engine, EngineError, Event};
use crate::dataset::ClassList;
use crate::training::checkpoint::{EndMark, RunFolder, RunMeta, list_runs};
use crate::training::{EpochRecord, RunConfig, StepRecord};

/// What became of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunState {
    /// It is being trained, here or by another program.
    Active,
    /// All steps are done.
    Finished,
    /// Stopped on request.
    Stopped,
    /// Failed with this message.
    Failed(String),
    /// Ended without an end mark: a crash or a power loss.
    Interrupted,
}

impl RunState {
    /// The state in one word, without the message of a failure.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Failed(_) => "failed",
            Self::Interrupted => "interrupted",
        }
    }

    /// The message of a failure.
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Failed(message) => Some(message),
            _ => None,
        }
    }
}

/// A run folder's content, and the state of the active run as it grows.
#[derive(Debug, Clone)]
pub struct RunSnapshot {
    /// Name of its folder.
    pub name: String,
    /// What it was started with.
    pub config: RunConfig,
    /// Classes and colors.
    pub classes: Arc<ClassList>,
    /// Name of its dataset.
    pub dataset_name: String,
    /// Start, in Unix seconds.
    pub created: u64,
    /// What became of it.
    pub state: RunState,
    /// One record per step.
    pub steps: Vec<StepRecord>,
    /// One record per epoch.
    pub epochs: Vec<EpochRecord>,
    /// Whether there are weights to predict with.
    pub has_weights: bool,
    /// Whether it can be resumed.
    pub can_resume: bool,
}

impl RunSnapshot {
    /// A run that was just started or resumed.
    pub(super) fn started(folder: &RunFolder, meta: RunMeta) -> Self {
        let first = folder.last().map_or(0, |last| last.step);
        let mut snapshot = Self::from_parts(folder, meta, RunState::Active);
        // What lies behind the checkpoint is done again.
        snapshot.steps.retain(|step| step.step <= first);
        snapshot.epochs.retain(|epoch| epoch.step <= first);
        snapshot
    }

    fn load(folder: &RunFolder) -> Option<Self> {
        let meta = folder
            .meta()
            .map_err(|err| log::warn!("A run is left out of the list: {err}"))
            .ok()?;
        let state = match folder.end() {
            _ if folder.is_locked() => RunState::Active,
            Some(EndMark::Finished) => RunState::Finished,
            Some(EndMark::Stopped) => RunState::Stopped,
            Some(EndMark::Failed { message }) => RunState::Failed(message),
            None => RunState::Interrupted,
        };
        Some(Self::from_parts(folder, meta, state))
    }

    fn from_parts(folder: &RunFolder, meta: RunMeta, state: RunState) -> Self {
        let last = folder.last().is_some();
        Self {
            name: folder.name(),
            classes: Arc::new(meta.classes),
            dataset_name: meta.dataset_name,
            created: meta.created,
            steps: folder.steps(),
            epochs: folder.epochs(),
            has_weights: last || folder.best().is_some(),
            can_resume: last && !matches!(state, RunState::Active | RunState::Finished),
            config: meta.config,
            state,
        }
    }

    /// The epoch whose weights are kept as the best; `None` before the first score.
    pub fn best(&self) -> Option<&EpochRecord> {
        EpochRecord::best_of(&self.epochs)
    }

    /// Its start in UTC, `2026-11-23 14:05`.
    pub fn created_text(&self) -> String {
        format_time(self.created, false)
    }

    /// A line for lists: `FCN-8s VGG16 slim, 2026-11-23 14:05`.
    pub fn title(&self) -> String {
        format!(
            "{} {}, {}",
            self.config.variant,
            self.config.trunk,
            self.created_text()
        )
    }
}

/// What a run is looked for to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// To name it, to resume it.
    Anything,
    /// To predict with it.
    Weights,
}

/// The name that means the newest run.
const LATEST: &str = "latest";

impl Engine {
    /// All runs, newest first.
    pub fn runs(&self) -> &[RunSnapshot] {
        &self.runs
    }

    /// The runs that can predict, newest first.
    pub fn runs_with_weights(&self) -> impl Iterator<Item = &RunSnapshot> {
        self.runs.iter().filter(|run| run.has_weights)
    }

    /// Whether the runs folder was read; [`runs`](Self::runs) is empty before.
    pub fn runs_known(&self) -> bool {
        self.runs_known
    }

    /// A run by its name.
    pub fn run(&self, name: &str) -> Option<&RunSnapshot> {
        self.runs.iter().find(|run| run.name == name)
    }

    /// The run that a person means by `wanted`: its name, or `latest` for the newest one
    /// that has what is needed.
    pub fn find_run(&self, wanted: &str, need: Need) -> Result<&RunSnapshot, EngineError> {
        let folder = || self.dirs.runs.clone();
        if self.runs.is_empty() {
            return Err(EngineError::NoRuns { folder: folder() });
        }
        let has_it = |run: &&RunSnapshot| need == Need::Anything || run.has_weights;
        if wanted == LATEST {
            let newest = self.runs.iter().find(has_it);
            return newest.ok_or_else(|| EngineError::NoRunWithWeights { folder: folder() });
        }
        let run = self.run(wanted).ok_or_else(|| EngineError::NoSuchRun {
            run: wanted.to_owned(),
            folder: folder(),
        })?;
        if has_it(&run) {
            return Ok(run);
        }
        Err(EngineError::NoWeights {
            run: wanted.to_owned(),
            folder: folder(),
        })
    }

    /// A run by its name, or an error.
    pub(super) fn existing_run(&self, name: &str) -> Result<&RunSnapshot, EngineError> {
        self.run(name).ok_or_else(|| EngineError::NoSuchRun {
            run: name.to_owned(),
            folder: self.dirs.runs.clone(),
        })
    }

    /// Reads the runs folder again, in the background.
    pub fn refresh_runs(&mut self) {
        let read = self.runs_reader();
        self.spawn_background(Background::Runs, read);
    }

    /// Reads the runs folder and sends what is there.
    fn runs_reader(&self) -> impl FnOnce() + Send + 'static {
        let (sender, runs) = (self.sender.clone(), self.dirs.runs.clone());
        move || {
            sender.send(Event::RunsLoaded(load_runs(&runs))).ok();
        }
    }

    /// Deletes a run's folder, in the background.
    ///
    /// # Errors
    /// [`Active`](EngineError::Active) while it is trained.
    pub fn delete_run(&mut self, name: &str) -> Result<(), EngineError> {
        let folder = self.folder(name);
        if folder.is_locked() {
            return Err(EngineError::Active {
                run: name.to_owned(),
            });
        }
        self.runs.retain(|run| run.name != name);
        let read = self.runs_reader();
        self.spawn_background(Background::Runs, move || {
            if let Err(err) = std::fs::remove_dir_all(folder.path()) {
                log::error!(
                    "{}: {err}. Delete the folder by hand",
                    folder.path().display()
                );
            }
            read();
        });
        Ok(())
    }

    pub(super) fn folder(&self, run: &str) -> RunFolder {
        RunFolder::at(self.dirs.runs.join(run))
    }
}

/// All runs of a folder, newest first.
pub(super) fn load_runs(runs: &Path) -> Vec<RunSnapshot> {
    let mut snapshots: Vec<RunSnapshot> = list_runs(runs)
        .iter()
        .filter_map(RunSnapshot::load)
        .collect();
    newest_first(&mut snapshots);
    snapshots
}

pub(super) fn newest_first(snapshots: &mut [RunSnapshot]) {
    snapshots.sort_by(|left, right| (right.created, &right.name).cmp(&(left.created, &left.name)));
}

/// Now, in Unix seconds.
pub(super) fn unix_secs() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// A time in UTC: `2026-11-23 14:05`, or `20261123-140501` for names of folders.
pub(super) fn format_time(unix_secs: u64, for_name: bool) -> String {
    let format = if for_name {
        "%Y%m%d-%H%M%S"
    } else {
        "%Y-%m-%d %H:%M"
    };
    let secs = i64::try_from(unix_secs).ok();
    // No clock of a computer says a year that a calendar does not have.
    let time = secs.and_then(|secs| DateTime::from_timestamp(secs, 0));
    time.unwrap_or_default().format(format).to_string()
}

#[cfg(test)]
mod tests;
