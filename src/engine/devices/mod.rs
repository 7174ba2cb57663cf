//! The devices that are known, and which of them is taken.

mod probing;

use std::path::PathBuf;
use std::sync::Arc;

use super::background::Background;
use super::{Engine, EngineError, Event};
use crate::training::{DeviceEntry, DeviceId, DeviceKind, DeviceMemory, cpu_entry, is_lost};
use probing::probe_all;
pub use probing::{describe_exit, probe_main};

/// The devices known so far; the processor is always the first.
#[derive(Debug, Clone)]
pub struct Devices {
    /// In the order in which they were found.
    pub entries: Vec<DeviceEntry>,
    /// Whether more may follow.
    pub probing: bool,
}

impl Devices {
    pub(super) fn new(probing: bool) -> Self {
        Self {
            entries: vec![cpu_entry()],
            probing,
        }
    }

    /// The fastest kind of device that works; of two of one kind the one that was found first.
    pub fn best(&self) -> DeviceId {
        let usable = self.entries.iter().filter(|entry| entry.problem.is_none());
        usable
            .min_by_key(|entry| rank(entry.kind))
            .map_or(DeviceId::Cpu, |entry| entry.id)
    }

    /// The wanted device if it works, else the best one.
    pub fn choose(&self, wanted: Option<DeviceId>) -> DeviceId {
        let is_usable = |id: &DeviceId| self.check(*id).is_ok();
        wanted.filter(is_usable).unwrap_or_else(|| self.best())
    }

    /// Whether what is still being tested can change the answer for `wanted`, or for the best
    /// device where none is wanted.
    pub fn may_change(&self, wanted: Option<DeviceId>) -> bool {
        let is_known = match wanted {
            Some(id) => self.entry(id).is_some(),
            None => self
                .entry(self.best())
                .is_some_and(|entry| rank(entry.kind) == 0),
        };
        self.probing && !is_known
    }

    /// What was found out about a device.
    pub fn entry(&self, id: DeviceId) -> Option<&DeviceEntry> {
        self.entries.iter().find(|entry| entry.id == id)
    }

    /// What a device says of its memory.
    pub fn memory(&self, id: DeviceId) -> DeviceMemory {
        self.entry(id)
            .map_or_else(DeviceMemory::default, |entry| entry.memory)
    }

    /// Takes in which devices were lost during a run.
    pub(super) fn note_lost(&mut self) {
        for entry in &mut self.entries {
            if entry.problem.is_none() && is_lost(entry.id) {
                let problem = "it was lost during a run; restart the program to use it again";
                entry.problem = Some(problem.to_owned());
            }
        }
    }

    /// An error where a run cannot start on `device`.
    pub fn check(&self, device: DeviceId) -> Result<(), EngineError> {
        let Some(entry) = self.entry(device) else {
            return Err(if self.probing {
                EngineError::DeviceUntested { device }
            } else {
                EngineError::NoSuchDevice { device }
            });
        };
        match &entry.problem {
            None => Ok(()),
            Some(problem) => Err(EngineError::DeviceProblem {
                device,
                name: entry.name.clone(),
                problem: problem.clone(),
            }),
        }
    }
}

impl Engine {
    /// The devices found so far.
    pub fn devices(&self) -> &Devices {
        &self.devices
    }

    pub(super) fn probe_devices(&mut self, program: PathBuf) {
        let (sender, waker) = (self.sender.clone(), Arc::clone(&self.waker));
        self.spawn_background(Background::Devices, move || {
            probe_all(&program, |entry| {
                sender.send(Event::Device(entry)).ok();
                waker();
            });
            sender.send(Event::DevicesDone).ok();
        });
    }
}

/// Fast kinds first. What computes on the processor is slower there than the processor's own code.
fn rank(kind: DeviceKind) -> usize {
    match kind {
        DeviceKind::DiscreteGpu => 0,
        DeviceKind::VirtualGpu => 1,
        DeviceKind::IntegratedGpu => 2,
        DeviceKind::Cpu => 3,
        DeviceKind::Software => 4,
    }
}

