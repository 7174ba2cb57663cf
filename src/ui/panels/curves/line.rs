//! How a line of a plot looks.

use eframe::egui::{Color32, Sense, Stroke, Ui, vec2};
use egui_plot::{Line, LineStyle, PlotPoints, Points};

use crate::engine::plots::{LineKind, PlotLine, dashes};
use crate::ui::theme;

/// More points than these are drawn as a line only.
const MAX_DOTS: usize = 100;
/// How strong a line is beside the one that is looked at.
const ASIDE: f32 = 0.25;

/// How much of a line is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emphasis {
    /// As always.
    None,
    /// It is looked at.
    Strong,
    /// Another one is.
    Aside,
}

/// A line, and its circles where it has some.
pub fn drawn<'a>(
    ui: &Ui,
    line: &'a PlotLine<'_>,
    emphasis: Emphasis,
) -> (Line<'a>, Option<Points<'a>>) {
    let color = theme::run_color(ui.visuals(), line.slot);
    let points = || line.points.iter().copied().collect::<PlotPoints<'a>>();
    let (color, width) = match line.kind {
        LineKind::Faint => (color.gamma_multiply(0.28), 1.0),
        LineKind::Main => (color, 2.0),
        LineKind::Second => (color, 1.2),
    };
    let (color, width) = match emphasis {
        Emphasis::None => (color, width),
        Emphasis::Strong => (color, width + 1.5),
        Emphasis::Aside => (color.gamma_multiply(ASIDE), width),
    };
    let name = line.what.as_str();
    let id = (line.run, name);
    let mut drawn = Line::new(name, points())
        .id(id)
        .color(color)
        .width(width)
        .allow_hover(false);
    if line.kind == LineKind::Main {
        drawn = drawn.style(style_of(line.slot));
    }
    let has_dots = line.points.len() <= MAX_DOTS && line.kind == LineKind::Second
        // A single point is no line.
        || line.points.len() == 1;
    let dots = has_dots.then(|| {
        Points::new(name, points())
            .id((id, "dots"))
            .radius(2.5)
            .filled(line.kind != LineKind::Second)
            .color(color)
            .allow_hover(false)
    });
    (drawn, dots)
}

fn style_of(slot: usize) -> LineStyle {
    match dashes(slot) {
        [] => LineStyle::Solid,
        [dot, gap] if gap > dot => LineStyle::Dotted { spacing: dot + gap },
        [length, ..] => LineStyle::Dashed { length: *length },
    }
}

/// A short piece of a line.
pub fn sample_ui(ui: &mut Ui, color: Color32, circles: bool) {
    let (rect, _) = ui.allocate_exact_size(vec2(28.0, 10.0), Sense::hover());
    let width = if circles { 1.2 } else { 2.0 };
    let stroke = Stroke::new(width, color);
    ui.painter().hline(rect.x_range(), rect.center().y, stroke);
    if circles {
        ui.painter()
            .circle_stroke(rect.center(), 2.5, Stroke::new(1.0, color));
    }
}
