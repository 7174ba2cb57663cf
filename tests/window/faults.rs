//! What breaks while a run is trained, and how the window tells it and goes on.

use std::fs;
use std::panic::panic_any;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use eframe::egui::Key;
use fcn_workbench::engine::{DatasetRef, DatasetState, Phase, RunState, Waker};
use fcn_workbench::ui::command::Command;

use super::desk::Desk;

#[test]
fn a_run_whose_folder_is_away_waits_says_why_and_continues() {
    let mut desk = Desk::new(|config| {
        config.epochs = 5_000;
        config.learning.learning_rate = 1e-4;
    });
    desk.click("Start training");
    desk.until("there is a checkpoint", |desk| {
        desk.active().is_some_and(|active| active.saved.is_some())
    });
    let folder = desk.set.runs().join(&desk.active().expect("a run").run);
    let away = desk.set.dir.path().join("away");
    fs::rename(&folder, &away).expect("moved");
    desk.until("it waits", |desk| {
        matches!(desk.phase(), Some(Phase::Waiting(_)))
    });
    assert!(desk.says("Waiting until it can be saved"));
    assert!(desk.finds("It continues by itself once it can be saved"));
    assert!(desk.has_message("waits, since it cannot be saved"));
    assert!(!desk.says("Paused") && desk.is_enabled("Stop") && !desk.is_enabled("Pause"));

    let step = desk.active().expect("it waits").step;
    fs::rename(&away, &folder).expect("back");
    desk.until("it continues", |desk| {
        desk.active().is_some_and(|active| active.step > step)
    });
    assert!(desk.has_message("continues: its folder can be written again"));
    desk.click("Stop");
    desk.until("it has stopped", |desk| desk.active().is_none());
    assert_eq!(desk.run().state, RunState::Stopped);
}

#[test]
fn a_run_on_data_that_changed_is_resumed_by_a_button() {
    let mut desk = Desk::new(|config| {
        config.epochs = 5_000;
        config.learning.learning_rate = 1e-4;
    });
    desk.click("Start training");
    desk.until("some steps are done", |desk| {
        desk.active().is_some_and(|active| active.step >= 2)
    });
    desk.click("Stop");
    desk.until("it has stopped", |desk| desk.active().is_none());
    fs::copy(desk.set.mask_path(1), desk.set.mask_path(0)).expect("another mask");
    let resume = format!("Resume {}", desk.run().title());
    desk.find(&resume).click_accesskit();
    desk.until("it is told", |desk| {
        desk.says("The data changed") && desk.active().is_none()
    });
    assert!(desk.finds("image0.png"));
    desk.find("Accept the changes and resume").click_accesskit();
    desk.until("it goes on", |desk| {
        desk.active()
            .and_then(|active| active.info.as_ref())
            .is_some_and(|info| info.first_step >= 2)
    });
    assert!(!desk.says("The data changed"));
    desk.click("Stop now");
    desk.until("it has stopped", |desk| desk.active().is_none());
}

/// Trains some steps and stops; what the button is called that resumes the run.
fn stopped(desk: &mut Desk) -> String {
    desk.click("Start training");
    desk.until("some steps are done", |desk| {
        desk.active().is_some_and(|active| active.step >= 2)
    });
    desk.click("Stop");
    desk.until("it has stopped", |desk| desk.active().is_none());
    format!("Resume {}", desk.run().title())
}

fn goes_on(desk: &mut Desk) {
    desk.until("it goes on", |desk| {
        desk.active()
            .and_then(|active| active.info.as_ref())
            .is_some_and(|info| info.first_step >= 2)
    });
    assert!(!desk.says("The dataset cannot be opened"));
    desk.click("Stop now");
    desk.until("it has stopped", |desk| desk.active().is_none());
}

/// Chooses `folder` in the chooser of the window.
fn choose(desk: &mut Desk, folder: &Path) {
    desk.find("Choose its folder…").click_accesskit();
    desk.until("the chooser is there", |desk| {
        desk.says("Choose the folder of the dataset")
    });
    let path = format!("{}{}", folder.display(), std::path::MAIN_SEPARATOR);
    desk.find("Path").type_text(&path);
    desk.until("it is listed", |desk| desk.says("JPEGImages"));
    desk.window.key_press(Key::Enter);
    desk.frames(3);
}

