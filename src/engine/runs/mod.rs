//! Runs as they are shown, and what people do with them: notes, the trash and the way back.

mod comparable;
mod copy;
mod edit;
mod find;
mod followed;
mod queue_view;
mod reader;
mod settings;
mod thread;
mod trash;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Engine, EngineError, NoticeLevel};
use crate::dataset::ClassList;
use crate::text::{TimeFormat, format_time};
use crate::training::checkpoint::{RunFolder, RunMeta, RunNotes};
use crate::training::{Alarm, EpochRecord, RunConfig, StepRecord, names_weights_file};
use edit::Edit;
pub(super) use edit::Undo;
pub use find::Need;
use reader::{RunChange, RunStatus};
pub use settings::{Difference, all_settings, differences, own_settings};
pub(super) use thread::{RunsEvent, RunsThread};

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
    /// The steps of the weights that are kept, the oldest first.
    pub checkpoints: Vec<usize>,
    /// What people wrote about it.
    pub notes: RunNotes,
    /// Steps of the whole run, where its dataset is known to have so many images.
    pub total_steps: Option<usize>,
    /// What was likely to be wrong with its training.
    pub alarms: Vec<Alarm>,
}

impl RunSnapshot {
    fn new(
        folder: &RunFolder,
        meta: RunMeta,
        status: RunStatus,
        steps: Vec<StepRecord>,
        epochs: Vec<EpochRecord>,
    ) -> Self {
        let batches = |pairs: usize| pairs.div_ceil(meta.config.batch_size.max(1));
        let total_steps = folder
            .dataset()
            .filter(|_| meta.config.batches.is_none())
            .map(|data| meta.config.steps_per_epoch(batches(data.train)))
            .map(|per_epoch| meta.config.total_steps(per_epoch));
        Self {
            name: folder.name(),
            total_steps,
            alarms: status.alarms,
            classes: Arc::new(meta.classes),
            dataset_name: meta.dataset_name,
            created: meta.created,
            config: meta.config,
            state: status.state,
            has_weights: status.has_weights,
            can_resume: status.can_resume,
            checkpoints: status.checkpoints,
            notes: status.notes,
            steps,
            epochs,
        }
    }

    /// The epoch whose weights are kept as the best; `None` before the first score.
    pub fn best(&self) -> Option<&EpochRecord> {
        EpochRecord::best_of(&self.epochs)
    }

    /// Its start in UTC, `2026-11-23 14:05`.
    pub fn created_text(&self) -> String {
        format_time(self.created, TimeFormat::Minutes)
    }

    /// Its start in UTC, `2026-11-23 14:05:01`.
    pub fn started_text(&self) -> String {
        format_time(self.created, TimeFormat::Seconds)
    }

    /// What people call it: the name that it was given, else
    /// `FCN-8s VGG16 slim on camvid, 2026-11-23 14:05:01`.
    pub fn title(&self) -> String {
        if !self.notes.name.is_empty() {
            return self.notes.name.clone();
        }
        format!(
            "{} {} on {}, {}",
            self.config.variant,
            self.config.trunk,
            self.dataset_name,
            self.started_text()
        )
    }

    /// Seconds of training: up to the last epoch with its validation, and those of the steps
    /// behind it.
    pub fn trained_secs(&self) -> f64 {
        let epoch = self.epochs.last();
        let done = epoch.map_or(0, |epoch| epoch.step);
        let behind = self.steps.partition_point(|step| step.step <= done);
        let secs: f64 = self.steps[behind..].iter().map(|step| step.secs).sum();
        epoch.map_or(0.0, |epoch| epoch.elapsed_secs) + secs
    }

    /// Whether it was made of a weights file, or of a checkpoint of another run, and never trained itself.
    pub fn is_imported(&self) -> bool {
        matches!(self.state, RunState::Finished) && self.steps_done() == 0
    }

    /// The name of the dataset that its weights were trained on, as far as that is known: not of a weights file.
    pub fn trained_on(&self) -> Option<&str> {
        let is_known = !names_weights_file(&self.dataset_name);
        is_known.then_some(self.dataset_name.as_str())
    }

