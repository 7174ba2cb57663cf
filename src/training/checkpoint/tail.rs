//! Follows a run folder that another program may be writing to, and reads only what is new.

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde::de::DeserializeOwned;

use super::folder::RunFolder;
use crate::files::open_regular;
use crate::training::event::{EpochRecord, StepRecord};

/// What a log has that it did not have before.
#[derive(Debug, Clone, PartialEq)]
pub enum LogNews<T> {
    /// Lines behind those that were read; often none.
    Added(Vec<T>),
    /// All lines: the log was written anew, as a resume does.
    Replaced(Vec<T>),
}

/// How far a log was read.
#[derive(Debug, Default)]
pub struct LogTail {
    read: u64,
    /// The last bytes that were read: others there mean another file.
    seam: Vec<u8>,
}

/// Length of the seam.
const SEAM: usize = 96;

impl LogTail {
    /// Reads the complete lines behind those of the last call. What cannot be read now is read
    /// by a later call.
    fn read<T: DeserializeOwned>(&mut self, path: &Path) -> LogNews<T> {
        let Ok((goes_on, bytes)) = self.bytes(path) else {
            return self.without_file();
        };
        if !goes_on {
            *self = Self::default();
        }
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        let lines = bytes[..whole]
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect();
        self.read += whole as u64;
        self.seam
            .extend_from_slice(&bytes[whole.saturating_sub(SEAM)..whole]);
        self.seam.drain(..self.seam.len().saturating_sub(SEAM));
        if goes_on {
            LogNews::Added(lines)
        } else {
            LogNews::Replaced(lines)
        }
    }

    /// Whether the file still begins with what was read, and what is behind that, else all of it.
    fn bytes(&self, path: &Path) -> std::io::Result<(bool, Vec<u8>)> {
        let mut file = open_regular(path)?;
        let start = self.read - self.seam.len() as u64;
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        file.read_to_end(&mut bytes)?;
        if bytes.starts_with(&self.seam) {
            bytes.drain(..self.seam.len());
            return Ok((true, bytes));
        }
        bytes.clear();
        file.rewind()?;
        file.read_to_end(&mut bytes)?;
        Ok((false, bytes))
    }

    fn without_file<T>(&mut self) -> LogNews<T> {
        if self.read == 0 {
            return LogNews::Added(Vec::new());
        }
        *self = Self::default();
        LogNews::Replaced(Vec::new())
    }
}

/// By what a change in a folder is noticed without opening its files.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    folder: Option<SystemTime>,
    steps: Option<(u64, SystemTime)>,
    epochs: Option<(u64, SystemTime)>,
}

/// File systems may keep times this coarsely, and two changes then have one time.
const COARSE: Duration = Duration::from_secs(2);

impl Stamp {
    fn of(folder: &RunFolder) -> Self {
        let log = |name: &str| {
            let meta = fs::metadata(folder.file(name)).ok()?;
            Some((meta.len(), meta.modified().ok()?))
        };
        Self {
            folder: fs::metadata(folder.path())
                .and_then(|meta| meta.modified())
                .ok(),
            steps: log("steps.jsonl"),
            epochs: log("epochs.jsonl"),
        }
    }

    /// Whether a change after it would show.
    fn is_settled(&self) -> bool {
        self.folder.is_some_and(|time| {
            SystemTime::now()
                .duration_since(time)
                .is_ok_and(|age| age > COARSE)
        })
    }
}

/// The place up to which a run folder was read.
#[derive(Debug, Default)]
pub struct FolderTail {
    stamp: Option<Stamp>,
    steps: LogTail,
    epochs: LogTail,
}

impl FolderTail {
    /// Whether something may have changed since the last call that said so. What happens while
    /// the folder is read shows in the next call.
    pub fn may_have_changed(&mut self, folder: &RunFolder) -> bool {
        let stamp = Stamp::of(folder);
        if self.stamp.as_ref() == Some(&stamp) {
            return false;
        }
        self.stamp = stamp.is_settled().then_some(stamp);
        true
    }

