//! A cache of finished and running predictions, by weights and image.

mod running;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use crate::engine::{
    DatasetState, Engine, EngineError, PartialState, Pixels, PredictOptions, Prediction,
    RunWeights, Task, TilePlan,
};
use running::{Running, Stage};

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
    /// The image is so large that it takes several tiles, which the user is to start.
    Offered(Pixels, TilePlan),
    /// The user cancelled it; the image, where it was read, and what was there of its mask.
    Cancelled(Option<Pixels>, PartialState),
}

/// A prediction that is being made.
#[derive(Debug, Clone, Default)]
pub struct Wait {
    /// Since it was asked for.
    pub secs: f32,
    /// How far it is, `0.0..=1.0`, once the network computes.
    pub share: Option<f32>,
    /// Whether other predictions come first, such as those of a panel that is not seen.
    pub is_queued: bool,
    /// The image, once it is read.
    pub image: Option<Pixels>,
    /// What is there of the mask of a large image.
    pub partial: PartialState,
}

impl Wait {
    /// Whether it takes so long that one should see it.
    pub fn is_long(&self) -> bool {
        self.secs > SHOW_WAITING_AFTER
    }

    /// `Predicting street.jpg · 42 % · 1.9 s`
    pub fn text(&self, what: &str) -> String {
        if self.is_queued {
            return format!("Waiting for another prediction · {:.1} s", self.secs);
        }
        let share = self.share.map_or_else(String::new, |share| {
            format!(" · {:.0} %", (share * 100.0).floor())
        });
        let tiles = match self.partial.total {
            0 | 1 => String::new(),
            total => format!(" · {} of {total} tiles", self.partial.done),
        };
        format!("Predicting{what}{share}{tiles} · {:.1} s", self.secs)
    }
}

/// A bounded cache in front of [`Engine::predict`]. The oldest entries go first.
#[derive(Default)]
pub struct PredictionCache {
    done: VecDeque<Done>,
    running: Vec<Running>,
    /// Images of the running and cancelled predictions, which all runs share.
    images: Vec<(PathBuf, Decoding)>,
    /// How images are predicted.
    options: PredictOptions,
    /// Root of the dataset the ground truth of `done` came from.
    truth_root: Option<PathBuf>,
}

struct Done {
    weights: RunWeights,
    image: PathBuf,
    /// Best epoch of the run when the prediction was started; `None` for a checkpoint.
    epoch: Option<usize>,
    result: Result<Arc<Prediction>, Failure>,
}

#[derive(Debug, Clone)]
enum Failure {
    Cancelled(PartialState),
    Told(String),
}

enum Decoding {
    Running(Task<Result<Pixels, EngineError>>),
    Ready(Pixels),
}

impl PredictionCache {
    /// Collects finished predictions. Call once per frame, before [`Self::get`].
    pub fn poll(&mut self, engine: &Engine) {
        self.forget_truth_of_other_dataset(engine);
        self.take_images(engine);
        let mut finished = Vec::new();
        let options = &self.options;
        self.running.retain_mut(|running| {
            let Some(result) = running.poll(engine, options) else {
                return true;
            };
            finished.push(running.done(result.map_err(|err| Failure::Told(err.to_string()))));
            false
        });
        self.done.extend(finished);
        self.shrink();
    }

    /// The prediction by `weights` for `image`; starts it if it is missing.
    pub fn get(&mut self, engine: &Engine, weights: &RunWeights, image: &Path) -> Lookup {
        if let Some(done) = self.find(weights, image) {
            return match &done.result {
                Ok(prediction) => Lookup::Ready(prediction.clone()),
                Err(Failure::Told(message)) => Lookup::Failed(message.clone()),
                Err(Failure::Cancelled(partial)) => {
                    Lookup::Cancelled(self.pixels(image), partial.clone())
                }
            };
        }
        let is_wanted = |running: &&Running| running.weights == *weights && running.image == image;
        if let Some(running) = self.running.iter().find(is_wanted) {
            return self.state_of(running);
        }
        if !self.images.iter().any(|(path, _)| path == image) {
            let decoding = Decoding::Running(engine.read_image(image));
            self.images.push((image.to_owned(), decoding));
        }
        let pixels = self.pixels(image);
        let mut running = Running {
            weights: weights.clone(),
            image: image.to_owned(),
            epoch: best_epoch(engine, weights),
            since: Instant::now(),
            staged: Instant::now(),
            stage: Stage::Reading,
        };
        if let Some(pixels) = &pixels {
            running.begin(engine, pixels, &self.options);
        }
        self.running.push(running);
        Lookup::Running(Wait {
            image: pixels,
            ..Wait::default()
        })
    }

