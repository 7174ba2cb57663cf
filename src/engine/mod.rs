//! The one owner of state and threads, driven alike by the window and the command line.
//!
//! Everything slow runs on named threads (`train`, `predict`, `evaluate`, `runs`, `dataset`,
//! `devices`, `weights`, `get-dataset`, `worker-N`); [`Engine::poll`] applies what they sent. Re-exports every type that
//! `ui` and `cli` may name. Must not know about egui.

mod background;
mod before_start;
mod catalogue;
mod dataset;
mod dataset_check;
mod dataset_edit;
mod dataset_view;
mod devices;
mod dirs;
mod error;
mod evaluate;
mod export;
mod film;
mod for_pytorch;
mod html;
mod in_dataset;
mod maps;
mod memory;
mod meters;
mod notice;
mod notify;
mod on_device;
mod outputs;
mod path_kinds;
pub mod plots;
mod predict;
mod predict_all;
mod queue;
mod rate_search;
mod report;
mod runs;
mod save_plot;
mod score_masks;
mod signals;
mod starting_point;
mod tasks;
#[cfg(test)]
pub mod test_runs;
mod train;
mod trial;
mod typed_path;
mod weights_files;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

pub use crate::dataset::{
    Area, Augment, BandChoice, ChannelOrder, CheckReport, ChosenLists, Class, ClassList, ClassMap,
    Confidence, Dataset, DatasetError, DatasetItem, DatasetStats, Finding, FindingKind, Fix,
    FixPlan, FixedDataset, IMAGE_EXTENSIONS, IMAGES_AND_ARCHIVES, ImageFacts, ImageFiles,
    ImageReading, LabelMap, Layout, MOST_BANDS, MappedClass, Normalization, PairReview, Palette,
    Pixels, PlanValue, RangeChoice, ReviewedPair, Rgb, Severity, Size, Split, SplitPlan, TurnMasks,
    VOID, ValidationPart, ValueRange, color_blind, compared_name, encode_rgb_png,
    has_image_extension, resize_rgb, voc_color,
};
pub use crate::files::{Existing, FileError, Output};
pub use crate::metrics::{
    BOUNDARY_WIDTH, BandScore, CalibrationBin, ComponentCounts, Confusion, ConfusionMatrix,
    ObjectScore, ObjectSize, Scores, SetCounts, disagreement,
};
pub use crate::model::weights::{
    WEIGHTS_EXTENSIONS, WeightsLayout, WeightsRow, WeightsRowState, has_weights_extension,
};
pub use crate::model::{FinalUpsampling, Geometry, LayerOutput, ParamStage, Trunk, Variant};
pub use crate::training::checkpoint::RunNotes;
pub use crate::training::film::{Film, FilmProbe};
pub use crate::training::{
    Alarm, AlarmKind, Averaging, BatchTarget, BestBy, BrokenRule, BrokenRules, CheckpointPolicy,
    Choice, ClassShares, ClassWeights, Configured, DataFacts, DatasetRef, DecodedCache,
    DeviceEntry, DeviceId, DeviceKind, DeviceMemory, EpochRecord, FittingChange, Grid, GridError,
    InitialWeights, Learning, MatrixUnitsState, MemoryEstimate, MemoryFit, MemoryRoom, Objective,
    OptimizerKind, Outcome, Precision, PredictOptions, Preparation, Preview, PreviewItem,
    RatePoint, RateRange, RateSearch, Recipe, Reduction, Remedy, Repeats, Reproduction, RunConfig,
    RunInfo, RunTime, STOP_GRACE, SampleOrder, SavedWeights, Schedule, ScoredImage, SeenImage,
    SeenStep, StageRates, StartingPoint, StepPhase, StepProgress, StepRange, StepRecord, Tile,
    TilePlan, Tiling, TimeSource, TrainError, TrainOptions, Trial, Verdict, WeightsChoice,
    WeightsSummary, WrittenBatches, autotune_folder, memory_text, network_preset, preset,
    tested_devices_file,
};
pub use background::free_beside;
pub use before_start::BeforeStart;
pub use catalogue::{
    Catalogue, CatalogueEntry, CatalogueError, CatalogueItem, EntryState, KnownHash, PublicDataset,
    PublicFile, PublicWeights, public_datasets, public_weights,
};
pub use dataset::{CheckedDataset, DatasetState, OpenDataset, Thumbnail, dataset_folder};
pub use dataset_check::FixChoice;
pub use dataset_edit::{DatasetEdit, MadeList, MadeLists, SavedEdit};
pub use dataset_view::{ItemFilter, Sampling, StepPreview};
pub use devices::{Devices, describe_exit, probe_main};
pub use dirs::Dirs;
pub use error::{EngineError, Lost, RestoreError};
pub use evaluate::{
    Evaluation, KeptEvaluation, KeptEvaluations, PaperScore, ScoredSplit, components_csv,
    confused_pixels, confusion_csv, images_csv,
};
pub use export::SaveTo;
pub use film::{FilmFile, RunFilm};
pub use maps::{ColorScale, MapColors, MapFiles, NumberMap, picture_of, tick_text};
pub use memory::keep_freed_memory;
pub use meters::Meters;
pub use notice::{Notice, NoticeLevel};
use notify::Sending;
pub use notify::{Notifications, RunEnded, WebhookError, check_webhook};
pub use outputs::PredictionFiles;
pub use path_kinds::{PathKind, PathKinds};
pub use predict::{
    Activations, ChannelChoice, ClassScore, EFFECTIVE_SHARE, EffectiveField, Explanation,
    ExplanationMap, ImageComparison, Logits, NetworkOnImage, NetworkSource, PartialMask,
    PartialState, PixelRect, PixelScores, Prediction, RunWeights, Truth,
};
pub use predict_all::{PredictedAll, WhatToWrite};
pub use queue::{Queue, QueueEdit, QueuedRun};
pub use runs::{Difference, Need, RunSnapshot, RunState, differences, own_settings};
use runs::{RunsEvent, RunsThread, Undo};
pub use save_plot::PlotFile;
pub use score_masks::{MaskClasses, MaskFolders, MaskScoreError, MaskScores, score_masks};
pub use signals::{STOP_SIGNALS, on_stop_signal};
pub use tasks::{Cancel, Poll, Task, guarded};
pub use train::{
    ActiveRun, Live, OtherPlace, Phase, Plan, RestOfPlan, RunAlarm, RunEvent, RunEventKind,
};
pub use typed_path::{argument_path, entered_path, typed_path, whole_path};

