//! Pause, resume and stop, asked for from another thread.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// A handle on a running loop; clones control the same loop.
#[derive(Debug, Clone, Default)]
pub struct Control {
    shared: Arc<(Mutex<Request>, Condvar)>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Request {
    #[default]
    Run,
    Pause,
    Stop,
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
        self.change(|request| *request = Request::Stop);
    }

    /// Whether a stop was asked for.
    pub fn stop_requested(&self) -> bool {
        *self.lock() == Request::Stop
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
}
