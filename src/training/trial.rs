//! A run that is tried for a minute: whether its loss falls, and how long all of it would take.

use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{RecvTimeoutError, bounded};
use serde::Serialize;

use super::batches::batch_plan;
use super::checkpoint::{RunFolder, RunMeta};
use super::config::{ExtraLogs, RunConfig};
use super::control::Control;
use super::error::TrainError;
use super::estimate::{DataFacts, EarlierRun, RunTime, TimeSource};
use super::event::{Outcome, StepRecord, TrainEvent, TrainSink};
use super::run::train;
use crate::dataset::{Dataset, DatasetItem};
use crate::text;

/// Images of the subset; a network sees each of them several times in a minute.
const IMAGES: usize = 64;
/// Fewer steps say nothing about the loss.
const MIN_STEPS: usize = 8;
/// The loss must fall or rise by this share, for it not to be chance.
const CHANGE: f64 = 0.1;
/// Name of its folder, which is deleted at its end; numbered where something of the name is there. No list of
/// runs has it.
const NAME: &str = ".trial";

/// What became of a trial.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trial {
    /// Steps that were done.
    pub steps: usize,
    /// Training images that it had.
    pub images: usize,
    /// Mean loss of the first fifth of the steps.
    pub first_loss: Option<f64>,
    /// That of the last fifth.
    pub last_loss: Option<f64>,
    /// What the two say.
    pub verdict: Verdict,
    /// Seconds of a step, on average.
    pub step_secs: Option<f64>,
    /// Seconds of the whole run, validation included.
    pub estimated_secs: Option<f64>,
}

/// Whether a run learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The loss falls.
    Learns,
    /// The loss hardly changes.
    Unclear,
    /// The loss rises.
    Rises,
    /// There were too few steps to tell.
    TooSlow,
}

impl Trial {
    /// Of these steps of a run on `dataset`.
    fn of(steps: &[StepRecord], images: usize, config: &RunConfig, dataset: &Dataset) -> Self {
        let losses: Vec<f64> = steps.iter().map(|step| step.loss).collect();
        let fifth = (losses.len() / 5).max(1);
        let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
        let [first_loss, last_loss] = if losses.is_empty() {
            [None, None]
        } else {
            let last = &losses[losses.len() - fifth..];
            [Some(mean(&losses[..fifth])), Some(mean(last))]
        };
        let step_secs = step_secs(steps);
        let estimated_secs = step_secs.and_then(|step_secs| {
            let timed = EarlierRun {
                name: NAME,
                config,
                classes: dataset.classes.len(),
                step_secs,
            };
            let time = RunTime::estimate(config, &DataFacts::read(dataset), &[timed], None);
            time.map(|time| time.total_secs)
        });
        Self {
            steps: losses.len(),
            images,
            first_loss,
            last_loss,
            verdict: verdict(losses.len(), first_loss, last_loss),
            step_secs,
            estimated_secs,
        }
    }
}

/// Seconds of a step on average, of which the whole run is a multiple: a busy machine has many short steps and
/// some long ones. The first warms the device up.
fn step_secs(steps: &[StepRecord]) -> Option<f64> {
    let secs: Vec<f64> = steps.iter().skip(1).map(|step| step.secs).collect();
    (!secs.is_empty()).then(|| secs.iter().sum::<f64>() / secs.len() as f64)
}

impl Trial {
    /// How long the whole run takes.
    pub fn time(&self) -> Option<RunTime> {
        Some(RunTime {
            step_secs: self.step_secs?,
            total_secs: self.estimated_secs?,
            source: TimeSource::Trial,
        })
    }

    /// What it says, for people.
    pub fn text(&self) -> String {
        let steps = text::plural(self.steps, "step", "steps");
        let losses = self.first_loss.zip(self.last_loss);
        let [first, last] = losses.map_or(["?".to_owned(), "?".to_owned()], |(first, last)| {
            [text::loss(first), text::loss(last)]
        });
        let learns = match self.verdict {
            Verdict::Learns => {
                format!("It learns: the loss fell from {first} to {last} in {steps}")
            }
            Verdict::Unclear => format!(
                "The loss hardly changed in {steps}, from {first} to {last}. Raise the learning rate, or train longer to see"
            ),
            Verdict::Rises => format!(
                "It does not learn: the loss rose from {first} to {last} in {steps}. Lower the learning rate"
            ),
            Verdict::TooSlow => format!(
                "Only {steps} in this time: too few to tell whether it learns. Choose a smaller network or smaller crops, \
                 or start it and watch"
            ),
        };
        let time = self.step_secs.zip(self.estimated_secs);
        let time = time.and_then(|(step, all)| {
            let all = text::about(all)?;
            Some(format!(
                ". A step takes {} s, the whole run {all}",
                text::number(step)
            ))
        });
        format!("{learns}{}", time.unwrap_or_default())
    }
}

