//! Decoded pairs kept in memory, so that a small dataset is decoded once.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::disk_cache::DiskCache;
use crate::dataset::{DatasetError, DatasetItem, LabelMap, MaskReader, Rgb};

/// What all pairs together may take, in bytes.
const BUDGET: usize = 512 << 20;

/// Decoded pairs of one dataset, up to 512 MiB.
///
/// Every image comes up once an epoch, so one that is thrown out would be gone
/// by the time it is wanted again: what is in stays in, and what does not fit is
/// decoded each time. Belongs to one [`MaskReader`]; make another one
/// (`Arc::default()`) for another dataset.
#[derive(Debug)]
pub struct DecodeCache {
    budget: usize,
    kept: Mutex<Kept>,
    /// Where pairs are kept for other runs, too.
    disk: Option<DiskCache>,
}

#[derive(Debug, Default)]
struct Kept {
    pairs: HashMap<PathBuf, Arc<(Rgb, LabelMap)>>,
    bytes: usize,
}

impl DecodeCache {
    /// One that also keeps pairs on disk.
    pub fn with_disk(disk: DiskCache) -> Self {
        Self {
            disk: Some(disk),
            ..Self::default()
        }
    }

    /// The decoded pair of an item, from memory, from disk or from its files.
    ///
    /// # Errors
    /// Those of [`MaskReader::read_pair`].
    pub(super) fn pair(
        &self,
        reader: &MaskReader,
        item: &DatasetItem,
    ) -> Result<Arc<(Rgb, LabelMap)>, DatasetError> {
        if let Some(pair) = self.kept().pairs.get(&item.image) {
            return Ok(Arc::clone(pair));
        }
        // Not under the lock, so that workers decode side by side.
        let decode = || reader.read_pair(item);
        let pair = Arc::new(match &self.disk {
            Some(disk) => disk.pair(reader, item, decode)?,
            None => decode()?,
        });
        let bytes = pair.0.pixels.len() + pair.1.labels.len();
        let mut kept = self.kept();
        if kept.bytes + bytes <= self.budget && !kept.pairs.contains_key(&item.image) {
            kept.pairs.insert(item.image.clone(), Arc::clone(&pair));
            kept.bytes += bytes;
        }
        Ok(pair)
    }

    /// The pairs are whole even if another thread has panicked.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for DecodeCache {
    fn default() -> Self {
        Self {
            budget: BUDGET,
            kept: Mutex::default(),
            disk: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::tests::plan;
    use super::*;

    #[test]
    fn pairs_are_kept_up_to_the_budget() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let plan = plan(dir.path(), 2, 1);
        // A 2x1 pair takes 6 + 2 bytes: one fits, two do not.
        let cache = DecodeCache {
            budget: 12,
            ..DecodeCache::default()
        };
        let first = cache.pair(&plan.reader, &plan.items[0]).expect("read");
        cache.pair(&plan.reader, &plan.items[1]).expect("read");
        let num_kept = cache.kept().pairs.len();
        assert_eq!((num_kept, cache.kept().bytes), (1, 8));
        std::fs::remove_file(&plan.items[0].image).expect("removed");
        std::fs::remove_file(&plan.items[1].image).expect("removed");
        assert_eq!(
            cache.pair(&plan.reader, &plan.items[0]).expect("kept"),
            first
        );
        assert!(cache.pair(&plan.reader, &plan.items[1]).is_err());
    }
}
