//! First, minimum, maximum and last value of any range of a growing series, found without
//! reading the range: what a pixel column of a plot shows of it.
//!
//! A tree with a fan-out of 16: sixteen values share an [`Extent`], sixteen extents the next
//! one, and so on. It takes about two bytes per value. Values that are not finite are skipped.

use std::ops::Range;

/// Fan-out of the tree.
const FAN: usize = 16;

/// Indices of four values of a range.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Extent {
    first: u32,
    low: u32,
    high: u32,
    last: u32,
    lowest: f64,
    highest: f64,
}

/// Extents of a series of up to 2^32 - 1 values, which is stored elsewhere.
#[derive(Debug, Clone, Default)]
pub struct MinMaxTree {
    len: usize,
    /// Full extents of 16 values, of 256, of 4096…
    levels: Vec<Vec<Extent>>,
    /// The last extent of each level, not yet full.
    open: Vec<Extent>,
}

impl Extent {
    const EMPTY: Self = Self {
        first: u32::MAX,
        low: 0,
        high: 0,
        last: 0,
        lowest: f64::INFINITY,
        highest: f64::NEG_INFINITY,
    };

    fn of(index: usize, value: f64) -> Self {
        if !value.is_finite() {
            return Self::EMPTY;
        }
        let index = index as u32;
        Self {
            first: index,
            low: index,
            high: index,
            last: index,
            lowest: value,
            highest: value,
        }
    }

    fn merge(&mut self, other: &Self) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        if other.lowest < self.lowest {
            (self.low, self.lowest) = (other.low, other.lowest);
        }
        if other.highest > self.highest {
            (self.high, self.highest) = (other.high, other.highest);
        }
    }

    /// The four indices in order, without duplicates.
    fn indices(&self) -> impl Iterator<Item = usize> {
        let mut indices = [self.first, self.low, self.high, self.last];
        indices.sort_unstable();
        let count = if self.first == u32::MAX {
            0
        } else {
            indices.len()
        };
        let mut before = None;
        indices
            .into_iter()
            .take(count)
            .filter(move |index| before.replace(*index) != Some(*index))
            .map(|index| index as usize)
    }
}

impl MinMaxTree {
    /// Number of values.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends a value.
    pub fn push(&mut self, value: f64) {
        let mut extent = Extent::of(self.len, value);
        self.len += 1;
        let mut count = self.len;
        for level in 0.. {
            if level == self.open.len() {
                self.open.push(Extent::EMPTY);
                self.levels.push(Vec::new());
            }
            self.open[level].merge(&extent);
            if !count.is_multiple_of(FAN) {
                return;
            }
            extent = std::mem::replace(&mut self.open[level], Extent::EMPTY);
            self.levels[level].push(extent);
            count /= FAN;
        }
    }

    /// The extent of a range of the values.
    fn extent(&self, range: Range<usize>, value: &impl Fn(usize) -> f64) -> Extent {
        let mut found = Extent::EMPTY;
        let (mut start, mut end) = (range.start, range.end.min(self.len));
        let mut below: Option<&Vec<Extent>> = None;
        for level in &self.levels {
            let mut add = |index: usize| match below {
                None => found.merge(&Extent::of(index, value(index))),
                Some(below) => found.merge(&below[index]),
            };
            let (inner_start, inner_end) = (start.div_ceil(FAN), end / FAN);
            if inner_start >= inner_end {
                (start..end).for_each(add);
                return found;
            }
            (start..inner_start * FAN)
                .chain(inner_end * FAN..end)
                .for_each(&mut add);
            (start, end) = (inner_start, inner_end);
            below = Some(level);
        }
        found
    }

