//! Numbers over an image as pictures: which color a number has, and the bar that says so.

mod digits;
mod picture;
mod save;

pub use picture::picture_of;
pub use save::MapFiles;

use crate::dataset::{Area, Size};
use crate::text;

/// A number for each cell of a map, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct NumberMap {
    /// Columns and rows.
    pub size: Size,
    /// The numbers.
    pub values: Vec<f32>,
}

/// Which way colors go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapColors {
    /// From dark to bright (viridis, by van der Walt and Smith).
    Sequential,
    /// From blue over white to red: the middle is zero.
    Diverging,
}

/// Which color a number has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ColorScale {
    /// The number of the first color; what is below has it too.
    pub low: f32,
    /// The number of the last color; what is above has it too.
    pub high: f32,
    /// The colors.
    pub colors: MapColors,
}

/// Nine colors of viridis at equal distances.
const VIRIDIS: [[u8; 3]; 9] = [
    [68, 1, 84],
    [71, 44, 122],
    [59, 81, 139],
    [44, 113, 142],
    [33, 144, 141],
    [39, 173, 129],
    [92, 200, 99],
    [170, 220, 50],
    [253, 231, 37],
];
/// `ColorBrewer`'s `RdBu`, from blue to red.
const BLUE_RED: [[u8; 3]; 7] = [
    [33, 102, 172],
    [103, 169, 207],
    [209, 229, 240],
    [247, 247, 247],
    [253, 219, 199],
    [239, 138, 98],
    [178, 24, 43],
];
/// Of what is no number.
const NO_NUMBER: [u8; 3] = [128, 128, 128];

impl NumberMap {
    /// The number of a cell; `None` outside.
    pub fn at(&self, column: u32, row: u32) -> Option<f32> {
        let inside = column < self.size.width && row < self.size.height;
        let place = row as usize * self.size.width as usize + column as usize;
        self.values.get(place).copied().filter(|_| inside)
    }

    /// These cells of it, which must be inside.
    pub fn part(&self, area: Area) -> Self {
        let row = self.size.width as usize;
        let rows = area.top as usize..(area.top + area.size.height) as usize;
        let (left, right) = (area.left as usize, (area.left + area.size.width) as usize);
        let values = rows.flat_map(|y| &self.values[y * row + left..y * row + right]);
        Self {
            size: area.size,
            values: values.copied().collect(),
        }
    }

    /// Every `step`-th number, in either direction.
    pub fn sample(&self, step: u32) -> Self {
        let step = step.max(1);
        let rows = self.values.chunks_exact(self.size.width.max(1) as usize);
        let rows = rows.step_by(step as usize);
        Self {
            size: Size::new(
                self.size.width.div_ceil(step),
                self.size.height.div_ceil(step),
            ),
            values: rows
                .flat_map(|row| row.iter().step_by(step as usize).copied())
                .collect(),
        }
    }

    /// The smallest and the largest number; 0 and 0 where there is none.
    pub fn range(&self) -> (f32, f32) {
        let finite = self
            .values
            .iter()
            .copied()
            .filter(|value| value.is_finite());
        let ends = finite.fold(None, |ends: Option<(f32, f32)>, value| {
            let (low, high) = ends.unwrap_or((value, value));
            Some((low.min(value), high.max(value)))
        });
        ends.unwrap_or_default()
    }
}

impl ColorScale {
    /// Of shares.
    pub const SHARES: Self = Self {
        low: 0.0,
        high: 1.0,
        colors: MapColors::Sequential,
    };

