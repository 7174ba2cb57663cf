//! An image with layers over it, to zoom and pan.
//!
//! Knows pixels and pointers. Must not know about runs or panels.

pub mod controls;
mod layer;
mod pyramid;
mod texture_cache;
mod view;

use eframe::egui::emath::GuiRounding as _;
use eframe::egui::{self, Key, Pos2, Rect, Response, Role, Sense, Ui, Vec2, WidgetInfo, vec2};

use crate::ui::view_model::mask::Pixel;
pub use layer::Layer;
pub use texture_cache::TextureCache;
pub use view::{CanvasView, Transform, best_columns};

/// Above this magnification the image is drawn with hard pixel edges.
const SHARP_FROM: f32 = 2.0;
/// Zoom factor of one key press.
const KEY_ZOOM: f32 = 1.25;
const FULL_UV: Rect = Rect::from_min_max(Pos2::ZERO, Pos2::new(1.0, 1.0));

/// A layer with its opacity.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnLayer {
    pub layer: Layer,
    /// `0.0..=1.0`. A tint on the GPU, so changing it uploads nothing.
    pub opacity: f32,
}

impl DrawnLayer {
    /// A layer that hides what is below.
    pub fn opaque(layer: Layer) -> Self {
        Self {
            layer,
            opacity: 1.0,
        }
    }
}

/// The widget: layers of one image, the first at the bottom.
#[must_use = "call show"]
pub struct Canvas<'a> {
    textures: &'a mut TextureCache,
    drawn: &'a [DrawnLayer],
    image_size: [u32; 2],
    name: &'a str,
    /// What is shown to the right of a divider, and where that is, as a share of the width.
    right: Option<(&'a [DrawnLayer], f32)>,
}

/// The result of showing a canvas.
pub struct CanvasOutput {
    /// The response of the widget.
    pub response: Response,
    /// Maps image pixels to the screen.
    pub transform: Transform,
    /// The image pixel under the pointer.
    pub hovered: Option<Pixel>,
}

impl<'a> Canvas<'a> {
    /// A canvas of an image of `[width, height]` pixels; `name` is for screen readers.
    pub fn new(
        textures: &'a mut TextureCache,
        drawn: &'a [DrawnLayer],
        image_size: [u32; 2],
        name: &'a str,
    ) -> Self {
        Self {
            textures,
            drawn,
            image_size,
            name,
            right: None,
        }
    }

    /// Shows other layers of the same image to the right of a divider, which is at `share` of the
    /// width, `0.0..=1.0`.
    pub fn divided(mut self, right: &'a [DrawnLayer], share: f32) -> Self {
        self.right = Some((right, share));
        self
    }

    /// Shows it at `size` points with zoom (wheel, pinch), pan (drag) and fit (double click).
    pub fn show(self, ui: &mut Ui, size: Vec2, view: &mut CanvasView) -> CanvasOutput {
        let (rect, response) =
            ui.allocate_exact_size(size.max(Vec2::ZERO), Sense::click_and_drag());
        navigate(ui, &response, view, self.image_size());
        self.paint(ui, rect, response, view)
    }

    /// Shows the whole image at `size` points; reacts to clicks only, so the wheel scrolls the panel.
    pub fn show_fitted(self, ui: &mut Ui, size: Vec2) -> CanvasOutput {
        let (rect, response) = ui.allocate_exact_size(size.max(Vec2::ZERO), Sense::click());
        self.paint(ui, rect, response, &mut CanvasView::default())
    }

    fn image_size(&self) -> Vec2 {
        vec2(self.image_size[0] as f32, self.image_size[1] as f32)
    }

    fn paint(
        self,
        ui: &mut Ui,
        rect: Rect,
        response: Response,
        view: &mut CanvasView,
    ) -> CanvasOutput {
        let zoom = view.zoom;
        let transform = view.transform(rect, self.image_size());
        if view.zoom != zoom {
            // The buttons around it were drawn before.
            ui.ctx().request_repaint();
        }
        if ui.is_rect_visible(rect) {
            let painter = ui.painter_at(rect);
            painter.rect_filled(rect, 2.0, ui.visuals().extreme_bg_color);
            let pixels_per_point = ui.pixels_per_point();
            let image_rect = transform.image_rect(self.image_size());
            let image_rect = Rect::from_min_size(
                image_rect.min.round_to_pixels(pixels_per_point),
                image_rect.size(),
            );
            let magnified = view.zoom * pixels_per_point > SHARP_FROM;
            for (part, drawn) in parts(rect, self.drawn, self.right) {
                let painter = painter.with_clip_rect(part.intersect(painter.clip_rect()));
                for layer in drawn {
                    self.textures.draw(
                        &painter,
                        layer,
                        (&transform, part),
                        (image_rect, magnified),
                    );
                }
            }
            if response.has_focus() {
                let stroke = ui.visuals().selection.stroke;
                painter.rect_stroke(rect, 2.0, stroke, egui::StrokeKind::Inside);
            }
        }
        let name = self.name;
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
        let hovered = response
            .hover_pos()
            .and_then(|pointer| transform.pixel_at(pointer, self.image_size));
        CanvasOutput {
            response,
            transform,
            hovered,
        }
    }
}

/// Which layers are shown where.
fn parts<'a>(
    rect: Rect,
    drawn: &'a [DrawnLayer],
    right: Option<(&'a [DrawnLayer], f32)>,
) -> Vec<(Rect, &'a [DrawnLayer])> {
    let Some((right, share)) = right else {
        return vec![(rect, drawn)];
    };
    let x = rect.left() + share.clamp(0.0, 1.0) * rect.width();
    vec![(rect.with_max_x(x), drawn), (rect.with_min_x(x), right)]
}

fn navigate(ui: &Ui, response: &Response, view: &mut CanvasView, image_size: Vec2) {
    let canvas = response.rect;
    if response.double_clicked() {
        view.fit();
    }
    if response.dragged() {
        view.pan(response.drag_delta(), image_size);
    }
    if let Some(pointer) = response.hover_pos() {
        let factor = take_wheel_zoom(ui);
        if factor != 1.0 {
            view.zoom_at(pointer, factor, canvas, image_size);
        }
    }
    if response.has_focus() {
        navigate_by_key(ui, view, canvas, image_size);
    }
}

/// Zoom factor of the wheel or a pinch; consumes the wheel, so that nothing else scrolls.
fn take_wheel_zoom(ui: &Ui) -> f32 {
    let speed = ui.options(|options| options.input_options.scroll_zoom_speed);
    ui.input_mut(|input| {
        let scrolled = std::mem::take(&mut input.smooth_scroll_delta);
        input.zoom_delta() * (scrolled.y * speed).exp()
    })
}

fn navigate_by_key(ui: &Ui, view: &mut CanvasView, canvas: Rect, image_size: Vec2) {
    let pressed = |key| ui.input(|input| input.key_pressed(key));
    if pressed(Key::Plus) || pressed(Key::Equals) {
        view.zoom_at(canvas.center(), KEY_ZOOM, canvas, image_size);
    }
    if pressed(Key::Minus) {
        view.zoom_at(canvas.center(), 1.0 / KEY_ZOOM, canvas, image_size);
    }
    if pressed(Key::Num0) {
        view.fit();
    }
    if pressed(Key::Num1) {
        view.set_zoom(1.0 / ui.pixels_per_point());
    }
}

#[cfg(test)]
mod tests;
