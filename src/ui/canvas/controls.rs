//! The small parts around a canvas: sliders, buttons, notes.

use eframe::egui::{
    self, Align, Color32, Frame, Layout, Rect, RichText, Sense, Slider, Spinner, Ui, UiBuilder,
};
use eframe::egui::{CornerRadius, StrokeKind, vec2};

use super::CanvasView;

/// The opacity of the mask layer, `0.0..=1.0`, shown in percent.
pub fn opacity_slider(ui: &mut Ui, opacity: &mut f32) {
    let slider = Slider::new(opacity, 0.0..=1.0)
        .text("Opacity")
        .custom_formatter(|share, _| format!("{:.0} %", share * 100.0))
        .custom_parser(|text| {
            let percent: f64 = text.trim_end_matches('%').trim().parse().ok()?;
            Some(percent / 100.0)
        });
    ui.add(slider).on_hover_text("How strongly masks cover the image");
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
    let side = ui.text_style_height(&egui::TextStyle::Body) * 0.8;
    let (rect, _) = ui.allocate_exact_size(vec2(side, side), Sense::hover());
    let stroke = ui.visuals().widgets.noninteractive.bg_stroke;
    ui.painter().rect(rect, CornerRadius::same(2), class_color(color), stroke, StrokeKind::Inside);
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
    ui.scope_builder(UiBuilder::new().max_rect(rect).layout(layout), |ui| {
        Frame::popup(ui.style()).show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.add(Spinner::new().size(16.0));
                ui.add(egui::Label::new(text).truncate());
            });
        });
    });
}
