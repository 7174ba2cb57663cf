//! Scores of runs on lists of images, kept with the runs.

mod kept;
mod paper;
mod tables;
mod work;

use std::path::PathBuf;
use std::sync::Arc;

pub use kept::{KeptEvaluation, KeptEvaluations};
pub use paper::PaperScore;
pub use tables::{components_csv, confusion_csv, images_csv};
use work::Request;

use super::dataset::{DatasetState, dataset_folder, open_quietly};
use super::tasks::{Task, spawn_thread};
use super::{Engine, EngineError};
use crate::dataset::{ClassList, Dataset, LabelMap, Split, VOID};
use crate::metrics::{Confusion, ObjectScore, Scores, SetCounts};
use crate::training::{Averaging, DatasetRef, DeviceId, ScoredImage};

/// Which list a run is scored on, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredSplit {
    /// The dataset; `None` = that of the run.
    pub dataset: Option<DatasetRef>,
    /// Its list.
    pub split: Split,
    /// Over what probabilities are averaged.
    pub averaging: Averaging,
}

/// Scores over a whole list of images.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// From one confusion matrix over all images.
    pub scores: Scores,
    /// Mean over images of each image's mIoU, see [`ImageMean`](crate::metrics::ImageMean); not
    /// the mIoU of the papers, which
    /// is in `scores`.
    pub mean_iu_over_images: Option<f64>,
    /// Of the pixels along label boundaries alone, from one confusion matrix over all
    /// images, see [`boundary_band`](crate::metrics::boundary_band).
    pub boundary: Scores,
    /// Width of that band, in pixels.
    pub boundary_width: usize,
    /// Mean loss over the labeled pixels, in nats; `None` without a network.
    pub val_loss: Option<f64>,
    /// Number of images.
    pub images: usize,
    /// Seconds it took.
    pub secs: f64,
    /// The classes scored.
    pub classes: Arc<ClassList>,
    /// What people should know about the labels, one sentence each.
    pub warnings: Vec<String>,
    /// What to know about the scores: classes that only the run or only the dataset has.
    pub remark: Option<String>,
    /// What all scores follow from.
    pub counts: SetCounts,
    /// The images, in the order of the list.
    pub per_image: Vec<ScoredImage>,
    /// Published scores of the same network, on the same list by the same rule.
    pub papers: Vec<PaperScore>,
}

/// What is said about the numbers, apart from the counts that they follow from.
pub(super) struct About {
    pub val_loss: Option<f64>,
    pub secs: f64,
    pub classes: Arc<ClassList>,
    pub warnings: Vec<String>,
    pub remark: Option<String>,
    pub papers: Vec<PaperScore>,
}

impl Evaluation {
    pub(super) fn new(counts: SetCounts, per_image: Vec<ScoredImage>, about: About) -> Self {
        Self {
            scores: counts.scores(),
            mean_iu_over_images: counts.mean_iu_over_images(),
            boundary: counts.boundary_scores(),
            boundary_width: counts.boundary_width(),
            val_loss: about.val_loss,
            images: per_image.len(),
            secs: about.secs,
            classes: about.classes,
            warnings: about.warnings,
            remark: about.remark,
            counts,
            per_image,
            papers: about.papers,
        }
    }

    /// The scores by the size of objects, small ones first. Background is no object.
    pub fn objects(&self) -> Vec<ObjectScore> {
        let is_object = |class: usize| !self.classes.is_background(class as u8);
        self.counts.objects(is_object)
    }

    /// Names of the classes that are no objects.
    pub fn background_classes(&self) -> Vec<&str> {
        let labels = (0..self.classes.len()).map(|class| class as u8);
        labels
            .filter(|label| self.classes.is_background(*label))
            .map(|label| self.classes.name(label))
            .collect()
    }

    /// Places of the images in which class `truth` is taken for `predicted` (255 = void), with the
    /// number of these pixels, the most first.
    pub fn images_with(&self, truth: u8, predicted: u8) -> Vec<(usize, u64)> {
        let images = self.per_image.iter().enumerate();
        let mut found: Vec<(usize, u64)> = images
            .map(|(place, image)| (place, image.score.confused(truth, predicted)))
            .filter(|(_, pixels)| *pixels > 0)
            .collect();
        found.sort_by_key(|(place, pixels)| (std::cmp::Reverse(*pixels), *place));
        found
    }

    /// Places of the images by their own mIoU, the worst first; images without a labeled pixel are
    /// left out.
    pub fn worst_images(&self) -> Vec<(usize, f64)> {
        let images = self.per_image.iter().enumerate();
        let mut scored: Vec<(usize, f64)> = images
            .filter_map(|(place, image)| Some((place, image.score.mean_iu?)))
            .collect();
        scored.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        scored
    }
}

/// The pixels of one confusion: label 0 where class `truth` is taken for `predicted`, void
/// elsewhere. Of masks of the same size.
pub fn confused_pixels(truth: &LabelMap, mask: &LabelMap, confusion: Confusion) -> LabelMap {
    let pixels = truth.labels.iter().zip(&mask.labels);
    let mark = |(truth, predicted): (&u8, &u8)| {
        let is_it = *truth == confusion.truth && *predicted == confusion.predicted;
        if is_it { 0 } else { VOID }
    };
    LabelMap {
        labels: pixels.map(mark).collect(),
        ..*mask
    }
}

