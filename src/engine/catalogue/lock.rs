//! Locks against other programs.

use std::fs::{File, TryLockError};
use std::io;

/// A lock on a file, until it is dropped. Closing the file alone would not do: a program that is just being
/// started has it open too, for a moment.
pub(super) struct FileLock(File);

impl FileLock {
    /// Locks a file that nobody has locked.
    pub fn take(file: &File) -> Result<Self, TryLockError> {
        let lock = file.try_clone().map_err(TryLockError::Error)?;
        lock.try_lock()?;
        Ok(Self(lock))
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        let unlocked: io::Result<()> = self.0.unlock();
        if let Err(err) = unlocked {
            log::warn!("A file could not be unlocked: {err}");
        }
    }
}
