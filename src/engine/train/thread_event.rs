//! What the training thread tells the engine, and the way to it.

use std::sync::{Arc, Mutex};

use crate::engine::before_start::BeforeStart;
use crate::training::checkpoint::{RunFolder, RunMeta};
use crate::training::{DatasetRef, Preview, TrainEvent};

/// An event of the training thread.
#[derive(Debug)]
pub(in crate::engine) enum ThreadEvent {
    /// The run's folder is there.
    Opened {
        folder: RunFolder,
        meta: Box<RunMeta>,
    },
    /// The labels are being looked at before the start.
    Checking { done: usize, total: usize },
    /// Something about the dataset that people should know.
    Warning(String),
    /// The run of this name is not resumed, since its dataset cannot be opened; why that is.
    DatasetGone { run: String, problem: String },
    /// The run keeps from now on that its dataset is here, and what that is called.
    Moved { dataset: DatasetRef, name: String },
    /// What the run will take; before its folder is there.
    Estimated(Arc<BeforeStart>),
    /// From the loop.
    Train(TrainEvent),
}

/// Newest masks; older ones that nobody looked at are dropped.
pub(super) type PreviewSlot = Arc<Mutex<Option<Preview>>>;
