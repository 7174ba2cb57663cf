//! Scores of masks that are already there, of this or any other program, without a network.

mod error;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use rayon::prelude::*;

use crate::dataset::{
    CheckReport, ClassList, DatasetError, MaskReader, NoteTopic, Severity, Size, VOID, check_masks,
    check_predictions, classes_of_masks, find_class_list, folded_name, large_masks_differ,
    list_masks, read_class_list, read_names,
};
pub use error::MaskScoreError;

use super::evaluate::{About, Evaluation};
use super::tasks::{Cancel, Task};
use super::{Engine, EngineError};
use crate::metrics::{ImageScore, SetCounts};
use crate::training::ScoredImage;

/// How many pairs are read between two reports of progress.
const CHUNK: usize = 16;

/// Two folders of PNG masks, paired by file name.
#[derive(Debug, Clone)]
pub struct MaskFolders {
    /// The folder of the masks to score.
    pub predictions: PathBuf,
    /// The folder of the true masks.
    pub labels: PathBuf,
    /// A list of the names to score, one a line; `None` = every mask in `labels`.
    pub list: Option<PathBuf>,
    /// Which classes the labels stand for.
    pub classes: MaskClasses,
    /// Labels of the true masks that do not count, besides 255.
    pub void: Vec<u8>,
    /// Width of the band along boundaries, in pixels.
    pub boundary_width: usize,
}

/// Where the classes of masks are taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MaskClasses {
    /// A class list in the folder of the labels or the one around it, else the 21 of VOC for
    /// masks with VOC's names, else one for each label or color that occurs.
    Find,
    /// A class list, one a line as `name` or `name red green blue`.
    File(PathBuf),
    /// This many without a name, 1 to 254.
    Numbered(usize),
}

/// The scores of a folder of masks.
#[derive(Debug, Clone)]
pub struct MaskScores {
    /// The scores; without a loss, as there is no network.
    pub evaluation: Evaluation,
    /// Labeled pixels that are void in the prediction; each counts as wrong.
    pub unanswered: u64,
    /// Predictions that no label has the name of, and that were left out.
    pub unpaired: Vec<PathBuf>,
}

impl Engine {
    /// Scores of masks that are already there against labels, as [`score_masks`] counts.
    pub fn score_masks(&self, folders: MaskFolders) -> Task<Result<MaskScores, EngineError>> {
        self.spawn("score masks", move |cancel| score_masks(&folders, cancel))
    }
}

/// Scores masks against labels, on all cores.
///
/// A mask is an indexed, gray or RGB PNG as [`MaskReader`] reads it, RGB by the colors of
/// the classes. Pixels that are void (255) in the labels do not count. A prediction of
/// void where there is a label is a miss of the true class, as in
/// [`ConfusionMatrix`](crate::metrics::ConfusionMatrix). Every label needs a prediction of
/// its name and size.
///
/// # Errors
/// [`MaskScore`](EngineError::MaskScore) names the file that cannot be read or paired, has
/// another size, or has a label or color that is no class.
pub fn score_masks(folders: &MaskFolders, cancel: &Cancel) -> Result<MaskScores, EngineError> {
    let started = Instant::now();
    let Paired {
        pairs,
        unpaired,
        heading,
    } = pair(folders)?;
    check_sizes(&pairs, cancel)?;
    let labels: Vec<PathBuf> = pairs.iter().map(|pair| pair.label.clone()).collect();
    let (classes, assumed) = classes_of(folders, &labels)?;
    let reader = MaskReader::new(&classes, vec![VOID]);
    let truth_reader = MaskReader::new(&classes, [folders.void.as_slice(), &[VOID]].concat());
    let report = check_masks(&classes, &truth_reader, &labels, &mut |_, _| {
        !cancel.is_cancelled()
    })
    .ok_or(EngineError::Cancelled)?;
    let mut warnings = Vec::from_iter(heading);
    warnings.extend(as_lines(&folders.labels, &report)?);
    let predictions: Vec<PathBuf> = pairs.iter().map(|pair| pair.prediction.clone()).collect();
    let report = check_predictions(&classes, &reader, &predictions, &mut |_, _| {
        !cancel.is_cancelled()
    })
    .ok_or(EngineError::Cancelled)?;
    warnings.extend(as_lines(&folders.predictions, &report)?);
    warnings.extend(
        assumed
            .iter()
            .map(|text| format!("{}: classes: {text}", folders.labels.display())),
    );
    let mut counts = SetCounts::new(classes.len(), folders.boundary_width);
    let mut per_image = Vec::new();
    for (index, chunk) in pairs.chunks(CHUNK).enumerate() {
        if cancel.is_cancelled() {
            return Err(EngineError::Cancelled);
        }
        let images: Vec<_> = chunk
            .par_iter()
            .map(|pair| pair.count(&truth_reader, &reader, folders.boundary_width))
            .collect();
        for (image, pair) in images.into_iter().zip(chunk) {
            let (image, score) = image.map_err(|err| explain(err, assumed.as_deref()))?;
            counts.merge(&image);
            let name = pair.label.file_stem().unwrap_or_default();
            let id = name.to_string_lossy().into_owned();
            per_image.push(ScoredImage { id, score });
        }
        cancel.set_progress((index * CHUNK + chunk.len()) as f32 / pairs.len() as f32);
    }
    let unanswered = counts.unanswered();
    let about = About {
        val_loss: None,
        secs: started.elapsed().as_secs_f64(),
        classes: Arc::new(classes),
        warnings,
        remark: None,
        papers: Vec::new(),
    };
    Ok(MaskScores {
        evaluation: Evaluation::new(counts, per_image, about),
        unanswered,
        unpaired,
    })
}

