//! Runs as the window shows them.

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::tasks::spawn_detached;
use super::{Engine, Event, NoticeLevel};
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
    /// Broken off without an end mark: a crash or a power loss.
    Interrupted,
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
    /// Start, `2026-11-23 14:05` in UTC.
    pub created: String,
    /// What became of it.
    pub state: RunState,
    /// One record per step.
    pub steps: Vec<StepRecord>,
    /// One record per epoch.
    pub epochs: Vec<EpochRecord>,
    /// Whether there are weights to predict with.
    pub has_weights: bool,
    /// Whether it can be taken up again.
    pub can_resume: bool,
}

impl RunSnapshot {
    /// A run that has just begun, or is taken up again.
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
            created: format_time(meta.created, false),
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

    /// A line for lists: `FCN-8s VGG16 slim, 2026-11-23 14:05`.
    pub fn title(&self) -> String {
        format!(
            "{} {}, {}",
            self.config.variant, self.config.trunk, self.created
        )
    }
}

impl Engine {
    /// All runs, newest first.
    pub fn runs(&self) -> &[RunSnapshot] {
        &self.runs
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
    pub fn refresh_runs(&mut self) {
        let tell = self.runs_reader();
        spawn_detached("runs", tell);
    }

    /// Reads the runs folder and sends what is there.
    fn runs_reader(&self) -> impl FnOnce() + Send + 'static {
        let (sender, waker, runs) = (
            self.sender.clone(),
            Arc::clone(&self.waker),
            self.dirs.runs.clone(),
        );
        move || {
            sender.send(Event::RunsLoaded(load_runs(&runs))).ok();
            waker();
        }
    }

    /// Deletes a run's folder; refused while it is trained.
    pub fn delete_run(&mut self, name: &str) {
        let folder = self.folder(name);
        if folder.is_locked() {
            return self.notify(
                NoticeLevel::Error,
                format!("{name} is being trained. Stop it first"),
            );
        }
        self.runs.retain(|run| run.name != name);
        let tell = self.runs_reader();
        spawn_detached("delete", move || {
            if let Err(err) = std::fs::remove_dir_all(folder.path()) {
                log::error!(
                    "{}: {err}. Delete the folder by hand",
                    folder.path().display()
                );
            }
            tell();
        });
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
    snapshots
        .sort_by(|left, right| (&right.created, &right.name).cmp(&(&left.created, &left.name)));
}

/// Now, in Unix seconds.
pub(super) fn unix_secs() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// A time in UTC: `2026-11-23 14:05`, or `20261123-140501` for names of folders.
pub(super) fn format_time(unix_secs: u64, for_name: bool) -> String {
    let (days, secs) = (unix_secs / 86_400, unix_secs % 86_400);
    let (year, month, day) = civil_date(days);
    let (hour, minute, second) = (secs / 3600, secs / 60 % 60, secs % 60);
    if for_name {
        format!("{year}{month:02}{day:02}-{hour:02}{minute:02}{second:02}")
    } else {
        format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02}")
    }
}

/// Year, month and day of a day counted from 1970-01-01 (the Gregorian calendar repeats
/// every 146,097 days; counted from March, the leap day comes last in its year).
fn civil_date(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_equal_the_calendar() {
        assert_eq!(format_time(0, false), "1970-01-01 00:00");
        assert_eq!(format_time(951_782_400, false), "2000-02-29 00:00");
        assert_eq!(format_time(1_795_442_701, true), "20261123-140501");
    }
}
