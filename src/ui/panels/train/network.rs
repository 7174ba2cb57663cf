//! Which network the next run trains, and what it starts from.

use eframe::egui::{ComboBox, Label, Response, RichText, Ui};
use strum::VariantArray as _;

use super::explained::{setting_now_ui, setting_term_ui, setting_ui};
use super::learning::segments_ui;
use crate::engine::{
    Engine, Geometry, InitialWeights, RunConfig, RunSnapshot, StartingPoint, Variant,
};
use crate::ui::terms::Term;
use crate::ui::view_model::file_label::file_label;

/// Variant, trunk, geometry, heads, initial weights. True = the user wants to choose a file.
pub fn network_ui(engine: &Engine, ui: &mut Ui, config: &mut RunConfig) -> bool {
    setting_term_ui(ui, "Network", Term::Stride, |ui| {
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
    setting_now_ui(ui, "Trunk", config.trunk.summary(), |ui| {
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
        setting_term_ui(ui, "Geometry", Term::Geometry, |ui| {
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
        setting_ui(ui, "Auxiliary head", |ui| {
            ui.checkbox(&mut config.aux_head, "")
                .accessible_name("Auxiliary head")
        });
    }
    init_ui(engine, ui, config)
}

/// The initial weights.
fn init_ui(engine: &Engine, ui: &mut Ui, config: &mut RunConfig) -> bool {
    let mut choose_file = false;
    setting_ui(ui, "Start from", |ui| {
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
