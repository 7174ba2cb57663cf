//! Runs that are trained one after another, and what is left of them after a stop.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::active_run::ActiveRun;
use crate::engine::RunState;
use crate::training::{Alarm, RunConfig, TrainEvent};

/// What was noticed of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunAlarm {
    /// Name of the run.
    pub run: String,
    /// Its settings.
    pub config: RunConfig,
    /// What was noticed.
    pub alarm: Alarm,
}

/// Runs that are trained one after another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Names of the runs started so far.
    pub runs: Vec<String>,
    /// Runs in all.
    pub total: usize,
    /// Whether it is over, by its end, a stop or a failure.
    pub done: bool,
    /// What was noticed of its runs, until it is closed.
    #[serde(skip)]
    pub alarms: Vec<RunAlarm>,
}

impl Plan {
    /// Of so many runs, none of which was started.
    pub(super) fn new(total: usize) -> Self {
        Self {
            runs: Vec::new(),
            total,
            done: false,
            alarms: Vec::new(),
        }
    }

    /// Keeps what an event of the active run says is wrong.
    pub(super) fn note(&mut self, active: &ActiveRun, event: &TrainEvent) {
        if let TrainEvent::Alarm(alarm) = event {
            self.alarms.push(RunAlarm {
                run: active.run.clone(),
                config: active.config.clone(),
                alarm: alarm.clone(),
            });
        }
    }
}

/// A plan that was stopped, or of which a run failed, before its last run was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RestOfPlan {
    /// The run that did not end; empty where its folder was not made.
    pub run: String,
    /// Its settings.
    pub config: RunConfig,
    /// The runs behind it.
    pub waiting: VecDeque<RunConfig>,
    /// Whether each run starts from the one before.
    pub(super) staged: bool,
    pub(super) plan: Plan,
}

impl RestOfPlan {
    /// The rest of the run in which a plan was stopped, unless that is `finished`, and the runs
    /// behind it; `None` where nothing is left.
    pub(super) fn of(
        plan: Plan,
        active: ActiveRun,
        mut waiting: VecDeque<RunConfig>,
        finished: bool,
        staged: bool,
    ) -> Option<Self> {
        let (run, config) = if finished {
            (String::new(), waiting.pop_front()?)
        } else {
            (active.run, active.config)
        };
        Some(Self {
            run,
            config,
            waiting,
            staged,
            plan,
        })
    }

    /// The same without its first run, which has been trained to its end; `None` = nothing is left.
    fn behind_first(mut self) -> Option<Self> {
        self.config = self.waiting.pop_front()?;
        self.run.clear();
        Some(self)
    }

    /// What is left of it now that `state` is known: of its first run, `None` where that is gone.
    pub(super) fn settled(self, state: Option<&RunState>) -> Option<Self> {
        match state {
            Some(RunState::Finished) => self.behind_first(),
            Some(_) => Some(self),
            None => Some(Self {
                run: String::new(),
                ..self
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Trunk;
    use crate::training::preset;

    #[test]
    fn a_run_that_has_just_ended_is_not_trained_again() {
        let rest = |waiting: usize, finished| {
            let mut active = ActiveRun::new(preset(Trunk::Vgg16Slim));
            active.run = "run".to_owned();
            let plan = Plan {
                runs: vec!["run".to_owned()],
                ..Plan::new(3)
            };
            let waiting = (0..waiting).map(|_| preset(Trunk::Alexnet)).collect();
            let rest = RestOfPlan::of(plan, active, waiting, finished, false)?;
            Some((rest.run, rest.config.trunk, rest.waiting.len()))
        };
        assert_eq!(
            rest(2, false),
            Some(("run".to_owned(), Trunk::Vgg16Slim, 2))
        );
        assert_eq!(rest(2, true), Some((String::new(), Trunk::Alexnet, 1)));
        assert_eq!(rest(0, true), None);
        assert!(rest(0, false).is_some());
    }

    #[test]
    fn what_is_left_follows_what_became_of_its_run() {
        let rest = |waiting: usize| RestOfPlan {
            run: "run".to_owned(),
            config: preset(Trunk::Vgg16Slim),
            waiting: (0..waiting).map(|_| preset(Trunk::Alexnet)).collect(),
            staged: true,
            plan: Plan {
                runs: vec!["run".to_owned()],
                ..Plan::new(3)
            },
        };
        let settled = |waiting, state: Option<&RunState>| {
            let rest = rest(waiting).settled(state)?;
            Some((rest.run, rest.config.trunk, rest.waiting.len()))
        };
        let run = |name: &str, trunk, waiting| Some((name.to_owned(), trunk, waiting));
        for state in [RunState::Stopped, RunState::Interrupted] {
            let found = settled(2, Some(&state));
            assert_eq!(found, run("run", Trunk::Vgg16Slim, 2));
        }
        // It was trained to its end elsewhere.
        let finished = Some(&RunState::Finished);
        assert_eq!(settled(2, finished), run("", Trunk::Alexnet, 1));
        assert_eq!(settled(0, finished), None);
        // It was deleted: it starts anew.
        assert_eq!(settled(1, None), run("", Trunk::Vgg16Slim, 1));

        let kept = serde_json::to_string(&rest(2)).expect("JSON");
        let read: RestOfPlan = serde_json::from_str(&kept).expect("a plan");
        assert_eq!(read, rest(2));
    }
}
