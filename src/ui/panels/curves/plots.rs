//! The two plots: loss, and scores from 0 to 1. Their step axes move together.

use std::fmt::Write as _;

use eframe::egui::{Color32, Id, RichText, Sense, Shape, Stroke, Ui, Vec2, vec2};
use egui_plot::{HoverPosition, Line, LineStyle, Plot, PlotPoints, Points};

use super::{Drawn, View};
use crate::ui::theme;
use crate::ui::view_model::curves::Point;
use crate::ui::view_model::format;

/// Runs whose values a tooltip lists.
const LISTED_RUNS: usize = 8;
/// Height of the line above a plot.
const TITLE_HEIGHT: f32 = 18.0;
/// Half of the last label on the step axis, which stands out to the right.
const LABEL_OVERHANG: f32 = 12.0;
/// Narrower plots say nothing about their lines.
const MIN_LEGEND: f32 = 230.0;
/// More points than these are drawn as a line only.
const MAX_DOTS: usize = 100;

fn link() -> Id {
    Id::unique("curves step axis")
}

fn base<'a>(ui: &Ui, id: &'static str, view: View, size: Vec2, drawn: &'a [Drawn<'a>]) -> Plot<'a> {
    let grid = theme::palette(ui.visuals()).grid;
    let last = drawn
        .iter()
        .filter_map(|run| run.run.steps.last())
        .map(|record| record.step)
        .max();
    let plot = Plot::new(id)
        .width(size.x - LABEL_OVERHANG)
        .height(size.y)
        .link_axis(link(), [true, false])
        .link_cursor(link(), [true, false])
        .y_axis_min_width(34.0)
        .grid_color(grid)
        .cursor_color(grid)
        .label_formatter(move |position| readout(position, drawn))
        .x_axis_formatter(|mark, _| format::short_count(mark.value))
        .include_x(0.0)
        .include_x(last.unwrap_or(1) as f64)
        .set_margin_fraction(Vec2::new(0.01, 0.06));
    if view.reset { plot.reset() } else { plot }
}

/// The title of a plot, and behind it how its lines are drawn.
fn title_ui(ui: &mut Ui, title: &str, lines: [(&str, bool); 2], drawn: &[Drawn<'_>], width: f32) {
    let (rect, _) = ui.allocate_exact_size(vec2(width.max(0.0), TITLE_HEIGHT), Sense::hover());
    let mut ui = ui.new_child(eframe::egui::UiBuilder::new().max_rect(rect));
    ui.horizontal_centered(|ui| {
        ui.label(RichText::new(title).small().strong());
        if width < MIN_LEGEND {
            return;
        }
        let color = match drawn {
            [run] => run.color,
            _ => ui.visuals().text_color(),
        };
        for (text, dashed) in lines {
            ui.add_space(2.0);
            sample_ui(ui, color, dashed);
            ui.label(RichText::new(text).small());
        }
    });
}

/// A short piece of a line.
fn sample_ui(ui: &mut Ui, color: Color32, dashed: bool) {
    let (rect, _) = ui.allocate_exact_size(vec2(28.0, 10.0), Sense::hover());
    let (ends, stroke) = (
        [rect.left_center(), rect.right_center()],
        Stroke::new(2.0, color),
    );
    if dashed {
        ui.painter()
            .extend(Shape::dashed_line(&ends, stroke, 5.0, 4.0));
    } else {
        ui.painter().line_segment(ends, stroke);
    }
}

/// Draws the losses; returns what is in view.
pub fn loss_plot(ui: &mut Ui, drawn: &[Drawn<'_>], log_loss: bool, view: View, size: Vec2) -> View {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        title_ui(
            ui,
            "Loss",
            [("training", false), ("validation", true)],
            drawn,
            size.x,
        );
        let plot = base(
            ui,
            "loss",
            view,
            size - vec2(0.0, TITLE_HEIGHT + 2.0),
            drawn,
        );
        let plot = if log_loss {
            plot.y_axis_formatter(|mark, _| format::scientific(10_f64.powf(mark.value)))
        } else {
            plot
        };
        let response = plot.show(ui, |plot| {
            for run in drawn {
                let model = run.curves.model();
                plot.line(
                    line("every step", &model.loss)
                        .id((&run.run.name, "raw"))
                        .color(run.color.gamma_multiply(0.28))
                        .width(1.0)
                        .allow_hover(false),
                );
                plot.line(
                    line("training", &model.smoothed)
                        .id((&run.run.name, "smoothed"))
                        .color(run.color)
                        .width(2.0),
                );
            }
            for run in drawn
                .iter()
                .filter(|run| !run.curves.model().val_loss.is_empty())
            {
                let points = &run.curves.model().val_loss;
                plot.line(
                    line("validation", points)
                        .id((&run.run.name, "validation"))
                        .color(run.color)
                        .width(1.5)
                        .style(LineStyle::dashed_dense()),
                );
                plot.points(
                    dots("validation", points, false)
                        .id((&run.run.name, "validation dots"))
                        .color(run.color),
                );
            }
            let bounds = plot.plot_bounds();
            (!plot.auto_bounds().x).then(|| [bounds.min()[0], bounds.max()[0]])
        });
        let pixels = response.response.rect.width() * ui.ctx().pixels_per_point();
        View {
            visible: response.inner,
            columns: pixels.round() as usize,
            reset: view.reset,
        }
    })
    .inner
}

/// Draws mIoU and pixel accuracy on an axis from 0 to 1.
pub fn score_plot(ui: &mut Ui, drawn: &[Drawn<'_>], view: View, size: Vec2) {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        let lines = [("mIoU", false), ("pixel accuracy", true)];
        title_ui(ui, "Validation scores", lines, drawn, size.x);
        base(
            ui,
            "scores",
            view,
            size - vec2(0.0, TITLE_HEIGHT + 2.0),
            drawn,
        )
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
                    (
                        "pixel accuracy",
                        &model.pixel_accuracy,
                        LineStyle::dashed_dense(),
                    ),
                ] {
                    plot.line(
                        line(what, points)
                            .id((&run.run.name, what))
                            .color(run.color)
                            .width(2.0)
                            .style(style),
                    );
                    plot.points(
                        dots(what, points, what == "mIoU")
                            .id((&run.run.name, what, "dots"))
                            .color(run.color),
                    );
                }
            }
        });
    });
}

fn line<'a>(name: &str, points: &[Point]) -> Line<'a> {
    Line::new(name, points.iter().copied().collect::<PlotPoints<'a>>())
}

/// The points of a line, empty circles for dashed lines; none if there are too many.
fn dots<'a>(name: &str, points: &[Point], filled: bool) -> Points<'a> {
    let shown = if points.len() <= MAX_DOTS {
        points
    } else {
        &[]
    };
    Points::new(name, shown.iter().copied().collect::<PlotPoints<'a>>())
        .radius(2.5)
        .filled(filled)
        .allow_hover(false)
}

/// The values of all runs at the step under the pointer.
fn readout(position: &HoverPosition<'_>, drawn: &[Drawn<'_>]) -> Option<String> {
    let x = match position {
        HoverPosition::NearDataPoint { position, .. } | HoverPosition::Elsewhere { position } => {
            position.x
        }
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
        if let Some(epoch) = values.epoch {
            write!(
                text,
                "\nepoch {}: validation loss {}\nmIoU {}, pixel accuracy {}",
                epoch.epoch,
                format::loss(epoch.val_loss),
                format::percent(epoch.mean_iu),
                format::percent(epoch.pixel_accuracy),
            )
            .ok();
        }
    }
    (!text.is_empty()).then_some(text)
}
