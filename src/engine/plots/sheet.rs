//! Plots with their runs as they were at one moment, to be drawn on another thread.

use super::curves::{Axis, CurveModel};
use super::{Figure, FigureSettings, Paint, PlotKind, PlotView, PlottedRun, svg};
use crate::engine::ClassList;

/// A copy of everything that is shown.
pub struct PlotSheet {
    kinds: Vec<PlotKind>,
    runs: Vec<SheetRun>,
    axis: Axis,
    log: bool,
    class: Option<String>,
    view: PlotView,
}

struct SheetRun {
    name: String,
    label: String,
    slot: usize,
    classes: ClassList,
    model: CurveModel,
}

impl SheetRun {
    fn plotted(&self) -> PlottedRun<'_> {
        PlottedRun {
            name: &self.name,
            label: &self.label,
            slot: self.slot,
            classes: &self.classes,
            model: &self.model,
        }
    }
}

impl PlotSheet {
    /// Copies the plots of these `kinds`.
    pub fn new(
        kinds: Vec<PlotKind>,
        runs: &[PlottedRun<'_>],
        settings: &FigureSettings<'_>,
    ) -> Self {
        let copied = |run: &PlottedRun<'_>| SheetRun {
            name: run.name.to_owned(),
            label: run.label.to_owned(),
            slot: run.slot,
            classes: run.classes.clone(),
            model: run.model.clone(),
        };
        Self {
            kinds,
            runs: runs.iter().map(copied).collect(),
            axis: settings.axis,
            log: settings.log,
            class: settings.class.map(str::to_owned),
            view: settings.view.clone(),
        }
    }

    /// The drawing of all plots.
    pub fn svg(&self, paint: &Paint) -> String {
        let runs: Vec<PlottedRun<'_>> = self.runs.iter().map(SheetRun::plotted).collect();
        let settings = FigureSettings {
            axis: self.axis,
            log: self.log,
            class: self.class.as_deref(),
            view: &self.view,
        };
        let figures: Vec<Figure<'_>> = self
            .kinds
            .iter()
            .map(|kind| Figure::new(*kind, &runs, &settings))
            .collect();
        svg(&figures, paint)
    }
}
