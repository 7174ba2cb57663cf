//! Weights on disk: written beside the old ones, published by a manifest, then the
//! old ones are deleted. A crash at any point leaves the last published state.

use std::fs;
use std::path::Path;

use burn::module::Module;
use burn::store::ModuleRecord;
use serde::{Deserialize, Serialize};

use super::folder::{EndMark, RunFolder};
use crate::files::{read_json, write_json};
use crate::model::Network;
use crate::training::error::TrainError;
use crate::training::event::EpochRecord;
use crate::training::finite::check_finite;
use crate::training::precision::LossScale;
use crate::training::sgd::Sgd;

/// `last.json`: where a run can be resumed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Last {
    /// Steps done.
    pub step: usize,
    /// Epoch in which the next step lies, 1 for the first.
    pub epoch: usize,
    /// Batches of that epoch already done.
    pub batch: usize,
    /// Seconds of training so far.
    pub elapsed_secs: f64,
    /// Sum of the losses of the batches done in that epoch.
    pub epoch_loss: f64,
    /// In `f16`: what the loss is multiplied by in the next step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::training) loss_scale: Option<LossScale>,
    weights: String,
    optimizer: String,
}

/// `best.json`: the weights with the highest validation mean IU.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// Steps done.
    pub step: usize,
    /// Epoch after which it was measured; in files of before December 2026 the one after that.
    pub epoch: usize,
    /// Validation mean IU; `None` for weights from elsewhere.
    pub mean_iu: Option<f64>,
    weights: String,
}

/// Which weights of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SavedWeights {
    /// Those with the best validation; the last ones before the first.
    Best,
    /// Those of the last checkpoint.
    Last,
}

/// Where the loop is, without file names.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(in crate::training) struct Position {
    pub step: usize,
    pub epoch: usize,
    pub batch: usize,
    pub elapsed_secs: f64,
    pub epoch_loss: f64,
    pub loss_scale: Option<LossScale>,
}

impl RunFolder {
    /// The resumable state, where one was published.
    pub fn last(&self) -> Option<Last> {
        read_json(&self.file("last.json")).ok()
    }

    /// The best state, where one was published.
    pub fn best(&self) -> Option<Best> {
        read_json(&self.file("best.json")).ok()
    }

    /// What a run that broke off can be resumed from, as a sentence without a period.
    pub fn kept_text(&self) -> String {
        match self.last() {
            Some(last) => format!("The checkpoint of step {} is kept", last.step),
            None => "No checkpoint was saved before, so there is nothing to resume".to_owned(),
        }
    }

    /// Publishes network and optimizer as `last`; with `best`, the epoch
    /// that ends here, also as `best`.
    pub(in crate::training) fn save(
        &self,
        model: &Network,
        optimizer: &Sgd,
        at: Position,
        best: Option<&EpochRecord>,
    ) -> Result<(), TrainError> {
        let weights = format!("weights-{:08}.bpk", at.step);
        let state = format!("optimizer-{:08}.bpk", at.step);
        // `valid` takes in what batch normalization has seen in the last step; a record alone
        // would be one step behind.
        save_record(model.valid().into_record(), &self.file(&weights))?;
        save_record(
            optimizer.velocities(model).into_record(),
            &self.file(&state),
        )?;
        if let Some(record) = best {
            let best = Best {
                step: at.step,
                epoch: record.epoch,
                mean_iu: record.scores.mean_iu,
                weights: weights.clone(),
            };
            write_json(&self.file("best.json"), &best)?;
        }
        let last = Last {
            step: at.step,
            epoch: at.epoch,
            batch: at.batch,
            elapsed_secs: at.elapsed_secs,
            epoch_loss: at.epoch_loss,
            loss_scale: at.loss_scale,
            weights,
            optimizer: state,
        };
        write_json(&self.file("last.json"), &last)?;
        self.remove_unpublished();
        Ok(())
    }

    /// Publishes weights that were not trained here, as the best and as the end of the run.
    pub(in crate::training) fn save_imported(&self, model: &Network) -> Result<(), TrainError> {
        let weights = "weights-00000000.bpk".to_owned();
        save_record(model.clone().into_record(), &self.file(&weights))?;
        write_json(
            &self.file("best.json"),
            &Best {
                step: 0,
                epoch: 0,
                mean_iu: None,
                weights,
            },
        )?;
        self.set_end(&EndMark::Finished)
    }

    /// Loads `last` into a fresh network and optimizer.
    pub(in crate::training) fn load_last(
        &self,
        last: &Last,
        model: Network,
        optimizer: &mut Sgd,
    ) -> Result<Network, TrainError> {
        let model = load_record(&self.file(&last.weights), model)?;
        optimizer.restore(&load_record(&self.file(&last.optimizer), model.valid())?);
        Ok(model)
    }

    /// Loads the best weights, or the last ones before the first validation, into `model`;
    /// also returns the step they were made at.
    pub(in crate::training) fn load_best(
        &self,
        model: Network,
    ) -> Result<(Network, usize), TrainError> {
        self.load_saved(SavedWeights::Best, model)
    }

    /// As [`load_best`](Self::load_best), of either kind; imported weights are both.
    pub(in crate::training) fn load_saved(
        &self,
        which: SavedWeights,
        model: Network,
    ) -> Result<(Network, usize), TrainError> {
        let best = self.best().map(|best| (best.weights, best.step));
        let last = self.last().map(|last| (last.weights, last.step));
        let (weights, step) = match match which {
            SavedWeights::Best => best.or(last),
            SavedWeights::Last => last.or(best),
        } {
            Some(named) => named,
            None => {
                return Err(TrainError::Unusable {
                    path: self.path().to_path_buf(),
                    reason: "this run has no saved weights yet".into(),
                    hint: "Train it for at least one epoch, or stop it once so that it saves",
                });
            }
        };
        Ok((load_record(&self.file(&weights), model)?, step))
    }

    /// Deletes weights that no manifest names: older ones, and leftovers of a crash.
    fn remove_unpublished(&self) {
        let last = self.last();
        let mut named: Vec<String> = last
            .into_iter()
            .flat_map(|last| [last.weights, last.optimizer])
            .collect();
        named.extend(self.best().map(|best| best.weights));
        for entry in fs::read_dir(self.path()).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_weights = name.starts_with("weights-") || name.starts_with("optimizer-");
            if is_weights && !named.contains(&name) {
                fs::remove_file(entry.path()).ok();
            }
        }
    }
}

fn save_record(record: ModuleRecord, path: &Path) -> Result<(), TrainError> {
    record
        .save(path)
        .map_err(|err| TrainError::write(path, err))
}

fn load_record(path: &Path, model: Network) -> Result<Network, TrainError> {
    let record = ModuleRecord::load(path).map_err(|err| TrainError::read(path, err))?;
    let model = model
        .try_load_record(record)
        .map_err(|err| TrainError::read(path, err))?;
    check_finite(&model, path)?;
    Ok(model)
}
