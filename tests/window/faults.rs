//! What breaks while a run is trained, and how the window tells it and goes on.

use std::fs;
use std::panic::panic_any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use fcn_workbench::engine::{Phase, RunState, Waker};

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
    assert!(desk.finds("It continues once there is room"));
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
