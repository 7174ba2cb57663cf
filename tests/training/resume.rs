//! Runs that were paused or stopped and go on.

use fcn_workbench::dataset::Size;
use fcn_workbench::model::FinalUpsampling;
use fcn_workbench::training::checkpoint::EndMark;
use fcn_workbench::training::{
    Control, Learning, Outcome, RunConfig, Schedule, StepPhase, TrainEvent, train,
};

use super::epochs;
use crate::common::{Recorder, TinySet};

#[test]
fn a_resumed_run_goes_on_as_if_it_had_not_been_stopped() {
    let set = TinySet::new(6, 1);
    let unbroken = set.run(|config| config.epochs = 2);
    let mut whole = Recorder::default();
    train(&unbroken, &set.open(), &Control::default(), &mut whole);

    let broken = set.run(|config| config.epochs = 2);
    let control = Control::default();
    let stopper = control.clone();
    let mut first = Recorder::after(2, move || stopper.stop());
    train(&broken, &set.open(), &control, &mut first);
    assert_eq!(first.outcome(), Some(&Outcome::Stopped { step: 2 }));
    assert_eq!(broken.end(), Some(EndMark::Stopped));
    let mut rest = Recorder::default();
    train(&broken, &set.open(), &Control::default(), &mut rest);
    assert_eq!(rest.outcome(), Some(&Outcome::Finished));

    let joined: Vec<f64> = first.losses().into_iter().chain(rest.losses()).collect();
    assert_eq!(joined, whole.losses());
    let scores = |sink: &Recorder| {
        epochs(sink)
            .iter()
            .map(|epoch| epoch.scores.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(scores(&rest), scores(&whole));
    let steps: Vec<usize> = broken.steps().iter().map(|step| step.step).collect();
    assert_eq!(steps, [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_stop_at_once_leaves_the_step_in_hand_and_goes_back_to_the_checkpoint() {
    let set = TinySet::new(6, 1);
    let edit = |config: &mut RunConfig| config.epochs = 3;
    let unbroken = set.run(edit);
    let mut whole = Recorder::default();
    train(&unbroken, &set.open(), &Control::default(), &mut whole);

    // After step 5 of 9 the last checkpoint is that of the first epoch, after step 3.
    let broken = set.run(edit);
    let control = Control::default();
    let stopper = control.clone();
    let mut first = Recorder::after(5, move || stopper.stop_now());
    train(&broken, &set.open(), &control, &mut first);
    let checkpoint = Some(3);
    assert_eq!(first.outcome(), Some(&Outcome::StoppedNow { checkpoint }));
    assert_eq!(broken.end(), Some(EndMark::Stopped));
    assert_eq!(control.step_progress(), None);
    let mut rest = Recorder::default();
    train(&broken, &set.open(), &Control::default(), &mut rest);
    assert_eq!(rest.outcome(), Some(&Outcome::Finished));
    assert_eq!(rest.losses(), whole.losses()[3..]);
    let steps: Vec<usize> = broken.steps().iter().map(|step| step.step).collect();
    assert_eq!(steps, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn a_stop_at_once_ends_a_step_in_the_middle() {
    let set = TinySet::new(2, 1);
    let folder = set.run(|config| config.augment.crop = Some(Size::new(384, 384)));
    let control = Control::default();
    let watcher = {
        let control = control.clone();
        let name = std::thread::Builder::new().name("watcher".to_owned());
        name.spawn(move || {
            loop {
                if let Some(progress) = control.step_progress()
                    && progress.phase == StepPhase::Forward
                {
                    control.stop_now();
                    return progress;
                }
                std::thread::yield_now();
            }
        })
    };
    let mut sink = Recorder {
        unwatched: true,
        ..Recorder::default()
    };
    train(&folder, &set.open(), &control, &mut sink);
    let progress = watcher.expect("a thread").join().expect("it ended");
    assert_eq!((progress.step, progress.batches), (1, 1));
    let checkpoint = None;
    assert_eq!(sink.outcome(), Some(&Outcome::StoppedNow { checkpoint }));
    assert!(sink.steps().is_empty() && folder.steps().is_empty());
    assert!(folder.last().is_none());
}

#[test]
fn a_resumed_run_with_accumulation_and_a_schedule_goes_on_as_if_it_had_not_been_stopped() {
    // 5 batches an epoch, 2 a step: steps of 2, 2 and 1.
    let set = TinySet::new(5, 1);
    let edit = |config: &mut RunConfig| {
        config.epochs = 2;
        config.batch_size = 1;
        config.final_upsampling = FinalUpsampling::AllFixed;
        config.learning = Learning {
            schedule: Schedule::Cosine { min_rate: 1e-3 },
            warmup_steps: 3,
            bias_rate: 2.0,
            decay_biases: false,
            accumulation: 2,
            clip_norm: Some(1.0),
            ..config.learning.clone()
        };
    };
    let unbroken = set.run(edit);
    let mut whole = Recorder::default();
    train(&unbroken, &set.open(), &Control::default(), &mut whole);
    assert_eq!(whole.outcome(), Some(&Outcome::Finished));
    let info = whole.events.iter().find_map(|event| match event {
        TrainEvent::Started(info) => Some((info.steps_per_epoch, info.total_steps)),
        _ => None,
    });
    assert_eq!(info, Some((3, 6)));
    assert_eq!(whole.losses().len(), 6);
    for epoch in epochs(&whole) {
        // The mean over the five batches, whatever steps they were in.
        let losses = &whole.losses()[3 * (epoch.epoch - 1)..3 * epoch.epoch];
        let mean = (2.0 * losses[0] + 2.0 * losses[1] + losses[2]) / 5.0;
        assert!(
            (epoch.train_loss - mean).abs() < 1e-9,
            "{} != {mean}",
            epoch.train_loss
        );
    }

    // Inside an epoch, at the end of one, and inside the next.
    for after in [2, 3, 4] {
        let broken = set.run(edit);
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
        let steps: Vec<usize> = broken.steps().iter().map(|step| step.step).collect();
        assert_eq!(steps, [1, 2, 3, 4, 5, 6]);
    }
}

#[test]
fn a_stop_before_the_last_validation_does_not_lose_it() {
    let set = TinySet::new(4, 1);
    let folder = set.run(|_| {});
    let control = Control::default();
    let stopper = control.clone();
    let mut first = Recorder::after(2, move || stopper.stop());
    train(&folder, &set.open(), &control, &mut first);
    assert_eq!(first.outcome(), Some(&Outcome::Stopped { step: 2 }));
    assert!(epochs(&first).is_empty());
    let mut rest = Recorder::default();
    train(&folder, &set.open(), &Control::default(), &mut rest);
    assert_eq!(rest.outcome(), Some(&Outcome::Finished));
    assert_eq!((rest.losses().len(), epochs(&rest).len()), (0, 1));
    assert!(folder.best().is_some());
}

#[test]
fn a_pause_ends() {
    let set = TinySet::new(4, 1);
    let folder = set.run(|_| {});
    let control = Control::default();
    let pauser = control.clone();
    let mut sink = Recorder::after(1, move || {
        pauser.pause();
        let unpauser = pauser.clone();
        std::thread::Builder::new()
            .name("unpauses".to_owned())
            .spawn(move || unpauser.unpause())
            .expect("a thread");
    });
    train(&folder, &set.open(), &control, &mut sink);
    assert_eq!(sink.outcome(), Some(&Outcome::Finished));
    assert_eq!(sink.losses().len(), 2);
}
