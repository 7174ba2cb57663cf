//! A search for a learning rate: a button, the losses at rising rates, and the rate they suggest.

use eframe::egui::{self, RichText, Sense, Stroke, Ui, pos2, vec2};

use crate::engine::{
    DatasetState, EngineError, NoticeLevel, RateRange, RateSearch, RunConfig, Task,
};
use crate::ui::command::Command;
use crate::ui::context::PanelCtx;
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format;
use crate::ui::when::AddWhen as _;

/// Height of the plot.
const HEIGHT: f32 = 110.0;

/// Losses above this many times the lowest one are at the upper end of the plot.
const TALLEST: f64 = 3.0;

/// The search in hand, and what the last one found.
#[derive(Default)]
pub struct RateFinder {
    task: Option<Task<Result<RateSearch, EngineError>>>,
    found: Option<RateSearch>,
    /// The dataset of either: another one may have been opened since.
    dataset: String,
}

impl RateFinder {
    /// Whether rates are being tried, which needs the device.
    pub fn is_busy(&self) -> bool {
        self.task.is_some()
    }

    /// Draws the button or the progress, and what was found; `config` is the form with its device.
    pub fn ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, config: &RunConfig, rate: &mut f64) {
        self.poll(ctx);
        ui.horizontal(|ui| match &self.task {
            Some(task) => {
                let share = task.progress().unwrap_or(0.0);
                ui.busy("Searching a learning rate");
                ui.progress_bar(share, 80.0, "Progress of the search");
                if ui.button("Cancel search").clicked() {
                    task.cancel();
                }
                let text = format!("on {}", self.dataset);
                ui.truncated(RichText::new(&text).small(), &text);
            }
            None => self.button_ui(ctx, ui, config),
        });
        let Some(found) = &self.found else { return };
        let text = format!("Loss at rising learning rates on {}", self.dataset);
        ui.truncated(RichText::new(&text).small(), &text);
        plot_ui(ui, found);
        let mut closed = false;
        ui.horizontal_wrapped(|ui| {
            if let Some(suggested) = found.suggested {
                let text = format!("Use learning rate {}", format::scientific(suggested));
                let tooltip = "A tenth of the rate with the lowest loss: there the loss still falls fast, \
                               and is far from where it explodes";
                if ui.button(text).on_hover_text(tooltip).clicked() {
                    *rate = suggested;
                }
            } else {
                ui.weak("The loss falls at none of these rates");
            }
            closed = ui.button("Close search").clicked();
        });
        if closed {
            self.found = None;
        }
    }

    fn button_ui(&mut self, ctx: &PanelCtx<'_>, ui: &mut Ui, config: &RunConfig) {
        let problem = match ctx.engine.dataset() {
            _ if ctx.engine.active().is_some() => Some("A run is active; it needs the device"),
            DatasetState::Ready(_) => None,
            _ => Some("Open a dataset first"),
        };
        let dataset = match ctx.engine.dataset() {
            DatasetState::Ready(open) => open.dataset.name.clone(),
            _ => String::new(),
        };
        let tooltip = "Train a copy of the network for a hundred steps while the learning rate rises from very small \
                       to very large, and show where the loss falls. Do this for new data, another optimizer or \
                       another batch size\nSmith 2017, section 3.3";
        let button = ui
            .add_when(problem.is_none(), egui::Button::new("Find learning rate"))
            .on_hover_text(tooltip)
            .on_disabled_hover_text(problem.unwrap_or_default());
        if !button.clicked() {
            return;
        }
        match ctx
            .engine
            .search_rate(config.clone(), RateRange::usual(config))
        {
            Ok(task) => {
                self.task = task;
                self.found = None;
                self.dataset = dataset;
            }
            Err(err) => tell(ctx, &err),
        }
    }

    fn poll(&mut self, ctx: &PanelCtx<'_>) {
        let Some(result) = self.task.as_mut().and_then(Task::poll_result) else {
            return;
        };
        self.task = None;
        match result {
            Ok(found) => self.found = Some(found),
            Err(EngineError::Cancelled) => {}
            Err(err) => tell(ctx, &err),
        }
    }
}

fn tell(ctx: &PanelCtx<'_>, err: &EngineError) {
    let text = format!("The learning rate could not be searched: {err}");
    ctx.commands.send(Command::Notify(NoticeLevel::Error, text));
}

/// The smoothed loss against the logarithm of the rate.
fn plot_ui(ui: &mut Ui, found: &RateSearch) {
    let (Some(first), Some(last)) = (found.points.first(), found.points.last()) else {
        return;
    };
    let losses = || found.points.iter().map(|point| point.smoothed);
    let lowest = losses().fold(f64::INFINITY, f64::min);
    let highest = losses()
        .fold(0.0, f64::max)
        .min(TALLEST * lowest)
        .max(lowest);
    let (response, painter) =
        ui.allocate_painter(vec2(ui.available_width(), HEIGHT), Sense::hover());
    let rect = response.rect.shrink(4.0);
    let decades = (last.rate / first.rate).log10().max(f64::MIN_POSITIVE);
    let span = (highest - lowest).max(f64::MIN_POSITIVE);
    let x = |rate: f64| {
        let share = (rate / first.rate).log10() / decades;
        rect.left() + rect.width() * share as f32
    };
    let y = |loss: f64| {
        let share = ((loss - lowest) / span).clamp(0.0, 1.0);
        rect.bottom() - rect.height() * share as f32
    };
    let palette = theme::palette(ui.visuals());
    painter.rect_filled(response.rect, 3.0, palette.well);
    if let Some(rate) = found.suggested {
        let line = [pos2(x(rate), rect.top()), pos2(x(rate), rect.bottom())];
        painter.line_segment(line, Stroke::new(1.5, palette.success));
    }
    let curve = found
        .points
        .iter()
        .map(|point| pos2(x(point.rate), y(point.smoothed)));
    painter.line(curve.collect(), Stroke::new(1.5, palette.accent));
    let name = format!(
        "Loss at learning rates from {} to {}, at least {}",
        format::scientific(first.rate),
        format::scientific(last.rate),
        format::loss(Some(lowest))
    );
    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, &name));
    response.on_hover_text(name);
}
