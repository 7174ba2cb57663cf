//! The training loop.

mod open;
mod saving;
#[cfg(test)]
mod tests;
mod validation;

pub use saving::STOP_GRACE;
use std::time::Instant;

use burn::tensor::{Device, Tensor};

use super::alarm::Alarm;
use super::batches::batch_seed;
use super::checkpoint::{CheckpointWriter, EndMark, LineLog, Position, RunFolder, RunMeta};
use super::clock::{Clock, Now, Work};
use super::config::{DatasetRef, RunConfig};
use super::control::Control;
use super::culprit::of_overflow;
use super::device::{self, DeviceId};
use super::device_fault;
use super::error::TrainError;
use super::estimate::DataFacts;
use super::event::{EpochRecord, Outcome, StepRecord, TrainEvent, TrainSink};
use super::film::FilmWriter;
use super::initial_weights::InitialTensors;
use super::learner::Learner;
use super::logged_sink::LoggedSink;
use super::loss_readback::{LossReadback, UnreadStep};
use super::preview::Pinned;
use super::step_meter::StepMeter;
use super::watch::{ClassShares, Watch};
use crate::dataset::{BatchPlan, Dataset, Loader};
use crate::text::plural;

/// Trains the run in `folder` on `dataset` until it is done, stopped or failed; it
/// resumes from its last checkpoint where it has one. Never panics for what files and devices
/// do; `Ended` is sent exactly once.
///
/// Blocks; call it on a thread of its own.
pub fn train(folder: &RunFolder, dataset: &Dataset, control: &Control, sink: &mut dyn TrainSink) {
    let options = TrainOptions::default();
    train_with(options, folder, dataset, control, sink);
}

/// What may be another in this call than what the run was started with.
#[derive(Debug, Clone, Default)]
pub struct TrainOptions {
    /// Another device, for this call alone.
    pub device: Option<DeviceId>,
    /// Where the dataset lies now; the run keeps that.
    pub dataset: Option<DatasetRef>,
    /// Whether a run is resumed although its data changed.
    pub accept_changes: bool,
    /// The weights that it starts with, where they were read already. They are let go of once it has
    /// begun.
    pub initial: Option<InitialTensors>,
    /// Where it has the time from.
    pub time: Now,
}

/// As [`train`], with what is another now.
pub fn train_with(
    options: TrainOptions,
    folder: &RunFolder,
    dataset: &Dataset,
    control: &Control,
    sink: &mut dyn TrainSink,
) {
    let mut sink = LoggedSink::new(folder, sink);
    let outcome = match train_locked(options, folder, dataset, control, &mut sink) {
        Ok(outcome) => outcome,
        Err(err) => {
            let alarm = match &err {
                TrainError::DataChanged { changes, .. } => Some(Alarm::data_changed(changes)),
                err if err.is_not_finite() => {
                    let meta = folder.meta().ok();
                    meta.map(|meta| Alarm::not_finite(of_overflow(&meta.config)))
                }
                _ => None,
            };
            if let Some(alarm) = alarm {
                sink.send(TrainEvent::Alarm(alarm));
            }
            Outcome::Failed(failure_text(&err, folder))
        }
    };
    sink.send(TrainEvent::Ended(outcome));
}

/// What a failure says, with its likely cause where that is a setting, and with what is left of the training
/// that it ended.
fn failure_text(err: &TrainError, folder: &RunFolder) -> String {
    if !err.ends_steps() {
        return err.to_string();
    }
    let cause = folder.meta().ok().filter(|_| err.is_not_finite());
    let cause = cause.map_or_else(String::new, |meta| {
        let (cause, _) = of_overflow(&meta.config);
        format!(". {cause}")
    });
    format!("{err}{cause}. {}", folder.kept_text())
}

