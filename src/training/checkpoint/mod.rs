//! The folder of a run: configuration, log lines, weights.
//!
//! A folder holds `config.json` (what was started), `steps.jsonl` and `epochs.jsonl` (logs),
//! `last.json` and `best.json` (manifests that name `weights-*.bpk` and `optimizer-*.bpk`),
//! `end.json` (how it ended), `notes.json` (what people wrote about it) and `lock`. Every file
//! but the two logs is written whole or not at all; an incomplete log line is skipped. Weights
//! count once a manifest names them, so the manifests are written after the weights, and what
//! none names is deleted.

mod folder;
mod log;
mod notes;
mod store;
mod tail;

pub use folder::{EndMark, RunFolder, RunMeta, list_runs};
pub(in crate::training) use log::LineLog;
pub use log::read_lines;
pub use notes::RunNotes;
pub(in crate::training) use store::Position;
pub use store::{Best, Last};
pub use tail::{FolderTail, LogNews};
