//! What the window says before a run, and how a run is left.

use fcn_workbench::engine::{RunState, Size};

use eframe::egui::accesskit::Role;
use eframe::egui::{Event, Key};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::desk::Desk;

#[test]
fn a_run_can_be_left_at_once() {
    let mut desk = Desk::new(|config| config.epochs = 5_000);
    desk.click("Start training");
    desk.until("some steps are done", |desk| {
        desk.active().is_some_and(|active| active.step >= 6)
    });
    desk.click("Stop now");
    desk.until("it has ended", |desk| desk.active().is_none());
    assert_eq!(desk.run().state, RunState::Stopped);
    // Epochs have 4 steps.
    assert!(desk.has_message("was stopped at once; its last checkpoint is that after step"));
    let resume = format!("Resume {}", desk.run().title());
    assert!(desk.is_enabled(&resume));
}

#[test]
fn what_a_run_takes_is_said_beside_start() {
    let mut desk = Desk::new(|config| config.epochs = 2);
    // Before any step was done.
    desk.until("it is estimated", |desk| desk.finds("of memory · roughly "));
    desk.train();
    // A quick machine needs less than a second for such a run.
    desk.until("the first run tells of the next", |desk| {
        desk.finds("of memory · about ") || desk.finds("of memory · less than a second")
    });
}

#[test]
fn a_warm_up_that_is_longer_than_the_run_is_said_beside_start() {
    let mut desk = Desk::new(|config| {
        config.max_steps = Some(3);
        config.learning.warmup_steps = 4;
    });
    desk.until("it is said", |desk| {
        desk.finds("The learning rate rises over 4 steps, and the whole run has 3 steps")
    });
    assert!(desk.is_enabled("Start training"), "it is a warning");
    desk.train();
    assert!(desk.has_message("the learning rate rises over 4 steps"));
}

#[test]
fn what_cannot_fit_is_refused_with_what_would() {
    let mut desk = Desk::new(|config| {
        config.batch_size = 64;
        config.augment.crop = Some(Size::new(8192, 8192));
    });
    desk.until("it is refused", |desk| desk.says("Not enough memory"));
    assert!(!desk.is_enabled("Start training"));
    assert!(desk.finds("These settings need about"));
    let fits = desk
        .window
        .query_all_by_label_contains("Use ")
        .next()
        .and_then(|node| node.accesskit_node().label())
        .expect("an offer");
    desk.click(&fits);
    desk.until("that fits", |desk| desk.is_enabled("Start training"));
    assert!(!desk.says("Not enough memory"));
}

#[test]
fn settings_are_chosen_with_their_reasons() {
    let mut desk = Desk::new(|config| config.epochs = 7);
    desk.click("Set for me");
    desk.until("they are chosen", |desk| {
        desk.finds("Crop size 32x32: the images are 32x32")
    });
    for field in [
        "Trunk ",
        "Batch size 4: ",
        "Learning rate 0.05: ",
        "Epochs ",
    ] {
        assert!(desk.finds(field), "{field}");
    }
    desk.frames(10);
    // A trial takes their place, where it is in sight.
    desk.click("Try for one minute");
    assert!(desk.says("Cancel trial") && !desk.finds("Crop size 32x32: "));
    desk.click("Cancel trial");
    desk.until("it is over", |desk| desk.is_enabled("Start training"));
    desk.click("Set for me");
    desk.until("they are chosen", |desk| desk.finds("Crop size 32x32: "));
    desk.click("Close reasons");
    desk.frames(3);
    assert!(!desk.finds("Crop size 32x32: "));
    assert!(desk.is_enabled("Start training"));
}

#[test]
fn a_stopped_plan_goes_on() {
    let mut desk = Desk::new(|config| config.epochs = 300);
    desk.click("Train 32s, 16s, 8s");
    desk.until("some steps are done", |desk| {
        desk.active().is_some_and(|active| active.step >= 2)
    });
    desk.click("Stop");
    desk.until("it has stopped", |desk| desk.active().is_none());
    let stopped = desk.run().name.clone();
    assert!(desk.says("In the queue: FCN-32s, FCN-16s, FCN-8s"));
    desk.click("Run queue");
    desk.until("it goes on", |desk| {
        desk.active().is_some_and(|active| active.run == stopped)
    });
    let plan = desk.engine().plan().expect("a plan");
    assert_eq!(
        (&plan.runs[..], plan.total, plan.done),
        (&[stopped][..], 3, false)
    );
    desk.click("Stop now");
    desk.until("it has stopped again", |desk| desk.active().is_none());
    assert!(desk.says("In the queue: FCN-32s, FCN-16s, FCN-8s"));
}