fn verdict(steps: usize, first: Option<f64>, last: Option<f64>) -> Verdict {
    match (first, last) {
        (Some(first), Some(last)) if steps >= MIN_STEPS => {
            if last < first * (1.0 - CHANGE) {
                Verdict::Learns
            } else if last > first * (1.0 + CHANGE) {
                Verdict::Rises
            } else {
                Verdict::Unclear
            }
        }
        _ => Verdict::TooSlow,
    }
}

/// Trains with the settings of a run, on a few of its images and without validation, until `over` says
/// that the time since the first batch is over or nobody waits any more. Nothing of it stays in the folder
/// `runs`.
///
/// # Errors
/// What ends such a run too; [`TrainError::Stopped`] when it was ended before its first step.
pub fn try_run(
    config: &RunConfig,
    dataset: &Dataset,
    runs: &Path,
    control: &Control,
    over: &(dyn Fn(Option<Duration>) -> bool + Sync),
) -> Result<Trial, TrainError> {
    if let Some(folder) = &config.batches {
        return Err(TrainError::Unusable {
            path: folder.clone(),
            reason: "a run is tried on a few images of its dataset, not on batches of a folder"
                .to_owned(),
            hint: "Leave the batches out to try the settings",
        });
    }
    let total = {
        let per_epoch = batch_plan(config, dataset).batches_per_epoch();
        config.total_steps(config.steps_per_epoch(per_epoch))
    };
    let mut subset = dataset.clone();
    subset.train = spread(&dataset.train, IMAGES.max(config.batch_size));
    subset.val.clear();
    let mut tried = config.clone();
    // The learning rate is that of the whole run.
    let per_epoch = tried.steps_per_epoch(batch_plan(&tried, &subset).batches_per_epoch());
    tried.epochs = total.div_ceil(per_epoch.max(1)).max(1);
    tried.max_steps = Some(total);
    tried.early_stop = None;
    tried.extra_logs = ExtraLogs::default();
    tried.checkpoints.minutes = 0.0;
    tried.checkpoints.steps = None;
    tried.checkpoints.epochs = usize::MAX;
    let meta = RunMeta {
        config: tried,
        classes: dataset.classes.clone(),
        images: dataset.images.clone(),
        dataset_name: dataset.name.clone(),
        created: 0,
    };
    let folder = Scratch::create(runs, &meta)?;
    let started = Mutex::new(None::<Instant>);
    let mut sink = Losses::default();
    let (done, ended) = bounded::<()>(0);
    std::thread::scope(|scope| {
        let clock = || {
            while ended.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                let started = *started.lock().unwrap_or_else(PoisonError::into_inner);
                if over(started.map(|started| started.elapsed())) {
                    control.stop_now();
                }
            }
        };
        let clock = std::thread::Builder::new()
            .name("trial clock".into())
            .spawn_scoped(scope, clock);
        if let Err(err) = clock {
            log::error!("The clock of a trial could not be started: {err}");
            control.stop_now();
        }
        sink.started = Some(&started);
        train(&folder.0, &subset, control, &mut sink);
        drop(done);
    });
    match sink.outcome {
        Some(Outcome::Failed(message))
            if sink.steps.is_empty() || !control.stop_now_requested() =>
        {
            Err(TrainError::Tried { message })
        }
        _ if sink.steps.is_empty() => Err(TrainError::Stopped),
        _ => Ok(Trial::of(&sink.steps, subset.train.len(), config, dataset)),
    }
}

/// Between two looks at the clock.
const TICK: Duration = Duration::from_millis(50);

/// At most `most` items, spread over the list.
fn spread(items: &[DatasetItem], most: usize) -> Vec<DatasetItem> {
    let count = most.min(items.len());
    (0..count)
        .map(|number| items[number * items.len() / count].clone())
        .collect()
}

