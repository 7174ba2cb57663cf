//! How much room there is on a disk.

use std::path::Path;
use std::process::{Command, Stdio};

use super::error::CatalogueError;

/// An error where the disk that `path` is on, or would be on, has no room for `bytes` more.
/// Where the system does not say how much it has, a full disk is noticed while it is written to.
pub(super) fn need(path: &Path, bytes: u64) -> Result<(), CatalogueError> {
    match free(path) {
        Some(free) if free < bytes => Err(CatalogueError::NoRoom {
            path: path.to_owned(),
            needed: bytes,
            free,
        }),
        _ => Ok(()),
    }
}

/// Bytes that can still be written to the disk of a path; `None` on Windows, which has no `df`, and whose call
/// no crate in the tree wraps without `unsafe`.
fn free(path: &Path) -> Option<u64> {
    let there = path.ancestors().find(|path| path.exists())?;
    // POSIX states what it prints; the call behind it would need `unsafe`.
    let output = Command::new("df")
        .args(["-P", "-k", "--"])
        .arg(there)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    free_of(&String::from_utf8_lossy(&output.stdout))
}

/// The column "Available" of the one line below the headings. A name may hold spaces, so it is
/// found by the column "Capacity", a percentage, that follows it.
fn free_of(text: &str) -> Option<u64> {
    let line = text.lines().nth(1)?;
    let columns: Vec<&str> = line.split_whitespace().collect();
    let is_percent = |column: &str| {
        let digits = column.strip_suffix('%');
        digits.is_some_and(|digits| digits.parse::<u32>().is_ok())
    };
    let capacity = columns.iter().position(|column| is_percent(column))?;
    let kibibytes: u64 = columns.get(capacity.checked_sub(1)?)?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_read_as_posix_prints_it() {
        let heads = "Filesystem 1024-blocks Used Available Capacity Mounted on\n";
        let line = "/dev/sda1 1000 400 600 40% /\n";
        assert_eq!(free_of(&format!("{heads}{line}")), Some(600 * 1024));
        let line = "//server/my share 1000 400 600 40% /mnt/a b\n";
        assert_eq!(free_of(&format!("{heads}{line}")), Some(600 * 1024));
        assert_eq!(free_of(heads), None);
        assert_eq!(free_of("df: no such thing\nat all"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_disk_has_no_room_for_more_than_there_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let below = folder.path().join("not/there yet");
        need(&below, 1).expect("room for a byte");
        let message = need(&below, u64::MAX)
            .expect_err("no disk has that")
            .to_string();
        assert!(
            message.contains("not/there yet") && message.contains("Free some space"),
            "{message}"
        );
    }
}
