//! Files that appear whole or not at all, and JSON in such files.
//!
//! A leaf that every room may import. Must not know what the files hold. Files of the program
//! itself (runs, records) are written with [`write_atomic`]; files for people, in folders that
//! hold other files too, through [`Outputs`].

mod new_folder;
mod npy;
mod operations;
mod outputs;
mod regular;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use new_folder::NewFolder;
pub use npy::{NpyArray, NpyValues, read_npy, write_npy_bytes, write_npy_floats};
#[cfg(test)]
pub use operations::{Operation, watched};
pub use operations::{append, remove_file, sync_file, sync_folder};
pub(crate) use outputs::RECORD as OWN_RECORD;
pub use outputs::{Existing, Output, Outputs, folds_case, own_files};
pub use regular::{is_named, open_regular, read_regular, resolved};

/// A file that could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It could not be written, most often because the disk is full.
    #[error("{path}: {source}. Check that the folder can be written and that the disk has room")]
    Write { path: PathBuf, source: io::Error },
    /// A folder is needed where a file is, or a link to something that is gone.
    #[error(
        "{path}: this is {found}, and a folder is needed. It stays as it is: choose a folder, or a new name for one"
    )]
    NoFolder { path: PathBuf, found: &'static str },
    /// It could not be read.
    #[error("{path}: {source}. Check that the file exists and may be read")]
    Read { path: PathBuf, source: io::Error },
    /// It does not hold what was expected.
    #[error(
        "{path}: {source}. The file is damaged or of another version; other files are untouched"
    )]
    Json {
        path: PathBuf,
        source: serde_json::Error,
    },
    /// It has a name of the program's own, and other content.
    #[error(
        "{path}: {reason}. The file stays as it is: move it elsewhere, or use the version of the program that wrote it"
    )]
    OtherContent { path: PathBuf, reason: String },
    /// An output has the name of a file that is somebody else's.
    #[error(
        "{path}: there is another file of this name, which this program did not write or which was changed \
         since. It stays as it is: choose another name or folder"
    )]
    Foreign { path: PathBuf },
    /// What has the name of a folder's record of outputs is something else.
    #[error(
        "{path}: here this program notes which files it wrote into the folder, but this is a link, a pipe or another \
         program's file. Rename it, or choose another folder"
    )]
    ForeignRecord { path: PathBuf },
    /// The folder's record of outputs cannot be written.
    #[error(
        "{path}: not written, since {record} in its folder cannot be ({source}). There this program notes which files it \
         wrote: without that, a mask that was predicted would later count as one that people made. Make that file \
         writable, or choose another folder"
    )]
    Unrecorded {
        path: PathBuf,
        record: &'static str,
        source: io::Error,
    },
    /// A new folder has the name of something that is there.
    #[error(
        "{path}: there is something of this name already, and nothing is overwritten. Name a new folder"
    )]
    Taken { path: PathBuf },
    /// An output has the name of an earlier one, and nobody asked to replace it.
    #[error(
        "{path}: this file is there already, from an earlier call of this program. Choose another name or folder"
    )]
    Exists { path: PathBuf },
}

impl FileError {
    /// For `map_err`: a failed write of `path`.
    pub fn write(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        |source| Self::Write { path, source }
    }

    /// For `map_err`: a failed read of `path`.
    pub fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Read { path, source }
    }
}

/// Makes a folder and those that it is in, where they are not there yet.
///
/// # Errors
/// When one of them cannot be made, or has the name of a file.
pub fn make_folder(path: &Path) -> Result<(), FileError> {
    fs::create_dir_all(path).map_err(|source| {
        // The innermost that is there at all.
        let there = path
            .ancestors()
            .find(|path| path.symlink_metadata().is_ok());
        let found = there.and_then(|path| match path.metadata() {
            Ok(meta) if meta.is_dir() => None,
            Ok(_) => Some((path, "a file")),
            Err(err) if err.kind() == io::ErrorKind::NotFound => {
                Some((path, "a link to something that is not there"))
            }
            Err(_) => None,
        });
        match found {
            Some((path, found)) => FileError::NoFolder {
                path: path.to_owned(),
                found,
            },
            None => FileError::write(path)(source),
        }
    })
}

