//! Opening everything that a run needs, from its start or from its newest checkpoint.

use super::{Session, TrainOptions};
use crate::dataset::Dataset;
use crate::text::plural;
use crate::training::batches::batch_plan;
use crate::training::checkpoint::{CheckpointWriter, Last, Position, RunFolder};
use crate::training::class_balance::ClassBalance;
use crate::training::clock::Clock;
use crate::training::config::RunConfig;
use crate::training::control::Control;
use crate::training::device::{self, DeviceId};
use crate::training::error::TrainError;
use crate::training::event::{
    EpochRecord, Preparation, Repeats, RunInfo, TrainEvent, TrainSink, is_better,
};
use crate::training::film::{self, FilmWriter};
use crate::training::initial_weights::{InitialTensors, initialize};
use crate::training::learner::Learner;
use crate::training::loss_readback::LossReadback;
use crate::training::origin::{DataFingerprint, RunOrigin};
use crate::training::preview::Pinned;
use crate::training::step_meter::StepMeter;
use crate::training::stored_batches::stored_batches;
use crate::training::watch::Watch;

impl<'a> Session<'a> {
    pub(super) fn open(
        options: TrainOptions,
        folder: &'a RunFolder,
        dataset: &'a Dataset,
        control: &'a Control,
        sink: &'a mut dyn TrainSink,
    ) -> Result<Self, TrainError> {
        let time = options.time;
        let mut config = folder.meta()?.config;
        config.device = options.device.unwrap_or(config.device);
        config.validate()?;
        let num_classes = dataset.classes.len();
        config.check_classes(num_classes)?;
        let mut plan = batch_plan(&config, dataset);
        let prepare = |what, sink: &mut dyn TrainSink| {
            if config.device != DeviceId::Cpu {
                sink.send(TrainEvent::Preparing(what));
            }
        };
        prepare(Preparation::Opening, sink);
        control.check_wanted()?;
        let device = device::open(config.device)?;
        control.check_wanted()?;
        config.precision.check(&device, config.device)?;
        let data = DataFingerprint::of(dataset, control)?;
        let now = RunOrigin::now(&config, &device, data);
        let repeats = note_origin(now, &options, folder, dataset, sink)?;
        let writer = CheckpointWriter::start(folder)?;
        prepare(Preparation::Weights, sink);
        let mut learner = Learner::new(&config, num_classes, &device);
        let total = dataset.train.len();
        let balance = ClassBalance::of(&config, dataset, &mut |done| {
            sink.send(TrainEvent::Counting { done, total });
            !control.stop_requested()
        })?;
        learner.set_class_weights(balance.weights);
        plan.sampling = balance.sampling;
        plan.stored = stored_batches(&config, dataset)?;
        let resumed = folder.load_newest(&|| learner.fresh_network(&config))?;
        let at = if let Some(mut resumed) = resumed {
            let problems = std::mem::take(&mut resumed.problems).into_iter();
            for problem in problems.chain(log_gap(folder, resumed.last.step)) {
                sink.send(TrainEvent::Warning(problem));
            }
            let at = position(&resumed.last, folder, plan.batches_per_epoch());
            learner.restore(resumed, folder.path())?;
            folder.forget_behind(at.step);
            at
        } else {
            let given = options.initial;
            let initial = InitialTensors::given_or_opened(given, &config, folder, &device)?;
            // Whatever was drawn for a network that is only read from.
            device.seed(config.seed);
            learner.model = initialize(learner.model, &config, num_classes, initial.as_ref())?;
            learner.begin();
            Position {
                epoch: 1,
                ..Position::default()
            }
        };
        control.check_wanted()?;
        let steps_per_epoch = config.steps_per_epoch(plan.batches_per_epoch());
        sink.send(TrainEvent::Started(RunInfo {
            run: folder.name(),
            device: device::describe(config.device),
            arithmetic: config.precision.arithmetic(&device, config.device),
            parameters: learner.num_params(),
            steps_per_epoch,
            total_steps: config.total_steps(steps_per_epoch),
            first_step: at.step,
            repeats: repeats.filter(|_| at.step > 0),
        }));
        prepare(Preparation::Kernels, sink);
        let names = dataset.classes.iter().map(|class| class.name.clone());
        let watch = Watch::new(&config, names.collect(), at.step);
        let mut pinned = Pinned::read(dataset, &config, sink.wants_previews(), time)?;
        for problem in pinned.take_problems() {
            sink.send(TrainEvent::Warning(problem));
        }
        let film = continued_film(&pinned, folder, at.step, sink);
        let (step_log, epoch_log) = folder.open_logs(at.step)?;
        let epochs = folder.epochs();
        let best_epoch = EpochRecord::best_of(&epochs).map_or(0, |best| best.epoch);
        let best_score = best_score(folder, &config, at.step);
        Ok(Self {
            folder,
            dataset,
            control,
            sink,
            readback: LossReadback::new(device::reads_for_free(&device), time),
            device,
            plan,
            pinned,
            film,
            learner,
            step_log,
            epoch_log,
            clock: Clock::new(time, at.elapsed_secs),
            time,
            meter: StepMeter::new(&config, num_classes),
            saved: (time.now(), at.step),
            best_score,
            best_epoch,
            watch,
            writer,
            at,
            config,
        })
    }
}

