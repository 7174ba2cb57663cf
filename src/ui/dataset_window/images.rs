//! Which bands of the images are shown to the network, and which values.

use eframe::egui::Ui;

use crate::engine::{ImageReading, MOST_BANDS};
use crate::ui::number::number_ui;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::{BandKind, ClassMapForm, RangeKind};

pub fn images_ui(ui: &mut Ui, form: &mut ClassMapForm) {
    ui.weak("A run remembers this, and reads images so when it predicts");
    ui.add_space(4.0);
    ui.field("Bands", "Which bands of the image files are used", |ui| {
        ui.horizontal(|ui| {
            ui.selectable_value(&mut form.bands, BandKind::Format, "As the format says");
            ui.selectable_value(&mut form.bands, BandKind::Gray, "One, as gray");
            ui.selectable_value(&mut form.bands, BandKind::Colors, "Three, as colors");
        })
        .response
    });
    let names: &[&str] = match form.bands {
        BandKind::Format => &[],
        BandKind::Gray => &["Gray"],
        BandKind::Colors => &["Red", "Green", "Blue"],
    };
    for (name, band) in names.iter().zip(&mut form.chosen) {
        ui.field(
            &format!("{name} is band"),
            "Counted from 1, in the order of the file",
            |ui| {
                let rule = ImageReading::broken_band(*band);
                number_ui(ui, band, 1..=MOST_BANDS, rule, |drag| drag)
            },
        );
    }
    ui.add_space(6.0);
    ui.field(
        "Range",
        "Which values of images with more than 8 bits become black and white; those beyond are cut off",
        |ui| {
            ui.horizontal(|ui| {
                ui.selectable_value(&mut form.range, RangeKind::Format, "All of the format");
                ui.selectable_value(&mut form.range, RangeKind::Stated, "Stated");
                ui.selectable_value(&mut form.range, RangeKind::Measured, "As measured");
            })
            .response
        },
    );
    match form.range {
        RangeKind::Format => {}
        RangeKind::Measured => {
            ui.weak("The lowest and the highest value of up to 64 images of the training list");
        }
        RangeKind::Stated => {
            let [low, high] = &mut form.values;
            let rule = ImageReading::broken_range([*low, *high]);
            ui.field("Black is", "The lowest value", |ui| {
                number_ui(ui, low, 0..=u16::MAX, None, |drag| drag)
            });
            ui.field("White is", "The highest value", |ui| {
                number_ui(ui, high, 0..=u16::MAX, rule, |drag| drag)
            });
        }
    }
}
