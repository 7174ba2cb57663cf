//! Starts the `train` thread, keeps its state, and goes through a plan of runs.

mod over;
mod queue;

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, TryRecvError, bounded};

use super::active_run::{ActiveRun, Phase};
use super::current::{Current, LeftThreads, PATIENCE, insert};
use super::live::Live;
use super::notice_of::notice_of;
use super::plan::{Plan, RunAlarm};
use super::run_event::{RunEventKind, RunEvents};
use super::thread::{Job, TrainThread};
use super::thread_event::{PreviewSlot, ThreadEvent};
use crate::engine::devices::Devices;
use crate::engine::meters::{Meters, MetersThread};
use crate::engine::notify::RunEnded;
use crate::engine::queue::{Queue, QueueEdit, QueueOwner, QueuedRun};
use crate::engine::runs::RunSnapshot;
use crate::engine::{Dirs, EngineError, Lost, Notice, NoticeLevel, Waker};
use crate::training::checkpoint::RunFolder;
use crate::training::{Alarm, Control, Outcome, RunConfig, TrainEvent, TrainOptions};

/// The training side of the engine.
#[expect(
    clippy::struct_excessive_bools,
    reason = "settings that do not depend on each other"
)]
pub(in crate::engine) struct Trainer {
    dirs: Dirs,
    waker: Waker,
    live_masks: bool,
    pub(super) current: Option<Current>,
    plan: Option<Plan>,
    /// The runs that wait: the queue, where this program works on that, else those of its plan.
    queue: Queue,
    /// Held where it is the queue.
    owner: Option<QueueOwner>,
    /// Changes that are not in the file yet.
    edits: Vec<QueueEdit>,
    /// Runs of the plan that was started here.
    own: Vec<u64>,
    /// Whether the other runs of the queue are trained too.
    running_queue: bool,
    /// Which of the queue the active run is.
    current_id: Option<u64>,
    /// Whether runs start that need more memory than there is.
    pub(super) ignore_memory: bool,
    /// Whether the computer is kept from going to sleep while a run is trained.
    pub(super) keep_awake: bool,
    /// The devices as they were known when runs were started.
    pub(in crate::engine) devices: Devices,
    /// How long a run on a GPU may take to end at once: no compiler and no driver can be interrupted.
    pub(super) patience: Duration,
    /// Threads that did not.
    left: LeftThreads,
    live: Option<Live>,
    /// Of the active run.
    meters: Option<MetersThread>,
    /// Runs whose end was not told yet.
    ended: Vec<RunEnded>,
    pub(super) run_events: RunEvents,
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
            queue: Queue::default(),
            owner: None,
            edits: Vec::new(),
            own: Vec::new(),
            running_queue: false,
            current_id: None,
            ignore_memory: false,
            keep_awake: false,
            devices: Devices::new(false),
            patience: PATIENCE,
            left: LeftThreads::default(),
            live: None,
            meters: None,
            ended: Vec::new(),
            run_events: RunEvents::default(),
        }
    }

    pub fn active(&self) -> Option<&ActiveRun> {
        self.current.as_ref().map(|current| &current.active)
    }

    pub fn plan(&self) -> Option<&Plan> {
        self.plan.as_ref()
    }

    /// Forgets what was noticed so far.
    pub fn close_alarms(&mut self) {
        if let Some(plan) = &mut self.plan {
            plan.alarms.clear();
        }
    }

    /// What the active run takes of the machine.
    pub fn meters(&self) -> Option<Meters> {
        self.meters.as_ref().map(MetersThread::latest)
    }

    /// The runs that have ended since the last call.
    pub fn take_ended(&mut self) -> Vec<RunEnded> {
        std::mem::take(&mut self.ended)
    }

    pub fn live(&self) -> Option<&Live> {
        self.live.as_ref()
    }

    pub fn events(&self) -> Option<&Receiver<ThreadEvent>> {
        self.current.as_ref().map(|current| &current.events)
    }

    /// Trains runs one after another; `staged` = each starts from the best weights of the
    /// one before. Several are in the queue until they are finished.
    pub fn start(&mut self, configs: Vec<RunConfig>, staged: bool) -> Result<(), EngineError> {
        self.begin_plan()?;
        if let [config] = &configs[..] {
            return self.launch(Job::New(Box::new(config.clone())), config.clone());
        }
        let queued = |(place, config)| QueuedRun::new(config, staged && place > 0);
        let runs: Vec<QueuedRun> = configs.into_iter().enumerate().map(queued).collect();
        self.own = runs.iter().map(|run| run.id).collect();
        self.edit(QueueEdit::Add { runs, first: true });
        self.start_next()
    }

    /// Goes on with a run, and with the queue that was stopped in it.
    pub fn resume_run(
        &mut self,
        folder: RunFolder,
        config: RunConfig,
        options: TrainOptions,
    ) -> Result<(), EngineError> {
        let name = folder.name();
        self.begin_plan()?;
        let is_it = |entry: &&QueuedRun| entry.run.as_ref() == Some(&name);
        self.current_id = self.queue.entries.iter().find(is_it).map(|entry| entry.id);
        self.running_queue = self.current_id.is_some();
        self.launch(Job::Resume(folder, Box::new(options)), config)
    }

    fn begin_plan(&mut self) -> Result<(), EngineError> {
        if let Some(active) = self.active() {
            return Err(EngineError::Busy {
                run: active.name_or("the last run started").to_owned(),
            });
        }
        if self.owner.is_none() {
            self.queue = Queue::default();
        }
        self.own.clear();
        self.current_id = None;
        self.running_queue = false;
        self.plan = Some(Plan::new(1));
        Ok(())
    }

    /// Starts the next run, or closes the plan.
    fn start_next(&mut self) -> Result<(), EngineError> {
        let Some(entry) = self.next_entry().cloned() else {
            self.end_plan();
            return Ok(());
        };
        self.current_id = Some(entry.id);
        let config = Box::new(entry.config.clone());
        let job = match &entry.run {
            Some(run) => Job::Begun(RunFolder::at(self.dirs.runs.join(run)), config),
            None => Job::New(config),
        };
        self.launch(job, entry.config)
    }

    fn end_plan(&mut self) {
        self.own.clear();
        self.running_queue = false;
        self.current_id = None;
        if self.owner.is_none() {
            self.queue = Queue::default();
        }
        if let Some(plan) = &mut self.plan {
            plan.done = true;
        }
    }

    fn launch(&mut self, job: Job, config: RunConfig) -> Result<(), EngineError> {
        let (sender, events) = bounded(QUEUE);
        let control = Control::default();
        let previews = PreviewSlot::default();
        let thread = TrainThread {
            job,
            data_dir: self.dirs.data.clone(),
            runs_dir: self.dirs.runs.clone(),
            ignore_memory: self.ignore_memory,
            memory: self.devices.memory(config.device),
            keep_awake: self.keep_awake,
            control: control.clone(),
            events: sender,
            previews: self.live_masks.then(|| Arc::clone(&previews)),
            waker: Arc::clone(&self.waker),
        };
        let thread = thread.start().map_err(|source| {
            self.end_plan();
            EngineError::Thread {
                name: "train",
                source,
            }
        })?;
        // The masks of the run before are not this run's.
        self.live = None;
        self.meters = Some(MetersThread::start(config.device));
        self.current = Some(Current {
            active: ActiveRun::new(config),
            classes: Arc::default(),
            control,
            events,
            previews,
            thread,
            leave_at: None,
        });
        self.count_plan();
        Ok(())
    }

    fn current(&mut self) -> Result<&mut Current, EngineError> {
        self.current.as_mut().ok_or(EngineError::NotTraining)
    }

    pub fn pause(&mut self) -> Result<(), EngineError> {
        let current = self.current()?;
        current.control.pause();
        current.active.phase = Phase::Pausing;
        Ok(())
    }

    pub fn unpause(&mut self) -> Result<(), EngineError> {
        let current = self.current()?;
        current.control.unpause();
        current.active.phase = Phase::Training;
        Ok(())
    }

    pub fn stop(&mut self) -> Result<(), EngineError> {
        let current = self.current()?;
        current.control.stop();
        current.active.stop_asked();
        Ok(())
    }

    pub fn stop_now(&mut self) -> Result<(), EngineError> {
        let current = self.current()?;
        current.control.stop_now();
        current.active.phase = Phase::StoppingNow;
        if current.is_on_gpu() {
            let leave_at = Instant::now() + self.patience;
            self.current()?.leave_at.get_or_insert(leave_at);
        }
        Ok(())
    }

    /// Takes in one event and the newest masks; false = there was nothing.
    pub fn poll(&mut self, runs: &mut Vec<RunSnapshot>, notices: &mut Vec<Notice>) -> bool {
        let Some(current) = &mut self.current else {
            return false;
        };
        current.active.in_step = current.control.step_progress();
        // Until the run has its name, nothing says whose masks they are.
        let preview = (!current.active.run.is_empty())
            .then_some(&current.previews)
            .and_then(|slot| slot.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(preview) = preview {
            self.live = Some(Live {
                run: current.active.run.clone(),
                preview: Arc::new(preview),
                classes: Arc::clone(&current.classes),
            });
        }
        match current.events.try_recv() {
            Ok(ThreadEvent::Estimated(estimate)) => current.active.before_start = Some(estimate),
            Ok(ThreadEvent::Opened { folder, meta }) => {
                let snapshot = RunSnapshot::started(&folder, *meta);
                current.active.run.clone_from(&snapshot.name);
                current.classes = Arc::clone(&snapshot.classes);
                if let Some(plan) = &mut self.plan {
                    plan.runs.push(snapshot.name.clone());
                }
                if let Some(id) = self.current_id {
                    let run = snapshot.name.clone();
                    self.edit(QueueEdit::Begun { id, run });
                }
                insert(runs, snapshot);
            }
            Ok(ThreadEvent::Checking { done, total }) => current.active.checking(done, total),
            Ok(ThreadEvent::DatasetGone { run, problem }) => {
                if let Some(plan) = &mut self.plan {
                    plan.alarms.push(RunAlarm {
                        run,
                        config: current.active.config.clone(),
                        alarm: Alarm::dataset_gone(&problem),
                    });
                }
            }
            Ok(ThreadEvent::Moved { dataset, name }) => {
                let active = &current.active.run;
                if let Some(snapshot) = runs.iter_mut().find(|run| run.name == *active) {
                    snapshot.config.dataset = dataset;
                    snapshot.dataset_name = name;
                }
            }
            Ok(ThreadEvent::Warning(text)) => {
                let level = NoticeLevel::Warning;
                notices.push(Notice { level, text });
            }
            Ok(ThreadEvent::Train(TrainEvent::Ended(outcome))) => {
                self.ended(outcome, runs, notices);
            }
            Ok(ThreadEvent::Train(event)) => {
                current.apply(&event, runs);
                if let Some(plan) = &mut self.plan {
                    plan.note(&current.active, &event);
                }
                let run = &current.active.run;
                match event {
                    TrainEvent::Started(info) => self.run_events.started(run, info),
                    TrainEvent::Step(step) => self.run_events.push(run, RunEventKind::Step(step)),
                    TrainEvent::EpochEnded(epoch) => {
                        self.run_events.push(run, RunEventKind::Epoch(epoch));
                    }
                    event => {
                        if let Some(kind) = RunEventKind::of(&event) {
                            self.run_events.push(run, kind);
                        }
                        let snapshot = runs.iter().find(|snapshot| snapshot.name == *run);
                        let title = snapshot.map_or_else(|| run.clone(), RunSnapshot::title);
                        notices.extend(notice_of(&title, &event));
                    }
                }
            }
            Err(TryRecvError::Empty) if current.is_to_be_left() => self.leave(runs, notices),
            Err(TryRecvError::Empty) => return false,
            Err(TryRecvError::Disconnected) => {
                let message = format!("training was lost: {Lost}");
                self.ended(Outcome::Failed(message), runs, notices);
            }
        }
        true
    }
}

impl Drop for Trainer {
    /// The run saves itself and ends; the program waits for that, but for no step that takes long, and
    /// not for ever for a GPU.
    fn drop(&mut self) {
        if let Some(current) = self.current.take() {
            current.control.stop();
            current.end_with_program(self.patience);
        }
    }
}
