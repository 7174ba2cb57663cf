//! Plots of runs: losses, scores, learning rates, gradient norms, classes.

mod cursor;
mod export;
mod gestures;
mod grid;
mod hover;
mod hover_place;
mod hover_table;
mod legend;
mod line;
mod plot;

use std::collections::BTreeMap;
use std::path::PathBuf;

use eframe::egui::{Button, ComboBox, Rect, ScrollArea, Slider, Ui};
use serde::{Deserialize, Serialize};
use strum::VariantArray as _;

use crate::engine::plots::curves::{Axis, CurveModel, CurveSettings, RunCurves};
use crate::engine::plots::{
    Figure, FigureSettings, PlotKind, PlotSheet, PlotView, PlottedRun, class_names, default_plots,
};
use crate::engine::{RunSnapshot, RunState};
use crate::ui::command::{Command, PanelKind, PlotFormat};
use crate::ui::context::PanelCtx;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::run_label::run_label;
use crate::ui::view_model::run_selection::RunSelection;
use crate::ui::when::AddWhen as _;
use export::Export;
use grid::Grid;
use hover_place::Surroundings;

/// Narrower panels get a short slider, so that the controls stay in one line.
const NARROW: f32 = 560.0;
/// Steps that one frame may take in; more would make it late.
const INTAKE: usize = 50_000;

/// The Curves panel.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub struct CurvesPanel {
    smoothing: f64,
    log_loss: bool,
    axis: Axis,
    /// Which plots are shown.
    plots: BTreeMap<PlotKind, bool>,
    /// The class of the plot of classes; `None` = all of the first run.
    class: Option<String>,
    #[serde(skip)]
    curves: BTreeMap<String, RunCurves>,
    #[serde(skip)]
    view: PlotView,
    /// Pixels from side to side of the widest plot in the last frame.
    #[serde(skip)]
    columns: usize,
    /// Where a rectangle to zoom to begins.
    #[serde(skip)]
    corner: Option<(PlotKind, [f64; 2])>,
    /// The place on the horizontal axis under the pointer in the last frame.
    #[serde(skip)]
    hovered: Option<f64>,
    /// The run and step that the film shows.
    #[serde(skip)]
    mark: Option<(String, usize)>,
    /// The line of the plot of classes that was looked at in the last frame, by its index.
    #[serde(skip)]
    line: Option<usize>,
    #[serde(skip)]
    export: Export,
}

impl Default for CurvesPanel {
    fn default() -> Self {
        Self {
            smoothing: 0.9,
            log_loss: false,
            axis: Axis::Step,
            plots: default_plots(),
            class: None,
            curves: BTreeMap::new(),
            view: PlotView::default(),
            columns: 0,
            corner: None,
            hovered: None,
            mark: None,
            line: None,
            export: Export::default(),
        }
    }
}

/// A run that is shown, with its color slot.
struct Shown<'a> {
    run: &'a RunSnapshot,
    slot: usize,
    label: String,
}

