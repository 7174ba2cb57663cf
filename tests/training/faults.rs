//! Faults of a device in the middle of a run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use crate::common::{Recorder, TinySet};
use fcn_workbench::training::checkpoint::{EndMark, RunFolder};
use fcn_workbench::training::{Control, Outcome, TrainEvent, TrainSink, train};

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

/// Passes events on to a receiver that takes none.
struct Full {
    events: SyncSender<TrainEvent>,
    /// Events that were sent, or wait.
    sent: Arc<AtomicUsize>,
}

impl TrainSink for Full {
    fn send(&mut self, event: TrainEvent) {
        self.sent.fetch_add(1, Ordering::SeqCst);
        // Blocks until there is no receiver any more.
        self.events.send(event).ok();
    }
}

#[test]
fn a_receiver_that_never_drains_holds_no_run_back_from_its_end() {
    const ROOM: usize = 4;
    let set = TinySet::new(4, 1);
    let folder = run(&set);
    let (events, receiver) = sync_channel(ROOM);
    let sent = Arc::new(AtomicUsize::new(0));
    let mut sink = Full {
        events,
        sent: Arc::clone(&sent),
    };
    let control = Control::default();
    let (dataset, trained, stopped) = (set.open(), folder.clone(), control.clone());
    let thread = thread::Builder::new().name("train".into());
    let thread = thread.spawn(move || train(&trained, &dataset, &stopped, &mut sink));
    let thread = thread.expect("a thread");
    // The next event finds no room, and the loop waits.
    while sent.load(Ordering::SeqCst) <= ROOM {
        assert!(!thread.is_finished());
        thread::sleep(Duration::from_millis(1));
    }
    // As the end of the program does it.
    control.stop();
    drop(receiver);
    thread.join().expect("no panic");
    assert_eq!(folder.end(), Some(EndMark::Stopped));
    let steps = folder.steps().len();
    assert_eq!(folder.last().expect("a checkpoint").step, steps);
    assert!(steps < 8, "it was held back until then");
}
