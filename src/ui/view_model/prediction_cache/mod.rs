//! A cache of finished and running predictions, by run and image.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use crate::engine::{DatasetState, Engine, EngineError, Prediction, Rgb, Task};

/// Seconds after which a busy text is shown; for shorter waits it would only flash.
pub const SHOW_WAITING_AFTER: f32 = 0.2;
const MAX_ENTRIES: usize = 32;
const MAX_PIXELS: usize = 48_000_000;
const MIN_ENTRIES: usize = 6;

/// The state of one prediction.
#[derive(Clone)]
pub enum Lookup {
    Ready(Arc<Prediction>),
    Failed(String),
    Running(Wait),
    /// The user cancelled it; the image, where it was read.
    Cancelled(Option<Arc<Rgb>>),
}

/// A prediction that is being made.
#[derive(Debug, Clone, Default)]
pub struct Wait {
    /// Since it was asked for.
    pub secs: f32,
    /// How far it is, `0.0..=1.0`, once the network computes.
    pub share: Option<f32>,
    /// The image, once it is read.
    pub image: Option<Arc<Rgb>>,
}

impl Wait {
    /// Whether it takes so long that one should see it.
    pub fn is_long(&self) -> bool {
        self.secs > SHOW_WAITING_AFTER
    }

    /// `Predicting street.jpg · 42 % · 1.9 s`
    pub fn text(&self, what: &str) -> String {
        let share = self.share.map_or_else(String::new, |share| {
            format!(" · {:.0} %", (share * 100.0).floor())
        });
        format!("Predicting{what}{share} · {:.1} s", self.secs)
    }
}

/// A bounded cache in front of [`Engine::predict`]. The oldest entries go first.
#[derive(Default)]
pub struct PredictionCache {
    done: VecDeque<Done>,
    running: Vec<Running>,
    /// Images of the running and cancelled predictions, which all runs share.
    images: Vec<(PathBuf, Decoding)>,
    /// Root of the dataset the ground truth of `done` came from.
    truth_root: Option<PathBuf>,
}

struct Done {
    run: String,
    image: PathBuf,
    /// Best epoch of the run when the prediction was started.
    epoch: Option<usize>,
    result: Result<Arc<Prediction>, Failure>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Failure {
    Cancelled,
    Told(String),
}

struct Running {
    run: String,
    image: PathBuf,
    epoch: Option<usize>,
    since: Instant,
    /// `None` = the image is being read.
    task: Option<Task<Result<Arc<Prediction>, EngineError>>>,
}

enum Decoding {
    Running(Task<Result<Arc<Rgb>, EngineError>>),
    Ready(Arc<Rgb>),
}

impl PredictionCache {
    /// Collects finished predictions. Call once per frame, before [`Self::get`].
    pub fn poll(&mut self, engine: &Engine) {
        self.forget_truth_of_other_dataset(engine);
        self.take_images(engine);
        let mut finished = Vec::new();
        self.running.retain_mut(|running| {
            let result = running.task.as_mut().and_then(Task::poll_result);
            let Some(result) = result else {
                return true;
            };
            finished.push(running.done(result.map_err(|err| Failure::Told(err.to_string()))));
            false
        });
        self.done.extend(finished);
        self.shrink();
    }

    /// The prediction of `run` for `image`; starts it if it is missing.
    pub fn get(&mut self, engine: &Engine, run: &str, image: &Path) -> Lookup {
        if let Some(done) = self.find(run, image) {
            return match &done.result {
                Ok(prediction) => Lookup::Ready(prediction.clone()),
                Err(Failure::Told(message)) => Lookup::Failed(message.clone()),
                Err(Failure::Cancelled) => Lookup::Cancelled(self.pixels(image)),
            };
        }
        let is_wanted = |running: &&Running| running.run == run && running.image == image;
        if let Some(running) = self.running.iter().find(is_wanted) {
            return Lookup::Running(Wait {
                secs: running.since.elapsed().as_secs_f32(),
                share: running.task.as_ref().and_then(Task::progress),
                image: self.pixels(image),
            });
        }
        if !self.images.iter().any(|(path, _)| path == image) {
            let decoding = Decoding::Running(engine.read_image(image));
            self.images.push((image.to_owned(), decoding));
        }
        let pixels = self.pixels(image);
        self.running.push(Running {
            run: run.to_owned(),
            image: image.to_owned(),
            epoch: best_epoch(engine, run),
            since: Instant::now(),
            task: pixels
                .clone()
                .map(|pixels| engine.predict(run, image, Some(pixels))),
        });
        Lookup::Running(Wait {
            image: pixels,
            ..Wait::default()
        })
    }

