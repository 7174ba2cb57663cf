//! Reads the runs folder again and again, and tells what is new in it: runs of this program and
//! of others. Must not know about the engine's state.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{RunSnapshot, RunState};
use crate::training::checkpoint::{
    EndMark, FolderTail, LogNews, RunFolder, RunMeta, RunNotes, list_runs,
};
use crate::training::{Alarm, EpochRecord, StepRecord};

/// What is new in the runs folder.
#[derive(Debug)]
pub(in crate::engine) enum RunChange {
    /// A run that was not there.
    Found(Box<RunSnapshot>),
    /// Something about a run that was there.
    Changed(Box<RunNews>),
    /// A run that is not there any more.
    Gone(String),
}

/// What is new about a run. All but the logs is the whole present state.
#[derive(Debug)]
pub(in crate::engine) struct RunNews {
    pub name: String,
    pub now: RunStatus,
    pub steps: LogNews<StepRecord>,
    pub epochs: LogNews<EpochRecord>,
}

/// What can change about a run apart from its logs.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::engine) struct RunStatus {
    pub state: RunState,
    pub has_weights: bool,
    pub can_resume: bool,
    pub checkpoints: Vec<usize>,
    pub notes: RunNotes,
    pub alarms: Vec<Alarm>,
}

impl RunStatus {
    pub fn of(folder: &RunFolder, state: RunState, notes: RunNotes) -> Self {
        let last = folder.last().is_some();
        Self {
            has_weights: last || folder.best().is_some(),
            can_resume: last && !matches!(state, RunState::Active | RunState::Finished),
            state,
            checkpoints: folder.kept_steps(),
            notes,
            alarms: folder.alarms(),
        }
    }
}

/// What is known of a folder.
#[derive(Debug)]
struct Known {
    folder: RunFolder,
    tail: FolderTail,
    /// `None` = its `config.json` cannot be read.
    status: Option<RunStatus>,
    /// Whether that was said.
    told: bool,
}

/// The runs folder as it was read last.
#[derive(Debug)]
pub(in crate::engine) struct RunsReader {
    runs: PathBuf,
    known: BTreeMap<String, Known>,
}

impl RunsReader {
    pub fn new(runs: &Path) -> Self {
        Self {
            runs: runs.to_owned(),
            known: BTreeMap::new(),
        }
    }

    /// What has changed since the last call. Of the run `own`, which this program trains and
    /// knows better, only what people wrote about it.
    pub fn look(&mut self, own: Option<&str>) -> Vec<RunChange> {
        let mut changes = Vec::new();
        let folders: BTreeMap<String, RunFolder> = list_runs(&self.runs)
            .into_iter()
            .map(|folder| (folder.name(), folder))
            .collect();
        self.known.retain(|name, known| {
            let stays = folders.contains_key(name);
            if !stays && known.status.is_some() {
                changes.push(RunChange::Gone(name.clone()));
            }
            stays
        });
        for (name, folder) in folders {
            let is_own = own == Some(name.as_str());
            let known = self.known.entry(name).or_insert_with(|| Known {
                folder,
                tail: FolderTail::default(),
                status: None,
                told: false,
            });
            changes.extend(known.look(is_own));
        }
        changes
    }
}

impl Known {
    fn look(&mut self, is_own: bool) -> Option<RunChange> {
        // Where a program trains it, or none does any more, no file says so.
        let is_locked = !is_own && self.may_lock_change() && self.folder.is_locked();
        let was_active =
            self.status.as_ref().map(|status| &status.state) == Some(&RunState::Active);
        let changed = self.tail.may_have_changed(&self.folder);
        if !changed && (is_own || is_locked == was_active) {
            return None;
        }
        match &self.status {
            Some(_) => self
                .news(is_own)
                .map(|news| RunChange::Changed(Box::new(news))),
            None if is_own => None,
            None => self.first().map(|run| RunChange::Found(Box::new(run))),
        }
    }

    /// A run with an end is taken up again only by a change of its folder.
    fn may_lock_change(&self) -> bool {
        let state = self.status.as_ref().map(|status| &status.state);
        matches!(state, None | Some(RunState::Active | RunState::Interrupted))
    }

