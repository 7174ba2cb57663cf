//! Where the table of values goes: not on the pointer, not on the newest values, and off the curves and the other
//! plots where there is room.

use eframe::egui::{Pos2, Rect, Vec2, pos2};
use egui_plot::{PlotPoint, PlotTransform};

use crate::engine::plots::{Figure, LineKind};

/// Away from the pointer.
const DISTANCE: f32 = 14.0;
/// Away from the sides of the plot.
pub const SIDE: f32 = 4.0;
/// Around the last value of a line, whose mark is to be whole.
const MARK: f32 = 6.0;
/// Points between two places at which a line is looked at.
const STRIDE: f32 = 8.0;
/// Places of all lines that are looked at; more would take too long in each frame.
const MOST_PLACES: usize = 4000;

/// What is around the pointer, in the window.
pub struct Surroundings {
    /// The room that the table never leaves.
    pub panel: Rect,
    /// The plot under the pointer.
    pub plot: Rect,
    pub pointer: Pos2,
    /// Places of the lines of that plot.
    pub curves: Vec<Pos2>,
    /// The last value of each line, of the other plots too.
    pub ends: Vec<Pos2>,
}

/// How bad a place is, the worst first.
type Cost = (bool, usize, bool, bool, usize);

impl Surroundings {
    /// The corners of the plot first, at the side where the pointer is not; then the middle of its sides, beside
    /// the pointer, and the sides of the panel.
    pub fn place(&self, size: Vec2) -> Rect {
        let size = size.min(self.panel.size());
        let (plot, panel, pointer) = (self.plot, self.panel, self.pointer);
        let (left, right) = (plot.left() + SIDE, plot.right() - SIDE - size.x);
        let [far, near] = if pointer.x < plot.center().x {
            [right, left]
        } else {
            [left, right]
        };
        let beside = [pointer.x + DISTANCE, pointer.x - DISTANCE - size.x];
        let ends = [panel.left(), panel.right() - size.x];
        let xs = [far, near].into_iter().chain(beside).chain(ends);
        let heights = [
            plot.top() + SIDE,
            plot.bottom() - SIDE - size.y,
            plot.center().y - size.y / 2.0,
            pointer.y + DISTANCE,
            pointer.y - DISTANCE - size.y,
        ];
        let inside = |x: f32, y: f32| {
            let x = x.min(panel.right() - size.x).max(panel.left());
            let y = y.min(panel.bottom() - size.y).max(panel.top());
            Rect::from_min_size(pos2(x, y), size)
        };
        let places = xs.flat_map(|x| heights.map(|y| inside(x, y)));
        // The first of those that are as good.
        let best = places.min_by_key(|place| self.cost(*place));
        best.unwrap_or_else(|| inside(far, plot.top()))
    }

    fn cost(&self, place: Rect) -> Cost {
        let (near, mark) = (place.expand(DISTANCE - 1.0), place.expand(MARK));
        let ends = self.ends.iter().filter(|end| mark.contains(**end)).count();
        let hidden = || self.curves.iter().filter(|point| place.contains(**point));
        let at_pointer = |point: &Pos2| (point.x - self.pointer.x).abs() < DISTANCE;
        (
            near.contains(self.pointer),
            ends,
            hidden().any(at_pointer),
            !self.plot.expand(0.5).contains_rect(place),
            hidden().count(),
        )
    }

    /// Takes in the lines of a plot; those of the plot under the pointer count as a whole.
    pub fn add(&mut self, figure: &Figure<'_>, transform: &PlotTransform, is_pointed: bool) {
        let frame = transform.frame();
        let position =
            |point: &[f64; 2]| transform.position_from_point(&PlotPoint::new(point[0], point[1]));
        let lines = figure.lines.iter();
        for line in lines.filter(|line| line.kind != LineKind::Faint) {
            let in_view = line.points.iter().rev().map(position);
            let last = in_view.into_iter().find(|point| frame.contains(*point));
            self.ends.extend(last);
            if is_pointed {
                let room = MOST_PLACES / figure.lines.len().max(1);
                let points = line.points.iter().map(position);
                let places = places_along(points).take(room);
                self.curves
                    .extend(places.filter(|place| frame.contains(*place)));
            }
        }
    }
}

