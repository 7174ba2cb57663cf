//! The settings that few runs change.

use eframe::egui::{self, ComboBox, Response, Ui};
use std::path::PathBuf;

use strum::VariantArray as _;

use super::augmentation::{augment_ui, size_ui};
use super::checkpoints::checkpoints_ui;
use super::explained::{setting_now_ui, setting_ui};
use super::learning::{optional_ui, segments_ui};
use super::optimizer::optimizer_ui;
use super::stages::stages_ui;
use crate::engine::{
    BrokenRules, ClassList, DatasetState, DecodedCache, Engine, Normalization, Precision,
    RunConfig, SampleOrder, Size,
};
use crate::ui::number::{number_ui, rule_ui, with_unit};
use crate::ui::view_model::format::plural;
use crate::ui::when::AddWhen as _;

/// What the settings are about.
pub struct Around<'a> {
    /// The classes of the open dataset.
    pub classes: Option<&'a ClassList>,
    /// Where decoded images are kept unless a run says otherwise.
    pub cache_folder: PathBuf,
}

impl<'a> Around<'a> {
    /// What the engine has open.
    pub fn of(engine: &'a Engine) -> Self {
        let classes = match engine.dataset() {
            DatasetState::Ready(open) => Some(&open.dataset.classes),
            _ => None,
        };
        Self {
            classes,
            cache_folder: engine.dirs().decoded(),
        }
    }
}

/// Optimizer, regularization, images, reproducibility, live masks.
pub fn advanced_ui(ui: &mut Ui, config: &mut RunConfig, around: Around<'_>, broken: &BrokenRules) {
    optimizer_ui(ui, config, around.classes, broken);
    stages_ui(ui, config, broken);
    ui.add_space(4.0);
    images_ui(ui, config, broken);
    ui.add_space(4.0);
    rest_ui(ui, config, broken);
    checkpoints_ui(ui, &mut config.checkpoints, broken);
    cache_ui(ui, &mut config.decoded_cache, around.cache_folder, broken);
    machine_ui(ui, config, broken);
}

fn images_ui(ui: &mut Ui, config: &mut RunConfig, broken: &BrokenRules) {
    // What is ticked goes on to hold when the crops change.
    let as_trained = config.test_size.is_some() && config.test_size == config.augment.crop;
    augment_ui(ui, &mut config.augment, broken);
    setting_ui(ui, "Order", |ui| {
        let label = |order| match order {
            SampleOrder::Shuffled => "Shuffled".to_owned(),
            SampleOrder::Sequential => "Sequential".to_owned(),
        };
        segments_ui(ui, SampleOrder::VARIANTS, config.order, label, |order| {
            config.order = order;
        })
    });
    let rare_sampling = broken.of("rare sampling");
    setting_ui(ui, "Rare classes", |ui| {
        let names = ["Draw by rare class", "no preference"];
        optional_ui(ui, &mut config.rare_sampling, names, 0.1, |ui, value| {
            number_ui(ui, value, 0.001..=10.0, rare_sampling, |drag| {
                drag.speed(0.005).max_decimals(3)
            })
            .accessible_name("Temperature of the draw");
        })
    });
    input_ui(ui, config);
    if as_trained {
        config.test_size = config.augment.crop;
    }
    setting_ui(ui, "Test size", |ui| test_size_ui(ui, config, broken));
}

fn test_size_ui(ui: &mut Ui, config: &mut RunConfig, broken: &BrokenRules) -> Response {
    let crop = config.augment.crop;
    let mut as_trained = crop.is_some() && config.test_size == crop;
    let (names, start) = (
        ["Resize validation images", "original size"],
        Size::new(256, 256),
    );
    ui.vertical(|ui| {
        optional_ui(ui, &mut config.test_size, names, start, |ui, size| {
            ui.add_when_ui(!as_trained, |ui| {
                size_ui(ui, size, "Test", "test size", broken);
            });
        });
        let ticked = ui
            .add_when(
                crop.is_some(),
                egui::Checkbox::new(&mut as_trained, "as the crops"),
            )
            .on_hover_text("Resize validation images to the size of the training crops, also when that is changed")
            .on_disabled_hover_text("Training images are not cropped")
            .accessible_name("Test size as the crops");
        if ticked.changed() {
            config.test_size = crop.filter(|_| as_trained);
        }
    })
    .response
}

/// The normalization of the input: that of the weights the run starts from.
fn input_ui(ui: &mut Ui, config: &mut RunConfig) {
    setting_ui(ui, "Normalization", |ui| {
        let name = |input: &Normalization| {
            Normalization::NAMED
                .into_iter()
                .find(|(_, known)| known == input)
                .map_or("custom", |(name, _)| name)
        };
        let combo = ComboBox::from_id_salt("input").selected_text(name(&config.normalization));
        let shown = combo.show_ui(ui, |ui| {
            for (name, input) in Normalization::NAMED {
                ui.selectable_value(&mut config.normalization, input, name);
            }
        });
        shown.response
    });
}

/// Logs for other programs.
fn logs_ui(ui: &mut Ui, config: &mut RunConfig) {
    setting_ui(ui, "Also write", |ui| {
        ui.horizontal(|ui| {
            ui.checkbox(&mut config.extra_logs.tensorboard, "TensorBoard");
            ui.checkbox(&mut config.extra_logs.csv, "CSV");
        })
        .response
    });
}

