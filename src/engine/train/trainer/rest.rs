//! What is left of a plan: kept over a restart, taken up again, forgotten.

use super::Trainer;
use crate::engine::EngineError;
use crate::engine::runs::RunSnapshot;
use crate::engine::train::plan::RestOfPlan;

impl Trainer {
    /// What would be left of the plan if the program ended now.
    pub fn plan_left(&self) -> Option<RestOfPlan> {
        let Some(current) = &self.current else {
            return self.rest.clone();
        };
        let plan = self.plan.clone().filter(|plan| plan.total > 1)?;
        let (active, waiting) = (current.active.clone(), self.waiting.clone());
        RestOfPlan::of(plan, active, waiting, false, self.staged)
    }

    /// Takes up what was left of a plan when the program ended.
    pub fn restore_plan(&mut self, rest: RestOfPlan) {
        if self.current.is_none() {
            self.rest = Some(rest);
        }
    }

    /// Forgets a plan that was stopped.
    pub fn forget_plan(&mut self) {
        self.rest = None;
    }

    /// Brings the rest of a plan up to date with the runs that are there.
    pub fn settle_plan(&mut self, runs: &[RunSnapshot]) {
        if let Some(rest) = self.rest.take_if(|rest| !rest.run.is_empty()) {
            let run = runs.iter().find(|run| run.name == rest.run);
            self.rest = rest.settled(run.map(|run| &run.state));
        }
    }

    /// Goes on with a stopped plan, whose run has no checkpoint: it starts anew.
    pub fn restart_rest_of_plan(&mut self) -> Result<(), EngineError> {
        let rest = self.rest.take();
        self.begin_plan(1)?;
        if let Some(mut rest) = rest {
            rest.waiting.push_front(rest.config.clone());
            rest.plan.runs.retain(|run| *run != rest.run);
            self.take_up(rest);
        }
        self.start_next()
    }

    pub(super) fn take_up(&mut self, rest: RestOfPlan) {
        self.staged = rest.staged;
        self.waiting = rest.waiting;
        self.plan = Some(rest.plan);
    }
}
