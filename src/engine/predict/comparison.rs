//! How networks do on each image of a list: where they disagree, and where one gains on another.

use std::path::PathBuf;
use std::sync::Arc;

use super::request::{KnownTruth, Request};
use super::thread::PredictThread;
use super::{Prediction, RunWeights, Source};
use crate::dataset::{DatasetItem, Split};
use crate::engine::dataset::DatasetState;
use crate::engine::tasks::{Cancel, Task, spawn_thread};
use crate::engine::{Engine, EngineError, OpenDataset, Waker};
use crate::metrics::disagreement;
use crate::training::{DeviceId, PredictOptions};

/// How one network does on an image.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct NetworkOnImage {
    /// mIoU of this image alone; `None` without ground truth.
    pub mean_iu: Option<f64>,
    /// Share of the labeled pixels that are right.
    pub pixel_accuracy: Option<f64>,
}

/// How networks do on an image.
#[derive(Debug, Clone, PartialEq)]
pub struct ImageComparison {
    /// The image file.
    pub image: PathBuf,
    /// In the order of the networks.
    pub networks: Vec<NetworkOnImage>,
    /// Share of the pixels on which not all agree; `None` where their classes differ.
    pub disagreement: Option<f64>,
    /// Whether all networks have the same classes; otherwise their scores are over different ones.
    pub same_classes: bool,
    /// Why there is nothing of this image, where that is so.
    pub problem: Option<String>,
}

impl ImageComparison {
    /// By how much the mIoU of the last network is above that of the first, `-1.0..=1.0`; `None` where
    /// one has no score, or theirs are over different classes.
    pub fn gain(&self) -> Option<f64> {
        let (first, rest) = self.networks.split_first().filter(|_| self.same_classes)?;
        Some(rest.last()?.mean_iu? - first.mean_iu?)
    }

    fn new(image: PathBuf, predictions: &[Arc<Prediction>]) -> Self {
        let of = |prediction: &Arc<Prediction>| {
            let scores = prediction.scores.as_ref();
            NetworkOnImage {
                mean_iu: scores.and_then(|scores| scores.mean_iu),
                pixel_accuracy: scores.and_then(|scores| scores.pixel_accuracy),
            }
        };
        let have_equal_classes = predictions
            .windows(2)
            .all(|pair| pair[0].classes == pair[1].classes);
        let masks: Vec<&[u8]> = predictions
            .iter()
            .map(|prediction| &*prediction.mask.labels)
            .collect();
        Self {
            image,
            networks: predictions.iter().map(of).collect(),
            disagreement: disagreement(&masks).filter(|_| have_equal_classes),
            same_classes: have_equal_classes,
            problem: None,
        }
    }

    fn failed(image: PathBuf, networks: usize, problem: String) -> Self {
        Self {
            image,
            networks: vec![NetworkOnImage::default(); networks],
            disagreement: None,
            same_classes: false,
            problem: Some(problem),
        }
    }
}

/// What a comparison needs.
struct Comparing {
    predictor: Arc<PredictThread>,
    networks: Vec<(Source, DeviceId)>,
    /// With the list of images, which may be too long to be copied on the window's thread.
    open: Arc<OpenDataset>,
}

impl Engine {
    /// How these networks do on each image of the open dataset's validation list, one image after the
    /// other, so that other predictions get their turn in between. An image that cannot be read or predicted
    /// says so in its place.
    pub fn compare_on_validation(
        &self,
        networks: &[RunWeights],
    ) -> Task<Result<Vec<ImageComparison>, EngineError>> {
        let networks = networks
            .iter()
            .map(|weights| self.locate(&weights.into()))
            .collect();
        let comparing = match &self.dataset {
            DatasetState::Ready(open) => Some(Comparing {
                predictor: Arc::clone(&self.predictor),
                networks,
                open: Arc::clone(open),
            }),
            _ => None,
        };
        spawn_thread(&self.waker, "compare", move |cancel| {
            comparing.map_or_else(|| Ok(Vec::new()), |comparing| comparing.run(cancel))
        })
    }
}

