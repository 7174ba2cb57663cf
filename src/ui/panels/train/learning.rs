//! The settings that most runs change: epochs, batch size, learning rate.

use eframe::egui::{Response, Ui};

use super::explained::setting_ui;
use crate::engine::{BrokenRules, RunConfig};
use crate::ui::number::{number_ui, scientific_ui};

/// Buttons for the values of a setting; one of them is selected.
pub fn segments_ui<T: Copy + PartialEq>(
    ui: &mut Ui,
    values: &[T],
    current: T,
    label: impl Fn(T) -> String,
    mut choose: impl FnMut(T),
) -> Response {
    // In a narrow panel they take two lines.
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 3.0;
        for &value in values {
            let button = eframe::egui::Button::new(label(value)).selected(value == current);
            if ui.add(button).clicked() && value != current {
                choose(value);
            }
        }
    })
    .response
}

/// Whether `field` is one of [`learning_ui`].
pub fn has(field: &str) -> bool {
    ["epochs", "batch size", "learning rate"].contains(&field)
}

/// Epochs, batch size, learning rate.
pub fn learning_ui(ui: &mut Ui, config: &mut RunConfig, broken: &BrokenRules) {
    let rule = broken.of("epochs");
    setting_ui(ui, "Epochs", |ui| {
        number_ui(ui, &mut config.epochs, 1..=10_000, rule, |drag| {
            drag.speed(0.2)
        })
    });
    let rule = broken.of("batch size");
    setting_ui(ui, "Batch size", |ui| {
        number_ui(ui, &mut config.batch_size, 1..=64, rule, |drag| {
            drag.speed(0.05)
        })
    });
    let rule = broken.of("learning rate");
    setting_ui(ui, "Learning rate", |ui| {
        scientific_ui(ui, &mut config.learning.learning_rate, 1e-16..=10.0, rule)
    });
}

/// A checkbox with a value behind it while it is ticked, at first `start`; otherwise with the
/// text `off`.
pub fn optional_ui<T>(
    ui: &mut Ui,
    value: &mut Option<T>,
    [name, off]: [&str; 2],
    start: T,
    add: impl FnOnce(&mut Ui, &mut T),
) -> Response {
    ui.horizontal(|ui| {
        let mut ticked = value.is_some();
        let label = if ticked { "" } else { off };
        if ui
            .checkbox(&mut ticked, label)
            .accessible_name(name)
            .changed()
        {
            *value = ticked.then_some(start);
        }
        if let Some(value) = value {
            add(ui, value);
        }
    })
    .response
}
