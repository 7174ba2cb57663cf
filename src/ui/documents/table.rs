//! The tables of the documents.

use eframe::egui::{Id, Rect, ScrollArea, Stroke, Ui, UiBuilder, pos2, vec2};

use super::markdown::spans;
use super::text::Text;
use super::{Document, Followed};
use crate::ui::theme;

/// A column is at least so wide where its texts are wrapped, in points.
const NARROWEST: f32 = 96.0;
/// Around the text of a cell.
const PADDING: [f32; 2] = [6.0, 3.0];

/// Shows a table, whose first row is its header, as wide as there is room for or with a bar to scroll it sideways.
pub fn table_ui(
    ui: &mut Ui,
    rows: &[Vec<String>],
    (document, index): (Document, usize),
    followed: &mut Followed,
) {
    let id = Id::unique((document.title(), "table", index));
    let texts = |ui: &Ui| -> Vec<Vec<Text>> {
        let row = |(number, cells): (usize, &Vec<String>)| {
            let cell = |cell: &String| Text::new(ui, spans(cell), document, number == 0);
            cells.iter().map(cell).collect()
        };
        rows.iter().enumerate().map(row).collect()
    };
    let texts = texts(ui);
    let natural = natural_widths(ui, id, &texts);
    let columns = column_widths(&natural, ui.available_width());
    ScrollArea::horizontal().id_salt(id).show(ui, |ui| {
        ui.spacing_mut().item_spacing = vec2(0.0, 0.0);
        for (number, row) in texts.into_iter().enumerate() {
            row_ui(ui, number, row, &columns, followed);
        }
        ui.add_space(4.0);
    });
}

/// How wide each column is whose texts are in one line each. Measured once for each size of letters.
fn natural_widths(ui: &Ui, id: Id, rows: &[Vec<Text>]) -> Vec<f32> {
    let scale = ui.ctx().pixels_per_point();
    let known: Option<(f32, Vec<f32>)> = ui.data(|data| data.get_temp(id));
    if let Some((_, widths)) = known.filter(|(known, _)| *known == scale) {
        return widths;
    }
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let widths = cells.map(|text| text.width(ui).ceil());
        widths.fold(0.0, f32::max) + 2.0 * PADDING[0]
    };
    let widths: Vec<f32> = (0..count).map(width).collect();
    ui.data_mut(|data| data.insert_temp(id, (scale, widths.clone())));
    widths
}

/// The widths of columns in `room`: what each wants, where all have room; else narrow ones get what they want, and
/// the others the same share of the rest, at least [`NARROWEST`].
fn column_widths(natural: &[f32], room: f32) -> Vec<f32> {
    let mut share = f32::INFINITY;
    if natural.iter().sum::<f32>() > room {
        let mut sorted = natural.to_vec();
        sorted.sort_by(f32::total_cmp);
        let mut rest = room;
        share = 0.0;
        for (narrower, width) in sorted.iter().enumerate() {
            share = rest / (sorted.len() - narrower) as f32;
            if *width > share {
                break;
            }
            rest -= width;
        }
        share = share.max(NARROWEST);
    }
    natural.iter().map(|width| width.min(share)).collect()
}

fn row_ui(ui: &mut Ui, number: usize, row: Vec<Text>, columns: &[f32], followed: &mut Followed) {
    let [x, y] = PADDING;
    let heights = row
        .iter()
        .zip(columns)
        .map(|(text, width)| text.height(ui, width - 2.0 * x));
    let height = heights.fold(0.0, f32::max) + 2.0 * y;
    let size = vec2(columns.iter().sum(), height);
    let (_, rect) = ui.allocate_space(size);
    if !ui.is_rect_visible(rect) {
        return;
    }
    if number > 0 && number.is_multiple_of(2) {
        ui.painter()
            .rect_filled(rect, 0.0, theme::stripe(ui.visuals()));
    }
    if number == 0 {
        let line = Stroke::new(1.0, theme::palette(ui.visuals()).grid);
        ui.painter().hline(rect.x_range(), rect.bottom(), line);
    }
    let mut left = rect.left();
    for (column, (text, width)) in row.into_iter().zip(columns).enumerate() {
        let cell = Rect::from_min_size(pos2(left, rect.top()), vec2(*width, height));
        let cell = cell.shrink2(vec2(x, y));
        let place = UiBuilder::new().max_rect(cell).id_salt((number, column));
        text.ui(&mut ui.new_child(place), followed);
        left += width;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_share_the_room() {
        // All have what they want.
        assert_eq!(column_widths(&[100.0, 200.0], 300.0), [100.0, 200.0]);
        // 600 for three are 200 each; the first wants 100, so that the others get 250 each.
        let wanted = [100.0, 900.0, 400.0];
        assert_eq!(column_widths(&wanted, 600.0), [100.0, 250.0, 250.0]);
        // One that wants less than that has it, and leaves the rest to the widest.
        let wanted = [100.0, 900.0, 220.0];
        assert_eq!(column_widths(&wanted, 600.0), [100.0, 280.0, 220.0]);
        // Where that is too narrow for words, the table is wider than the room.
        let wanted = [300.0, 300.0, 50.0];
        assert_eq!(column_widths(&wanted, 100.0), [NARROWEST, NARROWEST, 50.0]);
        assert_eq!(column_widths(&[], 100.0), [0.0; 0]);
    }
}
