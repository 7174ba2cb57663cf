//! The test that a device must pass before it is offered.
//!
//! Runs in a child process: a driver can end the process that uses it. What a device was found to
//! be is kept until its driver changes.

mod comparison;
mod convolutions;
mod kept;
mod trial;
mod units;
mod values;

use burn::tensor::Device;

use self::comparison::compare;
use self::kept::KeptResults;
pub use self::kept::tested_devices_file;
use super::device::{self, AdapterName, DeviceEntry, DeviceId, DeviceKind, MatrixUnitsState};
use super::device_memory::DeviceMemory;
use super::error::TrainError;

/// Ids that a machine could have, the `index`th of each kind.
pub fn candidates(index: usize) -> Vec<DeviceId> {
    let mut ids = Vec::new();
    if cfg!(feature = "cuda") {
        ids.push(DeviceId::Cuda(index));
    }
    if cfg!(feature = "wgpu") {
        ids.extend([
            DeviceId::Gpu(index),
            DeviceId::IntegratedGpu(index),
            DeviceId::VirtualGpu(index),
        ]);
        if index == 0 {
            ids.push(DeviceId::Software);
        }
    }
    ids
}

/// The CPU, which needs no test.
pub fn cpu_entry() -> DeviceEntry {
    DeviceEntry {
        id: DeviceId::Cpu,
        name: device::describe(DeviceId::Cpu),
        kind: DeviceKind::Cpu,
        backend: "flex".into(),
        memory: DeviceMemory::default(),
        matrix_units: MatrixUnitsState::Absent,
        problem: None,
    }
}

/// Opens a device and compares what it computes with the CPU, where that was not done with its
/// driver before. `None` when the machine has no such device. A software adapter is named but not
/// run.
pub fn probe(id: DeviceId) -> Option<DeviceEntry> {
    let kind = match id {
        DeviceId::Cpu => return Some(cpu_entry()),
        DeviceId::Gpu(_) | DeviceId::Cuda(_) => DeviceKind::DiscreteGpu,
        DeviceId::IntegratedGpu(_) => DeviceKind::IntegratedGpu,
        DeviceId::VirtualGpu(_) => DeviceKind::VirtualGpu,
        DeviceId::Software => DeviceKind::Software,
    };
    let (adapter, problem) = match identify(id) {
        Ok(None) => return None,
        Ok(Some(adapter)) => (adapter, None),
        Err(err) => {
            let unnamed = AdapterName {
                name: id.to_string(),
                ..AdapterName::default()
            };
            (unnamed, Some(err.to_string()))
        }
    };
    let problem = problem.or_else(|| match kind {
        DeviceKind::Software => {
            Some("a software driver computes on the CPU, slower than the device cpu".into())
        }
        _ => KeptResults::of_program().problem(id, &adapter, || self_test(id)),
    });
    Some(DeviceEntry {
        id,
        name: adapter.name,
        kind,
        backend: adapter.backend,
        memory: adapter.memory,
        matrix_units: MatrixUnitsState::Absent,
        problem,
    })
}

/// Whether a device that passed its test has matrix units that the kernels can use, and whether they
/// compute the processor's numbers. In a process of its own, too: where these units end it, the
/// device works without them.
pub fn probe_matrix_units(id: DeviceId) -> MatrixUnitsState {
    let Ok(Some(adapter)) = identify(id) else {
        return MatrixUnitsState::Absent;
    };
    let arithmetics = device::open(id).map(|device| units::arithmetics(&device));
    if !arithmetics.is_ok_and(|arithmetics| !arithmetics.is_empty()) {
        return MatrixUnitsState::Absent;
    }
    let test = || units::test(id);
    match KeptResults::of_program().problem_of_units(id, &adapter, test) {
        None => MatrixUnitsState::Working,
        Some(problem) => MatrixUnitsState::Faulty(problem),
    }
}

/// Whether the matrix units of a device were tested with its driver and this version of the program,
/// and computed the processor's numbers.
pub(super) fn matrix_units_passed(id: DeviceId) -> bool {
    let adapter = identify(id).ok().flatten();
    adapter.is_some_and(|adapter| KeptResults::of_program().units_passed(id, &adapter))
}

fn identify(id: DeviceId) -> Result<Option<AdapterName>, TrainError> {
    if let DeviceId::Cuda(index) = id {
        return Ok(cuda_name(index));
    }
    #[cfg(feature = "wgpu")]
    return device::adapter(id);
    #[cfg(not(feature = "wgpu"))]
    Ok(None)
}

#[cfg(feature = "cuda")]
fn cuda_name(index: usize) -> Option<AdapterName> {
    use burn::tensor::DeviceType;
    super::autotune_cache::start();
    // Without a driver the runtime panics instead of listing nothing.
    let devices =
        std::panic::catch_unwind(|| Device::enumerate(DeviceType::Cuda).into_vec()).ok()?;
    let device = devices.get(index)?;
    let name = device
        .identity()
        .map_or_else(|| format!("CUDA device {index}"), |identity| identity.name);
    Some(AdapterName {
        name,
        backend: "CUDA".into(),
        // Not told, so that each start tests anew.
        driver: String::new(),
        memory: DeviceMemory {
            total: super::device_memory::of_driver(device),
            largest_buffer: None,
        },
    })
}

#[cfg(not(feature = "cuda"))]
fn cuda_name(_index: usize) -> Option<AdapterName> {
    None
}

/// Whether what a device computes are the processor's numbers: prediction, loss, gradients and two
/// steps of SGD of small networks that have every kind of layer. Wrong numbers are silent otherwise.
///
/// # Errors
/// When the device cannot be opened, stops, or computes something else.
pub fn self_test(id: DeviceId) -> Result<(), TrainError> {
    let device = device::open(id)?;
    let expected = trial::trial(&Device::flex())?;
    let found = trial::trial(&device)?;
    compare(&expected, &found).map_err(|fault| TrainError::Device {
        device: id.to_string(),
        reason: fault.to_string(),
    })
}
