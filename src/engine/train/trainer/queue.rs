//! The queue as the trainer works on it.

use super::Trainer;
use crate::engine::EngineError;
use crate::engine::queue::{Queue, QueueEdit, QueueOwner, QueuedRun};
use crate::engine::runs::{RunSnapshot, RunState};

impl Trainer {
    /// From now on this program works on the queue, which is `queue` now.
    pub fn own_queue(&mut self, owner: QueueOwner, queue: Queue) {
        self.owner = Some(owner);
        self.queue = queue;
    }

    pub fn owns_queue(&self) -> bool {
        self.owner.is_some()
    }

    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Takes the queue as it is in the file, with all changes of this program.
    pub fn set_queue(&mut self, queue: Queue) {
        if self.owner.is_some() {
            self.queue = queue;
            self.count_plan();
        }
    }

    /// Makes a change, which is also written where this is the queue.
    pub fn edit(&mut self, edit: QueueEdit) {
        self.queue.apply(&edit);
        if self.owner.is_some() {
            self.edits.push(edit);
        }
        self.count_plan();
    }

    /// The changes that are to be written.
    pub fn take_edits(&mut self) -> Vec<QueueEdit> {
        std::mem::take(&mut self.edits)
    }

    /// Whether the queue goes on when the active run is finished.
    pub fn is_running_queue(&self) -> bool {
        self.running_queue
    }

    /// Which of the queue is being trained.
    pub fn queued_run(&self) -> Option<u64> {
        self.current_id
    }

    /// Goes through the queue, now or once the active run is finished.
    pub fn run_queue(&mut self) -> Result<(), EngineError> {
        if self.queue.entries.is_empty() {
            return Err(EngineError::NothingQueued);
        }
        if self.current.is_none() {
            self.begin_plan()?;
            self.running_queue = true;
            return self.start_next();
        }
        self.running_queue = true;
        self.count_plan();
        Ok(())
    }

    /// Brings the queue up to date with the runs that are there.
    pub fn settle_queue(&mut self, runs: &[RunSnapshot]) {
        if self.owner.is_none() {
            return;
        }
        let active = self.current_id.and_then(|id| self.queue.entry(id));
        let active = active.and_then(|entry| entry.run.clone());
        let state = |name: &str| {
            let run = runs.iter().find(|run| run.name == name)?;
            Some(run.state == RunState::Finished)
        };
        for edit in self.queue.settled(state) {
            let of = match &edit {
                QueueEdit::Finished(id) | QueueEdit::Lost(id) => self.queue.entry(*id),
                _ => None,
            };
            // How the active run ends is told by its thread.
            let is_active = active.is_some() && of.is_some_and(|entry| entry.run == active);
            if !is_active {
                self.edit(edit);
            }
        }
    }

    /// The run that is trained when the active one is finished.
    pub(super) fn next_entry(&self) -> Option<&QueuedRun> {
        self.waiting().next()
    }

    /// The runs that are trained behind the active one.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &QueuedRun> {
        let is_next = move |entry: &&QueuedRun| {
            self.current_id != Some(entry.id)
                && (self.running_queue || self.own.contains(&entry.id))
        };
        self.queue.entries.iter().filter(is_next)
    }

    /// Runs may have been added to the plan, or taken out.
    pub(super) fn count_plan(&mut self) {
        let waiting = self.waiting().count();
        // Its name is among those of the plan once its folder is made.
        let unnamed = self.active().is_some_and(|active| active.run.is_empty());
        if let Some(plan) = self.plan.as_mut().filter(|plan| !plan.done) {
            plan.total = plan.runs.len() + usize::from(unnamed) + waiting;
        }
    }
}
