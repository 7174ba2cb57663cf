//! The queue: runs that wait for each other. It is a file in the folder of the runs, so that it
//! survives the end of the program, and the window and the command line share it.
//!
//! This file has what a queue is; [`file`] how it is kept, and [`api`] what the engine does with it.

mod api;
mod file;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

pub(super) use file::{QueueFile, QueueOwner};

use crate::training::{InitialWeights, RunConfig};

/// Runs that wait, in the order in which they are trained.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// Whether the next run starts although one failed.
    #[serde(default)]
    pub keep_going: bool,
    /// The runs. One that has begun is there until it is finished.
    pub entries: Vec<QueuedRun>,
}

/// A run of the queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueuedRun {
    /// Which it is, wherever it is moved.
    pub id: u64,
    /// Its settings.
    pub config: RunConfig,
    /// Whether it starts from the best weights of the one before it, when that is finished.
    #[serde(default)]
    pub staged: bool,
    /// Name of its folder, once it has begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

impl QueuedRun {
    /// One that has not begun.
    pub fn new(config: RunConfig, staged: bool) -> Self {
        Self {
            id: new_id(),
            config,
            staged,
            run: None,
        }
    }
}

/// A number that no other program gives at the same time.
fn new_id() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = since.map_or(0, |since| since.as_nanos() as u64);
    // A clock may stand still or be set back; 53 bits are exact in JSON of any program.
    let next = |last: u64| (now >> 10 & ((1 << 53) - 1)).max(last + 1);
    LAST.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| Some(next(last)))
        .map_or(now, next)
}

/// A change of the queue: made in memory at once, and in the file.
#[derive(Debug, Clone, PartialEq)]
pub enum QueueEdit {
    /// Puts runs behind the others, or before them.
    Add {
        /// The runs, in their order.
        runs: Vec<QueuedRun>,
        /// Whether they are trained before the others.
        first: bool,
    },
    /// Takes runs out.
    Remove(Vec<u64>),
    /// Moves a run so that so many are before it.
    Move {
        /// The run.
        id: u64,
        /// Runs before it.
        to: usize,
    },
    /// Whether the next run starts although one failed.
    KeepGoing(bool),
    /// A run has begun, in this folder.
    Begun {
        /// The run.
        id: u64,
        /// Its folder.
        run: String,
    },
    /// A run has no folder any more: it starts anew.
    Lost(u64),
    /// A run is trained to its end.
    Finished(u64),
    /// A run failed, and is not tried again; nor are the stages behind it.
    GivenUp(u64),
}

impl Queue {
    /// Makes a change. One of a run that is not there changes nothing.
    pub fn apply(&mut self, edit: &QueueEdit) {
        match edit {
            QueueEdit::Add { runs, first } => {
                let at = if *first { 0 } else { self.entries.len() };
                self.entries.splice(at..at, runs.iter().cloned());
            }
            QueueEdit::Remove(ids) => {
                // A stage whose first one is taken out starts as it is.
                for id in ids {
                    self.free_next(*id, |_| {});
                }
                self.entries.retain(|entry| !ids.contains(&entry.id));
            }
            QueueEdit::Move { id, to } => {
                if let Some(from) = self.place(*id) {
                    let entry = self.entries.remove(from);
                    self.entries.insert((*to).min(self.entries.len()), entry);
                }
            }
            QueueEdit::KeepGoing(keep_going) => self.keep_going = *keep_going,
            QueueEdit::Begun { id, run } => {
                if let Some(place) = self.place(*id) {
                    self.entries[place].run = Some(run.clone());
                }
            }
            QueueEdit::Lost(id) => {
                if let Some(place) = self.place(*id) {
                    self.entries[place].run = None;
                }
            }
            QueueEdit::Finished(id) => {
                let run = self.entry(*id).and_then(|entry| entry.run.clone());
                self.free_next(*id, |config| {
                    if let Some(run) = &run {
                        config.init = InitialWeights::Run(run.clone());
                    }
                });
                self.entries.retain(|entry| entry.id != *id);
            }
            QueueEdit::GivenUp(id) => {
                if let Some(place) = self.place(*id) {
                    let stages = self.stages_behind(*id).len();
                    self.entries.drain(place..=place + stages);
                }
            }
        }
    }

    /// The run behind `id` does not wait for it any more.
    fn free_next(&mut self, id: u64, edit: impl FnOnce(&mut RunConfig)) {
        let next = self.place(id).map(|place| place + 1);
        if let Some(entry) = next.and_then(|next| self.entries.get_mut(next))
            && entry.staged
        {
            entry.staged = false;
            edit(&mut entry.config);
        }
    }

    /// The stages that follow `id`, each from the one before.
    pub fn stages_behind(&self, id: u64) -> &[QueuedRun] {
        let behind = self.place(id).map_or(self.entries.len(), |place| place + 1);
        let behind = &self.entries[behind..];
        let count = behind.iter().take_while(|entry| entry.staged).count();
        &behind[..count]
    }

