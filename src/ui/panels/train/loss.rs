//! What is differentiated: mean or sum, weights of the classes, focal and Dice.

use eframe::egui::{CollapsingHeader, Label, RichText, Ui};
use strum::VariantArray as _;

use super::explained::{setting_term_ui, setting_ui};
use super::learning::segments_ui;
use crate::engine::{BrokenRules, ClassList, ClassWeights, Learning, Reduction};
use crate::ui::number::{number_ui, part_ui, rule_ui};
use crate::ui::terms::Term;
use crate::ui::ui_ext::UiExt as _;

/// Above this many classes their weights are folded away.
const FEW_CLASSES: usize = 12;

/// Reduction, weights of the classes, focal and Dice; `classes` are those of the open dataset.
pub fn loss_ui(
    ui: &mut Ui,
    learning: &mut Learning,
    classes: Option<&ClassList>,
    broken: &BrokenRules,
) {
    setting_ui(ui, "Reduction", |ui| {
        let label = |reduction| match reduction {
            Reduction::Mean => "Mean".to_owned(),
            Reduction::Sum => "Sum".to_owned(),
        };
        let current = learning.reduction;
        segments_ui(ui, Reduction::VARIANTS, current, label, |reduction| {
            learning.reduction = reduction;
        })
    });
    weights_ui(ui, learning, classes, broken);
    let objective = &mut learning.objective;
    setting_term_ui(ui, "Focal gamma", Term::FocalLoss, |ui| {
        let rule = broken.of("focal gamma");
        number_ui(ui, &mut objective.focal_gamma, 0.0..=10.0, rule, |drag| {
            drag.speed(0.01).max_decimals(2)
        })
    });
    setting_ui(ui, "Dice share", |ui| {
        let rule = broken.of("dice share");
        number_ui(ui, &mut objective.dice_share, 0.0..=1.0, rule, |drag| {
            drag.speed(0.005).max_decimals(2)
        })
    });
}

fn weights_ui(
    ui: &mut Ui,
    learning: &mut Learning,
    classes: Option<&ClassList>,
    broken: &BrokenRules,
) {
    let weights = &mut learning.objective.class_weights;
    let kinds = [
        ClassWeights::Equal,
        ClassWeights::Inverse,
        ClassWeights::Median,
        ClassWeights::Given(Vec::new()),
    ];
    setting_term_ui(ui, "Class weights", Term::ClassWeights, |ui| {
        let current = kinds
            .iter()
            .position(|kind| std::mem::discriminant(kind) == std::mem::discriminant(weights));
        let names = ["Equal", "Inverse", "Median", "Given"];
        segments_ui(
            ui,
            &[0, 1, 2, 3],
            current.unwrap_or(0),
            |kind| names[kind].to_owned(),
            |kind| *weights = kinds[kind].clone(),
        )
    });
    let ClassWeights::Given(given) = weights else {
        return;
    };
    let Some(classes) = classes else {
        ui.add(
            Label::new(RichText::new("Open a dataset to give its classes weights").small()).wrap(),
        );
        return;
    };
    // Those of another dataset, or none yet.
    given.resize(classes.len(), 1.0);
    if let Some(rule) = broken.of("class weights") {
        rule_ui(ui, rule);
    }
    CollapsingHeader::new("Weight of each class")
        .id_salt("class weights")
        .default_open(classes.len() <= FEW_CLASSES)
        .show_unindented(ui, |ui| {
            for (label, (class, weight)) in classes.iter().zip(given).enumerate() {
                let is_broken = broken.of_part("class weights", label).is_some();
                let tooltip = format!(
                    "What the loss of a pixel of {} is multiplied by, 0 or more",
                    class.name
                );
                ui.field(&class.name, &tooltip, |ui| {
                    part_ui(ui, weight, 0.0..=1000.0, is_broken, |drag| {
                        drag.speed(0.01).max_decimals(3)
                    })
                    .accessible_name(format!("Weight of {}", class.name))
                });
            }
        });
}
