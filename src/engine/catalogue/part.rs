//! The partial file of a download.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use super::error::CatalogueError;
use super::space;

/// The file that grows, locked against other downloads into it.
pub(super) struct Part {
    pub path: PathBuf,
    pub file: File,
    pub len: u64,
}

impl Part {
    pub fn open(path: PathBuf) -> Result<Self, CatalogueError> {
        let failed = |err| CatalogueError::write(&path, err);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(CatalogueError::Busy { path }),
            Err(TryLockError::Error(err)) => return Err(failed(err)),
        }
        let len = file.seek(SeekFrom::End(0)).map_err(failed)?;
        Ok(Self { path, file, len })
    }

    fn failed(&self, err: std::io::Error) -> CatalogueError {
        CatalogueError::write(&self.path, err)
    }

    /// An error where the disk has no room for the rest of a file of `total` bytes.
    pub fn has_room_for(&self, total: Option<u64>) -> Result<(), CatalogueError> {
        let rest = total.map_or(0, |total| total.saturating_sub(self.len));
        space::need(&self.path, rest)
    }

    pub fn append(&mut self, bytes: &[u8]) -> Result<(), CatalogueError> {
        self.file.write_all(bytes).map_err(|err| self.failed(err))?;
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Empties it.
    pub fn restart(&mut self) -> Result<(), CatalogueError> {
        if self.len > 0 {
            self.file
                .set_len(0)
                .and_then(|()| self.file.rewind())
                .map_err(|err| self.failed(err))?;
            self.len = 0;
        }
        Ok(())
    }

    /// Makes it safe on the disk and goes to its start.
    pub fn finish(&mut self) -> Result<(), CatalogueError> {
        self.file
            .sync_all()
            .and_then(|()| self.file.rewind())
            .map_err(|err| self.failed(err))
    }
}