/// Warnings, one line each; a finding that is an error is one.
fn as_lines(folder: &Path, report: &CheckReport) -> Result<Vec<String>, MaskScoreError> {
    match report.error() {
        Some(error) => Err(MaskScoreError::Unfit {
            folder: folder.to_owned(),
            finding: error.to_string(),
        }),
        None => Ok(report
            .of(Severity::Warning)
            .map(|finding| format!("{}: {finding}", folder.display()))
            .collect()),
    }
}

/// The classes, and what was assumed of them where nothing says them.
fn classes_of(
    folders: &MaskFolders,
    labels: &[PathBuf],
) -> Result<(ClassList, Option<String>), MaskScoreError> {
    let found = match &folders.classes {
        MaskClasses::File(path) => read_class_list(path).map(Some),
        MaskClasses::Find => find_class_list(&folders.labels),
        MaskClasses::Numbered(count) => {
            let classes = ClassList::numbered(*count);
            if classes.is_empty() || classes.len() != *count {
                return Err(MaskScoreError::ClassCount { count: *count });
            }
            Ok(Some(classes))
        }
    };
    if let Some(classes) = found? {
        return Ok((classes, None));
    }
    // Of the true masks alone: a prediction with another label is an error and no class.
    let (classes, notes) = classes_of_masks(labels.iter().map(PathBuf::as_path));
    let names = notes
        .into_iter()
        .find(|note| note.topic == NoteTopic::ClassNames);
    Ok((
        classes,
        Some(names.map_or_else(String::new, |note| note.text)),
    ))
}

/// A mask and the true one.
struct Pair {
    label: PathBuf,
    prediction: PathBuf,
}

/// The masks that are scored.
struct Paired {
    /// In order.
    pairs: Vec<Pair>,
    /// Predictions without a label.
    unpaired: Vec<PathBuf>,
    /// What was taken for a heading of the list.
    heading: Option<String>,
}

fn pair(folders: &MaskFolders) -> Result<Paired, MaskScoreError> {
    let place = |folder: &Path| folder.canonicalize().ok();
    if let Some(same) = place(&folders.predictions)
        && place(&folders.labels) == Some(same)
    {
        return Err(MaskScoreError::SameFolder {
            predictions: folders.predictions.clone(),
            labels: folders.labels.clone(),
        });
    }
    let mut predictions = list_masks(&folders.predictions)?;
    let labels = list_masks(&folders.labels)?;
    let (names, heading) = match &folders.list {
        Some(list) => listed_names(list, &labels)?,
        None => (labels.keys().cloned().collect(), None),
    };
    if names.is_empty() {
        return Err(MaskScoreError::NoMasks {
            folder: folders.labels.clone(),
        });
    }
    let (mut pairs, mut missing) = (Vec::new(), Vec::new());
    let in_any_case = Folded::of(&predictions);
    for name in &names {
        let Some(label) = labels.get(name) else {
            return Err(MaskScoreError::LabelMissing {
                path: folders.labels.join(format!("{name}.png")),
                name: name.clone(),
            });
        };
        let found = predictions.remove(name).or_else(|| {
            let same = in_any_case
                .get(name)
                .filter(|same| !labels.contains_key(*same));
            predictions.remove(same?)
        });
        match found {
            Some(prediction) => pairs.push(Pair {
                label: label.clone(),
                prediction,
            }),
            None => missing.push(folders.predictions.join(format!("{name}.png"))),
        }
    }
    if let Some(first) = missing.first() {
        return Err(MaskScoreError::PredictionMissing {
            path: first.clone(),
            missing: missing.len(),
            total: names.len(),
            instead: file_of_name(first),
        });
    }
    if folders.list.is_some() {
        // Who names some does not expect to hear of the others.
        return Ok(Paired {
            pairs,
            unpaired: Vec::new(),
            heading,
        });
    }
    // `predict` writes a picture for people beside each mask.
    let is_overlay = |name: &str| {
        name.strip_suffix("_overlay")
            .is_some_and(|of| labels.contains_key(of))
    };
    predictions.retain(|name, _| !is_overlay(name));
    Ok(Paired {
        pairs,
        unpaired: predictions.into_values().collect(),
        heading,
    })
}

