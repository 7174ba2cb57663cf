//! Turns the history of a run into curves for a plot of some pixels' width.
//!
//! A step is taken in once; what a frame costs then depends on the plot's width and not on
//! the history's length. Values that are not finite are left out, on a logarithmic axis also
//! those that are not above 0. Must not know about widgets.

use super::minmax_tree::MinMaxTree;
use crate::engine::{EpochRecord, StepRecord};

/// A point: steps to the right, value up.
pub type Point = [f64; 2];

/// How curves are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurveSettings {
    /// Weight of the past in the smoothed loss, `0.0..1.0`.
    pub smoothing: f64,
    /// Whether losses are given as their logarithm to base 10.
    pub log_loss: bool,
    /// Pixel columns of the plot.
    pub columns: usize,
    /// Steps in view; `None` = all.
    pub visible: Option<[f64; 2]>,
}

/// The curves of one run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CurveModel {
    /// Loss of every step, at most four points a pixel column.
    pub loss: Vec<Point>,
    /// The same, smoothed.
    pub smoothed: Vec<Point>,
    /// Validation loss after every epoch.
    pub val_loss: Vec<Point>,
    /// Mean IU after every epoch.
    pub mean_iu: Vec<Point>,
    /// Pixel accuracy after every epoch.
    pub pixel_accuracy: Vec<Point>,
}

/// The values of a run at one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Readout {
    /// The step.
    pub step: usize,
    /// Training loss.
    pub loss: f64,
    /// Smoothed training loss.
    pub smoothed: f64,
    /// Scores of the last epoch that ended by then: epoch, validation loss, mean IU, pixel accuracy.
    pub epoch: Option<EpochReadout>,
}

/// Epoch, validation loss, mean IU, pixel accuracy.
pub type EpochReadout = (usize, Option<f64>, Option<f64>, Option<f64>);

/// Number of steps, number of epochs, settings.
type Key = (usize, usize, CurveSettings);

/// What tells a record from another at its place.
type Stamp = (usize, u64);

/// The curves of one run, and what is known about its history.
#[derive(Debug, Default)]
pub struct RunCurves {
    loss: MinMaxTree,
    smoother: Smoother,
    val_loss: MinMaxTree,
    mean_iu: MinMaxTree,
    pixel_accuracy: MinMaxTree,
    last_step: Option<Stamp>,
    last_epoch: Option<Stamp>,
    /// Whether the losses were taken in for a logarithmic axis.
    log_loss: bool,
    model: CurveModel,
    key: Option<Key>,
}

impl RunCurves {
    /// Takes in up to `intake` new steps and builds the curves anew where that can be seen.
    /// False = there are more; until all are in, the earlier curves stay.
    pub fn update(
        &mut self,
        steps: &[StepRecord],
        epochs: &[EpochRecord],
        settings: CurveSettings,
        intake: usize,
    ) -> bool {
        let is_whole = self.loss.is_empty() || self.loss.len() == steps.len();
        let retuned =
            settings.smoothing != self.smoother.smoothing || settings.log_loss != self.log_loss;
        // What is being taken in is finished first: a slider that is dragged shows something.
        if !self.continues(steps, epochs) || (is_whole && retuned) {
            self.restart(settings);
        }
        let start = self.loss.len();
        let end = steps.len().min(start + intake);
        self.smoother.values.reserve(steps.len() - start);
        for record in &steps[start..end] {
            self.loss.push(drawable(record.loss, self.log_loss));
            self.smoother.push(record.loss, self.log_loss);
        }
        self.last_step = steps[..end].last().map(step_stamp);
        if end < steps.len() {
            return false;
        }
        for epoch in &epochs[self.mean_iu.len()..] {
            self.val_loss
                .push(drawable(epoch.val_loss.unwrap_or(f64::NAN), self.log_loss));
            self.mean_iu.push(epoch.scores.mean_iu.unwrap_or(f64::NAN));
            self.pixel_accuracy
                .push(epoch.scores.pixel_accuracy.unwrap_or(f64::NAN));
        }
        self.last_epoch = epochs.last().map(epoch_stamp);
        let key = (steps.len(), epochs.len(), settings);
        if self.key.is_none_or(|old| is_visible_change(old, key)) {
            self.model = self.build(steps, epochs, settings);
            self.key = Some(key);
        }
        (settings.smoothing, settings.log_loss) == (self.smoother.smoothing, self.log_loss)
    }

    /// Whether the records that were taken in are still there.
    fn continues(&self, steps: &[StepRecord], epochs: &[EpochRecord]) -> bool {
        let step = self
            .loss
            .len()
            .checked_sub(1)
            .and_then(|last| steps.get(last))
            .map(step_stamp);
        let epoch = self
            .mean_iu
            .len()
            .checked_sub(1)
            .and_then(|last| epochs.get(last))
            .map(epoch_stamp);
        (step, epoch) == (self.last_step, self.last_epoch)
    }

    fn restart(&mut self, settings: CurveSettings) {
        let smoother = Smoother {
            smoothing: settings.smoothing,
            ..Smoother::default()
        };
        let model = std::mem::take(&mut self.model);
        *self = Self {
            smoother,
            log_loss: settings.log_loss,
            model,
            ..Self::default()
        };
    }

