//! Finding the newest checkpoint that is whole.

use super::folder::RunFolder;
use super::manifest::{Checksums, read_manifest};
use super::own_names::name_of;
use super::save::Kept;
use super::store::Last;
use crate::model::Network;
use crate::training::error::TrainError;

/// A checkpoint in memory.
pub(in crate::training) struct Resumed {
    pub last: Last,
    pub weights: Network,
    pub optimizer: Network,
    pub second_moments: Option<Network>,
    pub average: Option<Network>,
    /// Why newer ones were left out, one message for people each.
    pub problems: Vec<String>,
}

impl RunFolder {
    /// Loads the newest checkpoint of which every file is what was written; `None` where there is
    /// no checkpoint. `fresh` makes a network of the run's shape.
    ///
    /// # Errors
    /// When there are checkpoints, and all of them are damaged or incomplete.
    pub(in crate::training) fn load_newest(
        &self,
        fresh: &dyn Fn() -> Network,
    ) -> Result<Option<Resumed>, TrainError> {
        let path = self.file("last.json");
        let last: Option<Last> = match read_manifest(&path) {
            Ok(last) => Some(last),
            Err(err) if path.exists() => {
                log::warn!("{err}. The checkpoints beside it are looked at");
                None
            }
            Err(_) => None,
        };
        let mut found = self.checkpoints();
        found.extend(last);
        found.sort_by_key(|checkpoint| checkpoint.step);
        found.dedup_by_key(|checkpoint| checkpoint.step);
        // Those with a manifest first.
        let mut all = self.rebuilt();
        all.retain(|rebuilt| found.iter().all(|known| known.step != rebuilt.step));
        all.extend(found);
        let policy = self.meta().map(|meta| meta.config.checkpoints);
        let kept = Kept::new(&all, &policy.unwrap_or_default());
        let (mut errors, mut set_aside) = (Vec::new(), None);
        for last in all.into_iter().rev() {
            let here = |name: &String| self.file(name).is_file();
            if here(last.weights_file()) && !here(&last.optimizer) {
                let missing = self.optimizer_is_missing(&last);
                if kept.is_whole(last.step) {
                    errors.push(missing);
                } else {
                    // Kept to predict with, not to resume from.
                    set_aside.get_or_insert(missing);
                }
                continue;
            }
            match self.load_checkpoint(last, fresh) {
                Ok(mut resumed) => {
                    let step = resumed.last.step;
                    resumed.problems = errors
                        .iter()
                        .map(|err| {
                            format!("{err}. The run is resumed from the checkpoint of step {step}")
                        })
                        .collect();
                    return Ok(Some(resumed));
                }
                Err(err) => errors.push(err),
            }
        }
        let err = errors.into_iter().next().or(set_aside);
        err.map_or(Ok(None), Err)
    }

    fn optimizer_is_missing(&self, checkpoint: &Last) -> TrainError {
        TrainError::Unusable {
            path: self.file(&checkpoint.optimizer),
            reason: format!(
                "the file is missing, so the run cannot continue from step {}",
                checkpoint.step
            ),
            hint: "Put it back if you have it; the weights of that step are still there for predictions and new runs",
        }
    }

    fn load_checkpoint(
        &self,
        last: Last,
        fresh: &dyn Fn() -> Network,
    ) -> Result<Resumed, TrainError> {
        let load =
            |name: &String| self.load_weights(name, last.checksums.get(name).copied(), fresh());
        let weights = load(&last.weights)?;
        let optimizer = load(&last.optimizer)?;
        let second_moments = last.second_moments.as_ref().map(load).transpose()?;
        let average = last.average.as_ref().map(load).transpose()?;
        Ok(Resumed {
            weights,
            optimizer,
            second_moments,
            average,
            problems: Vec::new(),
            last,
        })
    }

    /// Checkpoints of which weights and optimizer are here, but no manifest, the oldest first: in
    /// folders of before December 2026 `last.json` was the only one. What it said is in the logs.
    pub(super) fn rebuilt(&self) -> Vec<Last> {
        let number = |name: &String| {
            let step = name.strip_prefix("optimizer-")?.strip_suffix(".bpk")?;
            step.parse::<usize>().ok()
        };
        let mut steps: Vec<usize> = self.names().filter_map(|name| number(&name)).collect();
        steps.sort_unstable();
        steps.retain(|step| self.file(&name_of("weights", *step)).is_file());
        steps
            .into_iter()
            .filter_map(|step| self.rebuild(step))
            .collect()
    }

    fn rebuild(&self, step: usize) -> Option<Last> {
        let accumulation = self.meta().ok()?.config.learning.accumulation.max(1);
        let steps = self.steps();
        let epochs = self.epochs();
        let secs_before = epochs.iter().rev().find(|record| record.step <= step);
        let ended = epochs.iter().find(|record| record.step == step);
        let done: Vec<_> = steps.iter().filter(|line| line.step <= step).collect();
        let current = done.last().filter(|line| line.step == step)?.epoch;
        let (epoch, of_epoch) = if let Some(record) = ended {
            (record.epoch + 1, Vec::new())
        } else {
            let of_epoch = done.iter().filter(|line| line.epoch == current);
            (current, of_epoch.collect())
        };
        let existing = |what| Some(name_of(what, step)).filter(|name| self.file(name).is_file());
        let since = secs_before.map_or(0, |record| record.step);
        let recent = done.iter().filter(|line| line.step > since);
        Some(Last {
            step,
            epoch,
            batch: of_epoch.len() * accumulation,
            elapsed_secs: secs_before.map_or(0.0, |record| record.elapsed_secs)
                + recent.map(|line| line.secs).sum::<f64>(),
            epoch_loss: of_epoch
                .iter()
                .map(|line| line.loss * accumulation as f64)
                .sum(),
            loss_scale: None,
            score: None,
            weights: name_of("weights", step),
            optimizer: name_of("optimizer", step),
            second_moments: existing("moments"),
            average: existing("average"),
            updates: step,
            checksums: Checksums::new(),
        })
    }
}
