//! Public datasets: their archives, once they are checked, become a folder.
//!
//! In the folder of the data, `downloads/` has the archives until they are unpacked. `ID/` is there as a
//! whole or not at all; a record in it says where in it the dataset is.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use ureq::Agent;

use super::error::CatalogueError;
use super::{
    CatalogueEntry, EntryState, KnownHash, PublicDataset, PublicFile, Watch, download, space, store,
};
use crate::dataset::{self, DatasetError};
use crate::files::{read_json, sync_folder, write_json};

/// Hidden, so that it is no part of the dataset.
const RECORD: &str = ".fcn-workbench-dataset.json";

/// What a folder was made of.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    /// Where in it the dataset is.
    root: PathBuf,
    /// The archives, and what their bytes were checked against.
    files: Vec<FileRecord>,
}

#[derive(Debug, Serialize, Deserialize)]
struct FileRecord {
    name: String,
    hash_kind: String,
    hash: Option<String>,
}

impl CatalogueEntry for PublicDataset {
    fn id(&self) -> &'static str {
        self.id
    }

    fn label(&self) -> &'static str {
        self.name
    }

    fn is_called(&self, name: &str) -> bool {
        self.id == name || self.name == name || self.files.iter().any(|file| file.name == name)
    }

    fn look(&self, folder: &Path) -> Option<EntryState> {
        Some(look(self, folder))
    }

    fn check(&self, folder: &Path, _watch: &mut Watch<'_>) -> Result<EntryState, CatalogueError> {
        Ok(look(self, folder))
    }
}

fn downloads(folder: &Path) -> PathBuf {
    folder.join("downloads")
}

fn home(dataset: &PublicDataset, folder: &Path) -> PathBuf {
    folder.join(dataset.id)
}

/// What of a dataset is there.
fn look(dataset: &PublicDataset, folder: &Path) -> EntryState {
    if let Some(state) = unpacked(dataset, folder) {
        return state;
    }
    let downloads = downloads(folder);
    let mut parts = 0;
    let mut missing = Vec::new();
    for file in &dataset.files {
        match store::look(file, &downloads) {
            Some(EntryState::Missing) => missing.push(file.name),
            Some(EntryState::Partial { bytes }) => {
                parts += bytes;
                missing.push(file.name);
            }
            // Checked or not: that is done before it is unpacked.
            _ => {}
        }
    }
    if parts > 0 {
        EntryState::Partial { bytes: parts }
    } else if missing.len() == dataset.files.len() {
        EntryState::Missing
    } else {
        EntryState::Incomplete { missing }
    }
}

/// The dataset, where it is unpacked.
fn unpacked(dataset: &PublicDataset, folder: &Path) -> Option<EntryState> {
    let home = home(dataset, folder);
    let record: Record = read_json(&home.join(RECORD)).ok()?;
    // Joined with nothing, a path would end in a slash.
    let path = if record.root.as_os_str().is_empty() {
        home
    } else {
        home.join(record.root)
    };
    if !path.is_dir() {
        return None;
    }
    Some(if dataset.can_be_verified() {
        EntryState::Ready { path }
    } else {
        EntryState::Unverified { path }
    })
}

/// Downloads what is missing, checks it and unpacks it.
pub(super) fn get(
    dataset: &PublicDataset,
    folder: &Path,
    agent: &Agent,
    watch: &mut Watch<'_>,
) -> Result<EntryState, CatalogueError> {
    if let Some(there) = unpacked(dataset, folder) {
        return Ok(there);
    }
    let _lock = begin(dataset, folder)?;
    let downloads = downloads(folder);
    let is_missing = |file: &&PublicFile| {
        let state = store::look(file, &downloads);
        matches!(
            state,
            Some(EntryState::Missing | EntryState::Partial { .. })
        )
    };
    // The archives, and their content, which is not smaller.
    let sizes = dataset.files.iter().filter(is_missing);
    let needed: u64 = sizes.filter_map(|file| file.size).sum();
    space::need(folder, needed.saturating_mul(2))?;
    for file in &dataset.files {
        download::download(file, &downloads, agent, watch)?;
    }
    unpack(dataset, folder, watch)
}

/// Takes files of this machine, and unpacks them once all are there.
pub(super) fn add(
    dataset: &PublicDataset,
    files: &[PathBuf],
    folder: &Path,
    watch: &mut Watch<'_>,
) -> Result<EntryState, CatalogueError> {
    if let Some(there) = unpacked(dataset, folder) {
        return Ok(there);
    }
    let _lock = begin(dataset, folder)?;
    let downloads = downloads(folder);
    let mut copies = Vec::new();
    for path in files {
        let wanted = file_meant(dataset, path, watch)?;
        store::add(wanted, path, &downloads, watch)?;
        copies.push((downloads.join(wanted.name), path));
    }
    match look(dataset, folder) {
        EntryState::Incomplete { missing } if missing.is_empty() => {
            unpack(dataset, folder, watch).map_err(|err| named_as_given(err, &copies))
        }
        state => Ok(state),
    }
}

/// The lock against other programs that are at the same dataset. Fails where its folder is somebody else's.
fn begin(dataset: &PublicDataset, folder: &Path) -> Result<File, CatalogueError> {
    let home = home(dataset, folder);
    if home.symlink_metadata().is_ok() {
        return Err(CatalogueError::FolderTaken { path: home });
    }
    let downloads = downloads(folder);
    fs::create_dir_all(&downloads).map_err(|err| CatalogueError::write(&downloads, err))?;
    let path = downloads.join(format!(".{}.lock", dataset.id));
    let lock = File::create(&path).map_err(|err| CatalogueError::write(&path, err))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(CatalogueError::Busy { path: home }),
        Err(TryLockError::Error(err)) => Err(CatalogueError::write(&path, err)),
    }
}