/// Whether the name of a file ends in one of `extensions`, which are without a period, in any case.
pub fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| {
        extensions
            .iter()
            .any(|known| known.eq_ignore_ascii_case(extension))
    })
}

/// The folders that the system has for this program; `None` where there is no home folder.
pub fn program_dirs() -> Option<directories::ProjectDirs> {
    directories::ProjectDirs::from("", "", "fcn-workbench")
}

/// Writes a file through `write`. A reader sees the old content or all of the new, even after
/// a crash or a full disk.
///
/// A file that is replaced keeps its permissions; a new one gets those that the system gives
/// to new files.
pub fn write_atomic(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), FileError> {
    write_atomic_by_path(path, |scratch| {
        let mut file = BufWriter::new(operations::Output::create(scratch)?);
        write(&mut file)?;
        file.flush()
    })
}

/// As [`write_atomic`], for a writer that opens files by itself: `write` gets the path of a
/// scratch file, which it may replace.
pub fn write_atomic_by_path(
    path: &Path,
    write: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<(), FileError> {
    let scratch = Scratch::fill(path, write).map_err(FileError::write(path))?;
    scratch.replace(path).map_err(FileError::write(path))
}

/// Writes `value` as JSON over several lines, with [`write_atomic`].
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), FileError> {
    write_atomic(path, |file| Ok(serde_json::to_writer_pretty(file, value)?))
}

/// Reads a file that holds one JSON value.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, FileError> {
    let bytes = read_regular(path).map_err(FileError::read(path))?;
    serde_json::from_slice(&bytes).map_err(|source| FileError::Json {
        path: path.to_owned(),
        source,
    })
}

const SCRATCH_START: &str = ".";
const SCRATCH_LETTERS: usize = 6;
const SCRATCH_END: &str = ".tmp";

