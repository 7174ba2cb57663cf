//! Thin lines of the labels between two labels, which interpolation leaves along edges: between areas of 0
//! and 2 it makes a line of 1.

use crate::dataset::VOID;

/// How many equal pixels on either side make an area.
const AREA: usize = 4;
/// How wide a line is at most.
const WIDTH: usize = 3;

/// Edges between areas of labels that are not neighbors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Lines {
    /// Those that are met along rows.
    pub rows: Edges,
    /// Those that are met along columns.
    pub columns: Edges,
    /// The labels of the first line: one area, the line, the other area.
    pub example: Option<[u8; 3]>,
}

/// Edges in one direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Edges {
    /// Where the areas touch.
    pub sharp: u64,
    /// Where the labels between them form a line.
    pub blended: u64,
}

impl Edges {
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            sharp: self.sharp + other.sharp,
            blended: self.blended + other.blended,
        }
    }

    /// Share of the edges that have a line, 0 to 1; 0 where there are no edges.
    pub(super) fn share(self) -> f64 {
        self.blended as f64 / (self.sharp + self.blended).max(1) as f64
    }
}

impl Lines {
    /// Looks at the samples of a mask, row by row.
    pub(super) fn of(labels: &[u8], width: usize) -> Self {
        let mut lines = Self::default();
        let rows = labels.chunks_exact(width.max(1));
        let mut column = Vec::with_capacity(rows.len());
        for row in rows {
            let edges = lines.along(row);
            lines.rows = lines.rows.and(edges);
        }
        for x in 0..width {
            column.clear();
            column.extend(labels.iter().skip(x).step_by(width));
            let edges = lines.along(&column);
            lines.columns = lines.columns.and(edges);
        }
        lines
    }

    /// The edges along a row or a column, of which the first line is kept as an example.
    fn along(&mut self, line: &[u8]) -> Edges {
        let mut edges = Edges::default();
        for at in AREA..line.len() {
            let before = &line[at - AREA..at];
            if line[at] == line[at - 1] || !is_area(before) {
                continue;
            }
            let ends = (0..=WIDTH).filter(|width| line.len() >= at + width + AREA);
            let mut ends = ends.map(|width| line[at..at + width + AREA].split_at(width));
            let from = before[0];
            match ends.find(|(_, after)| is_area(after) && after[0] != from) {
                Some(([], after)) => edges.sharp += u64::from(from.abs_diff(after[0]) > 1),
                Some((between, after)) if rises(from, between, after[0]) => {
                    edges.blended += 1;
                    self.example.get_or_insert([from, between[0], after[0]]);
                }
                _ => {}
            }
        }
        edges
    }

    pub(super) fn and(self, other: &Self) -> Self {
        Self {
            rows: self.rows.and(other.rows),
            columns: self.columns.and(other.columns),
            example: self.example.or(other.example),
        }
    }

    /// Those in both directions.
    pub(super) fn edges(&self) -> Edges {
        self.rows.and(self.columns)
    }
}

/// Whether all pixels have one label, which is not void.
fn is_area(pixels: &[u8]) -> bool {
    pixels[0] != VOID && pixels.iter().all(|label| *label == pixels[0])
}

/// Whether labels lead from one to another, up or down, as a ramp does.
fn rises(from: u8, between: &[u8], to: u8) -> bool {
    let (low, high) = (from.min(to), from.max(to));
    let is_between = between.iter().all(|label| (low + 1..high).contains(label));
    is_between
        && if from < to {
            between.is_sorted()
        } else {
            between.iter().rev().is_sorted()
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn along(line: &[u8]) -> (u64, u64, Option<[u8; 3]>) {
        let mut lines = Lines::default();
        let edges = lines.along(line);
        (edges.sharp, edges.blended, lines.example)
    }

    #[test]
    fn a_ramp_between_areas_is_a_line() {
        let sharp = [0, 0, 0, 0, 2, 2, 2, 2];
        assert_eq!(along(&sharp), (1, 0, None));
        assert_eq!(along(&[0, 0, 0, 0, 1, 2, 2, 2, 2]), (0, 1, Some([0, 1, 2])));
        let down = [5, 5, 5, 5, 4, 2, 1, 0, 0, 0, 0];
        assert_eq!(along(&down), (0, 1, Some([5, 4, 0])));
        // Neighbors have no label between them, void is none, and a ramp does not go up and down.
        for none in [
            &[0, 0, 0, 0, 1, 1, 1, 1][..],
            &[0, 0, 0, 0, VOID, 2, 2, 2, 2],
            &[0, 0, 0, 0, 3, 2, 2, 2, 2],
            &[0, 0, 0, 0, 2, 1, 5, 5, 5, 5],
            &[0, 0, 0, 0, 1, 1, 1, 2, 2, 2],
            &[0, 0, 0, 1, 2, 2, 2, 2],
            &[0, 0, 0, 0, 1, 0, 0, 0, 0],
            &[],
        ] {
            assert_eq!(along(none), (0, 0, None), "{none:?}");
        }
        // An area of the label between, and not a line.
        let areas = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2];
        assert_eq!(along(&areas), (0, 0, None));
    }

    #[test]
    fn rows_and_columns_count() {
        // Five columns of 0, one of 1, four of 2, in six rows of one label each along the columns.
        let row = [0, 0, 0, 0, 0, 1, 2, 2, 2, 2];
        let mask = row.repeat(6);
        let lines = Lines::of(&mask, 10);
        let six = Edges {
            sharp: 0,
            blended: 6,
        };
        assert_eq!((lines.rows, lines.columns), (six, Edges::default()));
        let turned: Vec<u8> = row.iter().flat_map(|label| [*label; 6]).collect();
        let turned = Lines::of(&turned, 6);
        assert_eq!((turned.rows, turned.columns), (Edges::default(), six));
        assert_eq!((turned.edges(), lines.edges()), (six, six));
        assert_eq!(Lines::of(&[], 0), Lines::default());
    }
}
