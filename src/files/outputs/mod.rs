//! Files that people get: masks, overlays, exports.
//!
//! They lie in folders of the user, among photos and other people's work. So a name is claimed
//! before anything is written, and a file that is there is replaced only on request, and only if
//! this program wrote it and nobody changed it since. A record beside the files says so.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{FileError, Scratch, folder_of};

/// One line per file that was written into the folder; of two lines with a name the last counts.
pub(crate) const RECORD: &str = ".fcn-workbench-files.jsonl";

/// What happens to files of this program that have the name of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// They stay, and the output is refused.
    Keep,
    /// They are replaced. Files of others stay even so.
    ReplaceOwn,
}

/// The outputs of a batch: each name is claimed once, all of them before the first is written.
#[derive(Debug)]
pub struct Outputs {
    existing: Existing,
    records: BTreeMap<PathBuf, Record>,
}

impl Outputs {
    /// No names yet.
    pub fn new(existing: Existing) -> Self {
        Self {
            existing,
            records: BTreeMap::new(),
        }
    }

    /// Claims a name.
    ///
    /// # Errors
    /// [`FileError::Foreign`] and [`FileError::Exists`] when there is a file, a folder or a link of
    /// this name that stays; [`FileError::ForeignRecord`] when the folder's record is none.
    pub fn claim(&mut self, path: &Path) -> Result<Output, FileError> {
        let free = |replaces| {
            Ok(Output {
                path: path.to_owned(),
                replaces,
            })
        };
        let record = match self.records.entry(folder_of(path).to_owned()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let record = Record::read(new.key())?;
                new.insert(record)
            }
        };
        // A link counts, wherever it leads, and also where it leads nowhere.
        let Ok(found) = path.symlink_metadata() else {
            return free(None);
        };
        let note = record
            .note(path)
            .filter(|note| found.is_file() && found.len() == note.bytes);
        let path = path.to_owned();
        match (note, self.existing) {
            (None, _) => Err(FileError::Foreign { path }),
            (Some(_), Existing::Keep) => Err(FileError::Exists { path }),
            (Some(note), Existing::ReplaceOwn) => free(Some(note.clone())),
        }
    }
}

/// A claimed name.
#[derive(Debug, Clone)]
pub struct Output {
    path: PathBuf,
    replaces: Option<Note>,
}

impl Output {
    /// Where the file will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the file through `write`. It appears whole or not at all.
    ///
    /// # Errors
    /// Besides failed writes, [`FileError::Foreign`] when something else has taken the name, or
    /// changed the file that was to be replaced, since the name was claimed; [`FileError::Unrecorded`] and
    /// [`FileError::ForeignRecord`] when the folder's record cannot be written. Then the file is not written either.
    pub fn write(
        &self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), FileError> {
        self.write_by_path(|scratch| {
            let mut file = BufWriter::new(File::create(scratch)?);
            write(&mut file)?;
            file.flush()
        })
    }

    /// As [`write`](Self::write), for a writer that opens files by itself.
    ///
    /// # Errors
    /// Those of [`write`](Self::write).
    pub fn write_by_path(
        &self,
        write: impl FnOnce(&Path) -> io::Result<()>,
    ) -> Result<(), FileError> {
        let path = &self.path;
        let scratch = Scratch::fill(path, write).map_err(FileError::write(path))?;
        let note = Note::of(path, &scratch.file).map_err(FileError::write(path))?;
        let foreign = || FileError::Foreign { path: path.clone() };
        let is_there = path.symlink_metadata().is_ok();
        let replaces = self.replaces.as_ref().filter(|_| is_there);
        match replaces {
            Some(own) => {
                let now = Note::of(path, path).map_err(FileError::read(path))?;
                if now != *own {
                    return Err(foreign());
                }
            }
            None if is_there => return Err(foreign()),
            None => {}
        }
        // Before the file has its name: a mask without a note would count as one that people made.
        note.append(path)?;
        let named = match replaces {
            Some(_) => scratch.replace(path),
            None => scratch.take_free_name(path),
        };
        named.map_err(|err| match err.kind() {
            io::ErrorKind::AlreadyExists => foreign(),
            _ => FileError::write(path)(err),
        })
    }
}

