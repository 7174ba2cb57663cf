//! What people do with the queue.

use super::{Queue, QueueEdit, QueueFile, QueuedRun};
use crate::engine::{Dirs, Engine, EngineError, RestOfPlan};
use crate::training::RunConfig;

impl Engine {
    /// Makes this program the one that works on the queue; false = another one does.
    ///
    /// # Errors
    /// When the folder of the runs cannot be written.
    pub fn own_queue(&mut self) -> Result<bool, EngineError> {
        if self.trainer.owns_queue() {
            return Ok(true);
        }
        let file = QueueFile::new(&self.dirs.runs);
        let Some(owner) = file.own()? else {
            return Ok(false);
        };
        let (queue, _) = file.read()?;
        self.trainer.own_queue(owner, queue);
        self.runs_thread.watch_queue();
        Ok(true)
    }

    /// Whether this program works on the queue, so that it can be run here.
    pub fn owns_queue(&self) -> bool {
        self.trainer.owns_queue()
    }

    /// The runs that wait, and the one of them that is being trained.
    pub fn queue(&self) -> &Queue {
        if self.trainer.owns_queue() {
            self.trainer.queue()
        } else {
            &self.queue
        }
    }

    /// Whether the queue goes on when the active run is finished.
    pub fn is_running_queue(&self) -> bool {
        self.trainer.is_running_queue()
    }

    /// Which of the queue is being trained here.
    pub fn queued_run(&self) -> Option<u64> {
        self.trainer.queued_run()
    }

    /// Changes the queue, of whichever program it is.
    pub fn edit_queue(&mut self, edit: QueueEdit) {
        if self.trainer.owns_queue() {
            self.trainer.edit(edit);
            self.write_queue();
        } else {
            self.queue.apply(&edit);
            self.queue_changes += 1;
            self.runs_thread.change_queue(vec![edit]);
        }
    }

    /// Puts runs behind the others. While a run is trained and nothing waits, they are trained after it.
    ///
    /// # Errors
    /// A setting that does not work; then none is added.
    pub fn add_to_queue(&mut self, configs: Vec<RunConfig>) -> Result<(), EngineError> {
        for config in &configs {
            config.validate()?;
        }
        let first = self.queue().entries.is_empty();
        let runs = configs.into_iter();
        let runs = runs.map(|config| QueuedRun::new(config, false)).collect();
        self.edit_queue(QueueEdit::Add { runs, first: false });
        if first && self.active().is_some() && self.owns_queue() {
            return self.run_queue();
        }
        Ok(())
    }

    /// Trains the runs of the queue one after another, now or once the active run is finished. One
    /// that has begun goes on from its last checkpoint. A stop ends it, and a failure where the
    /// queue does not keep going; what is left stays in the queue.
    ///
    /// # Errors
    /// When the queue is empty, or another program works on it; a device that does not work.
    pub fn run_queue(&mut self) -> Result<(), EngineError> {
        if !self.own_queue()? {
            return Err(EngineError::QueueOwned {
                path: QueueFile::new(&self.dirs.runs).path(),
            });
        }
        if let (None, Some(first)) = (self.active(), self.queue().entries.first()) {
            self.devices.check(first.config.device)?;
        }
        self.trainer.devices = self.devices.clone();
        let started = self.trainer.run_queue();
        self.write_queue();
        started
    }

    /// Takes up what an older window kept of a plan.
    pub fn take_up_plan(&mut self, plan: RestOfPlan) {
        let runs = plan.queued();
        self.edit_queue(QueueEdit::Add { runs, first: true });
    }

    /// Writes what the trainer has changed.
    pub(in crate::engine) fn write_queue(&mut self) {
        let edits = self.trainer.take_edits();
        if !edits.is_empty() {
            self.queue_changes += 1;
            self.runs_thread.change_queue(edits);
        }
    }

    /// Takes in the file, unless changes of this program are not in it yet.
    pub(in crate::engine) fn queue_read(&mut self, queue: Queue, changes: usize) {
        if changes == self.queue_changes {
            self.trainer.set_queue(queue.clone());
            self.queue = queue;
        }
    }

    /// The queue as it is in the file, after `edits`; for one that waits for it.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn change_queue(dirs: &Dirs, edits: &[QueueEdit]) -> Result<Queue, EngineError> {
        let file = QueueFile::new(&dirs.runs);
        if edits.is_empty() {
            return Ok(file.read()?.0);
        }
        Ok(file.change(edits)?)
    }
}
