//! A run and a dataset of other classes: matched by name, never by label.

use std::fs;
use std::path::PathBuf;

use egui_kittest::kittest::{NodeT as _, Queryable as _};
use fcn_workbench::engine::{DatasetRef, DatasetState};
use fcn_workbench::ui::command::{Command, PanelKind};

use super::desk::Desk;

/// Opens the dataset anew with other names for its labels, and shows an image of it.
fn inspect_with_classes(desk: &mut Desk, classes: &str) {
    fs::write(desk.set.root().join("classes.txt"), classes).expect("a list");
    desk.window
        .state()
        .send(Command::OpenDataset(DatasetRef::Folder(desk.set.root())));
    let first = classes
        .split_whitespace()
        .next()
        .expect("a class")
        .to_owned();
    desk.until("the dataset is open anew", |desk| {
        matches!(desk.engine().dataset(), DatasetState::Ready(open)
            if open.dataset.classes.iter().next().is_some_and(|class| class.name == first))
    });
    let image = desk.set.image_path(8);
    desk.drop_files(&[&image]);
    desk.until("the mask is there", |desk| {
        desk.says("Inspected image") && desk.is_enabled("Save mask…")
    });
}

fn says_part(desk: &Desk, part: &str) -> bool {
    desk.window
        .query_all_by_label_contains(part)
        .next()
        .is_some()
}

#[test]
fn classes_without_a_partner_are_named_and_not_scored() {
    let mut desk = Desk::new(|config| config.epochs = 1);
    desk.train();
    inspect_with_classes(&mut desk, "car 1 2 3\nground 4 5 6\nsky 7 8 9\n");
    assert!(says_part(
        &desk,
        "Scored over 1 of 5 classes; only the run has red square, blue square; only the dataset has car, sky"
    ));
    // A line that is cut has it before its first number.
    assert!(says_part(&desk, "1 of 5 classes: mIoU "));
    desk.app().send(Command::ShowPanel(PanelKind::Compare));
    desk.frames(3);
    desk.click("Compare the newest runs");
    desk.until("the scores are below the mask", |desk| {
        desk.finds("1 of 5 classes: mIoU ") && desk.finds(" · Scored over 1 of 5 classes; ")
    });
    assert!(
        !desk
            .window
            .query_all_by_label_contains("mIoU ")
            .any(|node| {
                let text = node.accesskit_node().label().unwrap_or_default();
                text.starts_with("mIoU ") && text.contains("pixel acc. ")
            })
    );
}

#[test]
fn without_a_class_in_common_there_is_a_reason_and_no_score() {
    let mut desk = Desk::new(|config| config.epochs = 1);
    desk.train();
    inspect_with_classes(&mut desk, "car 1 2 3\nroad 4 5 6\nsky 7 8 9\n");
    assert!(says_part(
        &desk,
        "No score: the run and the dataset have no class in common"
    ));
    assert!(!says_part(&desk, "mIoU 0.0 %"));
    // The ground truth is shown all the same, with the classes of its dataset.
    assert!(!desk.is_enabled("Errors"));
    hover_middle(&mut desk, "Inspected image");
    assert!(desk.says("ground truth: road"));
    assert!(!desk.says("road"), "the classes of the network");
    desk.click("Ground truth");
    desk.until("it is shown", |desk| desk.says("road"));

    desk.app().send(Command::ShowPanel(PanelKind::Compare));
    desk.frames(3);
    desk.click("Compare the newest runs");
    desk.until("the masks are there", |desk| {
        desk.says("Ground truth") && desk.is_enabled("Export comparison")
    });
    desk.until("they are drawn", |desk| {
        desk.window.query_all_by_label("Ground truth").count() > 1
    });
    hover_middle(&mut desk, "Ground truth");
    desk.until("its class is said", |desk| {
        desk.finds("  ·  Ground truth: road")
    });
}

/// Moves the pointer onto an image.
fn hover_middle(desk: &mut Desk, name: &str) {
    let rects = desk.window.query_all_by_label(name).map(|node| node.rect());
    let largest = rects.max_by(|a, b| a.area().total_cmp(&b.area()));
    let middle = largest.expect("an image").center();
    desk.window.hover_at(middle);
    desk.frames(4);
}

#[test]
fn an_image_of_the_dataset_is_known_by_a_relative_path() {
    let mut desk = Desk::new(|config| config.max_steps = Some(1));
    desk.train();
    let here = std::env::current_dir().expect("a folder");
    let mut path: PathBuf = here.components().skip(1).map(|_| "..").collect();
    let image = desk.set.image_path(8);
    path.extend(image.components().skip(1));
    assert!(path.is_relative() && path.is_file());
    // As if it were named on the command line.
    desk.window.state_mut().open_files(vec![path]);
    desk.until("the mask is there", |desk| {
        desk.says("Inspected image") && desk.is_enabled("Save mask…")
    });
    assert!(desk.is_enabled("Ground truth"));
}
