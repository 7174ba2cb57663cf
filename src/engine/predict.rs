//! The `predict` thread: it keeps the last used networks loaded.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::Waker;
use super::source;
use super::tasks::{Cancel, Promise, Task, guarded};
use crate::dataset::{ClassList, Item, LabelMap, MaskReader, Rgb, Split, read_rgb};
use crate::metrics::{ConfusionMatrix, Scores};
use crate::training::checkpoint::RunFolder;
use crate::training::{Control, DeviceId, Predictor};

/// An image through a network.
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
    /// Ground truth, where the open data set has this image.
    pub truth: Option<Arc<LabelMap>>,
    /// Scores on this image alone, where there is ground truth.
    pub scores: Option<Scores>,
}

/// Scores of a run over a whole split.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// From one confusion matrix over all images.
    pub scores: Scores,
    /// Mean loss over the labelled pixels, in nats.
    pub val_loss: Option<f64>,
    /// Number of images.
    pub images: usize,
    /// Seconds it took.
    pub secs: f64,
    /// Classes of the run.
    pub classes: Arc<ClassList>,
}

/// What to predict with which run.
pub(super) struct Request {
    pub folder: RunFolder,
    pub device: DeviceId,
    pub image: PathBuf,
    /// How to read the image's ground truth, where it is known.
    pub truth: Option<(MaskReader, Item)>,
}

type Job = Box<dyn FnOnce(&mut Models) + Send>;

/// Handle on the thread; dropping it ends the thread after its work.
pub(super) struct PredictThread {
    jobs: Sender<Job>,
}

/// Jobs that may wait.
const QUEUE: usize = 256;
/// Networks kept loaded: as many as Compare shows.
const LOADED: usize = 4;

impl PredictThread {
    pub fn start() -> Self {
        let (jobs, receiver): (Sender<Job>, Receiver<Job>) = bounded(QUEUE);
        let started = thread::Builder::new().name("predict".into()).spawn(move || {
            let mut models = Models::default();
            receiver.iter().for_each(|job| job(&mut models));
        });
        if let Err(err) = started {
            log::error!("The prediction thread could not be started: {err}");
        }
        Self { jobs }
    }

    fn submit<T: Send + 'static>(
        &self,
        waker: &Waker,
        work: impl FnOnce(&mut Models, &Cancel) -> Result<T, String> + Send + 'static,
    ) -> Task<Result<T, String>> {
        let (promise, task) = Promise::new(waker);
        let job: Job = Box::new(move |models| {
            let cancel = promise.cancel.clone();
            if cancel.is_cancelled() {
                return;
            }
            let result = guarded(|| work(models, &cancel)).unwrap_or_else(|panic| {
                // The panic may have left a network half used.
                models.loaded.clear();
                Err(format!(
                    "prediction broke off unexpectedly ({panic}). Choose a smaller image or the device cpu"
                ))
            });
            promise.fulfill(result);
        });
        if let Err(refused) = self.jobs.try_send(job) {
            log::warn!("A prediction was dropped: {refused}");
        }
        task
    }

    pub fn predict(&self, waker: &Waker, request: Request) -> Task<Result<Arc<Prediction>, String>> {
        self.submit(waker, move |models, _| models.predict(&request).map(Arc::new))
    }

    pub fn evaluate(
        &self,
        waker: &Waker,
        folder: RunFolder,
        device: DeviceId,
        data_dir: PathBuf,
        split: Split,
    ) -> Task<Result<Evaluation, String>> {
        self.submit(waker, move |models, cancel| models.evaluate(&folder, device, &data_dir, split, cancel))
    }
}

/// Loaded networks, the last used at the end.
#[derive(Default)]
struct Models {
    loaded: Vec<(PathBuf, DeviceId, Predictor)>,
}

impl Models {
    fn get(&mut self, folder: &RunFolder, device: DeviceId) -> Result<&Predictor, String> {
        let newest = folder.best().map(|best| best.step).or_else(|| folder.last().map(|last| last.step));
        let found = self.loaded.iter().position(|(path, on, predictor)| {
            path == folder.path() && *on == device && Some(predictor.step()) == newest
        });
        let entry = if let Some(index) = found {
            self.loaded.remove(index)
        } else {
            self.loaded.retain(|(path, ..)| path != folder.path());
            if self.loaded.len() >= LOADED {
                self.loaded.remove(0);
            }
            let predictor = Predictor::load(folder, device).map_err(|err| err.to_string())?;
            (folder.path().to_path_buf(), device, predictor)
        };
        self.loaded.push(entry);
        self.loaded.last().map(|(.., predictor)| predictor).ok_or_else(|| "no network is loaded".to_owned())
    }

    fn predict(&mut self, request: &Request) -> Result<Prediction, String> {
        let image = read_rgb(&request.image).map_err(|err| err.to_string())?;
        let predictor = self.get(&request.folder, request.device)?;
        let started = Instant::now();
        let mask = predictor.predict(&image).map_err(|err| err.to_string())?;
        let secs = started.elapsed().as_secs_f64();
        let classes = Arc::new(predictor.meta().classes.clone());
        // A mask that cannot be read is no reason to hide the prediction.
        let truth = request.truth.as_ref().and_then(|(reader, item)| {
            reader.read_pair(item).map_err(|err| log::warn!("{err}")).ok().map(|(_, labels)| labels)
        });
        let scores = truth.as_ref().map(|truth| {
            let mut matrix = ConfusionMatrix::new(classes.len());
            matrix.add(&truth.labels, &mask.labels);
            matrix.scores()
        });
        Ok(Prediction {
            run: request.folder.name(),
            image_path: request.image.clone(),
            image: Arc::new(image),
            mask: Arc::new(mask),
            classes,
            secs,
            truth: truth.map(Arc::new),
            scores,
        })
    }

    fn evaluate(
        &mut self,
        folder: &RunFolder,
        device: DeviceId,
        data_dir: &Path,
        split: Split,
        cancel: &Cancel,
    ) -> Result<Evaluation, String> {
        let predictor = self.get(folder, device)?;
        let which = &predictor.meta().config.dataset;
        let dataset = source::open(which, data_dir, &mut |_, _| !cancel.is_cancelled())
            .map_err(|err| err.to_string())?;
        let control = Control::default();
        let started = Instant::now();
        let evaluation = predictor
            .evaluate(&dataset, split, &control, &mut |done, total| {
                cancel.set_progress(done as f32 / total.max(1) as f32);
                if cancel.is_cancelled() {
                    control.stop();
                }
            })
            .map_err(|err| err.to_string())?
            .ok_or_else(|| "stopped".to_owned())?;
        Ok(Evaluation {
            scores: evaluation.scores,
            val_loss: evaluation.loss,
            images: evaluation.images,
            secs: started.elapsed().as_secs_f64(),
            classes: Arc::new(predictor.meta().classes.clone()),
        })
    }
}