#[test]
fn a_value_out_of_range_is_marked_and_explained() {
    let mut desk = Desk::new(|config| config.epochs = 7);
    assert!(desk.is_enabled("Start training"));
    desk.set("Batch size", 0.0);
    desk.frames(3);
    assert!(desk.says("it must be 1 or more"));
    assert!(!desk.is_enabled("Start training"));
    assert!(desk.finds("Batch size is 0; it must be 1 or more"));
    desk.set("Batch size", 300.0);
    desk.frames(3);
    assert!(!desk.says("it must be 1 or more"), "300 is no mistake");
    desk.set("Learning rate", -1.0);
    desk.frames(3);
    assert!(desk.says("it must be above 0"));
    desk.set("Learning rate", 0.1);

    desk.find("Advanced").click_accesskit();
    desk.frames(20);
    desk.set("Live images", 1000.0);
    assert!(desk.says("it must be 0 to 64"));
    assert!(desk.finds("Live images is 1000; it must be 0 to 64"));
    desk.set("Live images", 4.0);
    desk.set("Live interval", -2.0);
    assert!(desk.says("it must be 0 to 3600 seconds; 0 turns the live masks off"));
    assert!(!desk.is_enabled("Start training"));
}

#[test]
fn every_value_out_of_range_is_explained_at_once() {
    let mut desk = Desk::new(|config| config.epochs = 7);
    let times = |desk: &Desk, rule: &str| desk.window.query_all_by_label(rule).count();
    desk.set("Epochs", 0.0);
    desk.set("Batch size", 0.0);
    desk.set("Learning rate", -1.0);
    assert_eq!(times(&desk, "it must be 1 or more"), 2);
    assert_eq!(times(&desk, "it must be above 0"), 1);
    assert!(desk.finds("2 more values are wrong"));
    desk.set("Epochs", 7.0);
    desk.set("Batch size", 2.0);
    desk.set("Learning rate", 0.1);
    assert!(desk.is_enabled("Start training"));

    desk.find("Advanced").click_accesskit();
    desk.frames(20);
    desk.set("Crop width", 0.0);
    desk.set("Live images", 65.0);
    desk.set("Brightness", 2.0);
    desk.set("Rotation", 200.0);
    assert!(desk.says("it must be 0 to 180 degrees"));
    assert!(desk.says("each side must be 1 to 8192 pixels"));
    assert!(desk.says("it must be 0 to 64") && desk.says("it must be 0 to 1"));
    // What is wrong is not hidden.
    desk.find("Advanced").click_accesskit();
    desk.frames(20);
    assert!(desk.says("4 values in Advanced are wrong"));
    assert!(!desk.is_enabled("Start training"));
}

#[test]
fn what_is_typed_is_taken_or_refused_with_the_reason() {
    let mut desk = Desk::new(|config| config.epochs = 7);
    let type_text = |desk: &mut Desk, label: &str, text: &str| {
        desk.window
            .get_by_role_and_label(Role::SpinButton, label)
            .click();
        desk.frames(3);
        for letter in text.chars() {
            desk.window.event(Event::Text(letter.to_string()));
            desk.frames(1);
        }
        desk.window.key_press(Key::Enter);
        desk.frames(3);
        let field = desk.window.get_by_role_and_label(Role::SpinButton, label);
        field.value().unwrap_or_default()
    };
    assert_eq!(type_text(&mut desk, "Epochs", "2.5"), "7");
    assert!(desk.says("\"2.5\" is not a whole number"));
    assert_eq!(type_text(&mut desk, "Batch size", "-3"), "2");
    assert!(desk.says("\"-3\" is too small; it must be 0 or more"));
    assert_eq!(type_text(&mut desk, "Epochs", "9"), "9");
    assert!(!desk.says("\"2.5\" is not a whole number"));
    assert_eq!(
        type_text(&mut desk, "Learning rate", "0.0123456"),
        "0.0123456"
    );
    assert!(desk.is_enabled("Start training"));
}

#[test]
fn settings_are_tried_without_a_run() {
    let mut desk = Desk::new(|config| (config.epochs, config.max_steps) = (5, Some(10)));
    desk.click("Try for one minute");
    desk.until("it is tried", |desk| desk.finds("in 10 steps"));
    let found = desk
        .window
        .query_all_by_label_contains("the whole run ")
        .next()
        .and_then(|node| node.value().or_else(|| node.accesskit_node().label()))
        .expect("a time");
    let (_, time) = found.split_once("the whole run ").expect("a time");
    // Short or long, it is the same text.
    let line = format!("of memory · {time}");
    desk.until("there is no other time", |desk| desk.finds(&line));
    assert!(desk.engine().runs().is_empty());
    let left = std::fs::read_dir(desk.set.runs()).expect("a folder");
    let left: Vec<_> = left.flatten().map(|entry| entry.file_name()).collect();
    assert!(
        !left
            .iter()
            .any(|name| name.to_string_lossy().starts_with(".trial")),
        "{left:?}"
    );
    desk.click("Close trial");
    assert!(!desk.finds("in 10 steps"));
    assert!(desk.is_enabled("Start training"));
}
