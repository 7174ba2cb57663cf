//! Writing checkpoints: taken where a run is trained, written beside it.
//!
//! Order: logs, weights, then the manifests that name them, each on the disk before the next
//! begins; then what nobody needs any more is deleted. A crash or a power loss at any point
//! leaves the checkpoint before, or this one.

use burn::module::Module;
use burn::store::ModuleRecord;
use burn::tensor::Bytes;

use super::folder::RunFolder;
use super::manifest::{Checksum, Checksums, write_manifest};
use super::own_names::{is_manifest, is_part, manifest_of, name_of};
use super::store::{Best, Last, Position};
use crate::files::{FileError, is_scratch, remove_file, sync_file, write_atomic};
use crate::model::Network;
use crate::training::checkpoint_policy::CheckpointPolicy;
use crate::training::device::reads_for_free;
use crate::training::error::TrainError;
use crate::training::event::EpochRecord;

/// What a checkpoint is made of.
pub(in crate::training) struct Parts {
    pub weights: Network,
    pub optimizer: Network,
    pub second_moments: Option<Network>,
    /// Steps of the optimizer, where that is a part of its state.
    pub updates: usize,
    /// The moving average of the weights.
    pub average: Option<Network>,
}

/// A checkpoint in memory, with nothing left on the device.
pub(in crate::training) struct Snapshot {
    last: Last,
    best: Option<Best>,
    records: Vec<(String, Record)>,
    policy: CheckpointPolicy,
}

/// A network as it is handed to the thread that writes.
enum Record {
    /// On the processor, where nobody changes values that somebody else has.
    Tensors(Box<ModuleRecord>),
    /// From a GPU. Its tensors stay with their thread: read by another one they may be those of a
    /// later step.
    Encoded(Bytes),
}

impl Record {
    fn take(name: &str, network: Network) -> Result<Self, TrainError> {
        let on_host = network.devices().iter().all(reads_for_free);
        let record = network.into_record();
        if on_host {
            Ok(Self::Tensors(Box::new(record)))
        } else {
            encode(name, record).map(Self::Encoded)
        }
    }

    fn into_bytes(self, name: &str) -> Result<Bytes, TrainError> {
        match self {
            Self::Tensors(record) => encode(name, *record),
            Self::Encoded(bytes) => Ok(bytes),
        }
    }
}

fn encode(name: &str, record: ModuleRecord) -> Result<Bytes, TrainError> {
    record
        .into_bytes()
        .map_err(|err| TrainError::Execution(format!("{name}: {err}")))
}

/// A checkpoint as the bytes of its files.
pub(super) struct Encoded {
    last: Last,
    best: Option<Best>,
    files: Vec<(String, Bytes)>,
    policy: CheckpointPolicy,
}

impl Snapshot {
    /// Copies network and optimizer. `validated` is the epoch that ended here, with whether it is
    /// the best so far.
    ///
    /// # Errors
    /// When a GPU cannot be read.
    pub fn take(
        parts: Parts,
        at: Position,
        validated: Option<&EpochRecord>,
        policy: &CheckpointPolicy,
    ) -> Result<Self, TrainError> {
        let name = |what: &str| name_of(what, at.step);
        let mut records = Vec::new();
        let mut add = |what: &str, network: Network| {
            let name = name(what);
            records.push((name.clone(), Record::take(&name, network)?));
            Ok::<_, TrainError>(name)
        };
        let weights = add("weights", parts.weights)?;
        let optimizer = add("optimizer", parts.optimizer)?;
        let second_moments = parts.second_moments.map(|net| add("moments", net));
        let second_moments = second_moments.transpose()?;
        let average = parts.average.map(|net| add("average", net)).transpose()?;
        let last = Last {
            step: at.step,
            epoch: at.epoch,
            batch: at.batch,
            elapsed_secs: at.elapsed_secs,
            epoch_loss: at.epoch_loss,
            loss_scale: at.loss_scale,
            score: validated.and_then(|record| record.score(policy.best_by)),
            weights,
            optimizer,
            second_moments,
            average,
            updates: parts.updates,
            checksums: Checksums::new(),
        };
        let best = validated.filter(|record| record.best).map(|record| Best {
            step: at.step,
            epoch: record.epoch,
            mean_iu: record.scores.mean_iu,
            score: record.score(policy.best_by),
            weights: last.weights_file().clone(),
            checksums: Checksums::new(),
        });
        Ok(Self {
            last,
            best,
            records,
            policy: policy.clone(),
        })
    }

    /// Turns the records into the bytes of files.
    pub(super) fn encode(self) -> Result<Encoded, TrainError> {
        let Self {
            mut last,
            mut best,
            records,
            policy,
        } = self;
        let mut files = Vec::new();
        for (name, record) in records {
            let bytes = record.into_bytes(&name)?;
            let checksum = Checksum::of(&bytes);
            if let Some(best) = best.as_mut().filter(|best| best.weights == name) {
                best.checksums.insert(name.clone(), checksum);
            }
            last.checksums.insert(name.clone(), checksum);
            files.push((name, bytes));
        }
        Ok(Encoded {
            last,
            best,
            files,
            policy,
        })
    }
}

