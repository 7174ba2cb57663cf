//! A confusion matrix as a heat map: what each cell says, and how strong it is.

use serde::{Deserialize, Serialize};
use strum::VariantArray;

use super::format::percent;
use crate::engine::{ConfusionMatrix, VOID};

/// What the cells show.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, VariantArray, strum::Display,
)]
pub enum CellValue {
    /// Pixels.
    #[strum(to_string = "Counts")]
    Counts,
    /// Share of the true class: what becomes of its pixels.
    #[default]
    #[strum(to_string = "Row %")]
    Rows,
    /// Share of the predicted class: what its pixels truly are.
    #[strum(to_string = "Column %")]
    Columns,
}

impl CellValue {
    /// What it means, in a sentence.
    pub fn tooltip(self) -> &'static str {
        match self {
            Self::Counts => {
                "Pixels of the true class (row) that are predicted as the class of the column"
            }
            Self::Rows => "Share of the pixels of the true class: a row sums to 100 %",
            Self::Columns => {
                "Share of the pixels that are predicted as the class: a column sums to 100 %"
            }
        }
    }
}

/// A cell away from the diagonal: a true class that is taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CellPlace {
    /// The true class.
    pub truth: u8,
    /// The predicted one; 255 = void.
    pub predicted: u8,
}

/// A confusion in the list of the largest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confused {
    /// The classes.
    pub place: CellPlace,
    /// How many pixels.
    pub pixels: u64,
    /// The same in four characters or fewer.
    pub short: String,
    /// Their share of the true class.
    pub share: String,
}

/// A matrix and what is shown of it. The last column is void where something was predicted as that.
pub struct ConfusionView<'a> {
    matrix: &'a ConfusionMatrix,
    value: CellValue,
    has_void: bool,
    largest: u64,
}

impl<'a> ConfusionView<'a> {
    /// The view of `matrix`.
    pub fn new(matrix: &'a ConfusionMatrix, value: CellValue) -> Self {
        let classes = 0..matrix.num_classes();
        let counts = classes
            .clone()
            .flat_map(|truth| classes.clone().map(move |predicted| (truth, predicted)));
        let largest = counts
            .map(|(truth, predicted)| matrix.count(truth, predicted))
            .max();
        let has_void = matrix.unanswered() > 0;
        let void = classes.map(|truth| matrix.unanswered_of(truth)).max();
        Self {
            matrix,
            value,
            has_void,
            largest: largest.max(void).unwrap_or(0),
        }
    }

    /// Rows: the classes.
    pub fn rows(&self) -> usize {
        self.matrix.num_classes()
    }

    /// Columns: the classes, and void where there is some.
    pub fn columns(&self) -> usize {
        self.rows() + usize::from(self.has_void)
    }

    /// The label of a column.
    pub fn label(&self, column: usize) -> u8 {
        if column < self.rows() {
            column as u8
        } else {
            VOID
        }
    }

    /// Pixels of a cell.
    pub fn count(&self, row: usize, column: usize) -> u64 {
        if column < self.rows() {
            self.matrix.count(row, column)
        } else {
            self.matrix.unanswered_of(row)
        }
    }

    /// Share of the row or column, `None` where that is empty. Counts are shares of the row.
    pub fn share(&self, row: usize, column: usize) -> Option<f64> {
        let whole = match self.value {
            CellValue::Counts | CellValue::Rows => self.matrix.true_pixels(row),
            CellValue::Columns => (0..self.rows()).map(|row| self.count(row, column)).sum(),
        };
        (whole > 0).then(|| self.count(row, column) as f64 / whole as f64)
    }

    /// How strong the color of a cell is, `0.0..=1.0`. Counts differ by powers of ten: their
    /// logarithm is shown.
    pub fn strength(&self, row: usize, column: usize) -> f32 {
        match self.value {
            CellValue::Counts => {
                let log = |count: u64| (1.0 + count as f64).ln();
                (log(self.count(row, column)) / log(self.largest).max(f64::MIN_POSITIVE)) as f32
            }
            _ => self.share(row, column).unwrap_or(0.0) as f32,
        }
    }

    /// The text in a cell; empty for what rounds to nothing.
    pub fn text(&self, row: usize, column: usize) -> String {
        let count = self.count(row, column);
        match self.value {
            _ if count == 0 => String::new(),
            CellValue::Counts => short(count),
            _ => {
                let share = self.share(row, column).unwrap_or(0.0) * 100.0;
                if share < 0.5 {
                    "<1".to_owned()
                } else {
                    format!("{share:.0}")
                }
            }
        }
    }

    /// What the color bar says at its ends and in its middle.
    pub fn scale(&self) -> [String; 3] {
        match self.value {
            CellValue::Counts => {
                // The middle of a logarithmic scale.
                let middle = (1.0 + self.largest as f64).sqrt() - 1.0;
                ["0".to_owned(), short(middle as u64), short(self.largest)]
            }
            _ => ["0 %", "50 %", "100 %"].map(str::to_owned),
        }
    }

