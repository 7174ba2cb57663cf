//! A run whose folder is not there for a while, and one whose data changed.

use std::fs;
use std::path::PathBuf;

use fcn_workbench::training::checkpoint::RunFolder;
use fcn_workbench::training::{
    CheckpointPolicy, Control, Outcome, TrainEvent, TrainOptions, TrainSink, train, train_with,
};

use crate::common::{Recorder, TinySet};

/// When a run whose folder is away is asked to stop.
#[derive(PartialEq)]
enum Stop {
    Never,
    BeforeItWaits,
    WhileItWaits,
}

/// Moves the folder of a run away after a step, and back once the run waits for it, unless the run is stopped in that
/// wait.
struct Mover {
    control: Control,
    folder: PathBuf,
    away: PathBuf,
    after_step: usize,
    stop: Stop,
    events: Recorder,
}

impl Mover {
    fn new(set: &TinySet, folder: &RunFolder, after_step: usize, stop: Stop) -> Self {
        Self {
            control: Control::default(),
            folder: folder.path().to_owned(),
            away: set.dir.path().join("away"),
            after_step,
            stop,
            events: Recorder::default(),
        }
    }

    fn train(mut self, set: &TinySet, folder: &RunFolder) -> Recorder {
        let control = self.control.clone();
        train(folder, &set.open(), &control, &mut self);
        self.events
    }
}

impl TrainSink for Mover {
    fn send(&mut self, event: TrainEvent) {
        match &event {
            TrainEvent::Step(step) if step.step == self.after_step => {
                fs::rename(&self.folder, &self.away).expect("moved");
                if self.stop == Stop::BeforeItWaits {
                    self.control.stop();
                }
            }
            TrainEvent::Blocked(_) if self.stop == Stop::WhileItWaits => self.control.stop(),
            TrainEvent::Blocked(problem) => {
                assert!(problem.contains("run"), "{problem}");
                fs::rename(&self.away, &self.folder).expect("back");
            }
            _ => {}
        }
        self.events.send(event);
    }
}

#[test]
fn a_run_waits_for_its_folder_and_loses_nothing() {
    let set = TinySet::new(6, 1);
    let unbroken = set.run(|config| config.epochs = 2);
    let mut whole = Recorder::default();
    train(&unbroken, &set.open(), &Control::default(), &mut whole);

    let folder = set.run(|config| config.epochs = 2);
    let recorder = Mover::new(&set, &folder, 1, Stop::Never).train(&set, &folder);
    assert_eq!(recorder.outcome(), Some(&Outcome::Finished));
    let count = |wanted: fn(&TrainEvent) -> bool| {
        recorder.events.iter().filter(|event| wanted(event)).count()
    };
    assert_eq!(count(|event| matches!(event, TrainEvent::Blocked(_))), 1);
    assert_eq!(count(|event| matches!(event, TrainEvent::Unblocked)), 1);
    assert_eq!(recorder.losses(), whole.losses());
    let steps: Vec<usize> = folder.steps().iter().map(|step| step.step).collect();
    assert_eq!(steps, [1, 2, 3, 4, 5, 6]);
    assert_eq!(folder.last().expect("a checkpoint").step, 6);
}

fn stopped(set: &TinySet, stop: Stop) -> (RunFolder, Outcome) {
    let folder = set.run(|config| config.epochs = 2);
    let events = Mover::new(set, &folder, 2, stop).train(set, &folder);
    let outcome = events.outcome().expect("an end").clone();
    (folder, outcome)
}

#[test]
fn a_stop_ends_the_wait_and_says_what_was_wrong() {
    let (_, outcome) = stopped(&TinySet::new(6, 1), Stop::WhileItWaits);
    let Outcome::Failed(message) = outcome else {
        panic!("{outcome:?}")
    };
    assert!(message.contains("Check that the folder"), "{message}");
}

#[test]
fn a_stop_before_the_folder_was_gone_waits_for_its_checkpoint() {
    let set = TinySet::new(6, 1);
    let (folder, outcome) = stopped(&set, Stop::BeforeItWaits);
    assert_eq!(outcome, Outcome::Stopped { step: 2 });
    assert_eq!(folder.last().expect("a checkpoint").step, 2);
}

