//! The thread of the active run, and how it is left.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;

use super::active_run::ActiveRun;
use super::thread_event::{PreviewSlot, ThreadEvent};
use crate::dataset::ClassList;
use crate::engine::runs::{RunSnapshot, newest_first};
use crate::training::{Control, DeviceId, TrainEvent};

/// How long a run on a GPU may take to end at once, before its thread is left.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);
/// How long the end of the program waits for the step in hand.
const STEP: Duration = Duration::from_secs(10);
/// How long the end of the program waits for a checkpoint of a GPU.
const SAVING: Duration = Duration::from_mins(1);

/// A running thread.
pub(super) struct Current {
    pub active: ActiveRun,
    pub classes: Arc<ClassList>,
    pub control: Control,
    pub events: Receiver<ThreadEvent>,
    pub previews: PreviewSlot,
    pub thread: JoinHandle<()>,
    /// When it is left although it goes on; `None` = it is waited for.
    pub leave_at: Option<Instant>,
}

/// Puts a run into its place, instead of an older state of it.
pub(super) fn insert(runs: &mut Vec<RunSnapshot>, snapshot: RunSnapshot) {
    runs.retain(|run| run.name != snapshot.name);
    runs.push(snapshot);
    newest_first(runs);
}

impl Current {
    pub fn apply(&mut self, event: &TrainEvent, runs: &mut [RunSnapshot]) {
        self.active.apply(event);
        if let TrainEvent::Step(_) = event {
            self.active.waited(self.control.waited());
            self.active.trained(self.control.trained());
        }
        let Some(snapshot) = runs.iter_mut().find(|run| run.name == self.active.run) else {
            return;
        };
        match event {
            TrainEvent::Step(step) => snapshot.steps.push(step.clone()),
            TrainEvent::EpochEnded(epoch) => snapshot.epochs.push(epoch.clone()),
            TrainEvent::Saved { .. } => snapshot.has_weights = true,
            _ => {}
        }
    }

    /// Whether something computes that cannot be told to stop.
    pub fn is_on_gpu(&self) -> bool {
        self.active.config.device != DeviceId::Cpu
    }

    /// Whether it was told to end at once, and did not in all the time that it has for that.
    pub fn is_to_be_left(&self) -> bool {
        self.leave_at.is_some_and(|at| Instant::now() >= at)
    }

    /// What is left of it without its thread.
    pub fn over(&self) -> Over {
        Over {
            active: self.active.clone(),
            stop_requested: self.control.stop_requested(),
        }
    }

    /// Waits until a run that was stopped has saved itself: for no step that takes long, and for no
    /// GPU that does not answer.
    pub fn end_with_program(self, patience: Duration) {
        let (on_gpu, begun) = (self.is_on_gpu(), self.has_begun());
        // Without a receiver the thread cannot block on a full channel.
        drop(self.events);
        let in_step = || self.control.step_progress().is_some();
        let step = if on_gpu && !begun { patience } else { STEP };
        wait_while(step, || {
            !self.thread.is_finished() && (in_step() || on_gpu && !begun)
        });
        if !self.thread.is_finished() && (in_step() || on_gpu && !begun) {
            self.control.stop_now();
        }
        if on_gpu {
            let saving = if begun { SAVING } else { patience };
            wait_while(saving, || !self.thread.is_finished());
            if !self.thread.is_finished() {
                return;
            }
        }
        self.thread.join().ok();
    }

    /// Whether there are steps to save.
    fn has_begun(&self) -> bool {
        let first = self.active.info.as_ref().map_or(0, |info| info.first_step);
        self.active.step > first
    }
}

/// Sleeps while `waits`, at most for so long.
fn wait_while(time: Duration, waits: impl Fn() -> bool) {
    let since = Instant::now();
    while waits() && since.elapsed() < time {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A run that is over.
pub(super) struct Over {
    pub active: ActiveRun,
    pub stop_requested: bool,
}

/// Threads of runs that were left.
#[derive(Default)]
pub(super) struct LeftThreads(Vec<(String, JoinHandle<()>)>);

impl LeftThreads {
    pub fn push(&mut self, run: String, thread: JoinHandle<()>) {
        self.0.push((run, thread));
    }

    /// Whether the thread of `run` is still there.
    pub fn holds(&mut self, run: &str) -> bool {
        self.0.retain(|(_, thread)| !thread.is_finished());
        self.0.iter().any(|(left, _)| left == run)
    }
}
