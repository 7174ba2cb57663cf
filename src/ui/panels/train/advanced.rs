//! The settings that few runs change.

use eframe::egui::{DragValue, Response, Ui};

use super::settings::{scientific_ui, segments_ui};
use crate::engine::{FinalUpsampling, RunConfig, Schedule};
use crate::ui::ui_ext::UiExt as _;

/// Optimizer, regularization, images, reproducibility, live masks.
pub fn advanced_ui(ui: &mut Ui, config: &mut RunConfig) {
    optimizer_ui(ui, config);
    ui.add_space(4.0);
    images_ui(ui, config);
    ui.add_space(4.0);
    rest_ui(ui, config);
}

fn optimizer_ui(ui: &mut Ui, config: &mut RunConfig) {
    let learning = &mut config.learning;
    ui.field("Momentum", "Share of the last step that is kept, 0 to below 1", |ui| {
        ui.add(DragValue::new(&mut learning.momentum).range(0.0..=0.9999).speed(0.002).max_decimals(4))
    });
    ui.field("Weight decay", "Pull of all weights towards 0, 0 or more", |ui| {
        scientific_ui(ui, &mut learning.weight_decay, 0.0..=1.0)
    });
    let tooltip = "Fixed keeps the learning rate; poly lets it fall to 0 at the last step";
    ui.field("Schedule", tooltip, |ui| {
        let label = |schedule| match schedule {
            Schedule::Fixed => "Fixed".to_owned(),
            Schedule::Poly => "Poly".to_owned(),
        };
        let current = learning.schedule;
        segments_ui(ui, [Schedule::Fixed, Schedule::Poly], current, label, |schedule| {
            learning.schedule = schedule;
        })
    });
    ui.field(
        "Dropout",
        "Chance of leaving out a value behind fc6 and fc7, 0 to below 1; 0.5 in the papers",
        |ui| ui.add(DragValue::new(&mut config.dropout).range(0.0..=0.95).speed(0.005).max_decimals(3)),
    );
    let tooltip = "Whether the last transposed convolution is trained or stays bilinear interpolation";
    ui.field("Final upsampling", tooltip, |ui| {
        let label = |upsampling| match upsampling {
            FinalUpsampling::Learned => "Learned".to_owned(),
            FinalUpsampling::Fixed => "Fixed".to_owned(),
        };
        let both = [FinalUpsampling::Learned, FinalUpsampling::Fixed];
        let current = config.final_upsampling;
        segments_ui(ui, both, current, label, |upsampling| config.final_upsampling = upsampling)
    });
}

fn images_ui(ui: &mut Ui, config: &mut RunConfig) {
    let augment = &mut config.augment;
    ui.field(
        "Crop size",
        "Width and height of training images, 32 to 2048; smaller images are padded",
        |ui| size_ui(ui, &mut augment.crop, "Crop"),
    );
    ui.field("Random flip", "Mirror left and right at random", |ui| {
        ui.checkbox(&mut augment.flip, "").accessible_name("Random flip")
    });
    ui.field("Random scale", "Smallest and largest random scale, 0.25 to 4; 1 and 1 is none", |ui| {
        ui.horizontal(|ui| {
            let [low, high] = &mut augment.scale;
            let drag = |value| DragValue::new(value).speed(0.005).max_decimals(2);
            ui.add(drag(low).range(0.25..=1.0)).accessible_name("Smallest scale");
            ui.label("to");
            ui.add(drag(high).range(1.0..=4.0)).accessible_name("Largest scale");
        })
        .response
    });
    ui.field("Brightness", "Amount of random brightness and contrast, 0 to 1; 0 is none", |ui| {
        ui.add(DragValue::new(&mut augment.brightness).range(0.0..=1.0).speed(0.005).max_decimals(2))
    });
    let tooltip = "Width and height to which validation images are resized, 32 to 2048; \
                   scores are always taken at the size of the mask";
    ui.field("Test size", tooltip, |ui| {
        ui.horizontal(|ui| {
            let mut resized = config.test_size.is_some();
            let label = if resized { "" } else { "as they are" };
            let checkbox = ui.checkbox(&mut resized, label).accessible_name("Resize validation images");
            if checkbox.changed() {
                config.test_size = resized.then_some([256, 256]);
            }
            if let Some(size) = &mut config.test_size {
                size_ui(ui, size, "Test");
            }
        })
        .response
    });
}

fn rest_ui(ui: &mut Ui, config: &mut RunConfig) {
    ui.field("Step limit", "End after this many steps, even inside an epoch", |ui| {
        ui.horizontal(|ui| {
            let mut limited = config.max_steps.is_some();
            let label = if limited { "" } else { "none" };
            if ui.checkbox(&mut limited, label).accessible_name("Limit steps").changed() {
                config.max_steps = limited.then_some(1000);
            }
            if let Some(steps) = &mut config.max_steps {
                ui.add(DragValue::new(steps).range(1..=100_000_000))
                    .accessible_name("Largest number of steps");
            }
        })
        .response
    });
    ui.field("Seed", "Start of all random numbers: weights, order, augmentation, dropout", |ui| {
        ui.add(DragValue::new(&mut config.seed).speed(0.1))
    });
    ui.field("Loader threads", "Threads that read images ahead of the step, 1 to 32", |ui| {
        ui.add(DragValue::new(&mut config.workers).range(1..=32).speed(0.05))
    });
    ui.field("Live images", "Validation images whose masks are shown while training, 1 to 16", |ui| {
        ui.add(DragValue::new(&mut config.preview_images).range(1..=16).speed(0.05))
    });
    ui.field(
        "Live interval",
        "Seconds between two live masks, 0 to 600; 0 is never, and each takes time from training",
        |ui| {
            ui.add(
                DragValue::new(&mut config.preview_secs)
                    .range(0.0..=600.0)
                    .speed(0.05)
                    .max_decimals(1)
                    .suffix(" s"),
            )
        },
    );
}

fn size_ui(ui: &mut Ui, size: &mut [u32; 2], what: &str) -> Response {
    ui.horizontal(|ui| {
        let [width, height] = size;
        let drag = |value| DragValue::new(value).range(32_u32..=2048).speed(1.0);
        ui.add(drag(width)).accessible_name(format!("{what} width"));
        ui.label("×");
        ui.add(drag(height)).accessible_name(format!("{what} height"));
    })
    .response
}
