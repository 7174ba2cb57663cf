//! Scores of masks that are already there, of this or any other program, without a network.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use rayon::prelude::*;

use super::predict::Evaluation;
use super::tasks::Cancel;
use crate::dataset::{
    ClassList, DatasetError, MaskReader, VOID, find_class_list, list_masks, read_class_list,
    read_names,
};
use crate::metrics::SetCounts;

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
    /// Width of the band along boundaries, in pixels.
    pub boundary_width: usize,
}

/// Where the classes of masks are taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MaskClasses {
    /// `classes.txt` in the folder of the labels or the one around it, else the 21 of VOC.
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
    /// Labelled pixels that are void in the prediction; each counts as wrong.
    pub unanswered: u64,
    /// Predictions that no label has the name of, and that were left out.
    pub unpaired: Vec<PathBuf>,
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
/// A sentence for the user that names the file: what cannot be read or paired, has
/// another size, or has a label or color that is no class; or "stopped".
pub fn score_masks(folders: &MaskFolders, cancel: &Cancel) -> Result<MaskScores, String> {
    let started = Instant::now();
    let (classes, assumed) = classes_of(folders)?;
    let (pairs, unpaired) = pair(folders)?;
    let reader = MaskReader::new(&classes, vec![VOID]);
    let mut counts = SetCounts::new(classes.len(), folders.boundary_width);
    for (index, chunk) in pairs.chunks(CHUNK).enumerate() {
        if cancel.is_cancelled() {
            return Err("stopped".to_owned());
        }
        let images: Vec<_> = chunk
            .par_iter()
            .map(|pair| pair.count(&reader, folders.boundary_width))
            .collect();
        for image in images {
            counts.merge(&image.map_err(|problem| problem.text(assumed))?);
        }
        cancel.set_progress((index * CHUNK + chunk.len()) as f32 / pairs.len() as f32);
    }
    let evaluation = Evaluation {
        scores: counts.scores(),
        mean_iu_over_images: counts.mean_iu_over_images(),
        boundary: counts.boundary_scores(),
        boundary_width: counts.boundary_width(),
        val_loss: None,
        images: pairs.len(),
        secs: started.elapsed().as_secs_f64(),
        classes: Arc::new(classes),
    };
    Ok(MaskScores {
        evaluation,
        unanswered: counts.unanswered(),
        unpaired,
    })
}

/// The classes, and whether they are only assumed.
fn classes_of(folders: &MaskFolders) -> Result<(ClassList, bool), String> {
    let found = match &folders.classes {
        MaskClasses::File(path) => read_class_list(path).map(Some),
        MaskClasses::Find => find_class_list(&folders.labels),
        MaskClasses::Numbered(count) => {
            let classes = ClassList::numbered(*count);
            if classes.is_empty() || classes.len() != *count {
                return Err(format!(
                    "{count} classes do not fit into a mask. Give a number from 1 to 254"
                ));
            }
            Ok(Some(classes))
        }
    };
    match found.map_err(|err| err.to_string())? {
        Some(classes) => Ok((classes, false)),
        None => Ok((ClassList::voc(), true)),
    }
}

/// A mask and the true one.
struct Pair {
    label: PathBuf,
    prediction: PathBuf,
}

/// The pairs in order, and the predictions without a label.
fn pair(folders: &MaskFolders) -> Result<(Vec<Pair>, Vec<PathBuf>), String> {
    let list = |folder: &Path| list_masks(folder).map_err(|err| err.to_string());
    let (mut predictions, labels) = (list(&folders.predictions)?, list(&folders.labels)?);
    let names = match &folders.list {
        Some(list) => read_names(list).map_err(|err| err.to_string())?,
        None => labels.keys().cloned().collect(),
    };
    if names.is_empty() {
        return Err(format!(
            "{}: no PNG masks here. Choose the folder of the labels",
            folders.labels.display()
        ));
    }
    let (mut pairs, mut missing) = (Vec::new(), Vec::new());
    for name in &names {
        let Some(label) = labels.get(name) else {
            return Err(format!(
                "{}: this label is on the list but not there. Add it or take {name} off the list",
                folders.labels.join(format!("{name}.png")).display()
            ));
        };
        match predictions.remove(name) {
            Some(prediction) => pairs.push(Pair {
                label: label.clone(),
                prediction,
            }),
            None => missing.push(folders.predictions.join(format!("{name}.png"))),
        }
    }
    if let Some(first) = missing.first() {
        return Err(format!(
            "{}: this prediction is missing ({} of {} are). Add it, or score only those on a list",
            first.display(),
            missing.len(),
            names.len()
        ));
    }
    if folders.list.is_some() {
        // Who names some does not expect to hear of the others.
        return Ok((pairs, Vec::new()));
    }
    // `predict` writes a picture for people beside each mask.
    let is_overlay = |name: &str| {
        name.strip_suffix("_overlay")
            .is_some_and(|of| labels.contains_key(of))
    };
    predictions.retain(|name, _| !is_overlay(name));
    Ok((pairs, predictions.into_values().collect()))
}

