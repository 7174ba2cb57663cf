//! Turns the state of a run, looked at now and then, into events in order.

use crate::engine::{ActiveRun, EpochRecord, RunInfo, RunSnapshot, RunState, StepRecord};

/// Where the events of runs go. Order of one run: `started (step | epoch)* ended`,
/// with `progress` at any time between `started` and `ended`.
pub trait Report {
    /// The run is on its device. `info` is `None` where it ended before it could be looked at.
    fn started(&mut self, run: &RunSnapshot, info: Option<&RunInfo>);
    /// One step is done.
    fn step(&mut self, run: &RunSnapshot, step: &StepRecord);
    /// One epoch was trained and validated.
    fn epoch(&mut self, run: &RunSnapshot, epoch: &EpochRecord);
    /// How far it is, for a progress bar.
    fn progress(&mut self, run: &RunSnapshot, active: &ActiveRun);
    /// The run is over; `run.state` says how.
    fn ended(&mut self, run: &RunSnapshot);
}

/// What was already reported of one run.
#[derive(Debug, Default)]
pub struct Follower {
    started: bool,
    step: usize,
    epoch: usize,
}

impl Follower {
    /// Follows a run that goes on: what is there now is not news.
    pub fn after(run: &RunSnapshot) -> Self {
        Self {
            started: false,
            step: run.steps.last().map_or(0, |record| record.step),
            epoch: run.epochs.last().map_or(0, |record| record.epoch),
        }
    }

    /// Reports what is new. `active` is the run while it is being trained.
    pub fn look(
        &mut self,
        run: &RunSnapshot,
        active: Option<&ActiveRun>,
        report: &mut impl Report,
    ) {
        let info = active.and_then(|active| active.info.as_ref());
        if !self.started {
            match (info, active) {
                (Some(info), _) => self.start(run, info, report),
                // Steps read before the start are those of an earlier part of the run.
                (None, Some(_)) => return,
                // Over before the first look: a failure, or a very short run.
                (None, None) => report.started(run, None),
            }
            self.started = true;
        }
        let epochs = run.epochs.iter().filter(|record| record.epoch > self.epoch);
        for epoch in epochs.collect::<Vec<_>>() {
            self.steps_until(run, epoch.step, report);
            report.epoch(run, epoch);
            self.epoch = epoch.epoch;
        }
        self.steps_until(run, usize::MAX, report);
        if let Some(active) = active {
            report.progress(run, active);
        } else {
            report.ended(run);
        }
    }

    fn start(&mut self, run: &RunSnapshot, info: &RunInfo, report: &mut impl Report) {
        self.step = info.first_step;
        let old = run
            .epochs
            .iter()
            .filter(|record| record.step <= info.first_step);
        self.epoch = old.map(|record| record.epoch).max().unwrap_or(0);
        report.started(run, Some(info));
    }

    fn steps_until(&mut self, run: &RunSnapshot, last: usize, report: &mut impl Report) {
        let from = run.steps.partition_point(|record| record.step <= self.step);
        for step in run.steps[from..]
            .iter()
            .take_while(|record| record.step <= last)
        {
            report.step(run, step);
            self.step = step.step;
        }
    }
}

/// The word for a state, and the message of a failure.
pub fn state_words(state: &RunState) -> (&'static str, Option<&str>) {
    match state {
        RunState::Active => ("active", None),
        RunState::Finished => ("finished", None),
        RunState::Stopped => ("stopped", None),
        RunState::Failed(message) => ("failed", Some(message)),
        RunState::Interrupted => ("interrupted", None),
    }
}

