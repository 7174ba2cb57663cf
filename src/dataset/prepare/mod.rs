//! Datasets that are not folders of images and masks yet: archives, and masks that are written
//! as outlines or matrices. What they become is kept in a folder of the program's own; the
//! user's files are only read.

mod annotated;
mod annotations;
mod archive;
mod below;
mod coco;
mod coco_categories;
mod coco_document;
mod coco_left_out;
mod labelme;
mod labelme_outline;
mod mat;
mod outline;
mod sbd;

pub use archive::{unpack, unpacked_size};
pub use below::dataset_below;
#[cfg(test)]
pub(super) use mat::tests::file as mat_file;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use sha2::{Digest as _, Sha256};

use super::{Dataset, DatasetError};
use crate::files::FileError;
pub(super) use archive::{has_archive_extension, zipped_names};

/// Told how much of how much is done; returns whether to continue.
pub(super) type Progress<'a> = dyn FnMut(usize, usize) -> bool + 'a;

impl Dataset {
    /// Opens a dataset as [`Dataset::open`] does, and besides that a zip or tar of one and
    /// folders whose masks are labelme's or COCO's JSON or SBD's MAT files. Those are unpacked,
    /// and written as PNG masks, in `cache`, once.
    ///
    /// # Errors
    /// Those of [`Dataset::open`], [`DatasetError::Archive`] for an archive that is damaged or
    /// unpacks to too much, [`DatasetError::Annotations`] for annotations that cannot be read,
    /// and [`DatasetError::Interrupted`] when `progress` said to stop.
    pub fn open_any(
        path: &Path,
        cache: &Path,
        progress: &mut Progress<'_>,
    ) -> Result<Self, DatasetError> {
        let mut dataset = Self::open_without_map(path, cache, progress)?;
        dataset.apply_own_map()?;
        Ok(dataset)
    }

    /// As [`open_any`](Dataset::open_any), as its files are: without the class map beside it.
    ///
    /// # Errors
    /// Those of [`open_any`](Dataset::open_any).
    pub fn open_without_map(
        path: &Path,
        cache: &Path,
        progress: &mut Progress<'_>,
    ) -> Result<Self, DatasetError> {
        let cache = Cache { folder: cache };
        let root = if path.is_file() {
            archive::unpacked(path, &cache, progress)?
        } else {
            path.to_owned()
        };
        match Self::open_files(&root) {
            Err(err @ (DatasetError::UnknownLayout { .. } | DatasetError::NoMasks { .. })) => {
                match annotations::open(&root, &cache, progress)? {
                    annotations::Found::Dataset(dataset) => Ok(*dataset),
                    annotations::Found::Unlabeled(why) => {
                        Err(of_archive(unlabeled(err, &why), path))
                    }
                    annotations::Found::Nothing => Err(of_archive(err, path)),
                }
            }
            opened => opened,
        }
    }
}

/// The folder with the files of a zip or tar, unpacked in `cache` once, within bounds of size and number.
///
/// # Errors
/// [`DatasetError::Archive`] for an archive that is damaged or unpacks to too much, and
/// [`DatasetError::Interrupted`] when `progress` said to stop.
pub(super) fn unpacked(
    path: &Path,
    cache: &Path,
    progress: &mut Progress<'_>,
) -> Result<PathBuf, DatasetError> {
    archive::unpacked(path, &Cache { folder: cache }, progress)
}

/// An error about a folder without masks, with the reason why its annotations are none.
fn unlabeled(mut err: DatasetError, why: &str) -> DatasetError {
    match &mut err {
        DatasetError::UnknownLayout { nearest, .. } => why.clone_into(nearest),
        DatasetError::NoMasks { unread, .. } => *unread = format!(" {why}."),
        _ => {}
    }
    err
}

/// An error about a folder, about the archive that was unpacked there, if it was one.
fn of_archive(mut err: DatasetError, archive: &Path) -> DatasetError {
    match &mut err {
        _ if !archive.is_file() => {}
        DatasetError::UnknownLayout { path, .. } => archive.clone_into(path),
        // Here the images are still wanted, so their folder stays.
        DatasetError::NoMasks { found, .. } => {
            *found = format!("unpacked from {}; {found}", archive.display());
        }
        _ => {}
    }
    err
}

/// Where prepared datasets are kept.
struct Cache<'a> {
    folder: &'a Path,
}

impl Cache<'_> {
    /// The folder that `make` fills, from this or an earlier time. It belongs to the files it
    /// was made of as they are now, by their paths, sizes and times of change, and to `settings`: all else that it
    /// was made by.
    fn prepared(
        &self,
        name: &str,
        (sources, settings): (&[PathBuf], &str),
        make: impl FnOnce(&Path) -> Result<(), DatasetError>,
    ) -> Result<PathBuf, DatasetError> {
        let folder = self
            .folder
            .join(format!("{name}-{}", key(sources, settings)?));
        if folder.is_dir() {
            return Ok(folder);
        }
        fs::create_dir_all(self.folder).map_err(FileError::write(self.folder))?;
        // Appears whole or not at all; an interrupted attempt is removed with its folder.
        let scratch = tempfile::Builder::new()
            .prefix(".preparing-")
            .tempdir_in(self.folder)
            .map_err(FileError::write(self.folder))?;
        make(scratch.path())?;
        let made = scratch.keep();
        match fs::rename(&made, &folder) {
            Ok(()) => Ok(folder),
            // Another process was faster.
            Err(_) if folder.is_dir() => {
                fs::remove_dir_all(&made).map_err(FileError::write(&made))?;
                Ok(folder)
            }
            Err(err) => Err(FileError::write(&folder)(err).into()),
        }
    }
}

fn key(sources: &[PathBuf], settings: &str) -> Result<String, DatasetError> {
    let mut hash = Sha256::new();
    for path in sources {
        let meta = fs::metadata(path).map_err(FileError::read(path))?;
        let path = std::path::absolute(path).map_err(FileError::read(path))?;
        let changed = meta
            .modified()
            .ok()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
            .unwrap_or_default();
        hash.update(path.as_os_str().as_encoded_bytes());
        hash.update(meta.len().to_le_bytes());
        hash.update(changed.as_nanos().to_le_bytes());
    }
    hash.update(settings);
    let digest = hash.finalize();
    let start: Vec<String> = digest[..6]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(start.concat())
}

/// The name of a file without what says that it is an archive.
fn stem(path: &Path) -> String {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let lower = name.to_lowercase();
    let end = [".tar.gz", ".tgz", ".tar", ".zip"]
        .iter()
        .find(|end| lower.ends_with(*end));
    name[..name.len() - end.map_or(0, |end| end.len())].to_owned()
}

#[cfg(test)]
mod tests;
