//! The tables of the documents.

use std::sync::Arc;

use eframe::egui::{Id, Rect, ScrollArea, Stroke, Ui, UiBuilder, pos2, vec2};

use super::markdown::spans;
use super::text::Text;
use super::{Document, Followed};
use crate::ui::theme;

/// A column is at least so wide where its texts are wrapped, in points.
const NARROWEST: f32 = 96.0;
/// Around the text of a cell.
const PADDING: [f32; 2] = [6.0, 3.0];

/// The sizes of a table, which are measured once for each width and size of letters.
#[derive(Clone)]
struct Sizes {
    scale: f32,
    room: f32,
    columns: Vec<f32>,
    rows: Vec<RowSize>,
}

#[derive(Clone, Copy)]
struct RowSize {
    height: f32,
    /// Rows with links are drawn out of sight, too, where Tab reaches them.
    has_links: bool,
}

/// Shows a table, whose first row is its header, as wide as there is room for or with a bar to scroll it sideways.
pub fn table_ui(
    ui: &mut Ui,
    rows: &[Vec<String>],
    (document, index): (Document, usize),
    followed: &mut Followed,
) {
    let id = Id::unique((document.title(), "table", index));
    let texts = |ui: &Ui, number: usize| -> Vec<Text> {
        let cell = |cell: &String| Text::new(ui, &spans(cell), document, number == 0);
        rows[number].iter().map(cell).collect()
    };
    let (scale, room) = (ui.ctx().pixels_per_point(), ui.available_width());
    let known: Option<Arc<Sizes>> = ui.data(|data| data.get_temp(id));
    let known = known.filter(|known| (known.scale, known.room) == (scale, room));
    let sizes = known.unwrap_or_else(|| {
        let texts: Vec<_> = (0..rows.len()).map(|number| texts(ui, number)).collect();
        let sizes = Arc::new(measured(ui, &texts, scale, room));
        ui.data_mut(|data| data.insert_temp(id, Arc::clone(&sizes)));
        sizes
    });
    ScrollArea::horizontal().id_salt(id).show(ui, |ui| {
        ui.spacing_mut().item_spacing = vec2(0.0, 0.0);
        for (number, row) in sizes.rows.iter().enumerate() {
            let size = vec2(sizes.columns.iter().sum(), row.height);
            let (_, place) = ui.allocate_space(size);
            if ui.is_rect_visible(place) || row.has_links {
                let texts = texts(ui, number);
                row_ui(ui, (number, place), texts, &sizes.columns, followed);
            }
        }
        ui.add_space(4.0);
    });
}

fn measured(ui: &Ui, rows: &[Vec<Text>], scale: f32, room: f32) -> Sizes {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let widths = cells.map(|text| text.width(ui).ceil());
        widths.fold(0.0, f32::max) + 2.0 * PADDING[0]
    };
    let natural: Vec<f32> = (0..count).map(width).collect();
    let columns = column_widths(&natural, room);
    let row = |row: &Vec<Text>| {
        let cells = row.iter().zip(&columns);
        let heights = cells.map(|(text, width)| text.height(ui, width - 2.0 * PADDING[0]));
        RowSize {
            height: heights.fold(0.0, f32::max) + 2.0 * PADDING[1],
            has_links: row.iter().any(Text::has_links),
        }
    };
    let rows = rows.iter().map(row).collect();
    Sizes {
        scale,
        room,
        columns,
        rows,
    }
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

fn row_ui(
    ui: &mut Ui,
    (number, rect): (usize, Rect),
    row: Vec<Text>,
    columns: &[f32],
    followed: &mut Followed,
) {
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
        let cell = Rect::from_min_size(pos2(left, rect.top()), vec2(*width, rect.height()));
        let cell = cell.shrink2(PADDING.into());
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
