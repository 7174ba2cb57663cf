//! How wide the columns are: as people left them, else as the panel has room for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Column;

/// Narrower, nothing could be read and the edge not be caught again.
const NARROWEST: f32 = 40.0;
const WIDEST: f32 = 800.0;

impl Column {
    /// Its width in points where there is room.
    fn natural(self) -> f32 {
        match self {
            Self::Name | Self::Settings | Self::Note | Self::Folder => 190.0,
            Self::Network | Self::StartsFrom | Self::Tags => 130.0,
            Self::Started => 122.0,
            Self::Dataset | Self::LearningRate => 92.0,
            Self::State => 72.0,
            Self::Epochs | Self::Steps | Self::Loss | Self::BatchSize => 78.0,
            Self::Duration => 68.0,
            Self::BestMiou => 62.0,
            Self::Seed | Self::Device => 64.0,
        }
    }

    /// Its width in a narrow panel. Numbers, states and dates are never cut off.
    fn least(self) -> f32 {
        match self {
            // "FCN-32s on sample", "lr 0.05 · batch 4 · 40 epochs", "FCN-32s VGG16 slim" in full.
            Self::Name => 113.0,
            Self::Settings => 160.0,
            Self::Network => 119.0,
            Self::Note | Self::Folder | Self::StartsFrom | Self::Tags => 80.0,
            Self::Dataset => 58.0,
            column => column.natural(),
        }
    }
}

/// The widths that people chose.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ColumnWidths(BTreeMap<Column, f32>);

impl ColumnWidths {
    /// The widths of `columns`, which share `room` points. Where even their least widths have no
    /// room, they need more.
    pub fn of(&self, columns: &[Column], room: f32) -> Vec<f32> {
        let chosen = |column: &Column| self.0.get(column).copied();
        let sum = |width: &dyn Fn(&Column) -> f32| columns.iter().map(width).sum::<f32>();
        let natural = |column: &Column| chosen(column).unwrap_or(column.natural());
        let least = |column: &Column| chosen(column).unwrap_or(column.least());
        // Texts that nobody chose a width for grow; numbers and dates need no more than they have.
        let free = |column: &Column| {
            let grows = chosen(column).is_none() && column.least() < column.natural();
            if grows { 1.0 } else { 0.0 }
        };
        let grown = sum(&|column| free(column) * column.natural());
        let spare = room - sum(&natural);
        if spare >= 0.0 {
            let factor = spare / grown.max(1.0);
            let width = |column: &Column| natural(column) + free(column) * factor * natural(column);
            return columns.iter().map(|column| width(column).floor()).collect();
        }
        let given = sum(&|column| natural(column) - least(column));
        let share = (-spare / given.max(1.0)).min(1.0);
        let width = |column: &Column| natural(column) - share * (natural(column) - least(column));
        columns.iter().map(|column| width(column).floor()).collect()
    }

    /// Makes a column this wide.
    pub fn choose(&mut self, column: Column, width: f32) {
        self.0.insert(column, width.clamp(NARROWEST, WIDEST));
    }

    /// Makes a column as wide as there is room.
    pub fn reset(&mut self, column: Column) {
        self.0.remove(&column);
    }

    /// Makes all columns as wide as there is room.
    pub fn reset_all(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: [Column; 2] = [Column::Name, Column::State];

    #[test]
    fn texts_share_the_room() {
        // 190 and 72.
        let widths = ColumnWidths::default();
        assert_eq!(widths.of(&TWO, 262.0), [190.0, 72.0]);
        assert_eq!(widths.of(&TWO, 538.0), [466.0, 72.0]);
        // Only names get narrower, at least 113.
        assert_eq!(widths.of(&TWO, 227.0), [155.0, 72.0]);
        assert_eq!(widths.of(&TWO, 50.0), [113.0, 72.0]);
    }

    #[test]
    fn a_chosen_width_stays_in_any_room() {
        let mut widths = ColumnWidths::default();
        widths.choose(Column::Name, 300.0);
        assert_eq!(widths.of(&TWO, 500.0), [300.0, 72.0]);
        assert_eq!(widths.of(&TWO, 100.0), [300.0, 72.0]);
        let saved = serde_json::to_string(&widths).expect("saved");
        assert_eq!(saved, r#"{"name":300.0}"#);
        let mut widths: ColumnWidths = serde_json::from_str(&saved).expect("read");
        widths.reset(Column::Name);
        assert_eq!(widths, ColumnWidths::default());
        widths.choose(Column::Name, -5.0);
        assert_eq!(widths.of(&TWO, 112.0), [40.0, 72.0]);
        widths.reset_all();
        assert_eq!(widths, ColumnWidths::default());
    }
}