    /// As far below zero as above, so that all of these maps can be compared.
    pub fn around_zero<'a>(maps: impl IntoIterator<Item = &'a NumberMap>) -> Self {
        let reach = maps.into_iter().fold(0.0_f32, |most, map| {
            let (low, high) = map.range();
            most.max(low.abs()).max(high.abs())
        });
        Self {
            low: -reach,
            high: reach,
            colors: MapColors::Diverging,
        }
    }

    /// From the smallest to the largest number of a map, with zero in it.
    pub fn of(map: &NumberMap) -> Self {
        let (low, high) = map.range();
        if low < 0.0 {
            return Self::around_zero([map]);
        }
        Self {
            low: 0.0,
            high,
            colors: MapColors::Sequential,
        }
    }

    /// The color of a number.
    pub fn color(&self, value: f32) -> [u8; 3] {
        if !value.is_finite() {
            return NO_NUMBER;
        }
        let width = self.high - self.low;
        let share = if width > 0.0 {
            ((value - self.low) / width).clamp(0.0, 1.0)
        } else if self.colors == MapColors::Diverging {
            0.5
        } else {
            0.0
        };
        match self.colors {
            MapColors::Sequential => between(&VIRIDIS, share),
            MapColors::Diverging => between(&BLUE_RED, share),
        }
    }

    /// The numbers at the low end, in the middle and at the high end.
    pub fn ticks(&self) -> [f32; 3] {
        [self.low, f32::midpoint(self.low, self.high), self.high]
    }
}

/// A number as it stands at a color bar: three digits, `0.25`, `-12.3`, `4e-7`.
pub fn tick_text(value: f32) -> String {
    // Without the sign of a zero.
    text::number(f64::from(value) + 0.0)
}

/// The color at `share` of the way through `colors`.
fn between(colors: &[[u8; 3]], share: f32) -> [u8; 3] {
    let place = share * (colors.len() - 1) as f32;
    let first = (place as usize).min(colors.len() - 2);
    let part = place - first as f32;
    std::array::from_fn(|channel| {
        let (from, to) = (colors[first][channel], colors[first + 1][channel]);
        (f32::from(from) * (1.0 - part) + f32::from(to) * part).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(values: &[f32]) -> NumberMap {
        NumberMap {
            size: Size::new(values.len() as u32, 1),
            values: values.to_vec(),
        }
    }

    #[test]
    fn the_ends_of_a_scale_have_the_ends_of_its_colors() {
        let scale = ColorScale::SHARES;
        assert_eq!(scale.color(0.0), [68, 1, 84]);
        assert_eq!(scale.color(0.5), [33, 144, 141]);
        assert_eq!(scale.color(1.0), [253, 231, 37]);
        assert_eq!(scale.color(7.0), scale.color(1.0));
        assert_eq!(scale.color(f32::NAN), NO_NUMBER);
        // A sixteenth of the way is half of the first step: (68 + 71) / 2, (1 + 44) / 2, (84 + 122) / 2.
        assert_eq!(scale.color(1.0 / 16.0), [70, 23, 103]);
    }

    #[test]
    fn zero_is_in_the_middle_of_a_diverging_scale() {
        let scale = ColorScale::around_zero([&map(&[1.0, -4.0]), &map(&[2.0])]);
        assert_eq!((scale.low, scale.high), (-4.0, 4.0));
        assert_eq!(scale.color(0.0), [247, 247, 247]);
        assert_eq!(scale.ticks(), [-4.0, 0.0, 4.0]);
        // Nothing but zeros is zero.
        assert_eq!(ColorScale::around_zero([&map(&[0.0])]).color(0.0), [247; 3]);
    }

    #[test]
    fn a_map_without_negative_numbers_begins_at_zero() {
        let scale = ColorScale::of(&map(&[2.0, 8.0]));
        assert_eq!(
            (scale.low, scale.high, scale.colors),
            (0.0, 8.0, MapColors::Sequential)
        );
        assert_eq!(ColorScale::of(&map(&[-1.0, 3.0])).low, -3.0);
        assert_eq!(map(&[f32::NAN, 3.0]).range(), (3.0, 3.0));
        assert_eq!(map(&[]).range(), (0.0, 0.0));
    }

    #[test]
    fn cells_are_found_by_column_and_row() {
        let map = NumberMap {
            size: Size::new(2, 2),
            values: vec![1.0, 2.0, 3.0, 4.0],
        };
        assert_eq!((map.at(1, 0), map.at(0, 1)), (Some(2.0), Some(3.0)));
        assert_eq!((map.at(2, 0), map.at(0, 2)), (None, None));
        let right = Area {
            left: 1,
            top: 0,
            size: Size::new(1, 2),
        };
        assert_eq!(map.part(right).values, [2.0, 4.0]);
        let sampled = map.sample(2);
        assert_eq!((sampled.size, sampled.values), (Size::new(1, 1), vec![1.0]));
    }
}
