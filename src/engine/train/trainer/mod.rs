//! Starts the `train` thread, keeps its state, and goes through a plan of runs.

mod rest;

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, TryRecvError, bounded};

use super::active_run::{ActiveRun, Phase};
use super::current::{Current, LeftThreads, Over, PATIENCE, insert};
use super::ending::{ending_notice, mark_end};
use super::live::Live;
use super::notice_of::notice_of;
use super::plan::{Plan, RestOfPlan};
use super::run_event::{RunEventKind, RunEvents};
use super::thread::{Job, PreviewSlot, ThreadEvent, TrainThread};
use crate::engine::devices::Devices;
use crate::engine::runs::RunSnapshot;
use crate::engine::{Dirs, EngineError, Lost, Notice, NoticeLevel, Waker};
use crate::training::checkpoint::RunFolder;
use crate::training::{Control, InitialWeights, Outcome, RunConfig, TrainEvent, TrainOptions};

/// The training side of the engine.
pub(in crate::engine) struct Trainer {
    dirs: Dirs,
    waker: Waker,
    live_masks: bool,
    pub(super) current: Option<Current>,
    plan: Option<Plan>,
    waiting: VecDeque<RunConfig>,
    rest: Option<RestOfPlan>,
    /// Whether each run of the plan starts from the one before.
    staged: bool,
    /// Whether runs start that need more memory than there is.
    pub(super) ignore_memory: bool,
    /// The devices as they were known when runs were started.
    pub(super) devices: Devices,
    /// How long a run on a GPU may take to end at once: no compiler and no driver can be interrupted.
    pub(super) patience: Duration,
    /// Threads that did not.
    left: LeftThreads,
    live: Option<Live>,
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
            waiting: VecDeque::new(),
            rest: None,
            staged: false,
            ignore_memory: false,
            devices: Devices::new(false),
            patience: PATIENCE,
            left: LeftThreads::default(),
            live: None,
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

    pub fn rest_of_plan(&self) -> Option<&RestOfPlan> {
        self.rest.as_ref()
    }

    pub fn live(&self) -> Option<&Live> {
        self.live.as_ref()
    }

    pub fn events(&self) -> Option<&Receiver<ThreadEvent>> {
        self.current.as_ref().map(|current| &current.events)
    }

    /// Trains runs one after another; `staged` = each starts from the best weights of the
    /// one before.
    pub fn start(&mut self, configs: Vec<RunConfig>, staged: bool) -> Result<(), EngineError> {
        self.begin_plan(configs.len())?;
        self.staged = staged;
        self.waiting = configs.into();
        self.start_next()
    }

    /// Goes on with a run, and with the plan that was stopped in it.
    pub fn resume_run(
        &mut self,
        folder: RunFolder,
        config: RunConfig,
        options: TrainOptions,
    ) -> Result<(), EngineError> {
        let rest = self.rest.take_if(|rest| rest.run == folder.name());
        self.begin_plan(1)?;
        if let Some(rest) = rest {
            self.take_up(rest);
            // It is told again when its folder is opened.
            if let Some(plan) = &mut self.plan {
                plan.runs.retain(|run| *run != folder.name());
            }
        }
        self.launch(Job::Resume(folder, Box::new(options)), config)
    }

    fn begin_plan(&mut self, total: usize) -> Result<(), EngineError> {
        if let Some(active) = self.active() {
            return Err(EngineError::Busy {
                run: active.name_or("the last run started").to_owned(),
            });
        }
        self.waiting.clear();
        self.rest = None;
        self.plan = Some(Plan::new(total));
        Ok(())
    }

    /// Starts the next run of the plan, or closes the plan.
    fn start_next(&mut self) -> Result<(), EngineError> {
        let Some(mut config) = self.waiting.pop_front() else {
            self.end_plan();
            return Ok(());
        };
        let parent = self.plan.as_ref().and_then(|plan| plan.runs.last());
        if let (true, Some(parent)) = (self.staged, parent) {
            config.init = InitialWeights::Run(parent.clone());
        }
        self.launch(Job::New(Box::new(config.clone())), config)
    }

    fn end_plan(&mut self) {
        self.waiting.clear();
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
        self.current = Some(Current {
            active: ActiveRun::new(config),
            classes: Arc::default(),
            control,
            events,
            previews,
            thread,
            leave_at: None,
        });
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
        if current.active.phase != Phase::StoppingNow {
            current.active.phase = Phase::Stopping;
        }
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
                insert(runs, snapshot);
            }
            Ok(ThreadEvent::Checking { done, total }) => current.active.checking(done, total),
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
                        if let TrainEvent::Alarm(alarm) = &event {
                            let kind = RunEventKind::Alarm(alarm.clone());
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

    fn ended(&mut self, outcome: Outcome, runs: &mut [RunSnapshot], notices: &mut Vec<Notice>) {
        let Some(current) = self.current.take() else {
            return;
        };
        let over = current.over();
        // The thread has nothing left to do: this does not wait.
        current.thread.join().ok();
        self.over(over, outcome, runs, notices);
    }

    /// Leaves a run whose device does not let go of its thread.
    fn leave(&mut self, runs: &mut [RunSnapshot], notices: &mut Vec<Notice>) {
        let Some(current) = self.current.take() else {
            return;
        };
        let over = current.over();
        let run = over.active.run.clone();
        let checkpoint = over.active.saved;
        notices.push(Notice {
            level: NoticeLevel::Info,
            text: format!(
                "{} is still busy with what {} had begun; another run on it waits for that",
                over.active.config.device,
                over.active.name_or("the run")
            ),
        });
        self.left.push(run, current.thread);
        self.over(over, Outcome::StoppedNow { checkpoint }, runs, notices);
    }

    /// Whether a run that was left still has its device.
    pub fn is_left(&mut self, run: &str) -> bool {
        self.left.holds(run)
    }

    fn over(
        &mut self,
        current: Over,
        outcome: Outcome,
        runs: &mut [RunSnapshot],
        notices: &mut Vec<Notice>,
    ) {
        let snapshot = runs.iter().find(|run| run.name == current.active.run);
        let name = snapshot.map_or_else(|| "The run".to_owned(), RunSnapshot::title);
        notices.push(ending_notice(&name, &current.active, &outcome));
        let finished = outcome == Outcome::Finished;
        if let Some(snapshot) = runs.iter_mut().find(|run| run.name == current.active.run) {
            mark_end(snapshot, outcome);
        }
        self.run_events.ended(&current.active.run);
        // A stop may come when the run has just ended by itself.
        if !finished || current.stop_requested {
            let waiting = std::mem::take(&mut self.waiting);
            let plan = self.plan.clone().filter(|plan| plan.total > 1);
            self.rest = plan.and_then(|plan| {
                RestOfPlan::of(plan, current.active, waiting, finished, self.staged)
            });
            self.end_plan();
        } else if let Err(err) = self.start_next() {
            notices.push(Notice {
                level: NoticeLevel::Error,
                text: err.to_string(),
            });
        }
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
