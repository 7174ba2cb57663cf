//! How a run ended: what is told, and what its state is.

use super::active_run::ActiveRun;
use crate::engine::runs::{RunSnapshot, RunState};
use crate::engine::{Notice, NoticeLevel};
use crate::training::Outcome;

/// What is told of the end of a run.
pub(super) fn ending_notice(name: &str, active: &ActiveRun, outcome: &Outcome) -> Notice {
    let (level, text) = match outcome {
        Outcome::Finished => (NoticeLevel::Info, format!("{name} is finished")),
        Outcome::Stopped { .. } if active.run.is_empty() => (
            NoticeLevel::Info,
            format!("{name} was stopped before it began"),
        ),
        Outcome::Stopped { step } => (
            NoticeLevel::Info,
            format!("{name} was stopped and saved after step {step}"),
        ),
        Outcome::StoppedNow {
            checkpoint: Some(step),
        } => (
            NoticeLevel::Info,
            format!("{name} was stopped at once; its last checkpoint is that after step {step}"),
        ),
        Outcome::StoppedNow { checkpoint: None } => (
            NoticeLevel::Info,
            format!("{name} was stopped at once, before its first checkpoint"),
        ),
        Outcome::Failed(message) if active.run.is_empty() => (
            NoticeLevel::Error,
            format!("{name} did not begin: {message}"),
        ),
        Outcome::Failed(message) => (NoticeLevel::Error, format!("{name} failed: {message}")),
    };
    Notice { level, text }
}

/// Sets what became of a run.
pub(super) fn mark_end(snapshot: &mut RunSnapshot, outcome: Outcome) {
    snapshot.can_resume = snapshot.has_weights && outcome != Outcome::Finished;
    snapshot.state = match outcome {
        Outcome::Finished => RunState::Finished,
        Outcome::Stopped { .. } | Outcome::StoppedNow { .. } => RunState::Stopped,
        Outcome::Failed(message) => RunState::Failed(message),
    };
}