#[cfg(test)]
pub mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::{ClassList, Scores, Trunk, preset};

    pub fn run(steps: usize, epochs: &[usize], state: RunState) -> RunSnapshot {
        let step = |step| StepRecord {
            step,
            epoch: 1,
            loss: 1.0,
            learning_rate: 0.1,
            secs: 0.1,
        };
        let epoch = |(index, &step): (usize, &usize)| EpochRecord {
            epoch: index + 1,
            step,
            train_loss: 1.0,
            val_loss: None,
            scores: Scores::default(),
            elapsed_secs: 1.0,
            best: true,
        };
        RunSnapshot {
            name: "r".to_owned(),
            config: preset(Trunk::Vgg16Slim),
            classes: Arc::new(ClassList::default()),
            dataset_name: "sample".to_owned(),
            created: String::new(),
            state,
            steps: (1..=steps).map(step).collect(),
            epochs: epochs.iter().enumerate().map(epoch).collect(),
            has_weights: true,
            can_resume: true,
        }
    }

    fn active(first_step: Option<usize>) -> ActiveRun {
        let info = first_step.map(|first_step| RunInfo {
            run: "r".to_owned(),
            device: "CPU".to_owned(),
            parameters: 1,
            steps_per_epoch: 2,
            total_steps: 6,
            first_step,
        });
        let mut active = ActiveRun::new(preset(Trunk::Vgg16Slim));
        active.run = "r".to_owned();
        active.info = info;
        active
    }

    #[derive(Default)]
    struct Words(Vec<String>);

    impl Words {
        fn take(&mut self) -> String {
            std::mem::take(&mut self.0).join(" ")
        }
    }

    impl Report for Words {
        fn started(&mut self, _: &RunSnapshot, info: Option<&RunInfo>) {
            self.0
                .push(format!("started@{:?}", info.map(|info| info.first_step)));
        }
        fn step(&mut self, _: &RunSnapshot, step: &StepRecord) {
            self.0.push(format!("s{}", step.step));
        }
        fn epoch(&mut self, _: &RunSnapshot, epoch: &EpochRecord) {
            self.0.push(format!("e{}", epoch.epoch));
        }
        fn progress(&mut self, _: &RunSnapshot, _: &ActiveRun) {}
        fn ended(&mut self, run: &RunSnapshot) {
            self.0.push(state_words(&run.state).0.to_owned());
        }
    }

    #[test]
    fn events_come_once_and_in_order() {
        let (mut follower, mut words) = (Follower::default(), Words::default());
        let live = active(Some(0));
        follower.look(
            &run(0, &[], RunState::Active),
            Some(&active(None)),
            &mut words,
        );
        assert_eq!(words.take(), "");
        follower.look(&run(1, &[], RunState::Active), Some(&live), &mut words);
        assert_eq!(words.take(), "started@Some(0) s1");
        follower.look(&run(5, &[2, 4], RunState::Active), Some(&live), &mut words);
        assert_eq!(words.take(), "s2 e1 s3 s4 e2 s5");
        follower.look(&run(5, &[2, 4], RunState::Active), Some(&live), &mut words);
        assert_eq!(words.take(), "");
        follower.look(&run(6, &[2, 4, 6], RunState::Finished), None, &mut words);
        assert_eq!(words.take(), "s6 e3 finished");
    }

    #[test]
    fn a_resumed_run_reports_only_what_is_new() {
        let (mut follower, mut words) = (Follower::default(), Words::default());
        // On disk are five steps, the checkpoint is at four.
        follower.look(
            &run(5, &[2, 4], RunState::Active),
            Some(&active(None)),
            &mut words,
        );
        follower.look(
            &run(4, &[2, 4], RunState::Active),
            Some(&active(Some(4))),
            &mut words,
        );
        assert_eq!(words.take(), "started@Some(4)");
        follower.look(&run(6, &[2, 4, 6], RunState::Stopped), None, &mut words);
        assert_eq!(words.take(), "s5 s6 e3 stopped");
    }

    #[test]
    fn a_resume_that_fails_at_once_repeats_nothing() {
        let mut words = Words::default();
        let mut follower = Follower::after(&run(4, &[2, 4], RunState::Stopped));
        follower.look(
            &run(4, &[2, 4], RunState::Failed("no".to_owned())),
            None,
            &mut words,
        );
        assert_eq!(words.take(), "started@None failed");
    }

    #[test]
    fn a_run_that_never_started_still_ends() {
        let (mut follower, mut words) = (Follower::default(), Words::default());
        let failed = RunState::Failed("no".to_owned());
        follower.look(&run(0, &[], failed), None, &mut words);
        assert_eq!(words.take(), "started@None failed");
    }
}
