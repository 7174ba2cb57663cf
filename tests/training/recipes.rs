//! Losses and optimizers beside the papers' own, in whole runs.

use std::fs;

use fcn_workbench::files::{Existing, Outputs};
use fcn_workbench::training::checkpoint::EndMark;
use fcn_workbench::training::{
    ClassWeights, Control, Learning, Objective, OptimizerKind, Outcome, RunConfig, SavedWeights,
    TrainEvent, export_run, train,
};

use super::epochs;
use crate::common::{Recorder, TinySet};

fn adamw(config: &mut RunConfig) {
    config.epochs = 3;
    config.learning = Learning {
        learning_rate: 1e-3,
        optimizer: OptimizerKind::AdamW,
        ..config.learning.clone()
    };
}

fn warnings(sink: &Recorder) -> Vec<&str> {
    let warnings = sink.events.iter().filter_map(|event| match event {
        TrainEvent::Warning(text) => Some(text.as_str()),
        _ => None,
    });
    warnings.collect()
}

#[test]
fn a_resumed_run_of_adamw_goes_on_as_if_it_had_not_been_stopped() {
    let set = TinySet::new(4, 1);
    let unbroken = set.run(adamw);
    let mut whole = Recorder::default();
    train(&unbroken, &set.open(), &Control::default(), &mut whole);
    assert_eq!(whole.outcome(), Some(&Outcome::Finished));
    assert!(unbroken.path().join("moments-00000006.bpk").is_file());

    // Inside an epoch, and at the end of one.
    for after in [1, 2] {
        let broken = set.run(adamw);
        let control = Control::default();
        let stopper = control.clone();
        let mut first = Recorder::after(after, move || stopper.stop());
        train(&broken, &set.open(), &control, &mut first);
        assert_eq!(first.outcome(), Some(&Outcome::Stopped { step: after }));
        let mut rest = Recorder::default();
        train(&broken, &set.open(), &Control::default(), &mut rest);
        assert_eq!(rest.outcome(), Some(&Outcome::Finished));
        let joined: Vec<f64> = first.losses().into_iter().chain(rest.losses()).collect();
        assert_eq!(joined, whole.losses(), "stopped after {after}");
        let scores = |sink: &Recorder| epochs(sink).last().map(|epoch| epoch.scores.clone());
        assert_eq!(scores(&rest), scores(&whole));
    }
}

#[test]
fn a_resumed_run_with_an_average_goes_on_as_if_it_had_not_been_stopped() {
    let set = TinySet::new(4, 1);
    let edit = |config: &mut RunConfig| {
        (config.epochs, config.ema) = (2, Some(0.9));
        config.rare_sampling = Some(0.1);
        config.learning.stage_rates = "stage1=0,head=2".parse().expect("rates");
    };
    let plain = set.run(|config| {
        edit(config);
        config.ema = None;
    });
    let mut unaveraged = Recorder::default();
    train(&plain, &set.open(), &Control::default(), &mut unaveraged);
    let unbroken = set.run(edit);
    let mut whole = Recorder::default();
    train(&unbroken, &set.open(), &Control::default(), &mut whole);
    assert_eq!(whole.losses(), unaveraged.losses(), "it changes no step");
    let val_loss = |sink: &Recorder| epochs(sink).last().and_then(|epoch| epoch.val_loss);
    assert_ne!(val_loss(&whole), val_loss(&unaveraged));

    let broken = set.run(edit);
    let control = Control::default();
    let stopper = control.clone();
    let mut first = Recorder::after(1, move || stopper.stop());
    train(&broken, &set.open(), &control, &mut first);
    let mut rest = Recorder::default();
    train(&broken, &set.open(), &Control::default(), &mut rest);
    assert_eq!(rest.outcome(), Some(&Outcome::Finished));
    let joined: Vec<f64> = first.losses().into_iter().chain(rest.losses()).collect();
    assert_eq!(joined, whole.losses());
    assert_eq!(val_loss(&rest), val_loss(&whole));

    // The average is exported, or what was trained, by choice.
    let file = |which, name: &str| {
        let path = set.dir.path().join(name);
        let output = Outputs::new(Existing::Keep)
            .claim(&path)
            .expect("a free name");
        export_run(&unbroken, which, &output).expect("a file");
        fs::read(path).expect("a file")
    };
    let average = file(SavedWeights::Last, "average.safetensors");
    assert_ne!(average, file(SavedWeights::Raw, "raw.safetensors"));
}