    /// The largest confusions, the most pixels first: the pixels, in short, and their share of the true
    /// class.
    pub fn largest(&self, most: usize) -> Vec<Confused> {
        let mut found: Vec<(usize, usize, u64)> = (0..self.rows())
            .flat_map(|row| (0..self.columns()).map(move |column| (row, column)))
            .filter(|(row, column)| row != column)
            .map(|(row, column)| (row, column, self.count(row, column)))
            .filter(|(.., count)| *count > 0)
            .collect();
        found.sort_by_key(|(.., count)| std::cmp::Reverse(*count));
        found.truncate(most);
        let all = |(row, column, count): (usize, usize, u64)| {
            let share = count as f64 / self.matrix.true_pixels(row).max(1) as f64;
            let place = CellPlace {
                truth: row as u8,
                predicted: self.label(column),
            };
            Confused {
                place,
                pixels: count,
                short: short(count),
                share: percent(Some(share)),
            }
        };
        found.into_iter().map(all).collect()
    }
}

/// A number in four characters or fewer: `950`, `12k`, `3.4M`.
fn short(count: u64) -> String {
    let value = count as f64;
    match count {
        0..1000 => count.to_string(),
        1000..9950 => format!("{:.1}k", value / 1e3),
        9950..999_500 => format!("{:.0}k", value / 1e3),
        999_500..9_950_000 => format!("{:.1}M", value / 1e6),
        9_950_000..999_500_000 => format!("{:.0}M", value / 1e6),
        _ => format!("{:.1}G", value / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix() -> ConfusionMatrix {
        let mut matrix = ConfusionMatrix::new(2);
        // Of class 0: 3 right, 1 taken for 1. Of class 1: 1 right, 1 void.
        matrix.add(&[0, 0, 0, 0, 1, 1], &[0, 0, 0, 1, 1, 255]);
        matrix
    }

    #[test]
    fn cells_are_shares_of_their_row_or_column() {
        let matrix = matrix();
        let rows = ConfusionView::new(&matrix, CellValue::Rows);
        assert_eq!((rows.rows(), rows.columns(), rows.label(2)), (2, 3, VOID));
        assert_eq!(rows.share(0, 0), Some(0.75));
        assert_eq!(rows.share(1, 2), Some(0.5));
        assert_eq!(
            (rows.text(0, 1), rows.text(1, 0)),
            ("25".to_owned(), String::new())
        );
        let columns = ConfusionView::new(&matrix, CellValue::Columns);
        assert_eq!(columns.share(0, 0), Some(1.0));
        assert_eq!(
            (columns.share(0, 1), columns.share(1, 1)),
            (Some(0.5), Some(0.5))
        );
        assert_eq!(columns.share(1, 2), Some(1.0));
        let counts = ConfusionView::new(&matrix, CellValue::Counts);
        assert_eq!(
            (counts.text(0, 0), counts.strength(0, 0)),
            ("3".to_owned(), 1.0)
        );
        assert_eq!((counts.strength(1, 0), counts.strength(0, 1)), (0.0, 0.5));
        assert_eq!(counts.scale(), ["0", "1", "3"]);
    }

    #[test]
    fn the_largest_confusions_come_first() {
        let mut matrix = matrix();
        matrix.add(&[1, 1], &[0, 0]);
        let view = ConfusionView::new(&matrix, CellValue::Rows);
        let of = |truth, predicted| CellPlace { truth, predicted };
        let found = view.largest(2);
        let all = |found: &Confused| {
            let (short, share) = (found.short.clone(), found.share.clone());
            (found.place, found.pixels, short, share)
        };
        let text = |text: &str| text.to_owned();
        assert_eq!(all(&found[0]), (of(1, 0), 2, text("2"), text("50.0 %")));
        assert_eq!(all(&found[1]), (of(0, 1), 1, text("1"), text("25.0 %")));
        assert_eq!(view.largest(9).len(), 3);
    }

    #[test]
    fn an_empty_matrix_has_nothing_to_show() {
        let matrix = ConfusionMatrix::new(2);
        let view = ConfusionView::new(&matrix, CellValue::Counts);
        assert_eq!(
            (view.columns(), view.share(0, 0), view.strength(0, 0)),
            (2, None, 0.0)
        );
        assert!(view.largest(3).is_empty());
    }

    #[test]
    fn numbers_are_short() {
        let texts = [0, 999, 1000, 9949, 9950, 999_499, 999_500, 12_345_678].map(short);
        assert_eq!(
            texts,
            ["0", "999", "1.0k", "9.9k", "10k", "999k", "1.0M", "12M"]
        );
    }
}
