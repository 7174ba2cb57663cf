//! STUB of the engine: signatures are final, bodies are being written elsewhere.
#![allow(unused, missing_docs, clippy::all, clippy::pedantic)]
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
// re-exports of plain types:
pub use crate::dataset::{Augment, Class, ClassList, DatasetStats, Dataset, Item, LabelMap, Layout, Normalization, Rgb, Split, IMAGE_EXTENSIONS, VOID};
pub use crate::metrics::{ConfusionMatrix, Scores};
pub use crate::model::{FinalUpsampling, Trunk, Variant};
pub use crate::training::{preset, DatasetRef, DeviceEntry, DeviceId, DeviceKind, EpochRecord, Learning, Outcome, Preview, PreviewItem, RunConfig, RunInfo, Schedule, StepRecord};

/// Called from any thread when there is something new to poll (the window passes ctx.request_repaint()).
pub type Waker = Arc<dyn Fn() + Send + Sync>;

#[derive(Clone)]
pub struct EngineOptions { pub dirs: Dirs, pub waker: Waker, /// the executable that answers `devices --probe`; None = never start a child, offer the CPU only
    pub probe_program: Option<PathBuf> }
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dirs { pub data: PathBuf, pub runs: PathBuf }
impl Dirs { pub fn resolve(data_dir: Option<PathBuf>, runs_dir: Option<PathBuf>) -> Result<Self, String> { todo!() } }


pub struct Notice { pub level: NoticeLevel, pub text: String }
#[derive(Debug, Clone, Copy, PartialEq, Eq)] pub enum NoticeLevel { Info, Warning, Error }
pub struct Devices { pub entries: Vec<DeviceEntry>, pub probing: bool }
pub struct Thumbnail { pub image: Rgb, pub labels: LabelMap }
pub struct Plan { pub runs: Vec<String>, pub total: usize, pub done: bool }
pub struct Live { pub run: String, pub preview: Arc<Preview>, pub classes: Arc<ClassList> }
pub struct Cancel; impl Cancel { pub fn is_cancelled(&self) -> bool { false } pub fn set_progress(&self, share: f32) {} }
#[derive(Debug, Clone, PartialEq)] pub enum Phase { Starting, Training, Validating { done: usize, total: usize }, Pausing, Paused, Stopping }
#[derive(Debug, Clone, PartialEq, Eq)] pub enum RunState { Active, Finished, Stopped, Failed(String), Interrupted }
/// A result that another thread is working on. Dropping it cancels the work.
pub struct Task<T> { rx: crossbeam_channel::Receiver<T> }
impl<T> Task<T> {
  pub fn poll(&mut self) -> Option<T> { todo!() } // Some exactly once
  pub fn is_done(&self) -> bool { todo!() } 
  pub fn progress(&self) -> Option<f32> { todo!() } // 0..=1 where known
  pub fn wait(self) -> T { todo!() } // for cli/tests (panics never; returns Err? T is usually Result<_, String>)
}

pub struct Engine;
impl Engine {
  pub fn new(options: EngineOptions) -> Engine { todo!() } 
  /// Takes in what the workers sent, for at most `budget`; true = more is waiting. Call once a frame.
  pub fn poll(&mut self, budget: Duration) -> bool { todo!() } 
  /// Blocks until something arrives or `timeout`; then polls. For the cli and tests.
  pub fn wait(&mut self, timeout: Duration) { todo!() } 
  pub fn take_notices(&mut self) -> Vec<Notice> { todo!() }         // Notice { level: NoticeLevel{Info,Warning,Error}, text: String }

