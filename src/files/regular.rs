//! Files that people name: what is no file, or is not there, is told before it is read.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Opens a file to read it. Pipes and devices, which may never end, and folders are refused.
///
/// # Errors
/// When it cannot be opened, or is no regular file.
pub fn open_regular(path: &Path) -> io::Result<File> {
    let kind = fs::metadata(path).map_err(|err| match fs::read_link(path) {
        Ok(target) if err.kind() == io::ErrorKind::NotFound => {
            let target = target.display();
            io::Error::new(
                err.kind(),
                format!("it is a link to {target}, which is not there"),
            )
        }
        _ => err,
    })?;
    if kind.is_file() {
        return File::open(path);
    }
    Err(io::Error::other(if kind.is_dir() {
        "it is a folder and no file"
    } else {
        "it is a pipe or a device and no file"
    }))
}

/// The content of a file, see [`open_regular`].
///
/// # Errors
/// When it cannot be opened or read, or is no regular file.
pub fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether something has this name that is no folder: a file, or a link that leads nowhere, or a pipe, of which
/// [`open_regular`] says what is wrong. Who takes a name for a file of the user's must not take a broken one for
/// none.
pub fn is_named(path: &Path) -> bool {
    path.symlink_metadata().is_ok() && !path.is_dir()
}

/// A path without links, `.` and `..`, of which the last parts may be of what is not there yet.
///
/// # Errors
/// When the folder that is there cannot be read.
pub fn resolved(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let there = |path: &&Path| path.exists();
    let existing = path.ancestors().find(there).unwrap_or(&path);
    let mut resolved = existing.canonicalize()?;
    for part in path.strip_prefix(existing).map_err(io::Error::other)? {
        if part == ".." {
            resolved.pop();
        } else {
            resolved.push(part);
        }
    }
    Ok(resolved)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn broken_links_and_pipes_are_named_and_no_files() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let [link, pipe, file, folder] =
            ["link", "pipe", "file", "folder"].map(|name| dir.path().join(name));
        std::os::unix::fs::symlink("gone.txt", &link).expect("a link");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.expect("mkfifo").success());
        fs::write(&file, "text").expect("written");
        fs::create_dir(&folder).expect("a folder");
        for (path, told) in [
            (&link, "it is a link to gone.txt, which is not there"),
            (&pipe, "it is a pipe or a device and no file"),
        ] {
            assert!(is_named(path));
            assert_eq!(open_regular(path).expect_err(told).to_string(), told);
        }
        assert!(is_named(&file) && !is_named(&folder) && !is_named(&dir.path().join("absent")));
        assert_eq!(read_regular(&file).expect("read"), b"text");
    }
}
