//! What the training thread tells the engine, and what ends a run before the machine does.

use std::sync::PoisonError;

use crossbeam_channel::Sender;

use super::thread_event::{PreviewSlot, ThreadEvent};
use crate::engine::{EngineError, Waker};
use crate::training::checkpoint::{EndMark, RunFolder};
use crate::training::{
    Control, DatasetRef, MemoryWatch, Outcome, PowerWatch, TrainEvent, TrainSink,
};

/// Passes events on. Numbers wait for a place in the channel; masks never do.
pub(super) struct EngineSink {
    events: Sender<ThreadEvent>,
    previews: Option<PreviewSlot>,
    waker: Waker,
    /// Whether the end was told.
    pub ended: bool,
    control: Control,
    memory: MemoryWatch,
    power: PowerWatch,
    /// What the machine had too little of.
    shortage: Option<Shortage>,
    /// Once it is there.
    pub folder: Option<RunFolder>,
    /// Where the dataset is that the run was resumed on, and what it is called, where that is another place than
    /// before. The run keeps it once it has started.
    pub moved: Option<(DatasetRef, String)>,
    /// The step of the last checkpoint that was told of.
    saved: Option<usize>,
}

/// Why a run was stopped that nobody asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shortage {
    /// Bytes that were left.
    Memory(u64),
    /// Percent that were left in the battery.
    Power(u8),
}

impl EngineSink {
    pub fn new(
        events: Sender<ThreadEvent>,
        previews: Option<PreviewSlot>,
        waker: Waker,
        control: Control,
    ) -> Self {
        Self {
            events,
            previews,
            waker,
            ended: false,
            control,
            memory: MemoryWatch::default(),
            power: PowerWatch::default(),
            shortage: None,
            folder: None,
            moved: None,
            saved: None,
        }
    }

    /// Ends the run while it can still be saved.
    fn look_at_machine(&mut self) {
        if self.shortage.is_some() {
            return;
        }
        let memory = self.memory.low().map(Shortage::Memory);
        self.shortage = memory.or_else(|| self.power.low().map(Shortage::Power));
        if self.shortage.is_some() {
            self.control.stop();
        }
    }

    /// What is to be told of an end: why the run was stopped, where nobody asked for that.
    fn explained(&self, outcome: Outcome) -> Outcome {
        let (&Outcome::Stopped { step }, Some(shortage)) = (&outcome, self.shortage) else {
            return outcome;
        };
        let err = match shortage {
            Shortage::Memory(available) => EngineError::LowMemory { available, step },
            Shortage::Power(percent) => EngineError::LowBattery { percent, step },
        };
        let message = err.to_string();
        if let Some(folder) = &self.folder {
            let end = EndMark::Failed {
                message: message.clone(),
            };
            folder
                .set_end(&end)
                .unwrap_or_else(|err| log::warn!("{err}"));
        }
        Outcome::Failed(message)
    }

    /// Tells of a checkpoint that was written while the run was left or failed.
    fn tell_of_checkpoint(&mut self) {
        let last = self.folder.as_ref().and_then(RunFolder::last);
        if let Some(step) = last
            .map(|last| last.step)
            .filter(|step| self.saved < Some(*step))
        {
            self.pass_on(TrainEvent::Saved { step });
        }
    }

    fn pass_on(&mut self, event: TrainEvent) {
        if let TrainEvent::Saved { step } = event {
            self.saved = Some(step);
        }
        // The receiver is gone when the engine is; the control then says stop.
        self.events.send(ThreadEvent::Train(event)).ok();
    }
}

impl TrainSink for EngineSink {
    fn send(&mut self, event: TrainEvent) {
        let event = match event {
            TrainEvent::Ended(outcome) => {
                self.ended = true;
                self.tell_of_checkpoint();
                TrainEvent::Ended(self.explained(outcome))
            }
            event => event,
        };
        if matches!(event, TrainEvent::Started(_))
            && let Some((dataset, name)) = self.moved.take()
        {
            self.events.send(ThreadEvent::Moved { dataset, name }).ok();
        }
        if matches!(event, TrainEvent::Step(_)) {
            self.look_at_machine();
        }
        match (event, &self.previews) {
            (TrainEvent::Preview(preview), Some(slot)) => {
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(preview);
            }
            (event, _) => self.pass_on(event),
        }
        (self.waker)();
    }

    fn wants_previews(&self) -> bool {
        self.previews.is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;

    use crossbeam_channel::{Receiver, bounded};

    use super::*;
    use crate::training::StepRecord;

    fn sink() -> (EngineSink, Receiver<ThreadEvent>) {
        let (sender, events) = bounded(16);
        let sink = EngineSink::new(sender, None, Arc::new(|| {}), Control::default());
        (sink, events)
    }

    fn step(step: usize) -> TrainEvent {
        TrainEvent::Step(StepRecord {
            step,
            epoch: 1,
            loss: 1.0,
            learning_rate: 0.1,
            grad_norm: None,
            secs: 0.1,
        })
    }

    #[test]
    fn a_run_is_stopped_before_the_battery_is_empty_and_its_end_says_why() {
        let dir = tempfile::tempdir().expect("a folder");
        let battery = dir.path().join("BAT0");
        fs::create_dir(&battery).expect("a folder");
        for (name, text) in [
            ("type", "Battery"),
            ("status", "Discharging"),
            ("capacity", "4"),
        ] {
            fs::write(battery.join(name), text).expect("written");
        }
        let (mut sink, events) = sink();
        sink.power = PowerWatch::at(dir.path());
        sink.send(step(9));
        assert!(sink.control.stop_requested());
        assert!(!sink.control.stop_now_requested(), "it is to be saved");
        sink.send(TrainEvent::Ended(Outcome::Stopped { step: 9 }));
        let last = events.try_iter().last().expect("an event");
        let ThreadEvent::Train(TrainEvent::Ended(Outcome::Failed(message))) = last else {
            panic!("{last:?}")
        };
        assert!(
            message.contains("battery had only 4 % left") && message.contains("after step 9"),
            "{message}"
        );
    }

    #[test]
    fn a_checkpoint_is_told_of_before_the_end_and_once() {
        for (told, expected) in [(None, vec![7]), (Some(7), vec![7]), (Some(5), vec![5, 7])] {
            let dir = tempfile::tempdir().expect("a folder");
            // A manifest as runs have had it from the beginning.
            let manifest = r#"{"step": 7, "epoch": 1, "batch": 0, "elapsed_secs": 1.0,
                "epoch_loss": 1.0, "weights": "w.bpk", "optimizer": "o.bpk"}"#;
            fs::write(dir.path().join("last.json"), manifest).expect("written");
            let (mut sink, events) = sink();
            sink.folder = Some(RunFolder::at(dir.path().to_owned()));
            if let Some(step) = told {
                sink.send(TrainEvent::Saved { step });
            }
            sink.send(TrainEvent::Ended(Outcome::StoppedNow {
                checkpoint: Some(7),
            }));
            let mut saved = Vec::new();
            let mut ends = 0;
            for event in events.try_iter() {
                match event {
                    ThreadEvent::Train(TrainEvent::Saved { step }) => {
                        assert_eq!(ends, 0, "before the end");
                        saved.push(step);
                    }
                    ThreadEvent::Train(TrainEvent::Ended(_)) => ends += 1,
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!((saved, ends), (expected, 1));
        }
    }
}
