//! The memory that there is, and whether a run fits into it.

use super::memory::MemoryEstimate;
use crate::model::ComputedBy;
use crate::training::device::DeviceKind;
use crate::training::device_memory::DeviceMemory;
use crate::training::machine::{MachineMemory, memory_text};

/// The memory that a run can have: that of the device which computes. `None` = not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MemoryRoom {
    /// All of it, in bytes.
    pub total: Option<u64>,
    /// What is left of it now.
    pub available: Option<u64>,
    /// The largest piece that can be had.
    pub largest: Option<u64>,
}

impl MemoryRoom {
    /// On a device of `kind`, which says that it has `device`.
    pub fn of(kind: DeviceKind, device: DeviceMemory, machine: MachineMemory) -> Self {
        let largest = device.largest_buffer;
        match kind {
            DeviceKind::Cpu => machine.into(),
            DeviceKind::Software | DeviceKind::IntegratedGpu => Self {
                total: match (device.total, machine.total) {
                    (Some(share), Some(all)) => Some(share.min(all)),
                    (share, all) => share.or(all),
                },
                available: machine.available,
                largest,
            },
            DeviceKind::DiscreteGpu | DeviceKind::VirtualGpu => Self {
                total: device.total,
                available: None,
                largest,
            },
        }
    }

    /// The same with at most so many bytes.
    pub fn within(self, bytes: u64) -> Self {
        Self {
            total: Some(bytes),
            available: None,
            ..self
        }
    }
}

impl From<MachineMemory> for MemoryRoom {
    fn from(machine: MachineMemory) -> Self {
        Self {
            total: machine.total,
            available: machine.available,
            largest: None,
        }
    }
}

/// How a run goes with the memory of its device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemoryFit {
    /// Nobody knows how much there is.
    Unknown,
    /// There is enough.
    Fits,
    /// There is enough once other programs leave some.
    Tight { available: u64 },
    /// There is less.
    TooLarge { total: u64 },
    /// A map or the weights of a layer are larger than any piece that the device gives.
    PieceTooLarge { largest: u64 },
}

impl MemoryFit {
    /// Of a run that takes this much.
    pub fn of(estimate: &MemoryEstimate, room: MemoryRoom) -> Self {
        let bytes = estimate.total();
        match (room.total, room.available, room.largest) {
            (_, _, Some(largest)) if estimate.largest > largest => Self::PieceTooLarge { largest },
            (Some(total), _, _) if bytes > total => Self::TooLarge { total },
            (_, Some(available), _) if bytes > available => Self::Tight { available },
            (None, None, _) => Self::Unknown,
            _ => Self::Fits,
        }
    }

    /// Why a run that takes this much cannot fit, without an advice; `None` = it may.
    pub fn refusal(self, estimate: &MemoryEstimate) -> Option<String> {
        match self {
            Self::Unknown | Self::Fits | Self::Tight { .. } => None,
            Self::TooLarge { total } => {
                let all = match estimate.by {
                    ComputedBy::Processor => "there are",
                    _ => "the device has",
                };
                Some(format!(
                    "about {} of memory, and {all} {} in all",
                    memory_text(estimate.total()),
                    memory_text(total)
                ))
            }
            Self::PieceTooLarge { largest } => Some(format!(
                "{} of memory in one piece, and the device gives pieces of {} at most",
                memory_text(estimate.largest),
                memory_text(largest)
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn takes(by: ComputedBy, step: u64, largest: u64) -> MemoryEstimate {
        MemoryEstimate {
            by,
            weights: 0,
            step,
            validation: 0,
            saving: 0,
            images: 0,
            largest,
        }
    }

    #[test]
    fn a_run_fits_or_not() {
        let room = MemoryRoom::from(MachineMemory {
            total: Some(400 * MIB),
            available: Some(200 * MIB),
        });
        let fit = |step| MemoryFit::of(&takes(ComputedBy::Processor, step * MIB, 0), room);
        // Besides, the program takes 85 MiB.
        assert_eq!(fit(100), MemoryFit::Fits);
        let available = 200 * MIB;
        assert_eq!(fit(120), MemoryFit::Tight { available });
        let total = 400 * MIB;
        assert_eq!(fit(320), MemoryFit::TooLarge { total });
        let estimate = takes(ComputedBy::Processor, 1 << 50, 1 << 50);
        let unknown = MemoryFit::of(&estimate, MemoryRoom::default());
        assert_eq!(unknown, MemoryFit::Unknown);
    }

    #[test]
    fn a_card_has_its_memory_and_shared_graphics_what_the_machine_has() {
        let machine = MachineMemory {
            total: Some(16),
            available: Some(9),
        };
        let device = DeviceMemory {
            total: Some(24),
            largest_buffer: Some(4),
        };
        let room = |kind| MemoryRoom::of(kind, device, machine);
        let numbers = |room: MemoryRoom| (room.total, room.available, room.largest);
        assert_eq!(
            numbers(room(DeviceKind::DiscreteGpu)),
            (Some(24), None, Some(4))
        );
        assert_eq!(
            numbers(room(DeviceKind::IntegratedGpu)),
            (Some(16), Some(9), Some(4))
        );
        assert_eq!(numbers(room(DeviceKind::Cpu)), (Some(16), Some(9), None));
        let silent = MemoryRoom::of(DeviceKind::DiscreteGpu, DeviceMemory::default(), machine);
        assert_eq!(silent, MemoryRoom::default());
        let run = takes(ComputedBy::Gpu, MIB, MIB);
        assert_eq!(MemoryFit::of(&run, silent), MemoryFit::Unknown);
    }
}
