//! Files: the chooser of the window, typed paths, dropped folders, what was opened lately.

use std::fs;
use std::path::Path;

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use fcn_workbench::engine::DatasetState;
use fcn_workbench::ui::command::PanelKind;
use fcn_workbench::ui::state::AppState;

use super::desk::Desk;
use crate::common::TinySet;

/// A window without a dataset, whose chooser starts in the folder around one.
fn without_dataset() -> Desk {
    let set = TinySet::new(4, 2);
    let around = set.dir.path().to_owned();
    let state = serde_json::json!({ "recent": { "folders": [around] } });
    let state: AppState = serde_json::from_value(state).expect("the saved state of a window");
    let nowhere = around.join("nowhere");
    let mut desk = Desk::open(set, state, nowhere);
    desk.until("the wrong folder is refused", |desk| {
        matches!(desk.engine().dataset(), DatasetState::Failed { .. })
    });
    desk
}

/// Copies a folder with all that is in it.
pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let copy = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy_folder(&path, &copy);
        } else {
            fs::copy(&path, copy).expect("a copy");
        }
    }
}

fn is_open(desk: &Desk, folder: &Path) -> bool {
    matches!(desk.engine().dataset(), DatasetState::Ready(open) if open.dataset.root == folder)
}

#[test]
fn a_folder_is_chosen_in_the_window_by_clicks_and_by_keys() {
    let mut desk = without_dataset();
    let root = desk.set.root();
    let open = |desk: &mut Desk| {
        desk.window.key_press_modifiers(Modifiers::COMMAND, Key::O);
        desk.until("the folder is listed", |desk| {
            desk.window
                .query_all_by_role_and_label(Role::Button, "tiny")
                .next()
                .is_some()
        });
        assert!(desk.says("Open a dataset folder"));
    };
    open(&mut desk);
    desk.window.key_press(Key::Escape);
    desk.frames(3);
    assert!(!desk.says("Open a dataset folder"));

    // By keys: Tab completes what was typed, Enter takes it.
    open(&mut desk);
    desk.find("Path").type_text("nothing");
    desk.frames(2);
    desk.window.key_press(Key::Enter);
    desk.until("it is refused", |desk| {
        desk.window
            .query_by_label_contains("There is no ")
            .is_some()
    });
    for _ in 0.."nothing".len() {
        desk.window.key_press(Key::Backspace);
    }
    desk.frames(2);
    desk.find("Path").type_text("ti");
    desk.frames(3);
    desk.window.key_press(Key::Tab);
    desk.frames(3);
    let typed = desk.find("Path").value().expect("a path");
    assert_eq!(Path::new(&typed), root);
    assert!(typed.ends_with('/') || typed.ends_with('\\'), "{typed}");
    desk.window.key_press(Key::Enter);
    desk.until("the dataset is open", |desk| is_open(desk, &root));

    // A whole path stands for itself, quotes and all.
    open(&mut desk);
    let pasted = format!("'{}'", root.display());
    desk.find("Path").type_text(&pasted);
    desk.frames(3);
    assert_eq!(desk.find("Path").value(), Some(pasted));
    desk.window.key_press(Key::Escape);
    desk.frames(3);

    // By clicks; the folder is a recent one now, and so a place too.
    open(&mut desk);
    let entries: Vec<_> = desk
        .window
        .query_all_by_role_and_label(Role::Button, "tiny")
        .collect();
    entries.last().expect("the entry of the list").click();
    desk.frames(3);
    desk.until("it is listed", |desk| desk.says("JPEGImages"));
    desk.click("Open this folder");
    desk.until("the dataset is open", |desk| is_open(desk, &root));
    assert_eq!(desk.app().state().recent.datasets, [root]);
    desk.click("File");
    assert!(desk.is_enabled("Recent datasets"));
}

