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
mod tests {
    use super::*;

    fn evaluation(dataset: &Path) -> KeptEvaluation {
        let mut counts = SetCounts::new(2, 5);
        let score = counts.add_with_confidence(&[0, 0, 1], &[0, 1, 1], &[0.9, 0.6, 0.8], 3);
        let about = About {
            val_loss: Some(0.25),
            secs: 2.0,
            classes: Arc::new(ClassList::numbered(2)),
            warnings: vec!["a warning".to_owned()],
            remark: None,
            papers: Vec::new(),
        };
        let image = ScoredImage {
            id: "a".to_owned(),
            score,
        };
        let origin = Origin {
            dataset: DatasetRef::Folder(dataset.to_owned()),
            dataset_name: "set".to_owned(),
            split: Split::Val,
            averaging: Averaging::default(),
            created: 7,
            weights_step: 12,
            weights_mark: None,
            data_sha256: "none".to_owned(),
        };
        KeptEvaluation::new(
            "run".to_owned(),
            origin,
            Evaluation::new(counts, vec![image], about),
        )
    }

    #[test]
    fn an_evaluation_is_read_as_it_was_kept_and_says_what_changed() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = RunFolder::at(dir.path().join("run"));
        fs::create_dir(folder.path()).expect("a folder");
        let kept = evaluation(&dir.path().join("gone"));
        kept.keep(&folder).expect("kept");
        let cancel = Cancel::default();
        let all =
            |folder: &RunFolder| read_all(std::slice::from_ref(folder), dir.path(), None, &cancel);
        let read = |folder: &RunFolder| all(folder).readable;
        let found = read(&folder);
        let [found] = &found[..] else {
            panic!("one evaluation: {found:?}");
        };
        assert_eq!(found.evaluation.counts, kept.evaluation.counts);
        assert_eq!(found.evaluation.per_image, kept.evaluation.per_image);
        assert_eq!(found.evaluation.scores, kept.evaluation.scores);
        assert_eq!((found.run.as_str(), found.weights_step), ("run", 12));
        assert_eq!(found.evaluation.val_loss, Some(0.25));
        // There are no weights, as before; the dataset is not there.
        let [change] = &found.changes[..] else {
            panic!("one change: {:?}", found.changes);
        };
        assert!(change.contains("gone any more"), "{change}");

        fs::write(folder.path().join("best.json"), "{}").expect("a file");
        let found = read(&folder);
        assert!(found[0].changes[0].contains("these scores are of step 12"));

        // One with averaged probabilities has a place of its own.
        let mut averaged = evaluation(&dir.path().join("gone"));
        averaged.averaging.flip = true;
        averaged.origin.averaging.flip = true;
        averaged.keep(&folder).expect("kept");
        let found: Vec<bool> = read(&folder)
            .iter()
            .map(|kept| kept.averaging.flip)
            .collect();
        assert_eq!(found.len(), 2);
        assert!(found.contains(&true) && found.contains(&false));
        fs::remove_file(averaged.path(&folder)).expect("a file");

        // One that is damaged is named.
        let path = kept.path(&folder);
        let text = fs::read_to_string(&path).expect("a file");
        assert_eq!(kept.damaged_before(&folder), None);
        fs::write(&path, "{").expect("a file");
        let found = all(&folder);
        let [damaged] = &found.damaged[..] else {
            panic!("one file: {found:?}");
        };
        let before = kept.damaged_before(&folder).expect("damaged");
        for message in [damaged, &before] {
            let name = path.file_name().expect("a name").to_string_lossy();
            let is_told = message.contains(&*name) && message.contains("made anew");
            assert!(is_told, "{message}");
        }
        assert!(found.readable.is_empty());
        // Those of earlier versions say nothing of averaging.
        let older = text.replace(r#""averaging":{"scales":[],"flip":false},"#, "");
        assert_ne!(older, text);
        fs::write(&path, older).expect("a file");
        assert_eq!(read(&folder)[0].averaging, Averaging::default());
        assert_eq!(read(&folder)[0].changes.len(), 2);

        // Nor do they tell the objects of each class.
        let mut older: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let sizes = older["counts"]["objects"].as_array_mut().expect("sizes");
        for size in sizes {
            let size = size.as_object_mut().expect("counts");
            for (known, sum) in [("objects_by_class", "objects"), ("found_by_class", "found")] {
                size.remove(known).expect("by class");
                size.insert(sum.to_owned(), 2.into());
            }
        }
        fs::write(&path, older.to_string()).expect("a file");
        let found = read(&folder);
        assert_eq!(found[0].evaluation.scores, kept.evaluation.scores);
        assert_eq!(found[0].evaluation.objects()[0].objects, None);
        let said = found[0].changes.iter();
        let said = said.filter(|change| change.contains("counted background as an object"));
        assert_eq!(said.count(), 1, "{:?}", found[0].changes);
    }
}