    /// New lines of the two logs.
    pub fn news(&mut self, folder: &RunFolder) -> (LogNews<StepRecord>, LogNews<EpochRecord>) {
        (
            self.steps.read(&folder.file("steps.jsonl")),
            self.epochs.read(&folder.file("epochs.jsonl")),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use std::fs::File;

    use super::*;

    fn append(path: &Path, text: &str) {
        let mut file = File::options()
            .create(true)
            .append(true)
            .open(path)
            .expect("a file");
        file.write_all(text.as_bytes()).expect("written");
    }

    #[test]
    fn only_whole_new_lines_are_read() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("log.jsonl");
        let mut tail = LogTail::default();
        assert_eq!(tail.read::<u32>(&path), LogNews::Added(vec![]));
        append(&path, "1\n2\n3");
        assert_eq!(tail.read(&path), LogNews::Added(vec![1, 2]));
        append(&path, "4\n");
        assert_eq!(tail.read(&path), LogNews::Added(vec![34]));
        assert_eq!(tail.read::<u32>(&path), LogNews::Added(vec![]));
    }

    #[test]
    fn a_log_that_was_written_anew_is_read_from_its_beginning() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("log.jsonl");
        let mut tail = LogTail::default();
        append(&path, "1\n2\n3\n");
        assert_eq!(tail.read(&path), LogNews::Added(vec![1, 2, 3]));
        fs::write(&path, "1\n").expect("shorter");
        assert_eq!(tail.read(&path), LogNews::Replaced(vec![1]));
        // As long as before, with another end.
        fs::write(&path, "7\n").expect("another");
        assert_eq!(tail.read(&path), LogNews::Replaced(vec![7]));
        fs::write(&path, "1\n2\n3\n4\n").expect("longer");
        assert_eq!(tail.read(&path), LogNews::Replaced(vec![1, 2, 3, 4]));
        fs::remove_file(&path).expect("removed");
        assert_eq!(tail.read::<u32>(&path), LogNews::Replaced(vec![]));
    }

    #[cfg(unix)]
    #[test]
    fn a_clock_that_is_set_hides_no_change() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = RunFolder::at(dir.path());
        let log = dir.path().join("steps.jsonl");
        fs::write(&log, "").expect("a log");
        let set = |path: &Path, time: SystemTime| {
            let file = File::open(path).expect("opened");
            file.set_modified(time).expect("a time");
        };
        let (hour, now) = (Duration::from_hours(1), SystemTime::now());
        let mut tail = FolderTail::default();
        set(dir.path(), now - hour);
        set(&log, now);
        assert!(tail.may_have_changed(&folder) && !tail.may_have_changed(&folder));
        // The same length at another time, before and behind the last one; and longer at the same time.
        for time in [now - hour, now + 2 * hour, now - 3 * hour] {
            set(&log, time);
            assert!(tail.may_have_changed(&folder), "{time:?}");
            append(&log, "x");
            set(&log, time);
            assert!(tail.may_have_changed(&folder) && !tail.may_have_changed(&folder));
        }
        // A folder of the future is looked at again and again: nothing says when it changes next.
        set(dir.path(), now + hour);
        assert!(tail.may_have_changed(&folder) && tail.may_have_changed(&folder));
    }

    #[test]
    fn a_folder_that_just_changed_is_looked_at_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = RunFolder::at(dir.path());
        let mut tail = FolderTail::default();
        assert!(tail.may_have_changed(&folder));
        assert!(
            tail.may_have_changed(&folder),
            "a second change would have the same time"
        );
        let settled = Stamp {
            folder: SystemTime::now().checked_sub(Duration::from_mins(1)),
            steps: None,
            epochs: None,
        };
        assert!(settled.is_settled() && !Stamp::of(&folder).is_settled());
    }
}
