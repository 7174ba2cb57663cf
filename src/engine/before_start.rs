//! What a run will take, and settings that suit what is there, before anything is started.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::available_parallelism;

use super::devices::kind_of;
use super::runs::{RunSnapshot, RunState};
use super::tasks::Task;
use super::{DatasetState, Engine, OpenDataset};
use crate::dataset::Dataset;
use crate::training::{
    Circumstances, Configured, DataFacts, DeviceId, DeviceKind, DeviceMemory, DeviceSpeed,
    EarlierRun, FittingChange, MachineMemory, MemoryEstimate, MemoryFit, MemoryRoom, RunConfig,
    RunTime, StartingPoint, WeightsChoice, WeightsSummary, advice_text, configure, fitting_changes,
    warm_up_problem,
};

/// What a run will take.
#[derive(Debug, Clone, PartialEq)]
pub struct BeforeStart {
    /// The data.
    pub facts: DataFacts,
    /// The memory that it takes.
    pub memory: MemoryEstimate,
    /// The memory of its device.
    pub room: MemoryRoom,
    /// How both go together.
    pub fit: MemoryFit,
    /// What would fit, where it does not.
    pub changes: Vec<FittingChange>,
    /// What people should know of the settings, one sentence each.
    pub warnings: Vec<String>,
    /// The time that it takes, where an earlier run or the speed of the device says so.
    pub time: Option<RunTime>,
}

impl BeforeStart {
    /// Of a run on `dataset`, whose device says that it has `memory`; reads the headers of some
    /// images, and may measure the device.
    pub(super) fn new(
        config: &RunConfig,
        dataset: &Dataset,
        memory: DeviceMemory,
        timed: &[TimedRun],
    ) -> Self {
        let facts = DataFacts::read(dataset);
        let room = MemoryRoom::of(kind_of(config.device), memory, MachineMemory::read());
        let memory = MemoryEstimate::new(config, &facts);
        let fit = MemoryFit::of(&memory, room);
        let changes = match fit {
            MemoryFit::TooLarge { .. } | MemoryFit::PieceTooLarge { .. } => {
                fitting_changes(config, &facts, room)
            }
            MemoryFit::Tight { available } => {
                fitting_changes(config, &facts, room.within(available))
            }
            MemoryFit::Unknown | MemoryFit::Fits => Vec::new(),
        };
        Self {
            facts,
            memory,
            room,
            fit,
            changes,
            warnings: warm_up_problem(config, &facts).into_iter().collect(),
            time: time(config, &facts, timed),
        }
    }

    /// Why the run cannot fit into memory, with what would; `None` = it may fit.
    pub fn refusal(&self) -> Option<String> {
        let refusal = self.fit.refusal(&self.memory)?;
        let advice = advice_text(&self.changes);
        Some(format!("this run needs {refusal}. {advice}"))
    }
}

/// A run whose steps were timed.
#[derive(Debug, Clone)]
pub(super) struct TimedRun {
    name: String,
    config: RunConfig,
    classes: usize,
    step_secs: f64,
}

/// Steps whose times are looked at: the last ones, which no first use of the device delays.
const TIMED_STEPS: usize = 50;

impl TimedRun {
    /// `None` where it has hardly any steps. A run that is being trained shares the device.
    fn of(run: &RunSnapshot) -> Option<Self> {
        if run.state == RunState::Active || run.steps.len() < 3 {
            return None;
        }
        let mut secs: Vec<f64> = run
            .steps
            .iter()
            .rev()
            .take(TIMED_STEPS.min(run.steps.len() - 1))
            .map(|step| step.secs)
            .collect();
        secs.sort_by(f64::total_cmp);
        Some(Self {
            name: run.name.clone(),
            config: run.config.clone(),
            classes: run.classes.len(),
            step_secs: secs.get(secs.len() / 2).copied()?,
        })
    }
}

fn time(config: &RunConfig, facts: &DataFacts, timed: &[TimedRun]) -> Option<RunTime> {
    let earlier: Vec<EarlierRun<'_>> = timed
        .iter()
        .map(|run| EarlierRun {
            name: &run.name,
            config: &run.config,
            classes: run.classes,
            step_secs: run.step_secs,
        })
        .collect();
    RunTime::estimate(config, facts, &earlier, DeviceSpeed::of(config.device))
}

impl Engine {
    /// What a run with these settings will take on the open dataset; `None` while there is none.
    pub fn before_start(&self, config: &RunConfig) -> Option<Task<BeforeStart>> {
        let open = self.ready_dataset()?;
        let (config, timed) = (config.clone(), self.timed_runs());
        let memory = self.devices().memory(config.device);
        Some(self.spawn("before start", move |_| {
            BeforeStart::new(&config, &open.dataset, memory, &timed)
        }))
    }

    /// Settings that suit the open dataset and the device; `None` while there is none.
    pub fn configure(&self, device: DeviceId) -> Option<Task<Configured>> {
        let open = self.ready_dataset()?;
        let kind = self
            .devices()
            .entry(device)
            .map_or(DeviceKind::Cpu, |entry| entry.kind);
        let memory = self.devices().memory(device);
        let files: Vec<PathBuf> = self
            .catalogue
            .items()
            .iter()
            .filter_map(|item| item.state.path().map(PathBuf::from))
            .collect();
        Some(self.spawn_waiting("configure", move |_| {
            let mut configured = configure(&Circumstances {
                facts: DataFacts::read(&open.dataset),
                id: device,
                device: kind,
                room: MemoryRoom::of(kind, memory, MachineMemory::read()),
                weights: if kind == DeviceKind::Cpu {
                    Vec::new()
                } else {
                    starting_points(files)
                },
                threads: available_parallelism().map_or(1, usize::from),
            });
            configured.config.dataset = open.which.clone();
            configured
        }))
    }

    /// How long the active run takes in all, as far as that is known.
    pub fn expected_time(&self) -> Option<RunTime> {
        let active = self.active()?;
        // Its own estimate knows no earlier runs, and has measured the device already.
        let facts = active.before_start.as_ref()?.facts;
        time(&active.config, &facts, &self.timed_runs())
    }

    fn ready_dataset(&self) -> Option<Arc<OpenDataset>> {
        match self.dataset() {
            DatasetState::Ready(open) => Some(Arc::clone(open)),
            _ => None,
        }
    }

    fn timed_runs(&self) -> Vec<TimedRun> {
        self.runs().iter().filter_map(TimedRun::of).collect()
    }
}

/// The files that can be started from.
fn starting_points(files: Vec<PathBuf>) -> Vec<StartingPoint> {
    let of = |path: PathBuf| {
        let summary = WeightsSummary::read(&WeightsChoice::of(path.clone())).ok()?;
        Some(StartingPoint::of_file(path, &summary))
    };
    files.into_iter().filter_map(of).collect()
}
