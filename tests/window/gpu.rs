//! The window on a machine with a GPU: a script answers in the place of its driver, as the program's
//! own `devices --probe` would.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use fcn_workbench::engine::{DeviceId, Phase, RunConfig, RunState, Size, Waker};

use super::desk::Desk;
use crate::common::exclusive;

/// A folder with a program that answers the search for devices.
struct Driver {
    folder: tempfile::TempDir,
}

impl Driver {
    /// Of a machine with one card; the script says what it answers for that.
    fn new(card: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let driver = Self { folder };
        let script =
            format!("#!/bin/sh\ncase \"$3\" in\ngpu:0)\n{card}\n;;\n*) echo null;;\nesac\n");
        // While no other test starts programs, which would have the script open for a moment.
        let _order = exclusive();
        fs::write(driver.program(), script).expect("a script");
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(driver.program(), executable).expect("executable");
        driver
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("driver")
    }

    /// A file that a script may wait for.
    fn signal(&self) -> PathBuf {
        self.folder.path().join("go on")
    }
}

/// The answer for a card with so much memory, as JSON has it.
fn card(memory: &str) -> String {
    format!(
        r#"echo '{{"id":"gpu:0","name":"Some card","kind":"discrete-gpu","backend":"Vulkan","memory_bytes":{memory},"largest_buffer_bytes":{memory},"problem":null}}'"#
    )
}

/// A window on a machine with that card, once it is found.
fn desk_with(driver: &Driver, edit: impl FnOnce(&mut RunConfig)) -> Desk {
    let mut desk = Desk::on_machine(edit, Some(driver.program()), Arc::new(|| {}));
    desk.until("the card is found", |desk| !desk.engine().devices().probing);
    assert_eq!(desk.engine().devices().best(), DeviceId::Gpu(0));
    desk
}

#[test]
fn what_a_run_takes_of_a_cards_memory_is_said_beside_start() {
    let driver = Driver::new(&card("8589934592"));
    let mut desk = desk_with(&driver, |config| config.epochs = 2);
    desk.until("it is estimated", |desk| {
        desk.finds("of the device's 8.0 GiB")
    });
    assert!(desk.is_enabled("Start training"));
}

#[test]
fn what_cannot_fit_into_a_card_is_refused_with_what_would() {
    let driver = Driver::new(&card("100663296"));
    let mut desk = desk_with(&driver, |config| config.batch_size = 256);
    desk.until("it is refused", |desk| desk.says("Not enough memory"));
    assert!(desk.finds("and the device has 96 MiB in all"));
    assert!(!desk.is_enabled("Start training"));
    assert!(desk.finds("Use batch size "));
}

#[test]
fn a_card_that_does_not_tell_its_memory_is_said_to_be_unknown() {
    let driver = Driver::new(&card("null"));
    let mut desk = desk_with(&driver, |config| config.batch_size = 256);
    desk.until("it is estimated", |desk| {
        desk.says("The memory of this device is not known")
    });
    assert!(desk.is_enabled("Start training"));
}

#[test]
fn a_driver_that_hangs_delays_neither_the_window_nor_a_run_on_the_processor() {
    // It hangs until the run is over.
    let driver =
        Driver::new("while [ ! -e \"$(dirname \"$0\")/go on\" ]; do sleep 0.05; done\nexit 3");
    let program = Some(driver.program());
    let mut desk = Desk::on_machine(|config| config.epochs = 2, program, Arc::new(|| {}));
    assert!(desk.engine().devices().probing);
    assert!(desk.says("Looking for devices"));
    desk.train();
    assert_eq!(desk.run().state, RunState::Finished);
    assert_eq!(desk.run().config.device, DeviceId::Cpu);
    assert!(desk.engine().devices().probing, "the driver still hangs");

    fs::write(driver.signal(), "").expect("a file");
    desk.until("the driver is given up", |desk| {
        !desk.engine().devices().probing
    });
    let entry = desk.engine().devices().entry(DeviceId::Gpu(0));
    let problem = entry.and_then(|entry| entry.problem.as_deref());
    assert!(problem.is_some_and(|problem| problem.contains("ended the test process")));
    assert!(desk.is_enabled("Start training"));
}

/// Where a thread waits until it is let on.
#[derive(Default)]
struct Gate {
    /// How often a thread came, and how often one may pass.
    state: Mutex<[usize; 2]>,
    changed: Condvar,
}

impl Gate {
    fn pass(&self) {
        let mut state = self.state.lock().expect("no panic");
        state[0] += 1;
        while state[0] > state[1] {
            state = self.changed.wait(state).expect("no panic");
        }
    }

    fn is_held(&self) -> bool {
        let [came, may_pass] = *self.state.lock().expect("no panic");
        came > may_pass
    }

    fn let_one_pass(&self) {
        self.state.lock().expect("no panic")[1] += 1;
        self.changed.notify_all();
    }

