//! How long a run has been trained.

use std::time::{Duration, Instant};

/// Seconds of training, without pauses. A clock that is set back takes nothing from them; one that jumps
/// ahead, as that of some systems does over a sleep, adds the jump.
pub(super) struct Clock {
    before: Duration,
    since: Option<Instant>,
    now: fn() -> Instant,
}

impl Clock {
    pub fn new(elapsed_secs: f64) -> Self {
        Self::on(Instant::now, elapsed_secs)
    }

    fn on(now: fn() -> Instant, elapsed_secs: f64) -> Self {
        Self {
            before: Duration::try_from_secs_f64(elapsed_secs).unwrap_or_default(),
            since: Some(now()),
            now,
        }
    }

    pub fn secs(&self) -> f64 {
        (self.before + self.running()).as_secs_f64()
    }

    pub fn pause(&mut self) {
        self.before += self.running();
        self.since = None;
    }

    pub fn unpause(&mut self) {
        self.since = Some((self.now)());
    }

    fn running(&self) -> Duration {
        self.since.map_or(Duration::ZERO, |since| {
            (self.now)().saturating_duration_since(since)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        static NOW: Cell<Instant> = Cell::new(Instant::now() + Duration::from_hours(1));
    }

    fn jump(change: impl FnOnce(Instant) -> Option<Instant>) {
        NOW.with(|now| now.set(change(now.get()).expect("a time")));
    }

    #[test]
    fn a_clock_that_jumps_breaks_nothing() {
        let mut clock = Clock::on(|| NOW.with(Cell::get), 5.0);
        let secs = Duration::from_secs;
        jump(|now| now.checked_add(secs(10)));
        assert_eq!(clock.secs(), 15.0);
        jump(|now| now.checked_sub(secs(60)));
        assert_eq!(clock.secs(), 5.0, "never less than before");
        clock.pause();
        jump(|now| now.checked_add(secs(600)));
        assert_eq!(clock.secs(), 5.0, "a pause is no training");
        clock.unpause();
        jump(|now| now.checked_add(secs(3)));
        assert_eq!(clock.secs(), 8.0);
        assert_eq!(Clock::on(Instant::now, f64::NAN).before, Duration::ZERO);
    }
}
