//! Devices a network can run on: their names, how to open one, how to test one.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

#[cfg(any(feature = "wgpu", feature = "cuda"))]
use super::autotune_cache;
#[cfg(feature = "wgpu")]
use super::device_memory;
use super::device_memory::DeviceMemory;
use super::error::TrainError;
use crate::text::plural;

/// Names a device: `cpu`, `gpu:0` (a graphics card through Vulkan, Metal or DirectX),
/// `igpu:0`, `vgpu:0`, `software` or `cuda:0`. The number counts devices of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DeviceId {
    /// The CPU, always there.
    Cpu,
    /// A discrete GPU.
    Gpu(usize),
    /// Graphics that share the CPU's memory.
    IntegratedGpu(usize),
    /// A GPU of a virtual machine.
    VirtualGpu(usize),
    /// A GPU driver that computes on the CPU.
    Software,
    /// A CUDA device by its index.
    Cuda(usize),
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Gpu(index) => write!(f, "gpu:{index}"),
            Self::IntegratedGpu(index) => write!(f, "igpu:{index}"),
            Self::VirtualGpu(index) => write!(f, "vgpu:{index}"),
            Self::Software => f.write_str("software"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}

impl FromStr for DeviceId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let index = |number: &str| {
            number
                .parse()
                .map_err(|_| format!("{text}: the part behind the colon is not a number"))
        };
        match text.split_once(':').unwrap_or((text, "0")) {
            ("cpu", "0") => Ok(Self::Cpu),
            ("software", "0") => Ok(Self::Software),
            ("gpu", number) => index(number).map(Self::Gpu),
            ("igpu", number) => index(number).map(Self::IntegratedGpu),
            ("vgpu", number) => index(number).map(Self::VirtualGpu),
            ("cuda", number) => index(number).map(Self::Cuda),
            _ => Err(format!(
                "{text}: not a device. Use cpu, or gpu:N, igpu:N, vgpu:N or cuda:N with a number that this machine has"
            )),
        }
    }
}

impl TryFrom<String> for DeviceId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<DeviceId> for String {
    fn from(id: DeviceId) -> Self {
        id.to_string()
    }
}

/// What kind of hardware a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceKind {
    /// The CPU.
    Cpu,
    /// A graphics card with its own memory.
    DiscreteGpu,
    /// Graphics that share the CPU's memory.
    IntegratedGpu,
    /// A GPU of a virtual machine.
    VirtualGpu,
    /// A driver that computes on the CPU; slower than `cpu`.
    Software,
}

impl fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "processor",
            Self::DiscreteGpu => "graphics card",
            Self::IntegratedGpu => "integrated graphics",
            Self::VirtualGpu => "virtual graphics card",
            Self::Software => "software driver",
        })
    }
}

/// A device as the probe found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceEntry {
    /// Its id.
    pub id: DeviceId,
    /// Name as the driver gives it.
    pub name: String,
    /// What it is.
    pub kind: DeviceKind,
    /// The way to it: `flex`, `Vulkan`, `Metal`, `CUDA`.
    pub backend: String,
    /// Its memory. The processor's is the machine's, which is looked at when it is needed.
    #[serde(flatten)]
    pub memory: DeviceMemory,
    /// Its units that multiply matrices, for 16 bits.
    #[serde(default)]
    pub matrix_units: MatrixUnitsState,
    /// Why it cannot be used for training; `None` = it passed the probe.
    pub problem: Option<String>,
}

/// What is known of the units of a device that multiply matrices.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MatrixUnitsState {
    /// None that the kernels can use.
    #[default]
    Absent,
    /// They compute the processor's numbers.
    Working,
    /// They do not, for this reason, and are not used.
    Faulty(String),
}

/// Devices that were lost: a runtime is set up once per process, so they do not come back.
static LOST: Mutex<Vec<DeviceId>> = Mutex::new(Vec::new());

/// Notes that a device does not answer any more. The processor always does.
pub(super) fn lose(id: DeviceId) {
    if id != DeviceId::Cpu {
        LOST.lock().unwrap_or_else(PoisonError::into_inner).push(id);
    }
}

/// Whether a device was lost since the program was started.
pub fn is_lost(id: DeviceId) -> bool {
    let lost = LOST.lock().unwrap_or_else(PoisonError::into_inner);
    lost.contains(&id)
}

/// Opens a device for computing.
///
/// # Errors
/// When this build has no way to it, its driver refuses, or it was lost.
pub fn open(id: DeviceId) -> Result<Device, TrainError> {
    if is_lost(id) {
        return Err(refused(
            id,
            "it was lost; restart the program to use it again",
        ));
    }
    match id {
        DeviceId::Cpu => Ok(Device::flex()),
        DeviceId::Cuda(index) => open_cuda(index),
        _ => open_gpu(id),
    }
}

/// Whether results are where the program is, so that looking at them waits for nothing.
pub(super) fn reads_for_free(device: &Device) -> bool {
    // Equal with autodiff and without.
    *device == Device::flex()
}

fn refused(id: DeviceId, reason: impl ToString) -> TrainError {
    TrainError::Device {
        device: id.to_string(),
        reason: reason.to_string(),
    }
}

