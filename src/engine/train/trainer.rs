//! Starts the `train` thread, keeps its state, and goes through a plan of runs.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, bounded};

use super::active_run::{ActiveRun, Phase};
use super::thread::{Job, PreviewSlot, ThreadEvent, TrainThread};
use crate::dataset::ClassList;
use crate::engine::runs::{RunSnapshot, RunState, newest_first};
use crate::engine::{Dirs, Notice, NoticeLevel, Waker};
use crate::training::checkpoint::RunFolder;
use crate::training::{Control, InitialWeights, Outcome, Preview, RunConfig, TrainEvent};

/// Runs that are trained one after another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Names of the runs started so far.
    pub runs: Vec<String>,
    /// Runs in all.
    pub total: usize,
    /// Whether it is over, by its end, a stop or a failure.
    pub done: bool,
}

/// The newest masks of the pinned validation images.
#[derive(Debug, Clone)]
pub struct Live {
    /// The run that made them.
    pub run: String,
    /// The masks.
    pub preview: Arc<Preview>,
    /// The run's classes.
    pub classes: Arc<ClassList>,
}

/// The training side of the engine.
pub(in crate::engine) struct Trainer {
    dirs: Dirs,
    waker: Waker,
    live_masks: bool,
    current: Option<Current>,
    plan: Option<Plan>,
    waiting: VecDeque<RunConfig>,
    /// Whether each run of the plan starts from the one before.
    staged: bool,
    live: Option<Live>,
}

/// A running thread.
struct Current {
    active: ActiveRun,
    classes: Arc<ClassList>,
    control: Control,
    events: Receiver<ThreadEvent>,
    previews: PreviewSlot,
    thread: JoinHandle<()>,
}

/// Steps that may wait to be taken in; the loop blocks beyond that.
const QUEUE: usize = 1024;

impl Trainer {
    pub fn new(dirs: Dirs, waker: Waker, live_masks: bool) -> Self {
        Self {
            dirs,
            waker,
            live_masks,
            current: None,
            plan: None,
            waiting: VecDeque::new(),
            staged: false,
            live: None,
        }
    }

    pub fn active(&self) -> Option<&ActiveRun> {
        self.current.as_ref().map(|current| &current.active)
    }

    pub fn plan(&self) -> Option<&Plan> {
        self.plan.as_ref()
    }

    pub fn live(&self) -> Option<&Live> {
        self.live.as_ref()
    }

    pub fn events(&self) -> Option<&Receiver<ThreadEvent>> {
        self.current.as_ref().map(|current| &current.events)
    }

    /// Trains runs one after another; `staged` = each starts from the best weights of the
    /// one before.
    pub fn start(&mut self, configs: Vec<RunConfig>, staged: bool, notices: &mut Vec<Notice>) {
        if !self.is_free(notices) {
            return;
        }
        self.staged = staged;
        self.plan = Some(Plan {
            runs: Vec::new(),
            total: configs.len(),
            done: false,
        });
        self.waiting = configs.into();
        self.start_next(notices);
    }

    pub fn resume_run(&mut self, folder: RunFolder, config: RunConfig, notices: &mut Vec<Notice>) {
        if !self.is_free(notices) {
            return;
        }
        self.plan = Some(Plan {
            runs: Vec::new(),
            total: 1,
            done: false,
        });
        self.waiting.clear();
        self.launch(Job::Resume(folder), config, notices);
    }

    fn is_free(&self, notices: &mut Vec<Notice>) -> bool {
        let Some(active) = self.active() else {
            return true;
        };
        let text = format!(
            "{} is being trained. Stop it before another run is started",
            active.run
        );
        notices.push(Notice {
            level: NoticeLevel::Warning,
            text,
        });
        false
    }

    /// Starts the next run of the plan, or closes the plan.
    fn start_next(&mut self, notices: &mut Vec<Notice>) {
        match self.waiting.pop_front() {
            Some(mut config) => {
                let parent = self.plan.as_ref().and_then(|plan| plan.runs.last());
                if let (true, Some(parent)) = (self.staged, parent) {
                    config.init = InitialWeights::Run(parent.clone());
                }
                self.launch(Job::New(Box::new(config.clone())), config, notices);
            }
            None => self.end_plan(),
        }
    }

    fn end_plan(&mut self) {
        self.waiting.clear();
        if let Some(plan) = &mut self.plan {
            plan.done = true;
        }
    }

    fn launch(&mut self, job: Job, config: RunConfig, notices: &mut Vec<Notice>) {
        let (sender, events) = bounded(QUEUE);
        let control = Control::default();
        let previews = PreviewSlot::default();
        let thread = TrainThread {
            job,
            data_dir: self.dirs.data.clone(),
            runs_dir: self.dirs.runs.clone(),
            control: control.clone(),
            events: sender,
            previews: self.live_masks.then(|| Arc::clone(&previews)),
            waker: Arc::clone(&self.waker),
        };
        match thread.start() {
            Ok(thread) => {
                let active = ActiveRun::new(config);
                self.current = Some(Current {
                    active,
                    classes: Arc::default(),
                    control,
                    events,
                    previews,
                    thread,
                });
            }
            Err(err) => {
                let text = format!("The training thread could not be started: {err}");
                notices.push(Notice {
                    level: NoticeLevel::Error,
                    text,
                });
                self.end_plan();
            }
        }
    }

