use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::active_run::{ActiveRun, Phase};
use super::current::Current;
use super::run_event::RunEventKind;
use super::thread_event::{PreviewSlot, ThreadEvent};
use super::trainer::Trainer;
use crate::dataset::{ClassList, ImageReading};
use crate::engine::{Dirs, EngineError, NoticeLevel, RunState};
use crate::metrics::Scores;
use crate::model::Trunk;
use crate::training::checkpoint::{RunFolder, RunMeta};
use crate::training::{
    Control, DeviceId, EpochRecord, Outcome, Preparation, RunConfig, RunInfo, StepRecord,
    TrainEvent, preset,
};

const RUN: &str = "r";

fn trainer(dir: &Path) -> Trainer {
    let dirs = Dirs {
        data: dir.join("data"),
        runs: dir.join("runs"),
    };
    let mut trainer = Trainer::new(dirs, Arc::new(|| {}), false);
    trainer.run_events.keep();
    trainer
}

/// Lets `trainer` take in `events` as if `thread` sent them.
fn fake_thread(
    trainer: &mut Trainer,
    config: RunConfig,
    events: Receiver<ThreadEvent>,
    thread: impl FnOnce() + Send + 'static,
) {
    let builder = std::thread::Builder::new().name("train".into());
    trainer.current = Some(Current {
        active: ActiveRun::new(config),
        classes: Arc::default(),
        control: Control::default(),
        events,
        previews: PreviewSlot::default(),
        thread: builder.spawn(thread).expect("a thread"),
        leave_at: None,
    });
}

/// Lets `trainer` follow a run whose thread sends `events`.
fn follow(trainer: &mut Trainer, events: Vec<ThreadEvent>) -> Sender<ThreadEvent> {
    let (sender, receiver) = bounded(64);
    for event in events {
        sender.send(event).expect("room");
    }
    fake_thread(trainer, preset(Trunk::Vgg16Slim), receiver, || {});
    sender
}

fn opened(dir: &Path) -> ThreadEvent {
    let meta = RunMeta {
        config: preset(Trunk::Vgg16Slim),
        classes: ClassList::numbered(2),
        images: ImageReading::default(),
        dataset_name: "sample".to_owned(),
        created: 0,
    };
    let folder = RunFolder::create(&dir.join("runs"), RUN, &meta).expect("a folder");
    ThreadEvent::Opened {
        folder,
        meta: Box::new(meta),
    }
}

fn started(first_step: usize) -> ThreadEvent {
    ThreadEvent::Train(TrainEvent::Started(RunInfo {
        run: RUN.to_owned(),
        device: "CPU".to_owned(),
        arithmetic: "f32".to_owned(),
        parameters: 1,
        steps_per_epoch: 2,
        total_steps: 6,
        first_step,
        repeats: None,
    }))
}

fn step(step: usize) -> ThreadEvent {
    ThreadEvent::Train(TrainEvent::Step(StepRecord {
        step,
        epoch: 1,
        loss: 1.0,
        learning_rate: 0.1,
        grad_norm: None,
        secs: 0.1,
    }))
}

fn epoch(epoch: usize) -> ThreadEvent {
    ThreadEvent::Train(TrainEvent::EpochEnded(EpochRecord {
        epoch,
        step: 2 * epoch,
        train_loss: 1.0,
        val_loss: None,
        scores: Scores::default(),
        elapsed_secs: 1.0,
        best: true,
    }))
}

fn ended(outcome: Outcome) -> ThreadEvent {
    ThreadEvent::Train(TrainEvent::Ended(outcome))
}

/// The events since the last call, in short.
fn told(trainer: &mut Trainer) -> String {
    while trainer.poll(&mut Vec::new(), &mut Vec::new()) {}
    let events = trainer.run_events.take();
    assert!(events.iter().all(|event| event.run == RUN), "{events:?}");
    let word = |kind: &RunEventKind| match kind {
        RunEventKind::Started(Some(info)) => format!("started@{}", info.first_step),
        RunEventKind::Started(None) => "started".to_owned(),
        RunEventKind::Step(step) => format!("s{}", step.step),
        RunEventKind::Epoch(epoch) => format!("e{}", epoch.epoch),
        RunEventKind::Alarm(alarm) => format!("!{}", alarm.kind.id()),
        RunEventKind::Waiting(_) => "waiting".to_owned(),
        RunEventKind::Continues => "continues".to_owned(),
        RunEventKind::Ended => "ended".to_owned(),
    };
    let words: Vec<String> = events.iter().map(|event| word(&event.kind)).collect();
    words.join(" ")
}

#[test]
fn events_come_once_and_in_order() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut trainer = trainer(dir.path());
    let sender = follow(&mut trainer, vec![opened(dir.path())]);
    assert_eq!(told(&mut trainer), "");
    let send = |events: Vec<ThreadEvent>| {
        for event in events {
            sender.send(event).expect("room");
        }
    };
    send(vec![started(0), step(1)]);
    assert_eq!(told(&mut trainer), "started@0 s1");
    send(vec![step(2), epoch(1), step(3), step(4), epoch(2), step(5)]);
    assert_eq!(told(&mut trainer), "s2 e1 s3 s4 e2 s5");
    assert_eq!(told(&mut trainer), "");
    send(vec![step(6), epoch(3), ended(Outcome::Finished)]);
    assert_eq!(told(&mut trainer), "s6 e3 ended");
}

