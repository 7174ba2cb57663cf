//! The run that is being trained, and how long it will take.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::engine::before_start::BeforeStart;
use crate::training::{
    ClassShares, Preparation, RunConfig, RunInfo, StepProgress, TrainEvent, longest_step,
    steps_per_sec,
};

/// What the training thread is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Opening data, device and network.
    Starting,
    /// The labels of the dataset are being looked at.
    Checking { done: usize, total: usize },
    /// A GPU is being prepared for the first step.
    Preparing(Preparation),
    /// Steps are made.
    Training,
    /// The validation set is being scored.
    Validating { done: usize, total: usize },
    /// A pause was asked for; the step in hand is finished first.
    Pausing,
    /// It waits.
    Paused,
    /// It cannot be saved, and waits until it can; what is wrong.
    Waiting(String),
    /// A stop was asked for; the step in hand is finished and saved first.
    Stopping,
    /// A stop at once was asked for; the step in hand is left.
    StoppingNow,
}

/// The run that is being trained.
#[derive(Debug, Clone)]
pub struct ActiveRun {
    /// Name of its folder; empty until that is made.
    pub run: String,
    /// Its configuration.
    pub config: RunConfig,
    /// What it is doing.
    pub phase: Phase,
    /// Known once it has started.
    pub info: Option<RunInfo>,
    /// Steps done.
    pub step: usize,
    /// Epoch of the last step, 1 for the first.
    pub epoch: usize,
    /// The step of the last checkpoint.
    pub saved: Option<usize>,
    /// Shares of the classes in the newest masks, and the step of these.
    pub shares: Option<(usize, ClassShares)>,
    /// Steps per second over the last steps, validation left out.
    pub steps_per_sec: Option<f64>,
    /// Seconds to the end, at the pace of all that was done so far: steps, live masks, and the validations where
    /// there was one.
    pub remaining_secs: Option<f64>,
    /// Whether there was a validation since its start.
    pub was_validated: bool,
    /// What it was estimated to take; known once the dataset is open.
    pub before_start: Option<Arc<BeforeStart>>,
    /// Why it cannot be saved, while it waits until it can; a stop that was asked for before waits too.
    pub blocked: Option<String>,
    /// How far the step in hand is.
    pub in_step: Option<StepProgress>,
    /// Share of the last steps in which it waited for data.
    pub waiting_share: Option<f64>,
    /// Seconds of waiting for data in each of the last steps.
    waits: VecDeque<f64>,
    /// Those of all steps so far.
    waited: f64,
    /// When its preparation began.
    preparing: Option<Instant>,
    recent: VecDeque<f64>,
}

/// Steps over which the rate is averaged.
const RECENT: usize = 20;

impl ActiveRun {
    /// A run that was just asked for.
    pub fn new(config: RunConfig) -> Self {
        Self {
            run: String::new(),
            config,
            phase: Phase::Starting,
            info: None,
            step: 0,
            epoch: 0,
            saved: None,
            shares: None,
            steps_per_sec: None,
            remaining_secs: None,
            was_validated: false,
            before_start: None,
            blocked: None,
            in_step: None,
            waiting_share: None,
            waits: VecDeque::new(),
            waited: 0.0,
            preparing: None,
            recent: VecDeque::new(),
        }
    }

    /// Its name, or `unnamed` while its folder is not made.
    pub(super) fn name_or<'a>(&'a self, unnamed: &'a str) -> &'a str {
        if self.run.is_empty() {
            unnamed
        } else {
            &self.run
        }
    }

