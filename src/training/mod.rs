//! The training loop, validation, prediction, checkpoints and devices.
//!
//! Runs on whatever thread calls it and talks through [`TrainSink`]: numbers and
//! small byte buffers go out, never tensors. Must not know about the window.

mod config;
mod control;
mod device;
mod event;
mod preset;

pub use config::{DatasetRef, Learning, RunConfig, Schedule};
pub use control::Control;
pub use device::{DeviceEntry, DeviceId, DeviceKind};
pub use event::{EpochRecord, Outcome, Preview, PreviewItem, RunInfo, StepRecord, TrainEvent, TrainSink};
pub use preset::preset;
