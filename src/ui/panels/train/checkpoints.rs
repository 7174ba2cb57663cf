//! When a run saves itself, and which of its checkpoints are kept.

use eframe::egui::{CollapsingHeader, ComboBox, Ui};
use strum::VariantArray as _;

use super::explained::setting_ui;
use super::learning::optional_ui;
use crate::engine::{BestBy, BrokenRules, CheckpointPolicy};
use crate::ui::number::{number_ui, with_unit};

/// The group *Checkpoints*; it is open while a value in it is wrong.
pub fn checkpoints_ui(ui: &mut Ui, policy: &mut CheckpointPolicy, broken: &BrokenRules) {
    let is_broken = RULES.iter().any(|rule| broken.of(rule).is_some());
    CollapsingHeader::new("Checkpoints")
        .id_salt("checkpoints")
        .open(is_broken.then_some(true))
        .show_unindented(ui, |ui| {
            due_ui(ui, policy, broken);
            kept_ui(ui, policy, broken);
        });
}

const RULES: [&str; 6] = [
    "checkpoint minutes",
    "checkpoint steps",
    "checkpoint epochs",
    "kept last checkpoints",
    "kept best checkpoints",
    "kept epochs",
];

fn due_ui(ui: &mut Ui, policy: &mut CheckpointPolicy, broken: &BrokenRules) {
    let [minutes, steps, epochs] = [RULES[0], RULES[1], RULES[2]].map(|rule| broken.of(rule));
    setting_ui(ui, "Save every", |ui| {
        number_ui(ui, &mut policy.minutes, 0.0..=1440.0, minutes, |drag| {
            with_unit(drag.speed(0.05).max_decimals(2), "min")
        })
        .accessible_name("Minutes between checkpoints")
    });
    setting_ui(ui, "Save by steps", |ui| {
        let names = ["Save after steps", "no"];
        optional_ui(ui, &mut policy.steps, names, 1000, |ui, every| {
            number_ui(ui, every, 1..=100_000_000, steps, |drag| {
                with_unit(drag, "steps")
            })
            .accessible_name("Steps between checkpoints");
        })
    });
    setting_ui(ui, "Save by epochs", |ui| {
        number_ui(ui, &mut policy.epochs, 1..=100_000, epochs, |drag| {
            with_unit(drag.speed(0.05), "epochs")
        })
        .accessible_name("Epochs between checkpoints")
    });
}

fn kept_ui(ui: &mut Ui, policy: &mut CheckpointPolicy, broken: &BrokenRules) {
    let [last, best, every] = [RULES[3], RULES[4], RULES[5]].map(|rule| broken.of(rule));
    setting_ui(ui, "Keep last", |ui| {
        number_ui(ui, &mut policy.keep_last, 1..=1000, last, |drag| {
            drag.speed(0.05)
        })
        .accessible_name("Last checkpoints that are kept")
    });
    setting_ui(ui, "Keep best", |ui| {
        number_ui(ui, &mut policy.keep_best, 1..=1000, best, |drag| {
            drag.speed(0.05)
        })
        .accessible_name("Best checkpoints that are kept")
    });
    setting_ui(ui, "Keep every", |ui| {
        let names = ["Keep epochs for good", "none"];
        optional_ui(ui, &mut policy.keep_every, names, 10, |ui, epochs| {
            number_ui(ui, epochs, 1..=100_000, every, |drag| {
                with_unit(drag.speed(0.05), "epochs")
            })
            .accessible_name("Epochs between checkpoints kept for good");
        })
    });
    setting_ui(ui, "Best by", |ui| {
        ComboBox::from_id_salt("best by")
            .selected_text(label(policy.best_by))
            .truncate()
            .show_ui(ui, |ui| {
                for &score in BestBy::VARIANTS {
                    ui.selectable_value(&mut policy.best_by, score, label(score));
                }
            })
            .response
    });
}

fn label(score: BestBy) -> &'static str {
    match score {
        BestBy::MeanIu => "mIoU",
        BestBy::PixelAccuracy => "Pixel accuracy",
        BestBy::MeanAccuracy => "Mean accuracy",
        BestBy::FrequencyWeightedIu => "Frequency weighted IoU",
        BestBy::ValLoss => "Validation loss",
    }
}
