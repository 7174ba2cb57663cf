//! Decoded pairs kept on disk, so that a large dataset is decoded once for many runs.
//!
//! A pair is found again by what its files are (paths, sizes, times) and by how they are read; its
//! content has a checksum. Whatever is wrong with an entry, the pair is decoded: the cache can be slow,
//! never wrong. Must not fail a training.

use std::collections::HashSet;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};

use crate::dataset::{DatasetItem, LabelMap, MaskReader, Rgb};

/// The first bytes of an entry.
const MAGIC: [u8; 8] = *b"FCNPAIR1";
/// Magic, width, height, checksum.
const HEADER: usize = 20;
/// Ends the name of an entry; nothing else in the folder is touched.
const ENDING: &str = ".fcn-pair";
/// Files that changed since are not trusted yet: they may change once more within a tick of the clock
/// of their file system.
const SETTLED: Duration = Duration::from_secs(3);

/// A folder of decoded pairs, of a bounded size.
#[derive(Debug)]
pub struct DiskCache {
    folder: PathBuf,
    budget: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Bytes of all entries; `None` before the folder was looked at.
    used: Option<u64>,
    /// Entries that were read or written here, which make room for no others.
    touched: HashSet<String>,
    /// Whether nothing is written any more.
    is_full: bool,
}

/// What a pair is called in the cache.
struct Entry {
    name: String,
}

impl DiskCache {
    /// A cache of at most `budget` bytes in a folder, which is made when it is needed.
    pub fn new(folder: PathBuf, budget: u64) -> Self {
        Self {
            folder,
            budget,
            state: Mutex::default(),
        }
    }

    /// A pair that was kept, or else the one that `decode` gives, which is kept if it can be.
    ///
    /// # Errors
    /// Those of `decode`.
    pub(super) fn pair<E>(
        &self,
        reader: &MaskReader,
        item: &DatasetItem,
        decode: impl FnOnce() -> Result<(Rgb, LabelMap), E>,
    ) -> Result<(Rgb, LabelMap), E> {
        let Some(entry) = Entry::of(reader, item, SystemTime::now()) else {
            return decode();
        };
        if let Some(pair) = self.read(&entry) {
            return Ok(pair);
        }
        let pair = decode()?;
        // What was decoded must be what the name says.
        let is_same = Entry::of(reader, item, SystemTime::now())
            .is_some_and(|after| after.name == entry.name);
        if is_same {
            self.write(&entry, &pair);
        }
        Ok(pair)
    }

    /// A kept pair; `None` where there is none, or anything is wrong with it.
    fn read(&self, entry: &Entry) -> Option<(Rgb, LabelMap)> {
        let mut file = File::open(self.folder.join(&entry.name)).ok()?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).ok()?;
        let pair = decoded(bytes)?;
        let is_first = self.state().touched.insert(entry.name.clone());
        if is_first {
            // Runs that come after it see what was needed lately. Without it, it makes room earlier.
            file.set_modified(SystemTime::now()).ok();
        }
        Some(pair)
    }

    fn write(&self, entry: &Entry, pair: &(Rgb, LabelMap)) {
        let bytes = encoded(pair);
        if !self.has_room(bytes.len() as u64) {
            return;
        }
        let path = self.folder.join(&entry.name);
        if let Err(err) = replace(&self.folder, &path, &bytes) {
            let mut state = self.state();
            if !state.is_full {
                log::warn!(
                    "{}: decoded images cannot be kept there, so they are decoded each time ({err})",
                    self.folder.display()
                );
            }
            state.is_full = true;
            return;
        }
        self.state().touched.insert(entry.name.clone());
    }

    /// Takes room for so many bytes, from entries that were not needed for the longest time where there
    /// is not enough.
    fn has_room(&self, bytes: u64) -> bool {
        let mut state = self.state();
        if state.is_full {
            return false;
        }
        let used = *state
            .used
            .get_or_insert_with(|| entries(&self.folder).iter().map(|entry| entry.bytes).sum());
        if used + bytes <= self.budget {
            state.used = Some(used + bytes);
            return true;
        }
        let mut old = entries(&self.folder);
        let mut used: u64 = old.iter().map(|entry| entry.bytes).sum();
        old.retain(|entry| !state.touched.contains(&entry.name));
        old.sort_by_key(|entry| entry.modified);
        // For some more at once, since looking through the folder takes time.
        let wanted = bytes.max(self.budget / 16).min(self.budget);
        for entry in old {
            if used + wanted <= self.budget {
                break;
            }
            if fs::remove_file(self.folder.join(&entry.name)).is_ok() {
                used -= entry.bytes;
            }
        }
        let fits = used + bytes <= self.budget;
        state.used = Some(if fits { used + bytes } else { used });
        // All that is left is needed, as what does not fit is: it is decoded each time.
        state.is_full = !fits;
        fits
    }

    /// It is whole even if another thread has panicked.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// `None` for files that are not there, or that changed just now.
    fn of(reader: &MaskReader, item: &DatasetItem, now: SystemTime) -> Option<Self> {
        let mut hash = Sha256::new();
        // Other versions may decode otherwise.
        hash.update(env!("CARGO_PKG_VERSION"));
        hash.update(MAGIC);
        hash.update(format!("{reader:?}"));
        for path in [&item.image, &item.mask] {
            let path = std::path::absolute(path).ok()?;
            let metadata = fs::metadata(&path).ok()?;
            let modified = metadata.modified().ok()?;
            if now.duration_since(modified).ok()? < SETTLED {
                return None;
            }
            let bytes = path.as_os_str().as_encoded_bytes();
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
            hash.update(metadata.len().to_le_bytes());
            let since = modified.duration_since(SystemTime::UNIX_EPOCH).ok()?;
            hash.update(since.as_nanos().to_le_bytes());
            hash.update(identity(&metadata));
        }
        Some(Self {
            name: format!("{:x}{ENDING}", hash.finalize()),
        })
    }
}

