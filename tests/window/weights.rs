//! What the next run is built of and starts from, clicked together in the Train panel.

use std::fs;
use std::path::{Path, PathBuf};

use eframe::egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use fcn_workbench::engine::{
    Existing, Geometry, InitialWeights, Normalization, RunConfig, RunState, SaveTo, SavedWeights,
    Trunk, Variant,
};
use fcn_workbench::ui::command::{Command, PanelKind};

use super::desk::Desk;

/// What the next run would be trained with.
#[track_caller]
fn next(desk: &Desk) -> RunConfig {
    desk.app()
        .state()
        .train
        .config(desk.engine())
        .expect("a run can start")
}

/// Trains a step of a network with Caffe's treatment of borders and input; gives its weights.
fn caffe_weights(desk: &mut Desk) -> PathBuf {
    desk.train();
    let file = desk.set.dir.path().join("net.safetensors");
    desk.engine()
        .export_run(
            &desk.run().name,
            SavedWeights::Best,
            SaveTo::Path(file.clone(), Existing::Keep),
        )
        .wait()
        .expect("a file")
}

fn caffe(config: &mut RunConfig) {
    (config.variant, config.max_steps) = (Variant::Fcn32s, Some(1));
    (config.geometry, config.normalization) = (Geometry::Reference, Normalization::CAFFE);
}

fn show(desk: &mut Desk, file: &Path) {
    desk.window
        .state()
        .send(Command::UseWeights(file.to_path_buf()));
    desk.until("the file was read", |desk| {
        desk.says("Start from these weights")
    });
}

#[test]
fn networks_and_runs_to_start_from_are_chosen_from_lists() {
    let mut desk = Desk::new(caffe);
    desk.train();
    let (name, title) = (desk.run().name.clone(), desk.run().title());
    desk.choose("Start from", "Random weights");
    assert_eq!(next(&desk).normalization, Normalization::IMAGENET);
    desk.choose("Network", "FCN-16s");
    assert_eq!(
        (next(&desk).variant, next(&desk).trunk),
        (Variant::Fcn16s, Trunk::Vgg16Slim)
    );
    desk.click("Padded");
    assert_eq!(next(&desk).geometry, Geometry::Padded);
    desk.choose("Start from", &title);
    let config = next(&desk);
    assert_eq!(
        (&config.init, config.variant),
        (&InitialWeights::Run(name.clone()), Variant::Fcn16s)
    );
    // Weights are worth nothing on another input.
    assert_eq!(
        (config.geometry, &config.normalization),
        (Geometry::Reference, &Normalization::CAFFE)
    );
    desk.train();
    assert_eq!(
        (desk.run().config.variant, &desk.run().state),
        (Variant::Fcn16s, &RunState::Finished)
    );
    assert_eq!(desk.run().config.init, InitialWeights::Run(name.clone()));

    // Another trunk takes the start away; runs on it are not offered.
    desk.choose("Trunk", "GoogLeNet");
    assert_eq!(
        (next(&desk).trunk, next(&desk).init),
        (Trunk::Googlenet, InitialWeights::Random)
    );
    assert_eq!(next(&desk).normalization, Normalization::IMAGENET);
    desk.window
        .get_by_role_and_label(Role::ComboBox, "Start from")
        .click();
    desk.frames(4);
    assert!(desk.says("Weights file…"));
    // As a text it is in the list of the newest runs.
    let offers = desk
        .window
        .query_all_by_role_and_label(Role::Button, &title);
    assert_eq!(offers.count(), 0, "it is not offered");
    desk.choose("Network", "FCN ResNet-50");
    assert_eq!(
        (next(&desk).variant, next(&desk).trunk),
        (Variant::FcnResnet50, Trunk::Resnet50)
    );
    assert!(desk.says("Auxiliary head") && !desk.says("Padded"));

    desk.choose("Network", "FCN-8s");
    desk.choose("Trunk", "VGG16 slim");
    desk.choose("Start from", &title);
    desk.window.state().send(Command::DeleteRuns(vec![name]));
    let reason = "The run to start from does not exist any more; choose other weights";
    desk.until("the start is missed", |desk| desk.says(reason));
    assert!(!desk.is_enabled("Start training"));
    desk.choose("Start from", "Random weights");
    assert!(desk.is_enabled("Start training") && !desk.says(reason));
}

