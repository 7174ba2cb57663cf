//! The `train` thread.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::Sender;

use super::awake::Awake;
use super::sink::EngineSink;
use super::thread_event::{PreviewSlot, ThreadEvent};
use crate::dataset::{ClassMatch, Dataset, DatasetRecord, Note, NoteTopic};
use crate::engine::before_start::BeforeStart;
use crate::engine::dataset_check::before_training;
use crate::engine::memory::give_back_freed_memory;
use crate::engine::runs::unix_secs;
use crate::engine::tasks::guarded;
use crate::engine::{EngineError, Waker, dataset};
use crate::text::{TimeFormat, format_time};
use crate::training::checkpoint::{EndMark, RunFolder, RunMeta};
use crate::training::{
    Control, DeviceMemory, InitialTensors, Outcome, RunConfig, TrainEvent, TrainOptions,
    TrainSink as _, check_stored_batches, train_with,
};

/// What a training thread is started for.
#[derive(Clone)]
pub(super) enum Job {
    /// A run of its own.
    New(Box<RunConfig>),
    /// The rest of a run that is there, with what is another now.
    Resume(RunFolder, Box<TrainOptions>),
    /// A run of the queue that has begun: its rest, or all of it where it was not saved yet.
    Begun(RunFolder, Box<RunConfig>),
}

impl Job {
    /// What is to be done; reads the folder of a run that has begun.
    fn start(self) -> Start {
        match self {
            Self::Resume(folder, options) => Start::Resume(folder, options),
            Self::Begun(folder, config) if folder.last().is_some() => {
                let options = TrainOptions {
                    device: Some(config.device),
                    ..TrainOptions::default()
                };
                Start::Resume(folder, Box::new(options))
            }
            // One of the queue starts anew before its first checkpoint.
            Self::New(config) | Self::Begun(_, config) => Start::New(config),
        }
    }
}

/// How a run starts.
enum Start {
    New(Box<RunConfig>),
    Resume(RunFolder, Box<TrainOptions>),
}

/// Everything the thread needs.
pub(super) struct TrainThread {
    pub job: Job,
    pub data_dir: PathBuf,
    pub runs_dir: PathBuf,
    /// Whether a run starts that needs more memory than there is.
    pub ignore_memory: bool,
    /// What the run's device says of its memory.
    pub memory: DeviceMemory,
    /// Whether the computer is kept from going to sleep.
    pub keep_awake: bool,
    pub control: Control,
    pub events: Sender<ThreadEvent>,
    /// Where live masks go; `None` = nobody looks.
    pub previews: Option<PreviewSlot>,
    pub waker: Waker,
}

impl TrainThread {
    /// Starts the thread. Whatever happens on it, `Ended` is the last event.
    pub fn start(self) -> std::io::Result<JoinHandle<()>> {
        thread::Builder::new()
            .name("train".into())
            .spawn(move || self.work())
    }

    fn work(self) {
        let _awake = self.keep_awake.then(Awake::hold);
        let mut sink = EngineSink::new(
            self.events.clone(),
            self.previews.clone(),
            Arc::clone(&self.waker),
            self.control.clone(),
        );
        let mut opened = None;
        let result = guarded(|| self.train(&self.job.clone().start(), &mut sink, &mut opened));
        let failure = match result {
            Ok(Ok(())) => None,
            Err(_) if self.control.stop_now_requested() => Some(Outcome::Stopped { step: 0 }),
            Ok(Err(err)) => Some(outcome_of(&err)),
            Err(panic) => {
                let err = EngineError::Panicked {
                    what: "training",
                    panic,
                    advice: "Choose another device or smaller sizes",
                };
                let kept = opened.as_ref().map(RunFolder::kept_text);
                Some(Outcome::Failed(match kept {
                    Some(kept) => format!("{err}. {kept}"),
                    None => err.to_string(),
                }))
            }
        };
        if let Some(outcome) = failure
            && !sink.ended
        {
            if let Some(folder) = opened {
                let end = match &outcome {
                    Outcome::Failed(message) => EndMark::Failed {
                        message: message.clone(),
                    },
                    _ => EndMark::Stopped,
                };
                RunFolder::set_end(&folder, &end).unwrap_or_else(|err| log::warn!("{err}"));
            }
            sink.send(TrainEvent::Ended(outcome));
        }
        give_back_freed_memory();
    }

