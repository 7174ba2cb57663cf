//! Crops of the training images, and what is done to them at random.

use eframe::egui::{DragValue, Ui};

use super::learning::optional_ui;
use crate::engine::{Augment, BrokenRules, Size};
use crate::ui::number::{number_ui, part_ui, rule_ui, with_unit};
use crate::ui::ui_ext::UiExt as _;

/// Crop, flip, scale, and the amounts of everything else.
pub fn augment_ui(ui: &mut Ui, augment: &mut Augment, broken: &BrokenRules) {
    let tooltip = "Width and height of the training crops, 1 to 8192; smaller images are padded. Whole \
                   images need batch size 1, and large images much memory";
    ui.field("Crop size", tooltip, |ui| {
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
    ui.field(
        "Random crop",
        "Crop at a random place instead of the center",
        |ui| {
            ui.checkbox(&mut augment.random_crop, "")
                .accessible_name("Random crop")
        },
    );
    ui.field(
        "Random flip",
        "Flip training images horizontally at random",
        |ui| {
            ui.checkbox(&mut augment.flip, "")
                .accessible_name("Random flip")
        },
    );
    ui.field(
        "Random scale",
        "Range of the random scale, 0.25 to 4; 1 to 1 turns it off",
        |ui| {
            ui.horizontal_wrapped(|ui| {
                let is_broken = |part| broken.of_part("scale", part).is_some();
                let [low, high] = &mut augment.scale;
                part_ui(ui, low, 0.25..=1.0, is_broken(0), hundredths)
                    .accessible_name("Minimum scale");
                ui.label("to");
                part_ui(ui, high, 1.0..=4.0, is_broken(1), hundredths)
                    .accessible_name("Maximum scale");
                if let Some(rule) = broken.of("scale") {
                    rule_ui(ui, rule);
                }
            })
            .response
        },
    );
    for amount in amounts(augment) {
        let rule = broken.of(amount.field);
        ui.field(amount.label, amount.tooltip, |ui| {
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
    tooltip: &'static str,
}

fn amounts(augment: &mut Augment) -> [Amount<'_>; 7] {
    [
        Amount {
            label: "Brightness",
            field: "brightness",
            value: &mut augment.brightness,
            most: 1.0,
            unit: None,
            tooltip: "Amount of random brightness and contrast, 0 to 1; 0 turns it off",
        },
        Amount {
            label: "Saturation",
            field: "saturation",
            value: &mut augment.saturation,
            most: 1.0,
            unit: None,
            tooltip: "Amount of random saturation, 0 to 1; with 0.3 the distance of each color from gray is multiplied \
                      by 0.7 to 1.3. 0 turns it off\nAs ColorJitter of torchvision, about the luma of BT.601",
        },
        Amount {
            label: "Hue",
            field: "hue",
            value: &mut augment.hue,
            most: 180.0,
            unit: Some("°"),
            tooltip: "Largest random turn of the hue each way, 0 to 180 degrees of the color circle; 0 turns it off. \
                      Leave it off where the color tells classes apart\nAs ColorJitter of torchvision, whose 0.5 is 180 \
                      degrees, in the chroma plane of BT.601",
        },
        Amount {
            label: "Rotation",
            field: "rotation",
            value: &mut augment.rotation,
            most: 180.0,
            unit: Some("°"),
            tooltip: "Largest random rotation each way, 0 to 180 degrees; 0 turns it off. The crop is turned about its \
                      middle; what lies outside of the image becomes padding and void. Masks take the nearest label\n\
                      10 degrees in Zhao et al. 2017 (PSPNet), section 5.1",
        },
        Amount {
            label: "Elastic",
            field: "elastic",
            value: &mut augment.elastic,
            most: 100.0,
            unit: Some("px"),
            tooltip: "Random bends, 0 to 100 pixels: the points of a 3 x 3 grid over the crop are moved by normal random \
                      vectors of this deviation, and the rest with them by cubic curves; 0 turns it off. Suits tissue, \
                      cells and terrain rather than buildings\nRonneberger et al. 2015 (U-Net), section 3.1, with 10",
        },
        Amount {
            label: "Blur",
            field: "blur",
            value: &mut augment.blur,
            most: 20.0,
            unit: Some("px"),
            tooltip: "Largest deviation of a random Gaussian blur, 0 to 20 pixels; 0 turns it off. The mask stays sharp\n\
                      Zhao et al. 2017 (PSPNet), section 5.1",
        },
        Amount {
            label: "Noise",
            field: "noise",
            value: &mut augment.noise,
            most: 1.0,
            unit: None,
            tooltip: "Largest deviation of random noise in every value, 0 to 1, where 1 is white; 0 turns it off. 0.05 is \
                      plain to see",
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
