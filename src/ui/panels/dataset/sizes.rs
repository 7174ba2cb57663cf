//! How large the images are, as bars.

use eframe::egui::{
    self, Align2, CollapsingHeader, CornerRadius, FontId, Rect, Sense, Ui, pos2, vec2,
};

use crate::engine::DatasetStats;
use crate::ui::theme;
use crate::ui::view_model::format;
use crate::ui::view_model::size_bars::{SizeBar, size_bars};

const ROW_HEIGHT: f32 = 18.0;
const LABEL_WIDTH: f32 = 112.0;
const COUNT_WIDTH: f32 = 56.0;

/// Draws the histogram, folded until somebody wants it; its title is there before the counts are.
pub fn sizes_ui(ui: &mut Ui, stats: Option<&DatasetStats>) {
    CollapsingHeader::new("Image sizes")
        .id_salt("image sizes")
        .show_unindented(ui, |ui| {
            let Some(stats) = stats else {
                ui.weak("The images are not read yet");
                return;
            };
            let bars = size_bars(&stats.sizes);
            let most = bars.iter().map(|bar| bar.images).max().unwrap_or(1).max(1);
            for bar in &bars {
                bar_ui(ui, bar, bar.images as f32 / most as f32);
            }
        });
}

fn bar_ui(ui: &mut Ui, bar: &SizeBar, share: f32) {
    let (row, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::hover());
    let images = format::plural(bar.images, "image", "images");
    let text = format!("{}: {images}", bar.label);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Label, true, &text));
    let palette = theme::palette(ui.visuals());
    let painter = ui.painter_at(row);
    let color = ui.visuals().text_color();
    let font = FontId::proportional(12.0);
    let middle = row.center().y;
    painter.text(
        pos2(row.left() + 2.0, middle),
        Align2::LEFT_CENTER,
        &bar.label,
        font.clone(),
        color,
    );
    let room = Rect::from_min_max(
        pos2(row.left() + LABEL_WIDTH, row.top() + 2.0),
        pos2(row.right() - COUNT_WIDTH, row.bottom() - 2.0),
    );
    painter.rect_filled(room, CornerRadius::same(3), palette.well);
    // Even one image can be seen.
    let width = (room.width() * share).max(if bar.images > 0 { 2.0 } else { 0.0 });
    let filled = Rect::from_min_size(room.min, vec2(width, room.height()));
    painter.rect_filled(
        filled,
        CornerRadius::same(3),
        palette.accent.gamma_multiply(0.6),
    );
    painter.text(
        pos2(row.right() - 2.0, middle),
        Align2::RIGHT_CENTER,
        format::count(bar.images),
        font,
        color,
    );
    response.on_hover_text(text);
}
