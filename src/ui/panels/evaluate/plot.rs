//! A plot that only shows: lines of several runs, without zoom.

use eframe::egui::{self, Color32, Rangef, RichText, Stroke, Ui, Vec2, WidgetInfo};
use egui_plot::{
    AxisHints, Line, LineStyle, Plot, PlotBounds, PlotPoints, Points, uniform_grid_spacer,
};

use crate::ui::theme;

/// Marks of an axis of shares; in a small plot the coarser ones alone have a label.
const SHARE_MARKS: [f64; 3] = [1.0, 0.5, 0.1];
/// Points between labels of shares below a plot: from where they show to where they are strong.
const SHARE_LABELS: Rangef = Rangef {
    min: 30.0,
    max: 34.0,
};
/// Shown beyond the ends of an axis, as a share of it: marks at the ends have their labels, and those of both
/// axes at their crossing are not in one place.
const AROUND: f64 = 0.035;

/// A line with its points.
pub struct Curve {
    pub name: String,
    pub slot: usize,
    pub points: Vec<[f64; 2]>,
}

/// What is around the lines.
pub struct Axes<'a> {
    /// For screen readers.
    pub name: &'a str,
    pub x_label: &'a str,
    pub y_label: &'a str,
    pub x: [f64; 2],
    /// Whether these are shares too.
    pub x_is_share: bool,
    /// The largest share that has room.
    pub top: f64,
    /// Whether a line from corner to corner is drawn, on which both values are equal.
    pub diagonal: bool,
}

/// Draws curves of shares, `0.0..=1.0`, with points to read off.
pub fn curves_ui(ui: &mut Ui, axes: &Axes<'_>, curves: &[Curve], size: Vec2) {
    let y_label = RichText::new(axes.y_label).small();
    let x_label = RichText::new(axes.x_label).small();
    let x_axis = if axes.x_is_share {
        AxisHints::new_x()
            .label_spacing(SHARE_LABELS)
            .formatter(|mark, _| share_text(mark.value))
    } else {
        // A width below 0 is none.
        AxisHints::new_x().formatter(|mark, _| match mark.value {
            value if value < 0.0 => String::new(),
            value => format!("{value:.0}"),
        })
    };
    let plot = Plot::new(axes.name)
        .width(size.x)
        .height(size.y)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false)
        .grid_color(theme::palette(ui.visuals()).grid)
        .y_grid_spacer(uniform_grid_spacer(|_| SHARE_MARKS))
        .custom_x_axes(vec![x_axis.label(x_label)])
        .custom_y_axes(vec![
            AxisHints::new_y()
                .label(y_label)
                .formatter(|mark, _| share_text(mark.value)),
        ]);
    let plot = if axes.x_is_share {
        plot.x_grid_spacer(uniform_grid_spacer(|_| SHARE_MARKS))
    } else {
        plot
    };
    let weak = ui.visuals().weak_text_color();
    let colors: Vec<Color32> = curves
        .iter()
        .map(|curve| theme::run_color(ui.visuals(), curve.slot))
        .collect();
    let shown = plot.show(ui, |plot| {
        let [left, right] = axes.x;
        let (beside, above) = (AROUND * (right - left), AROUND * axes.top);
        plot.set_plot_bounds(PlotBounds::from_min_max(
            [left - beside, -above],
            [right + beside, axes.top + above],
        ));
        if axes.diagonal {
            let line = Line::new(
                "as sure as right",
                PlotPoints::from(vec![[0.0, 0.0], [1.0, 1.0]]),
            )
            .stroke(Stroke::new(1.0, weak))
            .style(LineStyle::dashed_dense());
            plot.line(line);
        }
        for (curve, color) in curves.iter().zip(colors) {
            let line = Line::new(curve.name.clone(), PlotPoints::from(curve.points.clone()));
            plot.line(line.stroke(Stroke::new(2.0, color)));
            let points = Points::new(curve.name.clone(), PlotPoints::from(curve.points.clone()));
            plot.points(points.radius(3.0).color(color));
        }
    });
    let name = axes.name.to_owned();
    shown
        .response
        .widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, &name));
}

/// A mark of an axis of shares; there are none below 0 and above 1.
fn share_text(value: f64) -> String {
    if (-1e-9..=1.0 + 1e-9).contains(&value) {
        format!("{:.0} %", value.abs() * 100.0)
    } else {
        String::new()
    }
}

/// Which color is which run, with something to say about each.
pub fn legend_ui<'a>(ui: &mut Ui, runs: impl Iterator<Item = (usize, &'a str, String)>) {
    ui.horizontal_wrapped(|ui| {
        for (slot, label, value) in runs {
            let color = theme::run_color(ui.visuals(), slot);
            crate::ui::ui_ext::UiExt::swatch(ui, color);
            ui.label(label);
            ui.weak(value);
            ui.add_space(8.0);
        }
    });
}