#[cfg(feature = "wgpu")]
fn gpu_kind(id: DeviceId) -> Option<burn::tensor::DeviceKind> {
    use burn::tensor::DeviceKind as Kind;
    match id {
        DeviceId::Gpu(index) => Some(Kind::DiscreteGpu(index)),
        DeviceId::IntegratedGpu(index) => Some(Kind::IntegratedGpu(index)),
        DeviceId::VirtualGpu(index) => Some(Kind::VirtualGpu(index)),
        DeviceId::Software => Some(Kind::Cpu),
        DeviceId::Cpu | DeviceId::Cuda(_) => None,
    }
}

/// Name and way of each GPU opened so far: a runtime is set up once per process.
#[cfg(feature = "wgpu")]
static OPENED: Mutex<Vec<(DeviceId, AdapterName)>> = Mutex::new(Vec::new());

/// What is known of the memory of a device that was opened.
#[cfg(feature = "wgpu")]
pub(super) fn memory(id: DeviceId) -> DeviceMemory {
    let opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    let adapter = opened.iter().find(|(known, _)| *known == id);
    adapter.map_or_else(DeviceMemory::default, |(_, adapter)| adapter.memory)
}

#[cfg(not(feature = "wgpu"))]
pub(super) fn memory(_id: DeviceId) -> DeviceMemory {
    DeviceMemory::default()
}

/// Gives memory that a GPU keeps for the next step back to the system, where a run is over.
pub(super) fn give_back_memory(id: DeviceId) {
    // Only a device that was opened has told of its memory.
    if memory(id) == DeviceMemory::default() || is_lost(id) {
        return;
    }
    if let Ok(device) = open(id) {
        // A device that fails now has failed before, and that was told.
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| device.memory_cleanup())).ok();
    }
}

/// What a driver calls an adapter.
#[derive(Debug, Clone, Default)]
pub(super) struct AdapterName {
    pub name: String,
    pub backend: String,
    /// The driver and its version; empty where they are not told.
    pub driver: String,
    pub memory: DeviceMemory,
}

#[cfg(feature = "wgpu")]
fn open_gpu(id: DeviceId) -> Result<Device, TrainError> {
    let kind = gpu_kind(id).ok_or_else(|| refused(id, "not a GPU"))?;
    match adapter(id)? {
        Some(_) => Ok(Device::wgpu(kind)),
        None => Err(refused(id, "this machine has no such device")),
    }
}

/// Starts a GPU where it is not yet started; `None` when the machine has no such device.
#[cfg(feature = "wgpu")]
pub(super) fn adapter(id: DeviceId) -> Result<Option<AdapterName>, TrainError> {
    use burn::tensor::wgpu::WgpuInitError;
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, name)) = opened.iter().find(|(known, _)| *known == id) {
        return Ok(Some(name.clone()));
    }
    let Some(kind) = gpu_kind(id) else {
        return Ok(None);
    };
    autotune_cache::start();
    match Device::wgpu_options().device_kind(kind).init_with_setup() {
        Ok((device, setup)) => {
            let info = setup.adapter.get_info();
            let limits = setup.device.limits();
            let buffer = limits
                .max_buffer_size
                .min(limits.max_storage_buffer_binding_size);
            let total = device_memory::of_driver(&device)
                .or_else(|| device_memory::of_system(&info.device_pci_bus_id));
            let name = AdapterName {
                name: info.name,
                backend: info.backend.to_string(),
                driver: format!("{} {}", info.driver, info.driver_info)
                    .trim()
                    .to_owned(),
                memory: DeviceMemory {
                    total,
                    largest_buffer: Some(buffer),
                },
            };
            opened.push((id, name.clone()));
            Ok(Some(name))
        }
        Err(WgpuInitError::AdapterUnavailable { .. }) => Ok(None),
        Err(err) => Err(refused(id, err)),
    }
}

#[cfg(not(feature = "wgpu"))]
fn open_gpu(id: DeviceId) -> Result<Device, TrainError> {
    Err(refused(
        id,
        "this build has no GPU support (features vulkan, wgpu, metal)",
    ))
}

#[cfg(feature = "cuda")]
fn open_cuda(index: usize) -> Result<Device, TrainError> {
    autotune_cache::start();
    Ok(Device::cuda(index))
}

#[cfg(not(feature = "cuda"))]
fn open_cuda(index: usize) -> Result<Device, TrainError> {
    Err(refused(
        DeviceId::Cuda(index),
        "this build is without the cuda feature",
    ))
}

/// A device in words, for people: the name the probe found is more precise.
pub(super) fn describe(id: DeviceId) -> String {
    match id {
        DeviceId::Cpu => {
            let threads = plural(rayon::current_num_threads(), "thread", "threads");
            format!("CPU, {threads}")
        }
        DeviceId::Software => "software adapter".into(),
        DeviceId::Cuda(index) => format!("CUDA device {index}"),
        DeviceId::Gpu(_) | DeviceId::IntegratedGpu(_) | DeviceId::VirtualGpu(_) => {
            format!("GPU {id}")
        }
    }
}
