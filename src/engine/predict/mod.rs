//! Predictions: masks, logits, scores.

mod comparison;
mod explanation;
mod image_scores;
mod inside;
mod models;
mod partial;
mod request;
mod source;
mod thread;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use comparison::{ImageComparison, NetworkOnImage};
pub use explanation::{ClassScore, Explanation, ExplanationMap, PixelRect, PixelScores};
pub use inside::{Activations, ChannelChoice, EFFECTIVE_SHARE, EffectiveField};
pub use partial::{PartialMask, PartialState};
use request::{KnownTruth, Request};
use source::Source;
pub(super) use thread::PredictThread;

use super::dataset::DatasetState;
use super::tasks::{Cancel, Task};
use super::{Engine, EngineError, Waker};
use crate::dataset::{
    ClassList, Dataset, DatasetItem, ImageFacts, ImageReading, LabelMap, Pixels, Size,
};
use crate::metrics::Scores;
use crate::training::{Averaging, DeviceId, PredictOptions, TilePlan, Tiling, WeightsChoice};

/// Weights of a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunWeights {
    /// The run's name.
    pub run: String,
    /// The step of a checkpoint that is kept; `None` = the best weights.
    pub step: Option<usize>,
}

impl RunWeights {
    /// The best weights of a run.
    pub fn best(run: impl Into<String>) -> Self {
        Self {
            run: run.into(),
            step: None,
        }
    }
}

/// Which network predicts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetworkSource {
    /// The best weights of the run of this name, on a device; `None` = on its own where that
    /// works here, else on the processor.
    Run(String, Option<DeviceId>),
    /// Those of one checkpoint of the run of this name, by its step.
    Checkpoint(String, usize),
    /// A weights file, on a device.
    Weights(WeightsChoice, DeviceId),
}

impl From<&RunWeights> for NetworkSource {
    fn from(weights: &RunWeights) -> Self {
        let run = weights.run.clone();
        match weights.step {
            Some(step) => Self::Checkpoint(run, step),
            None => Self::Run(run, None),
        }
    }
}

/// A network's mask of an image.
#[derive(Debug, Clone)]
pub struct Prediction {
    /// Name of the run.
    pub run: String,
    /// The image file.
    pub image_path: PathBuf,
    /// The image.
    pub image: Pixels,
    /// The network's mask, the image's size.
    pub mask: Arc<LabelMap>,
    /// Classes of the run.
    pub classes: Arc<ClassList>,
    /// Seconds the network took.
    pub secs: f64,
    /// Ground truth as the open dataset has it, where it has this image.
    pub dataset_truth: Option<Truth>,
    /// The same in the labels of the run, to find wrong pixels. Classes that the run does not have are
    /// void; `None` also where it has none of them.
    pub truth: Option<Arc<LabelMap>>,
    /// Scores on this image alone, where there is ground truth, over the classes that the run
    /// and the dataset have in common.
    pub scores: Option<Scores>,
    /// Said before the scores, as [`ClassMatch::scored_over`](crate::dataset::ClassMatch::scored_over) has it.
    pub scored_over: Option<String>,
    /// What to know about the scores, or why there are none: classes without a partner.
    pub score_remark: Option<String>,
    /// In how many tiles it was made; 1 = the network saw the image as a whole.
    pub tiles: usize,
    /// Bytes that were planned for it at most, the network's weights not included.
    pub memory: u64,
    /// How it was made.
    pub options: PredictOptions,
}

/// The ground truth of an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    /// A label per pixel.
    pub labels: Arc<LabelMap>,
    /// What they mean: the classes of the dataset.
    pub classes: Arc<ClassList>,
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

impl Logits {
    /// Softmax: the share of each class at each pixel, `0.0..=1.0`.
    pub fn into_probabilities(mut self) -> Self {
        let plane = self.size.pixels() as usize;
        let classes = self.num_classes;
        for pixel in 0..plane {
            let places = || (0..classes).map(|class| class * plane + pixel);
            let largest = places()
                .map(|place| self.values[place])
                .fold(f32::NEG_INFINITY, f32::max);
            let mut sum = 0.0;
            for place in places() {
                let value = (self.values[place] - largest).exp();
                self.values[place] = value;
                sum += value;
            }
            for place in places() {
                self.values[place] /= sum;
            }
        }
        self
    }
}

/// A network for work on another thread.
pub(super) struct PredictJob {
    predictor: Arc<PredictThread>,
    source: Source,
    device: DeviceId,
    options: PredictOptions,
}

