//! Headers of tables that stay in sight while their rows are scrolled.

use eframe::egui::accesskit::Role;
use eframe::egui::{
    Color32, Label, Rect, Response, RichText, Sense, Stroke, TextStyle, Ui, WidgetInfo, pos2, vec2,
};

use super::terms::{Teaches as _, Term};
use super::theme;
use super::ui_ext::UiExt as _;

/// Around the texts of a header that stays.
const PADDING: f32 = 2.0;
/// From a square of color to the text behind it.
const SQUARE: f32 = 16.0;

/// What a header tells while the pointer is on it.
#[derive(Clone)]
pub enum Hint {
    Nothing,
    Text(String),
    Term(Term),
}

/// The cells of the headers of a table, of one line or several. They are added where they stand;
/// [`stay`](Self::stay), after the table, draws them again where they are scrolled out of sight.
#[derive(Default)]
pub struct StickyHeader {
    cells: Vec<Cell>,
}

struct Cell {
    rect: Rect,
    text: String,
    strong: bool,
    /// Broken into small lines where it is wider than its column.
    wrapped: bool,
    /// Of a square before the text.
    color: Option<Color32>,
    hint: Hint,
}

impl StickyHeader {
    /// A header of a table of numbers.
    pub fn weak(&mut self, ui: &mut Ui, text: impl Into<String>, hint: Hint) {
        let text = text.into();
        let response = ui.weak(&text);
        self.add(response, text, false, hint);
    }

    /// A header of a list.
    pub fn strong(&mut self, ui: &mut Ui, text: &str) {
        let response = ui.strong(text);
        self.add(response, text.to_owned(), true, Hint::Nothing);
    }

    /// A header of a column of a fixed `width`, with as many lines as it needs.
    pub fn wrapped(&mut self, ui: &mut Ui, text: &str, width: f32, hint: &str) {
        let label = |ui: &mut Ui| {
            ui.set_width(width);
            let text = RichText::new(text).small().strong();
            ui.add(Label::new(text).wrap()).on_hover_text(hint);
        };
        let rect = ui.vertical(label).response.rect;
        self.cells.push(Cell {
            rect,
            text: text.to_owned(),
            strong: true,
            wrapped: true,
            color: None,
            hint: Hint::Text(hint.to_owned()),
        });
    }

    /// A name behind a square of its color, in no more than `width`.
    pub fn colored(&mut self, ui: &mut Ui, text: &str, color: Color32, width: f32) {
        let response = ui
            .horizontal(|ui| {
                ui.set_max_width(width);
                ui.swatch(color);
                ui.truncated(RichText::new(text), text);
            })
            .response;
        let hint = Hint::Text(text.to_owned());
        self.cells.push(Cell {
            rect: response.rect,
            text: text.to_owned(),
            strong: false,
            wrapped: false,
            color: Some(color),
            hint,
        });
    }

    fn add(&mut self, response: Response, text: String, strong: bool, hint: Hint) {
        self.cells.push(Cell {
            rect: response.rect,
            text,
            strong,
            wrapped: false,
            color: None,
            hint: hint.clone(),
        });
        hinted(response, hint);
    }

    /// Draws the headers at the top of what is in sight of `table`, where they are above it. To be called
    /// in the scroll area, after the table.
    pub fn stay(&self, ui: &Ui, table: Rect) {
        let rects = self.cells.iter().map(|cell| cell.rect);
        let Some(own) = rects.reduce(Rect::union) else {
            return;
        };
        let clip = ui.clip_rect();
        let height = own.height() + 2.0 * PADDING;
        let Some(top) = place(
            (clip.top(), clip.bottom()),
            own.top(),
            table.bottom(),
            height,
        ) else {
            return;
        };
        let left = table.left().max(clip.left());
        let right = table.right().min(clip.right());
        let band = Rect::from_min_max(pos2(left, top), pos2(right, top + height));
        let painter = ui.painter_at(band.intersect(clip));
        painter.rect_filled(band, 0.0, background(ui));
        let stroke = Stroke::new(1.0, theme::palette(ui.visuals()).outline);
        painter.hline(band.x_range(), band.bottom() - 0.5, stroke);
        // Rows below it are not pointed at.
        ui.interact(band, ui.scope_id().with("header"), Sense::hover());
        let by = vec2(0.0, top + PADDING - own.top());
        for (index, cell) in self.cells.iter().enumerate() {
            cell.draw(ui, cell.rect.translate(by), band.intersect(clip), index);
        }
    }
}

impl Cell {
    fn draw(&self, ui: &Ui, rect: Rect, within: Rect, index: usize) {
        let visuals = ui.visuals();
        let painter = ui.painter_at(rect.intersect(within));
        let (style, width) = if self.wrapped {
            (TextStyle::Small, rect.width())
        } else {
            (TextStyle::Body, f32::INFINITY)
        };
        let font = style.resolve(ui.style());
        let color = match (self.strong, self.color) {
            (true, _) => visuals.strong_text_color(),
            (false, Some(_)) => visuals.text_color(),
            (false, None) => visuals.weak_text_color(),
        };
        let mut left = rect.left();
        if let Some(color) = self.color {
            let side = 11.0;
            let at = pos2(left, rect.center().y - side / 2.0);
            let square = Rect::from_min_size(at, vec2(side, side));
            painter.rect_filled(square, 2.0, color);
            left += SQUARE;
        }
        let galley = painter.layout(self.text.clone(), font, color, width);
        let at = pos2(left, rect.center().y - galley.size().y / 2.0);
        painter.galley(at, galley, color);
        if self.text.is_empty() {
            return;
        }
        let seen = rect.intersect(within);
        let id = ui.scope_id().with(("header", index));
        let response = ui.interact(seen, id, Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::ColumnHeader, true, &self.text));
        hinted(response, self.hint.clone());
    }
}

fn hinted(response: Response, hint: Hint) {
    match hint {
        Hint::Nothing => response,
        Hint::Text(text) => response.on_hover_text(text),
        Hint::Term(term) => response.teaches(term),
    };
}

/// That of the window or panel that the table is in.
fn background(ui: &Ui) -> Color32 {
    let is_window = ui.layer_id().order != eframe::egui::Order::Background;
    if is_window {
        ui.visuals().window_fill
    } else {
        ui.visuals().panel_fill
    }
}

/// Where headers of a height stay, in a view from `top` to `bottom`; `None` = they are in sight as they
/// are, or their table is not. They leave together with its last row.
fn place((top, bottom): (f32, f32), own: f32, table_bottom: f32, height: f32) -> Option<f32> {
    let is_above = own < top + PADDING;
    let room = bottom - top;
    (is_above && table_bottom > top && room > 2.0 * height).then(|| top.min(table_bottom - height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_stay_while_rows_of_their_table_are_in_sight() {
        let place = |own, table_bottom| place((100.0, 300.0), own, table_bottom, 20.0);
        assert_eq!(place(110.0, 500.0), None, "in sight as they are");
        assert_eq!(place(60.0, 500.0), Some(100.0));
        assert_eq!(place(-400.0, 110.0), Some(90.0), "with the last row");
        assert_eq!(place(-400.0, 90.0), None, "the table is not in sight");
    }

    #[test]
    fn a_view_that_has_no_room_shows_rows() {
        assert_eq!(place((100.0, 130.0), 60.0, 500.0, 20.0), None);
    }
}