/// What else tells a file from one that took its name, size and time.
#[cfg(unix)]
fn identity(metadata: &Metadata) -> [u8; 24] {
    use std::os::unix::fs::MetadataExt as _;
    let mut identity = [0; 24];
    identity[..8].copy_from_slice(&metadata.ino().to_le_bytes());
    identity[8..16].copy_from_slice(&metadata.ctime().to_le_bytes());
    identity[16..].copy_from_slice(&metadata.ctime_nsec().to_le_bytes());
    identity
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> [u8; 0] {
    []
}

/// An entry that is there.
struct Found {
    name: String,
    bytes: u64,
    modified: SystemTime,
}

/// The entries of a folder; what cannot be looked at is none.
fn entries(folder: &Path) -> Vec<Found> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let found = files.filter_map(|file| {
        let name = file.file_name().into_string().ok()?;
        let metadata = file.metadata().ok()?;
        (name.ends_with(ENDING) && metadata.is_file()).then(|| Found {
            name,
            bytes: metadata.len(),
            modified: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
        })
    });
    found.collect()
}

fn encoded((rgb, labels): &(Rgb, LabelMap)) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + rgb.pixels.len() + labels.labels.len());
    bytes.extend(MAGIC);
    bytes.extend(rgb.width.to_le_bytes());
    bytes.extend(rgb.height.to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(&rgb.pixels);
    bytes.extend(&labels.labels);
    let sum = checksum(&bytes);
    bytes[HEADER - 4..HEADER].copy_from_slice(&sum.to_le_bytes());
    bytes
}

/// Of everything but itself.
fn checksum(bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&bytes[..HEADER - 4]);
    hasher.update(&bytes[HEADER..]);
    hasher.finalize()
}

fn decoded(bytes: Vec<u8>) -> Option<(Rgb, LabelMap)> {
    let header = bytes.get(..HEADER)?;
    let number = |at: usize| {
        let four = header.get(at..at + 4)?;
        Some(u32::from_le_bytes(four.try_into().ok()?))
    };
    let (width, height) = (number(8)?, number(12)?);
    let pixels = usize::try_from(u64::from(width) * u64::from(height)).ok()?;
    let is_whole = header.starts_with(&MAGIC)
        && pixels.checked_mul(4)?.checked_add(HEADER)? == bytes.len()
        && number(16)? == checksum(&bytes);
    if !is_whole {
        return None;
    }
    let labels = bytes[HEADER + 3 * pixels..].to_vec();
    let mut rgb = bytes;
    rgb.truncate(HEADER + 3 * pixels);
    rgb.drain(..HEADER);
    Some((
        Rgb {
            width,
            height,
            pixels: rgb,
        },
        LabelMap {
            width,
            height,
            labels,
        },
    ))
}

/// Writes a file beside its place first. It need not survive a power cut: one that is torn is decoded anew.
fn replace(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new()
        .prefix(".writing-")
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests;
