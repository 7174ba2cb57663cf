//! `queue.json` in the folder of the runs, and who may change it.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::{Queue, QueueEdit};
use crate::files::{FileError, read_regular, write_json};

/// The file.
#[derive(Debug, Clone)]
pub(in crate::engine) struct QueueFile {
    runs: PathBuf,
}

/// Held by the program that works on the queue; the system releases it when the program ends.
#[derive(Debug)]
pub(in crate::engine) struct QueueOwner {
    _lock: Option<File>,
}

impl QueueFile {
    pub fn new(runs: &Path) -> Self {
        Self {
            runs: runs.to_owned(),
        }
    }

    pub fn path(&self) -> PathBuf {
        self.runs.join("queue.json")
    }

    /// The queue, with the text that it was read from; an empty one where there is no file.
    ///
    /// # Errors
    /// When the file is there and cannot be read: whoever changes it must not replace it.
    pub fn read(&self) -> Result<(Queue, Vec<u8>), FileError> {
        let path = self.path();
        let text = match read_regular(&path) {
            Err(err) if err.kind() == io::ErrorKind::NotFound => return Ok(Default::default()),
            text => text.map_err(FileError::read(&path))?,
        };
        match parse(&text) {
            Ok(queue) => Ok((queue, text)),
            Err(reason) => Err(FileError::OtherContent { path, reason }),
        }
    }

    /// Changes the queue as it is now on the disk. Waits for another program that is just doing so.
    pub fn change(&self, edits: &[QueueEdit]) -> Result<Queue, FileError> {
        fs::create_dir_all(&self.runs).map_err(FileError::write(&self.runs))?;
        let lock = self.lock_file(".queue-edit.lock")?;
        if let Err(err) = lock.lock() {
            log::info!("{}: no file lock: {err}", self.runs.display());
        }
        let (mut queue, _) = self.read()?;
        for edit in edits {
            queue.apply(edit);
        }
        write_json(&self.path(), &queue)?;
        Ok(queue)
    }

    /// Makes this program the one that works on the queue; `None` = another one does.
    pub fn own(&self) -> Result<Option<QueueOwner>, FileError> {
        fs::create_dir_all(&self.runs).map_err(FileError::write(&self.runs))?;
        let lock = self.lock_file(".queue.lock")?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(QueueOwner { _lock: Some(lock) })),
            Err(TryLockError::WouldBlock) => Ok(None),
            // A file system without locks: assume that there is no other program.
            Err(TryLockError::Error(err)) => {
                log::info!("{}: no file lock: {err}", self.runs.display());
                Ok(Some(QueueOwner { _lock: None }))
            }
        }
    }

    fn lock_file(&self, name: &str) -> Result<File, FileError> {
        let path = self.runs.join(name);
        File::create(&path).map_err(FileError::write(&path))
    }
}

/// A queue, or why it is none that this version knows all of: what it does not know would be lost.
fn parse(text: &[u8]) -> Result<Queue, String> {
    let other = |err: serde_json::Error| format!("this is no queue of runs ({err})");
    // A struct would be read from a list too.
    let fields: BTreeMap<String, serde_json::Value> =
        serde_json::from_slice(text).map_err(other)?;
    if let Some(version) = fields.get("version") {
        return Err(format!(
            "this is of another version of the program (version {version})"
        ));
    }
    serde_json::from_slice(text).map_err(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::queue::QueuedRun;
    use crate::model::Trunk;
    use crate::training::preset;

    fn added() -> QueueEdit {
        QueueEdit::Add {
            runs: vec![QueuedRun::new(preset(Trunk::Vgg16Slim), false)],
            first: false,
        }
    }

    #[test]
    fn changes_of_several_programs_are_all_kept() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = QueueFile::new(&dir.path().join("runs"));
        let threads: Vec<_> = (0..4)
            .map(|number| {
                let file = file.clone();
                let add = move || {
                    for _ in 0..5 {
                        file.change(&[added()]).expect("changed");
                    }
                };
                let name = format!("adds-{number}");
                std::thread::Builder::new()
                    .name(name)
                    .spawn(add)
                    .expect("a thread")
            })
            .collect();
        for thread in threads {
            thread.join().expect("no panic");
        }
        let (queue, text) = file.read().expect("a queue");
        assert_eq!(queue.entries.len(), 20);
        assert_eq!(text, fs::read(file.path()).expect("a file"));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_not_replaced() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = QueueFile::new(dir.path());
        assert_eq!(file.read().expect("no file, no runs").0, Queue::default());
        fs::write(file.path(), "{\"entries\": [").expect("a file");
        let message = file.change(&[added()]).expect_err("refused").to_string();
        assert!(message.contains("queue.json"), "{message}");
        assert_eq!(fs::read(file.path()).expect("a file"), b"{\"entries\": [");
    }

    #[test]
    fn a_file_of_other_content_is_refused_and_kept() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = QueueFile::new(dir.path());
        for (text, why) in [
            (r#"{"my":"queue"}"#, "no queue of runs (unknown field `my`"),
            ("[]", "no queue of runs (invalid type: sequence"),
            ("{}", "no queue of runs (missing field `entries`"),
            ("[false, []]", "no queue of runs"),
            (
                r#"{"version":99,"entries":[]}"#,
                "of another version of the program (version 99)",
            ),
        ] {
            fs::write(file.path(), text).expect("a file");
            let message = file.change(&[added()]).expect_err(text).to_string();
            let whole = ["queue.json", why, "move it elsewhere"];
            assert!(whole.iter().all(|part| message.contains(part)), "{message}");
            assert_eq!(fs::read(file.path()).expect("a file"), text.as_bytes());
        }
        // What this program writes is read again.
        fs::remove_file(file.path()).expect("removed");
        let queue = file.change(&[added()]).expect("added");
        assert_eq!(file.read().expect("a queue").0, queue);
    }

    #[test]
    fn one_program_works_on_the_queue() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = QueueFile::new(dir.path());
        let first = file.own().expect("a lock");
        assert!(first.is_some() && file.own().expect("a lock").is_none());
        drop(first);
        assert!(file.own().expect("a lock").is_some());
    }
}