    /// Steps done so far.
    pub fn steps_done(&self) -> usize {
        let step = self.steps.last().map_or(0, |step| step.step);
        step.max(self.epochs.last().map_or(0, |epoch| epoch.step))
    }
}

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

    /// Reads the runs folder again, in the background.
    pub fn refresh_runs(&self) {
        self.runs_thread.look();
    }

    /// From now on follows the runs folder: runs that other programs make, train or remove
    /// show without a question. What programs before this one left in the trash can be brought
    /// back by [`undo_run_change`](Self::undo_run_change).
    pub fn watch_runs(&self) {
        self.runs_thread.watch();
    }

    /// Folder of a run, for people.
    pub fn run_folder(&self, name: &str) -> PathBuf {
        self.dirs.runs.join(name)
    }

    /// Writes what people say about runs, each for the run of this name. `what` says it in a
    /// few words for [`run_undo`](Self::run_undo).
    pub fn set_run_notes(&self, what: impl Into<String>, notes: Vec<(String, RunNotes)>) {
        self.runs_thread.edit(Edit::Notes(notes), Some(what.into()));
    }

    /// Moves runs into the trash, from which [`undo_run_change`](Self::undo_run_change) brings
    /// them back, also in a program that is started later. Without file locks another window brings them back, too.
    ///
    /// # Errors
    /// [`Active`](EngineError::Active) while one of them is trained here; one that another
    /// program trains is refused later, in a notice.
    pub fn delete_runs(&mut self, names: Vec<String>) -> Result<(), EngineError> {
        let active = self.active().map_or("", |active| &active.run);
        if let Some(run) = names.iter().find(|name| *name == active) {
            return Err(EngineError::Active { run: run.clone() });
        }
        let what = edit::delete_what(names.len());
        self.runs_thread.edit(Edit::Delete(names), Some(what));
        Ok(())
    }

    /// What [`undo_run_change`](Self::undo_run_change) takes back, in a few words.
    pub fn run_undo(&self) -> Option<&str> {
        self.run_undos.last().map(|undo| undo.what.as_str())
    }

    /// Takes the last change of notes, or the last deletion, back.
    pub fn undo_run_change(&mut self) {
        if let Some(undo) = self.run_undos.pop() {
            self.runs_thread.edit(undo.edit, None);
        }
    }

    /// The folders of the deleted runs that can still be brought back.
    pub fn runs_in_trash(&self) -> impl Iterator<Item = &PathBuf> {
        self.run_undos.iter().flat_map(Undo::in_trash)
    }

    /// Deletes these of the [`runs_in_trash`](Self::runs_in_trash) for good, those that somebody has seen counted: what
    /// is deleted meanwhile stays, with its undo.
    pub fn empty_run_trash(&mut self, runs: &[PathBuf]) {
        let mut emptied = Vec::new();
        self.run_undos.retain_mut(|undo| {
            let Edit::Restore(folders) = &mut undo.edit else {
                return true;
            };
            emptied.extend(folders.extract_if(.., |folder| runs.contains(folder)));
            undo.what = edit::delete_what(folders.len());
            !folders.is_empty()
        });
        self.runs_thread.edit(Edit::EmptyTrash(emptied), None);
    }

    pub(super) fn apply_runs(&mut self, event: RunsEvent) {
        match event {
            RunsEvent::Looked(changes) => {
                for change in changes {
                    self.apply_run(change);
                }
                newest_first(&mut self.runs);
                self.runs_known = true;
                self.trainer.settle_queue(&self.runs);
            }
            RunsEvent::Queue { queue, changes } => self.queue_read(queue, changes),
            RunsEvent::Edited(undo) => self.run_undos.push(undo),
            RunsEvent::Refused(err) => self.notify(NoticeLevel::Error, err.to_string()),
        }
    }

    fn apply_run(&mut self, change: RunChange) {
        let active = self.active().map_or("", |active| &active.run).to_owned();
        match change {
            // What is trained here is ahead of its files.
            RunChange::Found(run) if run.name == active => {}
            RunChange::Found(run) => {
                self.runs.retain(|known| known.name != run.name);
                self.runs.push(*run);
            }
            RunChange::Changed(news) => {
                if let Some(run) = self.runs.iter_mut().find(|run| run.name == news.name) {
                    if run.name == active {
                        run.notes = news.now.notes;
                    } else {
                        run.apply(*news);
                    }
                }
            }
            RunChange::Gone(name) => self.runs.retain(|run| run.name != name || name == active),
        }
    }

    pub(super) fn folder(&self, run: &str) -> RunFolder {
        RunFolder::at(self.dirs.runs.join(run))
    }
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

#[cfg(test)]
mod tests;