impl Encoded {
    /// Steps done.
    pub(super) fn step(&self) -> usize {
        self.last.step
    }
}

impl RunFolder {
    /// Writes a checkpoint, and deletes what the policy does not keep. May be called again where
    /// it failed.
    pub(super) fn publish(&self, checkpoint: &Encoded) -> Result<(), TrainError> {
        // A folder that was moved away must not be made again: what lies in it would be lost.
        let config = self.file("config.json");
        std::fs::metadata(&config).map_err(FileError::write(&config))?;
        // Steps that the manifest counts must be in the logs.
        for log in ["steps.jsonl", "epochs.jsonl"] {
            let log = self.file(log);
            if log.is_file() {
                sync_file(&log).map_err(FileError::write(&log))?;
            }
        }
        for (name, bytes) in &checkpoint.files {
            write_atomic(&self.file(name), |file| file.write_all(bytes))?;
        }
        let own = manifest_of(checkpoint.last.step);
        write_manifest(&self.file(&own), &checkpoint.last)?;
        if let Some(best) = &checkpoint.best {
            write_manifest(&self.file("best.json"), best)?;
        }
        write_manifest(&self.file("last.json"), &checkpoint.last)?;
        self.clean_up(checkpoint);
        Ok(())
    }

    /// Publishes weights that were not trained here as the best.
    pub(super) fn publish_imported(&self, model: &Network) -> Result<(), TrainError> {
        let weights = name_of("weights", 0);
        let path = self.file(&weights);
        let bytes = model
            .clone()
            .into_record()
            .into_bytes()
            .map_err(|err| TrainError::write(&path, err))?;
        write_atomic(&path, |file| file.write_all(&bytes))?;
        let best = Best {
            step: 0,
            epoch: 0,
            mean_iu: None,
            score: None,
            checksums: Checksums::from([(weights.clone(), Checksum::of(&bytes))]),
            weights,
        };
        Ok(write_manifest(&self.file("best.json"), &best)?)
    }

    /// Deletes the checkpoints that the policy does not keep, and leftovers of a crash, by their exact
    /// names: other files are not the program's. What cannot be deleted now is deleted after the next
    /// checkpoint.
    fn clean_up(&self, published: &Encoded) {
        let checkpoints = self.checkpoints();
        let kept = Kept::new(&checkpoints, &published.policy);
        let mut named: Vec<String> = self.best().map(|best| best.weights).into_iter().collect();
        named.extend(published.last.files().cloned());
        let mut manifests = Vec::new();
        for checkpoint in &checkpoints {
            if kept.is_whole(checkpoint.step) {
                named.extend(checkpoint.files().cloned());
            } else if kept.weights.contains(&checkpoint.step) {
                named.push(checkpoint.weights_file().clone());
            } else {
                continue;
            }
            manifests.push(manifest_of(checkpoint.step));
        }
        // Manifests first: none may name what is not there any more.
        let names: Vec<String> = self.names().collect();
        for name in &names {
            if is_manifest(name) && !manifests.contains(name) {
                remove_file(&self.file(name)).ok();
            }
        }
        for name in &names {
            if (is_part(name) && !named.contains(name)) || is_scratch(name) {
                remove_file(&self.file(name)).ok();
            }
        }
    }

    /// Deletes the manifests of checkpoints behind `step`, from which the run goes on: they are
    /// damaged, and would be taken for the newest.
    pub(in crate::training) fn forget_behind(&self, step: usize) {
        for checkpoint in self.checkpoints() {
            if checkpoint.step > step {
                let name = manifest_of(checkpoint.step);
                remove_file(&self.file(&name)).ok();
            }
        }
    }
}

/// The steps of checkpoints that stay.
pub(super) struct Kept {
    /// To resume from.
    whole: Vec<usize>,
    /// To predict with.
    weights: Vec<usize>,
}

impl Kept {
    /// Of `checkpoints`, the oldest first.
    pub(super) fn new(checkpoints: &[Last], policy: &CheckpointPolicy) -> Self {
        let newest = checkpoints.iter().rev().take(policy.keep_last);
        let regular = checkpoints.iter().filter(|checkpoint| {
            policy.keep_every.is_some_and(|every| {
                checkpoint.batch == 0 && (checkpoint.epoch - 1).is_multiple_of(every)
            })
        });
        let mut scored: Vec<(f64, usize)> = checkpoints
            .iter()
            .filter_map(|checkpoint| Some((checkpoint.score?, checkpoint.step)))
            .collect();
        // Of equal ones the earlier is the better.
        scored.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        Self {
            whole: newest.chain(regular).map(|last| last.step).collect(),
            weights: scored
                .iter()
                .take(policy.keep_best)
                .map(|(_, step)| *step)
                .collect(),
        }
    }

    /// Whether one can be resumed from.
    pub(super) fn is_whole(&self, step: usize) -> bool {
        self.whole.contains(&step)
    }
}
