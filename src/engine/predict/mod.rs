//! Predictions: masks, logits, scores.

mod explanation;
mod image_scores;
mod source;
mod thread;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use explanation::{ClassScore, Explanation, PixelRect, PixelScores};
use source::Source;
pub(super) use thread::PredictThread;
use thread::{EvaluationRequest, KnownTruth, Request};

use super::dataset::DatasetState;
use super::tasks::Task;
use super::{Engine, EngineError};
use crate::dataset::{ClassList, ImageReading, LabelMap, Rgb, Size, Split};
use crate::metrics::Scores;
use crate::training::{DatasetRef, DeviceId, WeightsChoice};

/// Which network predicts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetworkSource {
    /// The best weights of the run of this name, on a device; `None` = on its own where that
    /// works here, else on the processor.
    Run(String, Option<DeviceId>),
    /// A weights file, on a device.
    Weights(WeightsChoice, DeviceId),
}

/// A network's mask of an image.
#[derive(Debug, Clone)]
pub struct Prediction {
    /// Name of the run.
    pub run: String,
    /// The image file.
    pub image_path: PathBuf,
    /// The image.
    pub image: Arc<Rgb>,
    /// The network's mask, the image's size.
    pub mask: Arc<LabelMap>,
    /// Classes of the run.
    pub classes: Arc<ClassList>,
    /// Seconds the network took.
    pub secs: f64,
    /// Ground truth in the labels of the run, where the open dataset has this image. Classes that
    /// the run does not have are void.
    pub truth: Option<Arc<LabelMap>>,
    /// Scores on this image alone, where there is ground truth, over the classes that the run
    /// and the dataset have in common.
    pub scores: Option<Scores>,
    /// What to know about the scores, or why there are none: classes without a partner.
    pub score_remark: Option<String>,
}

/// The scores of each class at each pixel, of which the mask takes the largest.
#[derive(Debug, Clone)]
pub struct Logits {
    /// Number of planes.
    pub num_classes: usize,
    /// Of the image, and of each plane.
    pub size: Size,
    /// `[num_classes, height, width]`: one plane per class after the other, row by row.
    pub values: Vec<f32>,
}

/// Which list a run is scored on.
#[derive(Debug, Clone)]
pub struct ScoredSplit {
    /// The dataset; `None` = that of the run.
    pub dataset: Option<DatasetRef>,
    /// Its list.
    pub split: Split,
}

/// Scores over a whole list of images.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// From one confusion matrix over all images.
    pub scores: Scores,
    /// Mean over images of each image's mIoU, see [`ImageMean`](crate::metrics::ImageMean);
    /// not the mIoU of the papers, which is in `scores`.
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
}

impl Engine {
    /// Where a run can predict: its own device where that works here, else the processor, which is
    /// said once for each run.
    pub(super) fn prediction_device(&self, run: &str) -> DeviceId {
        let own = self.run(run).map_or(DeviceId::Cpu, |run| run.config.device);
        match self.devices.check(own) {
            Ok(()) => return own,
            // Soon known; until then it is the processor that answers.
            Err(EngineError::DeviceUntested { .. }) => {}
            Err(err) => self.predictor.tell_fallback(run, &err),
        }
        DeviceId::Cpu
    }

    /// Decodes an image on a worker, also while the `predict` thread is busy: one of the open
    /// dataset with its bands, and others as their format says.
    pub fn read_image(&self, path: &Path) -> Task<Result<Arc<Rgb>, EngineError>> {
        let path = path.to_path_buf();
        let reading = match &self.dataset {
            DatasetState::Ready(open) if path.starts_with(&open.dataset.root) => {
                open.dataset.images.clone()
            }
            _ => ImageReading::default(),
        };
        self.spawn("read image", move |_| Ok(Arc::new(reading.read(&path)?)))
    }

    /// The mask of an image by the best weights of a run; `pixels` where the image was
    /// read already.
    pub fn predict(
        &self,
        run: &str,
        image: &Path,
        pixels: Option<Arc<Rgb>>,
    ) -> Task<Result<Arc<Prediction>, EngineError>> {
        let network = NetworkSource::Run(run.to_owned(), None);
        let request = self.request(&network, image, pixels);
        self.predictor.predict(&self.waker, request)
    }

    /// The logits of an image.
    pub fn logits_with(
        &self,
        network: &NetworkSource,
        image: &Path,
    ) -> Task<Result<Logits, EngineError>> {
        let (source, device) = self.locate(network);
        self.predictor
            .logits(&self.waker, source, device, image.to_path_buf())
    }

    /// What each score layer adds to the scores of each pixel of an image.
    pub fn explain(
        &self,
        network: &NetworkSource,
        image: &Path,
    ) -> Task<Result<Arc<Explanation>, EngineError>> {
        let (source, device) = self.locate(network);
        self.predictor
            .explain(&self.waker, source, device, image.to_path_buf())
    }

    fn locate(&self, network: &NetworkSource) -> (Source, DeviceId) {
        match network {
            NetworkSource::Run(run, device) => (
                Source::Run(self.folder(run)),
                device.unwrap_or_else(|| self.prediction_device(run)),
            ),
            NetworkSource::Weights(choice, device) => (Source::Weights(choice.clone()), *device),
        }
    }

    /// The mask of an image.
    pub fn predict_with(
        &self,
        network: &NetworkSource,
        image: &Path,
    ) -> Task<Result<Arc<Prediction>, EngineError>> {
        let request = self.request(network, image, None);
        self.predictor.predict(&self.waker, request)
    }

    fn request(&self, network: &NetworkSource, image: &Path, pixels: Option<Arc<Rgb>>) -> Request {
        let (source, device) = self.locate(network);
        let truth = match &self.dataset {
            DatasetState::Ready(open) => [Split::Val, Split::Train]
                .into_iter()
                .flat_map(|split| open.dataset.items(split))
                .find(|item| item.image == image)
                .map(|item| KnownTruth {
                    reader: open.dataset.mask_reader(),
                    item: item.clone(),
                    classes: open.dataset.classes.clone(),
                }),
            _ => None,
        };
        Request {
            source,
            device,
            image: image.to_path_buf(),
            pixels,
            truth,
        }
    }

    /// Scores of a run's best weights over a split of a dataset, with a boundary band of
    /// `boundary_width` pixels; `device` as in [`NetworkSource::Run`], `void` = labels that do not
    /// count besides.
    pub fn evaluate(
        &self,
        run: &str,
        device: Option<DeviceId>,
        on: ScoredSplit,
        boundary_width: usize,
        void: Vec<u8>,
    ) -> Task<Result<Evaluation, EngineError>> {
        let request = EvaluationRequest {
            source: Source::Run(self.folder(run)),
            device: device.unwrap_or_else(|| self.prediction_device(run)),
            data_dir: self.dirs.data.clone(),
            on,
            boundary_width,
            void,
        };
        self.predictor.evaluate(&self.waker, request)
    }
}