    /// A run by its id.
    pub fn entry(&self, id: u64) -> Option<&QueuedRun> {
        self.entries.iter().find(|entry| entry.id == id)
    }

    /// How many are before a run.
    pub fn place(&self, id: u64) -> Option<usize> {
        self.entries.iter().position(|entry| entry.id == id)
    }

    /// What has changed about runs that have begun, now that it is known which of them are finished;
    /// `None` is a run that is gone.
    pub(super) fn settled(&self, is_finished: impl Fn(&str) -> Option<bool>) -> Vec<QueueEdit> {
        let edit = |entry: &QueuedRun| match is_finished(entry.run.as_deref()?) {
            Some(true) => Some(QueueEdit::Finished(entry.id)),
            Some(false) => None,
            None => Some(QueueEdit::Lost(entry.id)),
        };
        self.entries.iter().filter_map(edit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Trunk;
    use crate::training::preset;

    fn entry(id: u64, staged: bool) -> QueuedRun {
        QueuedRun {
            id,
            config: preset(Trunk::Vgg16Slim),
            staged,
            run: None,
        }
    }

    fn queue(staged: &[bool]) -> Queue {
        let entries = (1..).zip(staged).map(|(id, staged)| entry(id, *staged));
        Queue {
            keep_going: false,
            entries: entries.collect(),
        }
    }

    fn ids(queue: &Queue) -> Vec<u64> {
        queue.entries.iter().map(|entry| entry.id).collect()
    }

    fn edited(staged: &[bool], edits: &[QueueEdit]) -> Queue {
        let mut queue = queue(staged);
        for edit in edits {
            queue.apply(edit);
        }
        queue
    }

    #[test]
    fn runs_are_added_moved_and_taken_out() {
        let add = |id, first| QueueEdit::Add {
            runs: vec![entry(id, false), entry(id + 1, false)],
            first,
        };
        let moved = |id, to| QueueEdit::Move { id, to };
        let found = |edits: &[QueueEdit]| ids(&edited(&[false; 3], edits));
        assert_eq!(found(&[add(8, false)]), [1, 2, 3, 8, 9]);
        assert_eq!(found(&[add(8, true)]), [8, 9, 1, 2, 3]);
        assert_eq!(found(&[moved(3, 0)]), [3, 1, 2]);
        assert_eq!(found(&[moved(1, 1)]), [2, 1, 3]);
        assert_eq!(found(&[moved(1, 99)]), [2, 3, 1]);
        assert_eq!(found(&[QueueEdit::Remove(vec![1, 3])]), [2]);
        let nobody = [
            moved(7, 0),
            QueueEdit::Remove(vec![7]),
            QueueEdit::Finished(7),
            QueueEdit::GivenUp(7),
        ];
        assert_eq!(found(&nobody), [1, 2, 3]);
    }

    #[test]
    fn a_stage_starts_from_the_run_before_it() {
        let begun = QueueEdit::Begun {
            id: 1,
            run: "first".to_owned(),
        };
        let queue = edited(&[false, true, true], &[begun, QueueEdit::Finished(1)]);
        assert_eq!(ids(&queue), [2, 3]);
        let [second, third] = &queue.entries[..] else {
            panic!("two are left");
        };
        assert_eq!(second.config.init, InitialWeights::Run("first".to_owned()));
        assert!(!second.staged && third.staged);
    }

    #[test]
    fn a_run_that_is_given_up_takes_its_stages_along() {
        let given_up = [QueueEdit::GivenUp(1)];
        assert_eq!(ids(&edited(&[false, true, true, false], &given_up)), [4]);
        assert_eq!(ids(&edited(&[false, false, true], &given_up)), [2, 3]);
        // One that a person takes out does not: the next starts as it is.
        let queue = edited(&[false, true, true], &[QueueEdit::Remove(vec![1])]);
        assert_eq!((ids(&queue), queue.entries[0].staged), (vec![2, 3], false));
    }

    #[test]
    fn what_became_of_begun_runs_settles_the_queue() {
        let begun = |id, run: &str| QueueEdit::Begun {
            id,
            run: run.to_owned(),
        };
        let queue = edited(
            &[false; 4],
            &[begun(1, "finished"), begun(2, "stopped"), begun(3, "gone")],
        );
        let edits = queue.settled(|run| match run {
            "finished" => Some(true),
            "stopped" => Some(false),
            _ => None,
        });
        assert_eq!(edits, [QueueEdit::Finished(1), QueueEdit::Lost(3)]);
    }

    #[test]
    fn ids_are_never_the_same() {
        let mut ids: Vec<u64> = (0..1000).map(|_| new_id()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 1000);
    }
}
