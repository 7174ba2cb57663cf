//! Evaluations in the folders of their runs: `evaluation-SPLIT-DATASET.json`, written whole; the hash of the
//! dataset is also that of the averaging where there is some.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{About, Evaluation, PaperScore};
use crate::dataset::{ClassList, Dataset, Split, list_digest};
use crate::engine::dataset::{OpenDataset, dataset_folder, open_quietly};
use crate::engine::tasks::Cancel;
use crate::files::{FileError, read_json, write_atomic};
use crate::metrics::SetCounts;
use crate::training::checkpoint::RunFolder;
use crate::training::{Averaging, DatasetRef, ScoredImage};

/// What the names of the files begin with.
const PREFIX: &str = "evaluation-";

/// What becomes of a file that cannot be read.
const ANEW: &str = "Evaluate the run again, and the file is made anew";

/// What was scored, and what tells whether it is still the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Origin {
    pub dataset: DatasetRef,
    pub dataset_name: String,
    pub split: Split,
    /// Normalized.
    #[serde(default)]
    pub averaging: Averaging,
    /// In Unix seconds.
    pub created: u64,
    /// Steps behind the weights.
    pub weights_step: usize,
    pub weights_mark: Option<u32>,
    /// Of the names and lengths of the files in the list.
    pub data_sha256: String,
}

/// An evaluation of a run, as it is kept with it.
#[derive(Debug, Clone)]
pub struct KeptEvaluation {
    /// Name of the run.
    pub run: String,
    /// The dataset.
    pub dataset: DatasetRef,
    /// Its name.
    pub dataset_name: String,
    /// The list that was scored.
    pub split: Split,
    /// Over what probabilities were averaged.
    pub averaging: Averaging,
    /// When, in Unix seconds.
    pub created: u64,
    /// Steps behind the weights that were scored.
    pub weights_step: usize,
    /// What has changed since, one sentence each; none right after the evaluation.
    pub changes: Vec<String>,
    /// The scores.
    pub evaluation: Evaluation,
    origin: Origin,
}

/// The file.
#[derive(Serialize, Deserialize)]
struct Stored<Classes, Counts, Images> {
    origin: Origin,
    val_loss: Option<f64>,
    secs: f64,
    classes: Classes,
    warnings: Vec<String>,
    remark: Option<String>,
    #[serde(default)]
    papers: Vec<PaperScore>,
    counts: Counts,
    per_image: Images,
}

impl KeptEvaluation {
    pub(super) fn new(run: String, origin: Origin, evaluation: Evaluation) -> Self {
        Self {
            run,
            dataset: origin.dataset.clone(),
            dataset_name: origin.dataset_name.clone(),
            split: origin.split,
            averaging: origin.averaging.clone(),
            created: origin.created,
            weights_step: origin.weights_step,
            changes: Vec::new(),
            evaluation,
            origin,
        }
    }

    /// Writes it into the folder of its run, in place of an earlier one of this list and averaging.
    pub(super) fn keep(&self, folder: &RunFolder) -> Result<(), FileError> {
        let Evaluation {
            val_loss,
            secs,
            classes,
            warnings,
            remark,
            papers,
            counts,
            per_image,
            ..
        } = &self.evaluation;
        let stored = Stored {
            origin: self.origin.clone(),
            val_loss: *val_loss,
            secs: *secs,
            classes: &**classes,
            warnings: warnings.clone(),
            remark: remark.clone(),
            papers: papers.clone(),
            counts,
            per_image,
        };
        // In one line: large sets have many images.
        write_atomic(&self.path(folder), |file| {
            Ok(serde_json::to_writer(file, &stored)?)
        })
    }

    /// What is to be said of an earlier file in its place that cannot be read.
    pub(super) fn damaged_before(&self, folder: &RunFolder) -> Option<String> {
        let path = self.path(folder);
        if !path.exists() {
            return None;
        }
        let damage = Self::read(&path, folder.name()).err()?;
        Some(format!("{damage}. It is made anew with these scores"))
    }

    fn path(&self, folder: &RunFolder) -> PathBuf {
        // Paths have characters that names of files may not have.
        let mut dataset = serde_json::to_vec(&self.dataset).unwrap_or_default();
        if !self.averaging.is_off() {
            dataset.extend(serde_json::to_vec(&self.averaging).unwrap_or_default());
        }
        let (split, dataset) = (<&str>::from(self.split), crc32fast::hash(&dataset));
        folder
            .path()
            .join(format!("{PREFIX}{split}-{dataset:08x}.json"))
    }

