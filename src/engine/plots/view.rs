//! What of the plots is in view: zoom, pan, fit. All plots share their horizontal axis.

use std::collections::BTreeMap;

use super::PlotKind;

/// A part of an axis.
pub type Range = [f64; 2];

/// The view of all plots.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlotView {
    /// Of the horizontal axis; `None` = all.
    pub x: Option<Range>,
    /// Of the values of a plot; those without an entry follow what is in view.
    pub y: BTreeMap<PlotKind, Range>,
}

/// The narrowest range of an axis, as a share of its larger end.
const NARROWEST: f64 = 1e-9;
/// How far beyond all values one can zoom out, as a share of their extent.
const MARGIN: f64 = 0.25;

impl PlotView {
    /// Shows everything.
    pub fn fit(&mut self) {
        *self = Self::default();
    }

    /// Whether something else than everything is shown.
    pub fn is_changed(&self) -> bool {
        *self != Self::default()
    }

    /// Makes everything `factor` times as large around a place, which stays where it is. Outwards it
    /// ends a little beyond `all` values.
    pub fn zoom(
        &mut self,
        plot: PlotKind,
        now: [Range; 2],
        center: [f64; 2],
        factor: f64,
        all: Option<[Range; 2]>,
    ) {
        let zoomed = |axis: usize| {
            let [from, to] = now[axis].map(|end| center[axis] + (end - center[axis]) / factor);
            let Some([first, last]) = all.map(|all| all[axis]).filter(|_| factor < 1.0) else {
                return [from, to];
            };
            let margin = MARGIN * (last - first);
            // What is in view already stays.
            [
                from.max((first - margin).min(now[axis][0])),
                to.min((last + margin).max(now[axis][1])),
            ]
        };
        self.set(plot, [zoomed(0), zoomed(1)]);
    }

    /// Moves the view by a distance in the units of the axes.
    pub fn pan(&mut self, plot: PlotKind, [x, y]: [Range; 2], by: [f64; 2]) {
        let moved = |[from, to]: Range, by: f64| [from + by, to + by];
        self.set(plot, [moved(x, by[0]), moved(y, by[1])]);
    }

    /// Shows a rectangle, given by two opposite corners.
    pub fn show(&mut self, plot: PlotKind, a: [f64; 2], b: [f64; 2]) {
        let range = |axis: usize| [a[axis].min(b[axis]), a[axis].max(b[axis])];
        self.set(plot, [range(0), range(1)]);
    }

    fn set(&mut self, plot: PlotKind, [x, y]: [Range; 2]) {
        if is_range(x) && is_range(y) {
            self.x = Some(x);
            self.y.insert(plot, y);
        }
    }
}

fn is_range([from, to]: Range) -> bool {
    let largest = from.abs().max(to.abs());
    from.is_finite() && to.is_finite() && to - from > largest * NARROWEST && to > from
}

/// Whether a part of a line is in view; between two of its points it may be where none of them is.
pub fn is_in_sight(line: &[[f64; 2]], view: [Range; 2]) -> bool {
    let alone = line.first().is_some_and(|point| crosses([*point; 2], view));
    alone || line.array_windows().any(|part| crosses(*part, view))
}

/// Whether a straight line has a point in a rectangle (Liang and Barsky 1984: what share of it is
/// between the sides, axis by axis).
fn crosses([start, end]: [[f64; 2]; 2], view: [Range; 2]) -> bool {
    let (mut first, mut last) = (0.0_f64, 1.0_f64);
    for ((start, end), [low, high]) in start.into_iter().zip(end).zip(view) {
        let along = end - start;
        if along == 0.0 {
            if !(low..=high).contains(&start) {
                return false;
            }
        } else if along.is_finite() {
            let (a, b) = ((low - start) / along, (high - start) / along);
            first = first.max(a.min(b));
            last = last.min(a.max(b));
        } else {
            return false;
        }
    }
    first <= last
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLOT: PlotKind = PlotKind::Loss;

    #[test]
    fn the_place_under_the_pointer_stays() {
        let mut view = PlotView::default();
        view.zoom(PLOT, [[0.0, 100.0], [0.0, 1.0]], [25.0, 0.5], 2.0, None);
        assert_eq!(view.x, Some([12.5, 62.5]));
        assert_eq!(view.y[&PLOT], [0.25, 0.75]);
        view.zoom(PLOT, [[12.5, 62.5], [0.25, 0.75]], [25.0, 0.5], 0.5, None);
        assert_eq!((view.x, view.y[&PLOT]), (Some([0.0, 100.0]), [0.0, 1.0]));
        assert!(view.is_changed());
        view.fit();
        assert!(!view.is_changed());
    }

    #[test]
    fn zooming_out_ends_a_little_beyond_all_values() {
        let mut view = PlotView::default();
        let all = Some([[0.0, 100.0], [0.0, 2.0]]);
        view.zoom(PLOT, [[0.0, 100.0], [0.0, 1.0]], [50.0, 0.5], 0.1, all);
        assert_eq!((view.x, view.y[&PLOT]), (Some([-25.0, 125.0]), [-0.5, 2.5]));
        // What was dragged out of sight does not jump back.
        view.zoom(PLOT, [[300.0, 400.0], [0.0, 1.0]], [350.0, 0.5], 0.5, all);
        assert_eq!(view.x, Some([250.0, 400.0]));
    }

    #[test]
    fn a_rectangle_has_its_corners_in_any_order() {
        let mut view = PlotView::default();
        view.show(PLOT, [30.0, 0.2], [10.0, 0.8]);
        assert_eq!((view.x, view.y[&PLOT]), (Some([10.0, 30.0]), [0.2, 0.8]));
        view.pan(PLOT, [[10.0, 30.0], [0.2, 0.8]], [5.0, 0.0]);
        assert_eq!((view.x, view.y[&PLOT]), (Some([15.0, 35.0]), [0.2, 0.8]));
        // A click without a drag is no rectangle.
        view.show(PLOT, [10.0, 0.2], [10.0, 0.2]);
        assert_eq!(view.x, Some([15.0, 35.0]));
    }

    #[test]
    fn a_line_is_in_sight_between_its_points_too() {
        let line = [[1.0, 1.0], [2.0, 5.0], [4.0, 5.0]];
        let all = [[0.0, 5.0], [0.0, 6.0]];
        assert!(is_in_sight(&line, all));
        assert!(is_in_sight(&line[..1], all), "a single point");
        assert!(is_in_sight(&line, [[1.4, 1.6], [2.9, 3.1]]), "rising");
        assert!(is_in_sight(&line, [[2.5, 3.5], [4.0, 6.0]]), "level");
        // Below what rises, above all, behind the end.
        assert!(!is_in_sight(&line, [[1.4, 1.6], [1.0, 2.0]]));
        assert!(!is_in_sight(&line, [[0.0, 5.0], [6.0, 7.0]]));
        assert!(!is_in_sight(&line, [[4.5, 5.0], [0.0, 6.0]]));
        assert!(!is_in_sight(&[], all));
        assert!(!is_in_sight(
            &[[f64::NAN, 1.0], [1.0, 1.0]],
            [[0.0, 0.5], [0.0, 2.0]]
        ));
    }
}