#[test]
fn a_folder_of_images_is_opened_where_it_is_listed() {
    let mut desk = without_dataset();
    let images = desk.set.image_path(0);
    let folder = images.parent().expect("a folder");
    desk.window.key_press_modifiers(Modifiers::COMMAND, Key::I);
    desk.until("the chooser is there", |desk| desk.says("Open images"));
    let pasted = format!("{}{}", folder.display(), std::path::MAIN_SEPARATOR);
    desk.find("Path").type_text(&pasted);
    let name = images
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    desk.until("it is listed", |desk| desk.says(&name));
    assert!(desk.says("Open this folder"));
    desk.window.key_press(Key::Enter);
    desk.until("its images are in Inspect", |desk| {
        !desk.says("Open this folder") && desk.app().state().layout.is_in_front(PanelKind::Inspect)
    });
    assert_eq!(desk.app().state().recent.images, [folder]);
    let entry = desk.app().state().recent.images[0].display().to_string();
    desk.click("File");
    desk.find("Recent images").hover();
    desk.until("it is listed", |desk| desk.says(&entry));
}

#[test]
fn the_list_scrolls_to_the_entry_that_the_arrow_keys_choose() {
    let mut desk = without_dataset();
    for number in 0..60 {
        let folder = desk.set.dir.path().join(format!("folder{number:02}"));
        fs::create_dir(folder).expect("a folder");
    }
    desk.window.key_press_modifiers(Modifiers::COMMAND, Key::O);
    desk.until("the folder is listed", |desk| desk.says("folder00"));
    assert!(!desk.says("folder40"));
    for _ in 0..=40 {
        desk.window.key_press(Key::ArrowDown);
        desk.frames(1);
    }
    desk.frames(20);
    assert!(desk.says("folder40") && !desk.says("folder00"));
    for _ in 0..=40 {
        desk.window.key_press(Key::ArrowUp);
        desk.frames(1);
    }
    desk.frames(20);
    assert!(desk.says("folder00") && !desk.says("folder40"));
}

#[test]
fn a_path_may_be_typed_faster_than_its_folders_are_read() {
    let mut desk = without_dataset();
    let around = desk.set.dir.path().to_owned();
    for number in 0..30 {
        fs::create_dir(around.join(format!("folder{number:02}"))).expect("a folder");
    }
    fs::create_dir_all(around.join("small/inner/deep")).expect("folders");
    desk.window.key_press_modifiers(Modifiers::COMMAND, Key::O);
    desk.until("the folder is listed", |desk| desk.says("folder00"));
    // The short list of "small" comes when the path is behind it already.
    for part in ["small/", "inner/"] {
        desk.find("Path").type_text(part);
        desk.frames(1);
    }
    desk.until("the last folder is listed", |desk| desk.says("deep"));
    assert!(!desk.says("folder00"));
}

#[test]
fn a_dropped_run_from_elsewhere_is_copied_to_the_runs() {
    let mut desk = Desk::new(|config| config.epochs = 1);
    desk.train();
    let name = desk.run().name.clone();
    let elsewhere = desk.set.dir.path().join("elsewhere");
    fs::create_dir(&elsewhere).expect("a folder");
    let moved = elsewhere.join("mine");
    fs::create_dir(&moved).expect("a folder");
    for file in fs::read_dir(desk.set.runs().join(&name)).expect("a run") {
        let file = file.expect("a file");
        fs::copy(file.path(), moved.join(file.file_name())).expect("a copy");
    }
    let own = desk.set.runs().join(&name);
    let name = "mine";

    desk.drop_files(&[&moved]);
    desk.until("it asks", |desk| {
        desk.says(&format!("What to do with {name}?"))
    });
    desk.click("Copy it to the runs and show its masks");
    desk.until("it is a run", |desk| {
        desk.engine().run(name).is_some_and(|run| run.has_weights)
    });
    assert!(desk.app().state().layout.is_in_front(PanelKind::Inspect));
    assert!(desk.has_message(&format!("Imported as run {name}")));
    assert!(moved.join("config.json").is_file(), "it stays where it was");
    // One of the runs is shown as it is.
    desk.app()
        .send(fcn_workbench::ui::command::Command::ShowPanel(
            PanelKind::Live,
        ));
    desk.drop_files(&[&own]);
    desk.until("it is shown", |desk| {
        desk.app().state().layout.is_in_front(PanelKind::Inspect)
    });
    assert_eq!(desk.engine().runs().len(), 2);
}