    /// Reads one.
    fn read(path: &Path, run: String) -> Result<Self, FileError> {
        let stored: Stored<ClassList, SetCounts, Vec<ScoredImage>> = read_json(path)?;
        let about = About {
            val_loss: stored.val_loss,
            secs: stored.secs,
            classes: Arc::new(stored.classes),
            warnings: stored.warnings,
            remark: stored.remark,
            papers: stored.papers,
        };
        let evaluation = Evaluation::new(stored.counts, stored.per_image, about);
        Ok(Self::new(run, stored.origin, evaluation))
    }

    /// Notes what is another now.
    fn compare(&mut self, folder: &RunFolder, data: &Data) {
        if folder.weights_mark() != self.origin.weights_mark {
            self.changes.push(format!(
                "the run has other weights by now; these scores are of step {}",
                self.weights_step
            ));
        }
        if !self.evaluation.counts.has_objects() {
            let objects = "an earlier version of the program made these scores, and counted background as an object; \
                           evaluate again for the objects by size";
            self.changes.push(objects.to_owned());
        }
        match data {
            Data::Missing(place) => self.changes.push(format!(
                "the dataset is not at {} any more",
                place.display()
            )),
            Data::Unreadable(reason) => self
                .changes
                .push(format!("the dataset cannot be read any more: {reason}")),
            Data::Digest(digest) if *digest != self.origin.data_sha256 => self
                .changes
                .push("files of the dataset were added, removed or changed".to_owned()),
            Data::Digest(_) => {}
        }
    }
}

/// A list of a dataset as it is now.
enum Data {
    Missing(PathBuf),
    Unreadable(String),
    Digest(String),
}

impl Data {
    fn of(
        which: &DatasetRef,
        split: Split,
        data_dir: &Path,
        open: Option<&OpenDataset>,
        cancel: &Cancel,
    ) -> Self {
        let place = dataset_folder(which, data_dir);
        // To open the sample would make it.
        if !place.exists() {
            return Self::Missing(place);
        }
        let digest = |dataset: &Dataset| list_digest(dataset.items(split));
        if let Some(open) = open.filter(|open| open.which == *which && split != Split::Test) {
            return Self::Digest(digest(&open.dataset));
        }
        let mut go_on = |_, _| !cancel.is_cancelled();
        let opened = open_quietly(which, data_dir, &mut go_on).and_then(|mut dataset| {
            if split == Split::Test {
                dataset.read_test_list()?;
            }
            Ok(dataset)
        });
        match opened {
            Ok(dataset) => Self::Digest(digest(&dataset)),
            Err(err) => Self::Unreadable(err.to_string()),
        }
    }
}

/// What is kept of some runs.
#[derive(Debug, Default)]
pub struct KeptEvaluations {
    /// The newest of each run first.
    pub readable: Vec<Arc<KeptEvaluation>>,
    /// What is to be said of the files that cannot be read: which, why, and what to do.
    pub damaged: Vec<String>,
}

/// All evaluations in these folders.
pub(super) fn read_all(
    folders: &[RunFolder],
    data_dir: &Path,
    open: Option<&OpenDataset>,
    cancel: &Cancel,
) -> KeptEvaluations {
    let mut lists: Vec<(DatasetRef, Split, Data)> = Vec::new();
    let mut found = KeptEvaluations::default();
    for folder in folders {
        let mut of_run: Vec<KeptEvaluation> = Vec::new();
        for path in files(folder) {
            if cancel.is_cancelled() {
                return KeptEvaluations::default();
            }
            let mut evaluation = match KeptEvaluation::read(&path, folder.name()) {
                Ok(evaluation) => evaluation,
                Err(err) => {
                    found.damaged.push(format!("{err}. {ANEW}"));
                    continue;
                }
            };
            let (which, split) = (evaluation.dataset.clone(), evaluation.split);
            let known = lists
                .iter()
                .position(|(known, list, _)| *known == which && *list == split);
            let place = known.unwrap_or_else(|| {
                let data = Data::of(&which, split, data_dir, open, cancel);
                lists.push((which, split, data));
                lists.len() - 1
            });
            evaluation.compare(folder, &lists[place].2);
            of_run.push(evaluation);
        }
        of_run.sort_by_key(|evaluation| std::cmp::Reverse(evaluation.created));
        found.readable.extend(of_run.into_iter().map(Arc::new));
    }
    found
}

/// The files of evaluations in a folder, in the order of their names.
fn files(folder: &RunFolder) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.path()).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.starts_with(PREFIX) && name.ends_with(".json")
        })
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests;