    /// Applies one event of the loop.
    pub(super) fn apply(&mut self, event: &TrainEvent) {
        match event {
            TrainEvent::Started(info) => {
                self.step = info.first_step;
                self.saved = (info.first_step > 0).then_some(info.first_step);
                self.info = Some(info.clone());
                self.enter(Phase::Training);
            }
            TrainEvent::Preparing(what) => {
                self.preparing.get_or_insert_with(Instant::now);
                self.enter(Phase::Preparing(*what));
            }
            TrainEvent::Step(step) => {
                self.step = step.step;
                self.epoch = step.epoch;
                self.recent.push_back(step.secs);
                if self.recent.len() > RECENT {
                    self.recent.pop_front();
                }
                self.steps_per_sec = steps_per_sec(self.recent.make_contiguous());
                self.enter(Phase::Training);
            }
            TrainEvent::Shares { step, shares } => self.shares = Some((*step, shares.clone())),
            TrainEvent::Saved { step } => self.saved = Some(*step),
            TrainEvent::Counting { done, total } => self.checking(*done, *total),
            TrainEvent::Validating { done, total } => {
                self.enter(Phase::Validating {
                    done: *done,
                    total: *total,
                });
            }
            TrainEvent::Paused => self.phase = Phase::Paused,
            TrainEvent::Blocked(problem) => {
                self.blocked = Some(problem.clone());
                if !matches!(self.phase, Phase::Stopping | Phase::StoppingNow) {
                    self.phase = Phase::Waiting(problem.clone());
                }
            }
            TrainEvent::Unpaused => self.phase = Phase::Training,
            TrainEvent::Unblocked => {
                self.blocked = None;
                self.enter(Phase::Training);
            }
            TrainEvent::EpochEnded(_) => self.was_validated = true,
            TrainEvent::Preview(_)
            | TrainEvent::Warning(_)
            | TrainEvent::Alarm(_)
            | TrainEvent::Ended(_) => {}
        }
    }

    /// Takes in how long it has waited for data in all, after a step.
    pub(super) fn waited(&mut self, total: Duration) {
        let total = total.as_secs_f64();
        self.waits.push_back(total - self.waited);
        self.waited = total;
        if self.waits.len() > RECENT {
            self.waits.pop_front();
        }
        let longest = longest_step(&self.recent);
        let pairs = self.waits.iter().zip(&self.recent);
        let (waits, steps) = pairs
            .filter(|(_, step)| **step <= longest)
            .fold((0.0, 0.0), |(waits, steps), (wait, step)| {
                (waits + wait, steps + step)
            });
        self.waiting_share = (steps > 0.0).then(|| (waits / steps).clamp(0.0, 1.0));
    }

    /// How long its device has been prepared, while it is.
    pub fn preparing_for(&self) -> Option<Duration> {
        let is_preparing = matches!(self.phase, Phase::Preparing(_));
        let since = self.preparing.filter(|_| is_preparing)?;
        Some(since.elapsed())
    }

    /// Takes in how far the look at the labels is.
    pub(super) fn checking(&mut self, done: usize, total: usize) {
        self.enter(Phase::Checking { done, total });
    }

    /// A stop was asked for.
    pub(super) fn stop_asked(&mut self) {
        if matches!(self.phase, Phase::Waiting(_)) {
            // Whoever stops it now knows what is wrong: it does not wait any more.
            self.blocked = None;
        }
        if self.phase != Phase::StoppingNow {
            self.phase = Phase::Stopping;
        }
    }

    /// Whether a stop that was asked for waits until the run can be saved, and why it cannot.
    pub fn stop_waits_for(&self) -> Option<&str> {
        let is_stopping = self.phase == Phase::Stopping;
        self.blocked.as_deref().filter(|_| is_stopping)
    }

    /// A pause or stop that was asked for stays on show until it is reached.
    fn enter(&mut self, phase: Phase) {
        if !matches!(
            self.phase,
            Phase::Pausing | Phase::Stopping | Phase::StoppingNow
        ) {
            self.phase = phase;
        }
    }

    /// Takes in how long it has been trained since its start, after a step.
    pub(super) fn trained(&mut self, time: Duration) {
        let Some(info) = &self.info else { return };
        let done = self.step.saturating_sub(info.first_step);
        let left = info.total_steps.saturating_sub(self.step);
        self.remaining_secs = (done > 0).then(|| time.as_secs_f64() / done as f64 * left as f64);
    }

    /// Seconds that the run takes from its first step to its last at the pace so far, those left included.
    pub fn whole_secs(&self) -> Option<f64> {
        let total = self.info.as_ref()?.total_steps;
        let left = total.saturating_sub(self.step);
        let whole = self.remaining_secs? * total as f64 / left as f64;
        Some(whole).filter(|secs| secs.is_finite())
    }

