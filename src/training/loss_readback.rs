//! Steps whose losses are still on the device. Reading a number waits until the device is
//! done with everything before it, so the losses of several steps are read together.

use std::time::{Duration, Instant};

use burn::tensor::{Tensor, Transaction};

use super::clock::Now;
use super::error::TrainError;
use super::event::StepRecord;

/// Steps that are read together at most: as many may be computed for nothing after a loss that is
/// not finite.
const MOST: usize = 16;

/// The device may work for about this long between two reads, so that curves, a pause and a
/// stop do not lag behind it.
const BETWEEN_READS: Duration = Duration::from_millis(100);

/// A step whose losses are on the device.
pub(super) struct UnreadStep {
    pub step: usize,
    pub epoch: usize,
    pub learning_rate: f64,
    /// The mean loss of each batch, `[1]` each; one or more.
    pub losses: Vec<Tensor<1>>,
    /// The norm of the gradients, `[1]`, where it is not yet known whether it is finite.
    pub norm: Option<Tensor<1>>,
    /// The norm of the gradients, where it was read already.
    pub read_norm: Option<f64>,
}

/// The steps whose losses have not been read.
pub(super) struct LossReadback {
    steps: Vec<UnreadStep>,
    time: Now,
    /// When the first of them began.
    since: Instant,
    /// How many are read together.
    together: usize,
    most: usize,
}

/// What was read.
#[derive(Default)]
pub(super) struct Read {
    /// Each step with the sum of its batches' losses, in their order.
    pub steps: Vec<(StepRecord, f64)>,
    /// What was wrong with the step behind them.
    pub broken: Option<TrainError>,
}

impl LossReadback {
    /// `at_once`: every step is read when it is done, because reading costs nothing.
    pub fn new(at_once: bool, time: Now) -> Self {
        let most = if at_once { 1 } else { MOST };
        Self {
            steps: Vec::new(),
            time,
            since: time.now(),
            together: 1,
            most,
        }
    }

    /// Adds a step that began at `started`.
    pub fn push(&mut self, step: UnreadStep, started: Instant) {
        if self.steps.is_empty() {
            self.since = started;
        }
        self.steps.push(step);
    }

    /// Whether it is time to read.
    pub fn due(&self) -> bool {
        self.steps.len() >= self.together
            || (!self.steps.is_empty() && self.time.waited(self.since) >= BETWEEN_READS)
    }

    /// Reads everything in one transfer. The time since the first of the steps began is
    /// divided among them: on the device it is not known where one ends.
    ///
    /// # Errors
    /// When the device fails. A loss that is not finite is in the result instead, so that the
    /// steps before it are not lost.
    pub fn read(&mut self) -> Result<Read, TrainError> {
        if self.steps.is_empty() {
            return Ok(Read::default());
        }
        let steps = std::mem::take(&mut self.steps);
        let values: Vec<Tensor<1>> = steps
            .iter()
            .flat_map(|step| step.losses.iter().chain(&step.norm).cloned())
            .collect();
        let values = read_together(values)?;
        let secs = self.time.since(self.since).as_secs_f64() / steps.len() as f64;
        self.together = together(secs, self.most);
        let mut values = values.into_iter();
        let mut read = Read::default();
        for UnreadStep {
            step,
            epoch,
            learning_rate,
            losses,
            norm,
            read_norm,
        } in steps
        {
            let losses: Vec<f64> = values.by_ref().take(losses.len()).collect();
            let norm = norm.and_then(|_| values.next()).or(read_norm);
            if let Some(loss) = losses.iter().copied().find(|loss| !loss.is_finite()) {
                read.broken = Some(TrainError::NonFinite {
                    loss,
                    step,
                    learning_rate,
                });
                break;
            }
            if let Some(norm) = norm.filter(|norm| !norm.is_finite()) {
                read.broken = Some(TrainError::NonFiniteGradients {
                    norm,
                    step,
                    learning_rate,
                });
                break;
            }
            let sum = losses.iter().sum::<f64>();
            let record = StepRecord {
                step,
                epoch,
                loss: sum / losses.len() as f64,
                learning_rate,
                grad_norm: norm,
                secs,
            };
            read.steps.push((record, sum));
        }
        Ok(read)
    }
}

