//! Where a network that predicts comes from.

use std::path::Path;

use crate::training::checkpoint::RunFolder;
use crate::training::{DeviceId, Predictor, TrainError, WeightsChoice};

/// Where a network comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    Run(RunFolder),
    /// A checkpoint of a run that is kept, by its step.
    Checkpoint(RunFolder, usize),
    Weights(WeightsChoice),
}

impl Source {
    pub fn path(&self) -> &Path {
        match self {
            Self::Run(folder) | Self::Checkpoint(folder, _) => folder.path(),
            Self::Weights(choice) => &choice.path,
        }
    }

    /// A run's name, or a file's.
    pub fn name(&self) -> String {
        self.path()
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    pub fn load(&self, device: DeviceId) -> Result<Predictor, TrainError> {
        match self {
            Self::Run(folder) => Predictor::load(folder, device),
            Self::Checkpoint(folder, step) => Predictor::load_step(folder, *step, device),
            Self::Weights(choice) => Predictor::from_weights(choice, device),
        }
    }

    /// Steps behind the newest weights; a file does not grow.
    pub fn newest_step(&self) -> Option<usize> {
        match self {
            Self::Run(folder) => folder
                .best()
                .map(|best| best.step)
                .or_else(|| folder.last().map(|last| last.step)),
            Self::Checkpoint(_, step) => Some(*step),
            Self::Weights(_) => Some(0),
        }
    }
}
