//! Turns the history of a run into curves for a plot of a given width.
//!
//! Each step is read once; after that the cost of a frame depends on the width of the plot and
//! not on the length of the history. Values that are not finite are left out; on a logarithmic
//! axis, so are values that are not above 0. Must not know about widgets.

use super::minmax_tree::MinMaxTree;
use crate::engine::{EpochRecord, StepRecord};

/// A point: steps to the right, value up.
pub type Point = [f64; 2];

/// How curves are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurveSettings {
    /// Weight of the past in the smoothed loss, `0.0..1.0`.
    pub smoothing: f64,
    /// Whether losses are shown as their logarithm to base 10.
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
    /// mIoU after every epoch.
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
    /// Scores of the last epoch that ended before or at that step.
    pub epoch: Option<EpochReadout>,
}

/// The scores of one epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EpochReadout {
    pub epoch: usize,
    pub val_loss: Option<f64>,
    pub mean_iu: Option<f64>,
    pub pixel_accuracy: Option<f64>,
}

/// What the curves were built from.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Built {
    num_steps: usize,
    num_epochs: usize,
    settings: CurveSettings,
}

/// Identifies a record: another run has another loss at the same step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    step: usize,
    loss_bits: u64,
}

/// The curves of one run and the state to extend them.
#[derive(Debug, Default)]
pub struct RunCurves {
    loss: MinMaxTree,
    smoother: Smoother,
    val_loss: MinMaxTree,
    mean_iu: MinMaxTree,
    pixel_accuracy: MinMaxTree,
    last_step: Option<Stamp>,
    last_epoch: Option<Stamp>,
    /// Whether the losses were read for a logarithmic axis.
    log_loss: bool,
    model: CurveModel,
    built: Option<Built>,
}

impl RunCurves {
    /// Reads up to `intake` new steps, and rebuilds the curves if the change is visible.
    /// Returns false while there are more steps; until all are read, the old curves stay.
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
        // A rebuild is finished first, so that dragging a slider shows something.
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
        let built = Built {
            num_steps: steps.len(),
            num_epochs: epochs.len(),
            settings,
        };
        if self.built.is_none_or(|old| is_visible_change(old, built)) {
            self.model = self.build(steps, epochs, settings);
            self.built = Some(built);
        }
        (settings.smoothing, settings.log_loss) == (self.smoother.smoothing, self.log_loss)
    }

    /// Whether the records that were read are still there.
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
                EpochReadout {
                    epoch: epoch.epoch,
                    val_loss: epoch.val_loss,
                    mean_iu: epoch.scores.mean_iu,
                    pixel_accuracy: epoch.scores.pixel_accuracy,
                }
            }),
        })
    }
}

/// A loss, or NaN if it cannot be shown on the axis.
fn drawable(loss: f64, log_loss: bool) -> f64 {
    if log_loss && loss <= 0.0 {
        f64::NAN
    } else {
        loss
    }
}

fn step_stamp(record: &StepRecord) -> Stamp {
    Stamp {
        step: record.step,
        loss_bits: record.loss.to_bits(),
    }
}

fn epoch_stamp(record: &EpochRecord) -> Stamp {
    Stamp {
        step: record.step,
        loss_bits: record.train_loss.to_bits(),
    }
}

/// New steps that fill less than half a pixel column are not visible.
fn is_visible_change(old: Built, new: Built) -> bool {
    let new_steps = new.num_steps.abs_diff(old.num_steps);
    (old.num_epochs, old.settings) != (new.num_epochs, new.settings)
        || new_steps > new.num_steps / (2 * new.settings.columns.max(1))
}

/// Exponential mean with bias correction.
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
