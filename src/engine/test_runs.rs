//! Runs for unit tests of what is shown of them.

use std::sync::Arc;

use crate::engine::{ClassList, RunNotes, RunSnapshot, RunState, Scores, Trunk, preset};
use crate::training::EpochRecord;

/// A finished run with the preset of VGG16 slim and no history.
pub fn run(name: &str, created: u64) -> RunSnapshot {
    RunSnapshot {
        name: name.to_owned(),
        config: preset(Trunk::Vgg16Slim),
        classes: Arc::new(ClassList::numbered(2)),
        dataset_name: "sample".to_owned(),
        created,
        state: RunState::Finished,
        steps: Vec::new(),
        epochs: Vec::new(),
        has_weights: true,
        can_resume: false,
        checkpoints: Vec::new(),
        notes: RunNotes::default(),
        total_steps: None,
        alarms: Vec::new(),
    }
}

/// An epoch that ended after so many steps and seconds, without scores.
pub fn epoch(epoch: usize, step: usize, elapsed_secs: f64) -> EpochRecord {
    EpochRecord {
        epoch,
        step,
        train_loss: 1.0,
        val_loss: None,
        scores: Scores::default(),
        elapsed_secs,
        best: false,
    }
}
