//! A table of the values at the pointer that stays in the panel, whatever it has to hold.

use eframe::egui::{
    self, Align2, Color32, FontId, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, Vec2, vec2,
};

use super::hover_place::{SIDE, Surroundings};
use super::legend::{SAMPLE, sample_of};
use crate::ui::theme;
use crate::ui::view_model::format;

const ROW: f32 = 15.0;
const PADDING: f32 = 6.0;
const CELL_GAP: f32 = 10.0;
/// Between rows side by side.
const BLOCK_GAP: f32 = 12.0;
/// With fewer columns, if it has more, the table is not worth being kept in one plot.
const LEAST_COLUMNS: usize = 4;
const FONT: FontId = FontId::proportional(11.0);

/// What the table holds.
pub struct HoverTable {
    /// Titles of the columns; the first one is that of the names.
    pub header: Vec<String>,
    /// The columns from the one that is kept in the narrowest panel to the one that is left out
    /// first.
    pub by_weight: Vec<usize>,
    pub rows: Vec<Row>,
}

/// A line of the plot.
pub struct Row {
    /// Its color slot.
    pub slot: usize,
    /// One text for each column.
    pub cells: Vec<String>,
    /// The row for screen readers.
    pub spoken: String,
    /// Whether it is the one under the pointer.
    pub strong: bool,
}

/// Where everything goes.
#[derive(Debug, PartialEq)]
struct Plan {
    /// The columns that have room.
    columns: Vec<usize>,
    /// Width of a row.
    width: f32,
    /// How many rows are below each other.
    rows: usize,
    /// How many times that are side by side.
    blocks: usize,
    /// How many rows are shown; the others are counted.
    shown: usize,
}

impl Plan {
    fn new(by_weight: &[usize], widths: &[f32], count: usize, room: Vec2) -> Self {
        let columns = columns_that_fit(by_weight, widths, room.x);
        let width = width_of(widths, &columns);
        // Without the header.
        let most_rows = ((room.y / ROW).floor() as usize).saturating_sub(1).max(1);
        let most_blocks = ((room.x + BLOCK_GAP) / (width + BLOCK_GAP)).floor() as usize;
        let blocks = count.div_ceil(most_rows).clamp(1, most_blocks.max(1));
        let shown = if count <= blocks * most_rows {
            count
        } else {
            // One line says how many there are besides.
            (blocks * most_rows).saturating_sub(1).max(1)
        };
        let lines = shown + usize::from(shown < count);
        Self {
            columns,
            width,
            rows: lines.div_ceil(blocks),
            blocks,
            shown,
        }
    }

    fn size(&self) -> Vec2 {
        let blocks = self.blocks as f32;
        vec2(
            blocks * (self.width + BLOCK_GAP) - BLOCK_GAP,
            ROW * (self.rows + 1) as f32,
        )
    }

    /// The corner of a row below the headers.
    fn corner(&self, index: usize) -> Vec2 {
        let (block, row) = (index / self.rows, index % self.rows);
        vec2(
            block as f32 * (self.width + BLOCK_GAP),
            ROW * (row + 1) as f32,
        )
    }
}

