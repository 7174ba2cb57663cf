//! Training: the active run, the plan it is a part of, and the `train` thread.

mod active_run;
mod awake;
mod current;
mod ending;
mod live;
mod moved_dataset;
mod notice_of;
mod plan;
mod run_event;
mod sink;
#[cfg(test)]
mod tests;
mod thread;
mod thread_event;
mod trainer;

pub use active_run::{ActiveRun, Phase};
pub use live::Live;
pub use moved_dataset::OtherPlace;
pub use plan::{Plan, RestOfPlan, RunAlarm};
pub use run_event::{RunEvent, RunEventKind};
pub(super) use trainer::Trainer;

use super::meters::Meters;
use super::runs::RunState;
use super::{Engine, EngineError};
use crate::training::{DatasetRef, DeviceId, RunConfig, TrainOptions};

impl Engine {
    /// Trains one run.
    ///
    /// # Errors
    /// [`Busy`](EngineError::Busy) while another run is active; a device or a setting that does not work.
    pub fn start_run(&mut self, config: RunConfig) -> Result<(), EngineError> {
        self.start_plan(vec![config])
    }

    /// Trains runs one after another. A stop or a failure ends the whole plan.
    ///
    /// # Errors
    /// As [`start_run`](Self::start_run), for any of the runs; then none is trained.
    pub fn start_plan(&mut self, configs: Vec<RunConfig>) -> Result<(), EngineError> {
        self.start_runs(configs, false)
    }

    /// Trains stages: as [`start_plan`](Self::start_plan), but each run starts from the best
    /// weights of the one before (FCN-32s, 16s, 8s; CVPR 2015, section 4.2).
    ///
    /// # Errors
    /// As [`start_plan`](Self::start_plan).
    pub fn start_stages(&mut self, configs: Vec<RunConfig>) -> Result<(), EngineError> {
        self.start_runs(configs, true)
    }

    fn start_runs(&mut self, configs: Vec<RunConfig>, staged: bool) -> Result<(), EngineError> {
        for config in &configs {
            config.validate()?;
            self.devices.check(config.device)?;
        }
        self.trainer.devices = self.devices.clone();
        let started = self.trainer.start(configs, staged);
        self.write_queue();
        started
    }

    /// Trains the rest of a run, from its last checkpoint, on `device`, or on its own where that
    /// is `None`. The choice holds until the run ends: its configuration stays as it is.
    ///
    /// # Errors
    /// What the run lacks for that; a device that does not work; [`Busy`](EngineError::Busy).
    pub fn resume_run(&mut self, run: &str, device: Option<DeviceId>) -> Result<(), EngineError> {
        let options = TrainOptions {
            device,
            ..TrainOptions::default()
        };
        self.resume_run_with(run, options)
    }

    /// As [`resume_run`](Self::resume_run), on a dataset that was moved, or on data that changed.
    ///
    /// # Errors
    /// As [`resume_run`](Self::resume_run).
    pub fn resume_run_with(
        &mut self,
        run: &str,
        mut options: TrainOptions,
    ) -> Result<(), EngineError> {
        if self.trainer.is_left(run) {
            return Err(EngineError::StillBusy {
                run: run.to_owned(),
            });
        }
        let snapshot = self.existing_run(run)?;
        let folder = self.folder(run);
        if !snapshot.can_resume {
            return Err(match snapshot.state {
                RunState::Active => EngineError::Active {
                    run: run.to_owned(),
                },
                RunState::Finished => EngineError::Finished {
                    folder: folder.path().to_owned(),
                },
                _ => EngineError::NoCheckpoint {
                    folder: folder.path().to_owned(),
                },
            });
        }
        let mut config = snapshot.config.clone();
        config.device = options.device.unwrap_or(config.device);
        if let Some(which) = options.dataset.take() {
            // What its labels mean does not move with the folder.
            let moved = match &config.dataset {
                DatasetRef::Mapped {
                    class_map,
                    void,
                    images,
                    ..
                } => which.mapped(class_map.clone(), void, images),
                DatasetRef::Sample | DatasetRef::Folder(_) => which,
            };
            config.dataset = moved.clone();
            options.dataset = Some(moved);
        }
        options.device = Some(config.device);
        self.devices.check(config.device)?;
        self.trainer.devices = self.devices.clone();
        let resumed = self.trainer.resume_run(folder, config, options);
        self.write_queue();
        resumed
    }

    /// Whether runs start that are estimated to need more memory than there is.
    pub fn ignore_memory(&mut self, ignore: bool) {
        self.trainer.ignore_memory = ignore;
    }

    /// From now on the computer does not go to sleep by itself while a run is trained, where the system can
    /// be asked for that.
    pub fn keep_awake(&mut self) {
        self.trainer.keep_awake = true;
    }

    /// Asks the active run to wait after the step in hand.
    pub fn pause(&mut self) -> Result<(), EngineError> {
        self.trainer.pause()
    }

    /// Lets a paused run continue.
    pub fn unpause(&mut self) -> Result<(), EngineError> {
        self.trainer.unpause()
    }

    /// Asks the active run to save and end after the step in hand.
    pub fn stop(&mut self) -> Result<(), EngineError> {
        self.trainer.stop()
    }

    /// Asks the active run to end at once, in the middle of a step too; its last checkpoint counts.
    pub fn stop_now(&mut self) -> Result<(), EngineError> {
        self.trainer.stop_now()
    }

    /// From now on the events of runs are kept until [`take_run_events`](Self::take_run_events). To
    /// be called by one that takes them often: there may be many.
    pub fn keep_run_events(&mut self) {
        self.trainer.run_events.keep();
    }

    /// What happened to runs since the last call, in order.
    pub fn take_run_events(&mut self) -> Vec<RunEvent> {
        self.trainer.run_events.take()
    }

    /// The run that is being trained.
    pub fn active(&self) -> Option<&ActiveRun> {
        self.trainer.active()
    }

    /// What the active run takes of the machine at the moment.
    pub fn meters(&self) -> Option<Meters> {
        self.trainer.meters()
    }

    /// The plan of which the active run is a part; kept until the next start.
    pub fn plan(&self) -> Option<&Plan> {
        self.trainer.plan()
    }

    /// What was noticed of the runs since the last start, the newest last.
    pub fn alarms(&self) -> &[RunAlarm] {
        self.plan().map_or(&[], |plan| &plan.alarms)
    }

    /// Forgets what was noticed of the runs.
    pub fn close_alarms(&mut self) {
        self.trainer.close_alarms();
    }

    /// The newest masks of the pinned validation images; kept after the end.
    pub fn live(&self) -> Option<&Live> {
        self.trainer.live()
    }
}
