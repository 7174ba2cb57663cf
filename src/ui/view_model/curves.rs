//! Turns the history of a run into curves for a plot of some pixels' width.
//!
//! Values that are not finite are left out, on a logarithmic axis also those that
//! are not above 0. Must not know about widgets.

use std::sync::Arc;

use crate::engine::{Engine, EpochRecord, StepRecord, Task};

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

/// Records that one frame may take in; more would make it late.
const INTAKE: usize = 50_000;

/// The curves of one run, built by workers from a copy of its history.
#[derive(Debug, Default)]
pub struct RunCurves {
    /// Step and loss of every step that was taken in.
    history: Arc<Vec<Point>>,
    built: Built,
    task: Option<Task<Built>>,
}

/// What a worker gives back.
#[derive(Debug, Default)]
struct Built {
    smoother: Arc<Smoother>,
    model: CurveModel,
    key: Option<Key>,
}

/// What a worker gets.
struct Work {
    history: Arc<Vec<Point>>,
    epochs: Vec<EpochPoint>,
    smoother: Arc<Smoother>,
    key: Key,
}

/// The values of an epoch that are drawn.
struct EpochPoint {
    step: f64,
    val_loss: Option<f64>,
    mean_iu: Option<f64>,
    pixel_accuracy: Option<f64>,
}

impl RunCurves {
    /// Takes in the history, and lets a worker build the curves anew where that can be seen.
    /// The earlier curves stay until then.
    pub fn update(
        &mut self,
        engine: &Engine,
        steps: &[StepRecord],
        epochs: &[EpochRecord],
        settings: CurveSettings,
    ) {
        if let Some(task) = &mut self.task {
            if let Some(built) = task.poll() {
                self.built = built;
            } else if !task.is_done() {
                return;
            }
            self.task = None;
        }
        self.task =
            self.prepare(steps, epochs, settings).map(|work| engine.spawn("curves", move |_| work.run()));
    }

    /// What a worker has to do so that the curves fit the history; `None` while they do.
    fn prepare(
        &mut self,
        steps: &[StepRecord],
        epochs: &[EpochRecord],
        settings: CurveSettings,
    ) -> Option<Work> {
        let point = |record: &StepRecord| [record.step as f64, record.loss];
        let same = |point: Point, known: &Point| point.map(f64::to_bits) == known.map(f64::to_bits);
        let known = self.history.len();
        let grew = self
            .history
            .last()
            .is_none_or(|last| steps.get(known - 1).is_some_and(|record| same(point(record), last)));
        let start = if grew { known } else { 0 };
        let end = steps.len().min(start + INTAKE);
        let history = Arc::make_mut(&mut self.history);
        history.truncate(start);
        history.extend(steps[start..end].iter().map(point));
        if !grew {
            self.built.key = None;
        }
        let key = (steps.len(), epochs.len(), settings);
        if end < steps.len() || self.built.key.is_some_and(|old| !is_visible_change(old, key)) {
            return None;
        }
        let epochs = epochs.iter().map(EpochPoint::new).collect();
        Some(Work {
            history: Arc::clone(&self.history),
            epochs,
            smoother: Arc::clone(&self.built.smoother),
            key,
        })
    }

    /// The curves.
    pub fn model(&self) -> &CurveModel {
        &self.built.model
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
            smoothed: self.built.smoother.values.get(index).copied().unwrap_or(record.loss),
            epoch: epoch.map(|index| {
                let epoch = &epochs[index];
                (epoch.epoch, epoch.val_loss, epoch.scores.mean_iu, epoch.scores.pixel_accuracy)
            }),
        })
    }
}

impl Work {
    fn run(self) -> Built {
        let settings = self.key.2;
        let mut smoother = Arc::unwrap_or_clone(self.smoother);
        smoother.update(&self.history, settings.smoothing);
        let model = CurveModel::new(&self.history, &smoother.values, &self.epochs, settings);
        Built { smoother: Arc::new(smoother), model, key: Some(self.key) }
    }
}

impl EpochPoint {
    fn new(epoch: &EpochRecord) -> Self {
        Self {
            step: epoch.step as f64,
            val_loss: epoch.val_loss,
            mean_iu: epoch.scores.mean_iu,
            pixel_accuracy: epoch.scores.pixel_accuracy,
        }
    }
}

impl CurveModel {
    /// Builds the curves; `smoothed` holds one value for every step.
    fn new(steps: &[Point], smoothed: &[f64], epochs: &[EpochPoint], settings: CurveSettings) -> Self {
        let y_of_loss = |[x, loss]: Point| [x, if settings.log_loss { loss.log10() } else { loss }];
        let window = window(steps, settings.visible);
        let shown = &steps[window.clone()];
        let range = match (settings.visible, shown.first(), shown.last()) {
            (Some(range), ..) => range,
            (None, Some(first), Some(last)) => [first[0], last[0]],
            _ => return Self::default(),
        };
        let smooth = shown.iter().zip(smoothed.get(window).unwrap_or_default());
        let by_epoch = |value: fn(&EpochPoint) -> Option<f64>| {
            epochs.iter().filter_map(move |epoch| Some([epoch.step, value(epoch)?]))
        };
        let draw = |points: &mut dyn Iterator<Item = Point>| decimate(points, range, settings.columns);
        Self {
            loss: draw(&mut shown.iter().copied().map(y_of_loss)),
            smoothed: draw(&mut smooth.map(|([x, _], value)| y_of_loss([*x, *value]))),
            val_loss: draw(&mut by_epoch(|epoch| epoch.val_loss).map(y_of_loss)),
            mean_iu: draw(&mut by_epoch(|epoch| epoch.mean_iu)),
            pixel_accuracy: draw(&mut by_epoch(|epoch| epoch.pixel_accuracy)),
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

/// The steps in view and one on either side, so that lines reach the border.
fn window(steps: &[Point], visible: Option<[f64; 2]>) -> std::ops::Range<usize> {
    let Some([from, to]) = visible else {
        return 0..steps.len();
    };
    let start = steps.partition_point(|[x, _]| *x < from).saturating_sub(1);
    let end = steps.partition_point(|[x, _]| *x <= to).saturating_add(1).min(steps.len());
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
#[derive(Debug, Clone, Default)]
struct Smoother {
    smoothing: f64,
    mean: f64,
    weight: f64,
    values: Vec<f64>,
    last: Option<Point>,
}

impl Smoother {
    fn update(&mut self, steps: &[Point], smoothing: f64) {
        let known = self.values.len();
        let grew = smoothing == self.smoothing
            && self.last.is_none_or(|last| {
                steps.get(known - 1).is_some_and(|step| step.map(f64::to_bits) == last.map(f64::to_bits))
            });
        if !grew {
            *self = Self { smoothing, ..Self::default() };
        }
        for [_, loss] in &steps[self.values.len()..] {
            if loss.is_finite() {
                self.mean = smoothing * self.mean + (1.0 - smoothing) * loss;
                self.weight = smoothing * self.weight + (1.0 - smoothing);
            }
            self.values.push(if self.weight > 0.0 { self.mean / self.weight } else { f64::NAN });
        }
        self.last = steps.last().copied();
    }
}

#[cfg(test)]
#[path = "curves_tests.rs"]
mod tests;
