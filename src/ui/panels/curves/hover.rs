//! The values of all runs at the place under the pointer, as a table that stays in the panel.

use std::collections::BTreeMap;

use eframe::egui::{
    self, Align2, Color32, FontId, Pos2, Rect, Sense, Stroke, StrokeKind, Ui, Vec2, vec2,
};

use super::legend::{SAMPLE, sample_of};
use super::overlap;
use super::plot::Hovered;
use crate::engine::RunSnapshot;
use crate::engine::plots::curves::RunCurves;
use crate::ui::theme;
use crate::ui::view_model::format;

const HEADER: [&str; 8] = [
    "",
    "step",
    "loss",
    "smoothed",
    "lr",
    "grad. norm",
    "val. loss",
    "mIoU",
];
/// The columns from the one that is kept in the narrowest panel to the one that is left out first.
const BY_WEIGHT: [usize; 8] = [0, 2, 7, 1, 6, 3, 4, 5];
const ROW: f32 = 15.0;
const PADDING: f32 = 6.0;
const CELL_GAP: f32 = 10.0;
/// Away from the pointer.
const DISTANCE: f32 = 14.0;
const FONT: FontId = FontId::proportional(11.0);
/// Longer names end in an ellipsis.
const LONGEST_NAME: usize = 34;

/// The line of a run.
pub struct Row {
    slot: usize,
    cells: [String; 8],
}

/// The values at a place, for the runs that have some.
pub fn rows<'a>(
    runs: impl Iterator<Item = (&'a RunSnapshot, usize, &'a str)>,
    curves: &BTreeMap<String, RunCurves>,
    at: Hovered,
) -> Vec<Row> {
    runs.filter_map(|(run, slot, label)| {
        let values = curves
            .get(&run.name)?
            .readout(&run.steps, &run.epochs, at.x)?;
        let epoch = values.epoch;
        let smoothed = Some(values.smoothed).filter(|value| value.is_finite());
        Some(Row {
            slot,
            cells: [
                shortened(label),
                format::count(values.step),
                format::loss(Some(values.loss)),
                format::loss(smoothed),
                format::number(values.learning_rate),
                format::loss(values.grad_norm),
                format::loss(epoch.and_then(|epoch| epoch.val_loss)),
                format::percent(epoch.and_then(|epoch| epoch.mean_iu)),
            ],
        })
    })
    .collect()
}

fn shortened(label: &str) -> String {
    if label.chars().count() <= LONGEST_NAME {
        return label.to_owned();
    }
    let start: String = label.chars().take(LONGEST_NAME - 1).collect();
    format!("{start}…")
}

/// Draws the table inside of `panel`, away from the pointer. Runs that have no room are counted;
/// columns that have none are left out.
pub fn table_ui(ui: &Ui, panel: Rect, pointer: Pos2, rows: &[Row]) {
    if rows.is_empty() {
        return;
    }
    let most = (((panel.height() - 2.0 * PADDING) / ROW).floor() as usize)
        .saturating_sub(1)
        .max(1);
    let shown = if rows.len() <= most {
        rows.len()
    } else {
        most.saturating_sub(1).max(1)
    };
    let left_out = rows.len() - shown;
    let lines = 1 + shown + usize::from(left_out > 0);
    let widths = widths(ui, &rows[..shown]);
    let columns = columns_that_fit(&widths, panel.width() - 2.0 * PADDING);
    let width = width_of(&widths, &columns);
    let size = vec2(width, ROW * lines as f32) + Vec2::splat(2.0 * PADDING);
    let place = place(panel, pointer, size);
    let visuals = ui.visuals();
    let painter = ui.painter_at(panel);
    let outline = Stroke::new(1.0, theme::palette(visuals).outline);
    painter.rect(place, 4.0, visuals.window_fill, outline, StrokeKind::Inside);
    let text = visuals.text_color();
    let line = |index: usize| place.top() + PADDING + ROW * index as f32;
    let draw = |index: usize, cells: &[&str], color: Color32| {
        let mut left = place.left() + PADDING + SAMPLE.x + 4.0;
        for &column in &columns {
            let (Some(cell), width) = (cells.get(column), widths[column]) else {
                continue;
            };
            let (align, x) = if column == 0 {
                (Align2::LEFT_CENTER, left)
            } else {
                (Align2::RIGHT_CENTER, left + width)
            };
            painter.text(
                Pos2::new(x, line(index) + ROW / 2.0),
                align,
                cell,
                FONT,
                color,
            );
            left += width + CELL_GAP;
        }
    };
    draw(0, &HEADER, visuals.weak_text_color());
    for (index, row) in rows[..shown].iter().enumerate() {
        let cells: Vec<&str> = row.cells.iter().map(String::as_str).collect();
        draw(index + 1, &cells, text);
        let middle = line(index + 1) + ROW / 2.0;
        let left = Pos2::new(place.left() + PADDING, middle - SAMPLE.y / 2.0);
        sample_of(ui, Rect::from_min_size(left, SAMPLE), row.slot);
        let spoken = format!(
            "{}: step {}, loss {}, mIoU {}",
            cells[0], cells[1], cells[2], cells[7]
        );
        let whole = Rect::from_min_size(
            Pos2::new(place.left(), line(index + 1)),
            vec2(place.width(), ROW),
        );
        speak(ui, whole, index, &spoken);
    }
    if left_out > 0 {
        let more = format!("and {} more", format::count(left_out));
        draw(shown + 1, &[&more], visuals.weak_text_color());
        let whole = Rect::from_min_size(
            Pos2::new(place.left(), line(shown + 1)),
            vec2(place.width(), ROW),
        );
        speak(ui, whole, shown, &more);
    }
}