/// Notes what a run is started with, and compares it with that when it is resumed; says how it repeats
/// the numbers of an unbroken one, where it does.
///
/// # Errors
/// When the data changed, and that is not accepted.
fn note_origin(
    now: RunOrigin,
    options: &TrainOptions,
    folder: &RunFolder,
    dataset: &Dataset,
    sink: &mut dyn TrainSink,
) -> Result<Option<Repeats>, TrainError> {
    // A run that was not saved yet begins anew.
    let is_resumed = folder.last().is_some();
    let then = match folder.origin() {
        Ok(then) => then.filter(|_| is_resumed),
        Err(err) if is_resumed && !options.accept_changes => {
            let changes = format!("or may have, as what it was cannot be read: {err}");
            return Err(TrainError::DataChanged {
                path: dataset.root.clone(),
                changes,
            });
        }
        Err(_) => None,
    };
    if is_resumed && then.is_none() {
        // As of a run of before December 2026.
        sink.send(TrainEvent::Warning(format!(
            "{}: this note of its data is missing or cannot be read, so whether they changed since the run was started \
             cannot be checked; they are noted now",
            folder.path().join("origin.json").display()
        )));
    }
    let mut noted = now.clone();
    let mut repeats = None;
    if let Some(then) = then {
        let changes = then.data.changes(&now.data);
        match changes {
            Some(changes) if !options.accept_changes => {
                return Err(TrainError::DataChanged {
                    path: dataset.root.clone(),
                    changes,
                });
            }
            Some(changes) => sink.send(TrainEvent::Warning(format!(
                "its data changed, and it continues on what is there now: {changes}"
            ))),
            None => repeats = then.repeats(&now),
        }
        let edited = then.edited_settings(&now);
        if !edited.is_empty() {
            sink.send(TrainEvent::Warning(format!(
                "{}: {} when the run was started, so it does not go on as it began",
                folder.path().join("config.json").display(),
                edited.join(", ")
            )));
        }
        if let Some(text) = then.other_surroundings(&now) {
            log::info!("{}: {text}", folder.name());
        }
        // It keeps saying what the run was started with.
        noted = RunOrigin {
            data: now.data,
            settings: then.settings.clone().or(now.settings),
            ..then
        };
    }
    folder.set_origin(&noted)?;
    if let Some(which) = &options.dataset {
        folder.move_dataset(which, &dataset.name)?;
    }
    Ok(repeats)
}

/// The film of the run behind `step`, and what is to be said of it.
fn continued_film(
    pinned: &Pinned,
    folder: &RunFolder,
    step: usize,
    sink: &mut dyn TrainSink,
) -> Option<FilmWriter> {
    // Before it goes on, which puts a damaged one aside.
    let damaged = film::told_damage(&folder.film());
    let film = pinned.film(folder, step)?;
    if let Some(damaged) = damaged {
        sink.send(TrainEvent::Warning(damaged));
    }
    Some(film)
}

/// What is missing in the log of a run that is resumed after `done` steps; lines behind these are dropped.
fn log_gap(folder: &RunFolder, done: usize) -> Option<String> {
    let steps = folder.steps();
    let known = steps.iter().filter(|record| record.step <= done).count();
    (known < done).then(|| {
        format!(
            "{}: {} of {} are missing in this log, so curves and means of the loss lack them; the weights are \
             those of step {done}",
            folder.path().join("steps.jsonl").display(),
            done - known,
            plural(done, "step", "steps")
        )
    })
}

/// Where a checkpoint continues.
fn position(last: &Last, folder: &RunFolder, per_epoch: usize) -> Position {
    let mut at = Position {
        step: last.step,
        epoch: last.epoch,
        batch: last.batch,
        elapsed_secs: last.elapsed_secs,
        epoch_loss: last.epoch_loss,
        loss_scale: last.loss_scale,
    };
    // A position that was read from the logs counts the last step of an epoch as a full one.
    let excess = at.batch.saturating_sub(per_epoch);
    if excess > 0 {
        let steps = folder.steps();
        let line = steps.iter().find(|line| line.step == at.step);
        at.epoch_loss -= line.map_or(0.0, |line| line.loss * excess as f64);
        at.batch = per_epoch;
    }
    at
}

/// The score of the best of the epochs up to `step`.
fn best_score(folder: &RunFolder, config: &RunConfig, step: usize) -> Option<f64> {
    let best_by = config.checkpoints.best_by;
    let epochs = folder.epochs();
    let scores = epochs
        .iter()
        .filter(|epoch: &&EpochRecord| epoch.step <= step);
    let best = scores
        .map(|epoch| epoch.score(best_by))
        .fold(
            None,
            |best, score| {
                if is_better(score, best) { score } else { best }
            },
        );
    // Digit by digit, where it was saved; numbers of the log may come back as their neighbors.
    let saved = folder.best().filter(|saved| saved.step <= step);
    saved.and_then(|saved| saved.score).or(best)
}
