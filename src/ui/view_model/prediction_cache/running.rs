//! One prediction on its way: the image is read, a large one is planned and offered, then predicted.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Done, Failure};
use crate::engine::{
    Engine, EngineError, NetworkSource, PartialMask, PartialState, Pixels, PredictOptions,
    Prediction, RunWeights, Task, TilePlan,
};

/// Up to so many pixels every network sees an image as a whole.
const LARGE: u64 = 3_000_000;

const QUEUED_AFTER: Duration = Duration::from_millis(500);

/// A prediction that is not there yet.
pub struct Running {
    pub weights: RunWeights,
    pub image: PathBuf,
    pub epoch: Option<usize>,
    pub since: Instant,
    /// Since when it is in its stage.
    pub staged: Instant,
    pub stage: Stage,
}

/// How far a prediction is.
pub enum Stage {
    /// The image is being read.
    Reading,
    /// In how many tiles a large image would be predicted is being found out.
    Planning(Pixels, Task<Result<TilePlan, EngineError>>),
    /// In several; whether that is wanted is asked.
    Offered(Pixels, TilePlan),
    Predicting(Task<Result<Arc<Prediction>, EngineError>>, PartialMask),
}

impl Running {
    /// Goes on with an image that was read.
    pub fn begin(&mut self, engine: &Engine, pixels: &Pixels, options: &PredictOptions) {
        if pixels.size().pixels() <= LARGE {
            self.predict(engine, pixels.clone(), options);
            return;
        }
        let network = NetworkSource::from(&self.weights);
        let plan = engine.prediction_plan(&network, pixels.facts(), options.tiling);
        self.staged = Instant::now();
        self.stage = Stage::Planning(pixels.clone(), plan);
    }

    pub fn predict(&mut self, engine: &Engine, pixels: Pixels, options: &PredictOptions) {
        let partial = PartialMask::default();
        let how = (options.clone(), Some(partial.clone()));
        let task = engine.predict(&self.weights, &self.image, Some(pixels), how);
        self.staged = Instant::now();
        self.stage = Stage::Predicting(task, partial);
    }

    /// Whether the work of this stage waits for other work. That begins within moments where there is none.
    pub fn is_queued<T>(&self, task: &Task<T>) -> bool {
        task.progress().is_none() && self.staged.elapsed() > QUEUED_AFTER
    }

    /// The result, where there is one now.
    pub fn poll(
        &mut self,
        engine: &Engine,
        options: &PredictOptions,
    ) -> Option<Result<Arc<Prediction>, EngineError>> {
        match &mut self.stage {
            Stage::Reading | Stage::Offered(..) => None,
            Stage::Predicting(task, _) => task.poll_result(),
            Stage::Planning(pixels, task) => match task.poll_result()? {
                Ok(plan) => {
                    let pixels = pixels.clone();
                    if plan.is_whole() {
                        self.predict(engine, pixels, options);
                    } else {
                        self.stage = Stage::Offered(pixels, plan);
                    }
                    None
                }
                Err(err) => Some(Err(err)),
            },
        }
    }

    /// What is there of the mask.
    pub fn partial(&self) -> PartialState {
        match &self.stage {
            Stage::Predicting(_, partial) => partial.state(),
            Stage::Reading | Stage::Planning(..) | Stage::Offered(..) => PartialState::default(),
        }
    }

    pub fn done(&self, result: Result<Arc<Prediction>, Failure>) -> Done {
        Done {
            weights: self.weights.clone(),
            image: self.image.clone(),
            epoch: self.epoch,
            result,
        }
    }
}
