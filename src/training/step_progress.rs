//! How far a step is, for steps that take long.

use std::time::Instant;

use crate::model::StepCost;

/// What a step is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepPhase {
    /// It waits for images to be read.
    Loading,
    /// The network computes the loss.
    Forward,
    /// Gradients are computed.
    Backward,
    /// Loss or gradients, on a device that does not tell.
    Computing,
    /// The weights change.
    Updating,
}

/// How far the step in hand is.
#[derive(Debug, Clone, PartialEq)]
pub struct StepProgress {
    /// Its number, 1 for the first.
    pub step: usize,
    /// Seconds since it began.
    pub secs: f64,
    /// Batches whose gradients are there.
    pub batches_done: usize,
    /// Batches of the step.
    pub batches: usize,
    /// Images in a batch.
    pub batch_size: usize,
    /// What it is doing.
    pub phase: StepPhase,
    /// Share of its work that is done, `0.0..1.0`, where the device tells.
    pub share: Option<f64>,
}

/// The step that the loop is in.
#[derive(Debug, Clone)]
pub(super) struct StepInHand {
    pub step: usize,
    pub since: Instant,
    pub batches_done: usize,
    pub batches: usize,
    pub batch_size: usize,
    pub doing: Doing,
}

/// What of a step the loop is in.
#[derive(Debug, Clone)]
pub(super) enum Doing {
    Loading,
    /// A batch.
    Computing {
        /// Multiply-adds of the loop before this batch.
        start: u64,
        /// Those that the batch takes.
        cost: StepCost,
    },
    Updating,
}

impl StepInHand {
    /// `multiply_adds` are those of the loop so far. A device that does not count them stays at
    /// those of the start.
    pub fn progress(&self, multiply_adds: u64) -> StepProgress {
        let (phase, of_batch) = match &self.doing {
            Doing::Loading => (StepPhase::Loading, 0.0),
            Doing::Updating => (StepPhase::Updating, 0.0),
            Doing::Computing { start, cost } => {
                let done = multiply_adds.saturating_sub(*start);
                let phase = if done == 0 {
                    StepPhase::Computing
                } else if done < cost.forward {
                    StepPhase::Forward
                } else {
                    StepPhase::Backward
                };
                // Paddings are computed too, so the end may come early.
                let share = done as f64 / cost.total().max(1) as f64;
                (phase, share.min(0.99))
            }
        };
        let share = (self.batches_done as f64 + of_batch) / self.batches.max(1) as f64;
        StepProgress {
            step: self.step,
            secs: self.since.elapsed().as_secs_f64(),
            batches_done: self.batches_done,
            batches: self.batches,
            batch_size: self.batch_size,
            phase,
            share: (share > 0.0).then(|| share.min(0.99)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_hand(doing: Doing) -> StepInHand {
        StepInHand {
            step: 7,
            since: Instant::now(),
            batches_done: 1,
            batches: 4,
            batch_size: 2,
            doing,
        }
    }

    #[test]
    fn a_batch_goes_forward_and_then_back() {
        let cost = StepCost {
            forward: 100,
            backward: 200,
        };
        let step = in_hand(Doing::Computing { start: 1000, cost });
        let seen = |done: u64| {
            let progress = step.progress(1000 + done);
            (progress.phase, progress.share.expect("a share"))
        };
        assert_eq!(seen(0), (StepPhase::Computing, 0.25));
        assert_eq!(seen(30), (StepPhase::Forward, 0.275));
        assert_eq!(seen(150), (StepPhase::Backward, 0.375));
        // A batch that has done more than was expected is not done for that.
        assert_eq!(seen(400), (StepPhase::Backward, (1.0 + 0.99) / 4.0));
    }

    #[test]
    fn what_is_not_known_is_not_claimed() {
        let mut step = in_hand(Doing::Loading);
        step.batches_done = 0;
        assert_eq!(step.progress(5).share, None);
        step.batches_done = 4;
        step.doing = Doing::Updating;
        let progress = step.progress(5);
        assert_eq!(
            (progress.phase, progress.share),
            (StepPhase::Updating, Some(0.99))
        );
    }
}
