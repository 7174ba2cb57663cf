//! Logs of a run for other programs.

use serde::{Deserialize, Serialize};

/// Which logs are written beside a run's own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExtraLogs {
    /// Event files of TensorBoard, in the folder `tensorboard` of the run.
    pub tensorboard: bool,
    /// The table `history.csv`.
    pub csv: bool,
}

impl ExtraLogs {
    /// Whether none is written.
    pub fn are_none(&self) -> bool {
        *self == Self::default()
    }
}
