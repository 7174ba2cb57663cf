//! A run and a dataset of other classes: matched by name, never by label.

use std::fs;

use egui_kittest::kittest::Queryable as _;
use fcn_workbench::engine::{DatasetRef, DatasetState};
use fcn_workbench::ui::command::Command;

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
}