/// What is wrong with a pair.
enum Problem {
    Read(DatasetError),
    Sizes(String),
}

impl Problem {
    /// For people; `assumed` = nobody said which classes there are.
    fn text(&self, assumed: bool) -> String {
        match self {
            Self::Read(err @ DatasetError::LabelOutOfRange { .. }) if assumed => format!(
                "{err}. The classes of VOC are assumed, as there is no classes.txt with the labels; \
                 give another class list or the number of classes"
            ),
            Self::Read(err) => err.to_string(),
            Self::Sizes(text) => text.clone(),
        }
    }
}

impl Pair {
    fn count(&self, reader: &MaskReader, boundary_width: usize) -> Result<SetCounts, Problem> {
        let truth = reader.read(&self.label).map_err(Problem::Read)?;
        let mask = reader.read(&self.prediction).map_err(Problem::Read)?;
        if (truth.width, truth.height) != (mask.width, mask.height) {
            return Err(Problem::Sizes(format!(
                "{}: the prediction is {}x{} pixels but its label {} is {}x{}. Write predictions at the label's size",
                self.prediction.display(),
                mask.width,
                mask.height,
                self.label.display(),
                truth.width,
                truth.height
            )));
        }
        let mut counts = SetCounts::new(reader.num_classes, boundary_width);
        counts.add(&truth.labels, &mask.labels, truth.width as usize);
        Ok(counts)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::super::Waker;
    use super::super::tasks::Promise;
    use super::*;
    use crate::dataset::{LabelMap, Rgb, write_index_png, write_rgb_png};

    /// Folders `predictions` and `labels` of masks with 4 columns.
    struct Desk {
        dir: TempDir,
        folders: MaskFolders,
    }

    impl Desk {
        fn new() -> Self {
            let dir = tempfile::tempdir().expect("a temporary folder");
            let [predictions, labels] = ["predictions", "labels"].map(|name| dir.path().join(name));
            for folder in [&predictions, &labels] {
                fs::create_dir(folder).expect("created");
            }
            let folders = MaskFolders {
                predictions,
                labels,
                list: None,
                classes: MaskClasses::Find,
                boundary_width: 1,
            };
            Self { dir, folders }
        }

        fn mask(&self, name: &str, labels: &[u8]) {
            let mask = LabelMap {
                width: 4,
                height: labels.len() as u32 / 4,
                labels: labels.to_vec(),
            };
            write_index_png(&self.dir.path().join(name), &mask, &ClassList::voc())
                .expect("written");
        }

        fn text(&self, name: &str, text: &str) -> PathBuf {
            let path = self.dir.path().join(name);
            fs::write(&path, text).expect("written");
            path
        }

        fn score(&self) -> Result<MaskScores, String> {
            score_masks(&self.folders, &Cancel::default())
        }

        #[track_caller]
        fn refused(&self, words: &[&str]) {
            let message = self
                .score()
                .map(|scores| scores.evaluation.scores)
                .unwrap_err();
            assert!(
                words.iter().all(|word| message.contains(word)),
                "{words:?} are not all in: {message}"
            );
        }
    }

    #[test]
    fn masks_are_paired_by_name_and_counted() {
        let desk = Desk::new();
        desk.mask("labels/a.png", &[0, 0, 20, 20, 0, 0, 20, VOID]);
        desk.mask("predictions/a.png", &[0, 0, 20, 0, 0, 0, 20, 20]);
        desk.mask("labels/b.png", &[1, 1, 1, 1]);
        desk.mask("predictions/b.png", &[1, VOID, 1, 1]);
        desk.mask("predictions/a_overlay.png", &[0; 4]);
        desk.mask("predictions/c.png", &[0; 4]);
        let scored = desk.score().expect("scores");
        let evaluation = &scored.evaluation;
        assert_eq!((evaluation.images, evaluation.classes.len()), (2, 21));
        assert_eq!(evaluation.scores.pixel_accuracy, Some(9.0 / 11.0));
        let class_iu = |label: usize| evaluation.scores.class_iu[label];
        assert_eq!(
            [0, 1, 2, 20].map(class_iu),
            [Some(0.8), Some(0.75), None, Some(2.0 / 3.0)]
        );
        let over_images = f64::midpoint(f64::midpoint(0.8, 2.0 / 3.0), 0.75);
        assert!((evaluation.mean_iu_over_images.expect("images") - over_images).abs() < 1e-12);
        // The columns on both sides of the boundary, and the pixel above void.
        assert_eq!(evaluation.boundary.pixel_accuracy, Some(0.8));
        assert_eq!((evaluation.val_loss, evaluation.boundary_width), (None, 1));
        assert_eq!(scored.unanswered, 1);
        assert_eq!(scored.unpaired, [desk.folders.predictions.join("c.png")]);
    }

    #[test]
    fn what_does_not_fit_together_is_named() {
        let mut desk = Desk::new();
        desk.refused(&["labels", "no PNG masks"]);
        desk.mask("labels/a.png", &[0; 8]);
        desk.refused(&["predictions/a.png", "missing", "1 of 1"]);
        desk.mask("predictions/a.png", &[0; 4]);
        desk.refused(&["predictions/a.png", "4x1", "labels/a.png", "4x2"]);
        desk.mask("predictions/a.png", &[0, 1, 0, 0, 0, 0, 7, 0]);
        desk.folders.classes = MaskClasses::Numbered(2);
        desk.refused(&[
            "predictions/a.png",
            "label 7 at column 2, row 1",
            "2 classes",
        ]);
        desk.text("predictions/a.png", "no picture");
        desk.refused(&["predictions/a.png", "PNG"]);
        desk.folders.predictions = desk.dir.path().join("absent");
        desk.refused(&["absent"]);
    }

    #[test]
    fn a_list_says_which_are_scored() {
        let mut desk = Desk::new();
        for name in ["a", "b", "c"] {
            desk.mask(&format!("labels/{name}.png"), &[0; 4]);
        }
        desk.mask("predictions/b.png", &[0; 4]);
        desk.mask("predictions/other.png", &[0; 4]);
        desk.folders.list = Some(desk.text("val.txt", "b\n"));
        let scored = desk.score().expect("scores");
        assert_eq!((scored.evaluation.images, scored.unpaired.len()), (1, 0));
        desk.text("val.txt", "b\nc\n");
        desk.refused(&["predictions/c.png", "1 of 2"]);
        desk.text("val.txt", "b\nd\n");
        desk.refused(&["labels/d.png", "list"]);
    }

    #[test]
    fn classes_are_given_found_or_assumed() {
        let mut desk = Desk::new();
        desk.mask("labels/a.png", &[0, 1, 30, 0]);
        desk.mask("predictions/a.png", &[0, 1, 30, 0]);
        desk.refused(&[
            "labels/a.png",
            "label 30",
            "VOC are assumed",
            "number of classes",
        ]);
        desk.folders.classes = MaskClasses::Numbered(31);
        assert_eq!(
            desk.score()
                .expect("scores")
                .evaluation
                .scores
                .class_iu
                .len(),
            31
        );
        desk.folders.classes = MaskClasses::Numbered(255);
        desk.refused(&["255", "1 to 254"]);
        desk.folders.classes = MaskClasses::Find;
        desk.text("classes.txt", "a\nb\n");
        desk.refused(&["label 30", "the 2 classes"]);
        desk.folders.classes = MaskClasses::File(desk.text("other.txt", &"class\n".repeat(40)));
        assert_eq!(desk.score().expect("scores").evaluation.classes.len(), 40);
    }

    #[test]
    fn rgb_masks_are_read_by_the_colors_of_the_classes() {
        let mut desk = Desk::new();
        desk.folders.classes =
            MaskClasses::File(desk.text("colors.txt", "sky 1 2 3\nroad 9 8 7\n"));
        desk.mask("labels/a.png", &[0, 0, 1, 1]);
        let colors = [[1, 2, 3], [9, 8, 7], [9, 8, 7], [224, 224, 192]];
        let rgb = Rgb {
            width: 4,
            height: 1,
            pixels: colors.concat(),
        };
        write_rgb_png(&desk.dir.path().join("predictions/a.png"), &rgb).expect("written");
        let scored = desk.score().expect("scores");
        assert_eq!(scored.evaluation.scores.pixel_accuracy, Some(0.5));
        assert_eq!(scored.unanswered, 1, "VOC's color of void");
    }

    #[test]
    fn a_cancelled_scoring_ends() {
        let desk = Desk::new();
        desk.mask("labels/a.png", &[0; 4]);
        desk.mask("predictions/a.png", &[0; 4]);
        let waker: Waker = Arc::new(|| {});
        let (promise, task) = Promise::<()>::new(&waker);
        drop(task);
        let message = score_masks(&desk.folders, &promise.cancel)
            .map(|_| ())
            .unwrap_err();
        assert_eq!(message, "stopped");
    }
}
