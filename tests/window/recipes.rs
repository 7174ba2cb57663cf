//! Losses and optimizers beside the papers' own, and what is said of a training that goes nowhere.

use fcn_workbench::engine::{
    ClassWeights, DatasetRef, DatasetState, OptimizerKind, Reduction, RunState,
};
use fcn_workbench::ui::command::Command;

use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::desk::Desk;
use super::files::copy_folder;

/// Clicks a button that may be scrolled out of sight.
fn choose(desk: &mut Desk, label: &str) {
    desk.find(label).click_accesskit();
    desk.frames(4);
}

#[test]
fn losses_and_optimizers_are_chosen_in_the_form() {
    let mut desk = Desk::new(|config| (config.epochs, config.batch_size) = (1, 2));
    desk.click("Advanced");
    assert!(desk.says("Momentum"));
    choose(&mut desk, "AdamW");
    assert!(!desk.says("Momentum"), "AdamW has none");
    choose(&mut desk, "Given");
    desk.set("Weight of red square", 2.5);
    desk.set("Focal gamma", 2.0);
    desk.set("Dice share", 1.0);
    desk.frames(3);
    assert!(desk.finds("Dice share is 1; class weights and focal gamma"));
    assert!(!desk.is_enabled("Start training"));
    desk.set("Dice share", 0.25);
    choose(&mut desk, "Stop early");
    desk.set("Epochs without a better validation", 3.0);
    choose(&mut desk, "Average the weights");
    desk.set("Decay of the average", 0.9);
    choose(&mut desk, "Draw by rare class");
    desk.set("Temperature of the draw", 0.25);
    choose(&mut desk, "Rates of the stages");
    desk.set("Rate of stage1", 0.0);
    desk.set("Rate of head", 10.0);
    choose(&mut desk, "Test size as the crops");
    desk.set("Crop width", 40.0);
    desk.frames(3);
    desk.set("Learning rate", 0.001);
    desk.train();
    let config = &desk.run().config;
    assert_eq!(desk.run().state, RunState::Finished);
    assert_eq!(config.early_stop, Some(3));
    let crop = config.augment.crop.expect("crops");
    assert_eq!((crop.width, config.test_size), (40, Some(crop)));
    let learning = &config.learning;
    assert_eq!(learning.optimizer, OptimizerKind::AdamW);
    assert_eq!((config.ema, config.rare_sampling), (Some(0.9), Some(0.25)));
    assert_eq!(learning.stage_rates.to_string(), "stage1=0,head=10");
    let objective = &learning.objective;
    assert_eq!((objective.focal_gamma, objective.dice_share), (2.0, 0.25));
    assert_eq!(
        objective.class_weights,
        ClassWeights::Given(vec![1.0, 2.5, 1.0])
    );
}

#[test]
fn a_rate_for_another_loss_is_told_and_mended_by_a_button() {
    let mut desk = Desk::new(|config| {
        config.epochs = 500;
        // One for the mean; the sum is over a thousand pixels.
        config.learning.reduction = Reduction::Sum;
        config.learning.clip_norm = Some(0.01);
    });
    desk.click("Start training");
    desk.until("it is told", |desk| {
        desk.says("The learning rate is far off")
    });
    let first = desk.run().name.clone();
    desk.click("Start again with the mean over pixels");
    desk.until("another run is trained", |desk| {
        desk.active()
            .is_some_and(|active| !active.run.is_empty() && active.run != first && active.step > 2)
    });
    let config = &desk.active().expect("a run").config;
    assert_eq!(config.learning.reduction, Reduction::Mean);
    assert_eq!(config.learning.clip_norm, Some(0.01), "all else stays");
    assert!(!desk.says("The learning rate is far off"));
    let stopped = desk.engine().run(&first).expect("it is kept");
    assert_eq!(stopped.state, RunState::Stopped);
    desk.click("Stop now");
    desk.until("it has ended", |desk| desk.active().is_none());
}

#[test]
fn a_run_whose_numbers_overflow_ends_with_a_smaller_rate_to_start_again_with() {
    let mut desk = Desk::new(|config| {
        config.epochs = 500;
        config.learning.learning_rate = 1e30;
    });
    desk.click("Start training");
    desk.until("it has failed", |desk| {
        desk.active().is_none() && desk.says("The numbers overflowed")
    });
    assert!(desk.says("The learning rate is far off"));
    let mends: Vec<_> = desk
        .window
        .query_all_by_label("Start again with learning rate 0.05")
        .collect();
    assert_eq!(mends.len(), 2, "each alarm says what mends it");
    mends[0].click();
    desk.frames(3);
    desk.until("another run is trained", |desk| desk.active().is_some());
    desk.click("Stop now");
    desk.until("it has ended", |desk| desk.active().is_none());
    assert!(!desk.says("The numbers overflowed"));
}

#[test]
fn a_learning_rate_is_searched_and_used() {
    let mut desk = Desk::new(|config| (config.epochs, config.dropout) = (1, 0.0));
    desk.click("Find learning rate");
    assert!(!desk.is_enabled("Start training"), "the device is busy");
    desk.until("rates were tried", |desk| {
        desk.finds("Loss at learning rates from 1e-6 to")
    });
    // It names its dataset, as another one may be opened.
    let DatasetState::Ready(open) = desk.engine().dataset() else {
        panic!("no dataset is open");
    };
    let on = format!("Loss at rising learning rates on {}", open.dataset.name);
    assert!(desk.says(&on), "{on}");
    let other = desk.set.dir.path().join("another");
    copy_folder(&desk.set.root(), &other);
    let other = DatasetRef::Folder(other);
    desk.app().send(Command::OpenDataset(other.clone()));
    desk.until("another dataset is open", |desk| {
        match desk.engine().dataset() {
            DatasetState::Ready(open) => open.which == other,
            _ => false,
        }
    });
    assert!(desk.says(&on), "{on}");
    let label = desk
        .window
        .query_all_by_label_contains("Use learning rate ")
        .next()
        .and_then(|node| node.accesskit_node().label())
        .expect("a suggestion");
    desk.click(&label);
    desk.train();
    let rate = desk.run().config.learning.learning_rate;
    assert!(
        label.ends_with(&format!(" {rate}")) || rate < 1e-3,
        "{label}"
    );
    desk.click("Close search");
    desk.frames(3);
    assert!(!desk.finds("Loss at learning rates"));
}

#[test]
fn alarms_can_be_closed() {
    let mut desk = Desk::new(|config| {
        config.epochs = 500;
        config.learning.learning_rate = 1e-10;
    });
    desk.click("Start training");
    desk.until("it is told", |desk| {
        desk.says("Start again with learning rate 0.05")
    });
    desk.click("Close alarms");
    desk.frames(3);
    assert!(!desk.says("Start again with learning rate 0.05"));
    desk.click("Stop now");
    desk.until("it has ended", |desk| desk.active().is_none());
}
