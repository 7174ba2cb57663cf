//! The folder of the files: what is there, what was checked, and how a file gets in.

use std::fs::{self, File, Metadata};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::error::CatalogueError;
use super::hash::{CHUNK, Digester, Digests, read_piece};
use super::{EntryState, KnownHash, PublicFile, Watch, space};
use crate::engine::tasks::Cancel;
use crate::files::{read_json, sync_folder, write_json};

/// Remembers a check: it holds as long as file and catalogue are still like this.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    /// Bytes.
    size: u64,
    /// Nanoseconds since 1970.
    modified: u64,
    kind: String,
    hash: String,
}

impl Record {
    /// What is written down of a file whose check went well; `None` where nothing can be.
    fn new(meta: &Metadata, hash: &KnownHash) -> Option<Self> {
        let modified = meta
            .modified()
            .ok()?
            .duration_since(UNIX_EPOCH)
            .ok()?
            .as_nanos() as u64;
        let digits = hash.digits()?.to_owned();
        Some(Self {
            size: meta.len(),
            modified,
            kind: hash.kind().to_owned(),
            hash: digits,
        })
    }
}

fn file_path(wanted: &PublicFile, folder: &Path) -> PathBuf {
    folder.join(wanted.name)
}

/// Where a download gathers the file.
pub(super) fn part_path(wanted: &PublicFile, folder: &Path) -> PathBuf {
    folder.join(format!("{}.part", wanted.name))
}

fn record_path(wanted: &PublicFile, folder: &Path) -> PathBuf {
    folder.join(format!("{}.json", wanted.name))
}

/// What is there, without reading it; `None` = a file that has to be checked.
pub(super) fn look(wanted: &PublicFile, folder: &Path) -> Option<EntryState> {
    let path = file_path(wanted, folder);
    let Some(meta) = fs::metadata(&path).ok().filter(Metadata::is_file) else {
        let bytes = fs::metadata(part_path(wanted, folder)).map_or(0, |meta| meta.len());
        return Some(if bytes > 0 {
            EntryState::Partial { bytes }
        } else {
            EntryState::Missing
        });
    };
    if wanted.hash == KnownHash::Unknown {
        return Some(EntryState::Unverified { path });
    }
    let expected = Record::new(&meta, &wanted.hash)?;
    let record: Record = read_json(&record_path(wanted, folder)).ok()?;
    (record == expected).then_some(EntryState::Ready { path })
}

/// Checks the file that is there, whoever put it there.
pub(super) fn check(
    wanted: &PublicFile,
    folder: &Path,
    watch: &mut Watch<'_>,
) -> Result<EntryState, CatalogueError> {
    let path = file_path(wanted, folder);
    let mut file = File::open(&path).map_err(|err| CatalogueError::read(&path, err))?;
    let total = file
        .metadata()
        .map_err(|err| CatalogueError::read(&path, err))?
        .len();
    let digests = digest(&path, &mut file, &mut |bytes| {
        watch.tell(EntryState::Verifying { bytes, total });
        watch.check()
    })?;
    same_hash(
        wanted,
        &path,
        &digests,
        "Delete it or put the right file there",
    )?;
    remember(wanted, folder);
    Ok(EntryState::Ready { path })
}

/// Copies a file of this machine into the folder, if it is the one meant. What is
/// checked are the bytes that are copied.
pub(super) fn add(
    wanted: &PublicFile,
    source: &Path,
    folder: &Path,
    watch: &mut Watch<'_>,
) -> Result<EntryState, CatalogueError> {
    let (mut reader, total) = open(source)?;
    if let Some(expected) = wanted.size.filter(|size| *size != total) {
        let (path, file) = (source.to_owned(), wanted.name.to_owned());
        return Err(CatalogueError::OtherSize {
            path,
            file,
            got: total,
            expected,
        });
    }
    let path = file_path(wanted, folder);
    if is_same(source, &path) && wanted.hash != KnownHash::Unknown {
        return check(wanted, folder, watch);
    }
    let there = path.symlink_metadata().is_ok();
    if there && !matches!(look(wanted, folder), Some(EntryState::Ready { .. })) {
        return Err(CatalogueError::Taken { path });
    }
    fs::create_dir_all(folder).map_err(|err| CatalogueError::write(folder, err))?;
    space::need(folder, total)?;
    let scratch = Scratch(folder.join(format!("{}.adding", wanted.name)));
    let failed = |err| CatalogueError::write(&scratch.0, err);
    let mut writer = File::create(&scratch.0).map_err(failed)?;
    let mut digester = Digester::default();
    let mut buffer = vec![0; CHUNK];
    let mut bytes = 0;
    loop {
        watch.check()?;
        let count = read_piece(&mut reader, &mut buffer)
            .map_err(|err| CatalogueError::read(source, err))?;
        if count == 0 {
            break;
        }
        digester.update(&buffer[..count]);
        writer.write_all(&buffer[..count]).map_err(failed)?;
        bytes += count as u64;
        watch.tell(EntryState::Verifying { bytes, total });
    }
    same_hash(wanted, source, &digester.finish(), "Name another file")?;
    if there {
        // The same content as what is there already.
        return Ok(EntryState::Ready { path });
    }
    writer.sync_all().map_err(failed)?;
    drop(writer);
    settle(wanted, folder, &scratch.0)
}

