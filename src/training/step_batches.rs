//! Which batches make which step of a run.

use std::ops::Range;

use super::config::RunConfig;

/// What a step of a run is made of.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct StepBatches {
    /// 1 for the first.
    pub step: usize,
    /// 1 for the first.
    pub epoch: usize,
    /// Places in the epoch, from 0.
    pub batches: Range<usize>,
    pub learning_rate: f64,
}

/// All steps of a run with `per_epoch` batches in an epoch, as the training loop takes them.
pub(super) fn step_batches(
    config: &RunConfig,
    per_epoch: usize,
) -> impl Iterator<Item = StepBatches> + use<'_> {
    let together = config.learning.accumulation.max(1);
    let in_epoch = config.steps_per_epoch(per_epoch).max(1);
    let total = config.total_steps(config.steps_per_epoch(per_epoch));
    (0..total).map(move |done| {
        let first = done % in_epoch * together;
        StepBatches {
            step: done + 1,
            epoch: done / in_epoch + 1,
            batches: first..(first + together).min(per_epoch),
            learning_rate: config.learning.rate_at(done, total),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Trunk;
    use crate::training::preset;

    #[test]
    fn the_last_step_of_an_epoch_takes_the_batches_that_are_left() {
        let mut config = preset(Trunk::Vgg16);
        (config.epochs, config.max_steps) = (3, Some(5));
        config.learning.accumulation = 2;
        let steps: Vec<_> = step_batches(&config, 3)
            .map(|step| (step.step, step.epoch, step.batches))
            .collect();
        assert_eq!(
            steps,
            [
                (1, 1, 0..2),
                (2, 1, 2..3),
                (3, 2, 0..2),
                (4, 2, 2..3),
                (5, 3, 0..2)
            ]
        );
        assert_eq!(step_batches(&config, 0).count(), 0);
    }
}
