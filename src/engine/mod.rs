//! The one owner of state and threads, driven alike by the window and the command line.
//!
//! Everything slow runs on named threads (`train`, `predict`, `dataset`, `devices`,
//! `weights`, `worker-N`); [`Engine::poll`] takes in what they sent. Re-exports every type that
//! `ui` and `cli` may name. Must not know about egui.

mod active;
mod catalogue;
mod datasets;
mod devices;
mod dirs;
mod export;
mod memory;
mod predict;
mod predictions;
mod runs;
mod score_masks;
mod source;
mod tasks;
mod training;
mod worker;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

pub use crate::dataset::{
    Augment, ChannelOrder, Class, ClassList, Dataset, DatasetStats, IMAGE_EXTENSIONS, Item,
    LabelMap, Layout, Normalization, Rgb, Split, VOID, ValueRange,
};
pub use crate::metrics::{BOUNDARY_WIDTH, ConfusionMatrix, Scores};
pub use crate::model::weights::{WEIGHTS_EXTENSIONS, WeightsLayout, WeightsRow, WeightsRowState};
pub use crate::model::{FinalUpsampling, Geometry, Trunk, Variant};
pub use crate::training::{
    DatasetRef, DeviceEntry, DeviceId, DeviceKind, EpochRecord, Init, Learning, Order, Outcome,
    Precision, Preview, PreviewItem, Recipe, Reduction, RunConfig, RunInfo, Schedule, StepRecord,
    WeightsChoice, WeightsSummary, autotune_folder, preset,
};
pub use active::{ActiveRun, Phase};
pub use catalogue::{
    Catalogue, CatalogueEntry, CatalogueItem, EntryState, KnownHash, public_weights,
};
pub use devices::{Devices, describe_exit, probe_main};
pub use dirs::Dirs;
pub use memory::keep_freed_memory;
pub use predict::{Evaluation, Logits, Prediction};
pub use predictions::NetworkSource;
pub use runs::{RunSnapshot, RunState};
pub use score_masks::{MaskClasses, MaskFolders, MaskScores, score_masks};
pub use source::{DatasetState, OpenDataset, Thumbnail, dataset_folder};
pub use tasks::{Cancel, Task, guarded};
pub use training::{Live, Plan};

use crate::training::checkpoint::RunFolder;
use catalogue::WeightsEvent;
use predict::PredictThread;
use tasks::{Pool, spawn_detached, spawn_thread};
use training::Trainer;

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

/// Something people should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// How bad it is.
    pub level: NoticeLevel,
    /// One sentence, and what to do.
    pub text: String,
}

/// How bad a [`Notice`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeLevel {
    /// Something went well.
    Info,
    /// Something was put right, or needs a look.
    Warning,
    /// Something was not done.
    Error,
}

/// What the engine's own threads send; the training thread has a channel of its own.
enum Event {
    Device(DeviceEntry),
    DevicesDone,
    DatasetProgress {
        generation: u64,
        share: f32,
    },
    DatasetOpened {
        generation: u64,
        result: Result<Arc<OpenDataset>, String>,
    },
    RunsLoaded(Vec<RunSnapshot>),
    Weights(WeightsEvent),
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
    /// Counts openings, so that a late answer of an older one is passed over.
    dataset_generation: u64,
    dataset_task: Option<Task<()>>,
    runs: Vec<RunSnapshot>,
    runs_known: bool,
    catalogue: Catalogue,
    trainer: Trainer,
    pool: Pool,
    predictor: PredictThread,
}

/// Events that may wait; senders block beyond that.
const QUEUE: usize = 256;

impl Engine {
    /// Starts the threads, the search for devices and the reading of the runs.
    pub fn new(options: EngineOptions) -> Self {
        Self::with_catalogue(options, public_weights())
    }

    /// As [`new`](Self::new), with another catalogue of public weights.
    pub fn with_catalogue(options: EngineOptions, entries: Vec<CatalogueEntry>) -> Self {
        let EngineOptions {
            dirs,
            waker,
            probe_program,
            live_masks,
        } = options;
        let (sender, events) = bounded(QUEUE);
        let mut engine = Self {
            trainer: Trainer::new(dirs.clone(), Arc::clone(&waker), live_masks),
            catalogue: Catalogue::new(dirs.runs.join("pretrained"), entries),
            dirs,
            waker,
            events,
            sender,
            notices: Vec::new(),
            devices: Devices::new(probe_program.is_some()),
            dataset: DatasetState::None,
            dataset_generation: 0,
            dataset_task: None,
            runs: Vec::new(),
            runs_known: false,
            pool: Pool::new(2),
            predictor: PredictThread::start(),
        };
        if let Some(program) = probe_program {
            engine.probe_devices(program);
        }
        engine.refresh_runs();
        engine.look_for_weights();
        engine
    }

