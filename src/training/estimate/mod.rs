//! What a run will take, before it is started: memory, time, and what would fit where it does not.
//!
//! Rules alone: whoever asks knows the dataset, the machine and earlier runs.

mod data_facts;
mod fit;
mod memory;
mod room;
mod speed;
mod time;
mod warm_up;

pub use data_facts::DataFacts;
pub use fit::{FittingChange, advice_text, fitting_changes};
pub use memory::MemoryEstimate;
pub use room::{MemoryFit, MemoryRoom};
pub use speed::DeviceSpeed;
pub use time::{EarlierRun, RunTime, TimeSource};
pub use warm_up::warm_up_problem;
