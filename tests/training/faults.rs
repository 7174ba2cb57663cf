//! Faults of a device in the middle of a run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use crate::common::{Recorder, TinySet};
use fcn_workbench::training::checkpoint::{EndMark, RunFolder};
use fcn_workbench::training::{Control, Outcome, train};

/// Trains until step 5, where `fault` panics; epochs have 2 steps. Gives what the run was told.
fn failed(set: &TinySet, folder: &RunFolder, fault: fn()) -> String {
    let mut sink = Recorder::after(5, fault);
    train(folder, &set.open(), &Control::default(), &mut sink);
    let Some(Outcome::Failed(message)) = sink.outcome() else {
        panic!("{:?}", sink.outcome());
    };
    let last = folder.last().expect("a checkpoint");
    assert_eq!(last.step, 4, "that of the last epoch");
    let message = message.clone();
    assert_eq!(
        folder.end(),
        Some(EndMark::Failed {
            message: message.clone()
        })
    );
    message
}

fn run(set: &TinySet) -> RunFolder {
    set.run(|config| config.epochs = 4)
}

#[test]
fn a_device_without_memory_ends_a_run_at_its_last_checkpoint() {
    let set = TinySet::new(4, 1);
    let folder = run(&set);
    let message = failed(&set, &folder, || panic!("wgpu error: Out of Memory"));
    assert!(
        message.starts_with(
            "device cpu has too little memory for these settings (wgpu error: Out of Memory). "
        ),
        "{message}"
    );
    assert!(
        message.ends_with("The checkpoint of step 4 is kept"),
        "{message}"
    );
    // It can be resumed, and comes to its end.
    let mut sink = Recorder::default();
    train(&folder, &set.open(), &Control::default(), &mut sink);
    assert_eq!(sink.outcome(), Some(&Outcome::Finished));
    assert_eq!(folder.steps().len(), 8);
}

#[test]
fn what_another_thread_says_of_the_device_is_told() {
    let set = TinySet::new(4, 1);
    let message = failed(&set, &run(&set), || {
        let device = thread::Builder::new().name("device".into());
        let device = device.spawn::<_, ()>(|| panic!("out of device memory allocating 123 bytes"));
        device.expect("a thread").join().expect_err("it panics");
        panic!("couldn't find resource for that handle");
    });
    assert!(
        message.contains(
            "too little memory for these settings (out of device memory allocating 123 bytes)"
        ),
        "{message}"
    );
}

#[test]
fn a_lost_device_ends_a_run_at_its_last_checkpoint() {
    let set = TinySet::new(4, 1);
    let message = failed(&set, &run(&set), || panic!("The device is poisoned"));
    assert!(
        message.starts_with("device cpu was lost (The device is poisoned): ")
            && message.contains("Restart the program")
            && message.ends_with("The checkpoint of step 4 is kept"),
        "{message}"
    );
}

#[test]
fn other_panics_are_bugs_and_stay_panics() {
    let set = TinySet::new(4, 1);
    let folder = run(&set);
    let mut sink = Recorder::after(5, || panic!("index out of bounds"));
    let result = catch_unwind(AssertUnwindSafe(|| {
        train(&folder, &set.open(), &Control::default(), &mut sink);
    }));
    let panic = result.expect_err("a panic");
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"index out of bounds"));
}
