//! The end of a run, and what comes behind it.

use super::Trainer;
use crate::engine::notify::RunEnded;
use crate::engine::queue::{QueueEdit, QueuedRun};
use crate::engine::runs::RunSnapshot;
use crate::engine::train::current::Over;
use crate::engine::train::ending::{ending_notice, mark_end};
use crate::engine::{Notice, NoticeLevel};
use crate::training::Outcome;
use crate::training::checkpoint::RunFolder;

impl Trainer {
    pub(super) fn ended(
        &mut self,
        outcome: Outcome,
        runs: &mut [RunSnapshot],
        notices: &mut Vec<Notice>,
    ) {
        let Some(current) = self.current.take() else {
            return;
        };
        let over = current.over();
        // The thread has nothing left to do: this does not wait.
        current.thread.join().ok();
        self.over(over, outcome, runs, notices);
    }

    /// Leaves a run whose device does not let go of its thread.
    pub(super) fn leave(&mut self, runs: &mut [RunSnapshot], notices: &mut Vec<Notice>) {
        let Some(current) = self.current.take() else {
            return;
        };
        let over = current.over();
        let run = over.active.run.clone();
        let last = RunFolder::at(self.dirs.runs.join(&run)).last();
        let checkpoint = last.filter(|_| !run.is_empty()).map(|last| last.step);
        notices.push(Notice {
            level: NoticeLevel::Info,
            text: format!(
                "{} is still busy with what {} had begun; another run on it waits for that",
                over.active.config.device,
                over.active.name_or("the run")
            ),
        });
        self.left.push(run, current.thread);
        self.over(over, Outcome::StoppedNow { checkpoint }, runs, notices);
    }

    /// Whether a run that was left still has its device.
    pub fn is_left(&mut self, run: &str) -> bool {
        self.left.holds(run)
    }

    fn over(
        &mut self,
        current: Over,
        outcome: Outcome,
        runs: &mut [RunSnapshot],
        notices: &mut Vec<Notice>,
    ) {
        let snapshot = runs.iter().find(|run| run.name == current.active.run);
        let name = snapshot.map_or_else(|| "The run".to_owned(), RunSnapshot::title);
        notices.push(ending_notice(&name, &current.active, &outcome));
        let finished = outcome == Outcome::Finished;
        self.meters = None;
        let failed = matches!(outcome, Outcome::Failed(_));
        if let Some(snapshot) = runs.iter_mut().find(|run| run.name == current.active.run) {
            // A checkpoint that was written while the run failed: no event has told of it.
            if let Outcome::Failed(_) = outcome {
                let folder = RunFolder::at(self.dirs.runs.join(&snapshot.name));
                snapshot.has_weights |= folder.last().is_some();
            }
            mark_end(snapshot, outcome);
            self.ended.push(RunEnded::of(snapshot, 0));
        } else if let Outcome::Failed(message) = &outcome {
            self.ended.push(RunEnded::before_its_start(message, 0));
        }
        self.run_events.ended(&current.active.run);
        let kept_going = failed && self.queue.keep_going && !current.stop_requested;
        if let Some(id) = self.current_id.take() {
            if finished {
                self.edit(QueueEdit::Finished(id));
            } else if kept_going {
                notices.extend(stages_notice(self.queue.stages_behind(id)));
                self.edit(QueueEdit::GivenUp(id));
            }
        }
        let waiting = self.waiting().count();
        if let Some(ended) = self.ended.last_mut() {
            ended.waiting = waiting;
        }
        // A stop may come when the run has just ended by itself.
        if current.stop_requested || !(finished || kept_going) {
            self.end_plan();
        } else if let Err(err) = self.start_next() {
            notices.push(Notice {
                level: NoticeLevel::Error,
                text: err.to_string(),
            });
        }
    }
}

/// Says which stages are not trained, as the run before them failed.
fn stages_notice(stages: &[QueuedRun]) -> Option<Notice> {
    let names: Vec<String> = stages
        .iter()
        .map(|stage| stage.config.variant.to_string())
        .collect();
    (!names.is_empty()).then(|| Notice {
        level: NoticeLevel::Warning,
        text: format!(
            "{}: not trained, as the stage before failed",
            names.join(", ")
        ),
    })
}
