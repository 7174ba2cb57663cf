//! The confusion matrix as a heat map, and its largest cells as a list.

use eframe::egui::{
    self, Align2, CornerRadius, FontId, Frame, Margin, Panel, Pos2, Rect, RichText, ScrollArea,
    Sense, Shape, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, epaint::TextShape, pos2, vec2,
};
use strum::VariantArray as _;

use super::Shown;
use crate::engine::{ClassList, VOID};
use crate::ui::context::PanelCtx;
use crate::ui::terms::{Teaches as _, Term};
use crate::ui::theme;
use crate::ui::view_model::confusion_view::{CellPlace, CellValue, ConfusionView};
use crate::ui::view_model::format::{count, percent};

const MIN_CELL: f32 = 15.0;
const MAX_CELL: Vec2 = vec2(96.0, 52.0);
/// Cells with less room than this for a number have none.
const TEXT_CELL: Vec2 = vec2(27.0, 13.0);
const LIST_WIDTH: f32 = 300.0;
/// Confusions in the list.
const LISTED: usize = 20;
/// More classes than these have no names of cells for screen readers; the list has them.
const NAMED_CELLS: usize = 32;
/// Least width of the corner between the names, which says what rows and columns are.
const CORNER: f32 = 100.0;
const FONT: FontId = FontId::proportional(12.0);
const SMALL: FontId = FontId::proportional(10.5);
const BAR: Vec2 = vec2(180.0, 10.0);

/// Draws the matrix; returns the confusion that was clicked.
pub fn ui(
    ctx: &PanelCtx<'_>,
    ui: &mut Ui,
    shown: &Shown,
    value: &mut CellValue,
) -> Option<CellPlace> {
    let evaluation = &shown.kept.evaluation;
    let classes = ctx.colors.of(&evaluation.classes);
    let view = ConfusionView::new(evaluation.counts.confusion(), *value);
    let mut clicked = None;
    if ui.available_width() > 2.2 * LIST_WIDTH {
        Panel::right("evaluate_confusions")
            .exact_size(LIST_WIDTH)
            .resizable(false)
            .frame(Frame::new().inner_margin(Margin::symmetric(8, 4)))
            .show(ui, |ui| {
                clicked = list_ui(ui, &view, &classes);
            });
    }
    ui.horizontal_wrapped(|ui| {
        for kind in CellValue::VARIANTS {
            ui.selectable_value(value, *kind, kind.to_string())
                .tells_and_teaches(kind.tooltip(), Term::ConfusionMatrix);
        }
        ui.separator();
        color_bar_ui(ui, &view);
    });
    ScrollArea::both().auto_shrink(false).show(ui, |ui| {
        clicked = matrix_ui(ui, &view, &classes).or(clicked);
    });
    clicked
}

/// What the colors stand for.
fn color_bar_ui(ui: &mut Ui, view: &ConfusionView<'_>) {
    let [low, middle, high] = view.scale();
    ui.weak(low);
    let (rect, response) = ui.allocate_exact_size(BAR, Sense::hover());
    let steps = 60;
    for step in 0..steps {
        let at = |step: i32| rect.left() + rect.width() * step as f32 / steps as f32;
        let piece = Rect::from_min_max(
            pos2(at(step), rect.top()),
            pos2(at(step + 1), rect.bottom()),
        );
        let strength = (step as f32 + 0.5) / steps as f32;
        ui.painter().rect_filled(
            piece,
            CornerRadius::ZERO,
            theme::heat(ui.visuals(), strength),
        );
    }
    let outline = Stroke::new(1.0, theme::palette(ui.visuals()).outline);
    ui.painter()
        .rect_stroke(rect, CornerRadius::ZERO, outline, StrokeKind::Outside);
    ui.painter().vline(
        rect.center().x,
        rect.y_range(),
        Stroke::new(1.0, theme::on_heat(ui.visuals(), 0.5)),
    );
    let text = format!("Colors: {middle} in the middle of the bar");
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, &text));
    response.on_hover_text(text);
    ui.weak(high);
}

/// The name of a column, which may be void.
fn name(classes: &ClassList, label: u8) -> &str {
    if label == VOID {
        "void"
    } else {
        classes.name(label)
    }
}

/// Where the cells are.
struct Cells {
    cell: Vec2,
    /// Of the first one, behind the names.
    origin: Vec2,
    /// Whether the names of columns lie over them; others stand.
    lies: bool,
}