#[test]
fn a_weights_file_is_looked_at_and_becomes_the_start() {
    let mut desk = Desk::new(caffe);
    let file = caffe_weights(&mut desk);
    desk.choose("Trunk", "GoogLeNet");
    show(&mut desk, &file);
    for text in [
        "FCN-32s on VGG16 slim for 3 classes",
        "conv1_1.weight",
        "loaded",
    ] {
        assert!(desk.says(text), "{text}\n{:?}", desk.window.root());
    }
    let counts = desk
        .window
        .query_by_label_contains("layers are loaded, 0 keep initial values")
        .is_some();
    assert!(counts, "{:?}", desk.window.root());
    let lefts: Vec<f32> = desk
        .window
        .query_all_by_label("loaded")
        .map(|node| node.rect().left().round())
        .collect();
    assert!(
        lefts.len() > 5 && lefts.iter().all(|left| *left == lefts[0]),
        "columns: {lefts:?}"
    );
    desk.click("Cancel");
    desk.until("it is closed", |desk| {
        !desk.says("Start from these weights")
    });
    assert_eq!(
        (next(&desk).trunk, next(&desk).init),
        (Trunk::Googlenet, InitialWeights::Random)
    );

    show(&mut desk, &file);
    desk.click("Start from these weights");
    let config = next(&desk);
    assert_eq!(
        (config.variant, config.trunk),
        (Variant::Fcn32s, Trunk::Vgg16Slim)
    );
    assert_eq!(
        (config.geometry, &config.normalization),
        (Geometry::Reference, &Normalization::CAFFE)
    );
    assert_eq!(config.init, InitialWeights::File(file));
    let list = desk
        .window
        .get_by_role_and_label(Role::ComboBox, "Start from")
        .value();
    assert!(list.is_some_and(|text| text.contains("net.safetensors")));
    desk.train();
    assert_eq!(desk.run().state, RunState::Finished);

    let notes = desk.set.dir.path().join("notes.pth");
    fs::write(&notes, "hello").expect("a file");
    desk.window.state().send(Command::UseWeights(notes));
    desk.until("it is refused", |desk| desk.has_message("notes.pth"));
    assert!(!desk.says("Start from these weights"));
}

#[test]
fn a_weights_file_becomes_a_run() {
    let mut desk = Desk::new(caffe);
    let file = caffe_weights(&mut desk);
    desk.window
        .state()
        .send(Command::ShowPanel(PanelKind::Runs));
    desk.frames(4);
    let cards = |desk: &Desk| {
        desk.window
            .query_all_by_role(Role::CheckBox)
            .filter(|node| {
                node.accesskit_node()
                    .label()
                    .is_some_and(|label| label.starts_with("Show FCN-32s"))
            })
            .count()
    };
    assert_eq!(cards(&desk), 1);
    show(&mut desk, &file);
    desk.click("Import as run");
    desk.until("it is told", |desk| {
        desk.has_message("Imported as run imported-net")
    });
    desk.until("it is in the list", |desk| desk.engine().runs().len() == 2);
    assert_eq!(cards(&desk), 2);
    let run = desk.engine().run("imported-net").expect("the run");
    assert_eq!(
        (&run.state, run.can_resume, run.has_weights),
        (&RunState::Finished, false, true)
    );
    assert!(!desk.says(&format!("Resume {}", run.title())));
    assert_eq!(
        next(&desk).init,
        InitialWeights::Random,
        "the next run is left as it was"
    );
}