    fn train(
        &self,
        start: &Start,
        sink: &mut EngineSink,
        opened: &mut Option<RunFolder>,
    ) -> Result<(), EngineError> {
        let which = match start {
            Start::New(config) => config.dataset.clone(),
            Start::Resume(folder, options) => {
                // Before anything is computed from its values.
                let own = folder.trainable_meta()?.config.dataset;
                options.dataset.clone().unwrap_or(own)
            }
        };
        let control = self.control.clone();
        let mut dataset = dataset::open(&which, &self.data_dir, &mut |_, _| {
            !control.stop_requested()
        })
        .map_err(|err| self.not_opened(start, err.into()))?;
        if let Start::Resume(folder, _) = start {
            // The network has learned from images that were read so.
            dataset.images = folder.meta()?.images;
        }
        let config = match start {
            Start::New(config) => (**config).clone(),
            Start::Resume(folder, options) => {
                let own = folder.meta()?.config;
                RunConfig {
                    device: options.device.unwrap_or(own.device),
                    ..own
                }
            }
        };
        let estimate = Arc::new(BeforeStart::new(&config, &dataset, self.memory, &[]));
        if let (Start::New(_), false) = (start, self.ignore_memory)
            && let Some(text) = estimate.refusal()
        {
            return Err(EngineError::TooLarge(text));
        }
        let of_settings = estimate.warnings.clone();
        self.events.send(ThreadEvent::Estimated(estimate)).ok();
        let warnings = before_training(&dataset, &mut |done, total| {
            self.events.send(ThreadEvent::Checking { done, total }).ok();
            (self.waker)();
            !self.control.stop_requested()
        })?;
        let warnings = of_settings.into_iter().chain(warnings);
        for warning in warnings.chain(stated_of_images(&dataset)) {
            self.events.send(ThreadEvent::Warning(warning)).ok();
        }
        let record = DatasetRecord::of(&dataset);
        let (folder, options) = match start {
            Start::Resume(folder, options) => {
                let then = folder.dataset();
                if let Some(change) = then.and_then(|then| then.changes(&dataset)) {
                    let warning = format!("{}: {change}", dataset.name);
                    self.events.send(ThreadEvent::Warning(warning)).ok();
                }
                (folder.clone(), (**options).clone())
            }
            Start::New(config) => {
                // Before there is a folder of a run that cannot begin.
                let options = TrainOptions {
                    initial: self.check(config, &dataset)?,
                    ..TrainOptions::default()
                };
                let created = unix_secs();
                let name = format!(
                    "{}-{}-{}",
                    format_time(created, TimeFormat::Name),
                    config.variant.id(),
                    config.trunk.id()
                );
                let meta = RunMeta {
                    config: (**config).clone(),
                    classes: dataset.classes.clone(),
                    images: dataset.images.clone(),
                    dataset_name: dataset.name.clone(),
                    created,
                };
                let folder = RunFolder::create(&self.runs_dir, &name, &meta)?;
                folder.set_dataset(&record)?;
                (folder, options)
            }
        };
        let meta = folder.meta()?;
        // Labels of the weights would mean other things in silence.
        let matched = ClassMatch::new(&meta.classes, &dataset.classes);
        if !matched.is_identity() {
            return Err(EngineError::ClassesChanged {
                root: dataset.root.clone(),
                now: dataset.classes.len(),
                then: meta.classes.len(),
                remark: matched.difference(),
            });
        }
        let event = ThreadEvent::Opened {
            folder: folder.clone(),
            meta: Box::new(meta),
        };
        self.events.send(event).ok();
        *opened = Some(folder.clone());
        sink.folder = Some(folder.clone());
        sink.moved = options
            .dataset
            .clone()
            .map(|which| (which, dataset.name.clone()));
        train_with(options, &folder, &dataset, &self.control, sink);
        Ok(())
    }
}

impl TrainThread {
    /// What is said where the dataset cannot be opened. A run that goes on elsewhere can be resumed there.
    fn not_opened(&self, start: &Start, err: EngineError) -> EngineError {
        let Start::Resume(folder, options) = start else {
            return err;
        };
        if matches!(err, EngineError::Cancelled) {
            return err;
        }
        let event = ThreadEvent::DatasetGone {
            run: folder.name(),
            problem: err.to_string(),
        };
        self.events.send(event).ok();
        if options.dataset.is_some() {
            return err;
        }
        EngineError::DatasetGone {
            run: folder.name(),
            problem: Box::new(err),
        }
    }

    /// Whether a run can begin; the weights that it does so with, unless they are drawn.
    fn check(
        &self,
        config: &RunConfig,
        dataset: &Dataset,
    ) -> Result<Option<InitialTensors>, EngineError> {
        let classes = dataset.classes.len();
        config.validate()?;
        config.check_classes(classes)?;
        check_stored_batches(config, dataset)?;
        Ok(InitialTensors::read(config, classes, &self.runs_dir)?)
    }
}

/// What the dataset says of how its images are read. What was measured is an assumption, which was said when it was
/// opened.
fn stated_of_images(dataset: &Dataset) -> Vec<String> {
    let stated = |note: &&Note| note.topic == NoteTopic::Images && !note.assumed;
    let notes = dataset.notes.iter().filter(stated);
    notes
        .map(|note| format!("{}: {note}", dataset.name))
        .collect()
}

/// How a run ended that never reached its loop.
fn outcome_of(err: &EngineError) -> Outcome {
    match err {
        EngineError::Cancelled => Outcome::Stopped { step: 0 },
        err => Outcome::Failed(err.to_string()),
    }
}
