//! Which weights a run folder holds, and reading them: what is damaged is left out, with a message.

use std::fs;

use burn::module::Module;
use burn::store::ModuleRecord;
use burn::tensor::Bytes;
use serde::{Deserialize, Serialize};

use super::folder::{EndMark, RunFolder};
use super::manifest::{Checksum, Checksums, exact, exact_option, read_manifest};
use super::own_names::is_manifest;
use crate::files::{FileError, read_regular};
use crate::model::Network;
use crate::training::error::TrainError;
use crate::training::finite::check_finite;
use crate::training::precision::LossScale;

/// `last.json`, and `checkpoint-STEP.json` of each checkpoint that is kept: where a run can be
/// resumed.
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
    #[serde(with = "exact")]
    pub epoch_loss: f64,
    /// In `f16`: what the loss is multiplied by in the next step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::training) loss_scale: Option<LossScale>,
    /// Of the validation before it, by the metric of the run; larger is better.
    #[serde(
        default,
        with = "exact_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub(super) score: Option<f64>,
    pub(super) weights: String,
    pub(super) optimizer: String,
    /// The second moments of Adam.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) second_moments: Option<String>,
    /// The moving average of the weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) average: Option<String>,
    /// Steps of the optimizer, where that is a part of its state.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(in crate::training) updates: usize,
    #[serde(default, skip_serializing_if = "Checksums::is_empty")]
    pub(super) checksums: Checksums,
}

/// `best.json`: the weights with the best validation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// Steps done.
    pub step: usize,
    /// Epoch after which it was measured; in files of before December 2026 the one after that.
    pub epoch: usize,
    /// Validation mIoU; `None` for weights from elsewhere.
    pub mean_iu: Option<f64>,
    /// By the metric of the run; larger is better.
    #[serde(
        default,
        with = "exact_option",
        skip_serializing_if = "Option::is_none"
    )]
    pub(in crate::training) score: Option<f64>,
    pub(super) weights: String,
    #[serde(default, skip_serializing_if = "Checksums::is_empty")]
    pub(super) checksums: Checksums,
}

impl Last {
    /// All of its files.
    pub(super) fn files(&self) -> impl Iterator<Item = &String> {
        [&self.weights, &self.optimizer]
            .into_iter()
            .chain(&self.second_moments)
            .chain(&self.average)
    }

    /// What is needed to predict: the average, where there is one.
    pub(super) fn weights_file(&self) -> &String {
        self.average.as_ref().unwrap_or(&self.weights)
    }
}

/// Which weights of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SavedWeights {
    /// Those with the best validation; the last ones before the first.
    Best,
    /// Those of the last checkpoint.
    Last,
    /// Those of the last checkpoint as they are trained, and not their average.
    Raw,
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

/// A weights file of a run, with what it must hold where that is known.
pub(super) struct Named {
    pub step: usize,
    pub file: String,
    pub checksum: Option<Checksum>,
}

impl RunFolder {
    /// The newest resumable state, where one was published. Its files are looked at when it is
    /// resumed.
    pub fn last(&self) -> Option<Last> {
        read_manifest(&self.file("last.json"))
            .ok()
            .or_else(|| self.checkpoints().pop())
            .or_else(|| self.rebuilt().pop())
    }

    /// The best state, where one was published.
    pub fn best(&self) -> Option<Best> {
        read_manifest(&self.file("best.json")).ok()
    }

    /// Tells the weights that predict from others: it changes when others replace them. `None`
    /// before the first checkpoint.
    pub fn weights_mark(&self) -> Option<u32> {
        // The manifests have checksums of the weights.
        let manifest = |name: &str| read_regular(&self.file(name)).ok();
        let bytes = manifest("best.json").or_else(|| manifest("last.json"))?;
        Some(crc32fast::hash(&bytes))
    }

    /// What a run that broke off can be resumed from, as a sentence without a period.
    pub fn kept_text(&self) -> String {
        match self.last() {
            Some(last) => format!("The checkpoint of step {} is kept", last.step),
            None => "No checkpoint was saved before, so there is nothing to resume".to_owned(),
        }
    }

    /// The checkpoints that are kept, the oldest first.
    pub(super) fn checkpoints(&self) -> Vec<Last> {
        let mut found: Vec<Last> = self
            .names()
            .filter(|name| is_manifest(name))
            .filter_map(|name| read_manifest(&self.file(&name)).ok())
            .collect();
        found.sort_by_key(|checkpoint| checkpoint.step);
        found
    }

