//! What happens to runs, in order, for whoever reports it line by line.

use crate::training::{Alarm, EpochRecord, RunInfo, StepRecord, TrainEvent};

/// Something that happened to a run. How far it is at the moment is
/// [`Engine::active`](crate::engine::Engine::active), how it ended is
/// [`RunSnapshot::state`](crate::engine::RunSnapshot::state).
#[derive(Debug, Clone, PartialEq)]
pub struct RunEvent {
    /// Name of the run.
    pub run: String,
    /// What happened.
    pub kind: RunEventKind,
}

/// Order of one run: `Started (Step | Epoch | Alarm | Waiting | Continues)* Ended`. All that is new since the run was started or
/// resumed comes once; a run that ends before its folder was made has no events.
#[derive(Debug, Clone, PartialEq)]
pub enum RunEventKind {
    /// The run is on its device; `None` = it ended before it got there.
    Started(Option<RunInfo>),
    /// One step is done.
    Step(StepRecord),
    /// An epoch was trained and validated.
    Epoch(EpochRecord),
    /// Something is likely to be wrong.
    Alarm(Alarm),
    /// It cannot be saved, and why: it waits until it can.
    Waiting(String),
    /// It can be saved again.
    Continues,
    /// The run is over.
    Ended,
}

impl RunEventKind {
    /// What is told as it comes, beside its notice.
    pub(super) fn of(event: &TrainEvent) -> Option<Self> {
        match event {
            TrainEvent::Alarm(alarm) => Some(Self::Alarm(alarm.clone())),
            TrainEvent::Blocked(problem) => Some(Self::Waiting(problem.clone())),
            TrainEvent::Unblocked => Some(Self::Continues),
            _ => None,
        }
    }
}

/// Events that nobody has taken yet.
#[derive(Debug, Default)]
pub(super) struct RunEvents {
    /// `None` = nobody takes them, so none are kept.
    waiting: Option<Vec<RunEvent>>,
    /// The run whose start was told.
    started: Option<String>,
}

impl RunEvents {
    pub fn keep(&mut self) {
        self.waiting.get_or_insert_default();
    }

    pub fn take(&mut self) -> Vec<RunEvent> {
        self.waiting
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    pub fn started(&mut self, run: &str, info: RunInfo) {
        self.started = Some(run.to_owned());
        self.push(run, RunEventKind::Started(Some(info)));
    }

    pub fn ended(&mut self, run: &str) {
        if run.is_empty() {
            return;
        }
        if self.started.take().as_deref() != Some(run) {
            self.push(run, RunEventKind::Started(None));
        }
        self.push(run, RunEventKind::Ended);
    }

    pub fn push(&mut self, run: &str, kind: RunEventKind) {
        if let Some(waiting) = &mut self.waiting {
            waiting.push(RunEvent {
                run: run.to_owned(),
                kind,
            });
        }
    }
}
