//! The settings that most runs change: epochs, batch size, learning rate.

use eframe::egui::{DragValue, Response, Ui};

use crate::engine::RunConfig;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::format;

/// Buttons for the values of a setting; one of them is selected.
pub fn segments_ui<T: Copy + PartialEq>(
    ui: &mut Ui,
    values: &[T],
    current: T,
    label: impl Fn(T) -> String,
    mut choose: impl FnMut(T),
) -> Response {
    ui.horizontal(|ui| {
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

/// Epochs, batch size, learning rate.
pub fn learning_ui(ui: &mut Ui, config: &mut RunConfig) {
    ui.field(
        "Epochs",
        "Passes over the training images, 1 or more",
        |ui| {
            ui.add(
                DragValue::new(&mut config.epochs)
                    .range(1..=10_000)
                    .speed(0.2),
            )
        },
    );
    ui.field(
        "Batch size",
        "Images per batch, 1 to 64; larger batches need more memory and make the loss smoother",
        |ui| {
            ui.add(
                DragValue::new(&mut config.batch_size)
                    .range(1..=64)
                    .speed(0.05),
            )
        },
    );
    let tooltip = "Step size of SGD, above 0; with too large a value the loss jumps, with too small a value it hardly falls";
    ui.field("Learning rate", tooltip, |ui| {
        scientific_ui(ui, &mut config.learning.learning_rate, 1e-16..=10.0)
    });
}

/// A number that ranges over many powers of ten.
pub fn scientific_ui(
    ui: &mut Ui,
    value: &mut f64,
    range: std::ops::RangeInclusive<f64>,
) -> Response {
    // Proportional, down to the 1e-14 of the released FCN-8s; 0 needs a minimum.
    let speed = if *value == 0.0 {
        1e-9
    } else {
        value.abs() * 0.01
    };
    ui.add(
        DragValue::new(value)
            .range(range)
            .speed(speed)
            .max_decimals(18)
            .custom_formatter(|value, _| format::scientific(value))
            .custom_parser(|text| text.trim().parse().ok()),
    )
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
