//! The folder of a run: configuration, log lines, weights.
//!
//! A folder holds `config.json` (what was started), `steps.jsonl` and `epochs.jsonl` (logs),
//! `last.json`, `best.json` and `checkpoint-*.json` (manifests that name `weights-*.bpk`,
//! `optimizer-*.bpk`, `moments-*.bpk` and `average-*.bpk`, with their checksums), `end.json` (how it
//! ended), `origin.json` (its data), `film.bin` (its film), `notes.json` (what people wrote about it) and `lock`. Every file but
//! the two logs is written whole or not at all; an incomplete log line is skipped. Weights count
//! once a manifest names them, so the manifests are written after the weights. What has such a name and is in
//! no manifest is deleted; files of any other name are those of people and stay.

mod class_names;
mod folder;
mod kept;
mod log;
mod manifest;
mod notes;
mod own_names;
mod resume;
mod save;
mod store;
mod tail;
#[cfg(test)]
mod tests;
mod writer;

pub use folder::{EndMark, RunFolder, RunMeta, list_runs};
pub use kept::run_of_step;
pub(in crate::training) use log::LineLog;
pub use log::read_lines;
pub use notes::RunNotes;
pub(in crate::training) use resume::Resumed;
pub(in crate::training) use save::{Parts, Snapshot};
pub(in crate::training) use store::Position;
pub use store::{Best, Last, SavedWeights};
pub use tail::{FolderTail, LogNews};
pub(in crate::training) use writer::CheckpointWriter;
