//! What a run will take, and settings that suit what is there, before anything is started.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::available_parallelism;

use super::runs::{RunSnapshot, RunState};
use super::tasks::Task;
use super::{DatasetState, Engine, OpenDataset};
use crate::dataset::Dataset;
use crate::training::{
    Circumstances, Configured, DataFacts, DeviceId, DeviceKind, DeviceSpeed, EarlierRun,
    FittingChange, MachineMemory, MemoryEstimate, MemoryFit, RunConfig, RunTime, StartingPoint,
    WeightsChoice, WeightsSummary, configure, fitting_changes,
};

/// What a run will take.
#[derive(Debug, Clone, PartialEq)]
pub struct BeforeStart {
    /// The data.
    pub facts: DataFacts,
    /// The memory that it takes.
    pub memory: MemoryEstimate,
    /// How that goes with the memory of the machine.
    pub fit: MemoryFit,
    /// What would fit, where it does not.
    pub changes: Vec<FittingChange>,
    /// The time that it takes, where an earlier run or the speed of the device says so.
    pub time: Option<RunTime>,
}

impl BeforeStart {
    /// Of a run on `dataset`; reads the headers of some images, and may measure the device.
    pub(super) fn new(config: &RunConfig, dataset: &Dataset, timed: &[TimedRun]) -> Self {
        let facts = DataFacts::read(dataset);
        let memory = MemoryEstimate::new(config, &facts);
        // The memory of a GPU is not known.
        let fit = match config.device {
            DeviceId::Cpu => MemoryFit::of(memory.total(), MachineMemory::read()),
            _ => MemoryFit::Unknown,
        };
        let changes = match fit {
            MemoryFit::TooLarge { total: limit } | MemoryFit::Tight { available: limit } => {
                fitting_changes(config, &facts, limit)
            }
            MemoryFit::Unknown | MemoryFit::Fits => Vec::new(),
        };
        Self {
            facts,
            memory,
            fit,
            changes,
            time: time(config, &facts, timed),
        }
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
        Some(self.spawn("before start", move |_| {
            BeforeStart::new(&config, &open.dataset, &timed)
        }))
    }

    /// Settings that suit the open dataset and the device; `None` while there is none.
    pub fn configure(&self, device: DeviceId) -> Option<Task<Configured>> {
        let open = self.ready_dataset()?;
        let kind = self
            .devices()
            .entry(device)
            .map_or(DeviceKind::Cpu, |entry| entry.kind);
        let files: Vec<PathBuf> = self
            .catalogue
            .items()
            .iter()
            .filter_map(|item| item.state.path().map(PathBuf::from))
            .collect();
        Some(self.spawn_waiting("configure", move |_| {
            let mut configured = configure(&Circumstances {
                facts: DataFacts::read(&open.dataset),
                device: kind,
                machine: MachineMemory::read(),
                weights: if kind == DeviceKind::Cpu {
                    Vec::new()
                } else {
                    starting_points(files)
                },
                threads: available_parallelism().map_or(1, usize::from),
            });
            configured.config.dataset = open.which.clone();
            configured.config.device = device;
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
