//! Recipe, optimizer, loss and schedule of the learning rate.

use eframe::egui::{Align, Button, ComboBox, Label, Layout, RichText, Ui};
use strum::VariantArray as _;

use super::learning::{optional_ui, segments_ui};
use super::loss::loss_ui;
use crate::engine::{
    BrokenRules, ClassList, FinalUpsampling, Learning, OptimizerKind, Recipe, RunConfig, Schedule,
};
use crate::ui::number::{number_ui, scientific_ui, with_unit};
use crate::ui::ui_ext::UiExt as _;

const POPUP_WIDTH: f32 = 280.0;

/// The recipe whose values the settings have, and a list to choose one from.
pub fn recipe_ui(ui: &mut Ui, config: &mut RunConfig) {
    let current = Recipe::of(config);
    let source = current.map_or("Your own values", Recipe::source);
    let tooltip = format!(
        "Optimizer, batch, image sizes, augmentation and dropout of a paper; you can change each value\n{source}"
    );
    ui.field("Recipe", &tooltip, |ui| {
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
    ui.field(
        "Dropout",
        "Probability of dropping a value after fc6 and fc7, 0 to below 1; 0.5 in the papers",
        |ui| {
            number_ui(ui, &mut config.dropout, 0.0..=0.95, dropout, |drag| {
                drag.speed(0.005).max_decimals(3)
            })
        },
    );
    let tooltip = "Which transposed convolutions are fixed to bilinear interpolation: none, the last one as \
                   in CVPR 2015, or all as in the released Caffe networks";
    ui.field("Final upsampling", tooltip, |ui| {
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
        ui.field(
            "Momentum",
            "Momentum of SGD as in PyTorch, 0 to below 1",
            |ui| {
                let rule = broken.of("momentum");
                number_ui(ui, &mut learning.momentum, 0.0..=0.9999, rule, |drag| {
                    drag.speed(0.002).max_decimals(4)
                })
            },
        );
    }
    ui.field(
        "Weight decay",
        "L2 penalty on the weights as in PyTorch, 0 or more. AdamW takes it off the weights themselves, times the \
         learning rate: 0.01 is usual there",
        |ui| {
            let rule = broken.of("weight decay");
            scientific_ui(ui, &mut learning.weight_decay, 0.0..=1.0, rule)
        },
    );
    let tooltip = "Factor on the learning rate of biases, 0 to 10; 1 in PyTorch, 2 in the papers";
    ui.field("Bias LR factor", tooltip, |ui| {
        let rule = broken.of("bias rate");
        number_ui(ui, &mut learning.bias_rate, 0.0..=10.0, rule, |drag| {
            drag.speed(0.01).max_decimals(2)
        })
    });
    let tooltip =
        "Apply weight decay to biases too, as PyTorch does; the released Caffe networks do not";
    ui.field("Bias decay", tooltip, |ui| {
        ui.checkbox(&mut learning.decay_biases, "")
            .accessible_name("Bias decay")
    });
}

/// Which optimizer, and the batches of a step.
fn kind_ui(ui: &mut Ui, learning: &mut Learning) {
    let tooltip = "SGD with momentum, as in the papers and in the recipes; or AdamW, which adapts the step of each \
                   weight and is less sensitive to the learning rate. AdamW wants rates of about 1e-4 to 1e-3 and \
                   has no momentum of its own to set\nLoshchilov and Hutter 2019; betas 0.9 and 0.999 as in PyTorch";
    ui.field("Optimizer", tooltip, |ui| {
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
    let tooltip = "Batches whose gradients are averaged for one step, 1 to 1000: like a larger batch, but \
                   without its memory";
    ui.field("Accumulation", tooltip, |ui| {
        let rule = broken.of("accumulation");
        number_ui(ui, &mut learning.accumulation, 1..=1000, rule, |drag| {
            drag.speed(0.05)
        })
    });
    let tooltip = "Maximum norm of all gradients of a step together, above 0; larger gradients are scaled down";
    ui.field("Clip norm", tooltip, |ui| {
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
    let tooltip = "Fixed keeps the learning rate, Step lowers it every few steps, Poly and Cosine lower it \
                   until the last step";
    ui.field("Schedule", tooltip, |ui| {
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
            ui.field(
                "Decay every",
                "Steps between two decays of the learning rate, 1 or more",
                |ui| {
                    number_ui(ui, every_steps, 1..=10_000_000, rule(0), |drag| {
                        with_unit(drag, "steps")
                    })
                },
            );
            ui.field(
                "Decay factor",
                "Factor on the learning rate at each decay, above 0",
                |ui| {
                    number_ui(ui, factor, 0.001..=1.0, rule(1), |drag| {
                        drag.speed(0.002).max_decimals(3)
                    })
                },
            );
        }
        Schedule::Poly { power } => {
            ui.field("Power", "1 is linear decay to 0; 0.9 is usual", |ui| {
                number_ui(ui, power, 0.1..=10.0, rule(0), |drag| {
                    drag.speed(0.01).max_decimals(2)
                })
            });
        }
        Schedule::Cosine { min_rate } => {
            let highest = learning.learning_rate;
            ui.field(
                "Final rate",
                "Learning rate at the last step, from 0 to the initial learning rate",
                |ui| scientific_ui(ui, min_rate, 0.0..=highest, rule(0)),
            );
        }
    }
    let tooltip = "Steps in which the learning rate rises from near 0 to that of the schedule; 0 turns it off";
    ui.field("Warm-up", tooltip, |ui| {
        number_ui(
            ui,
            &mut learning.warmup_steps,
            0..=1_000_000,
            None,
            |drag| with_unit(drag, "steps"),
        )
    });
}
