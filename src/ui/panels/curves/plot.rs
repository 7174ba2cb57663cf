//! One plot: draws a figure, and turns wheel, drags and clicks into changes of the view.

use eframe::egui::{
    self, FontId, Pos2, Rangef, Rect, Response, RichText, Sense, Shape, Stroke, Ui, Vec2, vec2,
};
use egui_plot::{AxisHints, GridMark, Line, Plot, PlotBounds, PlotPoint, PlotTransform, Points};

use super::legend;
use super::line::{Emphasis, drawn, sample_ui};
use crate::engine::plots::{Figure, PlotKind, PlotView, Tick, cut_text, ticks};
use crate::ui::theme;

/// Height of the line above a plot.
const TITLE_HEIGHT: f32 = 18.0;
/// Half of the last label on the horizontal axis, which stands out to the right.
const LABEL_OVERHANG: f32 = 12.0;
/// In narrower plots the names of the lines are not behind the title.
const MIN_LEGEND: f32 = 280.0;
/// In a plot that is narrower and not lower than this, they have a line of their own.
const MIN_TWO_LINES: f32 = 180.0;
/// The pointer is at a line that is no farther above or below, in points.
const NEAR_LINE: f64 = 12.0;
/// Share of a plot that the names of its lines may take; the rest of them is scrolled to.
const MOST_NAMES: f32 = 0.25;
/// Room for a label on either axis.
const LABEL_ROOM: Vec2 = vec2(78.0, 34.0);
/// More say nothing more, and some of them would be in the margin before zero.
const MOST_TICKS: usize = 20;
/// Beside a plot, for its values: "100 %" has room, so that plots below each other begin at one place.
const VALUES_WIDTH: f32 = 40.0;
const FONT: FontId = FontId::proportional(11.0);

/// One drawing of a plot.
pub struct Drawing<'a, 'b> {
    pub figure: &'b Figure<'a>,
    /// Whether there are several runs, so that no color stands for the plot.
    pub many: bool,
    /// Whether none of them is being trained.
    pub is_over: bool,
    pub view: &'b mut PlotView,
    pub corner: &'b mut Option<(PlotKind, [f64; 2])>,
    /// The place on the horizontal axis to mark.
    pub mark: Option<f64>,
    /// Index of the line that was looked at in the last frame.
    pub line: Option<usize>,
}

/// Where the pointer is over a plot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hovered {
    /// Which one.
    pub kind: PlotKind,
    /// On the horizontal axis.
    pub x: f64,
    /// In the window.
    pub pointer: Pos2,
    /// The plot, in the window.
    pub plot: Rect,
}

/// What is looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pointed {
    /// Where the pointer is, if it is in the plot.
    pub hovered: Option<Hovered>,
    /// Index of the line under the pointer, or of that whose name is.
    pub line: Option<usize>,
}

impl Drawing<'_, '_> {
    /// Draws the plot into `size`.
    pub fn ui(&mut self, ui: &mut Ui, size: Vec2) -> (Pointed, PlotTransform) {
        ui.vertical(|ui| {
            ui.set_width(size.x);
            ui.spacing_mut().item_spacing.y = 2.0;
            let top = ui.cursor().top();
            self.title_ui(ui, size.x);
            let has_names = !self.figure.kind.lines().is_empty();
            if has_names && size.x < MIN_LEGEND && size.y >= MIN_TWO_LINES {
                head_line_ui(ui, size.x, |ui| self.names_ui(ui));
            }
            let named = if self.figure.is_by_class() {
                legend::classes_ui(ui, self.figure, self.line, MOST_NAMES * size.y)
            } else {
                None
            };
            let rest = size.y - (ui.cursor().top() - top);
            let (response, transform) = self.plot_ui(ui, vec2(size.x, rest));
            let label = format!("Plot: {}", self.figure.kind.title());
            response.widget_info(|| {
                egui::WidgetInfo::labeled(egui::accesskit::Role::Image, true, &label)
            });
            self.cuts_ui(ui, &response, &transform);
            self.hint_ui(ui, response.rect);
            let hovered = self.react(ui, &response, &transform);
            let line = hovered.and_then(|at| self.line_at(at, &transform));
            let pointed = Pointed {
                hovered,
                line: named.or(line),
            };
            (pointed, transform)
        })
        .inner
    }

