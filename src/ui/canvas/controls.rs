//! Controls around a canvas: sliders, buttons, checkboxes.

use eframe::egui::{Atom, Response, Slider, Ui};

use super::CanvasView;
use crate::engine::Class;
use crate::ui::theme;
use crate::ui::ui_ext::{SWATCH, UiExt as _, paint_swatch};

const OPACITY_WIDTH: f32 = 224.0;
/// Of the buttons and the zoom in percent.
pub const ZOOM_WIDTH: f32 = 130.0;

/// The opacity of the mask layer, `0.0..=1.0`, shown in percent.
pub fn opacity_slider(ui: &mut Ui, opacity: &mut f32) {
    ui.together(OPACITY_WIDTH, |ui| {
        ui.set_min_width(OPACITY_WIDTH);
        let name = ui.label("Opacity");
        ui.add(Slider::new(opacity, 0.0..=1.0).show_value(false))
            .on_hover_text("Opacity of the masks over the image")
            .labelled_by(name.id);
        ui.weak(format!("{:.0} %", *opacity * 100.0));
    });
}

/// Buttons for fit and 1:1, and the zoom in percent.
pub fn zoom_buttons(ui: &mut Ui, view: &mut CanvasView) {
    ui.together(ZOOM_WIDTH, |ui| zoom_ui(ui, view));
}

fn zoom_ui(ui: &mut Ui, view: &mut CanvasView) {
    let pixels_per_point = ui.pixels_per_point();
    let fit = ui
        .selectable_label(view.fitted, "Fit")
        .on_hover_text("Show the whole image (double click)");
    if fit.clicked() {
        view.fit();
    }
    let one_to_one = ui
        .button("1:1")
        .on_hover_text("One screen pixel per image pixel");
    if one_to_one.clicked() {
        view.set_zoom(1.0 / pixels_per_point);
    }
    let percent = view.zoom * pixels_per_point * 100.0;
    ui.weak(format!("{percent:.0} %"))
        .on_hover_text("Zoom: scroll to change it, drag the image to move it");
}

/// A checkbox with a class color before the name, as one widget.
pub fn class_checkbox(ui: &mut Ui, shown: &mut bool, class: &Class) -> Response {
    let color = theme::class_color(class.color);
    let square = Atom::paint(SWATCH, move |ui, args| paint_swatch(ui, args.rect, color));
    ui.checkbox(shown, (square, &*class.name))
}