    pub fn pause(&mut self) {
        if let Some(current) = &mut self.current {
            current.control.pause();
            current.active.phase = Phase::Pausing;
        }
    }

    pub fn unpause(&mut self) {
        if let Some(current) = &mut self.current {
            current.control.unpause();
            current.active.phase = Phase::Training;
        }
    }

    pub fn stop(&mut self) {
        self.waiting.clear();
        if let Some(current) = &mut self.current {
            current.control.stop();
            current.active.phase = Phase::Stopping;
        }
    }

    /// Takes in one event and the newest masks; false = there was nothing.
    pub fn poll(&mut self, runs: &mut Vec<RunSnapshot>, notices: &mut Vec<Notice>) -> bool {
        let Some(current) = &mut self.current else {
            return false;
        };
        let preview = current
            .previews
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(preview) = preview {
            self.live = Some(Live {
                run: current.active.run.clone(),
                preview: Arc::new(preview),
                classes: Arc::clone(&current.classes),
            });
        }
        match current.events.try_recv() {
            Ok(ThreadEvent::Opened { folder, meta }) => {
                let snapshot = RunSnapshot::started(&folder, *meta);
                current.active.run.clone_from(&snapshot.name);
                current.classes = Arc::clone(&snapshot.classes);
                if let Some(plan) = &mut self.plan {
                    plan.runs.push(snapshot.name.clone());
                }
                insert(runs, snapshot);
            }
            Ok(ThreadEvent::Train(TrainEvent::Ended(outcome))) => {
                self.ended(outcome, runs, notices);
            }
            Ok(ThreadEvent::Train(event)) => current.apply(&event, runs),
            Err(_) => return false,
        }
        true
    }

    fn ended(&mut self, outcome: Outcome, runs: &mut [RunSnapshot], notices: &mut Vec<Notice>) {
        let Some(current) = self.current.take() else {
            return;
        };
        // The thread has nothing left to do: this does not wait.
        current.thread.join().ok();
        let name = if current.active.run.is_empty() {
            "The run"
        } else {
            &current.active.run
        };
        let (level, text) = match &outcome {
            Outcome::Finished => (NoticeLevel::Info, format!("{name} is finished")),
            Outcome::Stopped { step } => (
                NoticeLevel::Info,
                format!("{name} was stopped and saved after step {step}"),
            ),
            Outcome::Failed(message) => (NoticeLevel::Error, format!("{name} failed: {message}")),
        };
        notices.push(Notice { level, text });
        let finished = outcome == Outcome::Finished;
        if let Some(snapshot) = runs.iter_mut().find(|run| run.name == current.active.run) {
            snapshot.can_resume = snapshot.has_weights && !finished;
            snapshot.state = match outcome {
                Outcome::Finished => RunState::Finished,
                Outcome::Stopped { .. } => RunState::Stopped,
                Outcome::Failed(message) => RunState::Failed(message),
            };
        }
        if finished {
            self.start_next(notices);
        } else {
            self.end_plan();
        }
    }

    /// Keeps the active run of `old`, which is ahead of its files, in a freshly read list.
    pub fn keep_active(&self, runs: &mut Vec<RunSnapshot>, old: Vec<RunSnapshot>) {
        let active = self.active().map_or("", |active| &active.run);
        if let Some(snapshot) = old.into_iter().find(|run| run.name == active) {
            insert(runs, snapshot);
        }
    }
}

/// Puts a run into its place, instead of an older state of it.
fn insert(runs: &mut Vec<RunSnapshot>, snapshot: RunSnapshot) {
    runs.retain(|run| run.name != snapshot.name);
    runs.push(snapshot);
    newest_first(runs);
}

impl Current {
    fn apply(&mut self, event: &TrainEvent, runs: &mut [RunSnapshot]) {
        self.active.apply(event);
        let Some(snapshot) = runs.iter_mut().find(|run| run.name == self.active.run) else {
            return;
        };
        match event {
            TrainEvent::Step(step) => snapshot.steps.push(step.clone()),
            TrainEvent::EpochEnded(epoch) => snapshot.epochs.push(epoch.clone()),
            TrainEvent::Saved { .. } => snapshot.has_weights = true,
            _ => {}
        }
    }
}

impl Drop for Trainer {
    /// The run saves itself and ends; the program waits for that.
    fn drop(&mut self) {
        if let Some(current) = self.current.take() {
            current.control.stop();
            // Without a receiver the thread cannot block on a full channel.
            drop(current.events);
            current.thread.join().ok();
        }
    }
}