use background::Background;
use catalogue::{CatalogueEvent, Reporter};
use predict::PredictThread;
use tasks::{Pool, spawn_thread};
use train::Trainer;

/// Called from any thread when there is something new to poll.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// What an engine is made with.
#[derive(Clone)]
pub struct EngineOptions {
    /// Where datasets and runs are.
    pub dirs: Dirs,
    /// Wakes the thread that polls.
    pub waker: Waker,
    /// The executable that answers `devices --probe`; `None` = offer the processor alone.
    pub probe_program: Option<PathBuf>,
    /// Whether somebody looks at live masks while a run trains.
    pub live_masks: bool,
}

/// What the engine's own threads send; the training thread has a channel of its own.
enum Event {
    Device(DeviceEntry),
    DevicesDone,
    DatasetProgress {
        generation: u64,
        share: f32,
    },
    DatasetChecking {
        generation: u64,
        share: f32,
    },
    DatasetOpened {
        generation: u64,
        result: Result<Arc<OpenDataset>, EngineError>,
    },
    Runs(RunsEvent),
    Weights(CatalogueEvent),
    PublicDatasets(CatalogueEvent),
}

/// State and threads of the program.
pub struct Engine {
    dirs: Dirs,
    waker: Waker,
    events: Receiver<Event>,
    sender: Sender<Event>,
    notices: Vec<Notice>,
    devices: Devices,
    dataset: DatasetState,
    /// Counts openings, so that a late answer of an older one is ignored.
    dataset_generation: u64,
    dataset_task: Option<Task<()>>,
    /// The share of the open dataset that is checked.
    dataset_checked: f32,
    /// What a check of the open dataset found that somebody asked for.
    dataset_check: Option<Arc<CheckedDataset>>,
    /// What was open before, until the next one is.
    dataset_before: Option<Arc<OpenDataset>>,
    dataset_problem: Option<String>,
    background: Vec<(Background, Task<()>)>,
    runs: Vec<RunSnapshot>,
    runs_known: bool,
    runs_thread: RunsThread,
    /// How the changes of runs are taken back, the last one at the end.
    run_undos: Vec<Undo>,
    catalogue: Catalogue<PublicWeights>,
    public_datasets: Catalogue<PublicDataset>,
    notifications: Notifications,
    sending: Sending,
    trainer: Trainer,
    /// The queue, where another program works on it.
    queue: Queue,
    /// Changes of the queue that were asked for.
    queue_changes: usize,
    pool: Pool,
    predictor: Arc<PredictThread>,
}

/// Events that may wait; senders block beyond that.
const QUEUE: usize = 256;

impl Engine {
    /// Starts the threads, the search for devices and the reading of the runs.
    pub fn new(options: EngineOptions) -> Self {
        Self::with_catalogues(options, public_weights(), public_datasets())
    }

