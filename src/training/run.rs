//! The training loop.

use std::time::Instant;

use burn::tensor::{Device, Tensor};

use super::batches::{batch_plan, batch_seed};
use super::checkpoint::{EndMark, LineLog, Position, RunFolder};
use super::clock::Clock;
use super::config::RunConfig;
use super::control::Control;
use super::device::{self, DeviceId};
use super::error::TrainError;
use super::evaluate::{Scoring, evaluate};
use super::event::{EpochRecord, Outcome, RunInfo, StepRecord, TrainEvent, TrainSink, is_better};
use super::initial_weights::initialize;
use super::learner::Learner;
use super::loss_readback::{LossReadback, UnreadStep};
use super::preview::Pinned;
use super::segmenter::Segmenter;
use super::step_meter::StepMeter;
use crate::dataset::{BatchPlan, Dataset, Loader};
use crate::metrics::ConfusionMatrix;

/// Trains the run in `folder` on `dataset` until it is done, stopped or failed; it
/// resumes from its last checkpoint where it has one. Never panics for what files and devices
/// do; `Ended` is sent exactly once.
///
/// Blocks; call it on a thread of its own.
pub fn train(folder: &RunFolder, dataset: &Dataset, control: &Control, sink: &mut dyn TrainSink) {
    train_on(None, folder, dataset, control, sink);
}

/// As [`train`], on another device than that of the run's configuration. The choice holds for
/// this call alone: the configuration keeps saying what the run was started with.
pub fn train_on(
    device: Option<DeviceId>,
    folder: &RunFolder,
    dataset: &Dataset,
    control: &Control,
    sink: &mut dyn TrainSink,
) {
    let outcome = match train_locked(device, folder, dataset, control, sink) {
        Ok(outcome) => outcome,
        Err(err) => Outcome::Failed(err.to_string()),
    };
    sink.send(TrainEvent::Ended(outcome));
}