    fn state_of(&self, running: &Running) -> Lookup {
        let (share, is_queued, partial) = match &running.stage {
            Stage::Offered(image, plan) => {
                return Lookup::Offered(image.clone(), plan.clone());
            }
            Stage::Reading => (None, false, PartialState::default()),
            Stage::Planning(_, task) => {
                let is_queued = running.is_queued(task);
                (None, is_queued, PartialState::default())
            }
            Stage::Predicting(task, partial) => {
                (task.progress(), running.is_queued(task), partial.state())
            }
        };
        Lookup::Running(Wait {
            secs: running.since.elapsed().as_secs_f32(),
            share,
            is_queued,
            image: self.pixels(&running.image),
            partial,
        })
    }

    /// Starts a prediction that was [offered](Lookup::Offered); with `skip_empty`, tiles of one color are
    /// left out.
    pub fn start(&mut self, engine: &Engine, weights: &RunWeights, image: &Path, skip_empty: bool) {
        let mut options = self.options.clone();
        options.tiling.skip_empty = skip_empty;
        for running in &mut self.running {
            if let Stage::Offered(pixels, _) = &running.stage
                && running.weights == *weights
                && running.image == image
            {
                let pixels = pixels.clone();
                running.since = Instant::now();
                running.predict(engine, pixels, &options);
            }
        }
    }

    /// Predicts like this from now on; what was predicted otherwise is forgotten.
    pub fn set_options(&mut self, options: &PredictOptions) {
        if self.options != *options {
            self.options = options.clone();
            self.done.clear();
            self.running.clear();
        }
    }

    /// Whether a prediction was made as they are made from now on; empty tiles may be left out or not.
    pub fn is_made_so(&self, prediction: &Prediction) -> bool {
        let PredictOptions {
            averaging,
            threshold,
            ..
        } = &self.options;
        prediction.options.averaging == *averaging && prediction.options.threshold == *threshold
    }

    /// Cancels running predictions of other images, and forgets that some were cancelled.
    pub fn cancel_others(&mut self, image: &Path) {
        self.running.retain(|running| running.image == image);
        self.images.retain(|(path, _)| path == image);
        self.done.retain(|done| {
            done.image == image || !matches!(done.result, Err(Failure::Cancelled(_)))
        });
    }

    /// Cancels running predictions by other weights: one image takes as long as it does, and those behind it wait.
    pub fn cancel_other_weights(&mut self, weights: &RunWeights) {
        self.running.retain(|running| running.weights == *weights);
    }

    /// Gives up the running prediction by `weights` for `image`, until it is asked for again with
    /// [`forget`](Self::forget).
    pub fn cancel(&mut self, weights: &RunWeights, image: &Path) {
        let mut cancelled = Vec::new();
        self.running.retain(|running| {
            let is_other = running.weights != *weights || running.image != image;
            if !is_other {
                cancelled.push(running.done(Err(Failure::Cancelled(running.partial()))));
            }
            is_other
        });
        self.done.extend(cancelled);
    }

    /// Drops all predictions by `weights`, so that they are made again.
    pub fn forget(&mut self, weights: &RunWeights) {
        self.done.retain(|done| done.weights != *weights);
        self.running.retain(|running| running.weights != *weights);
        // The files may have changed.
        let running = &self.running;
        self.images
            .retain(|(path, _)| running.iter().any(|running| running.image == *path));
    }

    /// Whether the run has a better epoch than the one this prediction was made with.
    pub fn is_outdated(&self, engine: &Engine, weights: &RunWeights, image: &Path) -> bool {
        self.find(weights, image)
            .is_some_and(|done| done.epoch != best_epoch(engine, weights))
    }

    /// Starts the predictions whose image was read; those of an image that cannot be read fail.
    fn take_images(&mut self, engine: &Engine) {
        let Self {
            images,
            running,
            done,
            options,
            ..
        } = self;
        images.retain_mut(|(path, decoding)| {
            let Decoding::Running(task) = decoding else {
                return true;
            };
            match task.poll_result() {
                None => true,
                Some(Ok(pixels)) => {
                    for running in running.iter_mut() {
                        if running.image == *path && matches!(running.stage, Stage::Reading) {
                            running.begin(engine, &pixels, options);
                        }
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

    fn pixels(&self, image: &Path) -> Option<Pixels> {
        self.images
            .iter()
            .find_map(|(path, decoding)| match decoding {
                Decoding::Ready(pixels) if path == image => Some(pixels.clone()),
                _ => None,
            })
    }

    fn find(&self, weights: &RunWeights, image: &Path) -> Option<&Done> {
        self.done
            .iter()
            .rev()
            .find(|done| done.weights == *weights && done.image == image)
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

/// Of a checkpoint there is no better one.
fn best_epoch(engine: &Engine, weights: &RunWeights) -> Option<usize> {
    let run = engine
        .run(&weights.run)
        .filter(|_| weights.step.is_none())?;
    run.best().map(|record| record.epoch)
}

#[cfg(test)]
mod tests;
