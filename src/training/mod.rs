//! The training loop, validation, prediction, checkpoints and devices.
//!
//! Runs on whatever thread calls it and talks through [`TrainSink`]: numbers and
//! small byte buffers go out, never tensors. Must not know about the window.

pub mod checkpoint;
mod config;
mod control;
mod device;
mod error;
mod evaluate;
mod event;
mod learner;
mod loss;
mod predictor;
mod preset;
mod preview;
mod probe;
mod run;
mod segmenter;
mod sgd;

pub use config::{DatasetRef, Learning, RunConfig, Schedule};
pub use control::Control;
pub use device::{DeviceEntry, DeviceId, DeviceKind};
pub use error::TrainError;
pub use evaluate::Evaluation;
pub use event::{EpochRecord, Outcome, Preview, PreviewItem, RunInfo, StepRecord, TrainEvent, TrainSink};
pub use predictor::Predictor;
pub use preset::preset;
pub use probe::{candidates, cpu_entry, probe};
pub use run::train;