    fn open(&self) {
        self.state.lock().expect("no panic")[1] = usize::MAX;
        self.changed.notify_all();
    }
}

fn is_training_thread() -> bool {
    thread::current().name() == Some("train")
}

#[test]
fn the_preparation_of_a_gpu_is_shown_and_can_be_left() {
    let driver = Driver::new(&card("8589934592"));
    let gate = Arc::new(Gate::default());
    let held = Arc::clone(&gate);
    let waker: Waker = Arc::new(move || {
        if is_training_thread() {
            held.pass();
        }
    });
    let mut desk = Desk::on_machine(|_| (), Some(driver.program()), waker);
    desk.until("the card is found", |desk| !desk.engine().devices().probing);
    desk.click("Start training");
    // The training thread goes on as far as it is let, and hangs in the driver then.
    let mut frames = 0;
    desk.until("the card is prepared", |desk| {
        frames = if gate.is_held() { frames + 1 } else { 0 };
        // All that it has told until now is taken in.
        if frames < 10 {
            return false;
        }
        let prepares = matches!(desk.phase(), Some(Phase::Preparing(_)));
        if !prepares {
            frames = 0;
            gate.let_one_pass();
        }
        prepares
    });
    assert!(desk.says("Preparing the GPU"));
    assert!(desk.finds("Starting its driver, "));
    assert!(desk.is_enabled("Stop now"));

    desk.click("Stop now");
    desk.until("it is left", |desk| desk.active().is_none());
    assert_eq!(desk.run().state, RunState::Stopped);
    assert!(desk.has_message("was stopped at once, before its first checkpoint"));
    assert!(desk.has_message("gpu:0 is still busy"));
    assert!(desk.is_enabled("Start training"), "the window lives on");
    gate.open();
}

/// A window in which a run fails after its first checkpoint, as `fault` makes the training thread
/// panic.
fn run_with_fault(fault: fn()) -> Desk {
    let armed = Arc::new(AtomicBool::new(false));
    let fires = Arc::clone(&armed);
    let waker: Waker = Arc::new(move || {
        if is_training_thread() && fires.swap(false, Ordering::SeqCst) {
            fault();
        }
    });
    let mut desk = Desk::on_machine(
        |config| {
            config.epochs = 5_000;
            config.batch_size = 4;
            // Far from a rate at which the loss overflows.
            config.learning.learning_rate = 1e-4;
            config.augment.crop = Some(Size::new(256, 256));
        },
        None,
        waker,
    );
    desk.click("Start training");
    // Epochs have 2 steps; that of the first one is told of at the end of the second.
    desk.until("there is a checkpoint", |desk| {
        desk.active().is_some_and(|active| active.step >= 6)
    });
    armed.store(true, Ordering::SeqCst);
    desk.until("the run is over", |desk| desk.active().is_none());
    desk
}

#[test]
fn a_device_without_memory_ends_a_run_with_what_would_fit_and_the_window_lives_on() {
    let mut desk = run_with_fault(|| panic!("wgpu error: Out of Memory"));
    let RunState::Failed(message) = desk.run().state.clone() else {
        panic!("{:?}", desk.run().state);
    };
    assert!(
        message.starts_with(
            "device cpu has too little memory for these settings (wgpu error: Out of Memory). What would fit: "
        ),
        "{message}"
    );
    assert!(message.contains("The checkpoint of step "), "{message}");
    let told = desk.app().toasts().shown();
    let told = told.filter(|text| text.contains("too little memory"));
    assert_eq!(told.count(), 1, "one message");
    let resume = format!("Resume {}", desk.run().title());
    assert!(desk.is_enabled(&resume));
    assert!(desk.is_enabled("Start training"));
    // In this small window it may lie below what the panel shows.
    desk.find(&resume).click_accesskit();
    desk.frames(3);
    desk.until("it goes on", |desk| {
        desk.active().is_some_and(|active| active.info.is_some())
    });
    desk.click("Stop now");
    desk.until("it has stopped", |desk| desk.active().is_none());
}

#[test]
fn a_lost_device_ends_a_run_at_its_last_checkpoint_and_the_window_lives_on() {
    let desk = run_with_fault(|| {
        // As where the thread of the device learns of it, and the training only finds nothing.
        let device = thread::Builder::new().name("device".into());
        let device = device.spawn::<_, ()>(|| panic!("wgpu error: Parent device is lost"));
        device.expect("a thread").join().expect_err("it panics");
        panic!("couldn't find resource for that handle");
    });
    let RunState::Failed(message) = desk.run().state.clone() else {
        panic!("{:?}", desk.run().state);
    };
    assert!(
        message.starts_with("device cpu was lost (wgpu error: Parent device is lost)"),
        "{message}"
    );
    assert!(message.contains("The checkpoint of step "), "{message}");
    assert!(desk.is_enabled(&format!("Resume {}", desk.run().title())));
    assert!(desk.is_enabled("Start training"));
}
