//! Maps image pixels to the screen: zoom, pan, fit.

use eframe::egui::{Pos2, Rect, Vec2, vec2};

use crate::ui::view_model::mask::Pixel;

/// Smallest zoom, as a share of the zoom that fits the whole image.
const MIN_ZOOM_OF_FIT: f32 = 0.25;
/// Largest zoom, in screen points per pixel.
const MAX_ZOOM: f32 = 64.0;

/// The visible part of an image. Canvases that share a view zoom and pan together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CanvasView {
    /// Screen points per image pixel, above 0. Follows the canvas while `fitted`.
    pub zoom: f32,
    /// Image position at the center of the canvas, in pixels from the top left corner.
    pub center: Pos2,
    /// Whether the whole image stays visible when the canvas changes its size.
    pub fitted: bool,
}

impl Default for CanvasView {
    fn default() -> Self {
        Self {
            zoom: 1.0,
            center: Pos2::ZERO,
            fitted: true,
        }
    }
}

impl CanvasView {
    /// Shows the whole image from now on.
    pub fn fit(&mut self) {
        self.fitted = true;
    }

    /// Zooms to `zoom` points per pixel around the current center.
    pub fn set_zoom(&mut self, zoom: f32) {
        self.zoom = zoom.min(MAX_ZOOM);
        self.fitted = false;
    }

    /// Updates a fitted view to the canvas and returns the mapping of pixels.
    pub fn transform(&mut self, canvas: Rect, image_size: Vec2) -> Transform {
        if self.fitted {
            self.zoom = fit_zoom(canvas.size(), image_size);
            self.center = (image_size / 2.0).to_pos2();
        }
        Transform {
            canvas_center: canvas.center(),
            zoom: self.zoom,
            center: self.center,
        }
    }

    /// Zooms by `factor` so that the pixel under `pointer` stays there.
    pub fn zoom_at(&mut self, pointer: Pos2, factor: f32, canvas: Rect, image_size: Vec2) {
        let before = self.transform(canvas, image_size);
        let kept = before.image_from_screen(pointer);
        let min_zoom = fit_zoom(canvas.size(), image_size) * MIN_ZOOM_OF_FIT;
        self.set_zoom((self.zoom * factor).max(min_zoom));
        self.center = kept - (pointer - canvas.center()) / self.zoom;
    }

    /// Moves the image by `delta` screen points; its edge stops at the center of the canvas.
    pub fn pan(&mut self, delta: Vec2, image_size: Vec2) {
        self.fitted = false;
        let image = Rect::from_min_size(Pos2::ZERO, image_size);
        self.center = image.clamp(self.center - delta / self.zoom);
    }
}

/// A view on a canvas of known place and size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transform {
    canvas_center: Pos2,
    zoom: f32,
    center: Pos2,
}

impl Transform {
    /// Screen points per image pixel.
    pub fn zoom(&self) -> f32 {
        self.zoom
    }

    /// Screen position of an image position in pixels.
    pub fn screen_from_image(&self, image: Pos2) -> Pos2 {
        self.canvas_center + (image - self.center) * self.zoom
    }

    /// Image position, in pixels, of a screen position.
    pub fn image_from_screen(&self, screen: Pos2) -> Pos2 {
        self.center + (screen - self.canvas_center) / self.zoom
    }

    /// The pixel at a screen position; `None` outside of the image.
    pub fn pixel_at(&self, screen: Pos2, [width, height]: [u32; 2]) -> Option<Pixel> {
        let image = self.image_from_screen(screen);
        let size = vec2(width as f32, height as f32);
        let inside = image.x >= 0.0 && image.y >= 0.0 && image.x < size.x && image.y < size.y;
        inside.then_some(Pixel {
            x: image.x as u32,
            y: image.y as u32,
        })
    }

    /// The screen rectangle of the whole image.
    pub fn image_rect(&self, image_size: Vec2) -> Rect {
        let min = self.screen_from_image(Pos2::ZERO);
        Rect::from_min_size(min, image_size * self.zoom)
    }
}

/// The zoom at which an image just fits; 1 for an empty image.
fn fit_zoom(canvas: Vec2, image: Vec2) -> f32 {
    let zoom = (canvas / image).min_elem();
    if zoom.is_finite() && zoom > 0.0 {
        zoom.min(MAX_ZOOM)
    } else {
        1.0
    }
}

