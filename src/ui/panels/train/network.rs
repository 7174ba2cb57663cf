//! Which network the next run trains, and what it starts from.

use eframe::egui::{ComboBox, Label, Response, RichText, Ui};
use strum::VariantArray as _;

use super::learning::segments_ui;
use crate::engine::{
    Engine, Geometry, InitialWeights, RunConfig, RunSnapshot, StartingPoint, Variant,
};
use crate::ui::terms::Term;
use crate::ui::ui_ext::UiExt as _;
use crate::ui::view_model::file_label::file_label;

/// Variant, trunk, geometry, heads, initial weights. True = the user wants to choose a file.
pub fn network_ui(engine: &Engine, ui: &mut Ui, config: &mut RunConfig) -> bool {
    let tooltip = "FCN-32s is coarse, FCN-16s adds detail from pool4, FCN-8s from pool3. The ResNets are those \
                   of torchvision";
    ui.term_field("Network", (tooltip, Term::Stride), |ui| {
        combo_ui(
            ui,
            "network",
            Variant::VARIANTS,
            config.variant,
            |variant| {
                config.set_variant(variant);
            },
        )
    });
    ui.field("Trunk", config.trunk.summary(), |ui| {
        combo_ui(
            ui,
            "trunk",
            &config.variant.trunks(),
            config.trunk,
            |trunk| {
                config.set_trunk(trunk);
            },
        )
    });
    ui.add(Label::new(RichText::new(config.trunk.summary()).small().weak()).wrap());
    if config.trunk.geometries().len() > 1 {
        let tooltip = "Padded keeps the size of the feature maps; Reference pads the image by 100 pixels and crops, \
                       like the Caffe networks and their weights";
        ui.term_field("Geometry", (tooltip, Term::Geometry), |ui| {
            let label = |geometry| match geometry {
                Geometry::Padded => "Padded".to_owned(),
                Geometry::Reference => "Reference".to_owned(),
            };
            segments_ui(
                ui,
                config.trunk.geometries(),
                config.geometry,
                label,
                |geometry| {
                    config.geometry = geometry;
                },
            )
        });
    }
    if !config.variant.is_fcn() {
        ui.field(
            "Auxiliary head",
            "Also train the auxiliary head of torchvision, with half the loss weight of the main head",
            |ui| {
                ui.checkbox(&mut config.aux_head, "")
                    .accessible_name("Auxiliary head")
            },
        );
    }
    init_ui(engine, ui, config)
}

/// The initial weights.
fn init_ui(engine: &Engine, ui: &mut Ui, config: &mut RunConfig) -> bool {
    let mut choose_file = false;
    let tooltip = "Random weights, the best weights of another run with this trunk, or a .pth or .safetensors \
                   file. Score layers and upsampling that are missing there keep their initial values";
    ui.field("Start from", tooltip, |ui| {
        let current = init_text(engine, &config.init);
        let combo = ComboBox::from_id_salt("init")
            .selected_text(current)
            .width(ui.available_width().min(260.0));
        let shown = combo.show_ui(ui, |ui| {
            if ui
                .selectable_label(config.init == InitialWeights::Random, "Random weights")
                .clicked()
            {
                config.start_from_random();
            }
            let trunk = config.trunk;
            for run in engine
                .runs_with_weights()
                .filter(|run| run.config.trunk == trunk)
            {
                let init = InitialWeights::Run(run.name.clone());
                if ui
                    .selectable_label(config.init == init, run.title())
                    .clicked()
                {
                    config.start_from(&StartingPoint::of_run(&run.name, &run.config));
                }
            }
            let is_file = matches!(config.init, InitialWeights::File(_));
            choose_file = ui.selectable_label(is_file, "Weights file…").clicked();
        });
        shown.response
    });
    choose_file
}

fn init_text(engine: &Engine, init: &InitialWeights) -> String {
    match init {
        InitialWeights::Random => "Random weights".to_owned(),
        InitialWeights::Run(name) => engine
            .run(name)
            .map_or_else(|| format!("{name} (deleted)"), RunSnapshot::title),
        InitialWeights::File(path) => file_label(path),
    }
}

fn combo_ui<T: Copy + PartialEq + std::fmt::Display>(
    ui: &mut Ui,
    id: &str,
    values: &[T],
    current: T,
    mut choose: impl FnMut(T),
) -> Response {
    let combo = ComboBox::from_id_salt(id).selected_text(current.to_string());
    let shown = combo.show_ui(ui, |ui| {
        for &value in values {
            if ui
                .selectable_label(value == current, value.to_string())
                .clicked()
                && value != current
            {
                choose(value);
            }
        }
    });
    shown.response
}