impl Cells {
    /// Cells that fill `room`, beside names of up to `longest` points and below names and a title.
    fn new(room: Vec2, longest: f32, title: f32, [rows, columns]: [usize; 2]) -> Self {
        let beside = (longest + 8.0).max(CORNER);
        let width = (room.x - beside) / columns.max(1) as f32;
        let width = width.clamp(MIN_CELL, MAX_CELL.x).floor();
        // Names that fit over their columns leave more room below them.
        let lies = longest + 8.0 <= width;
        let above = if lies { 18.0 } else { longest + 8.0 } + title;
        let height = (room.y - above) / rows.max(1) as f32;
        Self {
            cell: vec2(width, height.clamp(MIN_CELL, MAX_CELL.y).floor()),
            origin: vec2(beside, above),
            lies,
        }
    }
}

fn matrix_ui(ui: &mut Ui, view: &ConfusionView<'_>, classes: &ClassList) -> Option<CellPlace> {
    let [rows, columns] = [view.rows(), view.columns()];
    let names = (0..columns).map(|column| name(classes, view.label(column)));
    let longest = names
        .map(|name| text_width(ui, name))
        .fold(0.0, f32::max)
        .min(150.0);
    let title = 16.0;
    let Cells { cell, origin, lies } =
        Cells::new(ui.available_size(), longest, title, [rows, columns]);
    let size = origin + cell * vec2(columns as f32, rows as f32);
    let (area, response) = ui.allocate_exact_size(size, Sense::click());
    let corner = area.min + origin;
    let text = ui.visuals().text_color();
    let painter = ui.painter().clone();
    // In the corner, where no class has its name: above one, "predicted" would read as part of it.
    let weak = ui.visuals().weak_text_color();
    let right = corner.x - 6.0;
    for (word, y) in [
        ("columns: predicted", corner.y - 18.0),
        ("rows: true", corner.y - 4.0),
    ] {
        painter.text(pos2(right, y), Align2::RIGHT_BOTTOM, word, SMALL, weak);
    }
    for row in 0..rows {
        let name = cut(ui, classes.name(row as u8), longest);
        let at = pos2(corner.x - 6.0, corner.y + cell.y * (row as f32 + 0.5));
        painter.text(at, Align2::RIGHT_CENTER, name, FONT, text);
    }
    for column in 0..columns {
        let name = cut(ui, name(classes, view.label(column)), longest);
        let at = pos2(corner.x + cell.x * (column as f32 + 0.5), corner.y - 6.0);
        if lies {
            painter.text(at, Align2::CENTER_BOTTOM, name, FONT, text);
        } else {
            turned(ui, at, &name);
        }
    }
    let grid = Stroke::new(1.0, theme::palette(ui.visuals()).outline);
    let rect_of = |row: usize, column: usize| {
        let min = corner + cell * vec2(column as f32, row as f32);
        Rect::from_min_size(min, cell - Vec2::splat(1.0))
    };
    for row in 0..rows {
        for column in 0..columns {
            let (rect, strength) = (rect_of(row, column), view.strength(row, column));
            painter.rect_filled(
                rect,
                CornerRadius::ZERO,
                theme::heat(ui.visuals(), strength),
            );
            // Cells of nothing have the color of the panel: without a grid, columns look missing.
            painter.rect_stroke(rect, CornerRadius::ZERO, grid, StrokeKind::Inside);
            if cell.x >= TEXT_CELL.x && cell.y >= TEXT_CELL.y {
                let color = theme::on_heat(ui.visuals(), strength);
                let text = view.text(row, column);
                painter.text(rect.center(), Align2::CENTER_CENTER, text, SMALL, color);
            }
        }
    }
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, "Confusion matrix"));
    if rows <= NAMED_CELLS {
        return named_cells_ui(ui, view, classes, &rect_of);
    }
    let pointer = response.hover_pos()?;
    let place = (pointer - corner) / cell;
    let (column, row) = (place.x.floor(), place.y.floor());
    if column < 0.0 || row < 0.0 {
        return None;
    }
    let (row, column) = (row as usize, column as usize);
    if row >= rows || column >= columns {
        return None;
    }
    let clicked = response.clicked();
    mark(ui, rect_of(row, column));
    response.on_hover_text_at_pointer(cell_text(view, classes, row, column));
    (clicked && row != column).then(|| CellPlace {
        truth: row as u8,
        predicted: view.label(column),
    })
}