#[test]
fn masks_are_saved_without_a_desktop_and_nothing_is_replaced_unasked() {
    let mut desk = Desk::new(|config| config.epochs = 1);
    desk.train();
    let out = desk.set.dir.path().join("out");
    fs::create_dir(&out).expect("a folder");
    let own = out.join("own.png");
    fs::copy(desk.set.image_path(5), &own).expect("a copy");
    desk.drop_files(&[&own]);
    desk.until("the mask is there", |desk| {
        desk.says("Inspected image") && desk.is_enabled("Save mask…")
    });
    let saved = out.join("own_mask.png");
    desk.click("Save mask…");
    desk.frames(5);
    assert!(desk.says("Save as"));
    let proposed = desk.find("Path").value().expect("a path");
    assert_eq!(Path::new(&proposed), saved);
    desk.click("Save");
    desk.until("it is saved", |desk| desk.has_message("Mask saved"));
    fs::write(&saved, "mine").expect("a file");

    desk.click("Save mask…");
    desk.frames(5);
    desk.click("Save");
    desk.until("it asks", |desk| desk.says("Replace the file"));
    desk.click("Keep the file");
    desk.click("Cancel");
    assert_eq!(fs::read(&saved).expect("a file"), b"mine");
    desk.click("Save overlay…");
    desk.frames(5);
    desk.window.key_press(Key::Enter);
    desk.until("it is saved", |desk| desk.has_message("Overlay saved"));
    assert!(out.join("own_overlay.png").is_file());
}

#[test]
fn a_bad_path_keeps_what_was_open_and_what_was_typed() {
    let mut desk = Desk::new(|_| ());
    let root = desk.set.root();
    desk.until(
        "the classes are counted",
        |desk| matches!(desk.engine().dataset(), DatasetState::Ready(open) if open.stats.is_some()),
    );
    let field = "Folder path";
    desk.click(field);
    desk.find(field).type_text("/no/such/folder");
    desk.frames(2);
    desk.window.key_press(Key::Enter);
    desk.until("it is refused", |desk| desk.has_message("/no/such/folder"));
    assert!(is_open(&desk, &root));
    assert_eq!(desk.find(field).value().as_deref(), Some("/no/such/folder"));
    assert!(desk.is_enabled("Start training"));

    // Once something else is open, neither the message nor what was typed is left.
    let other = desk.set.dir.path().join("other");
    copy_folder(&root, &other);
    desk.drop_files(&[&other]);
    desk.until("the other one is open", |desk| is_open(desk, &other));
    assert!(!desk.has_message("/no/such/folder"));
    assert_eq!(desk.find(field).value().unwrap_or_default(), "");
}

#[test]
fn paths_are_understood_as_people_paste_them() {
    let mut desk = without_dataset();
    let root = desk.set.root();
    let field = "Folder path";
    desk.click(field);
    let text = format!("\"file://{}\"", root.display());
    desk.find(field).type_text(&text);
    desk.frames(2);
    desk.window.key_press(Key::Enter);
    desk.until("the dataset is open", |desk| is_open(desk, &root));
    desk.frames(3);
    assert_eq!(desk.find(field).value().unwrap_or_default(), "");
}

#[test]
fn a_dropped_folder_is_taken_for_what_it_is() {
    let mut desk = without_dataset();
    let root = desk.set.root();
    desk.drop_files(&[&root]);
    desk.until("the dataset is open", |desk| is_open(desk, &root));

    // Images and weights: the question is which.
    let mixed = desk.set.dir.path().join("mixed");
    fs::create_dir(&mixed).expect("a folder");
    fs::copy(desk.set.image_path(0), mixed.join("a.png")).expect("a copy");
    fs::write(mixed.join("net.safetensors"), "").expect("a file");
    let question = "What to do with mixed?";
    desk.drop_files(&[&mixed]);
    desk.until("it asks", |desk| desk.says(question));
    assert!(desk.says("Segment its 1 image") && desk.says("Look into the weights net.safetensors"));
    desk.window.key_press(Key::Escape);
    desk.frames(3);
    assert!(!desk.says(question));
    assert!(!desk.app().state().layout.is_in_front(PanelKind::Inspect));
    desk.drop_files(&[&mixed]);
    desk.until("it asks", |desk| desk.says(question));
    desk.window.key_press(Key::Enter);
    desk.until("the images are listed", |desk| desk.says("a.png"));
    assert!(desk.app().state().layout.is_in_front(PanelKind::Inspect));
}
