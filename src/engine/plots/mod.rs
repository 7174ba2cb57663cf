//! The plots of runs as plain data: what is drawn in the window, and written as SVG and CSV.
//!
//! Must not know about widgets.

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

pub use csv::csv;
pub use sheet::PlotSheet;
pub use svg::{PAPER_COLORS, Paint, svg};
pub use ticks::{Scale, Tick, ticks, time_unit};
pub use view::{PlotView, Range, is_out_of_sight};

use crate::engine::ClassList;
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

    /// Why it is empty, where it is.
    pub fn why_empty(self) -> &'static str {
        match self {
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

/// What gives a line its color.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineColor {
    /// The color slot of a run.
    Run(usize),
    /// The color of a class.
    Class([u8; 3]),
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
    /// Its color.
    pub color: LineColor,
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
        let y_scale = if settings.log && !kind.is_share() {
            Scale::Log
        } else {
            Scale::Linear
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
            x_label,
            scales: [x_scale, y_scale],
            ranges: [x, y],
            lines,
        }
    }

    /// Whether there are values, but none of them is in view.
    pub fn is_out_of_sight(&self) -> bool {
        let points = || self.lines.iter().flat_map(|line| line.points);
        points().next().is_some() && is_out_of_sight(points(), self.ranges)
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
        what: what.to_owned(),
        run: run.name,
        label: run.label,
        color: LineColor::Run(run.slot),
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

/// One class of all runs, matched by its name, or all classes of the first run.
fn class_lines<'a>(runs: &[PlottedRun<'a>], class: Option<&str>) -> Vec<PlotLine<'a>> {
    let line = |run: &PlottedRun<'a>, label: usize, color: LineColor| {
        let class = run.classes.iter().nth(label)?;
        Some(PlotLine {
            what: class.name.clone(),
            run: run.name,
            label: run.label,
            color,
            kind: LineKind::Main,
            points: run.model.class_iu.get(label)?,
        })
    };
    match (class, runs.first()) {
        (None, Some(run)) => {
            let color = |label: usize| run.classes.iter().nth(label).map(|class| class.color);
            (0..run.classes.len())
                .filter_map(|label| line(run, label, LineColor::Class(color(label)?)))
                .collect()
        }
        (None, None) => Vec::new(),
        (Some(wanted), _) => {
            let of = |run: &PlottedRun<'a>| {
                let label = run.classes.iter().position(|class| class.name == wanted)?;
                line(run, label, LineColor::Run(run.slot))
            };
            runs.iter().filter_map(of).collect()
        }
    }
}

/// Names of the classes of all runs, each once, in the order of the first run that has it.
pub fn class_names<'a>(runs: &[PlottedRun<'a>]) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for class in runs.iter().flat_map(|run| run.classes.iter()) {
        if !names.contains(&class.name.as_str()) {
            names.push(&class.name);
        }
    }
    names
}

/// From the start to the last value of any run.
fn whole_axis(runs: &[PlottedRun<'_>]) -> Range {
    let extents = runs.iter().filter_map(|run| run.model.extent);
    let end = extents.map(|extent| extent[1]).fold(0.0, f64::max);
    let end = if end > 0.0 { end } else { 1.0 };
    [-0.01 * end, 1.01 * end]
}

fn values_in_view(kind: PlotKind, lines: &[PlotLine<'_>], [left, right]: Range) -> Range {
    if kind.is_share() {
        return [-0.02, 1.04];
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
