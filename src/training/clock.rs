//! What time it is for a run, how long it has been trained, and how fast it is: of clocks that may jump.

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

/// Where a run has the time from. Tests give one that jumps.
#[derive(Clone, Copy)]
pub struct Now(pub fn() -> Instant);

impl Default for Now {
    fn default() -> Self {
        Self(Instant::now)
    }
}

impl fmt::Debug for Now {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Now")
    }
}

impl Now {
    pub(super) fn now(self) -> Instant {
        (self.0)()
    }

    /// The time since then; none where the clock was set back.
    pub(super) fn since(self, then: Instant) -> Duration {
        self.now().saturating_duration_since(then)
    }

    /// The time that something has waited since then. A clock that was set back does not tell, and
    /// what is due by time must not wait until it has caught up: it is as if it had waited for ever.
    pub(super) fn waited(self, then: Instant) -> Duration {
        let passed = self.now().checked_duration_since(then);
        passed.unwrap_or(Duration::MAX)
    }
}

/// What takes as long as this may be a sleep of the computer.
const SLEEP: f64 = 60.0;

/// How many times as long as usual a sleep is.
const TIMES: f64 = 100.0;

/// How many are looked at to know what is usual.
const RECENT: usize = 20;

/// The seconds above which a step was interrupted: the computer slept in it, or its clock jumped. `recent`
/// are the seconds of the last ones, it may be among them.
pub fn longest_step<'a>(recent: impl IntoIterator<Item = &'a f64>) -> f64 {
    let mut secs: Vec<f64> = recent.into_iter().copied().collect();
    secs.sort_by(f64::total_cmp);
    let median = secs.get(secs.len().saturating_sub(1) / 2);
    SLEEP.max(TIMES * median.copied().unwrap_or(f64::INFINITY))
}

/// The steps in a second over the last ones, given their seconds. What was interrupted does not count.
pub fn steps_per_sec(recent: &[f64]) -> Option<f64> {
    let longest = longest_step(recent);
    let (steps, secs) = recent
        .iter()
        .filter(|secs| **secs <= longest)
        .fold((0.0, 0.0), |(steps, sum), secs| (steps + 1.0, sum + secs));
    (secs > 0.0).then(|| steps / secs)
}

/// Of what a training consists, and each takes about as long as the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// A step.
    Step,
    /// An image of the validation.
    Image,
}

/// Seconds of training, without pauses. It is [read](Self::tick) after each piece of work, so that a clock
/// that is set back takes nothing of what was before, and one that jumps ahead, as that of some
/// systems does over a sleep, adds nothing.
pub(super) struct Clock {
    now: Now,
    /// Before the run was resumed.
    before: Duration,
    /// Since then.
    done: Duration,
    /// When it was read last; `None` in a pause.
    read: Option<Instant>,
    /// Seconds of the last pieces of work of each kind.
    recent: [VecDeque<f64>; 2],
}

impl Clock {
    pub fn new(now: Now, elapsed_secs: f64) -> Self {
        Self {
            now,
            before: Duration::try_from_secs_f64(elapsed_secs).unwrap_or_default(),
            done: Duration::ZERO,
            read: Some(now.now()),
            recent: Default::default(),
        }
    }

    /// Reads it after a piece of work; one that was interrupted counts as long as those before it.
    pub fn tick(&mut self, work: Work) {
        let (Some(read), now) = (self.read, self.now.now()) else {
            return;
        };
        self.read = Some(now);
        let passed = now.saturating_duration_since(read);
        let recent = &mut self.recent[work as usize];
        if passed.as_secs_f64() > longest_step(&*recent) {
            let mean = recent.iter().sum::<f64>() / recent.len() as f64;
            self.done += Duration::try_from_secs_f64(mean).unwrap_or_default();
            return;
        }
        self.done += passed;
        recent.push_back(passed.as_secs_f64());
        if recent.len() > RECENT {
            recent.pop_front();
        }
    }

    pub fn secs(&self) -> f64 {
        (self.before + self.since_start()).as_secs_f64()
    }