    /// Share of the run that is done, `0.0..=1.0`.
    pub fn share(&self) -> f32 {
        let total = self.info.as_ref().map_or(0, |info| info.total_steps);
        if total == 0 {
            0.0
        } else {
            self.step as f32 / total as f32
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Trunk;
    use crate::training::{StepRecord, preset};

    /// A run of 100 steps of which 20 were done before.
    fn run() -> ActiveRun {
        let mut run = ActiveRun::new(preset(Trunk::Vgg16Slim));
        run.apply(&TrainEvent::Started(RunInfo {
            run: "r".to_owned(),
            device: "CPU".to_owned(),
            arithmetic: "f32".to_owned(),
            parameters: 1,
            steps_per_epoch: 100,
            total_steps: 100,
            first_step: 20,
            repeats: None,
        }));
        run
    }

    fn step(run: &mut ActiveRun, step: u64, secs: f64) {
        run.apply(&TrainEvent::Step(StepRecord {
            step: step as usize,
            epoch: 1,
            loss: 1.0,
            learning_rate: 0.1,
            grad_norm: None,
            secs,
        }));
    }

    #[test]
    fn a_run_that_cannot_be_saved_waits_and_is_not_paused() {
        let mut run = run();
        let problem = || TrainEvent::Blocked("last.json: full".to_owned());
        run.apply(&problem());
        assert_eq!(run.phase, Phase::Waiting("last.json: full".to_owned()));
        run.apply(&TrainEvent::Unblocked);
        assert_eq!(run.phase, Phase::Training);
        assert_eq!((&run.blocked, run.stop_waits_for()), (&None, None));
        run.stop_asked();
        assert_eq!(run.stop_waits_for(), None, "it can be saved so far");
        run.apply(&problem());
        assert_eq!(run.phase, Phase::Stopping, "a stop stays on show");
        assert_eq!(run.stop_waits_for(), Some("last.json: full"));
        // Its checkpoint was waited for, and it goes on with the stop.
        run.apply(&TrainEvent::Unblocked);
        assert_eq!((&run.phase, run.stop_waits_for()), (&Phase::Stopping, None));
    }

    #[test]
    fn a_stop_while_a_run_waits_waits_no_more() {
        let mut run = run();
        run.apply(&TrainEvent::Blocked("last.json: full".to_owned()));
        run.stop_asked();
        assert_eq!((&run.phase, run.stop_waits_for()), (&Phase::Stopping, None));
    }

    #[test]
    fn the_time_left_is_that_of_the_steps_so_far() {
        let mut run = run();
        assert_eq!((run.steps_per_sec, run.remaining_secs), (None, None));
        run.trained(Duration::from_secs(3));
        assert_eq!(run.remaining_secs, None, "no step is done");
        for done in 21..=30 {
            step(&mut run, done, 0.5);
        }
        // Ten steps in 8 s with validation, 70 are left.
        run.trained(Duration::from_secs(8));
        assert_eq!(run.steps_per_sec, Some(2.0));
        assert!((run.remaining_secs.expect("an estimate") - 56.0).abs() < 1e-9);
        // All 100 steps at 0.8 s.
        assert!((run.whole_secs().expect("an estimate") - 80.0).abs() < 1e-9);
    }

    #[test]
    fn a_step_in_which_the_computer_slept_changes_no_rate() {
        let mut run = run();
        for done in 21..=23 {
            step(&mut run, done, 0.5);
            run.waited(Duration::from_millis(100 * (done - 20)));
        }
        step(&mut run, 24, 8.0 * 3600.0);
        run.waited(Duration::from_hours(8));
        assert_eq!(run.steps_per_sec, Some(2.0));
        let share = run.waiting_share.expect("a share");
        assert!((share - 0.2).abs() < 1e-9, "{share}");
        // The clock went back in this one.
        step(&mut run, 25, 0.0);
        assert_eq!(run.steps_per_sec, Some(4.0 / 1.5));
    }
}
