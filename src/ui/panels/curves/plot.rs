//! One plot: draws a figure, and turns wheel, drags and clicks into changes of the view.

use eframe::egui::{
    self, Color32, FontId, PointerButton, Pos2, Rangef, Rect, Response, RichText, Sense, Shape,
    Stroke, Ui, Vec2, vec2,
};
use egui_plot::{
    AxisHints, GridMark, Line, LineStyle, Plot, PlotBounds, PlotPoint, PlotPoints, PlotTransform,
    Points,
};

use crate::engine::plots::{
    Figure, LineColor, LineKind, PlotKind, PlotLine, PlotView, Tick, cut_text, dashes, ticks,
};
use crate::ui::theme;

/// Height of the line above a plot.
const TITLE_HEIGHT: f32 = 18.0;
/// Half of the last label on the horizontal axis, which stands out to the right.
const LABEL_OVERHANG: f32 = 12.0;
/// Narrower plots say nothing about their lines.
const MIN_LEGEND: f32 = 280.0;
/// More points than these are drawn as a line only.
const MAX_DOTS: usize = 100;
/// Room for a label on either axis.
const LABEL_ROOM: Vec2 = vec2(78.0, 34.0);
const FONT: FontId = FontId::proportional(11.0);

/// One drawing of a plot.
pub struct Drawing<'a, 'b> {
    pub figure: &'b Figure<'a>,
    /// Whether there are several runs, so that no color stands for the plot.
    pub many: bool,
    pub view: &'b mut PlotView,
    pub corner: &'b mut Option<(PlotKind, [f64; 2])>,
    /// The place on the horizontal axis to mark.
    pub mark: Option<f64>,
}

/// Where the pointer is over a plot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hovered {
    /// On the horizontal axis.
    pub x: f64,
    /// In the window.
    pub pointer: Pos2,
}

