//! The plots of runs as plain data: what is drawn in the window, and written as SVG and CSV.
//!
//! Must not know about widgets.

mod classes;
mod csv;
pub mod curves;
mod minmax_tree;
mod range;
mod sheet;
mod svg;
mod ticks;
mod view;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use strum::VariantArray;

pub use classes::class_names;
pub use csv::csv;
pub use sheet::PlotSheet;
pub use svg::{PAPER_COLORS, Paint, escaped, svg};
pub use ticks::{Scale, Tick, ticks, time_unit};
pub use view::{PlotView, Range, is_in_sight};

use crate::engine::ClassList;
use classes::{class_lines, subject};
use curves::{Axis, CurveModel, Point};
use range::value_range;

/// A plot.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, VariantArray,
)]
#[serde(rename_all = "snake_case")]
pub enum PlotKind {
    /// Training and validation loss.
    Loss,
    /// mIoU and pixel accuracy on the validation images.
    Scores,
    /// Intersection over union of classes.
    ClassIu,
    /// Learning rate of every step.
    LearningRate,
    /// Norm of the gradients of every step.
    GradNorm,
}

impl PlotKind {
    /// Its title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Loss => "Loss",
            Self::Scores => "Validation scores",
            Self::ClassIu => "IoU per class",
            Self::LearningRate => "Learning rate",
            Self::GradNorm => "Gradient norm",
        }
    }

    /// What its lines are: the full one, and the thin one with circles.
    pub fn lines(self) -> &'static [&'static str] {
        match self {
            Self::Loss => &["training", "validation"],
            Self::Scores => &["mIoU", "pixel accuracy"],
            _ => &[],
        }
    }

    /// Why it is empty, where it is; `is_over` where no run that it shows is being trained.
    pub fn why_empty(self, is_over: bool) -> &'static str {
        match self {
            Self::Scores | Self::ClassIu if is_over => "No validation was made",
            Self::Loss | Self::LearningRate => "The first values appear after the first step",
            Self::Scores | Self::ClassIu => "The first values appear after the first epoch",
            Self::GradNorm => "Logged on the CPU; on GPUs with a clip norm or in f16",
        }
    }

    fn is_share(self) -> bool {
        matches!(self, Self::Scores | Self::ClassIu)
    }
}

/// A run that is drawn.
#[derive(Debug, Clone, Copy)]
pub struct PlottedRun<'a> {
    /// Name of its folder.
    pub name: &'a str,
    /// What people call it.
    pub label: &'a str,
    /// Its color slot.
    pub slot: usize,
    /// Its classes.
    pub classes: &'a ClassList,
    /// Its curves.
    pub model: &'a CurveModel,
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// Every step, faint.
    Faint,
    /// The main line, in the dashes of its run.
    Main,
    /// Thin, with circles.
    Second,
}

/// A line of a plot.
#[derive(Debug, Clone, PartialEq)]
pub struct PlotLine<'a> {
    /// What it is: `training`.
    pub what: String,
    /// The run's name.
    pub run: &'a str,
    /// What people call the run.
    pub label: &'a str,
    /// Its color slot: that of the run, or of the class where the lines are classes of one run. Not
    /// the color of the class: those of datasets are not made to be told apart as thin lines.
    pub slot: usize,
    /// The color that its class has in masks, to know it again by.
    pub class_color: Option<[u8; 3]>,
    /// Its look.
    pub kind: LineKind,
    /// Its points, in order.
    pub points: &'a [Point],
}

/// A plot with its axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure<'a> {
    /// Which plot it is.
    pub kind: PlotKind,
    /// What of several runs or classes it shows, behind its title.
    pub subject: Option<String>,
    /// Text under the horizontal axis.
    pub x_label: String,
    /// How the axes are divided.
    pub scales: [Scale; 2],
    /// What is in view of the axes.
    pub ranges: [Range; 2],
    /// The lines, later ones above earlier ones.
    pub lines: Vec<PlotLine<'a>>,
}

/// What all plots have in common.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureSettings<'a> {
    /// What is to the right.
    pub axis: Axis,
    /// Whether losses, learning rates and norms are logarithms.
    pub log: bool,
    /// The class of the plot of classes; `None` = all of the first run.
    pub class: Option<&'a str>,
    /// What is in view.
    pub view: &'a PlotView,
}