/// Which of these files this program wrote, by the records of their folders. Does not read the
/// files: one that was changed and has its old length still counts.
pub fn own_files<'a>(paths: impl IntoIterator<Item = &'a PathBuf>) -> Vec<&'a Path> {
    let mut records = BTreeMap::new();
    let is_own = |path: &&PathBuf| {
        let folder = folder_of(path);
        let record: &Record = records
            .entry(folder.to_owned())
            .or_insert_with(|| Record::read(folder).unwrap_or_default());
        let length = fs::metadata(path).map(|meta| meta.len()).ok();
        record
            .note(path)
            .is_some_and(|note| Some(note.bytes) == length)
    };
    paths
        .into_iter()
        .filter(is_own)
        .map(PathBuf::as_path)
        .collect()
}

/// Whether `a.png` and `A.png` are one file in this folder, found by trying.
pub fn folds_case(folder: &Path) -> bool {
    let probe = tempfile::Builder::new()
        .prefix(".case-")
        .tempfile_in(folder);
    probe.is_ok_and(|probe| {
        let name = probe.path().file_name().unwrap_or_default();
        let upper = name.to_string_lossy().to_uppercase();
        folder.join(upper).exists()
    })
}

/// What was written into a folder, by name.
#[derive(Debug, Default)]
struct Record(BTreeMap<String, Note>);

impl Record {
    /// A record that is not there or cannot be read makes every file somebody else's.
    fn read(folder: &Path) -> Result<Self, FileError> {
        let path = folder.join(RECORD);
        check_record(&path)?;
        let bytes = fs::read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let notes = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Note>(line).ok());
        let record = Self(notes.map(|note| (note.name.clone(), note)).collect());
        if record.0.is_empty() && !text.is_empty() && !text.starts_with("{\"") {
            return Err(FileError::ForeignRecord { path });
        }
        Ok(record)
    }

    fn note(&self, path: &Path) -> Option<&Note> {
        self.0.get(&name_of(path))
    }
}

/// A link would lead to somebody else's file, and a pipe may never end.
fn check_record(path: &Path) -> Result<(), FileError> {
    match path.symlink_metadata() {
        Ok(found) if !found.is_file() => Err(FileError::ForeignRecord {
            path: path.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// What a file held when it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    name: String,
    bytes: u64,
    sha256: String,
}

impl Note {
    /// The note for a file at `path` with the content of `content`.
    fn of(path: &Path, content: &Path) -> io::Result<Self> {
        let mut file = File::open(content)?;
        let mut digest = Sha256::new();
        let mut buffer = vec![0; 1 << 20];
        let mut bytes = 0;
        loop {
            let count = file.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            digest.update(&buffer[..count]);
            bytes += count as u64;
        }
        let mut sha256 = String::new();
        for byte in digest.finalize() {
            // Writing to a string cannot fail.
            write!(sha256, "{byte:02x}").ok();
        }
        Ok(Self {
            name: name_of(path),
            bytes,
            sha256,
        })
    }

    /// Adds a line to the record in the folder of the file.
    fn append(&self, file: &Path) -> Result<(), FileError> {
        let path = folder_of(file).join(RECORD);
        check_record(&path)?;
        let append = || {
            let mut line = serde_json::to_string(self)?;
            line.push('\n');
            let mut record = File::options().create(true).append(true).open(&path)?;
            let before = record.metadata()?.len();
            let written = record.write_all(line.as_bytes());
            if written.is_err() {
                // A part of a line would spoil the next one.
                record.set_len(before)?;
            }
            written
        };
        append().map_err(|source| FileError::Unrecorded {
            path: file.to_owned(),
            record: RECORD,
            source,
        })
    }
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests;