impl Drawing<'_, '_> {
    /// Draws the plot into `size`.
    pub fn ui(&mut self, ui: &mut Ui, size: Vec2) -> Option<Hovered> {
        ui.vertical(|ui| {
            ui.set_width(size.x);
            ui.spacing_mut().item_spacing.y = 2.0;
            self.title_ui(ui, size.x);
            let (response, transform) = self.plot_ui(ui, size - vec2(0.0, TITLE_HEIGHT + 2.0));
            let label = format!("Plot: {}", self.figure.kind.title());
            response.widget_info(|| {
                egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, &label)
            });
            self.cuts_ui(ui, &response, &transform);
            self.hint_ui(ui, response.rect);
            self.react(ui, &response, &transform)
        })
        .inner
    }

    /// The title of a plot, and behind it how its lines are drawn.
    fn title_ui(&self, ui: &mut Ui, width: f32) {
        let (rect, _) = ui.allocate_exact_size(vec2(width.max(0.0), TITLE_HEIGHT), Sense::hover());
        let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(rect));
        ui.horizontal_centered(|ui| {
            ui.label(RichText::new(self.figure.kind.title()).small().strong());
            if width < MIN_LEGEND {
                return;
            }
            let first = self.figure.lines.first().filter(|_| !self.many);
            let color = first.map_or(ui.visuals().text_color(), |line| color_of(ui, line.color));
            let names = self.figure.kind.lines();
            for (name, circles) in names.iter().zip([false, true]) {
                ui.add_space(2.0);
                sample_ui(ui, color, circles);
                ui.label(RichText::new(*name).small());
            }
        });
    }

    fn plot_ui(&self, ui: &mut Ui, size: Vec2) -> (Response, PlotTransform) {
        let figure = self.figure;
        let [x_ticks, y_ticks] = [0, 1].map(|axis| {
            let most = (size[axis] / LABEL_ROOM[axis]).floor() as usize;
            ticks(figure.ranges[axis], figure.scales[axis], most)
        });
        let palette = theme::palette(ui.visuals());
        let text = ui.visuals().text_color();
        let axis = |hints: AxisHints<'static>, ticks: &[Tick]| {
            let ticks = ticks.to_vec();
            hints
                .formatter(move |mark, _| label_at(&ticks, mark.value))
                .tick_label_color(text)
                .tick_label_font(FONT)
                .label_spacing(Rangef::new(0.0, 1.0))
        };
        let x_axis =
            axis(AxisHints::new_x(), &x_ticks).label(RichText::new(&figure.x_label).small());
        let y_axis = axis(AxisHints::new_y(), &y_ticks).min_thickness(34.0);
        let plot = Plot::new(("plot", figure.kind.title()))
            .width(size.x - LABEL_OVERHANG)
            .height(size.y)
            .allow_drag(false)
            .allow_zoom(false)
            .allow_scroll(false)
            .allow_boxed_zoom(false)
            .allow_axis_zoom_drag(false)
            .allow_double_click_reset(false)
            .show_crosshair(false)
            .label_formatter(|_| None)
            .sense(Sense::click_and_drag())
            .grid_color(palette.grid)
            .grid_fade(0.0)
            .grid_spacing(Rangef::new(0.0, 1.0))
            .x_grid_spacer(move |_| marks(&x_ticks))
            .y_grid_spacer(move |_| marks(&y_ticks))
            .custom_x_axes(vec![x_axis])
            .custom_y_axes(vec![y_axis]);
        let [x, y] = figure.ranges;
        let lines: Vec<(Line<'_>, Option<Points<'_>>)> =
            figure.lines.iter().map(|line| drawn(ui, line)).collect();
        let shown = plot.show(ui, |plot| {
            plot.set_plot_bounds(PlotBounds::from_min_max([x[0], y[0]], [x[1], y[1]]));
            for (line, points) in lines {
                plot.line(line);
                if let Some(points) = points {
                    plot.points(points);
                }
            }
        });
        if let Some(mark) = self.mark.filter(|mark| (x[0]..=x[1]).contains(mark)) {
            let at = shown
                .transform
                .position_from_point(&PlotPoint::new(mark, y[0]))
                .x;
            let stroke = Stroke::new(1.0, palette.grid);
            ui.painter()
                .vline(at, shown.response.rect.y_range(), stroke);
        }
        (shown.response, shown.transform)
    }

    /// Marks where values lie outside of what is shown, and says how many.
    fn cuts_ui(&self, ui: &mut Ui, response: &Response, transform: &PlotTransform) {
        // Who chose the range knows what is outside.
        if self.view.y.contains_key(&self.figure.kind) {
            return;
        }
        let cuts = self.figure.cut();
        let rect = response.rect;
        let painter = ui.painter_at(rect);
        for cut in &cuts {
            let x = transform.position_from_point(&PlotPoint::new(cut.x, 0.0)).x;
            let (base, tip) = if cut.above {
                (rect.top() + 7.0, rect.top() + 1.0)
            } else {
                (rect.bottom() - 7.0, rect.bottom() - 1.0)
            };
            let points = vec![
                Pos2::new(x - 4.0, base),
                Pos2::new(x + 4.0, base),
                Pos2::new(x, tip),
            ];
            let color = color_of(ui, self.figure.lines[cut.line].color);
            painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
        }
        if let Some(text) = cut_text(&cuts) {
            let place = Rect::from_min_max(
                rect.right_top() - vec2(190.0, -8.0),
                rect.right_top() + vec2(-4.0, 24.0),
            );
            let mut ui = corner_ui(ui, place);
            ui.label(RichText::new(text).small())
                .on_hover_text("Single values far outside of the others are not shown; zoom out with the wheel to see them");
        }
    }

    /// What to do where the plot shows nothing.
    fn hint_ui(&mut self, ui: &mut Ui, rect: Rect) {
        let place = Rect::from_center_size(rect.center(), vec2(rect.width().min(260.0), 44.0));
        let layout = egui::Layout::top_down(egui::Align::Center);
        let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(place).layout(layout));
        if self.figure.is_empty() {
            ui.label(RichText::new(self.figure.kind.why_empty()).small());
        } else if self.figure.is_out_of_sight() {
            ui.label(RichText::new("Nothing is in sight here").small());
            if ui
                .button("Fit all")
                .on_hover_text("Show everything")
                .clicked()
            {
                self.view.fit();
            }
        }
    }

    fn react(
        &mut self,
        ui: &Ui,
        response: &Response,
        transform: &PlotTransform,
    ) -> Option<Hovered> {
        let (kind, ranges) = (self.figure.kind, self.figure.ranges);
        let value = |pos: Pos2| {
            let point = transform.value_from_position(pos);
            [point.x, point.y]
        };
        if response.double_clicked() {
            self.view.fit();
        }
        if response.dragged_by(PointerButton::Primary) {
            let delta = response.drag_delta();
            let by = transform.dvalue_dpos();
            let by = [-f64::from(delta.x) * by[0], -f64::from(delta.y) * by[1]];
            if delta != Vec2::ZERO {
                self.view.pan(kind, ranges, by);
            }
        }
        self.rectangle_ui(ui, response, transform, &value);
        let pointer = response.hover_pos()?;
        let factor = take_wheel_zoom(ui);
        if (factor - 1.0).abs() > f64::EPSILON {
            self.view.zoom(kind, ranges, value(pointer), factor);
        }
        Some(Hovered {
            x: value(pointer)[0],
            pointer,
        })
    }

    /// A rectangle with the right button is what is shown next.
    fn rectangle_ui(
        &mut self,
        ui: &Ui,
        response: &Response,
        transform: &PlotTransform,
        value: &dyn Fn(Pos2) -> [f64; 2],
    ) {
        let kind = self.figure.kind;
        let origin = ui.input(|input| input.pointer.press_origin());
        if response.drag_started_by(PointerButton::Secondary)
            && let Some(origin) = origin
        {
            *self.corner = Some((kind, value(origin)));
        }
        let Some((_, corner)) = self.corner.filter(|(of, _)| *of == kind) else {
            return;
        };
        let Some(pointer) = response.interact_pointer_pos().or(response.hover_pos()) else {
            return;
        };
        let pointer = response.rect.clamp(pointer);
        if response.drag_stopped_by(PointerButton::Secondary) {
            *self.corner = None;
            self.view.show(kind, corner, value(pointer));
        } else {
            let start = transform.position_from_point(&PlotPoint::new(corner[0], corner[1]));
            let rect = Rect::from_two_pos(start, pointer);
            let accent = theme::palette(ui.visuals()).accent;
            ui.painter_at(response.rect).rect(
                rect,
                0.0,
                accent.gamma_multiply(0.15),
                Stroke::new(1.0, accent),
                egui::StrokeKind::Inside,
            );
        }
    }
}