/// Which archive of the dataset a file is: the only one, that of its name, or that of its hash.
fn file_meant<'a>(
    dataset: &'a PublicDataset,
    path: &Path,
    watch: &Watch<'_>,
) -> Result<&'a PublicFile, CatalogueError> {
    if let [only] = &dataset.files[..] {
        return Ok(only);
    }
    let has_name = |file: &&PublicFile| path.file_name().is_some_and(|name| name == file.name);
    if let Some(named) = dataset.files.iter().find(has_name) {
        return Ok(named);
    }
    let mut content = File::open(path).map_err(|err| CatalogueError::read(path, err))?;
    let digests = store::digest(path, &mut content, &mut |_| watch.check())?;
    let mut files = dataset.files.iter();
    files
        .find(|file| file.hash.matches(&digests) == Some(true))
        .ok_or_else(|| {
            let names: Vec<&str> = dataset.files.iter().map(|file| file.name).collect();
            CatalogueError::NotOfDataset {
                path: path.to_owned(),
                dataset: dataset.name,
                files: names.join(", "),
            }
        })
}

/// Unpacks the archives, all of which are there, and removes them.
fn unpack(
    dataset: &PublicDataset,
    folder: &Path,
    watch: &mut Watch<'_>,
) -> Result<EntryState, CatalogueError> {
    let archives: Vec<PathBuf> = dataset
        .files
        .iter()
        .map(|file| downloads(folder).join(file.name))
        .collect();
    let result = unpack_all(dataset, &archives, folder, watch);
    let is_useless = matches!(
        result,
        Err(CatalogueError::OtherContent { .. }
            | CatalogueError::Dataset(DatasetError::Archive { .. }))
    );
    // What could not be verified and is not it would only fail again.
    let unverified = dataset.files.iter().zip(&archives);
    for (file, archive) in unverified.filter(|(file, _)| file.hash == KnownHash::Unknown) {
        if is_useless && fs::remove_file(archive).is_ok() {
            log::info!("{}: {} was deleted", dataset.name, file.name);
        }
    }
    result?;
    for (file, archive) in dataset.files.iter().zip(&archives) {
        if let Err(err) = store::remove(file, &downloads(folder)) {
            log::warn!("{}: {err}. It is not needed any more", archive.display());
        }
    }
    let gone = || CatalogueError::read(&home(dataset, folder), std::io::ErrorKind::NotFound.into());
    unpacked(dataset, folder).ok_or_else(gone)
}

fn unpack_all(
    dataset: &PublicDataset,
    archives: &[PathBuf],
    folder: &Path,
    watch: &mut Watch<'_>,
) -> Result<(), CatalogueError> {
    let mut needed = 0_u64;
    for archive in archives {
        let size = dataset::unpacked_size(archive).map_err(CatalogueError::Dataset)?;
        needed = needed.saturating_add(size);
    }
    space::need(folder, needed)?;
    let scratch = ScratchFolder::new(folder.join(format!(".unpacking-{}", dataset.id)))?;
    for archive in archives {
        let mut progress = |done: usize, total: usize| {
            watch.tell(EntryState::Unpacking {
                bytes: (done as u64) << 10,
                total: (total as u64) << 10,
            });
            watch.check().is_ok()
        };
        dataset::unpack(archive, &scratch.0, &mut progress).map_err(|err| match err {
            DatasetError::Interrupted { .. } => CatalogueError::Cancelled,
            err => CatalogueError::Dataset(err),
        })?;
    }
    let root = dataset::dataset_below(&scratch.0, dataset.layouts);
    let root = root.ok_or_else(|| {
        let layouts: Vec<String> = dataset.layouts.iter().map(ToString::to_string).collect();
        CatalogueError::OtherContent {
            dataset: dataset.name,
            layouts: layouts.join(" or "),
        }
    })?;
    let root = root.strip_prefix(&scratch.0).unwrap_or(&root).to_owned();
    let record_path = scratch.0.join(RECORD);
    write_json(&record_path, &Record::new(dataset, root))
        .map_err(|err| CatalogueError::Dataset(err.into()))?;
    let home = home(dataset, folder);
    fs::rename(&scratch.0, &home).map_err(|err| CatalogueError::write(&home, err))?;
    sync_folder(folder).map_err(|err| CatalogueError::write(folder, err))
}

impl Record {
    fn new(dataset: &PublicDataset, root: PathBuf) -> Self {
        let files = dataset.files.iter().map(|file| FileRecord {
            name: file.name.to_owned(),
            hash_kind: file.hash.kind().to_owned(),
            hash: file.hash.digits().map(str::to_owned),
        });
        Self {
            root,
            files: files.collect(),
        }
    }
}

/// An error about a copy, about the file that people named.
fn named_as_given(err: CatalogueError, copies: &[(PathBuf, &PathBuf)]) -> CatalogueError {
    match err {
        CatalogueError::Dataset(DatasetError::Archive { path, reason }) => {
            let given = copies.iter().find(|(copy, _)| *copy == path);
            let path = given.map_or(path, |(_, given)| (*given).clone());
            CatalogueError::Dataset(DatasetError::Archive { path, reason })
        }
        err => err,
    }
}

/// A folder that goes away again, unless it was renamed.
struct ScratchFolder(PathBuf);

impl ScratchFolder {
    /// Empty, whatever a program left there that was killed.
    fn new(path: PathBuf) -> Result<Self, CatalogueError> {
        let failed = |err| CatalogueError::write(&path, err);
        if path.symlink_metadata().is_ok() {
            fs::remove_dir_all(&path).map_err(failed)?;
        }
        fs::create_dir(&path).map_err(failed)?;
        Ok(Self(path))
    }
}

impl Drop for ScratchFolder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}