    fn first(&mut self) -> Option<RunSnapshot> {
        let meta = match self.folder.meta() {
            Ok(meta) => meta,
            Err(err) => {
                if !self.told {
                    log::warn!("A run is left out of the list: {err}");
                }
                self.told = true;
                return None;
            }
        };
        let status = RunStatus::of(&self.folder, state(&self.folder), notes(&self.folder));
        let (
            LogNews::Added(steps) | LogNews::Replaced(steps),
            LogNews::Added(epochs) | LogNews::Replaced(epochs),
        ) = self.tail.news(&self.folder);
        if status.state != RunState::Active {
            warn_of_lost_epochs(&self.folder, &epochs);
        }
        self.status = Some(status.clone());
        Some(RunSnapshot::new(&self.folder, meta, status, steps, epochs))
    }

    fn news(&mut self, is_own: bool) -> Option<RunNews> {
        let before = self.status.clone()?;
        let notes = notes(&self.folder);
        let (now, steps, epochs) = if is_own {
            let now = RunStatus {
                checkpoints: self.folder.kept_steps(),
                notes,
                ..before.clone()
            };
            (now, LogNews::Added(Vec::new()), LogNews::Added(Vec::new()))
        } else {
            let now = RunStatus::of(&self.folder, state(&self.folder), notes);
            let (steps, epochs) = self.tail.news(&self.folder);
            (now, steps, epochs)
        };
        let is_new = now != before || has_news(&steps) || has_news(&epochs);
        self.status = Some(now.clone());
        is_new.then(|| RunNews {
            name: self.folder.name(),
            now,
            steps,
            epochs,
        })
    }
}

/// The best score of a run is that of its log, which may have been cut: then it is of what is left.
fn warn_of_lost_epochs(folder: &RunFolder, epochs: &[EpochRecord]) {
    if let Some(best) = folder.best()
        && best.mean_iu.is_some()
        && !epochs.iter().any(|epoch| epoch.step == best.step)
    {
        log::warn!(
            "{}: epochs.jsonl in it has no line of step {}, whose weights are kept as the best: it was cut or \
             changed, and curves and scores of the run are of what is left",
            folder.path().display(),
            best.step
        );
    }
}

fn has_news<T>(news: &LogNews<T>) -> bool {
    !matches!(news, LogNews::Added(lines) if lines.is_empty())
}

fn state(folder: &RunFolder) -> RunState {
    match folder.end() {
        _ if folder.is_locked() => RunState::Active,
        Some(EndMark::Finished) => RunState::Finished,
        Some(EndMark::Stopped) => RunState::Stopped,
        Some(EndMark::Failed { message }) => RunState::Failed(message),
        None => RunState::Interrupted,
    }
}

/// What people wrote; nothing where it cannot be read.
pub(super) fn notes(folder: &RunFolder) -> RunNotes {
    folder
        .notes()
        .inspect_err(|err| log::warn!("The notes of a run are not shown: {err}"))
        .unwrap_or_default()
}

impl RunSnapshot {
    /// A run that was just started or resumed here.
    pub(in crate::engine) fn started(folder: &RunFolder, meta: RunMeta) -> Self {
        let first = folder.last().map_or(0, |last| last.step);
        let status = RunStatus::of(folder, RunState::Active, notes(folder));
        // What lies behind the checkpoint is done again.
        let mut steps = folder.steps();
        steps.retain(|step| step.step <= first);
        let mut epochs = folder.epochs();
        epochs.retain(|epoch| epoch.step <= first);
        Self::new(folder, meta, status, steps, epochs)
    }

    /// Takes in what another program, or this one before, did to the run.
    pub(in crate::engine) fn apply(&mut self, news: RunNews) {
        self.set_status(news.now);
        match news.steps {
            LogNews::Replaced(steps) => self.steps = steps,
            LogNews::Added(steps) => {
                // What was trained here is known already.
                let known = self.steps.last().map_or(0, |step| step.step);
                let new = steps.into_iter().filter(|step| step.step > known);
                self.steps.extend(new);
            }
        }
        match news.epochs {
            LogNews::Replaced(epochs) => self.epochs = epochs,
            LogNews::Added(epochs) => {
                let known = self.epochs.last().map_or(0, |epoch| epoch.epoch);
                let new = epochs.into_iter().filter(|epoch| epoch.epoch > known);
                self.epochs.extend(new);
            }
        }
    }

    fn set_status(&mut self, status: RunStatus) {
        let RunStatus {
            state,
            has_weights,
            can_resume,
            checkpoints,
            notes,
            alarms,
        } = status;
        self.state = state;
        self.has_weights = has_weights;
        self.can_resume = can_resume;
        self.checkpoints = checkpoints;
        self.notes = notes;
        self.alarms = alarms;
    }
}
