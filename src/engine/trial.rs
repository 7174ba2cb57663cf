//! Trials: whether a run learns, before it is started.

use std::time::Duration;

use super::dataset;
use super::tasks::Task;
use super::{Engine, EngineError};
use crate::training::{Control, RunConfig, Trial, try_run};

impl Engine {
    /// Trains with these settings on a few images for `time` from the first batch on, and says whether it
    /// learns. Nothing of it is kept.
    ///
    /// # Errors
    /// A setting or a device that does not work; [`Busy`](EngineError::Busy) while a run is active.
    pub fn try_run(
        &self,
        config: RunConfig,
        time: Duration,
    ) -> Result<Task<Result<Trial, EngineError>>, EngineError> {
        if let Some(active) = self.active() {
            return Err(EngineError::Busy {
                run: active.run.clone(),
            });
        }
        config.validate()?;
        self.devices.check(config.device)?;
        let dirs = self.dirs.clone();
        Ok(self.spawn_waiting("trial", move |cancel| {
            let dataset = dataset::open(&config.dataset, &dirs.data, &mut |_, _| {
                !cancel.is_cancelled()
            })?;
            config.check_classes(dataset.classes.len())?;
            let over = |since: Option<Duration>| {
                if let Some(since) = since {
                    cancel.set_progress(since.as_secs_f32() / time.as_secs_f32().max(0.001));
                }
                cancel.is_cancelled() || since.is_some_and(|since| since >= time)
            };
            let tried = try_run(&config, &dataset, &dirs.runs, &Control::default(), &over);
            if cancel.is_cancelled() {
                return Err(EngineError::Cancelled);
            }
            Ok(tried?)
        }))
    }
}
