//! Recipe, optimizer, loss and schedule of the learning rate.

use eframe::egui::{Align, Button, ComboBox, Label, Layout, RichText, Ui};
use strum::VariantArray as _;

use super::explained::{setting_now_ui, setting_ui};
use super::learning::{optional_ui, segments_ui};
use super::loss::loss_ui;
use crate::engine::{
    BrokenRules, ClassList, FinalUpsampling, Learning, OptimizerKind, Recipe, RunConfig, Schedule,
};
use crate::ui::number::{number_ui, scientific_ui, with_unit};

const POPUP_WIDTH: f32 = 280.0;

/// The recipe whose values the settings have, and a list to choose one from.
pub fn recipe_ui(ui: &mut Ui, config: &mut RunConfig) {
    let current = Recipe::of(config);
    let source = current.map_or("Your own values", Recipe::source);
    setting_now_ui(ui, "Recipe", source, |ui| {
        let text = current.map_or_else(|| "Custom".to_owned(), |recipe| recipe.to_string());
        let width = ui.available_width();
        ui.scope(|ui| {
            ui.set_max_width(width);
            ComboBox::from_id_salt("recipe")
                .selected_text(text)
                .width(width)
                .truncate()
                .show_ui(ui, |ui| {
                    ui.set_min_width(POPUP_WIDTH);
                    for &recipe in Recipe::VARIANTS {
                        entry_ui(ui, recipe, current, config);
                    }
                });
        })
        .response
    });
}

fn entry_ui(ui: &mut Ui, recipe: Recipe, current: Option<Recipe>, config: &mut RunConfig) {
    let button = Button::selectable(Some(recipe) == current, recipe.to_string()).truncate();
    let clicked = ui.add(button).on_hover_text(recipe.source()).clicked();
    ui.with_layout(Layout::top_down(Align::LEFT), |ui| {
        ui.add(Label::new(RichText::new(recipe.source()).small().weak()).wrap());
    });
    if clicked {
        recipe.apply(config);
    }
}

/// The optimizer except its learning rate, the loss, dropout, and which upsampling is trained.
pub fn optimizer_ui(
    ui: &mut Ui,
    config: &mut RunConfig,
    classes: Option<&ClassList>,
    broken: &BrokenRules,
) {
    let dropout = broken.of("dropout");
    kind_ui(ui, &mut config.learning);
    weights_ui(ui, &mut config.learning, broken);
    loss_ui(ui, &mut config.learning, classes, broken);
    steps_ui(ui, &mut config.learning, broken);
    schedule_ui(ui, &mut config.learning, broken);
    setting_ui(ui, "Dropout", |ui| {
        number_ui(ui, &mut config.dropout, 0.0..=0.95, dropout, |drag| {
            drag.speed(0.005).max_decimals(3)
        })
    });
    setting_ui(ui, "Final upsampling", |ui| {
        let label = |upsampling| match upsampling {
            FinalUpsampling::Learned => "Learned".to_owned(),
            FinalUpsampling::Fixed => "Fixed".to_owned(),
            FinalUpsampling::AllFixed => "All fixed".to_owned(),
        };
        let current = config.final_upsampling;
        segments_ui(
            ui,
            FinalUpsampling::VARIANTS,
            current,
            label,
            |upsampling| {
                config.final_upsampling = upsampling;
            },
        )
    });
}

fn weights_ui(ui: &mut Ui, learning: &mut Learning, broken: &BrokenRules) {
    if learning.optimizer == OptimizerKind::Sgd {
        setting_ui(ui, "Momentum", |ui| {
            let rule = broken.of("momentum");
            number_ui(ui, &mut learning.momentum, 0.0..=0.9999, rule, |drag| {
                drag.speed(0.002).max_decimals(4)
            })
        });
    }
    setting_ui(ui, "Weight decay", |ui| {
        let rule = broken.of("weight decay");
        scientific_ui(ui, &mut learning.weight_decay, 0.0..=1.0, rule)
    });
    setting_ui(ui, "Bias LR factor", |ui| {
        let rule = broken.of("bias rate");
        number_ui(ui, &mut learning.bias_rate, 0.0..=10.0, rule, |drag| {
            drag.speed(0.01).max_decimals(2)
        })
    });
    setting_ui(ui, "Bias decay", |ui| {
        ui.checkbox(&mut learning.decay_biases, "")
            .accessible_name("Bias decay")
    });
}

/// Which optimizer, and the batches of a step.
fn kind_ui(ui: &mut Ui, learning: &mut Learning) {
    setting_ui(ui, "Optimizer", |ui| {
        let label = |kind| match kind {
            OptimizerKind::Sgd => "SGD".to_owned(),
            OptimizerKind::AdamW => "AdamW".to_owned(),
        };
        let current = learning.optimizer;
        segments_ui(ui, OptimizerKind::VARIANTS, current, label, |kind| {
            learning.optimizer = kind;
        })
    });
}

fn steps_ui(ui: &mut Ui, learning: &mut Learning, broken: &BrokenRules) {
    setting_ui(ui, "Accumulation", |ui| {
        let rule = broken.of("accumulation");
        number_ui(ui, &mut learning.accumulation, 1..=1000, rule, |drag| {
            drag.speed(0.05)
        })
    });
    setting_ui(ui, "Clip norm", |ui| {
        optional_ui(
            ui,
            &mut learning.clip_norm,
            ["Clip gradients", "none"],
            1.0,
            |ui, norm| {
                let rule = broken.of("clip norm");
                scientific_ui(ui, norm, 1e-6..=1e9, rule).accessible_name("Maximum gradient norm");
            },
        )
    });
}

fn schedule_ui(ui: &mut Ui, learning: &mut Learning, broken: &BrokenRules) {
    let rule = |part| broken.of_part("schedule", part);
    setting_ui(ui, "Schedule", |ui| {
        let label = |schedule| match schedule {
            Schedule::Fixed => "Fixed".to_owned(),
            Schedule::Step { .. } => "Step".to_owned(),
            Schedule::Poly { .. } => "Poly".to_owned(),
            Schedule::Cosine { .. } => "Cosine".to_owned(),
        };
        let current = learning.schedule.kind();
        segments_ui(ui, &Schedule::KINDS, current, label, |schedule| {
            learning.schedule = schedule;
        })
    });
    match &mut learning.schedule {
        Schedule::Fixed => {}
        Schedule::Step {
            every_steps,
            factor,
        } => {
            setting_ui(ui, "Decay every", |ui| {
                number_ui(ui, every_steps, 1..=10_000_000, rule(0), |drag| {
                    with_unit(drag, "steps")
                })
            });
            setting_ui(ui, "Decay factor", |ui| {
                number_ui(ui, factor, 0.001..=1.0, rule(1), |drag| {
                    drag.speed(0.002).max_decimals(3)
                })
            });
        }
        Schedule::Poly { power } => {
            setting_ui(ui, "Power", |ui| {
                number_ui(ui, power, 0.1..=10.0, rule(0), |drag| {
                    drag.speed(0.01).max_decimals(2)
                })
            });
        }
        Schedule::Cosine { min_rate } => {
            let highest = learning.learning_rate;
            setting_ui(ui, "Final rate", |ui| {
                scientific_ui(ui, min_rate, 0.0..=highest, rule(0))
            });
        }
    }
    setting_ui(ui, "Warm-up", |ui| {
        number_ui(
            ui,
            &mut learning.warmup_steps,
            0..=1_000_000,
            None,
            |drag| with_unit(drag, "steps"),
        )
    });
}
