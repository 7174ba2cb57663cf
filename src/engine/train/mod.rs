//! Training: the active run, the plan it is a part of, and the `train` thread.

mod active_run;
mod thread;
mod trainer;

pub use active_run::{ActiveRun, Phase};
pub(super) use trainer::Trainer;
pub use trainer::{Live, Plan};

use super::{Engine, NoticeLevel};
use crate::training::RunConfig;

impl Engine {
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

    /// Lets a paused run continue.
    pub fn unpause(&mut self) {
        self.trainer.unpause();
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
}
