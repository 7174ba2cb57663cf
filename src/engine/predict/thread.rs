//! The `predict` thread: it keeps the last used networks loaded.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use super::image_scores::scores_of;
use super::source::Source;
use super::{Evaluation, Explanation, Logits, Prediction, ScoredSplit};
use crate::dataset::{BandChoice, ClassList, ClassMatch, DatasetItem, MaskReader, Rgb, Split};
use crate::engine::dataset;
use crate::engine::dataset_check::before_scoring;
use crate::engine::memory::give_back_freed_memory;
use crate::engine::tasks::{Cancel, Promise, Task, guarded};
use crate::engine::{EngineError, Waker};
use crate::training::{Control, DeviceId, Predictor};

/// What to predict with which network.
pub(super) struct Request {
    pub source: Source,
    pub device: DeviceId,
    pub image: PathBuf,
    /// The image, where it was read already.
    pub pixels: Option<Arc<Rgb>>,
    /// Where the image's ground truth is known.
    pub truth: Option<KnownTruth>,
}

/// How to read the ground truth of an image.
pub(super) struct KnownTruth {
    pub reader: MaskReader,
    pub item: DatasetItem,
    /// What its labels mean.
    pub classes: ClassList,
}

type Job = Box<dyn FnOnce(&mut Models) + Send>;

/// Which list to score, and how.
pub(super) struct EvaluationRequest {
    pub source: Source,
    pub device: DeviceId,
    pub data_dir: PathBuf,
    pub on: ScoredSplit,
    /// In pixels.
    pub boundary_width: usize,
    pub void: Vec<u8>,
}

/// Handle on the thread; dropping it ends the thread after its work.
pub(in crate::engine) struct PredictThread {
    jobs: Sender<Job>,
    /// Runs of which it was said that they predict on the processor.
    fallbacks: Mutex<BTreeSet<String>>,
}

/// Jobs that may wait.
const QUEUE: usize = 256;
/// Predictions come one soon after the other; after this long without one there is a rest.
const REST: Duration = Duration::from_secs(2);
/// Networks kept loaded: as many as Compare shows.
const LOADED: usize = 4;

impl PredictThread {
    pub fn start() -> Self {
        let (jobs, receiver): (Sender<Job>, Receiver<Job>) = bounded(QUEUE);
        let started = thread::Builder::new()
            .name("predict".into())
            .spawn(move || {
                let mut models = Models::default();
                while let Ok(job) = receiver.recv() {
                    job(&mut models);
                    while let Ok(job) = receiver.recv_timeout(REST) {
                        job(&mut models);
                    }
                    give_back_freed_memory();
                }
            });
        if let Err(err) = started {
            log::error!("The prediction thread could not be started: {err}");
        }
        Self {
            jobs,
            fallbacks: Mutex::default(),
        }
    }

    /// Says, once for each run, that it predicts on the processor because of `err`.
    pub(super) fn tell_fallback(&self, run: &str, err: &EngineError) {
        let mut told = self
            .fallbacks
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if told.insert(run.to_owned()) {
            log::warn!("{run} predicts on the processor. {err}");
        }
    }

    fn submit<T: Send + 'static>(
        &self,
        waker: &Waker,
        work: impl FnOnce(&mut Models, &Cancel) -> Result<T, EngineError> + Send + 'static,
    ) -> Task<Result<T, EngineError>> {
        let (promise, task) = Promise::new(waker);
        let job: Job = Box::new(move |models| {
            let cancel = promise.cancel.clone();
            if cancel.is_cancelled() {
                return;
            }
            let result = guarded(|| work(models, &cancel)).unwrap_or_else(|panic| {
                // The panic may have left a network half used.
                models.loaded.clear();
                Err(EngineError::Panicked {
                    what: "prediction",
                    panic,
                    advice: "Choose a smaller image or the device cpu",
                })
            });
            promise.fulfill(result);
        });
        if let Err(refused) = self.jobs.try_send(job) {
            log::warn!("A prediction was dropped: {refused}");
        }
        task
    }

    pub(super) fn predict(
        &self,
        waker: &Waker,
        request: Request,
    ) -> Task<Result<Arc<Prediction>, EngineError>> {
        self.submit(waker, move |models, cancel| {
            models.predict(&request, cancel).map(Arc::new)
        })
    }

    pub(super) fn logits(
        &self,
        waker: &Waker,
        source: Source,
        device: DeviceId,
        image: PathBuf,
    ) -> Task<Result<Logits, EngineError>> {
        self.submit(waker, move |models, _| {
            models.logits(&source, device, &image)
        })
    }

    pub(super) fn explain(
        &self,
        waker: &Waker,
        source: Source,
        device: DeviceId,
        image: PathBuf,
    ) -> Task<Result<Arc<Explanation>, EngineError>> {
        self.submit(waker, move |models, _| {
            models.explain(&source, device, image).map(Arc::new)
        })
    }

    pub(super) fn evaluate(
        &self,
        waker: &Waker,
        request: EvaluationRequest,
    ) -> Task<Result<Evaluation, EngineError>> {
        self.submit(waker, move |models, cancel| {
            models.evaluate(&request, cancel)
        })
    }
}

/// A network in memory.
struct Loaded {
    source: Source,
    device: DeviceId,
    /// What was the newest step when it was loaded; damaged weights are replaced by older ones.
    newest: Option<usize>,
    predictor: Predictor,
}

/// Loaded networks, the last used at the end.
#[derive(Default)]
struct Models {
    loaded: Vec<Loaded>,
}

