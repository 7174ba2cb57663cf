//! How long a run has been trained.

use std::time::{Duration, Instant};

/// Seconds of training, without pauses.
pub(super) struct Clock {
    before: Duration,
    since: Option<Instant>,
}

impl Clock {
    pub fn new(elapsed_secs: f64) -> Self {
        Self {
            before: Duration::try_from_secs_f64(elapsed_secs).unwrap_or_default(),
            since: Some(Instant::now()),
        }
    }

    pub fn secs(&self) -> f64 {
        let running = self.since.map_or(Duration::ZERO, |since| since.elapsed());
        (self.before + running).as_secs_f64()
    }

    pub fn pause(&mut self) {
        self.before += self
            .since
            .take()
            .map_or(Duration::ZERO, |since| since.elapsed());
    }

    pub fn unpause(&mut self) {
        self.since = Some(Instant::now());
    }
}