#[test]
fn a_checkpoint_of_another_optimizer_is_not_resumed_in_silence() {
    let set = TinySet::new(4, 1);
    let folder = set.run(|config| config.epochs = 2);
    let control = Control::default();
    let stopper = control.clone();
    let mut first = Recorder::after(1, move || stopper.stop());
    train(&folder, &set.open(), &control, &mut first);
    let path = folder.path().join("config.json");
    let text = fs::read_to_string(&path).expect("a configuration");
    let edited = text.replace("\"sgd\"", "\"adamw\"");
    assert_ne!(edited, text);
    fs::write(&path, edited).expect("a configuration");
    let mut rest = Recorder::default();
    train(&folder, &set.open(), &Control::default(), &mut rest);
    let Some(Outcome::Failed(message)) = rest.outcome() else {
        panic!("{:?}", rest.outcome());
    };
    assert!(message.contains("second moments of AdamW"), "{message}");
}

#[test]
fn weights_of_classes_change_what_is_learned_and_not_the_loss_that_is_logged() {
    let set = TinySet::new(4, 1);
    let losses = |objective: Objective| {
        let folder = set.run(|config| {
            (config.dropout, config.learning.objective) = (0.0, objective);
        });
        let mut sink = Recorder::default();
        train(&folder, &set.open(), &Control::default(), &mut sink);
        assert_eq!(sink.outcome(), Some(&Outcome::Finished));
        sink.losses()
    };
    let plain = losses(Objective::default());
    let with = |class_weights| {
        losses(Objective {
            class_weights,
            ..Objective::default()
        })
    };
    let inverse = with(ClassWeights::Inverse);
    // Before the first step the networks are the same.
    assert!((inverse[0] - plain[0]).abs() < 1e-6, "{inverse:?}");
    assert!((inverse[1] - plain[1]).abs() > 1e-4, "{inverse:?}");
    // Ones are no weights.
    for (ones, plain) in with(ClassWeights::Given(vec![1.0; 3])).iter().zip(&plain) {
        assert!((ones - plain).abs() < 1e-4, "{ones}, {plain}");
    }
    let folder = set.run(|config| {
        config.learning.objective.class_weights = ClassWeights::Given(vec![1.0, 2.0]);
    });
    let mut sink = Recorder::default();
    train(&folder, &set.open(), &Control::default(), &mut sink);
    let Some(Outcome::Failed(message)) = sink.outcome() else {
        panic!("{:?}", sink.outcome());
    };
    assert!(
        message.contains("class weights is 1,2; there must be one number for each class"),
        "{message}"
    );
}

#[test]
fn a_run_that_gets_no_better_ends_early() {
    let set = TinySet::new(2, 1);
    let edit = |config: &mut RunConfig| {
        (config.epochs, config.early_stop) = (10, Some(2));
        // The weights hardly move, so the mask of the validation stays as it is.
        config.learning.learning_rate = 1e-12;
    };
    let folder = set.run(edit);
    let mut sink = Recorder::default();
    train(&folder, &set.open(), &Control::default(), &mut sink);
    assert_eq!(sink.outcome(), Some(&Outcome::Finished));
    assert_eq!(epochs(&sink).len(), 3, "the first is the best");
    assert_eq!(
        warnings(&sink),
        ["it ends early: no epoch was better than epoch 1 in 2 epochs"]
    );

    // A stop in between forgets nothing.
    let folder = set.run(edit);
    let control = Control::default();
    let stopper = control.clone();
    let mut first = Recorder::after(2, move || stopper.stop());
    train(&folder, &set.open(), &control, &mut first);
    let mut rest = Recorder::default();
    train(&folder, &set.open(), &Control::default(), &mut rest);
    assert_eq!(epochs(&first).len() + epochs(&rest).len(), 3);
}

#[test]
fn a_stop_while_masks_are_counted_is_no_failure() {
    let set = TinySet::new(4, 1);
    let folder = set.run(|config| {
        config.learning.objective.class_weights = ClassWeights::Median;
    });
    let control = Control::default();
    control.stop();
    let mut sink = Recorder::default();
    train(&folder, &set.open(), &control, &mut sink);
    let outcome = Outcome::StoppedNow { checkpoint: None };
    assert_eq!(sink.outcome(), Some(&outcome));
    assert_eq!(folder.end(), Some(EndMark::Stopped));
}
