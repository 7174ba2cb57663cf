//! A search for a learning rate, on a thread of its own.

use super::tasks::Task;
use super::{DatasetState, Engine, EngineError};
use crate::training::{RateRange, RateSearch, RunConfig, TrainError};

impl Engine {
    /// Tries the rates of `range` with these settings on the open dataset; `None` while there is none.
    ///
    /// # Errors
    /// [`Busy`](EngineError::Busy) while a run is active, which needs the device; a device that does
    /// not work.
    pub fn search_rate(
        &self,
        config: RunConfig,
        range: RateRange,
    ) -> Result<Option<Task<Result<RateSearch, EngineError>>>, EngineError> {
        if let Some(active) = self.active() {
            return Err(EngineError::Busy {
                run: active.run.clone(),
            });
        }
        config.validate()?;
        self.devices().check(config.device)?;
        let DatasetState::Ready(open) = self.dataset() else {
            return Ok(None);
        };
        let (open, runs) = (std::sync::Arc::clone(open), self.dirs.runs.clone());
        let task = self.spawn("rate search", move |cancel| {
            let mut goes_on = |share| {
                cancel.set_progress(share);
                !cancel.is_cancelled()
            };
            let found = RateSearch::run(&config, range, &open.dataset, &runs, &mut goes_on);
            found.map_err(|err| match err {
                TrainError::Stopped => EngineError::Cancelled,
                err => err.into(),
            })
        });
        Ok(Some(task))
    }
}