fn train_locked(
    options: TrainOptions,
    folder: &RunFolder,
    dataset: &Dataset,
    control: &Control,
    sink: &mut dyn TrainSink,
) -> Result<Outcome, TrainError> {
    // Without the lock another program owns this folder: write nothing, not even an end mark.
    let _lock = folder.lock()?;
    let outcome = {
        let _work = control.enter_work();
        folder.meta().and_then(|RunMeta { mut config, .. }| {
            config.device = options.device.unwrap_or(config.device);
            let facts = || DataFacts::read(dataset);
            let outcome = device_fault::named(&config, facts, || {
                Session::open(options, folder, dataset, control, sink).and_then(Session::run)
            });
            device::give_back_memory(config.device);
            outcome
        })
    };
    control.set_step(None);
    // Whatever went wrong after that came of what was left undone. A stop before the first step has
    // nothing to save.
    let is_left = control.stop_now_requested() || matches!(outcome, Err(TrainError::Stopped));
    let outcome = match outcome {
        Ok(Outcome::Finished) => Ok(Outcome::Finished),
        _ if is_left => Ok(Outcome::StoppedNow {
            checkpoint: folder.last().map(|last| last.step),
        }),
        // Before the first step; what was there before is as it was.
        Err(TrainError::Stopped) => Ok(Outcome::Stopped {
            step: folder.last().map_or(0, |last| last.step),
        }),
        outcome => outcome,
    };
    let end = match &outcome {
        Ok(Outcome::Finished) => EndMark::Finished,
        Ok(Outcome::Stopped { .. } | Outcome::StoppedNow { .. }) => EndMark::Stopped,
        Ok(Outcome::Failed(message)) => EndMark::Failed {
            message: message.clone(),
        },
        Err(err) => EndMark::Failed {
            message: failure_text(err, folder),
        },
    };
    let marked = folder.set_end(&end);
    // The first error is the one to tell.
    let outcome = outcome?;
    marked?;
    Ok(outcome)
}

/// Everything a loop needs, opened in the order in which it can fail.
struct Session<'a> {
    folder: &'a RunFolder,
    dataset: &'a Dataset,
    control: &'a Control,
    sink: &'a mut dyn TrainSink,
    config: RunConfig,
    device: Device,
    plan: BatchPlan,
    pinned: Pinned,
    film: Option<FilmWriter>,
    learner: Learner,
    /// Steps that are done and in no log yet.
    readback: LossReadback,
    step_log: LineLog<StepRecord>,
    epoch_log: LineLog<EpochRecord>,
    at: Position,
    time: Now,
    clock: Clock,
    /// Of the best epoch so far, by the metric of the run.
    best_score: Option<f64>,
    watch: Watch,
    /// The best epoch so far, 0 before the first.
    best_epoch: usize,
    writer: CheckpointWriter,
    /// When the last checkpoint was taken, and after which step.
    saved: (Instant, usize),
    meter: StepMeter,
}

/// Whether the loop continues.
enum Next {
    Step,
    Stop,
}