  pub fn dirs(&self) -> &Dirs { todo!() } 
  // --- devices (probed in a child process at start-up, list starts with the CPU)
  pub fn devices(&self) -> &Devices { todo!() }                     // Devices { entries: Vec<DeviceEntry>, probing: bool }
  // --- data set
  pub fn open_dataset(&mut self, which: DatasetRef) { todo!() } // on a worker; makes the sample if needed
  pub fn dataset(&self) -> &DatasetState { todo!() } 
  pub fn thumbnail(&self, split: Split, index: usize, max_side: u32) -> Task<Result<Thumbnail, String>> { todo!() } // Thumbnail { image: Rgb, labels: LabelMap } both downscaled
  // --- training
  pub fn start_run(&mut self, config: RunConfig) { todo!() } // one at a time; refused with a notice when a run is active
  pub fn start_plan(&mut self, configs: Vec<RunConfig>) { todo!() } // one after another ("train three strides"); stop ends the whole plan
  pub fn resume_run(&mut self, run: &str) { todo!() } // from its last checkpoint
  pub fn pause(&mut self) { todo!() } pub fn resume(&mut self) { todo!() } pub fn stop(&mut self) { todo!() } 
  pub fn active(&self) -> Option<&ActiveRun> { todo!() } 
  pub fn plan(&self) -> Option<&Plan> { todo!() }                   // Plan { runs: Vec<String> /*started so far*/, total: usize, done: bool } kept after the end until the next start
  pub fn live(&self) -> Option<&Live> { todo!() }                   // Live { run: String, preview: Arc<Preview>, classes: Arc<ClassList> } last preview, kept after the end
  // --- runs on disk (and the active one), newest first
  pub fn runs(&self) -> &[RunSnapshot] { todo!() } 
  pub fn run(&self, name: &str) -> Option<&RunSnapshot> { todo!() } 
  pub fn refresh_runs(&mut self) { todo!() } 
  pub fn delete_run(&mut self, name: &str) { todo!() } // moves nothing, deletes the folder; refused while active
  // --- prediction, on the `predict` thread, which keeps the last models loaded
  pub fn predict(&self, run: &str, image: &Path) -> Task<Result<Arc<Prediction>, String>> { todo!() } 
  /// Scores the run's best weights over a split of its data set.
  pub fn evaluate(&self, run: &str, split: Split) -> Task<Result<Evaluation, String>> { todo!() }
  pub fn save_mask(&self, mask: Arc<LabelMap>, classes: Arc<ClassList>, path: PathBuf) -> Task<Result<PathBuf, String>> { todo!() } 
  pub fn save_overlay(&self, image: Arc<Rgb>, mask: Arc<LabelMap>, classes: Arc<ClassList>, opacity: f32, path: PathBuf) -> Task<Result<PathBuf, String>> { todo!() } 
  /// Runs `work` on a worker thread of the pool (decode, color, ...); its result wakes the window.
  pub fn spawn<T: Send + 'static>(&self, name: &'static str, work: impl FnOnce(&Cancel) -> T + Send + 'static) -> Task<T> { todo!() } 
}
pub enum DatasetState { None, Opening { label: String, progress: Option<f32> }, Ready(Arc<OpenDataset>), Failed { label: String, message: String } }
pub struct OpenDataset { pub which: DatasetRef, pub dataset: Dataset, pub stats: Option<DatasetStats> /* None while still counting */ }
pub struct ActiveRun { pub run: String, pub phase: Phase /* Starting, Training, Validating{done,total}, Paused, Pausing, Stopping */, pub info: Option<RunInfo>, pub step: usize, pub epoch: usize, pub steps_per_sec: Option<f64>, pub remaining_secs: Option<f64>, pub config: RunConfig }
pub struct RunSnapshot { pub name: String, pub config: RunConfig, pub classes: Arc<ClassList>, pub dataset_name: String, pub created: String /* "2026-11-23 14:05" */, pub state: RunState /* Active, Finished, Stopped, Failed(String), Interrupted (no end marker) */, pub steps: Vec<StepRecord>, pub epochs: Vec<EpochRecord>, pub has_weights: bool, pub can_resume: bool }
impl RunSnapshot { pub fn best(&self) -> Option<&EpochRecord> { todo!() } pub fn title(&self) -> String { todo!() } }
pub struct Prediction { pub run: String, pub image_path: PathBuf, pub image: Arc<Rgb>, pub mask: Arc<LabelMap> /* same size */, pub classes: Arc<ClassList>, pub secs: f64, pub truth: Option<Arc<LabelMap>> /* where the open data set knows the image */, pub scores: Option<Scores> }
#[derive(Debug, Clone)] pub struct Evaluation { pub scores: Scores, pub images: usize, pub secs: f64, pub val_loss: Option<f64>, pub classes: Arc<ClassList> }
/// Answers `devices --probe`: tries one device (or lists all) and prints JSON to stdout; the exit code.
pub fn probe_main(what: &str) -> i32 { todo!() }
