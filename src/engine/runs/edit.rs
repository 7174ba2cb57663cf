//! A change of runs, and how it is taken back.

use std::fs;
use std::path::{Path, PathBuf};

use super::trash::is_there;
use crate::engine::EngineError;
use crate::engine::error::RestoreError;
use crate::files::FileError;
use crate::training::checkpoint::{RunFolder, RunNotes};

/// A change of runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) enum Edit {
    /// Writes notes, each for the run of this name.
    Notes(Vec<(String, RunNotes)>),
    /// Moves runs into the trash.
    Delete(Vec<String>),
    /// Moves folders of the trash back.
    Restore(Vec<PathBuf>),
    /// Deletes these folders of the trash for good.
    EmptyTrash(Vec<PathBuf>),
}

/// How a change is taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) struct Undo {
    /// What was done: `Delete 2 runs`.
    pub what: String,
    pub edit: Edit,
}

impl Undo {
    /// The folders of the trash that it brings back.
    pub fn in_trash(&self) -> &[PathBuf] {
        match &self.edit {
            Edit::Restore(folders) => folders,
            _ => &[],
        }
    }
}

/// What a deletion is called where it can be taken back.
pub(super) fn delete_what(runs: usize) -> String {
    match runs {
        1 => "Delete run".to_owned(),
        many => format!("Delete {many} runs"),
    }
}

/// Replaces the notes of a run; returns those before.
pub(super) fn write_notes(
    runs: &Path,
    run: String,
    notes: RunNotes,
) -> Result<(String, RunNotes), EngineError> {
    let folder = RunFolder::at(runs.join(&run));
    let before = folder.notes()?;
    folder.set_notes(&notes.tidied())?;
    Ok((run, before))
}

/// Moves a run out of the trash. One that is not whole comes back, too, and is told.
pub(super) fn restore(runs: &Path, folder: &Path) -> Result<(), EngineError> {
    let run = RunFolder::at(folder).name();
    let target = runs.join(&run);
    if !is_there(folder) {
        let folder = folder.to_owned();
        return Err(RestoreError::NotInTrash { run, folder }.into());
    }
    // A rename would replace an empty folder or a link, and nobody looks for a run inside of another.
    if is_there(&target) {
        return Err(RestoreError::PlaceTaken {
            target,
            trash: folder.to_owned(),
        }
        .into());
    }
    fs::rename(folder, &target).map_err(FileError::write(&target))?;
    if !target.join("config.json").is_file() {
        return Err(RestoreError::NotWhole { folder: target }.into());
    }
    Ok(())
}