/// A file that has the name of a mask but for its extension.
fn file_of_name(mask: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(mask.parent()?).ok()?.flatten();
    let mut files = entries.map(|entry| entry.path());
    files.find(|file| file.file_stem() == mask.file_stem() && file.is_file())
}

/// The labels that a list names, in whatever case and composition, and what was taken for its heading.
fn listed_names(
    list: &Path,
    labels: &BTreeMap<String, PathBuf>,
) -> Result<(Vec<String>, Option<String>), MaskScoreError> {
    let in_any_case = Folded::of(labels);
    let exists = |name: &str| labels.contains_key(name) || in_any_case.get(name).is_some();
    let (mut names, heading) = read_names(list, &exists)?;
    for name in &mut names {
        if !labels.contains_key(name)
            && let Some(label) = in_any_case.get(name)
        {
            name.clone_from(label);
        }
    }
    Ok((names, heading.map(|note| note.text)))
}

/// Names as systems take for the same that do not tell cases and composed letters apart.
struct Folded {
    /// `None` where two differ in nothing else.
    names: HashMap<String, Option<String>>,
}

impl Folded {
    fn of(files: &BTreeMap<String, PathBuf>) -> Self {
        let mut names = HashMap::new();
        for name in files.keys() {
            names
                .entry(folded_name(name))
                .and_modify(|known| *known = None)
                .or_insert_with(|| Some(name.clone()));
        }
        Self { names }
    }

    fn get(&self, name: &str) -> Option<&String> {
        self.names.get(&folded_name(name))?.as_ref()
    }
}

/// Adds what may be the cause: what was assumed of the classes, since nothing says them.
fn explain(err: MaskScoreError, assumed: Option<&str>) -> MaskScoreError {
    match (err, assumed) {
        (MaskScoreError::Read(source @ DatasetError::LabelOutOfRange { .. }), Some(assumed)) => {
            MaskScoreError::AssumedClasses {
                source,
                assumed: assumed.to_owned(),
            }
        }
        (err, _) => err,
    }
}

/// Large masks of two sizes are told before they are decoded; of several, those of the first pair.
fn check_sizes(pairs: &[Pair], cancel: &Cancel) -> Result<(), EngineError> {
    let checked: Vec<_> = pairs
        .par_iter()
        .map(|pair| {
            if cancel.is_cancelled() {
                return Err(EngineError::Cancelled);
            }
            pair.check_sizes().map_err(EngineError::from)
        })
        .collect();
    checked.into_iter().collect()
}

impl Pair {
    /// Large masks of two sizes are told before they are decoded.
    fn check_sizes(&self) -> Result<(), MaskScoreError> {
        match large_masks_differ(&self.label, &self.prediction) {
            Some(sizes) => Err(self.differ(sizes)),
            None => Ok(()),
        }
    }

    fn differ(&self, [label_size, prediction_size]: [Size; 2]) -> MaskScoreError {
        MaskScoreError::Sizes {
            prediction: self.prediction.clone(),
            prediction_size,
            label: self.label.clone(),
            label_size,
        }
    }

    fn count(
        &self,
        truth_reader: &MaskReader,
        reader: &MaskReader,
        boundary_width: usize,
    ) -> Result<(SetCounts, ImageScore), MaskScoreError> {
        let truth = truth_reader.read(&self.label)?;
        let mask = reader.read(&self.prediction)?;
        if truth.size() != mask.size() {
            return Err(self.differ([truth.size(), mask.size()]));
        }
        let mut counts = SetCounts::new(reader.num_classes, boundary_width);
        let score = counts.add(&truth.labels, &mask.labels, truth.width as usize);
        Ok((counts, score))
    }
}

#[cfg(test)]
mod tests;
