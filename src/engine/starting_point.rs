//! What a person means by the name of weights: a file, or else a run.

use super::{Engine, EngineError, Need, argument_path};
use crate::training::{StartingPoint, WeightsChoice};

impl Engine {
    /// The weights that `wanted` names. Reads the file, so it blocks for a moment.
    ///
    /// # Errors
    /// When there is neither such a file nor such a run, or no weights in it.
    pub fn starting_point(&self, wanted: &str) -> Result<StartingPoint, EngineError> {
        let path = argument_path(wanted.as_ref());
        if path.is_file() {
            let path =
                std::path::absolute(&path).map_err(|source| EngineError::Path { path, source })?;
            let summary = self
                .inspect_weights(WeightsChoice::of(path.clone()))
                .wait()?;
            return Ok(StartingPoint::of_file(path, &summary));
        }
        match self.find_run(wanted, Need::Weights) {
            Ok(run) => Ok(StartingPoint::of_run(&run.name, &run.config)),
            Err(err) => Err(EngineError::NoSuchWeights {
                wanted: wanted.to_owned(),
                as_run: Box::new(err),
            }),
        }
    }
}