#[test]
fn checkpoints_inside_an_epoch_are_resumed_bit_by_bit() {
    let set = TinySet::new(8, 1);
    let every_step = CheckpointPolicy {
        steps: Some(1),
        ..CheckpointPolicy::default()
    };
    let unbroken = set.run(|config| config.checkpoints = every_step.clone());
    let mut whole = Recorder::default();
    train(&unbroken, &set.open(), &Control::default(), &mut whole);

    // A crash: the folder as it was after the third of four steps.
    let broken = set.run(|config| config.checkpoints = every_step);
    let (from, to) = (
        broken.path().to_owned(),
        set.dir.path().join("runs/crashed"),
    );
    let target = to.clone();
    let mut first = Recorder::after(3, move || {
        fs::create_dir(&target).expect("a folder");
        for entry in fs::read_dir(&from).expect("the run") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name");
            // What is being written just now may be gone again.
            fs::copy(&path, target.join(name)).ok();
        }
    });
    train(&broken, &set.open(), &Control::default(), &mut first);
    let crashed = fcn_workbench::training::checkpoint::RunFolder::at(&to);
    let done = crashed.last().expect("a checkpoint").step;
    assert!((1..=3).contains(&done), "{done}");
    let mut rest = Recorder::default();
    train(&crashed, &set.open(), &Control::default(), &mut rest);
    assert_eq!(rest.outcome(), Some(&Outcome::Finished));
    assert_eq!(rest.losses(), whole.losses()[done..]);
    let bytes = |folder: &std::path::Path| {
        fs::read(folder.join("weights-00000004.bpk"))
            .expect("the last weights")
            .len()
    };
    assert_eq!(bytes(&to), bytes(unbroken.path()));
}

#[test]
fn data_that_changed_is_named_and_may_be_accepted() {
    let set = TinySet::new(6, 1);
    let folder = set.run(|config| config.epochs = 2);
    let control = Control::default();
    let stopper = control.clone();
    let mut first = Recorder::after(2, move || stopper.stop());
    train(&folder, &set.open(), &control, &mut first);
    fs::copy(set.mask_path(1), set.mask_path(0)).expect("another mask");

    let mut refused = Recorder::default();
    train(&folder, &set.open(), &Control::default(), &mut refused);
    let Some(Outcome::Failed(message)) = refused.outcome() else {
        panic!("{:?}", refused.outcome())
    };
    assert!(
        message.contains("changed masks in the training list: JPEGImages/image0.png"),
        "{message}"
    );
    let options = TrainOptions {
        accept_changes: true,
        ..TrainOptions::default()
    };
    let mut rest = Recorder::default();
    train_with(
        options,
        &folder,
        &set.open(),
        &Control::default(),
        &mut rest,
    );
    assert_eq!(rest.outcome(), Some(&Outcome::Finished));
    let origin = folder.origin().expect("readable").expect("a note");
    assert_eq!((origin.data.train.len(), origin.data.val.len()), (6, 1));
}

#[test]
fn a_run_without_a_record_of_its_data_says_that_they_cannot_be_compared() {
    let set = TinySet::new(6, 1);
    let folder = set.run(|config| config.epochs = 2);
    let control = Control::default();
    let stopper = control.clone();
    let mut first = Recorder::after(2, move || stopper.stop());
    train(&folder, &set.open(), &control, &mut first);
    fs::remove_file(folder.path().join("origin.json")).expect("removed");
    let told = |sink: &Recorder| {
        let told = sink.events.iter().filter(|event| {
            matches!(event, TrainEvent::Warning(text) if text.contains("origin.json")
                && text.contains("cannot be checked"))
        });
        told.count()
    };
    assert_eq!(told(&first), 0);
    let mut rest = Recorder::default();
    train(&folder, &set.open(), &Control::default(), &mut rest);
    assert_eq!(rest.outcome(), Some(&Outcome::Finished));
    assert_eq!(told(&rest), 1);
    assert!(folder.origin().expect("readable").is_some(), "noted now");
}

#[test]
fn a_log_that_lost_steps_and_edited_settings_are_told_when_a_run_is_resumed() {
    let set = TinySet::new(6, 1);
    let folder = set.run(|config| config.epochs = 2);
    let control = Control::default();
    let stopper = control.clone();
    let mut first = Recorder::after(2, move || stopper.stop());
    train(&folder, &set.open(), &control, &mut first);
    let done = folder.last().expect("a checkpoint").step;
    fs::write(folder.path().join("steps.jsonl"), "").expect("emptied");
    let config = folder.path().join("config.json");
    let before = folder.meta().expect("settings").config;
    let (seed, momentum) = (before.seed, before.learning.momentum);
    let mut meta: serde_json::Value =
        serde_json::from_slice(&fs::read(&config).expect("settings")).expect("JSON");
    meta["config"]["seed"] = 77.into();
    meta["config"]["learning"]["momentum"] = 0.25.into();
    fs::write(&config, meta.to_string()).expect("written");
    let mut rest = Recorder::default();
    train(&folder, &set.open(), &Control::default(), &mut rest);
    assert_eq!(rest.outcome(), Some(&Outcome::Finished));
    let warnings: Vec<&String> = rest
        .events
        .iter()
        .filter_map(|event| match event {
            TrainEvent::Warning(text) => Some(text),
            _ => None,
        })
        .collect();
    let [seeds, steps] = &warnings[..] else {
        panic!("{warnings:?}")
    };
    let told = [
        format!("the seed is 77 and was {seed}, learning.momentum is 0.25 and was {momentum}"),
        "config.json: ".to_owned(),
    ];
    for part in told {
        assert!(seeds.contains(&part), "no {part}: {seeds}");
    }
    assert!(
        steps.contains(&format!("steps.jsonl: {done} of {done} steps are missing")),
        "{steps}"
    );
}
