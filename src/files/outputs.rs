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
    /// changed the file that was to be replaced, since the name was claimed.
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
        let named = match &self.replaces {
            Some(own) if path.symlink_metadata().is_ok() => {
                let now = Note::of(path, path).map_err(FileError::read(path))?;
                if now != *own {
                    return Err(FileError::Foreign { path: path.clone() });
                }
                scratch.replace(path)
            }
            _ => scratch.take_free_name(path),
        };
        match named {
            Ok(()) => note.append(folder_of(path)),
            Err(err) if err.kind() == io::ErrorKind::AlreadyExists => {
                return Err(FileError::Foreign { path: path.clone() });
            }
            Err(err) => return Err(FileError::write(path)(err)),
        }
        Ok(())
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

    /// Adds a line to the record. Without it the file is only never replaced.
    fn append(&self, folder: &Path) {
        let path = folder.join(RECORD);
        let append = || {
            let mut line = serde_json::to_string(self)?;
            line.push('\n');
            check_record(&path).map_err(io::Error::other)?;
            let mut file = File::options().create(true).append(true).open(&path)?;
            file.write_all(line.as_bytes())
        };
        if let Err(err) = append() {
            log::warn!(
                "{}: {err}. {} is written, but will not be replaced later",
                path.display(),
                self.name
            );
        }
    }
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(existing: Existing, path: &Path) -> Result<Output, FileError> {
        Outputs::new(existing).claim(path)
    }

    fn put(output: &Output, text: &str) -> Result<(), FileError> {
        output.write(|file| file.write_all(text.as_bytes()))
    }

    #[test]
    fn a_file_of_somebody_else_is_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.png");
        fs::write(&path, "a photo").unwrap();
        for existing in [Existing::Keep, Existing::ReplaceOwn] {
            let refused = claim(existing, &path).unwrap_err();
            assert!(matches!(refused, FileError::Foreign { .. }), "{refused}");
            assert!(refused.to_string().contains("a.png"), "{refused}");
        }
        fs::create_dir(dir.path().join("folder.png")).unwrap();
        claim(Existing::ReplaceOwn, &dir.path().join("folder.png")).unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), b"a photo");
    }

    #[test]
    fn own_files_are_replaced_on_request_until_somebody_changes_them() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mask.png");
        put(&claim(Existing::Keep, &path).unwrap(), "one").unwrap();
        let refused = claim(Existing::Keep, &path).unwrap_err();
        assert!(matches!(refused, FileError::Exists { .. }), "{refused}");
        put(&claim(Existing::ReplaceOwn, &path).unwrap(), "two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");

        // Of another length: seen at once. Of the same length: seen before it is replaced.
        fs::write(&path, "edited").unwrap();
        claim(Existing::ReplaceOwn, &path).unwrap_err();
        fs::write(&path, "ink").unwrap();
        let claimed = claim(Existing::ReplaceOwn, &path).unwrap();
        let refused = put(&claimed, "new").unwrap_err();
        assert!(matches!(refused, FileError::Foreign { .. }), "{refused}");
        assert_eq!(fs::read(&path).unwrap(), b"ink");
    }

    #[test]
    fn a_name_that_is_taken_after_the_claim_stays_with_who_took_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mask.png");
        let claimed = claim(Existing::ReplaceOwn, &path).unwrap();
        fs::write(&path, "faster").unwrap();
        let refused = put(&claimed, "slower").unwrap_err();
        assert!(matches!(refused, FileError::Foreign { .. }), "{refused}");
        assert_eq!(fs::read(&path).unwrap(), b"faster");
        let names = fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(names, 1, "no scratch file is left");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_names_that_are_taken() {
        use std::os::unix::fs::symlink;

        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::write(path("photo.png"), "a photo").unwrap();
        symlink(path("photo.png"), path("link.png")).unwrap();
        symlink(path("nowhere.png"), path("dangling.png")).unwrap();
        fs::hard_link(path("photo.png"), path("hard.png")).unwrap();
        for name in ["link.png", "dangling.png", "hard.png"] {
            let refused = claim(Existing::ReplaceOwn, &path(name)).unwrap_err();
            assert!(refused.to_string().contains(name), "{refused}");
        }
        // A copy of an own file that is linked elsewhere keeps its content there.
        put(&claim(Existing::Keep, &path("mask.png")).unwrap(), "one").unwrap();
        fs::hard_link(path("mask.png"), path("kept.png")).unwrap();
        put(
            &claim(Existing::ReplaceOwn, &path("mask.png")).unwrap(),
            "two",
        )
        .unwrap();
        assert_eq!(fs::read(path("kept.png")).unwrap(), b"one");
    }

    #[test]
    fn the_record_tells_own_files_from_others() {
        let dir = tempfile::tempdir().unwrap();
        let [own, other] = ["mask.png", "photo.png"].map(|name| dir.path().join(name));
        put(&claim(Existing::Keep, &own).unwrap(), "one").unwrap();
        fs::write(&other, "two").unwrap();
        assert_eq!(own_files(&[own.clone(), other]), [own.as_path()]);
        // A line that was cut off, as by a crash, counts for nothing.
        let record = dir.path().join(RECORD);
        let text = fs::read_to_string(&record).unwrap();
        fs::write(&record, &text[..text.len() / 2]).unwrap();
        assert!(own_files(&[own]).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn records_that_are_links_or_of_others_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let (record, mask) = (dir.path().join(RECORD), dir.path().join("mask.png"));
        let other = dir.path().join("other.txt");
        std::os::unix::fs::symlink(&other, &record).unwrap();
        let claimed = claim(Existing::Keep, &mask).unwrap_err().to_string();
        assert!(claimed.contains(RECORD), "{claimed}");
        assert!(own_files(std::slice::from_ref(&mask)).is_empty());
        fs::remove_file(&record).unwrap();
        let claimed = claim(Existing::Keep, &mask).unwrap();
        std::os::unix::fs::symlink(&other, &record).unwrap();
        put(&claimed, "one").unwrap();
        assert!(!other.exists());
        fs::remove_file(&record).unwrap();
        fs::write(&record, "my notes\n").unwrap();
        claim(Existing::Keep, &dir.path().join("b.png")).unwrap_err();
    }

    #[test]
    fn case_is_found_by_trying() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a"), "").unwrap();
        assert_eq!(folds_case(dir.path()), dir.path().join("A").exists());
        assert!(!folds_case(&dir.path().join("absent")));
    }
}
