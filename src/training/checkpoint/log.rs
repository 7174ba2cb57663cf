//! A file of JSON lines that survives being cut off.

use std::fs::{self, File};
use std::io::Write as _;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use burn_pack::AtomicFile;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::training::error::TrainError;

/// All lines of `path` that are whole; none when there is no such file. The last
/// line of a killed run may be half a line.
pub fn read_lines<T: DeserializeOwned>(path: &Path) -> Vec<T> {
    let text = fs::read(path).unwrap_or_default();
    text.split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect()
}

/// Appends one line per record, each with one write.
pub(in crate::training) struct LineLog<T> {
    path: PathBuf,
    file: File,
    records: PhantomData<T>,
}

impl<T: Serialize + DeserializeOwned> LineLog<T> {
    /// Opens `path` to append; lines that `keep` turns down, or that are not whole, go.
    pub fn open(path: PathBuf, keep: impl Fn(&T) -> bool) -> Result<Self, TrainError> {
        if path.exists() {
            let kept = read_lines::<T>(&path).into_iter().filter(|line| keep(line));
            let mut text = Vec::new();
            for record in kept {
                append(&mut text, &record, &path)?;
            }
            write_whole(&path, &text)?;
        }
        let file = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(|err| TrainError::write(&path, err))?;
        Ok(Self {
            path,
            file,
            records: PhantomData,
        })
    }

    /// Appends one record.
    pub fn push(&mut self, record: &T) -> Result<(), TrainError> {
        let mut line = Vec::with_capacity(160);
        append(&mut line, record, &self.path)?;
        self.file
            .write_all(&line)
            .map_err(|err| TrainError::write(&self.path, err))
    }
}

fn append<T: Serialize>(text: &mut Vec<u8>, record: &T, path: &Path) -> Result<(), TrainError> {
    serde_json::to_writer(&mut *text, record).map_err(|err| TrainError::write(path, err))?;
    text.push(b'\n');
    Ok(())
}

/// Writes a file whole or not at all.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    let (scratch, mut file) =
        AtomicFile::create(path).map_err(|err| TrainError::write(path, err))?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(|err| TrainError::write(path, err))?;
    drop(file);
    scratch.commit().map_err(|err| TrainError::write(path, err))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_line_at_the_end_is_passed_over_and_then_cut() {
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
    fn opening_drops_what_is_turned_down() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log.jsonl");
        fs::write(&path, "1\n2\n3\n").expect("a file");
        LineLog::<u32>::open(path.clone(), |line| *line < 3).expect("a log");
        assert_eq!(fs::read_to_string(&path).expect("text"), "1\n2\n");
    }
}