/// Gives a line that is painted a name.
fn speak(ui: &Ui, rect: Rect, index: usize, text: &str) {
    let id = ui.scope_id().with(("hovered", index));
    let response = ui.interact(rect, id, Sense::empty());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Label, true, text));
}

/// The columns that have room side by side, in their order.
fn columns_that_fit(widths: &[f32], room: f32) -> Vec<usize> {
    let mut columns = Vec::new();
    for column in BY_WEIGHT {
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

fn widths(ui: &Ui, rows: &[Row]) -> Vec<f32> {
    let width = |text: &str| {
        let galley = ui
            .painter()
            .layout_no_wrap(text.to_owned(), FONT, Color32::PLACEHOLDER);
        galley.size().x
    };
    (0..HEADER.len())
        .map(|column| {
            let cells = rows.iter().map(|row| width(&row.cells[column]));
            cells.fold(width(HEADER[column]), f32::max)
        })
        .collect()
}

/// Beside the pointer where there is room, and always inside of the panel.
fn place(panel: Rect, pointer: Pos2, size: Vec2) -> Rect {
    let size = size.min(panel.size());
    let left = if pointer.x + DISTANCE + size.x <= panel.right() {
        pointer.x + DISTANCE
    } else {
        pointer.x - DISTANCE - size.x
    };
    let inside = |value: f32, low: f32, high: f32| value.clamp(low, high.max(low));
    let x = inside(left, panel.left(), panel.right() - size.x);
    let y = inside(pointer.y + DISTANCE, panel.top(), panel.bottom() - size.y);
    let rect = Rect::from_min_size(Pos2::new(x, y), size);
    let around = Rect::from_center_size(pointer, Vec2::splat(DISTANCE));
    if overlap(rect, around) && pointer.y - DISTANCE - size.y >= panel.top() {
        return rect.translate(vec2(0.0, pointer.y - DISTANCE - size.y - y));
    }
    rect
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_never_leaves_the_panel() {
        let panel = Rect::from_min_size(Pos2::new(100.0, 50.0), vec2(400.0, 200.0));
        for x in [100.0, 300.0, 499.0] {
            for y in [50.0, 140.0, 249.0] {
                for size in [vec2(120.0, 60.0), vec2(390.0, 190.0), vec2(900.0, 900.0)] {
                    let rect = place(panel, Pos2::new(x, y), size);
                    assert!(
                        panel.expand(0.01).contains_rect(rect),
                        "{x} {y} {size}: {rect}"
                    );
                }
            }
        }
        let near = place(panel, Pos2::new(150.0, 100.0), vec2(120.0, 60.0));
        assert_eq!(near.min, Pos2::new(164.0, 114.0));
    }

    #[test]
    fn columns_without_room_are_left_out() {
        // 28 for the piece of line, 20 for each.
        let widths = [10.0; 8];
        assert_eq!(columns_that_fit(&widths, 188.0), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(columns_that_fit(&widths, 115.0), [0, 1, 2, 7]);
        assert_eq!(columns_that_fit(&widths, 5.0), [0]);
    }

    #[test]
    fn long_names_are_shortened() {
        assert_eq!(shortened("baseline"), "baseline");
        assert_eq!(shortened(&"x".repeat(50)).chars().count(), LONGEST_NAME);
    }
}
