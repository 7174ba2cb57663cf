//! Checkpoints of a run, and what happens while its folder cannot be written.

use std::thread;
use std::time::{Duration, Instant};

use super::Session;
use crate::training::checkpoint::Snapshot;
use crate::training::control::Control;
use crate::training::error::TrainError;
use crate::training::event::{EpochRecord, Outcome, TrainEvent};

/// Time between two tries to write.
const RETRY: Duration = Duration::from_secs(1);

/// Time between two looks at whether a stop was asked for.
const LOOK: Duration = Duration::from_millis(50);

/// How long a stop that was asked for before anything was wrong waits for its checkpoint.
pub const STOP_GRACE: Duration = Duration::from_secs(30);

/// A wait for a folder that can be written.
struct Wait {
    since: Instant,
    /// Whether a stop had been asked for before: whoever asked knows nothing of a disk that is full.
    stops: bool,
}

impl Wait {
    fn begin(control: &Control) -> Self {
        Self {
            since: Instant::now(),
            stops: control.stop_requested(),
        }
    }

    /// Whether what is not saved is given up.
    fn is_over(&self, control: &Control) -> bool {
        if self.stops {
            control.stop_now_requested() || self.since.elapsed() >= STOP_GRACE
        } else {
            control.stop_requested()
        }
    }
}

impl Session<'_> {
    /// Saves and ends.
    pub(super) fn stop(&mut self) -> Result<Outcome, TrainError> {
        self.control.check_wanted()?;
        self.save_what_is_new()?;
        self.finish_saving()?;
        Ok(Outcome::Stopped { step: self.at.step })
    }

    /// Takes a checkpoint inside an epoch, where the policy wants one and none is being written.
    pub(super) fn save_when_due(&mut self) -> Result<(), TrainError> {
        let (taken, step) = self.saved;
        let policy = &self.config.checkpoints;
        let due = policy.is_due(self.at.step - step, self.time.waited(taken));
        self.take_saved()?;
        if due && !self.writer.is_busy() {
            self.settle()?;
            self.save(None)?;
        }
        Ok(())
    }

    /// Takes a checkpoint where there is none of this step.
    pub(super) fn save_what_is_new(&mut self) -> Result<(), TrainError> {
        self.settle()?;
        let (_, step) = self.saved;
        if self.at.step > step || self.folder.last().is_none() {
            self.save(None)?;
        }
        Ok(())
    }

    /// Takes a checkpoint, which is written while the training goes on;
    /// [`settle`](Self::settle) comes before it. `validated` is the epoch that ends here.
    pub(super) fn save(&mut self, validated: Option<&EpochRecord>) -> Result<(), TrainError> {
        // One at a time, so that memory holds at most one.
        self.finish_saving()?;
        self.at.elapsed_secs = self.clock.secs();
        self.at.loss_scale = self.learner.loss_scale;
        let policy = &self.config.checkpoints;
        let snapshot = Snapshot::take(self.learner.parts(), self.at, validated, policy)?;
        self.writer.write(snapshot);
        self.saved = (self.time.now(), self.at.step);
        Ok(())
    }

    /// Looks whether the checkpoint in hand is written.
    fn take_saved(&mut self) -> Result<(), TrainError> {
        match self.writer.poll() {
            Some(result) => self.told(result),
            None => Ok(()),
        }
    }

    /// Waits until the checkpoint in hand is written.
    pub(super) fn finish_saving(&mut self) -> Result<(), TrainError> {
        match self.writer.wait() {
            Some(result) => self.told(result),
            None => Ok(()),
        }
    }

    /// Passes on what the writer said; what failed is tried again until there is room.
    fn told(&mut self, result: Result<usize, TrainError>) -> Result<(), TrainError> {
        let mut first = Some(result);
        let step = self.persist(|session| {
            first.take().unwrap_or_else(|| {
                session.writer.retry();
                // It was just asked for something, so it has an answer.
                session.writer.wait().unwrap_or(Ok(session.at.step))
            })
        })?;
        self.sink.send(TrainEvent::Saved { step });
        Ok(())
    }

    /// Does `write` until it succeeds: where the disk is full or the folder is gone, the run waits,
    /// says so, and continues once there is room. A stop that was asked for before waits too, for half a
    /// minute.
    ///
    /// # Errors
    /// What was wrong, when a stop is asked for meanwhile; anything that more room would not mend.
    pub(super) fn persist<T>(
        &mut self,
        mut write: impl FnMut(&mut Self) -> Result<T, TrainError>,
    ) -> Result<T, TrainError> {
        let mut waiting: Option<Wait> = None;
        loop {
            let err = match write(self) {
                Ok(done) => {
                    if waiting.is_some() {
                        self.clock.unpause();
                        self.sink.send(TrainEvent::Unblocked);
                    }
                    return Ok(done);
                }
                Err(err) => err,
            };
            if !err.is_failed_write() {
                return Err(err);
            }
            if waiting.is_none() {
                waiting = Some(Wait::begin(self.control));
                self.clock.pause();
                self.sink.send(TrainEvent::Blocked(err.to_string()));
            }
            let is_over = || {
                waiting
                    .as_ref()
                    .is_some_and(|wait| wait.is_over(self.control))
            };
            if is_over() {
                return Err(err);
            }
            let since = Instant::now();
            while since.elapsed() < RETRY && !is_over() {
                thread::sleep(LOOK);
            }
        }
    }
}
