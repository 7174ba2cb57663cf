//! Crops of the training images, and what is done to them at random.

use eframe::egui::{DragValue, Ui};

use super::explained::setting_ui;
use super::learning::optional_ui;
use crate::engine::{Augment, BrokenRules, Size};
use crate::ui::number::{number_ui, part_ui, rule_ui, with_unit};

/// Crop, flip, scale, and the amounts of everything else.
pub fn augment_ui(ui: &mut Ui, augment: &mut Augment, broken: &BrokenRules) {
    setting_ui(ui, "Crop size", |ui| {
        let names = ["Crop training images", "whole images"];
        optional_ui(
            ui,
            &mut augment.crop,
            names,
            Size::new(224, 224),
            |ui, size| {
                size_ui(ui, size, "Crop", "training size", broken);
            },
        )
    });
    setting_ui(ui, "Random crop", |ui| {
        ui.checkbox(&mut augment.random_crop, "")
            .accessible_name("Random crop")
    });
    setting_ui(ui, "Random flip", |ui| {
        ui.checkbox(&mut augment.flip, "")
            .accessible_name("Random flip")
    });
    setting_ui(ui, "Random scale", |ui| {
        ui.horizontal_wrapped(|ui| {
            let is_broken = |part| broken.of_part("scale", part).is_some();
            let [low, high] = &mut augment.scale;
            part_ui(ui, low, 0.25..=1.0, is_broken(0), hundredths).accessible_name("Minimum scale");
            ui.label("to");
            part_ui(ui, high, 1.0..=4.0, is_broken(1), hundredths).accessible_name("Maximum scale");
            if let Some(rule) = broken.of("scale") {
                rule_ui(ui, rule);
            }
        })
        .response
    });
    for amount in amounts(augment) {
        let rule = broken.of(amount.field);
        setting_ui(ui, amount.label, |ui| {
            number_ui(ui, amount.value, 0.0..=amount.most, rule, |drag| {
                let drag = drag.speed(amount.most / 200.0).max_decimals(2);
                match amount.unit {
                    Some(unit) => with_unit(drag, unit),
                    None => drag,
                }
            })
        });
    }
}

/// How much of something is done at random; 0 turns it off.
struct Amount<'a> {
    label: &'static str,
    /// As the rules of a configuration call it.
    field: &'static str,
    value: &'a mut f32,
    most: f32,
    unit: Option<&'static str>,
}

fn amounts(augment: &mut Augment) -> [Amount<'_>; 7] {
    [
        Amount {
            label: "Brightness",
            field: "brightness",
            value: &mut augment.brightness,
            most: 1.0,
            unit: None,
        },
        Amount {
            label: "Saturation",
            field: "saturation",
            value: &mut augment.saturation,
            most: 1.0,
            unit: None,
        },
        Amount {
            label: "Hue",
            field: "hue",
            value: &mut augment.hue,
            most: 180.0,
            unit: Some("°"),
        },
        Amount {
            label: "Rotation",
            field: "rotation",
            value: &mut augment.rotation,
            most: 180.0,
            unit: Some("°"),
        },
        Amount {
            label: "Elastic",
            field: "elastic",
            value: &mut augment.elastic,
            most: 100.0,
            unit: Some("px"),
        },
        Amount {
            label: "Blur",
            field: "blur",
            value: &mut augment.blur,
            most: 20.0,
            unit: Some("px"),
        },
        Amount {
            label: "Noise",
            field: "noise",
            value: &mut augment.noise,
            most: 1.0,
            unit: None,
        },
    ]
}

fn hundredths(drag: DragValue<'_>) -> DragValue<'_> {
    drag.speed(0.005).max_decimals(2)
}

/// Width and height.
pub fn size_ui(ui: &mut Ui, size: &mut Size, what: &str, field: &str, broken: &BrokenRules) {
    let is_broken = |part| broken.of_part(field, part).is_some();
    ui.horizontal_wrapped(|ui| {
        let Size { width, height } = size;
        part_ui(ui, width, 32..=2048, is_broken(0), |drag| drag.speed(1.0))
            .accessible_name(format!("{what} width"));
        ui.label("×");
        part_ui(ui, height, 32..=2048, is_broken(1), |drag| drag.speed(1.0))
            .accessible_name(format!("{what} height"));
        if let Some(rule) = broken.of(field) {
            rule_ui(ui, rule);
        }
    });
}
