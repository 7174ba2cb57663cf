//! Pause, resume and stop, asked for from another thread, and how far the step in hand is.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::error::TrainError;
use super::step_progress::{StepInHand, StepProgress};
use crate::kernels::{EnteredWork, Work};

/// A handle on a running loop; clones control the same loop.
#[derive(Debug, Clone, Default)]
pub struct Control {
    shared: Arc<(Mutex<Request>, Condvar)>,
    /// What the kernels of the loop do.
    work: Work,
    step: Arc<Mutex<Option<StepInHand>>>,
    /// Microseconds in which the loop waited for batches.
    waited: Arc<AtomicU64>,
    /// Microseconds in which the loop has trained.
    trained: Arc<AtomicU64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Request {
    #[default]
    Run,
    Pause,
    Stop,
    StopNow,
}

impl Control {
    /// Asks the loop to wait after the current step. Does not undo a stop.
    pub fn pause(&self) {
        self.change(|request| {
            if *request == Request::Run {
                *request = Request::Pause;
            }
        });
    }

    /// Lets a paused loop continue.
    pub fn unpause(&self) {
        self.change(|request| {
            if *request == Request::Pause {
                *request = Request::Run;
            }
        });
    }

    /// Asks the loop to end after the current step, also when it waits.
    pub fn stop(&self) {
        self.change(|request| {
            if *request != Request::StopNow {
                *request = Request::Stop;
            }
        });
    }

    /// Asks the loop to leave everything as it is, in the middle of a step too, and to end; what
    /// counts is its last checkpoint.
    pub fn stop_now(&self) {
        self.change(|request| *request = Request::StopNow);
        self.work.abandon();
    }

    /// Whether a stop of either kind was asked for.
    pub fn stop_requested(&self) -> bool {
        matches!(*self.lock(), Request::Stop | Request::StopNow)
    }

    /// Whether what was computed since the last look must be thrown away. Asked before results
    /// are shown, logged or saved.
    pub fn stop_now_requested(&self) -> bool {
        *self.lock() == Request::StopNow
    }

    /// An error where a stop at once was asked for: what was computed meanwhile must go no
    /// further.
    pub(super) fn check_wanted(&self) -> Result<(), TrainError> {
        if self.stop_now_requested() {
            return Err(TrainError::Stopped);
        }
        Ok(())
    }

    /// Puts the kernels that this thread runs under this control, until the guard is dropped.
    pub(super) fn enter_work(&self) -> EnteredWork {
        self.work.enter()
    }

    /// Tells which step is in hand, and what of it; `None` = none.
    pub(super) fn set_step(&self, step: Option<StepInHand>) {
        *self.step.lock().unwrap_or_else(PoisonError::into_inner) = step;
    }

    /// Adds to the time in which the loop waited for data.
    pub(super) fn add_waited(&self, time: Duration) {
        self.waited
            .fetch_add(time.as_micros() as u64, Ordering::Relaxed);
    }

    /// How long the loop has waited for data so far.
    pub fn waited(&self) -> Duration {
        Duration::from_micros(self.waited.load(Ordering::Relaxed))
    }

    /// Tells how long the loop has trained since it was started, without pauses.
    pub(super) fn set_trained(&self, time: Duration) {
        self.trained
            .store(time.as_micros() as u64, Ordering::Relaxed);
    }

    /// How long the loop has trained since it was started, validation included and pauses left out.
    pub fn trained(&self) -> Duration {
        Duration::from_micros(self.trained.load(Ordering::Relaxed))
    }

    /// Multiply-adds of the loop so far.
    pub(super) fn multiply_adds(&self) -> u64 {
        self.work.multiply_adds()
    }

    /// How far the step in hand is; `None` between steps.
    pub fn step_progress(&self) -> Option<StepProgress> {
        let step = self.step.lock().unwrap_or_else(PoisonError::into_inner);
        step.as_ref()
            .map(|step| step.progress(self.multiply_adds()))
    }

    /// Whether a pause was asked for.
    pub fn pause_requested(&self) -> bool {
        *self.lock() == Request::Pause
    }

    /// Blocks during a pause.
    pub fn wait_while_paused(&self) {
        let (_, changed) = &*self.shared;
        let mut request = self.lock();
        while *request == Request::Pause {
            request = changed
                .wait(request)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Request> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, edit: impl FnOnce(&mut Request)) {
        edit(&mut self.lock());
        self.shared.1.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stop_ends_a_pause_and_is_final() {
        let control = Control::default();
        control.pause();
        assert!(control.pause_requested());
        let waiting = control.clone();
        let thread = std::thread::Builder::new()
            .name("waits".into())
            .spawn(move || waiting.wait_while_paused())
            .expect("a thread");
        control.stop();
        thread.join().expect("the pause ended");
        control.unpause();
        control.pause();
        assert!(control.stop_requested());
    }

    #[test]
    fn a_stop_can_become_one_at_once_and_not_the_other_way_round() {
        let control = Control::default();
        control.stop();
        assert!(control.stop_requested() && !control.stop_now_requested());
        control.stop_now();
        control.stop();
        control.pause();
        assert!(control.stop_requested() && control.stop_now_requested());
    }
}
