//! Icons as shapes, so that they need no font.

use eframe::egui::{
    Align2, Atom, Color32, CornerRadius, FontId, Painter, Pos2, Rect, Shape, Stroke, Vec2, pos2,
    vec2,
};

/// An icon before or instead of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    /// A triangle.
    Play,
    /// Two bars.
    Pause,
    /// A square.
    Stop,
    /// Three bars that get finer.
    Stairs,
    /// A bell.
    Bell,
    /// A bin.
    Bin,
    /// A cross.
    Close,
    /// A tick.
    Check,
    /// The letter i in a circle.
    Info,
    /// A triangle with an exclamation mark.
    Warning,
    /// A circle with an exclamation mark.
    Error,
}

impl Icon {
    /// The icon in the color of the text beside it.
    pub fn atom(self) -> Atom<'static> {
        Atom::paint(Vec2::splat(13.0), move |ui, args| {
            self.paint(ui.painter(), args.rect, args.fallback_text_color);
        })
    }

    /// Space of an icon, so that texts with and without one align.
    pub fn no_atom() -> Atom<'static> {
        Atom::paint(Vec2::splat(13.0), |_, _| {})
    }

    /// Paints the icon as large as it fits.
    pub fn paint(self, painter: &Painter, rect: Rect, color: Color32) {
        let side = rect.width().min(rect.height());
        let square = Rect::from_center_size(rect.center(), Vec2::splat(side));
        let at = |x: f32, y: f32| pos2(square.left() + x * side, square.top() + y * side);
        let area = |x0: f32, y0: f32, x1: f32, y1: f32| Rect::from_min_max(at(x0, y0), at(x1, y1));
        let stroke = Stroke::new((side * 0.11).max(1.2), color);
        let line = |points: Vec<Pos2>| painter.add(Shape::line(points, stroke));
        match self {
            Self::Play => {
                let points = vec![at(0.22, 0.1), at(0.92, 0.5), at(0.22, 0.9)];
                painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
            }
            Self::Pause => {
                for x in [0.2, 0.6] {
                    painter.rect_filled(
                        area(x, 0.12, x + 0.22, 0.88),
                        CornerRadius::same(1),
                        color,
                    );
                }
            }
            Self::Stop => {
                painter.rect_filled(area(0.16, 0.16, 0.84, 0.84), CornerRadius::same(1), color);
            }
            Self::Stairs => {
                for (y, width) in [(0.1, 0.36), (0.4, 0.62), (0.7, 0.88)] {
                    painter.rect_filled(
                        area(0.06, y, 0.06 + width, y + 0.2),
                        CornerRadius::same(1),
                        color,
                    );
                }
            }
            Self::Bell => {
                line(vec![
                    at(0.06, 0.74),
                    at(0.2, 0.6),
                    at(0.22, 0.36),
                    at(0.34, 0.18),
                    at(0.5, 0.12),
                    at(0.66, 0.18),
                    at(0.78, 0.36),
                    at(0.8, 0.6),
                    at(0.94, 0.74),
                    at(0.06, 0.74),
                ]);
                painter.circle_filled(at(0.5, 0.88), side * 0.1, color);
            }
            Self::Bin => {
                line(vec![at(0.1, 0.22), at(0.9, 0.22)]);
                line(vec![
                    at(0.38, 0.2),
                    at(0.38, 0.08),
                    at(0.62, 0.08),
                    at(0.62, 0.2),
                ]);
                line(vec![
                    at(0.2, 0.24),
                    at(0.26, 0.94),
                    at(0.74, 0.94),
                    at(0.8, 0.24),
                ]);
            }
            Self::Close => {
                line(vec![at(0.18, 0.18), at(0.82, 0.82)]);
                line(vec![at(0.82, 0.18), at(0.18, 0.82)]);
            }
            Self::Check => {
                line(vec![at(0.12, 0.55), at(0.4, 0.82), at(0.88, 0.2)]);
            }
            Self::Info => {
                painter.circle_stroke(square.center(), side * 0.45, stroke);
                letter(painter, square, "i", color);
            }
            Self::Warning => {
                line(vec![
                    at(0.5, 0.06),
                    at(0.98, 0.92),
                    at(0.02, 0.92),
                    at(0.5, 0.06),
                ]);
                letter(
                    painter,
                    square.translate(vec2(0.0, side * 0.12)),
                    "!",
                    color,
                );
            }
            Self::Error => {
                painter.circle_stroke(square.center(), side * 0.45, stroke);
                letter(painter, square, "!", color);
            }
        }
    }
}

fn letter(painter: &Painter, square: Rect, letter: &str, color: Color32) {
    let font = FontId::proportional(square.height() * 0.78);
    painter.text(square.center(), Align2::CENTER_CENTER, letter, font, color);
}
