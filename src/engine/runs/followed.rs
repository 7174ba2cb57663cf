//! Runs that other programs train, from what their folders say.

use super::{RunSnapshot, RunState};
use crate::engine::Engine;
use crate::training::steps_per_sec;

/// Steps over which the rate is averaged.
const RECENT: usize = 20;

impl Engine {
    /// The runs that other programs train, the newest first.
    pub fn followed(&self) -> impl Iterator<Item = &RunSnapshot> + Clone {
        let own = self.active().map(|active| active.run.as_str());
        // A run that begins here has no name yet, and may be found in the folder before it has.
        let is_own =
            move |run: &RunSnapshot| own.is_some_and(|own| own.is_empty() || own == run.name);
        self.runs()
            .iter()
            .filter(move |run| run.state == RunState::Active && !is_own(run))
    }
}

impl RunSnapshot {
    /// Share of its steps that is done; `None` where it is not known how many there are.
    pub fn share(&self) -> Option<f32> {
        let total = self.total_steps.filter(|total| *total > 0)?;
        Some((self.steps_done() as f32 / total as f32).clamp(0.0, 1.0))
    }

    /// Steps in a second, by the last ones.
    pub fn steps_per_sec(&self) -> Option<f64> {
        let recent = &self.steps[self.steps.len().saturating_sub(RECENT)..];
        let secs: Vec<f64> = recent.iter().map(|step| step.secs).collect();
        steps_per_sec(&secs)
    }

    /// Seconds that the rest of its steps takes, with the validations where there was one.
    pub fn remaining_secs(&self) -> Option<f64> {
        let left = self.total_steps?.saturating_sub(self.steps_done()) as f64;
        Some(left / self.steps_per_sec()? + left * self.secs_beside_steps())
    }

    /// Seconds of validation and live masks for each step up to the last epoch's end.
    fn secs_beside_steps(&self) -> f64 {
        let Some(epoch) = self.epochs.last().filter(|epoch| epoch.step > 0) else {
            return 0.0;
        };
        let end = self.steps.partition_point(|step| step.step <= epoch.step);
        let in_steps: f64 = self.steps[..end].iter().map(|step| step.secs).sum();
        (epoch.elapsed_secs - in_steps).max(0.0) / epoch.step as f64
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::test_runs;
    use crate::training::StepRecord;

    #[test]
    fn the_time_left_is_that_of_the_last_steps() {
        let mut run = test_runs::run("other", 1);
        assert_eq!((run.share(), run.remaining_secs()), (None, None));
        run.total_steps = Some(120);
        assert_eq!((run.share(), run.remaining_secs()), (Some(0.0), None));
        // The first ten were slow.
        run.steps = (1..=30)
            .map(|step| StepRecord {
                step,
                epoch: 1,
                loss: 1.0,
                learning_rate: 0.1,
                grad_norm: None,
                secs: if step <= 10 { 9.0 } else { 0.5 },
            })
            .collect();
        assert_eq!(run.share(), Some(0.25));
        assert_eq!(run.steps_per_sec(), Some(2.0));
        assert_eq!(run.remaining_secs(), Some(45.0));
        // 100 s of steps up to its 30th, and 6 s in which it was validated: 0.2 s for each step.
        run.epochs = vec![test_runs::epoch(1, 30, 106.0)];
        assert_eq!(run.remaining_secs(), Some(45.0 + 90.0 * 0.2));
    }
}