impl<'a> Figure<'a> {
    /// Draws the runs into a plot.
    pub fn new(kind: PlotKind, runs: &[PlottedRun<'a>], settings: &FigureSettings<'_>) -> Self {
        let lines = match kind {
            PlotKind::ClassIu => class_lines(runs, settings.class),
            kind => runs.iter().flat_map(|run| run_lines(kind, run)).collect(),
        };
        let x = settings.view.x.unwrap_or_else(|| whole_axis(runs));
        let y = settings.view.y.get(&kind).copied();
        let y_scale = match kind.is_share() {
            true => Scale::Share,
            false if settings.log => Scale::Log,
            false => Scale::Linear,
        };
        let (x_scale, x_label) = match settings.axis {
            Axis::Step => (Scale::Count, "Step".to_owned()),
            Axis::Epoch => (Scale::Linear, "Epoch".to_owned()),
            Axis::Time => (
                Scale::Secs,
                format!("Training time ({})", time_unit(x[1]).1),
            ),
        };
        let y = y.unwrap_or_else(|| values_in_view(kind, &lines, x));
        Self {
            kind,
            subject: (kind == PlotKind::ClassIu)
                .then(|| subject(runs, settings.class))
                .flatten(),
            x_label,
            scales: [x_scale, y_scale],
            ranges: [x, y],
            lines,
        }
    }

    /// Its title, with what it shows.
    pub fn title(&self) -> String {
        match &self.subject {
            Some(subject) => format!("{} · {subject}", self.kind.title()),
            None => self.kind.title().to_owned(),
        }
    }

    /// Whether there are values, but no part of a line through them is in view.
    pub fn is_out_of_sight(&self) -> bool {
        let mut lines = self.lines.iter();
        let has_values = self.lines.iter().any(|line| !line.points.is_empty());
        has_values && !lines.any(|line| is_in_sight(line.points, self.ranges))
    }

    /// Whether its lines are classes of one run, told apart by the color slots of their labels.
    pub fn is_by_class(&self) -> bool {
        let mut lines = self.lines.iter();
        let first = lines.next();
        self.kind == PlotKind::ClassIu
            && lines.any(|line| first.is_some_and(|first| first.run == line.run))
    }

    /// From the first value to the last, and from the lowest to the highest; `None` = there are none.
    pub fn bounds(&self) -> Option<[Range; 2]> {
        let mut points = self.lines.iter().flat_map(|line| line.points);
        let first = points.next()?;
        let start = first.map(|value| [value, value]);
        Some(points.fold(start, |bounds, point| {
            std::array::from_fn(|axis| {
                let [from, to] = bounds[axis];
                [from.min(point[axis]), to.max(point[axis])]
            })
        }))
    }

    /// The line that passes nearest above or below `at`, no farther away than `most`.
    pub fn nearest_line(&self, at: Point, most: f64) -> Option<usize> {
        let distance = |line: &PlotLine<'_>| {
            let value = value_at(line.points, at[0])?;
            Some((value - at[1]).abs()).filter(|distance| *distance <= most)
        };
        let lines = self.lines.iter().enumerate();
        let near = lines.filter_map(|(index, line)| Some((distance(line)?, index)));
        near.min_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, index)| index)
    }

    /// Whether it has no values.
    pub fn is_empty(&self) -> bool {
        self.lines.iter().all(|line| line.points.is_empty())
    }

    /// Where values lie above and below what is shown, each with its line.
    pub fn cut(&self) -> Vec<Cut> {
        let [[left, right], [low, high]] = self.ranges;
        let mut found = Vec::new();
        for (index, line) in self.lines.iter().enumerate() {
            for [x, y] in line.points {
                let above = *y > high;
                if (left..=right).contains(x) && (above || *y < low) {
                    found.push(Cut {
                        x: *x,
                        above,
                        line: index,
                    });
                }
            }
        }
        found
    }
}

/// A value outside of the range that is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cut {
    /// Its place on the horizontal axis.
    pub x: f64,
    /// Whether it is above, else below.
    pub above: bool,
    /// Index of its line.
    pub line: usize,
}

