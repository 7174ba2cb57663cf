//! Runs that are trained one after another.

use serde::Deserialize;

use super::active_run::ActiveRun;
use crate::engine::queue::QueuedRun;
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
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Names of the runs started so far.
    pub runs: Vec<String>,
    /// Runs in all.
    pub total: usize,
    /// Whether it is over, by its end, a stop or a failure.
    pub done: bool,
    /// What was noticed of its runs, until it is closed.
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

/// What a window of before December 2026 kept of a plan that was stopped; now it is in the queue.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct RestOfPlan {
    run: String,
    config: RunConfig,
    waiting: Vec<RunConfig>,
    staged: bool,
}

impl RestOfPlan {
    /// Its runs, for the queue.
    pub(in crate::engine) fn queued(self) -> Vec<QueuedRun> {
        let mut first = QueuedRun::new(self.config, false);
        first.run = Some(self.run).filter(|run| !run.is_empty());
        let stage = |config| QueuedRun::new(config, self.staged);
        let waiting = self.waiting.into_iter().map(stage);
        std::iter::once(first).chain(waiting).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Trunk;
    use crate::training::preset;

    #[test]
    fn a_plan_that_an_older_window_kept_is_taken_up() {
        let config = |trunk| serde_json::to_value(preset(trunk)).expect("JSON");
        let old = serde_json::json!({
            "run": "stopped",
            "config": config(Trunk::Vgg16Slim),
            "waiting": [config(Trunk::Alexnet)],
            "staged": true,
            "plan": { "runs": ["stopped"], "total": 2, "done": true },
        });
        let rest: RestOfPlan = serde_json::from_value(old).expect("a plan");
        let runs: Vec<_> = rest
            .queued()
            .into_iter()
            .map(|entry| (entry.run, entry.config.trunk, entry.staged))
            .collect();
        let stopped = Some("stopped".to_owned());
        assert_eq!(
            runs,
            [
                (stopped, Trunk::Vgg16Slim, false),
                (None, Trunk::Alexnet, true)
            ]
        );
    }
}