/// Steps of `secs` seconds that are read together.
fn together(secs: f64, most: usize) -> usize {
    ((BETWEEN_READS.as_secs_f64() / secs.max(1e-9)) as usize).clamp(1, most)
}

/// Numbers of one device, each `[1]`, in one transfer.
fn read_together(values: Vec<Tensor<1>>) -> Result<Vec<f64>, TrainError> {
    let data = Transaction::default()
        .register(Tensor::cat(values, 0))
        .try_execute();
    let data = data.map_err(|err| TrainError::Execution(err.to_string()))?;
    Ok(data
        .iter()
        .flat_map(|data| data.iter::<f32>())
        .map(f64::from)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn unread(step: usize, epoch: usize, losses: &[f32], norm: Option<f32>) -> UnreadStep {
        let number = |value: f32| Tensor::from_data([value], &Device::flex());
        UnreadStep {
            step,
            epoch,
            learning_rate: 0.5,
            losses: losses.iter().copied().map(number).collect(),
            norm: norm.map(number),
            read_norm: None,
        }
    }

    fn waiting(steps: &[(&[f32], Option<f32>)]) -> LossReadback {
        let mut waiting = LossReadback::new(false, Now::default());
        for (index, (losses, norm)) in steps.iter().enumerate() {
            waiting.push(unread(7 + index, 2, losses, *norm), Instant::now());
        }
        waiting
    }

    #[test]
    fn every_step_gets_its_own_losses() {
        let mut waiting = waiting(&[(&[1.0, 3.0], None), (&[0.5], Some(4.0)), (&[0.25], None)]);
        let read = waiting.read().expect("numbers");
        assert!(read.broken.is_none());
        let found: Vec<(usize, usize, f64, f64)> = read
            .steps
            .iter()
            .map(|(step, sum)| (step.step, step.epoch, step.loss, *sum))
            .collect();
        assert_eq!(
            found,
            [(7, 2, 2.0, 4.0), (8, 2, 0.5, 0.5), (9, 2, 0.25, 0.25)]
        );
        let norms = read.steps.iter().map(|(step, _)| step.grad_norm);
        assert_eq!(norms.collect::<Vec<_>>(), [None, Some(4.0), None]);
        assert!(waiting.read().expect("nothing").steps.is_empty() && !waiting.due());
    }

    #[test]
    fn the_first_step_without_a_number_is_named_and_those_before_it_are_kept() {
        let mut losses = waiting(&[
            (&[1.0], None),
            (&[2.0, f32::INFINITY], None),
            (&[f32::NAN], None),
        ]);
        let read = losses.read().expect("numbers");
        assert_eq!(read.steps.len(), 1);
        let message = read.broken.expect("an error").to_string();
        assert!(
            message.starts_with("the loss became inf at step 8 (learning rate 0.5)"),
            "{message}"
        );

        let mut norms = waiting(&[(&[1.0], Some(f32::NAN)), (&[f32::NAN], None)]);
        let message = norms
            .read()
            .expect("numbers")
            .broken
            .expect("an error")
            .to_string();
        assert!(
            message.starts_with("the norm of the gradients became NaN at step 7"),
            "{message}"
        );
    }

    #[test]
    fn fast_steps_are_read_together_and_slow_ones_one_by_one() {
        assert_eq!(
            [1e-6, 0.01, 0.03, 0.06, 5.0].map(|secs| together(secs, MOST)),
            [16, 10, 3, 1, 1]
        );
        assert_eq!(together(0.0, 1), 1);
    }

    #[test]
    fn what_waits_for_too_long_is_due() {
        let mut waiting = LossReadback {
            together: MOST,
            ..LossReadback::new(false, Now::default())
        };
        let earlier = Instant::now()
            .checked_sub(BETWEEN_READS)
            .expect("a running clock");
        waiting.push(unread(1, 1, &[1.0], None), earlier);
        assert!(waiting.due());
        let mut at_once = LossReadback::new(true, Now::default());
        assert!(!at_once.due());
        at_once.push(unread(1, 1, &[1.0], None), Instant::now());
        assert!(at_once.due());
    }
}
