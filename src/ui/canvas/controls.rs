//! The small parts around a canvas: sliders, buttons, notes.

use eframe::egui::{
    self, Align, Atom, Color32, CornerRadius, Frame, Layout, Rect, Response, RichText, Sense, Slider,
    Spinner, StrokeKind, Ui, UiBuilder, Vec2, vec2,
};

use super::CanvasView;
use crate::engine::Class;

const SWATCH: Vec2 = vec2(12.0, 12.0);

/// The opacity of the mask layer, `0.0..=1.0`, shown in percent.
pub fn opacity_slider(ui: &mut Ui, opacity: &mut f32) {
    ui.horizontal(|ui| {
        let name = ui.label("Opacity");
        ui.add(Slider::new(opacity, 0.0..=1.0).show_value(false))
            .on_hover_text("How strongly masks cover the image")
            .labelled_by(name.id);
        ui.weak(format!("{:.0} %", *opacity * 100.0));
    });
}

/// Fit, 1:1, and the zoom in words.
pub fn zoom_buttons(ui: &mut Ui, view: &mut CanvasView) {
    let pixels_per_point = ui.pixels_per_point();
    let fit = ui.selectable_label(view.fitted, "Fit").on_hover_text("Show the whole image (double click)");
    if fit.clicked() {
        view.fit();
    }
    let one_to_one = ui.button("1:1").on_hover_text("One screen pixel for each image pixel");
    if one_to_one.clicked() {
        view.set_zoom(1.0 / pixels_per_point);
    }
    let percent = view.zoom * pixels_per_point * 100.0;
    ui.weak(format!("{percent:.0} %")).on_hover_text("Zoom: turn the wheel over the image, drag to move it");
}

/// A class color as a small square.
pub fn swatch(ui: &mut Ui, color: [u8; 3]) {
    let (rect, _) = ui.allocate_exact_size(SWATCH, Sense::hover());
    paint_swatch(ui, rect, color);
}

/// A checkbox with a class color before the name, in one piece.
pub fn class_checkbox(ui: &mut Ui, shown: &mut bool, class: &Class) -> Response {
    let color = class.color;
    let square = Atom::paint(SWATCH, move |ui, args| paint_swatch(ui, args.rect, color));
    ui.checkbox(shown, (square, &*class.name))
}

fn paint_swatch(ui: &Ui, rect: Rect, color: [u8; 3]) {
    let stroke = ui.visuals().widgets.noninteractive.bg_stroke;
    let corners = CornerRadius::same(2);
    let color = class_color(color);
    ui.painter().rect(rect, corners, color, stroke, StrokeKind::Inside);
}

/// A class color for egui. Class colors are data, so they have no place in the theme.
pub fn class_color([r, g, b]: [u8; 3]) -> Color32 {
    Color32::from_rgb(r, g, b)
}

/// What to do when there is nothing to show, in the middle of the free space.
pub fn empty_state(ui: &mut Ui, title: &str, hint: &str, actions: impl FnOnce(&mut Ui)) {
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() * 0.5 - 60.0).max(8.0));
        ui.label(RichText::new(title).heading());
        ui.add_space(4.0);
        ui.weak(hint);
        ui.add_space(8.0);
        actions(ui);
    });
}

/// An error that the user can do something about, in a box of its own.
pub fn error_box(ui: &mut Ui, title: &str, message: &str) {
    let color = ui.visuals().error_fg_color;
    Frame::group(ui.style()).stroke(egui::Stroke::new(1.0, color)).show(ui, |ui| {
        ui.set_max_width(ui.available_width().min(560.0));
        ui.label(RichText::new(title).color(color).strong());
        ui.label(message);
    });
}

/// A spinner and a line of text in the middle of `area`, over what is drawn there.
pub fn waiting(ui: &mut Ui, area: Rect, text: &str) {
    let size = vec2(area.width().min(260.0), 44.0);
    let rect = Rect::from_center_size(area.center(), size);
    let layout = Layout::top_down(Align::Center);
    let mut ui = ui.new_child(UiBuilder::new().max_rect(rect).layout(layout));
    Frame::popup(ui.style()).show(&mut ui, |ui| {
        ui.horizontal(|ui| {
            ui.add(Spinner::new().size(16.0));
            ui.add(egui::Label::new(text).truncate());
        });
    });
}
