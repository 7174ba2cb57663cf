//! The deleted runs of one program, until they come back or are deleted for good on request.
//!
//! `.trash/SECS-PID/NUMBER/RUN`: a folder of each program that has deleted something, with a lock
//! while it runs, and a place of its own for each run, as there may be several of one name.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::unix_secs;
use crate::engine::EngineError;
use crate::files::{FileError, open_regular};

const LOCK: &str = "lock";

/// What one program has deleted.
pub(super) struct Trash {
    folder: PathBuf,
    /// Tells other programs that somebody can bring its runs back.
    _lock: File,
    count: usize,
}

impl Trash {
    /// For the deletions of this program.
    pub fn create(trash: &Path) -> Result<Self, EngineError> {
        let folder = trash.join(format!("{}-{}", unix_secs(), std::process::id()));
        fs::create_dir_all(&folder).map_err(FileError::write(&folder))?;
        let path = folder.join(LOCK);
        let lock = File::create(&path).map_err(FileError::write(&path))?;
        // Without locks nobody takes the trash of others, see `left_by_others`.
        lock.try_lock()
            .unwrap_or_else(|err| log::info!("{}: no file lock: {err}", path.display()));
        Ok(Self {
            folder,
            _lock: lock,
            count: 0,
        })
    }

    /// Takes the trash of the programs that have ended, the oldest first.
    pub fn left_by_others(trash: &Path) -> Vec<Self> {
        let mut left: Vec<Self> = children(trash)
            .into_iter()
            .filter_map(|folder| {
                let lock = open_regular(&folder.join(LOCK)).ok()?;
                match lock.try_lock() {
                    Ok(()) => Some(Self {
                        folder,
                        _lock: lock,
                        count: 0,
                    }),
                    Err(TryLockError::WouldBlock) => None,
                    Err(TryLockError::Error(err)) => {
                        // Another window may have it.
                        log::warn!(
                            "{}: deleted runs can only be moved back by hand, as there are no \
                             file locks: {err}",
                            folder.display()
                        );
                        None
                    }
                }
            })
            .collect();
        left.sort_by(|one, other| one.folder.cmp(&other.folder));
        left
    }

    /// A folder for one more run.
    pub fn new_place(&mut self) -> Result<PathBuf, EngineError> {
        loop {
            self.count += 1;
            let place = self.folder.join(self.count.to_string());
            match fs::create_dir(&place) {
                Err(err) if err.kind() == ErrorKind::AlreadyExists => {}
                made => {
                    made.map_err(FileError::write(&place))?;
                    return Ok(place);
                }
            }
        }
    }

    /// The runs that lie here.
    pub fn runs(&self) -> Vec<PathBuf> {
        let places = children(&self.folder);
        places.iter().flat_map(|place| children(place)).collect()
    }

    /// Removes the folders from which all has come back; a file that anybody put there stays.
    pub fn remove_if_empty(self) {
        for place in children(&self.folder) {
            fs::remove_dir(place).ok();
        }
        if children(&self.folder).is_empty() {
            fs::remove_file(self.folder.join(LOCK)).ok();
            fs::remove_dir(&self.folder).ok();
        }
    }

    /// Deletes all for good.
    pub fn empty(self) -> Result<(), EngineError> {
        match fs::remove_dir_all(&self.folder) {
            Err(err) if err.kind() == ErrorKind::NotFound => Ok(()),
            removed => Ok(removed.map_err(FileError::write(&self.folder))?),
        }
    }
}

/// The folders in a folder, in the order of their names.
fn children(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect();
    folders.sort();
    folders
}