impl HoverTable {
    /// Draws the table inside of the panel, where it hides the least of what is looked at. Rows that have
    /// no room are counted; columns that have none are left out.
    pub fn ui(&self, ui: &Ui, around: &Surroundings) {
        let panel = around.panel;
        match self.rows.as_slice() {
            [] => return,
            [row] if self.header.len() > LEAST_COLUMNS => return self.card_ui(ui, row, around),
            _ => {}
        }
        let widths = self.widths(ui);
        let plan = self.plan(&widths, around);
        let place = frame_ui(ui, around, plan.size());
        let visuals = ui.visuals();
        let corner = place.min + Vec2::splat(PADDING);
        let line = |offset: Vec2| Line {
            ui,
            panel,
            rect: Rect::from_min_size(corner + offset, vec2(plan.width, ROW)),
            columns: &plan.columns,
            widths: &widths,
        };
        for block in 0..plan.blocks.min(plan.shown) {
            let offset = vec2(plan.corner(block * plan.rows).x, 0.0);
            line(offset).cells(&self.header, visuals.weak_text_color());
        }
        for (index, row) in self.rows[..plan.shown].iter().enumerate() {
            let color = if row.strong {
                visuals.strong_text_color()
            } else {
                visuals.text_color()
            };
            let line = line(plan.corner(index));
            if row.strong {
                let fill = visuals.widgets.hovered.weak_bg_fill;
                ui.painter_at(panel).rect_filled(line.rect, 2.0, fill);
            }
            line.cells(&row.cells, color);
            line.sample(row.slot);
            line.speak(index, &row.spoken);
        }
        let left_out = self.rows.len() - plan.shown;
        if left_out > 0 {
            let more = format!("and {} more", format::count(left_out));
            let line = line(plan.corner(plan.shown));
            line.cells(std::slice::from_ref(&more), visuals.weak_text_color());
            line.speak(plan.shown, &more);
        }
    }

    /// In the plot under the pointer where all rows have room there, with what counts most of each; else in
    /// all of the panel.
    fn plan(&self, widths: &[f32], around: &Surroundings) -> Plan {
        let count = self.rows.len();
        let within = |rect: Rect| {
            let room = rect.size() - Vec2::splat(2.0 * (PADDING + SIDE));
            Plan::new(&self.by_weight, widths, count, room)
        };
        let own = within(around.plot);
        if own.shown == count && own.columns.len() >= LEAST_COLUMNS.min(widths.len()) {
            own
        } else {
            within(around.panel)
        }
    }

    /// The values of a single run below each other: as wide as a table of many it would lie over what it is
    /// about.
    fn card_ui(&self, ui: &Ui, row: &Row, around: &Surroundings) {
        let [titles, values] = [&self.header, &row.cells].map(|texts| {
            let widths = texts[1..].iter().map(|text| width_of_text(ui, text));
            widths.fold(0.0, f32::max)
        });
        let name = SAMPLE.x + 4.0 + width_of_text(ui, &row.cells[0]);
        let width = (titles + CELL_GAP + values).max(name);
        let place = frame_ui(ui, around, vec2(width, ROW * self.header.len() as f32));
        let widths = [width];
        let line = |index: usize| {
            let corner = place.min + Vec2::splat(PADDING) + vec2(0.0, ROW * index as f32);
            Line {
                ui,
                panel: around.panel,
                rect: Rect::from_min_size(corner, vec2(width, ROW)),
                columns: &[0],
                widths: &widths,
            }
        };
        let visuals = ui.visuals();
        line(0).cells(&row.cells[..1], visuals.strong_text_color());
        line(0).sample(row.slot);
        for index in 1..self.header.len() {
            line(index).ends(
                (&self.header[index], visuals.weak_text_color()),
                (&row.cells[index], visuals.text_color()),
            );
        }
        let whole = Line {
            rect: place,
            ..line(0)
        };
        whole.speak(0, &row.spoken);
    }

    fn widths(&self, ui: &Ui) -> Vec<f32> {
        let width = |text: &str| width_of_text(ui, text);
        let header = self.header.iter().enumerate();
        header
            .map(|(column, title)| {
                let cells = self.rows.iter().map(|row| width(&row.cells[column]));
                cells.fold(width(title), f32::max)
            })
            .collect()
    }
}

/// One line of the table.
struct Line<'a> {
    ui: &'a Ui,
    panel: Rect,
    rect: Rect,
    columns: &'a [usize],
    widths: &'a [f32],
}