fn train_locked(
    device: Option<DeviceId>,
    folder: &RunFolder,
    dataset: &Dataset,
    control: &Control,
    sink: &mut dyn TrainSink,
) -> Result<Outcome, TrainError> {
    // Without the lock another program owns this folder: write nothing, not even an end mark.
    let _lock = folder.lock()?;
    let outcome = {
        let _work = control.enter_work();
        Session::open(device, folder, dataset, control, sink).and_then(Session::run)
    };
    control.set_step(None);
    // Whatever went wrong after that came of what was left undone.
    let outcome = match outcome {
        Ok(Outcome::Finished) => Ok(Outcome::Finished),
        _ if control.stop_now_requested() => Ok(Outcome::StoppedNow {
            checkpoint: folder.last().map(|last| last.step),
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
            message: err.to_string(),
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
    learner: Learner,
    /// Steps that are done and in no log yet.
    readback: LossReadback,
    step_log: LineLog<StepRecord>,
    epoch_log: LineLog<EpochRecord>,
    at: Position,
    clock: Clock,
    meter: StepMeter,
}

/// Whether the loop continues.
enum Next {
    Step,
    Stop,
}

impl<'a> Session<'a> {
    fn open(
        device: Option<DeviceId>,
        folder: &'a RunFolder,
        dataset: &'a Dataset,
        control: &'a Control,
        sink: &'a mut dyn TrainSink,
    ) -> Result<Self, TrainError> {
        let mut config = folder.meta()?.config;
        config.device = device.unwrap_or(config.device);
        config.validate()?;
        let num_classes = dataset.classes.len();
        let plan = batch_plan(&config, dataset);
        let device = device::open(config.device)?;
        control.check_wanted()?;
        config.precision.check(&device, config.device)?;
        let mut learner = Learner::new(&config, num_classes, &device);
        let mut at = Position {
            epoch: 1,
            ..Position::default()
        };
        if let Some(last) = folder.last() {
            learner.model = folder.load_last(&last, learner.model, &mut learner.optimizer)?;
            if learner.loss_scale.is_some() {
                learner.loss_scale = last.loss_scale.or(learner.loss_scale);
            }
            at = Position {
                step: last.step,
                epoch: last.epoch,
                batch: last.batch,
                elapsed_secs: last.elapsed_secs,
                epoch_loss: last.epoch_loss,
                loss_scale: last.loss_scale,
            };
        } else {
            learner.model = initialize(learner.model, &config, num_classes, folder, &device)?;
        }
        control.check_wanted()?;
        let steps_per_epoch = config.steps_per_epoch(plan.batches_per_epoch());
        sink.send(TrainEvent::Started(RunInfo {
            run: folder.name(),
            device: device::describe(config.device),
            parameters: learner.num_params(),
            steps_per_epoch,
            total_steps: config.total_steps(steps_per_epoch),
            first_step: at.step,
        }));
        let pinned = Pinned::read(dataset, &config, sink.wants_previews())?;
        let (step_log, epoch_log) = folder.open_logs(at.step)?;
        Ok(Self {
            folder,
            dataset,
            control,
            sink,
            readback: LossReadback::new(device::reads_for_free(&device)),
            device,
            plan,
            pinned,
            learner,
            step_log,
            epoch_log,
            clock: Clock::new(at.elapsed_secs),
            meter: StepMeter::new(&config, num_classes),
            at,
            config,
        })
    }

    fn run(mut self) -> Result<Outcome, TrainError> {
        let mut best = self.folder.best().and_then(|best| best.mean_iu);
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
                let started = Instant::now();
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
                };
                self.readback.push(unread, started);
                if self.readback.due() {
                    self.catch_up()?;
                }
                if self.pinned.due() {
                    self.show_pinned()?;
                }
            }
            drop(loader);
            self.settle()?;
            let Some(record) = self.validate(best)? else {
                return self.stop();
            };
            self.epoch_log.push(&record)?;
            let improved = record.best.then_some(&record);
            if let Some(record) = improved {
                best = record.scores.mean_iu;
            }
            self.at.epoch += 1;
            self.at.batch = 0;
            self.at.epoch_loss = 0.0;
            self.save(improved)?;
            self.sink.send(TrainEvent::EpochEnded(record));
            if !self.pinned.is_empty() {
                self.sink
                    .send(TrainEvent::Preview(self.pinned.collect(self.at.step)));
            }
        }
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
            let next = loader.next_unless(&given_up).transpose()?;
            let Some(batch) = next else { break };
            self.learner
                .seed_batch(batch_seed(self.config.seed, done + losses.len()));
            let size = [batch.height, batch.width];
            self.meter.compute(batch.batch_size, size, self.control);
            let loss = self.learner.add(batch, learning_rate, self.at.step + 1);
            self.control.check_wanted()?;
            losses.push(loss?);
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
            self.step_log.push(&record)?;
            self.sink.send(TrainEvent::Step(record));
        }
        read.broken.map_or(Ok(()), Err)
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

    fn total_steps(&self) -> usize {
        self.config
            .total_steps(self.config.steps_per_epoch(self.plan.batches_per_epoch()))
    }

    /// Waits during a pause; the clock stands still.
    fn pause_or_stop(&mut self) -> Result<Next, TrainError> {
        if self.control.pause_requested() {
            self.catch_up()?;
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

    fn stop(mut self) -> Result<Outcome, TrainError> {
        self.control.check_wanted()?;
        self.settle()?;
        self.save(None)?;
        Ok(Outcome::Stopped { step: self.at.step })
    }

    /// Publishes a checkpoint; [`settle`](Self::settle) comes before it.
    fn save(&mut self, best: Option<&EpochRecord>) -> Result<(), TrainError> {
        self.at.elapsed_secs = self.clock.secs();
        self.at.loss_scale = self.learner.loss_scale;
        self.folder
            .save(&self.learner.model, &self.learner.optimizer, self.at, best)?;
        self.sink.send(TrainEvent::Saved { step: self.at.step });
        Ok(())
    }

    fn segmenter(&self) -> Segmenter {
        let classes = self.dataset.classes.len();
        Segmenter::new(
            &self.learner.model,
            &self.config.normalization,
            classes,
            &self.device,
        )
    }

    fn show_pinned(&mut self) -> Result<(), TrainError> {
        if self.pinned.is_empty() {
            return Ok(());
        }
        self.catch_up()?;
        let preview =
            self.pinned
                .preview(&self.segmenter(), self.config.test_size, self.at.step)?;
        self.control.check_wanted()?;
        self.sink.send(TrainEvent::Preview(preview));
        Ok(())
    }

    /// Scores of the whole validation set; `None` when a stop came in between.
    fn validate(&mut self, best: Option<f64>) -> Result<Option<EpochRecord>, TrainError> {
        let segmenter = self.segmenter();
        let (sink, pinned) = (&mut self.sink, &mut self.pinned);
        let mut matrix = ConfusionMatrix::new(self.plan.reader.num_classes);
        let loss = evaluate(
            &segmenter,
            &self.dataset.val,
            Scoring {
                reader: &self.plan.reader,
                test_size: self.config.test_size,
                boundary_width: None,
            },
            self.control,
            &mut |image, _| matrix.merge(image),
            pinned,
            &mut |done, total| sink.send(TrainEvent::Validating { done, total }),
        )?;
        self.control.check_wanted()?;
        Ok(loss.map(|loss| {
            let scores = matrix.scores();
            let mean_iu = scores.mean_iu;
            EpochRecord {
                epoch: self.at.epoch,
                step: self.at.step,
                train_loss: self.at.epoch_loss / self.at.batch.max(1) as f64,
                val_loss: loss.mean,
                elapsed_secs: self.clock.secs(),
                best: is_better(mean_iu, best),
                scores,
            }
        }))
    }
}