    /// Those since the run was started or resumed.
    pub fn since_start(&self) -> Duration {
        self.done + self.unread()
    }

    pub fn pause(&mut self) {
        self.done += self.unread();
        self.read = None;
    }

    pub fn unpause(&mut self) {
        self.read = Some(self.now.now());
    }

    fn unread(&self) -> Duration {
        self.read
            .map_or(Duration::ZERO, |read| self.now.since(read))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        static NOW: Cell<Instant> = Cell::new(Instant::now() + Duration::from_hours(1));
    }

    const FAKE: Now = Now(|| NOW.with(Cell::get));

    fn jump(change: impl FnOnce(Instant) -> Option<Instant>) {
        NOW.with(|now| now.set(change(now.get()).expect("a time")));
    }

    fn ahead(secs: u64) {
        jump(|now| now.checked_add(Duration::from_secs(secs)));
    }

    fn back(secs: u64) {
        jump(|now| now.checked_sub(Duration::from_secs(secs)));
    }

    #[test]
    fn a_clock_that_jumps_breaks_nothing() {
        let mut clock = Clock::new(FAKE, 5.0);
        ahead(10);
        assert_eq!(clock.secs(), 15.0);
        back(60);
        assert_eq!(clock.secs(), 5.0, "never less than before");
        clock.pause();
        ahead(600);
        clock.tick(Work::Step);
        assert_eq!(clock.secs(), 5.0, "a pause is no training");
        clock.unpause();
        ahead(3);
        assert_eq!(clock.secs(), 8.0);
        assert_eq!(Clock::new(FAKE, f64::NAN).secs(), 0.0);
    }

    #[test]
    fn a_sleep_is_no_training() {
        let mut clock = Clock::new(FAKE, 0.0);
        // The first step may take long: nothing says what is usual.
        ahead(300);
        clock.tick(Work::Step);
        for _ in 0..3 {
            ahead(2);
            clock.tick(Work::Step);
        }
        assert_eq!(clock.secs(), 306.0);
        // Images are another kind of work.
        ahead(250);
        clock.tick(Work::Image);
        assert_eq!(clock.secs(), 556.0);
        // Not 100 times as long.
        ahead(200);
        clock.tick(Work::Step);
        assert_eq!(clock.secs(), 756.0);
        // As long as those before it: (300 + 2 + 2 + 2 + 200) / 5.
        ahead(5 * 3600);
        clock.tick(Work::Step);
        assert_eq!(clock.secs(), 857.2);
        back(3600);
        clock.tick(Work::Step);
        ahead(1);
        clock.tick(Work::Step);
        assert_eq!(clock.secs(), 858.2, "what was before is kept");
    }

    #[test]
    fn what_waits_does_not_wait_for_a_clock_that_was_set_back() {
        let then = FAKE.now();
        ahead(4);
        assert_eq!(FAKE.waited(then), Duration::from_secs(4));
        assert_eq!(FAKE.since(then), Duration::from_secs(4));
        back(5);
        assert_eq!(FAKE.waited(then), Duration::MAX);
        assert_eq!(FAKE.since(then), Duration::ZERO);
    }

    #[test]
    fn the_rate_of_the_last_steps_leaves_out_what_was_interrupted() {
        assert_eq!(steps_per_sec(&[]), None);
        assert_eq!(steps_per_sec(&[0.0]), None);
        assert_eq!(steps_per_sec(&[0.5, 0.5]), Some(2.0));
        assert_eq!(steps_per_sec(&[0.5, 18_000.0, 0.5]), Some(2.0));
        assert_eq!(steps_per_sec(&[0.5, 18_000.0]), Some(2.0));
        // Slow, but no sleep: a minute and a half where others take a second, and steps of hours.
        assert_eq!(steps_per_sec(&[1.0, 1.0, 90.0]), Some(3.0 / 92.0));
        assert_eq!(steps_per_sec(&[7200.0]), Some(1.0 / 7200.0));
    }
}
