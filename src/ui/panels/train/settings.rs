//! The settings that most runs change: network, length, learning.

use eframe::egui::{DragValue, Response, RichText, Ui};

use crate::engine::{RunConfig, Trunk, Variant};
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::{draft, format};

/// Prediction stride and trunk.
pub fn network_ui(ui: &mut Ui, config: &mut RunConfig) {
    let tooltip =
        "Stride of the finest score map: 32s is coarse, 16s adds the details of pool4, 8s those of pool3";
    ui.field("Network", tooltip, |ui| {
        segments_ui(
            ui,
            Variant::ALL,
            config.variant,
            |variant| variant.to_string(),
            |variant| config.variant = variant,
        )
    });
    ui.field("Trunk", trunk_help(config.trunk), |ui| {
        let current = config.trunk;
        segments_ui(
            ui,
            [Trunk::Vgg16Slim, Trunk::Vgg16],
            current,
            |trunk| trunk.to_string(),
            |trunk| {
                draft::switch_trunk(config, trunk);
            },
        )
    });
    ui.add(eframe::egui::Label::new(RichText::new(trunk_help(config.trunk)).small().weak()).wrap());
}

fn trunk_help(trunk: Trunk) -> &'static str {
    match trunk {
        Trunk::Vgg16 => "As in the papers, 134 million weights: for graphics cards",
        Trunk::Vgg16Slim => "The same layers, much narrower: for processors and quick trials",
    }
}

/// Buttons of which one is chosen.
pub fn segments_ui<T: Copy + PartialEq, const N: usize>(
    ui: &mut Ui,
    values: [T; N],
    current: T,
    label: impl Fn(T) -> String,
    mut choose: impl FnMut(T),
) -> Response {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 3.0;
        for value in values {
            let button = eframe::egui::Button::new(label(value)).selected(value == current);
            if ui.add(button).clicked() && value != current {
                choose(value);
            }
        }
    })
    .response
}

/// Length of the run, batch, learning rate.
pub fn learning_ui(ui: &mut Ui, config: &mut RunConfig) {
    ui.field("Epochs", "Passes over the training images, 1 or more", |ui| {
        ui.add(DragValue::new(&mut config.epochs).range(1..=10_000).speed(0.2))
    });
    ui.field(
        "Batch size",
        "Images in one step, 1 to 64; more need more memory and give a smoother loss",
        |ui| ui.add(DragValue::new(&mut config.batch_size).range(1..=64).speed(0.05)),
    );
    let tooltip =
        "Size of a step down the loss, above 0; too large and the loss jumps, too small and nothing moves";
    ui.field("Learning rate", tooltip, |ui| {
        scientific_ui(ui, &mut config.learning.learning_rate, 1e-10..=10.0)
    });
}

/// A value over many powers of ten.
pub fn scientific_ui(ui: &mut Ui, value: &mut f64, range: std::ops::RangeInclusive<f64>) -> Response {
    let speed = (value.abs() * 0.01).max(1e-9);
    ui.add(
        DragValue::new(value)
            .range(range)
            .speed(speed)
            .max_decimals(12)
            .custom_formatter(|value, _| format::scientific(value))
            .custom_parser(|text| text.trim().parse().ok()),
    )
}
