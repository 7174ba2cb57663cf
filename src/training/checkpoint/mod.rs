//! The folder of a run: configuration, log lines, weights.
//!
//! Every file but the two logs is written whole or not at all; a log line that was
//! cut off is passed over. Weights count once a manifest that names them is there.

mod folder;
mod log;
mod store;

pub use folder::{EndMark, RunFolder, RunMeta, list_runs};
pub(in crate::training) use log::LineLog;
pub use log::read_lines;
pub(in crate::training) use store::Position;
pub use store::{Best, Last};