/// Zoom factor of the wheel or a pinch; consumes the wheel, so that nothing else scrolls.
fn take_wheel_zoom(ui: &Ui) -> f64 {
    let speed = ui.options(|options| options.input_options.scroll_zoom_speed);
    ui.input_mut(|input| {
        let scrolled = std::mem::take(&mut input.smooth_scroll_delta);
        f64::from(input.zoom_delta() * (scrolled.y * speed).exp())
    })
}

fn corner_ui(ui: &mut Ui, place: Rect) -> Ui {
    let layout = egui::Layout::right_to_left(egui::Align::Min);
    ui.new_child(egui::UiBuilder::new().max_rect(place).layout(layout))
}

/// The color of a line in the theme.
pub fn color_of(ui: &Ui, color: LineColor) -> Color32 {
    match color {
        LineColor::Run(slot) => theme::run_color(ui.visuals(), slot),
        LineColor::Class(color) => theme::class_color(color),
    }
}

/// A line, and its circles where it has some.
fn drawn<'a>(ui: &Ui, line: &'a PlotLine<'_>) -> (Line<'a>, Option<Points<'a>>) {
    let color = color_of(ui, line.color);
    let points = || line.points.iter().copied().collect::<PlotPoints<'a>>();
    let (color, width) = match line.kind {
        LineKind::Faint => (color.gamma_multiply(0.28), 1.0),
        LineKind::Main => (color, 2.0),
        LineKind::Second => (color, 1.2),
    };
    let name = line.what.as_str();
    let id = (line.run, name);
    let mut drawn = Line::new(name, points())
        .id(id)
        .color(color)
        .width(width)
        .allow_hover(false);
    if line.kind == LineKind::Main {
        drawn = drawn.style(style_of(line.color));
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

fn style_of(color: LineColor) -> LineStyle {
    let LineColor::Run(slot) = color else {
        return LineStyle::Solid;
    };
    match dashes(slot) {
        [] => LineStyle::Solid,
        [dot, gap] if gap > dot => LineStyle::Dotted { spacing: dot + gap },
        [length, ..] => LineStyle::Dashed { length: *length },
    }
}

/// A short piece of a line.
fn sample_ui(ui: &mut Ui, color: Color32, circles: bool) {
    let (rect, _) = ui.allocate_exact_size(vec2(28.0, 10.0), Sense::hover());
    let width = if circles { 1.2 } else { 2.0 };
    let stroke = Stroke::new(width, color);
    ui.painter().hline(rect.x_range(), rect.center().y, stroke);
    if circles {
        ui.painter()
            .circle_stroke(rect.center(), 2.5, Stroke::new(1.0, color));
    }
}

fn marks(ticks: &[Tick]) -> Vec<GridMark> {
    let gap = |index: usize| {
        let at = |index: usize| ticks.get(index).map(|tick| tick.at);
        let own = ticks[index].at;
        let before = index.checked_sub(1).and_then(at).map(|other| own - other);
        let behind = at(index + 1).map(|other| other - own);
        match (before, behind) {
            (Some(before), Some(behind)) => before.max(behind),
            (one, other) => one.or(other).unwrap_or(f64::MAX),
        }
    };
    (0..ticks.len())
        .map(|index| GridMark {
            value: ticks[index].at,
            step_size: gap(index),
        })
        .collect()
}

fn label_at(ticks: &[Tick], value: f64) -> String {
    let nearest = ticks.iter().min_by(|a, b| {
        let distance = |tick: &Tick| (tick.at - value).abs();
        distance(a).total_cmp(&distance(b))
    });
    nearest.map_or_else(String::new, |tick| tick.label.clone())
}
