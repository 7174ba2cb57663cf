//! What a run will take, before it is started: memory, time, and what would fit where it does not.
//!
//! Rules alone: whoever asks knows the dataset, the machine and earlier runs.

mod data_facts;
mod fit;
mod memory;
mod speed;
mod time;

pub use data_facts::DataFacts;
pub use fit::{FittingChange, MemoryFit, fitting_changes, too_large_text};
pub use memory::MemoryEstimate;
pub use speed::DeviceSpeed;
pub use time::{EarlierRun, RunTime, TimeSource};