    /// Cancels running predictions of other images, and forgets that some were cancelled.
    pub fn cancel_others(&mut self, image: &Path) {
        self.running.retain(|running| running.image == image);
        self.images.retain(|(path, _)| path == image);
        self.done
            .retain(|done| done.image == image || !matches!(done.result, Err(Failure::Cancelled)));
    }

    /// Gives up the running prediction of `run` for `image`, until it is asked for again with
    /// [`forget_run`](Self::forget_run).
    pub fn cancel(&mut self, run: &str, image: &Path) {
        let mut cancelled = Vec::new();
        self.running.retain(|running| {
            let is_other = running.run != run || running.image != image;
            if !is_other {
                cancelled.push(running.done(Err(Failure::Cancelled)));
            }
            is_other
        });
        self.done.extend(cancelled);
    }

    /// Drops all predictions of `run`, so that they are made again.
    pub fn forget_run(&mut self, run: &str) {
        self.done.retain(|done| done.run != run);
        self.running.retain(|running| running.run != run);
        // The files may have changed.
        let running = &self.running;
        self.images
            .retain(|(path, _)| running.iter().any(|running| running.image == *path));
    }

    /// Whether `run` has a better epoch than the one this prediction was made with.
    pub fn is_outdated(&self, engine: &Engine, run: &str, image: &Path) -> bool {
        self.find(run, image)
            .is_some_and(|done| done.epoch != best_epoch(engine, run))
    }

    /// Starts the predictions whose image was read; those of an image that cannot be read fail.
    fn take_images(&mut self, engine: &Engine) {
        let Self {
            images,
            running,
            done,
            ..
        } = self;
        images.retain_mut(|(path, decoding)| {
            let Decoding::Running(task) = decoding else {
                return true;
            };
            match task.poll_result() {
                None => true,
                Some(Ok(pixels)) => {
                    let waiting = running
                        .iter_mut()
                        .filter(|running| running.image == *path && running.task.is_none());
                    for running in waiting {
                        let pixels = Some(Arc::clone(&pixels));
                        running.task = Some(engine.predict(&running.run, path, pixels));
                    }
                    *decoding = Decoding::Ready(pixels);
                    true
                }
                Some(Err(err)) => {
                    let message = err.to_string();
                    running.retain(|running| {
                        let is_other = running.image != *path;
                        if !is_other {
                            done.push_back(running.done(Err(Failure::Told(message.clone()))));
                        }
                        is_other
                    });
                    false
                }
            }
        });
    }

    fn pixels(&self, image: &Path) -> Option<Arc<Rgb>> {
        self.images
            .iter()
            .find_map(|(path, decoding)| match decoding {
                Decoding::Ready(pixels) if path == image => Some(Arc::clone(pixels)),
                _ => None,
            })
    }

    fn find(&self, run: &str, image: &Path) -> Option<&Done> {
        self.done
            .iter()
            .rev()
            .find(|done| done.run == run && done.image == image)
    }

    fn forget_truth_of_other_dataset(&mut self, engine: &Engine) {
        let root = match engine.dataset() {
            DatasetState::Ready(open) => Some(&open.dataset.root),
            DatasetState::Opening { .. } => return,
            DatasetState::None | DatasetState::Failed { .. } | DatasetState::Unlabeled { .. } => {
                None
            }
        };
        if root != self.truth_root.as_ref() {
            self.truth_root = root.cloned();
            self.done.clear();
            self.running.clear();
            self.images.clear();
        }
    }

    fn shrink(&mut self) {
        let pixels = |done: &Done| done.result.as_ref().map_or(0, |p| p.mask.labels.len());
        let mut total: usize = self.done.iter().map(pixels).sum();
        while self.done.len() > MAX_ENTRIES || (total > MAX_PIXELS && self.done.len() > MIN_ENTRIES)
        {
            let Some(oldest) = self.done.pop_front() else {
                return;
            };
            total -= pixels(&oldest);
        }
    }
}

impl Running {
    fn done(&self, result: Result<Arc<Prediction>, Failure>) -> Done {
        Done {
            run: self.run.clone(),
            image: self.image.clone(),
            epoch: self.epoch,
            result,
        }
    }
}

fn best_epoch(engine: &Engine, run: &str) -> Option<usize> {
    engine.run(run)?.best().map(|record| record.epoch)
}

#[cfg(test)]
mod tests;
