//! A cache of finished and running predictions, by run and image.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use crate::engine::{DatasetState, Engine, EngineError, Prediction, Task};

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
    /// Seconds since it was started.
    Running(f32),
}

/// A bounded cache in front of [`Engine::predict`]. The oldest entries go first.
#[derive(Default)]
pub struct PredictionCache {
    done: VecDeque<Done>,
    running: Vec<Running>,
    /// Root of the dataset the ground truth of `done` came from.
    truth_root: Option<PathBuf>,
}

struct Done {
    run: String,
    image: PathBuf,
    /// Best epoch of the run when the prediction was started.
    epoch: Option<usize>,
    result: Result<Arc<Prediction>, String>,
}

struct Running {
    run: String,
    image: PathBuf,
    epoch: Option<usize>,
    since: Instant,
    task: Task<Result<Arc<Prediction>, EngineError>>,
}

impl PredictionCache {
    /// Collects finished predictions. Call once per frame, before [`Self::get`].
    pub fn poll(&mut self, engine: &Engine) {
        self.forget_truth_of_other_dataset(engine);
        let mut finished = Vec::new();
        self.running.retain_mut(|running| {
            let Some(result) = running.task.poll_result() else {
                return true;
            };
            finished.push(Done {
                run: running.run.clone(),
                image: running.image.clone(),
                epoch: running.epoch,
                result: result.map_err(|err| err.to_string()),
            });
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
                Err(message) => Lookup::Failed(message.clone()),
            };
        }
        let known = self
            .running
            .iter()
            .find(|running| running.run == run && running.image == image);
        if let Some(running) = known {
            return Lookup::Running(running.since.elapsed().as_secs_f32());
        }
        self.running.push(Running {
            run: run.to_owned(),
            image: image.to_owned(),
            epoch: best_epoch(engine, run),
            since: Instant::now(),
            task: engine.predict(run, image),
        });
        Lookup::Running(0.0)
    }

    /// Cancels running predictions of other images.
    pub fn cancel_others(&mut self, image: &Path) {
        self.running.retain(|running| running.image == image);
    }

    /// Drops all predictions of `run`, so that they are made again.
    pub fn forget_run(&mut self, run: &str) {
        self.done.retain(|done| done.run != run);
        self.running.retain(|running| running.run != run);
    }

    /// Whether `run` has a better epoch than the one this prediction was made with.
    pub fn is_outdated(&self, engine: &Engine, run: &str, image: &Path) -> bool {
        self.find(run, image)
            .is_some_and(|done| done.epoch != best_epoch(engine, run))
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
            DatasetState::None | DatasetState::Failed { .. } => None,
        };
        if root != self.truth_root.as_ref() {
            self.truth_root = root.cloned();
            self.done.clear();
            self.running.clear();
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

fn best_epoch(engine: &Engine, run: &str) -> Option<usize> {
    engine.run(run)?.best().map(|record| record.epoch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::test_engine::Bench;

    fn failed(run: &str, image: &str) -> Done {
        Done {
            run: run.to_owned(),
            image: PathBuf::from(image),
            epoch: None,
            result: Err("unreadable".to_owned()),
        }
    }

    #[test]
    fn the_oldest_entries_go_first() {
        let mut cache = PredictionCache::default();
        for i in 0..40 {
            cache.done.push_back(failed("run", &i.to_string()));
        }
        cache.shrink();
        assert_eq!(cache.done.len(), MAX_ENTRIES);
        assert!(cache.find("run", Path::new("7")).is_none());
        assert!(cache.find("run", Path::new("8")).is_some());
    }

    #[test]
    fn forgetting_a_run_keeps_the_others() {
        let mut cache = PredictionCache::default();
        cache.done.push_back(failed("a", "x"));
        cache.done.push_back(failed("b", "x"));
        cache.forget_run("a");
        assert!(cache.find("a", Path::new("x")).is_none());
        assert!(cache.find("b", Path::new("x")).is_some());
    }

    #[test]
    fn a_lost_prediction_has_failed_and_can_be_asked_for_again() {
        let bench = Bench::new();
        let (run, image) = ("run", Path::new("x"));
        let mut cache = PredictionCache::default();
        cache.running.push(Running {
            run: run.to_owned(),
            image: image.to_owned(),
            epoch: None,
            since: Instant::now(),
            task: bench.lost(),
        });
        bench.until(|ctx| {
            cache.poll(ctx.engine);
            cache.running.is_empty()
        });
        let Lookup::Failed(message) = cache.get(&bench.engine, run, image) else {
            panic!("it has not failed")
        };
        assert!(message.contains("ended unexpectedly"), "{message}");
        cache.forget_run(run);
        let again = cache.get(&bench.engine, run, image);
        assert!(matches!(again, Lookup::Running(_)));
    }
}