    /// As [`new`](Self::new), with other public weights and datasets.
    pub fn with_catalogues(
        options: EngineOptions,
        weights: Vec<PublicWeights>,
        datasets: Vec<PublicDataset>,
    ) -> Self {
        let EngineOptions {
            dirs,
            waker,
            probe_program,
            live_masks,
        } = options;
        let (sender, events) = bounded(QUEUE);
        let reporter = |event, thread| Reporter {
            sender: sender.clone(),
            waker: Arc::clone(&waker),
            event,
            thread,
        };
        let weights = Catalogue::new(
            dirs.runs.join("pretrained"),
            weights,
            reporter(Event::Weights, "weights"),
        );
        let datasets = Catalogue::new(
            dirs.data.clone(),
            datasets,
            reporter(Event::PublicDatasets, "get-dataset"),
        );
        let mut engine = Self {
            trainer: Trainer::new(dirs.clone(), Arc::clone(&waker), live_masks),
            catalogue: weights,
            public_datasets: datasets,
            runs_thread: RunsThread::start(&dirs.runs, &waker, sender.clone()),
            run_undos: Vec::new(),
            dirs,
            waker,
            events,
            sender,
            notices: Vec::new(),
            notifications: Notifications::default(),
            sending: Sending::default(),
            queue: Queue::default(),
            queue_changes: 0,
            devices: Devices::new(probe_program.is_some()),
            dataset: DatasetState::None,
            dataset_generation: 0,
            dataset_task: None,
            dataset_checked: 0.0,
            dataset_check: None,
            dataset_before: None,
            dataset_problem: None,
            background: Vec::new(),
            runs: Vec::new(),
            runs_known: false,
            pool: Pool::new(2),
            predictor: Arc::new(PredictThread::start()),
        };
        if let Some(program) = probe_program {
            engine.probe_devices(program);
        }
        engine.look_at_catalogues();
        engine
    }

    /// Applies what the threads sent, for at most `budget`; true = more is waiting.
    pub fn poll(&mut self, budget: Duration) -> bool {
        let start = Instant::now();
        while start.elapsed() < budget {
            let own = self
                .events
                .try_recv()
                .map(|event| self.apply(event))
                .is_ok();
            let training = self.trainer.poll(&mut self.runs, &mut self.notices);
            self.write_queue();
            self.tell_ended();
            let trained = self.trainer.active().map(|active| active.run.as_str());
            self.runs_thread.set_own(trained);
            if training && trained.is_none() {
                self.devices.note_lost();
            }
            if !own && !training {
                self.take_lost();
                return !self.events.is_empty();
            }
        }
        true
    }

    /// Blocks until something is there to poll or `timeout` is over, then polls.
    pub fn wait(&mut self, timeout: Duration) {
        let deadline = Instant::now() + timeout;
        let mut select = crossbeam_channel::Select::new();
        select.recv(&self.events);
        if let Some(events) = self.trainer.events() {
            select.recv(events);
        }
        // Only waits; `poll` receives.
        select.ready_deadline(deadline).ok();
        drop(select);
        self.poll(Duration::from_millis(50));
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::Device(entry) => self.devices.entries.push(entry),
            Event::DevicesDone => self.devices.probing = false,
            Event::DatasetProgress { generation, share }
                if generation == self.dataset_generation =>
            {
                if let DatasetState::Opening { progress, .. } = &mut self.dataset {
                    *progress = Some(share);
                }
            }
            Event::DatasetOpened { generation, result }
                if generation == self.dataset_generation =>
            {
                self.dataset_opened(result);
            }
            Event::DatasetChecking { generation, share }
                if generation == self.dataset_generation =>
            {
                self.dataset_checked = share;
            }
            // Of a dataset that nobody waits for any more.
            Event::DatasetOpened { result, .. } => free_beside(result),
            Event::DatasetProgress { .. } | Event::DatasetChecking { .. } => {}
            Event::Runs(event) => self.apply_runs(event),
            Event::Weights(event) => self.apply_weights(event),
            Event::PublicDatasets(event) => self.apply_public_datasets(event),
        }
    }

    /// Where the program reads and writes.
    pub fn dirs(&self) -> &Dirs {
        &self.dirs
    }

    /// Runs short work (decoding, coloring) on a worker; its result wakes the window.
    pub fn spawn<T: Send + 'static>(
        &self,
        name: &'static str,
        work: impl FnOnce(&Cancel) -> T + Send + 'static,
    ) -> Task<T> {
        self.pool.spawn(&self.waker, name, work)
    }

    /// Runs what waits on people (a dialog) on a thread of its own.
    pub fn spawn_waiting<T: Send + 'static>(
        &self,
        name: &'static str,
        work: impl FnOnce(&Cancel) -> T + Send + 'static,
    ) -> Task<T> {
        spawn_thread(&self.waker, name, work)
    }
}