/// Whether a file has exactly a name that [`write_atomic`] gives to a file in the making. One that is left
/// is from a program that was killed.
pub fn is_scratch(name: &str) -> bool {
    let letters = name.strip_prefix(SCRATCH_START);
    let letters = letters.and_then(|rest| rest.strip_suffix(SCRATCH_END));
    letters.is_some_and(|letters| {
        letters.len() == SCRATCH_LETTERS && letters.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// A complete file beside the one it becomes; it goes away with this value.
struct Scratch {
    folder: PathBuf,
    file: tempfile::TempPath,
}

impl Scratch {
    fn fill(path: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<Self> {
        let folder = folder_of(path).to_owned();
        // Beside the file, so that the rename stays on one disk; closed, since the writer opens it.
        let file = tempfile::Builder::new()
            .prefix(SCRATCH_START)
            .rand_bytes(SCRATCH_LETTERS)
            .suffix(SCRATCH_END)
            .make_in(&folder, |scratch| File::create_new(scratch))?
            .into_temp_path();
        let permissions = fs::metadata(path)
            .or_else(|_| fs::metadata(&file))?
            .permissions();
        write(&file)?;
        fs::set_permissions(&file, permissions)?;
        // In this order, so that the name never stands for less than the whole content.
        sync_file(&file)?;
        Ok(Self { folder, file })
    }

    fn replace(self, path: &Path) -> io::Result<()> {
        operations::persist(self.file, path)?;
        sync_folder(&self.folder)
    }

    /// Takes the name only where it is free, whoever else asks for it at this moment.
    fn take_free_name(self, path: &Path) -> io::Result<()> {
        let failed = match self.file.persist_noclobber(path) {
            Ok(()) => return sync_folder(&self.folder),
            Err(failed) => failed,
        };
        // Some file systems can neither link nor rename on condition; there a look has to do.
        if failed.error.kind() == io::ErrorKind::AlreadyExists || path.symlink_metadata().is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        failed.path.persist(path)?;
        sync_folder(&self.folder)
    }
}

/// The folder of a file; a bare name has an empty parent, which is the current folder.
fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("list.txt");
        write_atomic(&path, |file| file.write_all(b"old")).unwrap();
        let failed = write_atomic(&path, |file| {
            file.write_all(b"half")?;
            Err(io::Error::other("disk full"))
        });
        let message = failed.unwrap_err().to_string();
        assert!(message.contains("list.txt: disk full. Check"), "{message}");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(dir.path()), ["list.txt"]);
    }

    #[test]
    fn a_file_in_the_making_is_told_from_others_by_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let made = Scratch::fill(&dir.path().join("list.txt"), |_| Ok(())).unwrap();
        let [name] = &names(dir.path())[..] else {
            panic!("one file");
        };
        assert!(is_scratch(name), "{name}");
        drop(made);
        for other in [
            ".tmp",
            ".mine.tmp",
            ".my notes.tmp",
            "abcdef.tmp",
            ".abcdef.txt",
        ] {
            assert!(!is_scratch(other), "{other}");
        }
    }

    #[test]
    fn json_comes_back_and_damage_names_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("numbers.json");
        write_json(&path, &[1, 2]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "[\n  1,\n  2\n]");
        assert_eq!(read_json::<Vec<u32>>(&path).unwrap(), [1, 2]);
        let damaged = read_json::<String>(&path).unwrap_err();
        assert!(matches!(damaged, FileError::Json { .. }), "{damaged}");
        let missing = read_json::<String>(&dir.path().join("absent.json")).unwrap_err();
        assert!(missing.to_string().contains("absent.json"), "{missing}");
    }

    #[test]
    fn a_file_in_the_place_of_a_folder_is_named() {
        let dir = tempfile::tempdir().unwrap();
        make_folder(&dir.path().join("a/b")).unwrap();
        make_folder(&dir.path().join("a/b")).unwrap();
        let file = dir.path().join("a/list.txt");
        fs::write(&file, "kept").unwrap();
        for folder in [file.clone(), file.join("inner")] {
            let message = make_folder(&folder).unwrap_err().to_string();
            let start = format!("{}: this is a file, and a folder is needed", file.display());
            assert!(message.starts_with(&start), "{message}");
        }
        assert_eq!(fs::read(&file).unwrap(), b"kept");
        #[cfg(unix)]
        {
            let link = dir.path().join("link");
            std::os::unix::fs::symlink("nowhere", &link).unwrap();
            let message = make_folder(&link).unwrap_err().to_string();
            assert!(message.contains("this is a link to something"), "{message}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn permissions_are_those_of_other_files() {
        use std::os::unix::fs::PermissionsExt as _;

        let dir = tempfile::tempdir().unwrap();
        let mode = |name: &str| {
            let meta = fs::metadata(dir.path().join(name)).unwrap();
            meta.permissions().mode() & 0o7777
        };
        File::create(dir.path().join("plain")).unwrap();
        write_atomic(&dir.path().join("new"), |file| file.write_all(b"new")).unwrap();
        assert_eq!(mode("new"), mode("plain"));

        // Whatever the writer does to the scratch file.
        write_atomic_by_path(&dir.path().join("other"), |scratch| {
            fs::write(scratch, "other")?;
            fs::set_permissions(scratch, fs::Permissions::from_mode(0o600))
        })
        .unwrap();
        assert_eq!(mode("other"), mode("plain"));

        let kept = fs::Permissions::from_mode(0o640);
        fs::set_permissions(dir.path().join("plain"), kept).unwrap();
        write_atomic(&dir.path().join("plain"), |file| file.write_all(b"new")).unwrap();
        assert_eq!(mode("plain"), 0o640);
    }
}