impl Comparing {
    fn run(self, cancel: &Cancel) -> Result<Vec<ImageComparison>, EngineError> {
        // What is found is shown all at once.
        let waker: Waker = Arc::new(|| {});
        let items = self.open.dataset.items(Split::Val);
        let count = items.len();
        let mut found = Vec::with_capacity(count);
        for (done, item) in items.iter().enumerate() {
            cancel.set_progress(done as f32 / count.max(1) as f32);
            if cancel.is_cancelled() {
                return Err(EngineError::Cancelled);
            }
            found.push(match self.predictions(item, &waker, cancel) {
                Ok(predictions) => ImageComparison::new(item.image.clone(), &predictions),
                Err(EngineError::Cancelled) => return Err(EngineError::Cancelled),
                Err(err) => ImageComparison::failed(
                    item.image.clone(),
                    self.networks.len(),
                    err.to_string(),
                ),
            });
        }
        Ok(found)
    }

    fn predictions(
        &self,
        item: &DatasetItem,
        waker: &Waker,
        cancel: &Cancel,
    ) -> Result<Vec<Arc<Prediction>>, EngineError> {
        let predict = |(source, device): &(Source, DeviceId)| {
            let request = Request {
                source: source.clone(),
                device: *device,
                image: item.image.clone(),
                // Each network reads the bands that it was trained on.
                pixels: None,
                truth: Some(KnownTruth {
                    reader: self.open.dataset.mask_reader(),
                    item: item.clone(),
                    classes: self.open.dataset.classes.clone(),
                }),
                options: PredictOptions::default(),
                partial: None,
            };
            self.predictor.predict(waker, request).wait_as_part(cancel)
        };
        self.networks.iter().map(predict).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Class, ClassList, LabelMap, Rgb};
    use crate::metrics::Scores;

    fn prediction(labels: &[u8], class: &str, mean_iu: Option<f64>) -> Arc<Prediction> {
        let class = Class {
            name: class.to_owned(),
            color: [1, 2, 3],
        };
        let size = (labels.len() as u32, 1);
        Arc::new(Prediction {
            run: "run".to_owned(),
            image_path: PathBuf::from("a.png"),
            image: Rgb {
                width: size.0,
                height: size.1,
                pixels: vec![0; 3 * labels.len()],
            }
            .into(),
            mask: Arc::new(LabelMap {
                width: size.0,
                height: size.1,
                labels: labels.to_vec(),
            }),
            classes: Arc::new(ClassList::new(vec![class]).expect("classes")),
            secs: 0.0,
            dataset_truth: None,
            truth: None,
            scores: Some(Scores {
                mean_iu,
                ..Scores::default()
            }),
            scored_over: None,
            score_remark: None,
            tiles: 1,
            memory: 0,
            options: PredictOptions::default(),
        })
    }

    fn compared(predictions: &[Arc<Prediction>]) -> ImageComparison {
        ImageComparison::new(PathBuf::from("a.png"), predictions)
    }

    #[test]
    fn the_gain_is_that_of_the_last_network_over_the_first() {
        let a = prediction(&[0, 0, 1, 1], "sky", Some(0.5));
        let b = prediction(&[0, 1, 1, 1], "sky", Some(0.875));
        let c = prediction(&[0, 0, 1, 1], "sky", None);
        assert_eq!(
            compared(&[a.clone(), c.clone(), b.clone()]).gain(),
            Some(0.375)
        );
        assert_eq!(compared(&[b.clone(), a.clone()]).gain(), Some(-0.375));
        assert_eq!(compared(&[a.clone(), c]).gain(), None);
        assert_eq!(compared(std::slice::from_ref(&a)).gain(), None);
        assert_eq!(compared(&[a, b]).disagreement, Some(0.25));
    }

    #[test]
    fn networks_of_other_classes_cannot_agree_nor_gain() {
        let a = prediction(&[0, 0], "sky", Some(0.25));
        let b = prediction(&[0, 0], "road", Some(0.5));
        let compared = compared(&[a, b]);
        assert_eq!((compared.disagreement, compared.gain()), (None, None));
    }
}
