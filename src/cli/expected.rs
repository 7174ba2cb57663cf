//! What a run is expected to take, for people and for programs.

use super::output::duration;
use crate::engine::{Engine, MemoryFit, RunTime, TimeSource, memory_text};

/// What a run is expected to take.
#[derive(Debug, Default)]
pub struct Expected {
    pub memory: Option<u64>,
    pub fit: Option<MemoryFit>,
    pub time: Option<RunTime>,
}

impl Expected {
    /// Of the active run.
    pub fn of(engine: &Engine) -> Self {
        let estimate = engine
            .active()
            .and_then(|active| active.before_start.as_ref());
        Self {
            memory: estimate.map(|estimate| estimate.memory.total()),
            fit: estimate.map(|estimate| estimate.fit),
            time: engine.expected_time(),
        }
    }

    /// A line for people.
    pub fn text(&self) -> Option<String> {
        let memory = memory_text(self.memory?);
        let fit = match self.fit {
            Some(MemoryFit::Tight { available }) => {
                format!(", of which {} are free now", memory_text(available))
            }
            Some(MemoryFit::TooLarge { total }) => {
                format!(", more than the {} that there are", memory_text(total))
            }
            Some(MemoryFit::PieceTooLarge { largest }) => format!(
                ", some of it in pieces larger than the {} that the device gives",
                memory_text(largest)
            ),
            Some(MemoryFit::Unknown) => " (the memory of this device is not known)".to_owned(),
            Some(MemoryFit::Fits) | None => String::new(),
        };
        let time = match &self.time {
            Some(RunTime {
                total_secs,
                source: TimeSource::SameStep(run) | TimeSource::Scaled(run),
                ..
            }) => format!("about {} by the steps of {run}", duration(*total_secs)),
            Some(RunTime { total_secs, .. }) => format!(
                "roughly {} by the speed of a matrix product",
                duration(*total_secs)
            ),
            None => "how long is known after the first steps".to_owned(),
        };
        Some(format!("about {memory} of memory{fit}; {time}"))
    }
}