impl CurvesPanel {
    /// Draws the panel. `selection` holds the ticked runs.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, selection: &RunSelection, ui: &mut Ui) {
        self.export.poll(ctx, ui);
        let shown = shown_runs(ctx, selection);
        self.curves
            .retain(|name, _| shown.iter().any(|shown| shown.run.name == *name));
        if shown.is_empty() {
            empty_ui(ctx, ui);
            return;
        }
        // Ticked runs are updated at once, and drawn with what was there before until they are
        // whole.
        self.update(&shown, ui);
        let mut curves = std::mem::take(&mut self.curves);
        let classes: Vec<_> = shown
            .iter()
            .map(|shown| ctx.colors.of(&shown.run.classes))
            .collect();
        let runs: Vec<PlottedRun<'_>> = shown
            .iter()
            .zip(&classes)
            .filter_map(|(shown, classes)| {
                Some(PlottedRun {
                    name: &shown.run.name,
                    label: &shown.label,
                    slot: shown.slot,
                    classes,
                    model: curves.get(&shown.run.name)?.model(),
                })
            })
            .collect();
        self.controls_ui(ctx, ui, &shown, &runs);
        let is_new = |shown: &Shown<'_>| shown.run.steps.is_empty() && shown.run.epochs.is_empty();
        if shown.iter().all(is_new) {
            let hint = "The first values appear after the first step";
            ui.empty_state("No steps yet", hint, |_| {});
        } else {
            let top = ui.cursor().top();
            legend::ui(ui, &runs);
            let plots = self.plots_ui(ui, &shown, &runs, &curves);
            // With the names of the runs above the plots.
            self.export.area(plots.with_min_y(top));
        }
        self.curves.append(&mut curves);
    }

    /// Asks where to save the plots, or their values, as they are in the next frame.
    pub fn export(&mut self, format: PlotFormat) {
        self.export.want(format);
    }

    /// Saves the plots for which a place was asked.
    pub fn save(&mut self, ctx: &PanelCtx<'_>, path: PathBuf) {
        self.export.save(ctx, path);
    }

    /// The curves of a run that is drawn, for tests.
    pub fn model(&self, run: &str) -> Option<&CurveModel> {
        self.curves.get(run).map(RunCurves::model)
    }

    /// What is in view, for tests.
    pub fn view(&self) -> &PlotView {
        &self.view
    }

    fn update(&mut self, shown: &[Shown<'_>], ui: &Ui) {
        let settings = CurveSettings {
            smoothing: self.smoothing,
            log_loss: self.log_loss,
            axis: self.axis,
            columns: self.columns.clamp(100, 4000),
            visible: self.view.x,
        };
        let intake = (INTAKE / shown.len()).max(1);
        for Shown { run, .. } in shown {
            let curves = self.curves.entry(run.name.clone()).or_default();
            if !curves.update(&run.steps, &run.epochs, settings, intake) {
                ui.ctx().request_repaint();
            }
        }
    }

    fn controls_ui(
        &mut self,
        ctx: &PanelCtx<'_>,
        ui: &mut Ui,
        shown: &[Shown<'_>],
        runs: &[PlottedRun<'_>],
    ) {
        ui.horizontal_wrapped(|ui| {
            if ui.available_width() < NARROW {
                ui.spacing_mut().slider_width = 56.0;
            }
            let label = ui.label("Smoothing");
            let slider = Slider::new(&mut self.smoothing, 0.0..=0.99).max_decimals(2).show_value(true);
            ui.add(slider).labelled_by(label.id).on_hover_text(
                "Exponential smoothing of the training loss, 0 to 0.99; the faint line is the loss of every step",
            );
            let log = ui.checkbox(&mut self.log_loss, "Log scale");
            let changed = log.on_hover_text("Show losses, learning rates and gradient norms on a logarithmic axis").changed();
            let before = self.axis;
            ComboBox::from_id_salt("axis")
                .selected_text(self.axis.title())
                .width(62.0)
                .show_ui(ui, |ui| {
                    for axis in Axis::VARIANTS {
                        ui.selectable_value(&mut self.axis, *axis, axis.title());
                    }
                })
                .response
                .accessible_name("Horizontal axis");
            if changed || before != self.axis {
                // The numbers of the view mean something else now.
                self.view.fit();
            }
            ui.menu_button("Plots", |ui| self.menu_ui(ui, runs));
            let fit = ui.add_when(self.view.is_changed(), Button::new("Fit"));
            let fit = fit
                .on_hover_text("Show everything (double click). Wheel: zoom to the pointer. Drag: move. Drag with the right button: zoom to a rectangle")
                .on_disabled_hover_text("Everything is shown. Wheel: zoom to the pointer. Drag: move. Drag with the right button: zoom to a rectangle");
            if fit.clicked() {
                self.view.fit();
            }
            let all: Vec<&RunSnapshot> = shown.iter().map(|shown| shown.run).collect();
            let mut export = std::mem::take(&mut self.export);
            export.ui(ctx, ui, &all, &|| {
                PlotSheet::new(self.kinds(), runs, &self.figure_settings())
            });
            self.export = export;
        });
    }

    fn menu_ui(&mut self, ui: &mut Ui, runs: &[PlottedRun<'_>]) {
        for kind in PlotKind::VARIANTS {
            let on = self.plots.entry(*kind).or_insert(false);
            ui.checkbox(on, kind.title());
        }
        if !self.is_shown(PlotKind::ClassIu) {
            return;
        }
        ui.separator();
        ui.menu_button("Class", |ui| {
            ScrollArea::vertical().max_height(300.0).show(ui, |ui| {
                ui.selectable_value(&mut self.class, None, "All classes of one run");
                for name in class_names(runs) {
                    let value = Some(name.to_owned());
                    ui.selectable_value(&mut self.class, value, name);
                }
            });
        });
    }

    fn is_shown(&self, kind: PlotKind) -> bool {
        self.plots.get(&kind).copied().unwrap_or_default()
    }

    /// The plots that are shown.
    fn kinds(&self) -> Vec<PlotKind> {
        let kinds = PlotKind::VARIANTS.iter().copied();
        kinds.filter(|kind| self.is_shown(*kind)).collect()
    }

    fn figure_settings(&self) -> FigureSettings<'_> {
        FigureSettings {
            axis: self.axis,
            log: self.log_loss,
            class: self.class.as_deref(),
            view: &self.view,
        }
    }

    fn figures<'a>(&self, runs: &[PlottedRun<'a>]) -> Vec<Figure<'a>> {
        let (kinds, settings) = (self.kinds(), self.figure_settings());
        kinds
            .into_iter()
            .map(|kind| Figure::new(kind, runs, &settings))
            .collect()
    }

    /// Draws the plots, and returns where they are.
    fn plots_ui(
        &mut self,
        ui: &mut Ui,
        shown: &[Shown<'_>],
        runs: &[PlottedRun<'_>],
        curves: &BTreeMap<String, RunCurves>,
    ) -> Rect {
        let figures = self.figures(runs);
        let panel = ui.available_rect_before_wrap();
        if figures.is_empty() {
            ui.empty_state("No plot is shown", "Choose some in the menu Plots", |_| {});
            return panel;
        }
        let grid = Grid::new(panel.size(), figures.len(), ui.spacing().item_spacing);
        let filmed = self.mark.as_ref();
        let filmed = filmed.and_then(|(run, step)| curves.get(run)?.place(*step));
        let mark = self.hovered.or(filmed);
        let is_over = (shown.iter()).all(|shown| shown.run.state != RunState::Active);
        let mut pointed = plot::Pointed::default();
        let mut drawn = Vec::new();
        ScrollArea::vertical()
            .auto_shrink(false)
            .scroll_source(eframe::egui::scroll_area::ScrollSource::SCROLL_BAR)
            .show(ui, |ui| {
                for row in figures.chunks(grid.columns) {
                    ui.horizontal_top(|ui| {
                        for figure in row {
                            let many = runs.len() > 1;
                            let mut drawing = plot::Drawing {
                                figure,
                                many,
                                is_over,
                                view: &mut self.view,
                                corner: &mut self.corner,
                                mark,
                                line: self.line.filter(|_| figure.kind == PlotKind::ClassIu),
                            };
                            let (at, transform) = drawing.ui(ui, grid.size);
                            drawn.push((figure, transform));
                            pointed.hovered = pointed.hovered.or(at.hovered);
                            pointed.line = pointed.line.or(at.line);
                        }
                    });
                }
            });
        self.columns = (grid.size.x * ui.ctx().pixels_per_point()).round() as usize;
        let place = pointed.hovered.map(|at| at.x);
        if (place, pointed.line) != (self.hovered, self.line) {
            (self.hovered, self.line) = (place, pointed.line);
            // The other plots mark the place too.
            ui.ctx().request_repaint();
        }
        if let Some(at) = pointed.hovered {
            let by_class = figures.iter().find(|figure| figure.kind == at.kind);
            let table = match by_class.filter(|figure| figure.kind == PlotKind::ClassIu) {
                Some(figure) => hover::classes_table(shown, curves, at.x, figure, pointed.line),
                None => hover::runs_table(shown, curves, at.x),
            };
            let mut around = Surroundings {
                panel,
                plot: at.plot,
                pointer: at.pointer,
                curves: Vec::new(),
                ends: Vec::new(),
            };
            for (figure, transform) in &drawn {
                around.add(figure, transform, figure.kind == at.kind);
            }
            table.ui(ui, &around);
        }
        panel
    }
}

fn empty_ui(ctx: &PanelCtx<'_>, ui: &mut Ui) {
    if ctx.engine.runs().is_empty() {
        let hint = "Start training to plot loss and scores here";
        ui.empty_state("No curves yet", hint, |_| {});
        return;
    }
    ui.empty_state(
        "No curves yet",
        "Tick runs in the Runs panel to show them here",
        |ui| {
            if ui.button("Go to Runs").clicked() {
                ctx.commands.send(Command::ShowPanel(PanelKind::Runs));
            }
        },
    );
}

/// The active run and the ticked ones, each with its color slot.
fn shown_runs<'a>(ctx: &PanelCtx<'a>, selection: &RunSelection) -> Vec<Shown<'a>> {
    let engine = ctx.engine;
    let ticked = selection.iter().filter_map(|(name, _)| engine.run(name));
    let mut runs: Vec<&RunSnapshot> = ticked.collect();
    if let Some(run) = engine.active().and_then(|active| engine.run(&active.run))
        && runs.iter().all(|other| other.name != run.name)
    {
        runs.push(run);
    }
    let slot = |run: &RunSnapshot| selection.slot(&run.name).unwrap_or_default();
    runs.iter()
        .map(|run| Shown {
            run,
            slot: slot(run),
            label: run_label(&runs, run),
        })
        .collect()
}
