//! A clock that jumps while a run is trained: forward by hours, as over a sleep of some systems, and
//! back by minutes.

use std::cell::Cell;
use std::fs;
use std::time::{Duration, Instant};

use fcn_workbench::files::{Existing, Outputs};
use fcn_workbench::training::checkpoint::RunFolder;
use fcn_workbench::training::{
    Control, Now, Outcome, RunConfig, SavedWeights, TrainEvent, TrainOptions, TrainSink,
    export_run, train, train_with,
};

use crate::common::{Recorder, TinySet};
use crate::training::epochs;

const MILLISECOND: Duration = Duration::from_millis(1);
const FORWARD: Duration = Duration::from_hours(5);
const BACK: Duration = Duration::from_mins(10);

thread_local! {
    static NOW: Cell<Instant> = Cell::new(Instant::now() + Duration::from_hours(24));
    /// How it jumps, and after how many more readings.
    static JUMP: Cell<Option<(usize, Jump)>> = const { Cell::new(None) };
}

#[derive(Clone, Copy)]
enum Jump {
    Forward,
    Back,
}

/// A millisecond after the last reading, but for jumps.
fn now() -> Instant {
    let mut now = NOW.get() + MILLISECOND;
    match JUMP.get() {
        Some((0, jump)) => {
            JUMP.set(None);
            now = match jump {
                Jump::Forward => now + FORWARD,
                Jump::Back => now.checked_sub(BACK).expect("a time"),
            };
        }
        Some((left, jump)) => JUMP.set(Some((left - 1, jump))),
        None => {}
    }
    NOW.set(now);
    now
}

/// Lets the clock jump in the middle of steps, and has what was saved written out before: a pause waits
/// for it.
struct Shaken {
    control: Control,
    events: Recorder,
}

impl TrainSink for Shaken {
    fn wants_previews(&self) -> bool {
        false
    }

    fn send(&mut self, event: TrainEvent) {
        match &event {
            TrainEvent::Step(step) => match step.step {
                1 | 5 | 7 | 10 => self.control.pause(),
                // Readings later it is the middle of the next step.
                3 => JUMP.set(Some((3, Jump::Forward))),
                8 => JUMP.set(Some((3, Jump::Back))),
                _ => {}
            },
            TrainEvent::Paused => self.control.unpause(),
            _ => {}
        }
        self.events.send(event);
    }
}

/// The values of the best weights, without the header, which tells when the run began.
fn weights(set: &TinySet, folder: &RunFolder) -> Vec<u8> {
    let file = set.dir.path().join("weights.safetensors");
    fs::remove_file(&file).ok();
    let output = Outputs::new(Existing::Keep).claim(&file).expect("a name");
    export_run(folder, SavedWeights::Best, &output).expect("a file");
    let bytes = fs::read(file).expect("weights");
    let (length, rest) = bytes.split_first_chunk::<8>().expect("a length");
    let values = &rest[u64::from_le_bytes(*length) as usize..];
    assert!(!values.is_empty());
    values.to_vec()
}

#[test]
fn a_clock_that_jumps_costs_no_checkpoint_and_no_step() {
    let set = TinySet::new(12, 1);
    let edit = |config: &mut RunConfig| {
        // Six steps each.
        config.epochs = 2;
        config.checkpoints.minutes = 3.0;
    };
    let unbroken = set.run(edit);
    let mut whole = Recorder {
        unwatched: true,
        ..Recorder::default()
    };
    train(&unbroken, &set.open(), &Control::default(), &mut whole);

    let folder = set.run(edit);
    let control = Control::default();
    let mut shaken = Shaken {
        control: control.clone(),
        events: Recorder::default(),
    };
    let options = TrainOptions {
        time: Now(now),
        ..TrainOptions::default()
    };
    train_with(options, &folder, &set.open(), &control, &mut shaken);
    let found = shaken.events;
    assert_eq!(found.outcome(), Some(&Outcome::Finished));
    assert!(JUMP.get().is_none(), "it has jumped");

    // No step is lost, and the result is the same bit by bit.
    assert_eq!(found.losses(), whole.losses());
    let steps: Vec<usize> = folder.steps().iter().map(|step| step.step).collect();
    assert_eq!(steps, (1..=12).collect::<Vec<_>>());
    assert!(weights(&set, &folder) == weights(&set, &unbroken));
    for (found, whole) in epochs(&found).iter().zip(epochs(&whole)) {
        assert_eq!(
            (&found.scores, found.val_loss),
            (&whole.scores, whole.val_loss)
        );
    }

    // Three minutes were over after the first jump, and nobody knows it after the second.
    let saved = found.events.iter().filter_map(|event| match event {
        TrainEvent::Saved { step } => Some(*step),
        _ => None,
    });
    let saved: Vec<usize> = saved.collect();
    assert!(!saved.contains(&2), "{saved:?}");
    for after in [[3, 4], [8, 9]] {
        assert!(after.iter().any(|step| saved.contains(step)), "{saved:?}");
    }
    assert_eq!(folder.last().expect("a checkpoint").step, 12);

    // Durations are those of steps, whatever the clock said.
    assert!(found.steps().iter().all(|step| step.secs >= 0.0));
    let elapsed: Vec<f64> = folder
        .epochs()
        .iter()
        .map(|epoch| epoch.elapsed_secs)
        .collect();
    assert!(elapsed.is_sorted() && elapsed.len() == 2, "{elapsed:?}");
    assert!(
        elapsed.iter().all(|secs| (0.01..60.0).contains(secs)),
        "{elapsed:?}"
    );
    assert!(control.trained() < Duration::from_mins(1));
}
