//! Batches that are in files already, of this program or another: NumPy arrays in the order in which they
//! are trained on.

use std::path::{Path, PathBuf};

use super::batch::Batch;
use crate::dataset::{DatasetError, VOID};
use crate::files::{NpyArray, NpyValues, read_npy};
use crate::text::plural;

/// All batches of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredBatches {
    /// How many an epoch has.
    pub per_epoch: usize,
    /// Those of the first epoch, then those of the next.
    pub batches: Vec<StoredBatch>,
    /// Labels below are classes.
    pub num_classes: usize,
}

/// The files of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBatch {
    /// `[batch_size, 3, height, width]`, float32, normalized.
    pub images: PathBuf,
    /// `[batch_size, height, width]`, uint8, [`VOID`] where nothing counts.
    pub labels: PathBuf,
    /// What the images are called, as far as that is known.
    pub ids: Vec<String>,
}

impl StoredBatches {
    /// Reads a batch. `index` counts from 0 in the epoch, epochs from 1.
    ///
    /// # Errors
    /// [`DatasetError::Batch`] for what is no such batch, and when there is none for this place.
    pub fn batch(&self, epoch: usize, index: usize) -> Result<Batch, DatasetError> {
        let number = epoch.saturating_sub(1) * self.per_epoch + index;
        let Some(stored) = self.batches.get(number) else {
            let path = self.batches.last().map(|batch| batch.images.clone());
            let reason = format!(
                "this is the last of {}",
                plural(self.batches.len(), "batch", "batches")
            );
            return Err(problem(&path.unwrap_or_default(), reason));
        };
        stored.read(self.num_classes)
    }
}

impl StoredBatch {
    fn read(&self, num_classes: usize) -> Result<Batch, DatasetError> {
        let array = |path: &Path| read_npy(path).map_err(|reason| problem(path, reason));
        let NpyArray { shape, values } = array(&self.images)?;
        let (&[batch_size, 3, height, width], NpyValues::Floats(images)) = (&shape[..], values)
        else {
            let reason = format!(
                "images are float32 arrays of the shape (batch size, 3, height, width), and this one has the \
                 shape {shape:?}, or other numbers"
            );
            return Err(problem(&self.images, reason));
        };
        if let Some(at) = images.iter().position(|value| !value.is_finite()) {
            let reason = format!("its value {at} is {}", images[at]);
            return Err(problem(&self.images, reason));
        }
        let NpyArray { shape, values } = array(&self.labels)?;
        let NpyValues::Bytes(labels) = values else {
            let reason = "labels are uint8 arrays, and these are other numbers".to_owned();
            return Err(problem(&self.labels, reason));
        };
        if shape != [batch_size, height, width] {
            let reason = format!(
                "it has the shape {shape:?}, and its images have {batch_size} of {height} rows and {width} columns"
            );
            return Err(problem(&self.labels, reason));
        }
        let is_wrong = |label: &u8| *label != VOID && usize::from(*label) >= num_classes;
        if let Some(label) = labels.iter().copied().find(is_wrong) {
            let reason = format!(
                "label {label} is none of the {num_classes} classes of the dataset, and not void ({VOID})"
            );
            return Err(problem(&self.labels, reason));
        }
        Ok(Batch {
            images,
            labels,
            batch_size,
            height,
            width,
            ids: self.ids.clone(),
            changes: Vec::new(),
        })
    }
}

fn problem(path: &Path, reason: String) -> DatasetError {
    DatasetError::Batch {
        path: path.to_owned(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{write_npy_bytes, write_npy_floats};

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn images(&self, shape: &[usize], values: &[f32]) -> PathBuf {
            let mut bytes = Vec::new();
            write_npy_floats(&mut bytes, shape, values).expect("written");
            self.file("images.npy", &bytes)
        }

        fn labels(&self, shape: &[usize], values: &[u8]) -> PathBuf {
            let mut bytes = Vec::new();
            write_npy_bytes(&mut bytes, shape, values).expect("written");
            self.file("labels.npy", &bytes)
        }

        fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
            let path = self.0.path().join(name);
            std::fs::write(&path, bytes).expect("written");
            path
        }

        fn read(&self) -> Result<Batch, String> {
            let path = |name: &str| self.0.path().join(name);
            let stored = StoredBatch {
                images: path("images.npy"),
                labels: path("labels.npy"),
                ids: vec!["a".to_owned()],
            };
            let batches = StoredBatches {
                per_epoch: 1,
                batches: vec![stored],
                num_classes: 2,
            };
            batches.batch(1, 0).map_err(|err| err.to_string())
        }
    }

    #[test]
    fn a_batch_is_read_as_it_was_written_or_named() {
        let folder = Folder(tempfile::tempdir().expect("a folder"));
        folder.images(&[1, 3, 1, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.5]);
        folder.labels(&[1, 1, 2], &[1, 255]);
        let batch = folder.read().expect("a batch");
        assert_eq!(batch.images, [1.0, 2.0, 3.0, 4.0, 5.0, 6.5]);
        assert_eq!(batch.labels, [1, 255]);
        assert_eq!((batch.batch_size, batch.height, batch.width), (1, 1, 2));

        let refused = |parts: &[&str]| {
            let message = folder.read().expect_err("no batch");
            for part in parts {
                assert!(message.contains(part), "no {part:?} in: {message}");
            }
        };
        folder.labels(&[1, 1, 2], &[1, 2]);
        refused(&["labels.npy", "label 2", "2 classes"]);
        folder.labels(&[1, 2, 1], &[0, 1]);
        refused(&["labels.npy", "[1, 2, 1]", "1 rows and 2 columns"]);
        folder.images(&[1, 3, 1, 2], &[1.0, 2.0, f32::NAN, 4.0, 5.0, 6.0]);
        refused(&["images.npy", "value 2 is NaN"]);
        folder.images(&[1, 1, 1, 2], &[1.0, 2.0]);
        refused(&["images.npy", "batch size, 3, height, width"]);
        folder.file("images.npy", b"PK\x03\x04");
        refused(&["images.npy", "no NumPy array"]);
        std::fs::remove_file(folder.0.path().join("images.npy")).expect("removed");
        refused(&["images.npy"]);
    }
}
