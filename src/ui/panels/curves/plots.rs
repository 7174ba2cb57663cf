//! The two plots: loss, and scores from 0 to 1. Their step axes move together.

use std::fmt::Write as _;

use eframe::egui::{Id, RichText, Ui, Vec2};
use egui_plot::{
    ColorConflictHandling, Corner, HoverPosition, Legend, Line, LineStyle, Plot, PlotPoints, Points,
};

use super::{Drawn, View};
use crate::ui::theme;
use crate::ui::view_model::curves::Point;
use crate::ui::view_model::format;

/// Runs whose values a tooltip lists.
const LISTED_RUNS: usize = 8;
/// More points than these are drawn as a line only.
const MAX_DOTS: usize = 100;

fn link() -> Id {
    Id::unique("curves step axis")
}

fn base<'a>(ui: &Ui, id: &'static str, view: View, size: Vec2, drawn: &'a [Drawn<'a>]) -> Plot<'a> {
    let grid = theme::palette(ui.visuals()).grid;
    let plot = Plot::new(id)
        .width(size.x)
        .height(size.y)
        .link_axis(link(), [true, false])
        .link_cursor(link(), [true, false])
        .y_axis_min_width(34.0)
        .grid_color(grid)
        .cursor_color(grid)
        .label_formatter(move |position| readout(position, drawn))
        .x_axis_formatter(|mark, _| format::short_count(mark.value))
        .set_margin_fraction(Vec2::new(0.01, 0.06));
    if view.reset { plot.reset() } else { plot }
}

/// Small plots go without: it would cover the curves.
fn with_legend(plot: Plot<'_>, size: Vec2, corner: Corner) -> Plot<'_> {
    if size.y < 130.0 || size.x < 220.0 {
        return plot;
    }
    plot.legend(
        Legend::default()
            .position(corner)
            .background_alpha(0.6)
            .follow_insertion_order(true)
            .color_conflict_handling(ColorConflictHandling::PickLast),
    )
}

/// Draws the losses; returns what is in view.
pub fn loss_plot(ui: &mut Ui, drawn: &[Drawn<'_>], log_loss: bool, view: View, size: Vec2) -> View {
    ui.vertical(|ui| {
        ui.label(RichText::new("Loss").small().strong());
        let size = size - Vec2::new(0.0, 20.0);
        let plot = with_legend(base(ui, "loss", view, size, drawn), size, Corner::RightTop);
        let plot = if log_loss {
            plot.y_axis_formatter(|mark, _| format::scientific(10_f64.powf(mark.value)))
        } else {
            plot
        };
        let response = plot.show(ui, |plot| {
            for run in drawn {
                let model = run.curves.model();
                let name = name(drawn, run, "training");
                plot.line(
                    line(&name, &model.loss)
                        .id((&run.run.name, "raw"))
                        .color(run.color.gamma_multiply(0.28))
                        .width(1.0)
                        .allow_hover(false),
                );
                plot.line(
                    line(&name, &model.smoothed).id((&run.run.name, "smoothed")).color(run.color).width(2.0),
                );
            }
            for run in drawn.iter().filter(|run| !run.curves.model().val_loss.is_empty()) {
                let points = &run.curves.model().val_loss;
                let name = self::name(drawn, run, "validation");
                plot.line(
                    line(&name, points)
                        .id((&run.run.name, "validation"))
                        .color(run.color)
                        .width(1.5)
                        .style(LineStyle::dashed_dense()),
                );
                plot.points(dots(&name, points).id((&run.run.name, "validation dots")).color(run.color));
            }
            let bounds = plot.plot_bounds();
            (!plot.auto_bounds().x).then(|| [bounds.min()[0], bounds.max()[0]])
        });
        let pixels = response.response.rect.width() * ui.ctx().pixels_per_point();
        View { visible: response.inner, columns: pixels.round() as usize, reset: view.reset }
    })
    .inner
}

/// Draws mean IU and pixel accuracy on an axis from 0 to 1.
pub fn score_plot(ui: &mut Ui, drawn: &[Drawn<'_>], view: View, size: Vec2) {
    ui.vertical(|ui| {
        ui.label(RichText::new("Validation scores").small().strong());
        let size = size - Vec2::new(0.0, 20.0);
        with_legend(base(ui, "scores", view, size, drawn), size, Corner::RightBottom)
            .default_y_bounds(-0.02, 1.04)
            .y_axis_formatter(|mark, _| match mark.value {
                value if (-1e-9..=1.0 + 1e-9).contains(&value) => format!("{value:.1}"),
                _ => String::new(),
            })
            .allow_zoom([true, false])
            .allow_drag([true, false])
            .allow_axis_zoom_drag([true, false])
            .allow_boxed_zoom(false)
            .show(ui, |plot| {
                for run in drawn {
                    let model = run.curves.model();
                    for (what, points, style) in [
                        ("mIoU", &model.mean_iu, LineStyle::Solid),
                        ("pixel accuracy", &model.pixel_accuracy, LineStyle::dashed_dense()),
                    ] {
                        let name = name(drawn, run, what);
                        plot.line(
                            line(&name, points)
                                .id((&run.run.name, what))
                                .color(run.color)
                                .width(2.0)
                                .style(style),
                        );
                        plot.points(dots(&name, points).id((&run.run.name, what, "dots")).color(run.color));
                    }
                }
            });
    });
}

fn name(drawn: &[Drawn<'_>], run: &Drawn<'_>, what: &str) -> String {
    if drawn.len() == 1 { what.to_owned() } else { format!("{} {what}", run.label) }
}

fn line<'a>(name: &str, points: &[Point]) -> Line<'a> {
    Line::new(name, points.iter().copied().collect::<PlotPoints<'a>>())
}

/// The points of a line; none where they would run together.
fn dots<'a>(name: &str, points: &[Point]) -> Points<'a> {
    let shown = if points.len() <= MAX_DOTS { points } else { &[] };
    Points::new(name, shown.iter().copied().collect::<PlotPoints<'a>>()).radius(2.5).allow_hover(false)
}

/// The values of all runs at the step under the pointer.
fn readout(position: &HoverPosition<'_>, drawn: &[Drawn<'_>]) -> Option<String> {
    let x = match position {
        HoverPosition::NearDataPoint { position, .. } | HoverPosition::Elsewhere { position } => position.x,
    };
    let mut text = String::new();
    for run in drawn.iter().take(LISTED_RUNS) {
        let Some(values) = run.curves.readout(&run.run.steps, &run.run.epochs, x) else {
            continue;
        };
        if !text.is_empty() {
            text.push('\n');
        }
        if drawn.len() > 1 {
            writeln!(text, "{}", run.label).ok();
        }
        write!(
            text,
            "step {}: loss {}, smoothed {}",
            format::count(values.step),
            format::loss(Some(values.loss)),
            format::loss(Some(values.smoothed).filter(|value| value.is_finite())),
        )
        .ok();
        if let Some((epoch, val_loss, mean_iu, accuracy)) = values.epoch {
            write!(
                text,
                "\nepoch {epoch}: validation loss {}\nmIoU {}, pixel accuracy {}",
                format::loss(val_loss),
                format::percent(mean_iu),
                format::percent(accuracy),
            )
            .ok();
        }
    }
    (!text.is_empty()).then_some(text)
}