/// The number of columns that makes `count` tiles of the given aspect ratio largest, with
/// `below` points under each; the fewest columns among equals.
pub fn best_columns(count: usize, area: Vec2, aspect: f32, below: f32) -> usize {
    let tile_width = |columns: usize| {
        let height = area.y / count.div_ceil(columns) as f32 - below;
        (area.x / columns as f32).min(height * aspect)
    };
    (1..=count.max(1))
        .rev()
        .max_by(|&a, &b| tile_width(a).total_cmp(&tile_width(b)))
        .unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use eframe::egui::pos2;

    use super::*;

    const CANVAS: Rect = Rect {
        min: pos2(100.0, 50.0),
        max: pos2(500.0, 250.0),
    };
    const IMAGE: Vec2 = vec2(200.0, 200.0);

    fn assert_near(a: Pos2, b: Pos2) {
        assert!(a.distance(b) < 1e-3, "{a:?} is not {b:?}");
    }

    #[test]
    fn a_fitted_image_touches_the_nearer_edges() {
        let transform = CanvasView::default().transform(CANVAS, IMAGE);
        let rect = transform.image_rect(IMAGE);
        assert_near(rect.min, pos2(200.0, 50.0));
        assert_near(rect.max, pos2(400.0, 250.0));
    }

    #[test]
    fn screen_and_image_positions_are_inverse() {
        let mut view = CanvasView {
            zoom: 3.7,
            center: pos2(12.5, 90.0),
            fitted: false,
        };
        let transform = view.transform(CANVAS, IMAGE);
        for image in [pos2(0.0, 0.0), pos2(17.25, 3.5), pos2(199.0, 200.0)] {
            let screen = transform.screen_from_image(image);
            assert_near(transform.image_from_screen(screen), image);
        }
    }

    #[test]
    fn zooming_keeps_the_pixel_under_the_pointer() {
        let mut view = CanvasView::default();
        let pointer = pos2(333.0, 77.0);
        let before = view.transform(CANVAS, IMAGE).image_from_screen(pointer);
        for factor in [1.5, 4.0, 0.3] {
            view.zoom_at(pointer, factor, CANVAS, IMAGE);
            let after = view.transform(CANVAS, IMAGE).image_from_screen(pointer);
            assert_near(after, before);
        }
        assert!(!view.fitted);
    }

    #[test]
    fn zoom_stays_in_its_range() {
        let mut view = CanvasView::default();
        view.zoom_at(CANVAS.center(), 1e9, CANVAS, IMAGE);
        assert!((view.zoom - MAX_ZOOM).abs() < 1e-3);
        view.zoom_at(CANVAS.center(), 1e-9, CANVAS, IMAGE);
        assert!((view.zoom - 0.25).abs() < 1e-3);
    }

    #[test]
    fn panning_moves_the_image_with_the_pointer() {
        let mut view = CanvasView::default();
        let transform = view.transform(CANVAS, IMAGE);
        let image = transform.image_from_screen(pos2(300.0, 150.0));
        view.pan(vec2(20.0, -10.0), IMAGE);
        let moved = view.transform(CANVAS, IMAGE).screen_from_image(image);
        assert_near(moved, pos2(320.0, 140.0));
    }

    #[test]
    fn panning_does_not_lose_the_image() {
        let mut view = CanvasView::default();
        view.transform(CANVAS, IMAGE);
        view.pan(vec2(1e6, 1e6), IMAGE);
        assert_near(view.center, pos2(0.0, 0.0));
    }

    #[test]
    fn fit_after_zoom_shows_everything_again() {
        let mut view = CanvasView::default();
        let fitted = view.transform(CANVAS, IMAGE);
        view.zoom_at(pos2(250.0, 60.0), 5.0, CANVAS, IMAGE);
        view.fit();
        assert_eq!(view.transform(CANVAS, IMAGE), fitted);
    }

    #[test]
    fn pixels_are_found_inside_only() {
        let transform = CanvasView::default().transform(CANVAS, IMAGE);
        let size = [200, 200];
        assert_eq!(
            transform.pixel_at(pos2(200.5, 50.5), size),
            Some(Pixel { x: 0, y: 0 })
        );
        assert_eq!(
            transform.pixel_at(pos2(399.5, 249.5), size),
            Some(Pixel { x: 199, y: 199 })
        );
        assert_eq!(transform.pixel_at(pos2(199.5, 60.0), size), None);
        assert_eq!(transform.pixel_at(pos2(400.5, 60.0), size), None);
    }

    #[test]
    fn nothing_to_show_is_no_error() {
        let transform = CanvasView::default().transform(CANVAS, Vec2::ZERO);
        assert_eq!(transform.pixel_at(CANVAS.center(), [0, 0]), None);
    }

    #[test]
    fn tiles_go_where_they_are_largest() {
        assert_eq!(best_columns(4, vec2(800.0, 200.0), 1.0, 0.0), 4);
        assert_eq!(best_columns(4, vec2(800.0, 800.0), 1.0, 0.0), 2);
        assert_eq!(best_columns(3, vec2(200.0, 900.0), 1.0, 0.0), 1);
        assert_eq!(best_columns(0, vec2(200.0, 900.0), 1.0, 0.0), 1);
        assert_eq!(best_columns(4, vec2(1200.0, 500.0), 1.0, 40.0), 4);
        assert_eq!(best_columns(4, vec2(1000.0, 600.0), 1.0, 40.0), 2);
    }
}