    /// Takes in what the threads sent, for at most `budget`; true = more is waiting.
    pub fn poll(&mut self, budget: Duration) -> bool {
        let start = Instant::now();
        while start.elapsed() < budget {
            let own = self
                .events
                .try_recv()
                .map(|event| self.apply(event))
                .is_ok();
            let training = self.trainer.poll(&mut self.runs, &mut self.notices);
            if !own && !training {
                return false;
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
        let ready = select.ready_deadline(deadline);
        drop(select);
        if ready.is_ok() {
            self.poll(Duration::from_millis(50));
        }
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
            Event::DatasetProgress { .. } | Event::DatasetOpened { .. } => {}
            Event::RunsLoaded(runs) => {
                let old = std::mem::replace(&mut self.runs, runs);
                self.runs_known = true;
                self.trainer.keep_active(&mut self.runs, old);
            }
            Event::Weights(event) => self.apply_weights(event),
        }
    }

    fn notify(&mut self, level: NoticeLevel, text: impl Into<String>) {
        self.notices.push(Notice {
            level,
            text: text.into(),
        });
    }

    /// What people should know since the last call.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Where the program reads and writes.
    pub fn dirs(&self) -> &Dirs {
        &self.dirs
    }

    /// The devices found so far.
    pub fn devices(&self) -> &Devices {
        &self.devices
    }

    fn probe_devices(&self, program: PathBuf) {
        let (sender, waker) = (self.sender.clone(), Arc::clone(&self.waker));
        spawn_detached("devices", move || {
            devices::probe_all(&program, |entry| {
                sender.send(Event::Device(entry)).ok();
                waker();
            });
            sender.send(Event::DevicesDone).ok();
            waker();
        });
    }

    /// Trains one run; refused with a notice while another is active.
    pub fn start_run(&mut self, config: RunConfig) {
        self.start_plan(vec![config]);
    }

    /// Trains runs one after another. A stop or a failure ends the whole plan.
    pub fn start_plan(&mut self, configs: Vec<RunConfig>) {
        self.start_runs(configs, false);
    }

    /// Trains stages: as [`start_plan`](Self::start_plan), but each run starts from the best
    /// weights of the one before (FCN-32s, 16s, 8s; CVPR 2015, section 4.2).
    pub fn start_stages(&mut self, configs: Vec<RunConfig>) {
        self.start_runs(configs, true);
    }

    fn start_runs(&mut self, configs: Vec<RunConfig>, staged: bool) {
        // Of a plan no run is trained when one of them cannot be.
        let refusal = configs.iter().find_map(|config| {
            let problem = config.validate().err().map(|err| err.to_string());
            problem.or_else(|| self.devices.refusal(config.device))
        });
        match refusal {
            Some(text) => self.notify(NoticeLevel::Error, text),
            None => self.trainer.start(configs, staged, &mut self.notices),
        }
    }

    /// Takes a run up again from its last checkpoint.
    pub fn resume_run(&mut self, run: &str) {
        let Some(snapshot) = self.run(run) else {
            return self.notify(NoticeLevel::Error, format!("There is no run {run}"));
        };
        if !snapshot.can_resume {
            return self.notify(
                NoticeLevel::Error,
                format!(
                    "{run} has nothing to go on with: it is finished, active or was never saved"
                ),
            );
        }
        let config = snapshot.config.clone();
        match self.devices.refusal(config.device) {
            Some(text) => self.notify(NoticeLevel::Error, text),
            None => self
                .trainer
                .resume_run(self.folder(run), config, &mut self.notices),
        }
    }

    /// Asks the active run to wait after the step in hand.
    pub fn pause(&mut self) {
        self.trainer.pause();
    }

    /// Lets a paused run go on.
    pub fn resume(&mut self) {
        self.trainer.resume();
    }

    /// Asks the active run to save and end after the step in hand.
    pub fn stop(&mut self) {
        self.trainer.stop();
    }

    /// The run that is being trained.
    pub fn active(&self) -> Option<&ActiveRun> {
        self.trainer.active()
    }

    /// The plan of which the active run is a part; kept until the next start.
    pub fn plan(&self) -> Option<&Plan> {
        self.trainer.plan()
    }

    /// The newest masks of the pinned validation images; kept after the end.
    pub fn live(&self) -> Option<&Live> {
        self.trainer.live()
    }

    /// All runs, newest first.
    pub fn runs(&self) -> &[RunSnapshot] {
        &self.runs
    }

    /// Whether the runs folder was read; [`runs`](Self::runs) is empty before.
    pub fn runs_known(&self) -> bool {
        self.runs_known
    }

    /// A run by its name.
    pub fn run(&self, name: &str) -> Option<&RunSnapshot> {
        self.runs.iter().find(|run| run.name == name)
    }

    /// Reads the runs folder again, in the background.
    pub fn refresh_runs(&mut self) {
        let tell = self.runs_reader();
        spawn_detached("runs", tell);
    }

    /// Reads the runs folder and sends what is there.
    fn runs_reader(&self) -> impl FnOnce() + Send + 'static {
        let (sender, waker, runs) = (
            self.sender.clone(),
            Arc::clone(&self.waker),
            self.dirs.runs.clone(),
        );
        move || {
            sender.send(Event::RunsLoaded(runs::load_runs(&runs))).ok();
            waker();
        }
    }

    /// Deletes a run's folder; refused while it is trained.
    pub fn delete_run(&mut self, name: &str) {
        let folder = self.folder(name);
        if folder.is_locked() {
            return self.notify(
                NoticeLevel::Error,
                format!("{name} is being trained. Stop it first"),
            );
        }
        self.runs.retain(|run| run.name != name);
        let tell = self.runs_reader();
        spawn_detached("delete", move || {
            if let Err(err) = std::fs::remove_dir_all(folder.path()) {
                log::error!(
                    "{}: {err}. Delete the folder by hand",
                    folder.path().display()
                );
            }
            tell();
        });
    }

    fn folder(&self, run: &str) -> RunFolder {
        RunFolder::at(self.dirs.runs.join(run))
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