    fn build(
        &self,
        steps: &[StepRecord],
        epochs: &[EpochRecord],
        settings: CurveSettings,
    ) -> CurveModel {
        let range = match (settings.visible, steps, epochs) {
            (Some(range), ..) => range,
            (None, [first, .., last], _) => [first.step as f64, last.step as f64],
            (None, [only], _) => [only.step as f64; 2],
            (None, [], [first, ..]) => [first.step as f64, first.step as f64],
            (None, [], []) => return CurveModel::default(),
        };
        let axis = |loss: f64| if self.log_loss { loss.log10() } else { loss };
        let at_step = |index: usize| steps[index].step as f64;
        let at_epoch = |index: usize| epochs[index].step as f64;
        let by_step = |tree: &MinMaxTree, value: &dyn Fn(usize) -> f64| {
            let drawn = tree.columns(range, settings.columns, at_step, value);
            drawn
                .into_iter()
                .map(|index| [at_step(index), axis(value(index))])
                .collect()
        };
        let by_epoch =
            |tree: &MinMaxTree, value: &dyn Fn(&EpochRecord) -> Option<f64>| -> Vec<Point> {
                let value = |index: usize| value(&epochs[index]).unwrap_or(f64::NAN);
                let drawn = tree.columns(range, settings.columns, at_epoch, value);
                drawn
                    .into_iter()
                    .map(|index| [at_epoch(index), value(index)])
                    .collect()
            };
        let log = self.log_loss;
        let val_loss = by_epoch(&self.val_loss, &|epoch| {
            epoch.val_loss.map(|loss| drawable(loss, log))
        });
        CurveModel {
            loss: by_step(&self.loss, &|index| drawable(steps[index].loss, log)),
            smoothed: by_step(&self.smoother.tree, &|index| {
                drawable(f64::from(self.smoother.values[index]), log)
            }),
            val_loss: val_loss
                .into_iter()
                .map(|[x, loss]| [x, axis(loss)])
                .collect(),
            mean_iu: by_epoch(&self.mean_iu, &|epoch| epoch.scores.mean_iu),
            pixel_accuracy: by_epoch(&self.pixel_accuracy, &|epoch| epoch.scores.pixel_accuracy),
        }
    }

    /// The curves.
    pub fn model(&self) -> &CurveModel {
        &self.model
    }

    /// The values nearest to a position on the step axis.
    pub fn readout(
        &self,
        steps: &[StepRecord],
        epochs: &[EpochRecord],
        position: f64,
    ) -> Option<Readout> {
        let after = steps.partition_point(|record| (record.step as f64) < position);
        let index = [after.checked_sub(1), Some(after)]
            .into_iter()
            .flatten()
            .filter(|index| *index < steps.len())
            .min_by(|a, b| {
                let distance = |index: usize| (steps[index].step as f64 - position).abs();
                distance(*a).total_cmp(&distance(*b))
            })?;
        let record = &steps[index];
        let epoch = epochs
            .partition_point(|epoch| epoch.step <= record.step)
            .checked_sub(1);
        Some(Readout {
            step: record.step,
            loss: record.loss,
            smoothed: self
                .smoother
                .values
                .get(index)
                .map_or(record.loss, |value| f64::from(*value)),
            epoch: epoch.map(|index| {
                let epoch = &epochs[index];
                (
                    epoch.epoch,
                    epoch.val_loss,
                    epoch.scores.mean_iu,
                    epoch.scores.pixel_accuracy,
                )
            }),
        })
    }
}

/// A loss, or no number where the axis has no place for it.
fn drawable(loss: f64, log_loss: bool) -> f64 {
    if log_loss && loss <= 0.0 {
        f64::NAN
    } else {
        loss
    }
}

fn step_stamp(record: &StepRecord) -> Stamp {
    (record.step, record.loss.to_bits())
}

fn epoch_stamp(record: &EpochRecord) -> Stamp {
    (record.step, record.train_loss.to_bits())
}

/// Steps that together fill less than half a pixel column change nothing that can be seen.
fn is_visible_change(old: Key, new: Key) -> bool {
    let new_steps = new.0.abs_diff(old.0);
    (old.1, old.2) != (new.1, new.2) || new_steps > new.0 / (2 * new.2.columns.max(1))
}

/// Exponential mean with the bias of its start taken out.
#[derive(Debug, Clone, Default)]
struct Smoother {
    smoothing: f64,
    mean: f64,
    weight: f64,
    /// One for every step.
    values: Vec<f32>,
    tree: MinMaxTree,
}

impl Smoother {
    fn push(&mut self, loss: f64, log_loss: bool) {
        if loss.is_finite() {
            self.mean = self.smoothing * self.mean + (1.0 - self.smoothing) * loss;
            self.weight = self.smoothing * self.weight + (1.0 - self.smoothing);
        }
        let value = if self.weight > 0.0 {
            (self.mean / self.weight) as f32
        } else {
            f32::NAN
        };
        self.values.push(value);
        self.tree.push(drawable(f64::from(value), log_loss));
    }
}

#[cfg(test)]
mod tests;
