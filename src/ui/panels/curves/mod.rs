//! Losses and scores of runs against steps.

mod plots;

use std::collections::BTreeMap;

use eframe::egui::{Atom, Button, Color32, RichText, Sense, Slider, Ui};
use serde::{Deserialize, Serialize};

use crate::engine::RunSnapshot;
use crate::ui::context::PanelCtx;
use crate::ui::theme;
use crate::ui::ui_ext::{SWATCH, UiExt as _, paint_swatch};
use crate::ui::view_model::curves::{CurveModel, CurveSettings, RunCurves};
use crate::ui::view_model::run_label::run_label;
use crate::ui::view_model::run_selection::RunSelection;

/// Narrower panels stack their plots, if they are high enough.
const SIDE_BY_SIDE: f32 = 680.0;
const MIN_STACKED: f32 = 320.0;
/// Steps that one frame may take in; more would make it late.
const INTAKE: usize = 50_000;

/// The Curves panel.
#[derive(Serialize, Deserialize)]
#[serde(default)]
pub struct CurvesPanel {
    smoothing: f64,
    log_loss: bool,
    #[serde(skip)]
    curves: BTreeMap<String, RunCurves>,
    #[serde(skip)]
    view: View,
}

impl Default for CurvesPanel {
    fn default() -> Self {
        Self {
            smoothing: 0.9,
            log_loss: false,
            curves: BTreeMap::new(),
            view: View::default(),
        }
    }
}

/// What the plots showed in the last frame.
#[derive(Debug, Clone, Copy, Default)]
struct View {
    /// Steps in view; `None` = all.
    visible: Option<[f64; 2]>,
    /// Width of a plot in pixels.
    columns: usize,
    /// Whether the plots go back to all steps.
    reset: bool,
}

/// A run with its curves and color.
struct Drawn<'a> {
    run: &'a RunSnapshot,
    curves: &'a RunCurves,
    label: String,
    color: Color32,
}

impl CurvesPanel {
    /// Draws the panel. `selection` holds the ticked runs.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, selection: &RunSelection, ui: &mut Ui) {
        let runs = shown_runs(ctx, selection);
        self.curves
            .retain(|name, _| runs.iter().any(|(run, _)| run.name == *name));
        if runs.is_empty() {
            let hint = if ctx.engine.runs().is_empty() {
                "Start training to plot loss and scores here"
            } else {
                "Tick runs in the Train panel to show them here"
            };
            ui.empty_state("No curves yet", hint, |_| {});
            return;
        }
        self.controls_ui(ui);
        let settings = CurveSettings {
            smoothing: self.smoothing,
            log_loss: self.log_loss,
            columns: self.view.columns.clamp(100, 4000),
            visible: self.view.visible,
        };
        let intake = (INTAKE / runs.len()).max(1);
        for (run, _) in &runs {
            let curves = self.curves.entry(run.name.clone()).or_default();
            if !curves.update(&run.steps, &run.epochs, settings, intake) {
                ui.ctx().request_repaint();
            }
        }
        let names: Vec<_> = runs.iter().map(|(run, _)| *run).collect();
        let drawn: Vec<Drawn<'_>> = runs
            .iter()
            .filter_map(|(run, slot)| {
                Some(Drawn {
                    run,
                    curves: self.curves.get(&run.name)?,
                    label: run_label(&names, run),
                    color: theme::run_color(*slot),
                })
            })
            .collect();
        if drawn
            .iter()
            .all(|drawn| drawn.run.steps.is_empty() && drawn.run.epochs.is_empty())
        {
            ui.empty_state(
                "No steps yet",
                "The first values appear after the first step",
                |_| {},
            );
            return;
        }
        runs_ui(ui, &drawn);
        self.view = plots_ui(ui, &drawn, self.log_loss, self.view);
    }

    /// The curves of a run that is drawn, for tests.
    pub fn model(&self, run: &str) -> Option<&CurveModel> {
        self.curves.get(run).map(RunCurves::model)
    }

    fn controls_ui(&mut self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            let label = ui.label("Smoothing");
            let slider = Slider::new(&mut self.smoothing, 0.0..=0.99).max_decimals(2).show_value(true);
            ui.add(slider).labelled_by(label.id).on_hover_text(
                "Exponential smoothing of the training loss, 0 to 0.99; the faint line is the loss of every step",
            );
            ui.separator();
            ui.checkbox(&mut self.log_loss, "Log scale").on_hover_text("Show losses on a logarithmic axis");
            ui.separator();
            self.view.reset = ui.button("Fit").on_hover_text("Show all steps (double click)").clicked();
        });
    }
}

/// The active run and the ticked ones, each with its color slot.
fn shown_runs<'a>(ctx: &PanelCtx<'a>, selection: &RunSelection) -> Vec<(&'a RunSnapshot, usize)> {
    let engine = ctx.engine;
    let mut runs: Vec<_> = selection
        .iter()
        .filter_map(|(name, slot)| engine.run(name).map(|run| (run, slot)))
        .collect();
    if let Some(run) = engine.active().and_then(|active| engine.run(&active.run))
        && runs.iter().all(|(other, _)| other.name != run.name)
    {
        let slot = (0..=runs.len())
            .find(|slot| runs.iter().all(|(_, other)| other != slot))
            .unwrap_or_default();
        runs.push((run, slot));
    }
    runs
}

/// Which color is which run; one alone needs no name.
fn runs_ui(ui: &mut Ui, drawn: &[Drawn<'_>]) {
    if drawn.len() < 2 {
        return;
    }
    ui.horizontal_wrapped(|ui| {
        for run in drawn {
            // In one piece, so that no line ends between them.
            let color = run.color;
            let square = Atom::paint(SWATCH, move |ui, args| paint_swatch(ui, args.rect, color));
            let entry = Button::new((square, RichText::new(&run.label).small()));
            ui.add(entry.frame(false).sense(Sense::hover()))
                .on_hover_text(&run.run.name);
        }
    });
}

fn plots_ui(ui: &mut Ui, drawn: &[Drawn<'_>], log_loss: bool, view: View) -> View {
    let size = ui.available_size();
    let gap = ui.spacing().item_spacing;
    if size.x >= SIDE_BY_SIDE || size.y < MIN_STACKED {
        ui.horizontal_top(|ui| {
            let size = eframe::egui::vec2(((size.x - gap.x) * 0.5).floor(), size.y);
            let view = plots::loss_plot(ui, drawn, log_loss, view, size);
            plots::score_plot(ui, drawn, view, size);
            View {
                reset: false,
                ..view
            }
        })
        .inner
    } else {
        let size = eframe::egui::vec2(size.x, ((size.y - gap.y) * 0.5).floor());
        let view = plots::loss_plot(ui, drawn, log_loss, view, size);
        plots::score_plot(ui, drawn, view, size);
        View {
            reset: false,
            ..view
        }
    }
}
