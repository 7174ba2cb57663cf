//! Where the columns of the table are, and which of them are in sight while it is scrolled to the side.

use eframe::egui::{Rect, pos2, vec2};

/// Before the first column: the tick and the color of a run.
pub const TICK_WIDTH: f32 = 42.0;
/// Between two columns.
pub const CELL_GAP: f32 = 8.0;
/// Behind the last column, for the bar that scrolls the rows.
const BAR_WIDTH: f32 = 12.0;

/// What a line needs besides the widths of its columns.
pub fn room_beside(columns: usize) -> f32 {
    TICK_WIDTH + CELL_GAP * columns as f32 + BAR_WIDTH
}

/// How the columns of a line are placed.
pub struct Places<'a> {
    /// Of the columns.
    pub widths: &'a [f32],
    /// Of the whole line.
    pub width: f32,
    /// How far the table is scrolled to the side. The names stay: without them, nobody could tell the rows.
    pub scrolled: f32,
}

impl Places<'_> {
    /// The cells of a line.
    pub fn cells(&self, line: Rect) -> impl Iterator<Item = Rect> {
        let mut left = line.left() + TICK_WIDTH;
        let widths = self.widths.iter().enumerate();
        widths.map(move |(index, width)| {
            let stays = if index == 0 { self.scrolled } else { 0.0 };
            let cell =
                Rect::from_min_size(pos2(left + stays, line.top()), vec2(*width, line.height()));
            left += width + CELL_GAP;
            cell
        })
    }

    /// Where the columns begin that are scrolled.
    pub fn first_scrolled(&self, line: Rect) -> f32 {
        let name = self.widths.first().copied().unwrap_or_default();
        line.left() + self.scrolled + TICK_WIDTH + name + CELL_GAP
    }

    /// The part of a cell that is not behind the names; `None` = nothing.
    pub fn in_sight(&self, index: usize, cell: Rect, line: Rect) -> Option<Rect> {
        let from = if index == 0 {
            cell.left()
        } else {
            self.first_scrolled(line)
        };
        (cell.right() > from).then(|| cell.with_min_x(cell.left().max(from)))
    }
}

#[cfg(test)]
mod tests {
    use eframe::egui::{Color32, Context, RawInput, TextStyle};

    use super::super::table::ROW_HEIGHT;
    use super::*;
    use crate::engine::Variant;
    use crate::engine::test_runs::run;
    use crate::ui::theme;
    use crate::ui::ui_ext::UiExt as _;
    use crate::ui::view_model::run_table::{Column, ColumnWidths, STATES};

    #[test]
    fn the_columns_of_the_start_are_whole_in_a_window_of_1280() {
        // Beside the other panels.
        let panel = 892.0;
        let gaps = room_beside(Column::DEFAULT.len());
        let widths = ColumnWidths::default().of(&Column::DEFAULT, panel - gaps);
        assert!(widths.iter().sum::<f32>() + gaps <= panel, "{widths:?}");
        let mut run = run("20261123-140501-fcn32s-vgg16-slim", 1_795_442_701);
        run.config.variant = Variant::Fcn32s;
        let ctx = Context::default();
        theme::apply(&ctx);
        let mut seen = Vec::new();
        ctx.run_ui(RawInput::default(), |ui| {
            let font = TextStyle::Body.resolve(ui.style());
            let measured = |text: String| {
                let painter = ui.painter();
                let galley = painter.layout_no_wrap(text, font.clone(), Color32::PLACEHOLDER);
                galley.size().x
            };
            seen = Column::DEFAULT
                .iter()
                .map(|column| match column {
                    Column::BestMiou => measured("100.0 %".to_owned()),
                    Column::Duration => measured("59 min 59 s".to_owned()),
                    Column::State => 0.0,
                    column => measured(column.text(&run)),
                })
                .collect();
            // The longest word in its pill.
            let widest = STATES.map(|state| ui.tag(state, Color32::WHITE).rect.width() + 10.0);
            seen[1] = widest.into_iter().fold(0.0, f32::max);
        })
        .drop_without_applying_deltas();
        for ((column, width), needed) in Column::DEFAULT.iter().zip(widths).zip(seen) {
            assert!(
                needed > 20.0 && needed <= width,
                "{column:?}: {needed} in {width}"
            );
        }
    }

    #[test]
    fn names_stay_where_a_table_is_scrolled_to_the_side() {
        let line = Rect::from_min_size(pos2(-50.0, 0.0), vec2(600.0, ROW_HEIGHT));
        let places = Places {
            widths: &[100.0, 30.0, 80.0],
            width: 600.0,
            scrolled: 50.0,
        };
        let cells: Vec<Rect> = places.cells(line).collect();
        assert_eq!(cells[0].left(), TICK_WIDTH);
        // The second column, from 100 to 130, is behind the names, which end at 142 and a gap.
        let sight = |index: usize| places.in_sight(index, cells[index], line);
        assert_eq!(sight(0), Some(cells[0]));
        assert_eq!((cells[1].left(), sight(1)), (100.0, None));
        let third = sight(2).expect("a part of it");
        assert_eq!((cells[2].left(), third.left()), (138.0, 150.0));
        assert_eq!(third.right(), cells[2].right());
    }
}