/// Cells that can be clicked and read one by one.
fn named_cells_ui(
    ui: &Ui,
    view: &ConfusionView<'_>,
    classes: &ClassList,
    rect_of: &dyn Fn(usize, usize) -> Rect,
) -> Option<CellPlace> {
    let mut clicked = None;
    for row in 0..view.rows() {
        for column in 0..view.columns() {
            let rect = rect_of(row, column);
            if !ui.is_rect_visible(rect) {
                continue;
            }
            let id = ui.scope_id().with(("cell", row, column));
            // Right pixels are no confusion.
            let can_open = row != column && view.count(row, column) > 0;
            let sense = if can_open {
                Sense::click()
            } else {
                Sense::hover()
            };
            let response = ui.interact(rect, id, sense);
            let text = cell_text(view, classes, row, column);
            let role = if can_open {
                egui::Role::Button
            } else {
                egui::Role::Label
            };
            response.widget_info(|| WidgetInfo::labeled(role, true, &text));
            if response.hovered() || response.has_focus() {
                mark(ui, rect);
            }
            if response.clicked() {
                clicked = Some(CellPlace {
                    truth: row as u8,
                    predicted: view.label(column),
                });
            }
            response.on_hover_text(text);
        }
    }
    clicked
}

fn mark(ui: &Ui, rect: Rect) {
    let stroke = Stroke::new(1.5, ui.visuals().strong_text_color());
    ui.painter()
        .rect_stroke(rect, CornerRadius::ZERO, stroke, StrokeKind::Inside);
}

fn cell_text(view: &ConfusionView<'_>, classes: &ClassList, row: usize, column: usize) -> String {
    let (truth, predicted) = (classes.name(row as u8), name(classes, view.label(column)));
    let what = if row == column {
        format!("{truth} is right")
    } else {
        format!("{truth} taken for {predicted}")
    };
    let pixels = count(view.count(row, column) as usize);
    let share = percent(view.share(row, column));
    format!("{what}: {pixels} px, {share}")
}

fn list_ui(ui: &mut Ui, view: &ConfusionView<'_>, classes: &ClassList) -> Option<CellPlace> {
    let mut clicked = None;
    ui.strong("Largest confusions")
        .on_hover_text(
            "By pixels, the most first: how many, their share of the true class, the true class and what it is \
             taken for",
        );
    let found = view.largest(LISTED);
    if found.is_empty() {
        ui.weak("Every labeled pixel is right");
    }
    ScrollArea::vertical()
        .auto_shrink([false, true])
        .show(ui, |ui| {
            for found in found {
                let place = found.place;
                let (truth, predicted) =
                    (classes.name(place.truth), name(classes, place.predicted));
                ui.horizontal(|ui| {
                    let text = format!("{:>4} px {:>7}", found.short, found.share);
                    ui.label(RichText::new(text).monospace())
                        .on_hover_text(format!("{} px", count(found.pixels as usize)));
                    let link = ui
                        .link(format!("{truth} as {predicted}"))
                        .on_hover_text("Show the images with this confusion, the worst first");
                    if link.clicked() {
                        clicked = Some(place);
                    }
                });
            }
        });
    clicked
}

fn text_width(ui: &Ui, text: &str) -> f32 {
    let galley = ui
        .painter()
        .layout_no_wrap(text.to_owned(), FONT, egui::Color32::PLACEHOLDER);
    galley.size().x
}

/// The start of a name that is too long.
fn cut(ui: &Ui, name: &str, room: f32) -> String {
    if text_width(ui, name) <= room + 0.5 {
        return name.to_owned();
    }
    let mut short: Vec<char> = name.chars().collect();
    while short.pop().is_some() {
        let text = format!("{}…", short.iter().collect::<String>());
        if text_width(ui, &text) <= room {
            return text;
        }
    }
    String::new()
}

/// A text that runs upwards from `at`.
fn turned(ui: &Ui, at: Pos2, text: &str) {
    let color = ui.visuals().text_color();
    let galley = ui.painter().layout_no_wrap(text.to_owned(), FONT, color);
    let shape = TextShape::new(pos2(at.x - galley.size().y / 2.0, at.y), galley, color)
        .with_angle(-std::f32::consts::FRAC_PI_2);
    ui.painter().add(Shape::Text(shape));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_take_the_room_and_have_numbers_where_they_are_wide() {
        // Eleven classes in a low panel beside the list.
        let low = Cells::new(vec2(560.0, 250.0), 70.0, 16.0, [11, 11]);
        assert!(
            low.cell.x >= TEXT_CELL.x && low.cell.y >= TEXT_CELL.y,
            "{}",
            low.cell
        );
        assert!(!low.lies, "names stand over narrow columns");
        let end = low.origin + low.cell * 11.0;
        assert!(end.x <= 560.0 && end.y <= 270.0, "{end}");
        // In a large one the names lie, and the cells stop growing.
        let large = Cells::new(vec2(2000.0, 1000.0), 70.0, 16.0, [11, 11]);
        assert!(large.lies);
        assert_eq!(large.cell, MAX_CELL);
        // Many classes are scrolled.
        let many = Cells::new(vec2(560.0, 250.0), 70.0, 16.0, [150, 150]);
        assert_eq!(many.cell, Vec2::splat(MIN_CELL));
    }
}