impl Session<'_> {
    fn run(mut self) -> Result<Outcome, TrainError> {
        let mut best = self.best_score;
        let per_epoch = self.plan.batches_per_epoch();
        let total = self.total_steps();
        self.show_pinned()?;
        // Batches without a validation behind them: a stop came before the epoch was scored.
        while self.at.epoch <= self.config.epochs && (self.at.step < total || self.at.batch > 0) {
            let mut loader = Loader::start(self.plan.clone(), self.at.epoch, self.at.batch);
            while self.at.batch < per_epoch && self.at.step < total {
                if let Next::Stop = self.pause_or_stop()? {
                    return self.stop();
                }
                let started = self.time.now();
                let learning_rate = self.config.learning.rate_at(self.at.step, total);
                self.meter.begin(self.at.step + 1, self.control);
                let losses = self.add_batches(&mut loader, learning_rate)?;
                if losses.is_empty() {
                    break;
                }
                self.meter.update(self.control);
                self.learner = self.learner.step(learning_rate, self.at.step + 1)?;
                self.control.set_step(None);
                self.at.step += 1;
                self.at.batch += losses.len();
                let unread = UnreadStep {
                    step: self.at.step,
                    epoch: self.at.epoch,
                    learning_rate,
                    losses,
                    norm: self.learner.take_norm(),
                    read_norm: self.learner.read_norm(),
                };
                self.readback.push(unread, started);
                self.tick(Work::Step);
                if self.readback.due() {
                    self.catch_up()?;
                }
                if self.pinned.due() {
                    self.show_pinned()?;
                }
                self.save_when_due()?;
            }
            drop(loader);
            self.settle()?;
            let Some(record) = self.validate(best)? else {
                return self.stop();
            };
            self.persist(|session| Ok(session.epoch_log.push(&record)?))?;
            if record.best {
                best = record.score(self.config.checkpoints.best_by);
            }
            self.at.epoch += 1;
            self.at.batch = 0;
            self.at.epoch_loss = 0.0;
            let policy = &self.config.checkpoints;
            if record.best || policy.is_due_after(record.epoch, self.config.epochs) {
                self.save(Some(&record))?;
            }
            let epoch = record.epoch;
            if record.best {
                self.best_epoch = epoch;
            }
            self.sink.send(TrainEvent::EpochEnded(record));
            let preview = self.pinned.collect(self.at.step);
            self.show(preview, true);
            let waited = epoch.saturating_sub(self.best_epoch);
            if self
                .config
                .early_stop
                .is_some_and(|patience| waited >= patience)
            {
                self.sink.send(TrainEvent::Warning(format!(
                    "it ends early: no epoch was better than epoch {} in {}",
                    self.best_epoch,
                    plural(waited, "epoch", "epochs")
                )));
                break;
            }
        }
        // An epoch that ended the run early was perhaps not due for a checkpoint.
        self.save_what_is_new()?;
        self.finish_saving()?;
        Ok(Outcome::Finished)
    }

    /// Adds the gradients of the batches of the next step, those of one epoch; returns their
    /// losses, `[1]` each. A stop waits for the step: gradients that wait are in no checkpoint.
    fn add_batches(
        &mut self,
        loader: &mut Loader,
        learning_rate: f64,
    ) -> Result<Vec<Tensor<1>>, TrainError> {
        let done = self.at.epoch.saturating_sub(1) * self.plan.batches_per_epoch() + self.at.batch;
        let mut losses = Vec::new();
        while losses.len() < self.config.learning.accumulation {
            let given_up = || self.control.stop_now_requested();
            let asked = self.time.now();
            let next = loader.next_unless(&given_up).transpose()?;
            self.control.add_waited(self.time.since(asked));
            let Some(batch) = next else { break };
            let told = self.watch.batch(&batch.labels);
            self.tell(told);
            if losses.is_empty() && self.watch.wants_look(self.at.step) {
                self.learner.look_at_next();
            }
            self.learner
                .seed_batch(batch_seed(self.config.seed, done + losses.len()));
            let size = [batch.height, batch.width];
            self.meter.compute(batch.batch_size, size, self.control);
            let loss = self.learner.add(batch, learning_rate, self.at.step + 1);
            self.control.check_wanted()?;
            losses.push(loss?);
            if let Some(matrix) = self.learner.take_look()?
                && let Some(shares) = ClassShares::of(&matrix)
            {
                let step = self.at.step + 1;
                self.watch.look(shares.clone());
                self.sink.send(TrainEvent::Shares { step, shares });
            }
            self.meter.batch_done(self.control);
        }
        self.control.check_wanted()?;
        Ok(losses)
    }

    /// Reads the losses that are still on the device, logs and sends them.
    ///
    /// # Errors
    /// When one of them is not finite; the steps before it are logged all the same.
    fn catch_up(&mut self) -> Result<(), TrainError> {
        let read = self.readback.read()?;
        for (record, sum) in read.steps {
            self.at.epoch_loss += sum;
            self.persist(|session| Ok(session.step_log.push(&record)?))?;
            let told = self.watch.step(&record);
            self.sink.send(TrainEvent::Step(record));
            self.tell(told);
        }
        read.broken.map_or(Ok(()), Err)
    }

    fn tell(&mut self, alarm: Option<Alarm>) {
        if let Some(alarm) = alarm {
            self.sink.send(TrainEvent::Alarm(alarm));
        }
    }

    /// As [`catch_up`](Self::catch_up), and looks whether the weights are sound: what comes
    /// next scores or saves them.
    fn settle(&mut self) -> Result<(), TrainError> {
        self.catch_up()?;
        let done = self.at.step;
        let total = self.total_steps();
        self.learner.check_weights(
            done,
            self.config.learning.rate_at(done.saturating_sub(1), total),
        )
    }

    /// Takes in the time of a piece of work.
    fn tick(&mut self, work: Work) {
        self.clock.tick(work);
        self.control.set_trained(self.clock.since_start());
    }

    fn total_steps(&self) -> usize {
        self.config
            .total_steps(self.config.steps_per_epoch(self.plan.batches_per_epoch()))
    }

    /// Waits during a pause; the clock stands still.
    fn pause_or_stop(&mut self) -> Result<Next, TrainError> {
        if self.control.pause_requested() {
            // People who pause may be about to switch the machine off.
            self.save_what_is_new()?;
            self.finish_saving()?;
            self.clock.pause();
            self.sink.send(TrainEvent::Paused);
            self.control.wait_while_paused();
            self.clock.unpause();
            if !self.control.stop_requested() {
                self.sink.send(TrainEvent::Unpaused);
            }
        }
        Ok(if self.control.stop_requested() {
            Next::Stop
        } else {
            Next::Step
        })
    }
}
