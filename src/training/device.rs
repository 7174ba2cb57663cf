//! Devices a network can run on.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Names a device: `cpu`, `gpu:0` (Vulkan, Metal or DirectX through wgpu) or `cuda:0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DeviceId {
    /// The processor, always there.
    Cpu,
    /// An adapter of the wgpu back end by its index in the probe's list.
    Gpu(usize),
    /// A CUDA device by its index.
    Cuda(usize),
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Gpu(index) => write!(f, "gpu:{index}"),
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
        match text.split_once(':') {
            None if text == "cpu" => Ok(Self::Cpu),
            None if text == "gpu" => Ok(Self::Gpu(0)),
            None if text == "cuda" => Ok(Self::Cuda(0)),
            Some(("gpu", number)) => index(number).map(Self::Gpu),
            Some(("cuda", number)) => index(number).map(Self::Cuda),
            _ => Err(format!("{text}: not a device. Use cpu, gpu:N or cuda:N, as `devices` lists them")),
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
    /// The processor.
    Cpu,
    /// A graphics card with its own memory.
    DiscreteGpu,
    /// Graphics that share the processor's memory.
    IntegratedGpu,
    /// A GPU of a virtual machine.
    VirtualGpu,
    /// A driver that computes on the processor; slower than `cpu`.
    Software,
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
    /// Why it cannot be used for training; `None` = it passed the probe.
    pub problem: Option<String>,
}