impl Line<'_> {
    fn cells(&self, cells: &[String], color: Color32) {
        let painter = self.ui.painter_at(self.panel);
        let mut left = self.rect.left() + SAMPLE.x + 4.0;
        for &column in self.columns {
            let (Some(cell), width) = (cells.get(column), self.widths[column]) else {
                continue;
            };
            let (align, x) = if column == 0 {
                (Align2::LEFT_CENTER, left)
            } else {
                (Align2::RIGHT_CENTER, left + width)
            };
            let at = Pos2::new(x, self.rect.center().y);
            painter.text(at, align, cell, FONT, color);
            left += width + CELL_GAP;
        }
    }

    /// A title at the left end, and its value at the right one.
    fn ends(&self, title: (&str, Color32), value: (&str, Color32)) {
        let painter = self.ui.painter_at(self.panel);
        let ends = [
            (Align2::LEFT_CENTER, self.rect.left_center(), title),
            (Align2::RIGHT_CENTER, self.rect.right_center(), value),
        ];
        for (align, at, (text, color)) in ends {
            painter.text(at, align, text, FONT, color);
        }
    }

    fn sample(&self, slot: usize) {
        let left = self.rect.left_center() - vec2(0.0, SAMPLE.y / 2.0);
        sample_of(self.ui, Rect::from_min_size(left, SAMPLE), slot);
    }

    /// Gives the line, which is painted, a name.
    fn speak(&self, index: usize, text: &str) {
        let id = self.ui.scope_id().with(("hovered", index));
        let response = self.ui.interact(self.rect, id, Sense::empty());
        response
            .widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Label, true, text));
    }
}

/// The empty box of a table with content of this size, where it goes.
fn frame_ui(ui: &Ui, around: &Surroundings, size: Vec2) -> Rect {
    let place = around.place(size + Vec2::splat(2.0 * PADDING));
    let visuals = ui.visuals();
    let outline = Stroke::new(1.0, theme::palette(visuals).outline);
    ui.painter_at(around.panel)
        .rect(place, 4.0, visuals.window_fill, outline, StrokeKind::Inside);
    place
}

fn width_of_text(ui: &Ui, text: &str) -> f32 {
    let galley = ui
        .painter()
        .layout_no_wrap(text.to_owned(), FONT, Color32::PLACEHOLDER);
    galley.size().x
}

/// The columns that have room side by side, in their order.
fn columns_that_fit(by_weight: &[usize], widths: &[f32], room: f32) -> Vec<usize> {
    let mut columns = Vec::new();
    for &column in by_weight {
        columns.push(column);
        if columns.len() > 1 && width_of(widths, &columns) > room {
            columns.pop();
            break;
        }
    }
    columns.sort_unstable();
    columns
}

fn width_of(widths: &[f32], columns: &[usize]) -> f32 {
    let cells = columns.iter().map(|column| widths[*column] + CELL_GAP);
    SAMPLE.x + 4.0 + cells.sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_without_room_are_left_out() {
        // 28 for the piece of line, 20 for each.
        let (by_weight, widths) = ([0, 2, 7, 1, 6, 3, 4, 5], [10.0; 8]);
        let fit = |room| columns_that_fit(&by_weight, &widths, room);
        assert_eq!(fit(188.0), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(fit(115.0), [0, 1, 2, 7]);
        assert_eq!(fit(5.0), [0]);
    }

    #[test]
    fn rows_go_side_by_side_before_they_are_left_out() {
        // A row is 28 + 20 wide.
        let plan = |count, room| {
            let plan = Plan::new(&[0], &[10.0], count, room);
            assert!(
                plan.size().x <= room.x && plan.size().y <= room.y,
                "{plan:?}"
            );
            (plan.rows, plan.blocks, plan.shown)
        };
        // Ten lines: a header and nine rows.
        assert_eq!(plan(9, vec2(48.0, 150.0)), (9, 1, 9));
        assert_eq!(plan(10, vec2(48.0, 150.0)), (9, 1, 8));
        assert_eq!(plan(10, vec2(108.0, 150.0)), (5, 2, 10));
        assert_eq!(plan(21, vec2(500.0, 150.0)), (7, 3, 21));
        assert_eq!(plan(40, vec2(108.0, 150.0)), (9, 2, 17));
        let plan = Plan::new(&[0], &[10.0], 10, vec2(108.0, 150.0));
        assert_eq!(plan.corner(7), vec2(60.0, 45.0));
    }
}