    /// Indices of the values to draw: for every pixel column the first, minimum, maximum and
    /// last, so at most four. The `columns` span `from..to` on the axis. `position` must not
    /// decrease, and `value` returns what was pushed. The neighbors of the view on either
    /// side are included, so that lines reach the border.
    pub fn columns(
        &self,
        [from, to]: [f64; 2],
        columns: usize,
        position: impl Fn(usize) -> f64,
        value: impl Fn(usize) -> f64,
    ) -> Vec<usize> {
        let begin = first_where(0..self.len, |index| position(index) >= from);
        let end = first_where(begin..self.len, |index| position(index) > to);
        let columns = columns.max(1);
        let mut found = Vec::new();
        let mut draw = |range: Range<usize>| found.extend(self.extent(range, &value).indices());
        draw(begin.saturating_sub(1)..begin);
        let mut start = begin;
        for column in 1..=columns {
            let border = from + (to - from) * column as f64 / columns as f64;
            let next = if column == columns {
                end
            } else {
                first_where(start..end, |index| position(index) >= border)
            };
            draw(start..next);
            start = next;
        }
        draw(end..self.len.min(end + 1));
        found
    }
}

/// The first index of `range` for which `holds` is true, if it stays true from there on.
fn first_where(range: Range<usize>, holds: impl Fn(usize) -> bool) -> usize {
    let (mut start, mut end) = (range.start, range.end);
    while start < end {
        let middle = start.midpoint(end);
        if holds(middle) {
            end = middle;
        } else {
            start = middle + 1;
        }
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pseudo-random values with some NaN.
    fn values(count: usize) -> Vec<f64> {
        let value = |index: usize| match (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40 {
            number if number % 23 == 0 => f64::NAN,
            number => number as f64,
        };
        (0..count).map(value).collect()
    }

    fn tree(values: &[f64]) -> MinMaxTree {
        let mut tree = MinMaxTree::default();
        for value in values {
            tree.push(*value);
        }
        tree
    }

    #[test]
    fn an_extent_is_that_of_reading_every_value() {
        let values = values(5000);
        let tree = tree(&values);
        for (start, end) in [
            (0, 5000),
            (0, 0),
            (3, 4),
            (15, 17),
            (16, 32),
            (1, 4999),
            (255, 4097),
            (4096, 5000),
        ] {
            let mut expected = Extent::EMPTY;
            (start..end).for_each(|index| expected.merge(&Extent::of(index, values[index])));
            assert_eq!(
                tree.extent(start..end, &|index| values[index]),
                expected,
                "{start}..{end}"
            );
        }
    }

    #[test]
    fn values_are_read_in_the_columns_ends_only() {
        let values = values(1 << 20);
        let tree = tree(&values);
        let (reads, columns) = (std::cell::Cell::new(0), 1000);
        let read = |index: usize| {
            reads.set(reads.get() + 1);
            values[index]
        };
        let drawn = tree.columns(
            [0.0, values.len() as f64],
            columns,
            |index| index as f64,
            read,
        );
        assert!(
            drawn.len() <= 4 * (columns + 2) && drawn.len() > 2 * columns,
            "{}",
            drawn.len()
        );
        assert!(reads.get() <= 2 * FAN * columns, "{}", reads.get());
        assert!(drawn.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn columns_keep_their_ends_and_extremes() {
        let values = [5.0, 1.0, 9.0, 4.0, f64::NAN, 3.0, 8.0, 2.0];
        let drawn =
            tree(&values).columns([0.0, 8.0], 2, |index| index as f64, |index| values[index]);
        assert_eq!(drawn, [0, 1, 2, 3, 5, 6, 7]);
        let none =
            tree(&[f64::NAN; 40]).columns([0.0, 40.0], 3, |index| index as f64, |_| f64::NAN);
        assert!(none.is_empty());
    }

    #[test]
    fn neighbors_of_the_view_are_drawn() {
        let values: Vec<f64> = (0..100).map(f64::from).collect();
        let tree = tree(&values);
        let drawn =
            |from, to| tree.columns([from, to], 50, |index| index as f64, |index| values[index]);
        assert_eq!(drawn(49.5, 51.5), [49, 50, 51, 52]);
        assert_eq!(drawn(200.0, 300.0), [99]);
        assert_eq!(drawn(-9.0, -1.0), [0]);
    }
}