impl Engine {
    /// Scores of a run's best weights over a split of a dataset, with a boundary band of
    /// `boundary_width` pixels; `device` as in [`NetworkSource::Run`](super::NetworkSource::Run),
    /// `void` = labels that do not count besides. They are kept in the folder of the run.
    pub fn evaluate(
        &self,
        run: &str,
        device: Option<DeviceId>,
        on: ScoredSplit,
        boundary_width: usize,
        void: Vec<u8>,
    ) -> Task<Result<Arc<KeptEvaluation>, EngineError>> {
        let request = Request {
            folder: self.folder(run),
            device: device.unwrap_or_else(|| self.prediction_device(run)),
            data_dir: self.dirs.data.clone(),
            on,
            boundary_width,
            void,
        };
        // A thread of its own: Inspect and Compare predict meanwhile.
        spawn_thread(&self.waker, "evaluate", move |cancel| {
            work::evaluate(&request, cancel).map(Arc::new)
        })
    }

    /// The evaluations that are kept in the folders of these runs.
    pub fn kept_evaluations(&self, runs: &[String]) -> Task<KeptEvaluations> {
        let folders: Vec<_> = runs.iter().map(|run| self.folder(run)).collect();
        let data_dir = self.dirs.data.clone();
        let open = match &self.dataset {
            DatasetState::Ready(open) => Some(Arc::clone(open)),
            _ => None,
        };
        spawn_thread(&self.waker, "evaluations", move |cancel| {
            kept::read_all(&folders, &data_dir, open.as_deref(), cancel)
        })
    }

    /// Opens the dataset of an evaluation, with its test list where that was scored.
    pub fn scored_dataset(
        &self,
        evaluation: &KeptEvaluation,
    ) -> Task<Result<Arc<Dataset>, EngineError>> {
        let (which, split) = (evaluation.dataset.clone(), evaluation.split);
        let data_dir = self.dirs.data.clone();
        self.spawn_waiting("scored dataset", move |cancel| {
            let mut go_on = |_, _| !cancel.is_cancelled();
            let mut dataset = open_quietly(&which, &data_dir, &mut go_on)?;
            if split == Split::Test {
                dataset.read_test_list()?;
            }
            Ok(Arc::new(dataset))
        })
    }

    /// Where a dataset lies.
    pub fn dataset_path(&self, which: &DatasetRef) -> PathBuf {
        dataset_folder(which, &self.dirs.data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Class;

    fn evaluation() -> Evaluation {
        let mut counts = SetCounts::new(2, 5);
        let images = [
            ([0, 0, 1, 1], [0, 1, 1, 1]),
            ([0, 0, 0, 1], [1, 1, 1, 1]),
            ([1, 1, 1, 1], [1, 1, 1, 1]),
            ([255; 4], [0; 4]),
        ];
        let images = images.iter().enumerate();
        let per_image = images.map(|(place, (truth, predicted))| ScoredImage {
            id: format!("image{place}"),
            score: counts.add(truth, predicted, 2),
        });
        let per_image = per_image.collect();
        let about = About {
            val_loss: None,
            secs: 1.0,
            classes: Arc::new(ClassList::numbered(2)),
            warnings: Vec::new(),
            remark: None,
            papers: Vec::new(),
        };
        Evaluation::new(counts, per_image, about)
    }

    #[test]
    fn background_is_no_object() {
        let mut found = evaluation();
        // Eight pixels of class 0 and 1 in five components: in the first image one each, in the
        // second both, in the third class 1 alone.
        let number = |found: &Evaluation| found.objects()[0].objects;
        assert_eq!(number(&found), Some(5));
        assert_eq!(found.background_classes(), [""; 0]);
        let classes = ["Background", "car"].map(|name| Class {
            name: name.to_owned(),
            color: [0; 3],
        });
        found.classes = Arc::new(ClassList::new(classes.to_vec()).expect("a list"));
        // Those of the car: two pixels, one and four, all right.
        let small = &found.objects()[0];
        assert_eq!((small.objects, small.pixels), (Some(3), 7));
        assert_eq!((small.found, small.mean_accuracy), (Some(1.0), Some(1.0)));
        assert_eq!(found.background_classes(), ["Background"]);
    }

    #[test]
    fn images_of_a_confusion_are_the_worst_first() {
        let found = evaluation();
        assert_eq!(found.images_with(0, 1), [(1, 3), (0, 1)]);
        assert_eq!(found.images_with(1, 0), []);
        // 0: classes 1/2 and 2/3. 1: classes 0 and 1/4. 2: class 1 alone. 3: nothing labeled.
        let places: Vec<usize> = found
            .worst_images()
            .iter()
            .map(|(place, _)| *place)
            .collect();
        assert_eq!(places, [1, 0, 2]);
        assert_eq!(found.worst_images()[0].1, 0.125);
        assert_eq!(found.images, 4);
    }

    #[test]
    fn confused_pixels_are_those_of_one_confusion() {
        let map = |labels: [u8; 4]| LabelMap {
            width: 2,
            height: 2,
            labels: labels.to_vec(),
        };
        let confusion = Confusion {
            truth: 0,
            predicted: 1,
            pixels: 1,
        };
        let found = confused_pixels(&map([0, 0, 1, 255]), &map([1, 0, 1, 1]), confusion);
        assert_eq!(found.labels, [0, VOID, VOID, VOID]);
        assert_eq!(found.width, 2);
    }
}