/// What an id says of its device.
pub(super) fn kind_of(id: DeviceId) -> DeviceKind {
    match id {
        DeviceId::Cpu => DeviceKind::Cpu,
        DeviceId::Gpu(_) | DeviceId::Cuda(_) => DeviceKind::DiscreteGpu,
        DeviceId::IntegratedGpu(_) => DeviceKind::IntegratedGpu,
        DeviceId::VirtualGpu(_) => DeviceKind::VirtualGpu,
        DeviceId::Software => DeviceKind::Software,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::MatrixUnitsState;

    #[test]
    fn a_device_that_is_not_there_or_has_a_problem_is_refused() {
        let mut devices = Devices::new(false);
        devices.check(DeviceId::Cpu).expect("the processor");
        let untested = Devices::new(true).check(DeviceId::Gpu(0));
        assert!(matches!(
            untested,
            Err(EngineError::DeviceUntested {
                device: DeviceId::Gpu(0)
            })
        ));
        let absent = devices.check(DeviceId::Gpu(0));
        assert!(matches!(
            absent,
            Err(EngineError::NoSuchDevice {
                device: DeviceId::Gpu(0)
            })
        ));
        devices.entries.push(DeviceEntry {
            id: DeviceId::Gpu(0),
            name: "Some card".into(),
            kind: DeviceKind::DiscreteGpu,
            backend: "Vulkan".into(),
            memory: DeviceMemory::default(),
            matrix_units: MatrixUnitsState::Absent,
            problem: Some("it computes wrongly".into()),
        });
        let broken = devices.check(DeviceId::Gpu(0)).expect_err("refused");
        let broken = broken.to_string();
        assert!(
            broken.contains("Some card") && broken.contains("computes wrongly"),
            "{broken}"
        );
    }

    fn entry(id: DeviceId, kind: DeviceKind, problem: Option<&str>) -> DeviceEntry {
        DeviceEntry {
            id,
            name: "test".to_owned(),
            kind,
            backend: "test".to_owned(),
            memory: DeviceMemory::default(),
            matrix_units: MatrixUnitsState::Absent,
            problem: problem.map(str::to_owned),
        }
    }

    #[test]
    fn the_device_is_the_wanted_or_the_best_that_works() {
        let mut devices = Devices {
            entries: vec![
                entry(DeviceId::Cpu, DeviceKind::Cpu, None),
                entry(DeviceId::Software, DeviceKind::Software, Some("slow")),
                entry(DeviceId::Gpu(1), DeviceKind::DiscreteGpu, Some("failed")),
                entry(DeviceId::IntegratedGpu(0), DeviceKind::IntegratedGpu, None),
            ],
            probing: true,
        };
        assert_eq!(devices.best(), DeviceId::IntegratedGpu(0));
        assert_eq!(devices.choose(None), DeviceId::IntegratedGpu(0));
        assert_eq!(devices.choose(Some(DeviceId::Cpu)), DeviceId::Cpu);
        for broken in [DeviceId::Gpu(1), DeviceId::Software, DeviceId::Cuda(7)] {
            assert_eq!(
                devices.choose(Some(broken)),
                DeviceId::IntegratedGpu(0),
                "{broken}"
            );
        }
        devices.entries.truncate(2);
        assert_eq!(devices.best(), DeviceId::Cpu);
        devices.entries.clear();
        assert_eq!(devices.choose(None), DeviceId::Cpu);
    }

    #[test]
    fn nobody_waits_for_tests_that_cannot_change_the_choice() {
        let mut devices = Devices::new(true);
        assert!(!devices.may_change(Some(DeviceId::Cpu)));
        assert!(devices.may_change(Some(DeviceId::Gpu(0))) && devices.may_change(None));
        devices
            .entries
            .push(entry(DeviceId::Gpu(0), DeviceKind::DiscreteGpu, None));
        assert!(!devices.may_change(Some(DeviceId::Gpu(0))));
        // Nothing is faster than the first card that works.
        assert!(!devices.may_change(None));
        assert!(devices.may_change(Some(DeviceId::Gpu(1))));
        devices.probing = false;
        assert!(!devices.may_change(Some(DeviceId::Gpu(1))));
    }
}