fn rest_ui(ui: &mut Ui, config: &mut RunConfig, broken: &BrokenRules) {
    let [max_steps, workers] = ["max steps", "workers"].map(|field| broken.of(field));
    setting_ui(ui, "Step limit", |ui| {
        optional_ui(
            ui,
            &mut config.max_steps,
            ["Limit steps", "none"],
            1000,
            |ui, steps| {
                number_ui(ui, steps, 1..=100_000_000, max_steps, |drag| drag)
                    .accessible_name("Maximum number of steps");
            },
        )
    });
    let ema = broken.of("EMA decay");
    setting_ui(ui, "Average weights", |ui| {
        let names = ["Average the weights", "none"];
        optional_ui(ui, &mut config.ema, names, 0.999, |ui, decay| {
            number_ui(ui, decay, 0.5..=0.9999, ema, |drag| {
                drag.speed(0.0005).max_decimals(5)
            })
            .accessible_name("Decay of the average");
        })
    });
    let early_stop = broken.of("early stop");
    setting_ui(ui, "Early stop", |ui| {
        let names = ["Stop early", "none"];
        optional_ui(ui, &mut config.early_stop, names, 10, |ui, epochs| {
            number_ui(ui, epochs, 1..=10_000, early_stop, |drag| {
                with_unit(drag.speed(0.05), "epochs")
            })
            .accessible_name("Epochs without a better validation");
        })
    });
    setting_ui(ui, "Seed", |ui| {
        let seed = config.seed;
        // As text, which has every digit.
        number_ui(ui, &mut config.seed, 0..=1_000_000, None, |drag| {
            drag.speed(0.1)
                .custom_formatter(move |_, _| seed.to_string())
        })
    });
    setting_ui(ui, "Loader threads", |ui| {
        number_ui(ui, &mut config.workers, 1..=32, workers, |drag| {
            drag.speed(0.05)
        })
    });
}

fn cache_ui(
    ui: &mut Ui,
    cache: &mut Option<DecodedCache>,
    own_folder: PathBuf,
    broken: &BrokenRules,
) {
    let rule = broken.of("cache size");
    let folder = cache.as_ref().map_or(&own_folder, |cache| &cache.folder);
    let now = folder.display().to_string();
    let start = DecodedCache {
        folder: own_folder,
        gib: DecodedCache::GIB,
    };
    setting_now_ui(ui, "Cache on disk", &now, |ui| {
        let names = ["Keep decoded images", "none"];
        optional_ui(ui, cache, names, start, |ui, cache| {
            number_ui(ui, &mut cache.gib, 1.0..=2000.0, rule, |drag| {
                with_unit(drag.speed(0.1).max_decimals(1), "GiB")
            })
            .accessible_name("Size of the cache");
        })
    });
}

/// How it is computed and shown.
fn machine_ui(ui: &mut Ui, config: &mut RunConfig, broken: &BrokenRules) {
    let [images, interval] = ["live images", "live interval"].map(|field| broken.of(field));
    setting_ui(ui, "Precision", |ui| {
        let label = |precision: Precision| precision.id().to_owned();
        segments_ui(
            ui,
            Precision::VARIANTS,
            config.precision,
            label,
            |precision| {
                config.precision = precision;
            },
        )
    });
    setting_ui(ui, "Recompute", |ui| {
        ui.horizontal_wrapped(|ui| {
            let response = ui
                .checkbox(&mut config.recompute_activations, "activations")
                .accessible_name("Recompute activations");
            if let Some(rule) = broken.of("recompute activations") {
                rule_ui(ui, rule);
            }
            response
        })
        .inner
    });
    logs_ui(ui, config);
    setting_ui(ui, "Live images", |ui| {
        number_ui(ui, &mut config.preview_images, 1..=16, images, |drag| {
            drag.speed(0.05)
        })
    });
    setting_ui(ui, "Live interval", |ui| {
        number_ui(
            ui,
            &mut config.preview_secs,
            0.0..=600.0,
            interval,
            |drag| with_unit(drag.speed(0.05).max_decimals(1), "s"),
        )
    });
    probes_ui(ui, &mut config.probe_images);
    batches_ui(ui, &mut config.batches);
}

/// The folder of batches that a run was trained on whose settings are shown.
fn batches_ui(ui: &mut Ui, batches: &mut Option<PathBuf>) {
    let Some(folder) = batches.clone() else {
        return;
    };
    setting_ui(ui, "Batches", |ui| {
        ui.horizontal(|ui| {
            let path = folder.display().to_string();
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            ui.label(name).on_hover_text(path);
            let images = ui
                .button("Use images")
                .on_hover_text("Train on the training images of the dataset");
            if images.clicked() {
                *batches = None;
            }
        })
        .response
    });
}

/// The images of one's own; they are added in Live.
fn probes_ui(ui: &mut Ui, probes: &mut Vec<PathBuf>) {
    if probes.is_empty() {
        return;
    }
    setting_ui(ui, "Probe images", |ui| {
        ui.horizontal(|ui| {
            let names: Vec<String> = probes
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            ui.label(plural(probes.len(), "file", "files"))
                .on_hover_text(names.join("\n"));
            if ui
                .button("Clear")
                .accessible_name("Clear the probe images")
                .clicked()
            {
                probes.clear();
            }
        })
        .response
    });
}