/// Places on a line, about [`STRIDE`] apart.
fn places_along(points: impl Iterator<Item = Pos2>) -> impl Iterator<Item = Pos2> {
    let mut before: Option<Pos2> = None;
    points.flat_map(move |point| {
        let from = before.unwrap_or(point);
        let way = point - from;
        // A line that leaves the plot far away has no more places than one across it.
        let count = (way.length() / STRIDE).floor().min(200.0) as usize;
        if count > 0 || before.is_none() {
            before = Some(point);
        }
        let first = usize::from(before.is_some_and(|before| before == point) && count == 0);
        let between = (1..=count).map(move |index| from + way * (index as f32 / count as f32));
        std::iter::repeat_n(point, first).chain(between)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::vec2;

    fn empty(pointer: Pos2) -> Surroundings {
        let panel = Rect::from_min_size(pos2(100.0, 50.0), vec2(400.0, 200.0));
        Surroundings {
            panel,
            plot: Rect::from_min_size(pos2(140.0, 70.0), vec2(340.0, 140.0)),
            pointer,
            curves: Vec::new(),
            ends: Vec::new(),
        }
    }

    #[test]
    fn the_table_never_leaves_the_panel() {
        for x in [100.0, 300.0, 499.0] {
            for y in [50.0, 140.0, 249.0] {
                for size in [vec2(120.0, 60.0), vec2(390.0, 190.0), vec2(900.0, 900.0)] {
                    let around = empty(pos2(x, y));
                    let rect = around.place(size);
                    assert!(
                        around.panel.expand(0.01).contains_rect(rect),
                        "{x} {y} {size}: {rect}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_table_is_where_the_pointer_is_not() {
        let place = |x, y, size| empty(pos2(x, y)).place(size);
        let x = |x, width| {
            let rect = place(x, 100.0, vec2(width, 60.0));
            assert!((rect.top() - 74.0).abs() < 1e-3, "{rect}");
            rect.left()
        };
        // The plot is from 140 to 480 wide, its middle at 310.
        assert_eq!(x(150.0, 120.0), 356.0);
        assert_eq!(x(309.0, 120.0), 356.0);
        assert_eq!(x(311.0, 120.0), 144.0);
        assert_eq!(x(479.0, 120.0), 144.0);
        // Too wide for its half: below or above the pointer, in the plot, which is from 70 to 210 high.
        let wide = vec2(332.0, 60.0);
        assert_eq!(place(300.0, 100.0, wide).bottom(), 206.0);
        assert_eq!(place(300.0, 190.0, wide).top(), 74.0);
    }

    #[test]
    fn the_newest_values_and_the_curve_stay_in_sight() {
        // A curve that falls from the upper left corner to the lower right one.
        let mut around = empty(pos2(200.0, 100.0));
        let at = |share: f32| around.plot.min + vec2(340.0, 140.0) * share;
        let curve: Vec<Pos2> = (0..=100).map(|step| at(step as f32 / 100.0)).collect();
        around.ends = vec![curve[100]];
        around.curves = curve;
        let size = vec2(120.0, 50.0);
        assert_eq!(around.place(size).min, pos2(356.0, 74.0), "above the curve");
        around.pointer = pos2(400.0, 100.0);
        // The upper left corner has the beginning of the curve in it.
        assert_eq!(around.place(size).min, pos2(144.0, 156.0), "below it");
        // Between the pointer and the end of the curve there is no room: above the end.
        around.pointer = pos2(200.0, 200.0);
        around.plot.min.y = 110.0;
        let rect = around.place(vec2(120.0, 90.0));
        assert!(!rect.expand(MARK).contains(around.ends[0]), "{rect}");
    }

    #[test]
    fn a_line_is_looked_at_between_its_points() {
        let far = [pos2(0.0, 0.0), pos2(24.0, 0.0), pos2(25.0, 0.0)];
        let places: Vec<f32> = places_along(far.into_iter()).map(|place| place.x).collect();
        assert_eq!(places, [0.0, 8.0, 16.0, 24.0]);
    }
}
