//! Turns the history of a run into curves for a plot of some pixels' width.
//!
//! Values that are not finite are left out, on a logarithmic axis also those that
//! are not above 0. Must not know about widgets or channels.

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
    pub epoch: Option<(usize, Option<f64>, Option<f64>, Option<f64>)>,
}

/// Number of steps, number of epochs, settings.
type Key = (usize, usize, CurveSettings);

/// The curves of one run with what is needed to keep them up to date cheaply.
#[derive(Debug, Default)]
pub struct RunCurves {
    smoother: Smoother,
    key: Option<Key>,
    model: CurveModel,
}

impl RunCurves {
    /// Takes in the history; builds the curves anew only where something changed.
    /// True when they were built.
    pub fn update(&mut self, steps: &[StepRecord], epochs: &[EpochRecord], settings: CurveSettings) -> bool {
        let restarted = self.smoother.update(steps, settings.smoothing);
        let key = (steps.len(), epochs.len(), settings);
        if !restarted && self.key.is_some_and(|old| !is_visible_change(old, key)) {
            return false;
        }
        self.model = CurveModel::new(steps, &self.smoother.values, epochs, settings);
        self.key = Some(key);
        true
    }

    /// The curves.
    pub fn model(&self) -> &CurveModel {
        &self.model
    }

    /// The values nearest to a position on the step axis.
    pub fn readout(&self, steps: &[StepRecord], epochs: &[EpochRecord], position: f64) -> Option<Readout> {
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
        let epoch = epochs.partition_point(|epoch| epoch.step <= record.step).checked_sub(1);
        Some(Readout {
            step: record.step,
            loss: record.loss,
            smoothed: self.smoother.values.get(index).copied().unwrap_or(record.loss),
            epoch: epoch.map(|index| {
                let epoch = &epochs[index];
                (epoch.epoch, epoch.val_loss, epoch.scores.mean_iu, epoch.scores.pixel_accuracy)
            }),
        })
    }
}

impl CurveModel {
    /// Builds the curves; `smoothed` holds one value for every step.
    pub fn new(
        steps: &[StepRecord],
        smoothed: &[f64],
        epochs: &[EpochRecord],
        settings: CurveSettings,
    ) -> Self {
        let y_of_loss = |loss: f64| {
            if settings.log_loss { loss.log10() } else { loss }
        };
        let window = window(steps, settings.visible);
        let shown = &steps[window.clone()];
        let range = match (settings.visible, shown.first(), shown.last()) {
            (Some(range), ..) => range,
            (None, Some(first), Some(last)) => [first.step as f64, last.step as f64],
            _ => return Self::default(),
        };
        let loss = shown.iter().map(|record| [record.step as f64, y_of_loss(record.loss)]);
        let smooth = shown
            .iter()
            .zip(smoothed.get(window).unwrap_or_default())
            .map(|(record, value)| [record.step as f64, y_of_loss(*value)]);
        let by_epoch = |value: fn(&EpochRecord) -> Option<f64>| {
            epochs.iter().filter_map(move |epoch| Some([epoch.step as f64, value(epoch)?]))
        };
        Self {
            loss: decimate(loss, range, settings.columns),
            smoothed: decimate(smooth, range, settings.columns),
            val_loss: decimate(
                by_epoch(|epoch| epoch.val_loss).map(|[x, y]| [x, y_of_loss(y)]),
                range,
                settings.columns,
            ),
            mean_iu: decimate(by_epoch(|epoch| epoch.scores.mean_iu), range, settings.columns),
            pixel_accuracy: decimate(by_epoch(|epoch| epoch.scores.pixel_accuracy), range, settings.columns),
        }
    }
}

/// Steps that together fill less than half a pixel column change nothing that can be seen.
fn is_visible_change(old: Key, new: Key) -> bool {
    let new_steps = new.0.abs_diff(old.0);
    (old.1, old.2) != (new.1, new.2) || new_steps > new.0 / (2 * new.2.columns.max(1))
}

fn finite(points: impl Iterator<Item = Point>) -> impl Iterator<Item = Point> {
    points.filter(|[x, y]| x.is_finite() && y.is_finite())
}

/// The records in view and one on either side, so that lines reach the border.
fn window(steps: &[StepRecord], visible: Option<[f64; 2]>) -> std::ops::Range<usize> {
    let Some([from, to]) = visible else {
        return 0..steps.len();
    };
    let start = steps.partition_point(|record| (record.step as f64) < from).saturating_sub(1);
    let end = steps.partition_point(|record| (record.step as f64) <= to).saturating_add(1).min(steps.len());
    start.min(end)..end
}

/// Keeps of every pixel column the first, lowest, highest and last point, in their order.
pub fn decimate(points: impl Iterator<Item = Point>, [from, to]: [f64; 2], columns: usize) -> Vec<Point> {
    let columns = columns.max(1);
    let per_step = if to > from { columns as f64 / (to - from) } else { 0.0 };
    let mut out = Vec::new();
    let mut column: Option<(i64, [Point; 4])> = None;
    for point in finite(points) {
        let index = ((point[0] - from) * per_step).floor() as i64;
        match &mut column {
            Some((current, [_, low, high, last])) if *current == index => {
                if point[1] < low[1] {
                    *low = point;
                }
                if point[1] > high[1] {
                    *high = point;
                }
                *last = point;
            }
            _ => {
                if let Some((_, done)) = column.replace((index, [point; 4])) {
                    push_column(&mut out, done);
                }
            }
        }
    }
    if let Some((_, done)) = column {
        push_column(&mut out, done);
    }
    out
}

fn push_column(out: &mut Vec<Point>, mut column: [Point; 4]) {
    column.sort_by(|a, b| a[0].total_cmp(&b[0]));
    for point in column {
        if out.last() != Some(&point) {
            out.push(point);
        }
    }
}

/// Exponential mean with the bias of its start taken out; takes in only what is new.
#[derive(Debug, Default)]
struct Smoother {
    smoothing: f64,
    mean: f64,
    weight: f64,
    values: Vec<f64>,
    last: Option<(usize, u64)>,
}

impl Smoother {
    /// True when it had to start again.
    fn update(&mut self, steps: &[StepRecord], smoothing: f64) -> bool {
        let known = self.values.len();
        let grew = smoothing == self.smoothing
            && (known == 0
                || steps
                    .get(known - 1)
                    .is_some_and(|record| Some((record.step, record.loss.to_bits())) == self.last));
        if !grew {
            *self = Self { smoothing, ..Self::default() };
        }
        for record in &steps[self.values.len()..] {
            if record.loss.is_finite() {
                self.mean = smoothing * self.mean + (1.0 - smoothing) * record.loss;
                self.weight = smoothing * self.weight + (1.0 - smoothing);
            }
            let value = if self.weight > 0.0 { self.mean / self.weight } else { f64::NAN };
            self.values.push(value);
            self.last = Some((record.step, record.loss.to_bits()));
        }
        !grew
    }
}

#[cfg(test)]
#[path = "curves_tests.rs"]
mod tests;