    /// The title of a plot, and behind it how its lines are drawn.
    fn title_ui(&self, ui: &mut Ui, width: f32) {
        head_line_ui(ui, width, |ui| {
            let title = RichText::new(self.figure.title()).small().strong();
            ui.add(egui::Label::new(title).truncate());
            // Else they have a line of their own, where there is the height for it.
            if width >= MIN_LEGEND {
                self.names_ui(ui);
            }
        });
    }

    /// How the lines of a run are drawn.
    fn names_ui(&self, ui: &mut Ui) {
        let first = self.figure.lines.first().filter(|_| !self.many);
        let color = first.map_or(ui.visuals().text_color(), |line| {
            theme::run_color(ui.visuals(), line.slot)
        });
        let names = self.figure.kind.lines();
        for (name, circles) in names.iter().zip([false, true]) {
            ui.add_space(2.0);
            sample_ui(ui, color, circles);
            ui.label(RichText::new(*name).small());
        }
    }

    /// The line at the pointer, of a plot in which they are told apart by it.
    fn line_at(&self, at: Hovered, transform: &PlotTransform) -> Option<usize> {
        if self.figure.kind != PlotKind::ClassIu {
            return None;
        }
        let value = transform.value_from_position(at.pointer);
        let most = NEAR_LINE * transform.dvalue_dpos()[1].abs();
        self.figure.nearest_line([value.x, value.y], most)
    }

    fn emphasis(&self, index: usize) -> Emphasis {
        match self.line {
            None => Emphasis::None,
            Some(line) if line == index => Emphasis::Strong,
            Some(_) => Emphasis::Aside,
        }
    }

    fn plot_ui(&self, ui: &mut Ui, size: Vec2) -> (Response, PlotTransform) {
        let figure = self.figure;
        let [x_ticks, y_ticks] = [0, 1].map(|axis| {
            let most = (size[axis] / LABEL_ROOM[axis]).floor() as usize;
            ticks(
                figure.ranges[axis],
                figure.scales[axis],
                most.min(MOST_TICKS),
            )
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
        let y_axis = axis(AxisHints::new_y(), &y_ticks).min_thickness(VALUES_WIDTH);
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
        let lines = figure.lines.iter().enumerate();
        let lines: Vec<(Line<'_>, Vec<Points<'_>>)> = lines
            .map(|(index, line)| drawn(ui, line, self.emphasis(index)))
            .collect();
        let shown = plot.show(ui, |plot| {
            plot.set_plot_bounds(PlotBounds::from_min_max([x[0], y[0]], [x[1], y[1]]));
            for (line, points) in lines {
                plot.line(line);
                for points in points {
                    plot.points(points);
                }
            }
        });
        if let Some(mark) = self.mark.filter(|mark| (x[0]..=x[1]).contains(mark)) {
            let at = shown
                .transform
                .position_from_point(&PlotPoint::new(mark, y[0]))
                .x;
            // Told from the lines of the grid.
            let stroke = Stroke::new(1.0, ui.visuals().weak_text_color());
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
            let color = theme::run_color(ui.visuals(), self.figure.lines[cut.line].slot);
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
            let text = RichText::new(self.figure.kind.why_empty(self.is_over)).small();
            // Not through the lines of the grid.
            let behind = ui.visuals().extreme_bg_color;
            ui.add(egui::Label::new(text.background_color(behind)).selectable(false));
        } else if self.figure.is_out_of_sight() {
            let text = RichText::new("Nothing is in sight here").small();
            // A drag that begins on it moves the plot.
            ui.add(egui::Label::new(text).selectable(false));
            if ui
                .button("Fit all")
                .on_hover_text("Show everything")
                .clicked()
            {
                self.view.fit();
            }
        }
    }
}

/// A line above a plot.
fn head_line_ui(ui: &mut Ui, width: f32, add: impl FnOnce(&mut Ui)) {
    let (rect, _) = ui.allocate_exact_size(vec2(width.max(0.0), TITLE_HEIGHT), Sense::hover());
    let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(rect));
    ui.horizontal_centered(add);
}

fn corner_ui(ui: &mut Ui, place: Rect) -> Ui {
    let layout = egui::Layout::right_to_left(egui::Align::Min);
    ui.new_child(egui::UiBuilder::new().max_rect(place).layout(layout))
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