/// Removes a file of the catalogue and what is remembered of it.
pub(super) fn remove(wanted: &PublicFile, folder: &Path) -> io::Result<()> {
    fs::remove_file(file_path(wanted, folder))?;
    match fs::remove_file(record_path(wanted, folder)) {
        Err(err) if err.kind() != io::ErrorKind::NotFound => Err(err),
        _ => Ok(()),
    }
}

/// Which of the public files a file is, by its hash: its place among them.
pub(super) fn identify(
    files: &[PublicFile],
    source: &Path,
    cancel: &Cancel,
) -> Result<usize, CatalogueError> {
    let (mut file, total) = open(source)?;
    let digests = digest(source, &mut file, &mut |bytes| {
        cancel.set_progress(bytes as f32 / total.max(1) as f32);
        if cancel.is_cancelled() {
            Err(CatalogueError::Cancelled)
        } else {
            Ok(())
        }
    })?;
    let found = files
        .iter()
        .position(|file| file.hash.matches(&digests) == Some(true));
    found.ok_or_else(|| CatalogueError::NotListed {
        path: source.to_owned(),
        sha256: digests.sha256,
    })
}

/// Reads a file to its end; `step` hears how many bytes are done and may break it off.
pub(super) fn digest(
    path: &Path,
    file: &mut File,
    step: &mut dyn FnMut(u64) -> Result<(), CatalogueError>,
) -> Result<Digests, CatalogueError> {
    let mut digester = Digester::default();
    let mut buffer = vec![0; CHUNK];
    let mut bytes = 0;
    loop {
        step(bytes)?;
        let count = read_piece(file, &mut buffer).map_err(|err| CatalogueError::read(path, err))?;
        if count == 0 {
            return Ok(digester.finish());
        }
        digester.update(&buffer[..count]);
        bytes += count as u64;
    }
}

/// An error where the hash of the file is known and another one.
pub(super) fn same_hash(
    wanted: &PublicFile,
    path: &Path,
    digests: &Digests,
    advice: &'static str,
) -> Result<(), CatalogueError> {
    if wanted.hash.matches(digests) != Some(false) {
        return Ok(());
    }
    Err(CatalogueError::WrongHash {
        path: path.to_owned(),
        file: wanted.name.to_owned(),
        kind: wanted.hash.kind(),
        expected: wanted.hash.digits().unwrap_or_default().to_owned(),
        got: wanted.hash.same_part(digests).to_owned(),
        advice,
    })
}

/// Gives a file that was checked and is safe on the disk its name.
pub(super) fn settle(
    wanted: &PublicFile,
    folder: &Path,
    from: &Path,
) -> Result<EntryState, CatalogueError> {
    let path = file_path(wanted, folder);
    if path.symlink_metadata().is_ok() {
        return Err(CatalogueError::Taken { path });
    }
    fs::rename(from, &path).map_err(|err| CatalogueError::write(&path, err))?;
    sync_folder(folder).map_err(|err| CatalogueError::write(folder, err))?;
    if wanted.hash == KnownHash::Unknown {
        return Ok(EntryState::Unverified { path });
    }
    remember(wanted, folder);
    Ok(EntryState::Ready { path })
}

/// Writes down that the file was checked. Without that, it is only checked once more.
fn remember(wanted: &PublicFile, folder: &Path) {
    let record = fs::metadata(file_path(wanted, folder)).ok();
    let Some(record) = record.and_then(|meta| Record::new(&meta, &wanted.hash)) else {
        return;
    };
    if let Err(err) = write_json(&record_path(wanted, folder), &record) {
        log::warn!(
            "{err}. {} will be checked again at the next start",
            wanted.name
        );
    }
}

fn open(path: &Path) -> Result<(File, u64), CatalogueError> {
    let failed = |err| CatalogueError::read(path, err);
    let file = File::open(path).map_err(failed)?;
    let meta = file.metadata().map_err(failed)?;
    if meta.is_dir() {
        return Err(failed(std::io::ErrorKind::IsADirectory.into()));
    }
    Ok((file, meta.len()))
}

fn is_same(left: &Path, right: &Path) -> bool {
    matches!((left.canonicalize(), right.canonicalize()), (Ok(left), Ok(right)) if left == right)
}

/// A file that goes away again, unless it was renamed.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_file(&self.0).ok();
    }
}