/// A run folder that is deleted when it is dropped.
struct Scratch(RunFolder);

impl Scratch {
    /// Always a new folder: what is there already may be anybody's, and is not touched.
    fn create(runs: &Path, meta: &RunMeta) -> Result<Self, TrainError> {
        RunFolder::create(runs, NAME, meta).map(Self)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let folder = self.0.path();
        fs::remove_dir_all(folder).unwrap_or_else(|err| {
            log::warn!("{}: {err}. Delete the folder by hand", folder.display());
        });
    }
}

/// Keeps the steps and the end.
#[derive(Default)]
struct Losses<'a> {
    steps: Vec<StepRecord>,
    outcome: Option<Outcome>,
    /// Where it notes when the network was ready.
    started: Option<&'a Mutex<Option<Instant>>>,
}

impl TrainSink for Losses<'_> {
    fn send(&mut self, event: TrainEvent) {
        match event {
            TrainEvent::Started(_) => {
                if let Some(started) = self.started {
                    let mut started = started.lock().unwrap_or_else(PoisonError::into_inner);
                    *started = Some(Instant::now());
                }
            }
            TrainEvent::Step(step) => self.steps.push(step),
            TrainEvent::Ended(outcome) => self.outcome = Some(outcome),
            _ => {}
        }
    }

    fn wants_previews(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{ClassList, ImageReading};
    use crate::model::Trunk;
    use crate::training::preset;

    #[test]
    fn a_loss_that_falls_by_a_tenth_is_learning() {
        let of = |steps, first, last| verdict(steps, Some(first), Some(last));
        assert_eq!(of(50, 2.0, 1.7), Verdict::Learns);
        assert_eq!(of(50, 2.0, 1.9), Verdict::Unclear);
        assert_eq!(of(50, 2.0, 2.3), Verdict::Rises);
        assert_eq!(of(7, 2.0, 0.1), Verdict::TooSlow);
        assert_eq!(verdict(0, None, None), Verdict::TooSlow);
    }

    #[test]
    fn the_time_of_a_step_is_the_mean_of_all_but_the_first() {
        let steps = |secs: &[f64]| -> Vec<StepRecord> {
            let record = |(secs, step): (&f64, usize)| StepRecord {
                step,
                epoch: 1,
                loss: 1.0,
                learning_rate: 0.05,
                secs: *secs,
                grad_norm: None,
            };
            secs.iter().zip(1..).map(record).collect()
        };
        assert_eq!(step_secs(&steps(&[9.0, 0.5, 0.5, 0.5, 2.5])), Some(1.0));
        assert_eq!(step_secs(&steps(&[9.0])), None);
    }

    #[test]
    fn only_the_folder_of_the_trial_itself_is_deleted() {
        let runs = tempfile::tempdir().unwrap();
        let mine = runs.path().join(NAME).join("keep.txt");
        fs::create_dir(runs.path().join(NAME)).unwrap();
        fs::write(&mine, "mine").unwrap();
        let meta = RunMeta {
            config: preset(Trunk::Vgg16Slim),
            classes: ClassList::numbered(2),
            images: ImageReading::default(),
            dataset_name: "set".into(),
            created: 0,
        };
        let folder = Scratch::create(runs.path(), &meta).unwrap();
        assert!(folder.0.path().join("config.json").is_file());
        drop(folder);
        assert_eq!(fs::read_to_string(&mine).unwrap(), "mine");
        assert_eq!(fs::read_dir(runs.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_text_says_what_was_found_and_what_to_do() {
        let trial = Trial {
            steps: 142,
            images: 64,
            first_loss: Some(1.612),
            last_loss: Some(0.74),
            verdict: Verdict::Learns,
            step_secs: Some(0.42),
            estimated_secs: Some(7_800.0),
        };
        assert_eq!(
            trial.text(),
            "It learns: the loss fell from 1.612 to 0.7400 in 142 steps. A step takes 0.42 s, the whole run about 2 h 10 min"
        );
        let slow = Trial {
            steps: 1,
            verdict: Verdict::TooSlow,
            step_secs: None,
            estimated_secs: None,
            ..trial
        };
        assert!(slow.text().starts_with("Only 1 step in this time: too few"));
    }
}
