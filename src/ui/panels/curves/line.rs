//! How a line of a plot looks.

use eframe::egui::{Color32, Sense, Stroke, Ui, vec2};
use egui_plot::{Line, LineStyle, PlotPoints, Points};

use crate::engine::plots::{LineKind, PlotLine, dashes};
use crate::ui::theme;

/// More points than these are drawn as a line only.
const MAX_DOTS: usize = 100;
/// Radius of a single point, in points, and of the hole of its ring.
const LONE: f32 = 4.0;
const LONE_HOLE: f32 = 2.0;
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

/// A line, and its circles where it has some: of a single point, which is no line, a disc or a ring that is as
/// well seen as one.
pub fn drawn<'a>(
    ui: &Ui,
    line: &'a PlotLine<'_>,
    emphasis: Emphasis,
) -> (Line<'a>, Vec<Points<'a>>) {
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
    let marks = |part: &str, radius: f32| {
        Points::new(name, points())
            .id((id, part))
            .radius(radius)
            .filled(true)
            .color(color)
            .allow_hover(false)
    };
    let dots = match (line.points.len(), line.kind) {
        (1, LineKind::Second) => {
            let hole = ui.visuals().extreme_bg_color;
            vec![marks("dots", LONE), marks("holes", LONE_HOLE).color(hole)]
        }
        (1, _) => vec![marks("dots", LONE)],
        (..=MAX_DOTS, LineKind::Second) => vec![marks("dots", 2.5).filled(false)],
        _ => Vec::new(),
    };
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

#[cfg(test)]
mod tests {
    use eframe::egui::{Context, RawInput, Rect, Shape, pos2};
    use egui_plot::{PlotBounds, PlotItem as _, PlotTransform};

    use super::*;

    /// The circles of a line, with their radii, and whether they are filled.
    fn circles(kind: LineKind, points: &[[f64; 2]]) -> Vec<(f32, bool)> {
        let line = PlotLine {
            what: "validation".to_owned(),
            run: "run",
            label: "run",
            slot: 0,
            class_color: None,
            kind,
            points,
        };
        let frame = Rect::from_min_max(pos2(0.0, 0.0), pos2(100.0, 100.0));
        let bounds = PlotBounds::from_min_max([0.0, 0.0], [10.0, 10.0]);
        let transform = PlotTransform::new(frame, bounds, false);
        let mut shapes = Vec::new();
        Context::default()
            .run_ui(RawInput::default(), |ui| {
                shapes.clear();
                for marks in drawn(ui, &line, Emphasis::None).1 {
                    marks.shapes(ui, &transform, &mut shapes);
                }
            })
            .drop_without_applying_deltas();
        let circles = shapes.iter().filter_map(|shape| match shape {
            Shape::Circle(circle) => Some((circle.radius, circle.fill != Color32::TRANSPARENT)),
            _ => None,
        });
        circles.collect()
    }

    #[test]
    fn a_single_point_is_as_well_seen_as_a_line() {
        let one = [[5.0, 5.0]];
        let two = [[5.0, 5.0], [6.0, 5.0]];
        assert_eq!(circles(LineKind::Main, &one), [(LONE, true)]);
        // The inner one, in the color of the plot, makes a ring of the outer one.
        let ring = [(LONE, true), (LONE_HOLE, true)];
        assert_eq!(circles(LineKind::Second, &one), ring);
        assert_eq!(circles(LineKind::Main, &two), []);
        assert_eq!(circles(LineKind::Second, &two), [(2.5, false); 2]);
    }
}