impl Models {
    fn get(&mut self, source: &Source, device: DeviceId) -> Result<&Predictor, EngineError> {
        let newest = source.newest_step();
        let found = self.loaded.iter().position(|loaded| {
            loaded.source == *source && loaded.device == device && loaded.newest == newest
        });
        let entry = if let Some(index) = found {
            self.loaded.remove(index)
        } else {
            self.loaded
                .retain(|loaded| loaded.source.path() != source.path());
            if self.loaded.len() >= LOADED {
                self.loaded.remove(0);
            }
            let predictor = source.load(device)?;
            Loaded {
                source: source.clone(),
                device,
                newest,
                predictor,
            }
        };
        self.loaded.push(entry);
        let newest = self.loaded.len() - 1;
        Ok(&self.loaded[newest].predictor)
    }

    fn logits(
        &mut self,
        source: &Source,
        device: DeviceId,
        image: &Path,
    ) -> Result<Logits, EngineError> {
        let predictor = self.get(source, device)?;
        let image = predictor.meta().images.read(image)?;
        let values = predictor.logits(&image)?;
        let num_classes = predictor.meta().classes.len();
        Ok(Logits {
            num_classes,
            size: image.size(),
            values,
        })
    }

    fn explain(
        &mut self,
        source: &Source,
        device: DeviceId,
        path: PathBuf,
    ) -> Result<Explanation, EngineError> {
        let predictor = self.get(source, device)?;
        let image = predictor.meta().images.read(&path)?;
        let started = Instant::now();
        let contributions = predictor.contributions(&image)?;
        let meta = predictor.meta();
        Ok(Explanation::new(
            (source.name(), path),
            Arc::new(image),
            Arc::new(meta.classes.clone()),
            meta.config.trunk,
            contributions,
            started.elapsed().as_secs_f64(),
        ))
    }

    fn predict(&mut self, request: &Request, cancel: &Cancel) -> Result<Prediction, EngineError> {
        let predictor = self.get(&request.source, request.device)?;
        // What was read already was read as the file's format says.
        let reading = &predictor.meta().images;
        let image = match &request.pixels {
            Some(pixels) if reading.is_plain() => Arc::clone(pixels),
            _ => Arc::new(reading.read(&request.image)?),
        };
        let started = Instant::now();
        let watch = cancel.clone();
        let mask = predictor
            .predict(&image, move |share| {
                watch.set_progress(share);
                !watch.is_cancelled()
            })?
            .ok_or(EngineError::Cancelled)?;
        let secs = started.elapsed().as_secs_f64();
        let classes = Arc::new(predictor.meta().classes.clone());
        // A mask that cannot be read is no reason to hide the prediction.
        let truth = request.truth.as_ref().and_then(|known| {
            let (_, labels) = known
                .reader
                .read_pair(&known.item)
                .map_err(|err| log::warn!("{err}"))
                .ok()?;
            let matched = ClassMatch::new(&classes, &known.classes);
            Some((matched.in_network_labels(&labels), matched))
        });
        let score_remark = truth.as_ref().and_then(|(_, matched)| matched.remark());
        let scores = truth
            .as_ref()
            .and_then(|(truth, matched)| scores_of(truth, &mask, matched));
        Ok(Prediction {
            run: request.source.name(),
            image_path: request.image.clone(),
            image,
            mask: Arc::new(mask),
            classes,
            secs,
            truth: truth.map(|(truth, _)| Arc::new(truth)),
            scores,
            score_remark,
        })
    }

    fn evaluate(
        &mut self,
        request: &EvaluationRequest,
        cancel: &Cancel,
    ) -> Result<Evaluation, EngineError> {
        let predictor = self.get(&request.source, request.device)?;
        let split = request.on.split;
        let own = &predictor.meta().config.dataset;
        let which = request.on.dataset.as_ref().unwrap_or(own).clone();
        let which = which.mapped(None, &request.void, &BandChoice::default());
        let mut dataset = dataset::open(&which, &request.data_dir, &mut |_, _| {
            !cancel.is_cancelled()
        })?;
        // Another dataset may have other bands; without a word of it, as in the training.
        if which == *own || dataset.images.is_plain() {
            dataset.images = predictor.meta().images.clone();
        }
        if split == Split::Test {
            dataset.read_test_list()?;
        }
        let mut warnings = before_scoring(&dataset, split, &mut |_, _| !cancel.is_cancelled())?;
        let then = request.source.dataset_record();
        let change = then.and_then(|then| then.changes(&dataset));
        warnings.extend(change.map(|change| format!("{}: {change}", dataset.name)));
        let matched = ClassMatch::new(&predictor.meta().classes, &dataset.classes);
        let control = Control::default();
        let started = Instant::now();
        let evaluation = predictor
            .evaluate(
                &dataset,
                split,
                request.boundary_width,
                &control,
                &mut |done, total| {
                    cancel.set_progress(done as f32 / total.max(1) as f32);
                    if cancel.is_cancelled() {
                        control.stop();
                    }
                },
            )?
            .ok_or(EngineError::Cancelled)?;
        Ok(Evaluation {
            scores: evaluation.scores,
            mean_iu_over_images: evaluation.mean_iu_over_images,
            boundary: evaluation.boundary,
            boundary_width: evaluation.boundary_width,
            val_loss: evaluation.loss,
            images: evaluation.images,
            secs: started.elapsed().as_secs_f64(),
            classes: Arc::new(predictor.meta().classes.clone()),
            warnings,
            remark: matched.remark(),
        })
    }
}