/// `2 values above, 1 below`; `None` where none is cut.
pub fn cut_text(cuts: &[Cut]) -> Option<String> {
    let above = cuts.iter().filter(|cut| cut.above).count();
    let below = cuts.len() - above;
    let count = |count: usize| crate::text::plural(count, "value", "values");
    match (above, below) {
        (0, 0) => None,
        (above, 0) => Some(format!("{} above", count(above))),
        (0, below) => Some(format!("{} below", count(below))),
        (above, below) => Some(format!("{} above, {below} below", count(above))),
    }
}

fn run_lines<'a>(kind: PlotKind, run: &PlottedRun<'a>) -> Vec<PlotLine<'a>> {
    let line = |what: &str, kind: LineKind, points: &'a [Point]| PlotLine {
        class_color: None,
        what: what.to_owned(),
        run: run.name,
        label: run.label,
        slot: run.slot,
        kind,
        points,
    };
    let model = run.model;
    match kind {
        PlotKind::Loss => vec![
            line("every step", LineKind::Faint, &model.loss),
            line("training", LineKind::Main, &model.smoothed),
            line("validation", LineKind::Second, &model.val_loss),
        ],
        PlotKind::Scores => vec![
            line("pixel accuracy", LineKind::Second, &model.pixel_accuracy),
            line("mIoU", LineKind::Main, &model.mean_iu),
        ],
        PlotKind::LearningRate => vec![line("learning rate", LineKind::Main, &model.learning_rate)],
        PlotKind::GradNorm => vec![line("gradient norm", LineKind::Main, &model.grad_norm)],
        PlotKind::ClassIu => Vec::new(),
    }
}

/// The height of a line through `points` at a place between them.
fn value_at(points: &[Point], x: f64) -> Option<f64> {
    let after = points.partition_point(|point| point[0] < x);
    let right = points.get(after)?;
    if right[0] <= x {
        return Some(right[1]);
    }
    let left = points.get(after.checked_sub(1)?)?;
    let share = (x - left[0]) / (right[0] - left[0]);
    Some(left[1] + share * (right[1] - left[1]))
}

/// Room before the first value and behind the last one, and around shares, as a share of what is shown: marks are
/// whole there.
const MARGIN: f64 = 0.04;

/// From the start to the last value of any run.
fn whole_axis(runs: &[PlottedRun<'_>]) -> Range {
    let extents = runs.iter().filter_map(|run| run.model.extent);
    let end = extents.map(|extent| extent[1]).fold(0.0, f64::max);
    let end = if end > 0.0 { end } else { 1.0 };
    [-MARGIN * end, (1.0 + MARGIN) * end]
}

fn values_in_view(kind: PlotKind, lines: &[PlotLine<'_>], [left, right]: Range) -> Range {
    if kind.is_share() {
        return [-MARGIN, 1.0 + MARGIN];
    }
    let in_view = |line: &PlotLine<'_>| {
        let points = line.points.iter();
        let points = points.filter(|point| (left..=right).contains(&point[0]));
        points.map(|point| point[1]).collect::<Vec<_>>()
    };
    let lines: Vec<Vec<f64>> = lines.iter().map(in_view).collect();
    value_range(lines.into_iter().map(Vec::into_iter)).unwrap_or([0.0, 1.0])
}

/// The dashes of a color slot, lengths of lines and gaps in points; empty = a full line. Slots
/// with one color differ in them.
pub fn dashes(slot: usize) -> &'static [f32] {
    const DASHES: [&[f32]; 4] = [&[], &[9.0, 6.0], &[2.0, 4.0], &[4.0, 3.0]];
    DASHES[slot / NUM_COLORS % DASHES.len()]
}

/// Colors of runs before they repeat with other dashes.
pub const NUM_COLORS: usize = 8;

/// Looks of runs, colors with dashes, before they repeat.
pub const NUM_LOOKS: usize = 4 * NUM_COLORS;

/// Which plots are shown before somebody chooses others.
pub fn default_plots() -> BTreeMap<PlotKind, bool> {
    let shown = |kind: &PlotKind| matches!(kind, PlotKind::Loss | PlotKind::Scores);
    PlotKind::VARIANTS
        .iter()
        .map(|kind| (*kind, shown(kind)))
        .collect()
}

#[cfg(test)]
mod tests;
