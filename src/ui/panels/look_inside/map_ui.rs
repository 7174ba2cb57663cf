//! A map of numbers with its color bar, and the number under the pointer.

use eframe::egui::{
    self, CornerRadius, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use super::maps::ShownMap;
use crate::engine::{ColorScale, tick_text};
use crate::ui::canvas::{Canvas, CanvasView, DrawnLayer, Layer, TextureCache};
use crate::ui::theme;
use crate::ui::ui_ext::UiExt as _;

const BAR_HEIGHT: f32 = 10.0;
/// Flat and narrow maps keep something to see and to point at.
const HEIGHTS: std::ops::RangeInclusive<f32> = 80.0..=900.0;

/// The layer of a map.
pub fn layer(map: &ShownMap) -> Layer {
    Layer::Numbers {
        map: map.map.clone(),
        scale: map.scale,
    }
}

/// Draws a map, `width` points wide and at most `most` high, with what it is above it and what its colors mean
/// below it. `run` is for screen readers, since several networks have the same maps.
pub fn map_ui(
    ui: &mut Ui,
    (map, run): (&ShownMap, &str),
    (width, most): (f32, f32),
    textures: &mut TextureCache,
    view: &mut CanvasView,
) {
    ui.truncated(&map.caption, &map.caption);
    let size = map.map.size;
    let aspect = size.height as f32 / size.width.max(1) as f32;
    let height = (width * aspect)
        .min(most)
        .clamp(*HEIGHTS.start(), *HEIGHTS.end());
    let drawn = [DrawnLayer::opaque(layer(map))];
    let name = format!("{}, {run}", map.caption);
    let output = Canvas::new(textures, &drawn, [size.width, size.height], &name).show(
        ui,
        vec2(width, height),
        view,
    );
    if let Some(outline) = map.outline {
        let corner = |at| output.transform.screen_from_image(at);
        let rect = Rect::from_two_pos(corner(outline.min), corner(outline.max));
        ui.painter_at(output.response.rect).rect_stroke(
            rect,
            CornerRadius::ZERO,
            Stroke::new(1.5, theme::EFFECTIVE_FIELD),
            StrokeKind::Outside,
        );
    }
    color_bar_ui(ui, &map.scale, width);
    let value = output
        .hovered
        .and_then(|cell| Some((cell, map.map.at(cell.x, cell.y)?)));
    // The line stays, so that nothing moves under the pointer.
    ui.weak(match value {
        Some((cell, value)) => format!("{} at x {}, y {}", tick_text(value), cell.x, cell.y),
        None => " ".to_owned(),
    });
}

/// What the colors mean: a bar, with the numbers at its ends and in its middle below it.
fn color_bar_ui(ui: &mut Ui, scale: &ColorScale, width: f32) {
    let texts = scale.ticks().map(tick_text);
    let (rect, response) = ui.allocate_exact_size(vec2(width, BAR_HEIGHT), Sense::hover());
    let painter = ui.painter();
    let steps = 64;
    for step in 0..steps {
        let at = |step: i32| rect.left() + rect.width() * step as f32 / steps as f32;
        let piece = Rect::from_min_max(
            pos2(at(step), rect.top()),
            pos2(at(step + 1), rect.bottom()),
        );
        let share = (step as f32 + 0.5) / steps as f32;
        let color = scale.color(scale.low + share * (scale.high - scale.low));
        painter.rect_filled(piece, CornerRadius::ZERO, theme::class_color(color));
    }
    let outline = Stroke::new(1.0, theme::palette(ui.visuals()).outline);
    painter.rect_stroke(rect, CornerRadius::ZERO, outline, StrokeKind::Outside);
    let name = format!("Colors from {} over {} to {}", texts[0], texts[1], texts[2]);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, &name));
    response.on_hover_text(name);
    let font = egui::TextStyle::Small.resolve(ui.style());
    let color = ui.visuals().text_color();
    let row = ui.text_style_height(&egui::TextStyle::Small);
    let (labels, _) = ui.allocate_exact_size(vec2(width, row), Sense::hover());
    let places = [
        (labels.left_top(), egui::Align2::LEFT_TOP),
        (labels.center_top(), egui::Align2::CENTER_TOP),
        (labels.right_top(), egui::Align2::RIGHT_TOP),
    ];
    for (text, (place, align)) in texts.iter().zip(places) {
        ui.painter().text(place, align, text, font.clone(), color);
    }
}
