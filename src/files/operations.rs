//! What is done to a disk, one operation after another, in one place: a test can look at each, and
//! let the disk be full or the power go at any of them.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// One of them. Until a file is synced its content, and until a folder is synced its names, may be
/// lost with the power.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(not(test), expect(dead_code, reason = "only a test looks at them"))]
pub enum Operation<'a> {
    /// An empty file appears, or a file becomes empty.
    Create(&'a Path),
    /// Bytes are added to the end of a file.
    Write(&'a Path, &'a [u8]),
    /// The content of a file is on the disk when this is done.
    Sync(&'a Path),
    /// A file gets another name, and replaces what had it.
    Rename(&'a Path, &'a Path),
    /// The names in a folder are on the disk when this is done.
    SyncFolder(&'a Path),
    /// A file disappears.
    Remove(&'a Path),
}

/// A file that is being written.
pub(super) struct Output<'a> {
    path: &'a Path,
    file: File,
}

impl<'a> Output<'a> {
    /// An empty file in the place of what was there.
    pub fn create(path: &'a Path) -> io::Result<Self> {
        begin(Operation::Create(path))?;
        let file = File::create(path)?;
        Ok(Self { path, file })
    }
}

impl Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        begin(Operation::Write(self.path, bytes))?;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Adds bytes to the end of an open file.
pub fn append(path: &Path, file: &mut File, bytes: &[u8]) -> io::Result<()> {
    begin(Operation::Write(path, bytes))?;
    file.write_all(bytes)
}

/// Waits until the content of a file is on the disk.
pub fn sync_file(path: &Path) -> io::Result<()> {
    begin(Operation::Sync(path))?;
    // Windows syncs only what is open for writing.
    File::options().write(true).open(path)?.sync_all()
}

/// Gives a scratch file its name.
pub(super) fn persist(scratch: tempfile::TempPath, path: &Path) -> io::Result<()> {
    begin(Operation::Rename(&scratch, path))?;
    Ok(scratch.persist(path)?)
}

/// Makes the names in a folder outlive a power loss. Only Unix can ask for that.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    begin(Operation::SyncFolder(folder))?;
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

/// Deletes a file.
pub fn remove_file(path: &Path) -> io::Result<()> {
    begin(Operation::Remove(path))?;
    fs::remove_file(path)
}

/// Looks at an operation before it is done, and may refuse it.
#[cfg(test)]
type Watch = Box<dyn FnMut(Operation<'_>) -> io::Result<()>>;

#[cfg(test)]
thread_local! {
    static WATCH: std::cell::RefCell<Option<Watch>> = const { std::cell::RefCell::new(None) };
}

/// Does `work` while `watch` sees each operation of this thread before it is done; what it
/// refuses fails.
#[cfg(test)]
pub fn watched<T>(
    watch: impl FnMut(Operation<'_>) -> io::Result<()> + 'static,
    work: impl FnOnce() -> T,
) -> T {
    WATCH.set(Some(Box::new(watch)));
    let result = work();
    WATCH.set(None);
    result
}

#[cfg(test)]
fn begin(operation: Operation<'_>) -> io::Result<()> {
    WATCH.with_borrow_mut(|watch| match watch {
        Some(watch) => watch(operation),
        None => Ok(()),
    })
}

#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps, reason = "a test refuses operations")]
#[inline]
fn begin(_operation: Operation<'_>) -> io::Result<()> {
    Ok(())
}