    /// The names of the files in the folder.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        let entries = fs::read_dir(self.path()).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned())
    }

    /// Loads the best weights, or the last ones before the first validation, into `model`;
    /// also returns the step they were made at.
    pub(in crate::training) fn load_best(
        &self,
        model: Network,
    ) -> Result<(Network, usize), TrainError> {
        self.load_saved(SavedWeights::Best, model)
    }

    /// As [`load_best`](Self::load_best), of either kind; imported weights are both. Where they
    /// are damaged, a warning says so and the next best are loaded.
    pub(in crate::training) fn load_saved(
        &self,
        which: SavedWeights,
        model: Network,
    ) -> Result<(Network, usize), TrainError> {
        let mut problem = None;
        for named in self.candidates(which) {
            let loaded = self.load_weights(&named.file, named.checksum, model.clone());
            match (loaded, problem.take()) {
                (Ok(model), None) => return Ok((model, named.step)),
                (Ok(model), Some(problem)) => {
                    log::warn!("{problem}. The weights of step {} are used", named.step);
                    return Ok((model, named.step));
                }
                // The weights that were asked for are the ones to tell of.
                (Err(err), first) => problem = first.or(Some(err)),
            }
        }
        Err(problem.unwrap_or_else(|| TrainError::Unusable {
            path: self.path().to_path_buf(),
            reason: "this run has no saved weights yet".into(),
            hint: "Train it for at least one epoch, or stop it once so that it saves",
        }))
    }

    /// The steps of all weights that are kept, the oldest first.
    pub fn kept_steps(&self) -> Vec<usize> {
        let mut steps: Vec<usize> = self
            .candidates(SavedWeights::Last)
            .iter()
            .map(|named| named.step)
            .collect();
        steps.sort_unstable();
        steps.dedup();
        steps
    }

    /// Loads the weights of one step into `model`. Where they are damaged, no others are taken.
    pub(in crate::training) fn load_step(
        &self,
        step: usize,
        model: Network,
    ) -> Result<Network, TrainError> {
        let kept = self.candidates(SavedWeights::Last);
        let Some(named) = kept.into_iter().find(|named| named.step == step) else {
            return Err(TrainError::Unusable {
                path: self.path().to_path_buf(),
                reason: format!("the checkpoint of step {step} is not kept any more"),
                hint: "Choose another checkpoint of this run",
            });
        };
        self.load_weights(&named.file, named.checksum, model)
    }

    /// Weights in the order in which they are wanted.
    pub(super) fn candidates(&self, which: SavedWeights) -> Vec<Named> {
        let of = |last: &Last| Named {
            step: last.step,
            file: last.weights_file().clone(),
            checksum: last.checksums.get(last.weights_file()).copied(),
        };
        let raw = |last: &Last| Named {
            step: last.step,
            file: last.weights.clone(),
            checksum: last.checksums.get(&last.weights).copied(),
        };
        let mut checkpoints = self.checkpoints();
        checkpoints.reverse();
        let last = self.last();
        let newest: Vec<Named> = last.iter().chain(&checkpoints).map(of).collect();
        let best = self.best().map(|best| Named {
            step: best.step,
            checksum: best.checksums.get(&best.weights).copied(),
            file: best.weights,
        });
        let mut candidates: Vec<Named> = match which {
            SavedWeights::Raw => last.iter().chain(&checkpoints).map(raw).collect(),
            SavedWeights::Last => newest.into_iter().chain(best).collect(),
            SavedWeights::Best => {
                let score = |last: &&Last| last.score.unwrap_or(f64::NEG_INFINITY);
                let mut scored: Vec<&Last> = checkpoints.iter().collect();
                scored.retain(|last| last.score.is_some());
                // Of equal ones the earlier is the best, as in a run.
                scored.sort_by(|one, other| {
                    score(other)
                        .total_cmp(&score(one))
                        .then(one.step.cmp(&other.step))
                });
                let scored = scored.into_iter().map(of);
                best.into_iter().chain(scored).chain(newest).collect()
            }
        };
        let mut seen = Vec::new();
        candidates.retain(|named| {
            let new = !seen.contains(&named.file);
            seen.push(named.file.clone());
            new
        });
        candidates
    }

    /// Reads a weights file into a network of its shape.
    pub(super) fn load_weights(
        &self,
        name: &str,
        checksum: Option<Checksum>,
        model: Network,
    ) -> Result<Network, TrainError> {
        let path = self.file(name);
        let bytes = read_regular(&path).map_err(FileError::read(&path))?;
        if let Some(checksum) = checksum {
            checksum.check(&path, &bytes)?;
        }
        let record = ModuleRecord::from_bytes(Bytes::from_bytes_vec(bytes))
            .map_err(|err| TrainError::read(&path, err))?;
        let model = model
            .try_load_record(record)
            .map_err(|err| TrainError::read(&path, err))?;
        check_finite(&model, &path)?;
        Ok(model)
    }

    /// Publishes weights that were not trained here, as the best and as the end of the run.
    pub(in crate::training) fn save_imported(&self, model: &Network) -> Result<(), TrainError> {
        self.publish_imported(model)?;
        self.set_end(&EndMark::Finished)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(value: &usize) -> bool {
    *value == 0
}