impl PredictJob {
    /// The mask of an image, without ground truth; other predictions wait for it at most.
    pub fn predict(&self, image: &Path, cancel: &Cancel) -> Result<Arc<Prediction>, EngineError> {
        // Who waits here needs no waker.
        let waker: Waker = Arc::new(|| {});
        let request = Request {
            source: self.source.clone(),
            device: self.device,
            image: image.to_owned(),
            pixels: None,
            truth: None,
            options: self.options.clone(),
            partial: None,
        };
        self.predictor.predict(&waker, request).wait_as_part(cancel)
    }
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

    /// Decodes an image, or opens a large one, on a worker, also while the `predict` thread is busy: one of the open
    /// dataset with its bands, and others as their format says.
    pub fn read_image(&self, path: &Path) -> Task<Result<Pixels, EngineError>> {
        let path = path.to_path_buf();
        let reading = match &self.dataset {
            DatasetState::Ready(open) if path.starts_with(&open.dataset.root) => {
                open.dataset.images.clone()
            }
            _ => ImageReading::default(),
        };
        self.spawn("read image", move |_| Ok(Pixels::open(&path, &reading)?))
    }

    /// The mask of an image by weights of a run; `pixels` where the image was read already, and
    /// `partial` to see it grow.
    pub fn predict(
        &self,
        weights: &RunWeights,
        image: &Path,
        pixels: Option<Pixels>,
        (options, partial): (PredictOptions, Option<PartialMask>),
    ) -> Task<Result<Arc<Prediction>, EngineError>> {
        let mut request = self.request(&weights.into(), image, pixels, options);
        request.partial = partial;
        self.predictor.predict(&self.waker, request)
    }

    /// In which tiles an image would be predicted, and what that takes.
    pub fn prediction_plan(
        &self,
        network: &NetworkSource,
        image: ImageFacts,
        tiling: Tiling,
    ) -> Task<Result<TilePlan, EngineError>> {
        let (source, device) = self.locate(network);
        self.predictor
            .plan(&self.waker, source, device, image, tiling)
    }

    /// A network that predicts one image after the other for work on another thread.
    pub(super) fn predict_job(
        &self,
        network: &NetworkSource,
        options: PredictOptions,
    ) -> PredictJob {
        let (source, device) = self.locate(network);
        PredictJob {
            predictor: Arc::clone(&self.predictor),
            source,
            device,
            options,
        }
    }

    /// As [`predict`](Self::predict), of an image whose ground truth is in `dataset`.
    pub fn predict_item(
        &self,
        run: &str,
        dataset: &Dataset,
        item: &DatasetItem,
        options: PredictOptions,
    ) -> Task<Result<Arc<Prediction>, EngineError>> {
        let network = NetworkSource::Run(run.to_owned(), None);
        let mut request = self.request(&network, &item.image, None, options);
        request.truth = Some(KnownTruth {
            reader: dataset.mask_reader(),
            item: item.clone(),
            classes: dataset.classes.clone(),
        });
        self.predictor.predict(&self.waker, request)
    }

    /// The logits of an image.
    pub fn logits_with(
        &self,
        network: &NetworkSource,
        image: &Path,
        tiling: Tiling,
    ) -> Task<Result<Logits, EngineError>> {
        let (source, device) = self.locate(network);
        self.predictor
            .logits(&self.waker, source, device, image.to_path_buf(), tiling)
    }

    /// The averaged probabilities of an image.
    pub(super) fn averaged_with(
        &self,
        network: &NetworkSource,
        image: &Path,
        averaging: Averaging,
    ) -> Task<Result<Logits, EngineError>> {
        let (source, device) = self.locate(network);
        let image = image.to_owned();
        self.predictor
            .submit(&self.waker, device, move |models, _| {
                models.averaged(&source, device, &image, &averaging)
            })
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
            NetworkSource::Checkpoint(run, step) => (
                Source::Checkpoint(self.folder(run), *step),
                self.prediction_device(run),
            ),
            NetworkSource::Weights(choice, device) => (Source::Weights(choice.clone()), *device),
        }
    }

    /// The mask of an image.
    pub fn predict_with(
        &self,
        network: &NetworkSource,
        image: &Path,
        options: PredictOptions,
    ) -> Task<Result<Arc<Prediction>, EngineError>> {
        let request = self.request(network, image, None, options);
        self.predictor.predict(&self.waker, request)
    }

    fn request(
        &self,
        network: &NetworkSource,
        image: &Path,
        pixels: Option<Pixels>,
        options: PredictOptions,
    ) -> Request {
        let (source, device) = self.locate(network);
        let truth = match &self.dataset {
            DatasetState::Ready(open) => KnownTruth::of(&open.dataset, image),
            _ => None,
        };
        Request {
            source,
            device,
            image: image.to_path_buf(),
            pixels,
            truth,
            options,
            partial: None,
        }
    }
}
