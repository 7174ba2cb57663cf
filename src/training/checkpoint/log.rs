//! A file of JSON lines that survives being cut off.

use std::fs::{self, File};
use std::io::{self, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::files::{FileError, append, read_regular, write_atomic};

/// All complete lines of `path`; none when there is no such file. The last
/// line of a killed run may be half a line.
pub fn read_lines<T: DeserializeOwned>(path: &Path) -> Vec<T> {
    let text = read_regular(path).unwrap_or_default();
    text.split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect()
}

/// Appends one line per record, each with one write.
pub(in crate::training) struct LineLog<T> {
    path: PathBuf,
    file: File,
    /// Bytes of the complete lines.
    length: u64,
    /// Whether the last write failed, so that there may be half a line, or another file.
    broken: bool,
    records: PhantomData<T>,
}

impl<T: Serialize + DeserializeOwned> LineLog<T> {
    /// Opens `path` to append. Lines that `keep` rejects, or that are incomplete, are removed.
    pub fn open(path: PathBuf, keep: impl Fn(&T) -> bool) -> Result<Self, FileError> {
        if path.exists() {
            let text = read_regular(&path).map_err(FileError::read(&path))?;
            // As they are: numbers that are read and written again may differ in their last digit.
            let kept = text.split_inclusive(|byte| *byte == b'\n').filter(|line| {
                line.ends_with(b"\n") && serde_json::from_slice(line).is_ok_and(|line| keep(&line))
            });
            write_atomic(&path, |file| {
                let mut kept = kept;
                kept.try_for_each(|line| file.write_all(line))
            })?;
        }
        let file = open_to_append(&path, true).map_err(FileError::write(&path))?;
        let length = file.metadata().map_err(FileError::write(&path))?.len();
        Ok(Self {
            path,
            file,
            length,
            broken: false,
            records: PhantomData,
        })
    }

    /// Appends one record. May be called again where it failed.
    pub fn push(&mut self, record: &T) -> Result<(), FileError> {
        let mut line = Vec::with_capacity(160);
        let written = append_line(&mut line, record).and_then(|()| self.write(&line));
        self.broken = written.is_err();
        written.map_err(FileError::write(&self.path))
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        // What is written to a file that has no name any more is lost without an error.
        fs::metadata(&self.path)?;
        if self.broken {
            self.file = open_to_append(&self.path, false)?;
            self.file.set_len(self.length)?;
        }
        append(&self.path, &mut self.file, line)?;
        self.length += line.len() as u64;
        Ok(())
    }
}

fn open_to_append(path: &Path, create: bool) -> io::Result<File> {
    File::options().create(create).append(true).open(path)
}

fn append_line(mut file: impl Write, record: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut file, record)?;
    file.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{Operation, watched};

    #[test]
    fn half_a_line_at_the_end_is_skipped_and_then_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.jsonl");
        fs::write(&path, "1\n2\n3").expect("a file");
        fs::write(&path, "[1]\n[2]\n[3").expect("a file");
        assert_eq!(read_lines::<Vec<u32>>(&path), [[1], [2]]);
        let mut log = LineLog::<Vec<u32>>::open(path.clone(), |_| true).expect("a log");
        log.push(&vec![4]).expect("written");
        assert_eq!(read_lines::<Vec<u32>>(&path), [[1], [2], [4]]);
    }

    #[test]
    fn a_line_that_could_not_be_written_is_written_once_there_is_room() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.jsonl");
        let mut log = LineLog::<u32>::open(path.clone(), |_| true).expect("a log");
        log.push(&1).expect("written");
        // A full disk takes half of a line.
        let full = path.clone();
        let half = move |operation: Operation<'_>| match operation {
            Operation::Write(..) => {
                fs::write(&full, "1\n2")?;
                Err(io::ErrorKind::StorageFull.into())
            }
            _ => Ok(()),
        };
        let message = watched(half, || log.push(&2))
            .expect_err("full")
            .to_string();
        assert!(message.contains("log.jsonl"), "{message}");
        log.push(&2).expect("written");
        // A folder that is moved away takes nothing, and everything when it is back.
        let away = folder.path().join("away");
        fs::rename(&path, &away).expect("moved");
        log.push(&3).expect_err("nowhere to write to");
        fs::copy(&away, &path).expect("back, as another file");
        log.push(&3).expect("written");
        assert_eq!(fs::read_to_string(&path).expect("text"), "1\n2\n3\n");
    }

    #[test]
    fn lines_that_stay_are_the_same_bytes() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.jsonl");
        // Numbers that serde_json reads as their neighbors, and spacing of another program.
        let text = "[0.10000000000000009,1.2345678901234567e-300]\n[ 2.675000000000003 ]\n";
        fs::write(&path, text).expect("a file");
        LineLog::<Vec<f64>>::open(path.clone(), |_| true).expect("a log");
        assert_eq!(fs::read_to_string(&path).expect("text"), text);
    }

    #[test]
    fn opening_removes_rejected_lines() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.jsonl");
        fs::write(&path, "1\n2\n3\n").expect("a file");
        LineLog::<u32>::open(path.clone(), |line| *line < 3).expect("a log");
        assert_eq!(fs::read_to_string(&path).expect("text"), "1\n2\n");
    }
}
