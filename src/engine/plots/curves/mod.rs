//! Turns the history of a run into curves for a plot of a given width.
//!
//! Each step is read once; after that the cost of a frame depends on the width of the plot and
//! not on the length of the history. Values that are not finite are left out; on a logarithmic
//! axis, so are values that are not above 0. Must not know about widgets.

mod axis;

pub use axis::{Axis, AxisMap};

use super::minmax_tree::MinMaxTree;
use crate::engine::{EpochRecord, StepRecord};

/// A point: its place on the [`Axis`] to the right, value up.
pub type Point = [f64; 2];

/// How curves are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurveSettings {
    /// Weight of the past in the smoothed loss, `0.0..1.0`.
    pub smoothing: f64,
    /// Whether losses, learning rates and norms are shown as their logarithm to base 10.
    pub log_loss: bool,
    /// What is to the right.
    pub axis: Axis,
    /// Pixel columns of the plot.
    pub columns: usize,
    /// What is in view of the axis; `None` = all.
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
    /// Learning rate of every step.
    pub learning_rate: Vec<Point>,
    /// Norm of the gradients of the steps where it was logged.
    pub grad_norm: Vec<Point>,
    /// Intersection over union of every class after every epoch, in the order of the classes.
    pub class_iu: Vec<Vec<Point>>,
    /// Where all of it begins and ends on the axis.
    pub extent: Option<[f64; 2]>,
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
    /// Learning rate of the step.
    pub learning_rate: f64,
    /// Norm of its gradients, where it was logged.
    pub grad_norm: Option<f64>,
    /// Where the step is on the axis.
    pub place: f64,
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
    learning_rate: MinMaxTree,
    grad_norm: MinMaxTree,
    map: Option<AxisMap>,
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
            self.learning_rate
                .push(drawable(record.learning_rate, self.log_loss));
            let norm = record.grad_norm.unwrap_or(f64::NAN);
            self.grad_norm.push(drawable(norm, self.log_loss));
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
            let map = AxisMap::new(settings.axis, steps, epochs);
            self.model = self.build(steps, epochs, settings, &map);
            self.map = Some(map);
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
        map: &AxisMap,
    ) -> CurveModel {
        let ends = [
            steps.first().map(|step| step.step),
            epochs.first().map(|epoch| epoch.step),
            steps.last().map(|step| step.step),
            epochs.last().map(|epoch| epoch.step),
        ];
        let ends = || ends.into_iter().flatten();
        let (Some(first), Some(last)) = (ends().min(), ends().max()) else {
            return CurveModel::default();
        };
        let extent = [map.place(first), map.place(last)];
        let range = settings.visible.unwrap_or(extent);
        let axis = |value: f64| if self.log_loss { value.log10() } else { value };
        let log = self.log_loss;
        let at_step = |index: usize| map.place(steps[index].step);
        let at_epoch = |index: usize| map.place(epochs[index].step);
        let by_step = |tree: &MinMaxTree, value: &dyn Fn(usize) -> f64| {
            let value = |index: usize| drawable(value(index), log);
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
        let val_loss = by_epoch(&self.val_loss, &|epoch| {
            epoch.val_loss.map(|loss| drawable(loss, log))
        });
        CurveModel {
            loss: by_step(&self.loss, &|index| steps[index].loss),
            smoothed: by_step(&self.smoother.tree, &|index| {
                f64::from(self.smoother.values[index])
            }),
            val_loss: val_loss
                .into_iter()
                .map(|[x, loss]| [x, axis(loss)])
                .collect(),
            mean_iu: by_epoch(&self.mean_iu, &|epoch| epoch.scores.mean_iu),
            pixel_accuracy: by_epoch(&self.pixel_accuracy, &|epoch| epoch.scores.pixel_accuracy),
            learning_rate: by_step(&self.learning_rate, &|index| steps[index].learning_rate),
            grad_norm: by_step(&self.grad_norm, &|index| {
                steps[index].grad_norm.unwrap_or(f64::NAN)
            }),
            class_iu: class_curves(epochs, map),
            extent: Some(extent),
        }
    }

    /// The curves.
    pub fn model(&self) -> &CurveModel {
        &self.model
    }

    /// The epoch that ended nearest to a position on the axis.
    pub fn epoch_at<'a>(&self, epochs: &'a [EpochRecord], at: f64) -> Option<&'a EpochRecord> {
        let map = self.map.as_ref()?;
        let distance = |epoch: &&EpochRecord| (map.place(epoch.step) - at).abs();
        epochs
            .iter()
            .min_by(|a, b| distance(a).total_cmp(&distance(b)))
    }

    /// The values nearest to a position on the axis.
    pub fn readout(
        &self,
        steps: &[StepRecord],
        epochs: &[EpochRecord],
        position: f64,
    ) -> Option<Readout> {
        let map = self.map.as_ref()?;
        let position = map.step(position);
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
            learning_rate: record.learning_rate,
            grad_norm: record.grad_norm,
            place: map.place(record.step),
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

/// One curve for each class of any epoch. There are few epochs, so none is left out.
fn class_curves(epochs: &[EpochRecord], map: &AxisMap) -> Vec<Vec<Point>> {
    let classes = epochs.iter().map(|epoch| epoch.scores.class_iu.len()).max();
    let curve = |class: usize| {
        let point = |epoch: &EpochRecord| {
            let iu = epoch.scores.class_iu.get(class).copied().flatten()?;
            iu.is_finite().then(|| [map.place(epoch.step), iu])
        };
        epochs.iter().filter_map(point).collect()
    };
    (0..classes.unwrap_or_default()).map(curve).collect()
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
pub mod tests;