#[test]
fn a_run_whose_dataset_was_moved_is_resumed_where_that_is_now() {
    let mut desk = Desk::new(|config| {
        config.epochs = 5_000;
        config.learning.learning_rate = 1e-4;
    });
    let resume = stopped(&mut desk);
    let renamed = desk.set.dir.path().join("renamed");
    fs::rename(desk.set.root(), &renamed).expect("moved");
    desk.find(&resume).click_accesskit();
    desk.until("it is told", |desk| {
        desk.says("The dataset cannot be opened") && desk.active().is_none()
    });
    assert!(desk.has_message("Nothing was trained"));
    assert!(
        !desk.finds("Resume on the open dataset"),
        "that is the one that was moved"
    );
    choose(&mut desk, &renamed);
    goes_on(&mut desk);
    let moved = DatasetRef::Folder(renamed.clone());
    assert_eq!(desk.run().config.dataset, moved, "it keeps that");
    assert_eq!(desk.run().dataset_name, "renamed");

    // Once more, to a folder that is open by then.
    let again = desk.set.dir.path().join("again");
    fs::rename(&renamed, &again).expect("moved");
    desk.app()
        .send(Command::OpenDataset(DatasetRef::Folder(again.clone())));
    desk.until("it is open", |desk| {
        matches!(desk.engine().dataset(), DatasetState::Ready(open) if open.dataset.root == again)
    });
    // Its title has the name of the dataset.
    let resume = format!("Resume {}", desk.run().title());
    desk.find(&resume).click_accesskit();
    desk.until("the open one is offered", |desk| {
        desk.says("Resume on the open dataset again") && desk.active().is_none()
    });
    desk.find("Resume on the open dataset again")
        .click_accesskit();
    goes_on(&mut desk);
    assert_eq!(desk.run().config.dataset, DatasetRef::Folder(again));
}

#[test]
fn a_run_is_not_resumed_on_another_dataset_in_silence() {
    let mut desk = Desk::new(|config| {
        config.epochs = 5_000;
        config.learning.learning_rate = 1e-4;
    });
    let resume = stopped(&mut desk);
    let own = DatasetRef::Folder(desk.set.root());
    let mask = fs::read(desk.set.mask_path(1)).expect("a mask");
    let renamed = desk.set.dir.path().join("renamed");
    fs::rename(desk.set.root(), &renamed).expect("moved");
    fs::write(renamed.join("SegmentationClass/image0.png"), mask).expect("another mask");
    desk.find(&resume).click_accesskit();
    desk.until("it is told", |desk| {
        desk.says("The dataset cannot be opened") && desk.active().is_none()
    });
    choose(&mut desk, &renamed);
    desk.until("the other mask is told", |desk| {
        desk.says("The data changed") && desk.active().is_none()
    });
    assert!(desk.finds("image0.png"));
    assert_eq!(desk.run().config.dataset, own, "nothing was kept");
    assert!(desk.says("Choose its folder…"));
    desk.find("Accept the changes and resume").click_accesskit();
    goes_on(&mut desk);
    assert_eq!(desk.run().config.dataset, DatasetRef::Folder(renamed));
}

#[test]
fn a_panic_on_the_training_thread_ends_its_run_and_the_next_one_trains() {
    let armed = Arc::new(AtomicBool::new(false));
    let fires = Arc::clone(&armed);
    let waker: Waker = Arc::new(move || {
        let is_training = thread::current().name() == Some("train");
        if is_training && fires.swap(false, Ordering::SeqCst) {
            panic_any("index out of bounds");
        }
    });
    let mut desk = Desk::on_machine(
        |config| {
            config.epochs = 5_000;
            config.learning.learning_rate = 1e-4;
        },
        None,
        waker,
    );
    desk.click("Start training");
    desk.until("there is a checkpoint", |desk| {
        desk.active().is_some_and(|active| active.saved.is_some())
    });
    armed.store(true, Ordering::SeqCst);
    desk.until("the run is over", |desk| desk.active().is_none());
    let RunState::Failed(message) = desk.run().state.clone() else {
        panic!("{:?}", desk.run().state);
    };
    assert!(
        message.contains("index out of bounds") && message.contains("The checkpoint of step "),
        "{message}"
    );
    assert!(desk.is_enabled(&format!("Resume {}", desk.run().title())));
    let failed = desk.run().name.clone();
    desk.set("Epochs", 1.0);
    desk.train();
    assert_ne!(desk.run().name, failed);
    assert_eq!(desk.run().state, RunState::Finished);
}
