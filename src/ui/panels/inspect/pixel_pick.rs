//! Which pixel of the inspected image is looked at, and its marks on the image.

use std::path::{Path, PathBuf};

use eframe::egui::{
    Color32, FontId, Painter, Pos2, Rect, Response, Stroke, StrokeKind, Ui, pos2, vec2,
};

use crate::ui::canvas::Transform;
use crate::ui::theme;
use crate::ui::view_model::inspected::{FieldKind, FieldOutline};
use crate::ui::view_model::mask::Pixel;

/// The pixel under the pointer, or the one that was clicked.
#[derive(Default)]
pub struct PixelPick {
    /// Of which image the pixels are.
    image: PathBuf,
    hovered: Option<Pixel>,
    /// The last one under the pointer, which may have gone on to another panel.
    last: Option<Pixel>,
    pinned: Option<Pixel>,
    /// Receptive fields to draw.
    pub outlines: Vec<FieldOutline>,
}

impl PixelPick {
    /// The pixel under the pointer.
    pub fn hovered(&self) -> Option<Pixel> {
        self.hovered
    }

    /// The pixel that is looked at, and whether it was clicked.
    pub fn pixel(&self, image: &Path) -> (Option<Pixel>, bool) {
        if self.image != image {
            return (None, false);
        }
        (self.pinned.or(self.last), self.pinned.is_some())
    }

    /// Takes in what the pointer did on the image: a click pins a pixel, the next one lets it go.
    pub fn update(&mut self, image: &Path, response: &Response, hovered: Option<Pixel>) {
        if self.image != image {
            *self = Self {
                image: image.to_owned(),
                ..Self::default()
            };
        }
        self.hovered = hovered;
        self.last = hovered.or(self.last);
        // The first click of a double click has pinned a pixel, and its second one lets it go.
        if response.clicked() {
            self.pinned = if self.pinned.is_some() { None } else { hovered };
        }
    }

    /// Marks the pinned pixel and the receptive fields.
    pub fn paint(&self, ui: &Ui, area: Rect, transform: &Transform) {
        let painter = ui.painter_at(area);
        let mut labeled: Vec<Rect> = Vec::new();
        let edge = |x: u32, y: u32| transform.screen_from_image(pos2(x as f32, y as f32));
        let place = |outline: &FieldOutline| {
            let field = outline.rect;
            Rect::from_two_pos(
                edge(field.left, field.top),
                edge(field.right + 1, field.bottom + 1),
            )
        };
        let color = |outline: &FieldOutline| match outline.kind {
            FieldKind::Theoretical(part) => theme::source_color(part),
            FieldKind::Effective => theme::EFFECTIVE_FIELD,
        };
        for outline in &self.outlines {
            let stroke = Stroke::new(2.0, color(outline));
            painter.rect_stroke(place(outline), 0.0, stroke, StrokeKind::Inside);
        }
        // Above all lines: that of a field may go through the label of another one.
        for outline in &self.outlines {
            let (rect, color) = (place(outline), color(outline));
            if area.intersects(rect) {
                let corner = rect.min.max(area.min);
                labeled.push(label(&painter, corner, &outline.label, color, &labeled));
            }
        }
        if let Some(pixel) = self.pinned {
            let rect = Rect::from_two_pos(edge(pixel.x, pixel.y), edge(pixel.x + 1, pixel.y + 1));
            let rect = rect.expand(3.0);
            let stroke = |width, color| Stroke::new(width, color);
            let palette = theme::palette(ui.visuals());
            painter.rect_stroke(
                rect,
                1.0,
                stroke(3.0, palette.on_accent),
                StrokeKind::Outside,
            );
            painter.rect_stroke(rect, 1.0, stroke(1.5, palette.accent), StrokeKind::Outside);
        }
    }
}

/// Writes what an outline is into its corner, below the labels that are there already; returns the place.
fn label(painter: &Painter, corner: Pos2, text: &str, color: Color32, others: &[Rect]) -> Rect {
    let font = FontId::proportional(11.0);
    let galley = painter.layout_no_wrap(text.to_owned(), font, Color32::WHITE);
    let size = galley.size() + vec2(12.0, 2.0);
    let mut place = Rect::from_min_size(corner + vec2(3.0, 3.0), size);
    while let Some(other) = others.iter().find(|other| other.intersects(place)) {
        place = Rect::from_min_size(pos2(place.left(), other.bottom() + 1.0), size);
    }
    painter.rect_filled(place, 2.0, Color32::from_black_alpha(190));
    let mark = Rect::from_min_size(place.min, vec2(4.0, size.y));
    painter.rect_filled(mark, 2.0, color);
    painter.galley(place.min + vec2(8.0, 1.0), galley, Color32::WHITE);
    place
}
