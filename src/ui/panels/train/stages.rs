//! Rates of the stages of the network.

use eframe::egui::{CollapsingHeader, Ui};

use crate::engine::{BrokenRules, RunConfig};
use crate::ui::number::{number_ui, rule_ui};
use crate::ui::ui_ext::UiExt as _;

/// A factor for each stage of the trunk, and for the head.
pub fn stages_ui(ui: &mut Ui, config: &mut RunConfig, broken: &BrokenRules) {
    let stages = config.trunk.param_stages();
    CollapsingHeader::new("Rates of the stages")
        .id_salt("stage rates")
        .show_unindented(ui, |ui| {
            for stage in stages {
                let mut factor = config.learning.stage_rates.factor(stage);
                let name = format!("Rate of {stage}");
                let tooltip = "Factor on the learning rate of this stage; 0 freezes its weights, which saves \
                               time and keeps what they learned. With pretrained weights and few images, \
                               freeze the first stages, or let the head learn ten times as fast\n\
                               Yosinski et al. 2014; Chen et al. 2018 use 10 for the head";
                ui.field(&name, tooltip, |ui| {
                    number_ui(ui, &mut factor, 0.0..=100.0, None, |drag| {
                        drag.speed(0.01).max_decimals(3)
                    })
                });
                config.learning.stage_rates.set(stage, factor);
            }
        });
    if let Some(rule) = broken.of("stage rates") {
        rule_ui(ui, rule);
    }
}