#[test]
fn a_resumed_run_tells_only_what_is_new() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut trainer = trainer(dir.path());
    let outcome = Outcome::Stopped { step: 6 };
    let events = vec![
        opened(dir.path()),
        started(4),
        step(5),
        step(6),
        epoch(3),
        ended(outcome),
    ];
    follow(&mut trainer, events);
    assert_eq!(told(&mut trainer), "started@4 s5 s6 e3 ended");
}

#[test]
fn a_run_that_never_started_still_ends() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut trainer = trainer(dir.path());
    let failed = || ended(Outcome::Failed("no".to_owned()));
    follow(&mut trainer, vec![opened(dir.path()), failed()]);
    assert_eq!(told(&mut trainer), "started ended");
    // Without a folder there is no run.
    follow(&mut trainer, vec![failed()]);
    assert_eq!(told(&mut trainer), "");
}

#[test]
fn a_run_left_at_once_resumes_from_the_checkpoint_that_was_told_of_last() {
    for checkpoint in [None, Some(4)] {
        let dir = tempfile::tempdir().expect("a folder");
        let mut trainer = trainer(dir.path());
        let left = ended(Outcome::StoppedNow { checkpoint });
        let mut events = vec![opened(dir.path()), started(0), step(5)];
        let saved = |step| ThreadEvent::Train(TrainEvent::Saved { step });
        events.extend(checkpoint.map(saved));
        events.push(left);
        let _sender = follow(&mut trainer, events);
        let (mut runs, mut notices) = (Vec::new(), Vec::new());
        while trainer.poll(&mut runs, &mut notices) {}
        let run = runs.first().expect("the run");
        assert_eq!(run.state, RunState::Stopped);
        let resumable = checkpoint.is_some();
        assert_eq!((run.has_weights, run.can_resume), (resumable, resumable));
    }
}

#[test]
fn a_lost_thread_has_failed_and_makes_room_for_the_next_run() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut trainer = trainer(dir.path());
    let sender = follow(&mut trainer, vec![opened(dir.path()), started(0)]);
    assert_eq!(told(&mut trainer), "started@0");
    drop(sender);
    let (mut runs, mut notices) = (Vec::new(), Vec::new());
    while trainer.poll(&mut runs, &mut notices) {}
    assert!(trainer.active().is_none());
    assert!(notices.iter().any(|n| n.level == NoticeLevel::Error));
    assert_eq!(told(&mut trainer), "ended");
}

#[test]
fn nothing_piles_up_where_nobody_takes_events() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut trainer = trainer(dir.path());
    trainer.run_events = super::run_event::RunEvents::default();
    let events = vec![opened(dir.path()), started(0), step(1), step(2)];
    follow(&mut trainer, events);
    assert_eq!(told(&mut trainer), "");
}

#[test]
fn without_a_run_there_is_nothing_to_pause_or_stop() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut trainer = trainer(dir.path());
    for result in [trainer.pause(), trainer.unpause(), trainer.stop()] {
        assert!(matches!(result, Err(EngineError::NotTraining)));
    }
    let config = preset(Trunk::Vgg16Slim);
    let _sender = follow(&mut trainer, vec![opened(dir.path())]);
    while trainer.poll(&mut Vec::new(), &mut Vec::new()) {}
    trainer.pause().expect("a pause");
    let second = trainer.start(vec![config], false);
    assert!(matches!(second, Err(EngineError::Busy { run }) if run == RUN));
}

#[test]
fn a_run_whose_gpu_does_not_let_go_is_left() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut trainer = trainer(dir.path());
    trainer.patience = Duration::ZERO;
    let (sender, receiver) = bounded(64);
    sender.send(opened(dir.path())).expect("room");
    let preparing = ThreadEvent::Train(TrainEvent::Preparing(Preparation::Kernels));
    sender.send(preparing).expect("room");
    // A compiler that nobody can interrupt.
    let (compiled, compiler) = bounded::<()>(0);
    let config = RunConfig {
        device: DeviceId::Gpu(0),
        ..preset(Trunk::Vgg16Slim)
    };
    fake_thread(&mut trainer, config, receiver, move || {
        compiler.recv().ok();
    });
    let (mut runs, mut notices) = (Vec::new(), Vec::new());
    while trainer.poll(&mut runs, &mut notices) {}
    let active = trainer.active().expect("a run");
    assert_eq!(active.phase, Phase::Preparing(Preparation::Kernels));
    assert!(active.preparing_for().is_some());

    trainer.stop_now().expect("a run");
    while trainer.poll(&mut runs, &mut notices) {}
    assert!(trainer.active().is_none());
    let texts: Vec<&str> = notices.iter().map(|notice| notice.text.as_str()).collect();
    assert!(texts[0].starts_with("gpu:0 is still busy with what r had begun"));
    assert!(texts[1].ends_with("was stopped at once, before its first checkpoint"));
    assert!(trainer.is_left(RUN) && !trainer.is_left("another"));
    assert_eq!(told(&mut trainer), "started ended");
    drop(compiled);
    while trainer.is_left(RUN) {
        std::thread::yield_now();
    }
}

#[test]
fn the_program_ends_although_a_gpu_does_not_answer() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut trainer = trainer(dir.path());
    trainer.patience = Duration::ZERO;
    let (_sender, receiver) = bounded(64);
    let (_compiled, compiler) = bounded::<()>(0);
    let config = RunConfig {
        device: DeviceId::Gpu(0),
        ..preset(Trunk::Vgg16Slim)
    };
    fake_thread(&mut trainer, config, receiver, move || {
        compiler.recv().ok();
    });
    // This would wait for ever.
    drop(trainer);
}
