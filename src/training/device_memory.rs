//! How much memory a device has, as its driver or the system tells.

use serde::{Deserialize, Serialize};

/// Memory of a device, in bytes; `None` = nobody tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceMemory {
    /// All of it. Graphics that share the machine's memory: what they may have of it.
    #[serde(rename = "memory_bytes", default)]
    pub total: Option<u64>,
    /// The largest piece that can be had at a time.
    #[serde(rename = "largest_buffer_bytes", default)]
    pub largest_buffer: Option<u64>,
}

/// What the driver says of an open GPU: the largest heap of its own that Vulkan tells, Metal's
/// working set, CUDA's memory.
#[cfg(feature = "gpu")]
pub(super) fn of_driver(device: &burn::tensor::Device) -> Option<u64> {
    use burn::backend::DispatchDevice;
    match device.as_dispatch() {
        DispatchDevice::Cube(device) => device.client().properties().memory.max_memory(),
        _ => None,
    }
}

/// What the system says of the card at a PCI address such as `0000:03:00.0`, where the driver
/// does not: builds without SPIR-V do not ask it.
#[cfg(feature = "wgpu")]
pub(super) fn of_system(pci: &str) -> Option<u64> {
    if pci.is_empty() {
        return None;
    }
    let card = std::path::Path::new("/sys/bus/pci/devices").join(pci);
    of_amd(&card).or_else(|| of_nvidia(&card, pci))
}

/// The kernel's driver of AMD's cards says it in a file.
#[cfg(feature = "wgpu")]
fn of_amd(card: &std::path::Path) -> Option<u64> {
    let text = std::fs::read_to_string(card.join("mem_info_vram_total")).ok()?;
    text.trim().parse().ok().filter(|bytes| *bytes > 0)
}

/// NVIDIA's driver brings a program that says it.
#[cfg(feature = "wgpu")]
fn of_nvidia(card: &std::path::Path, pci: &str) -> Option<u64> {
    const NVIDIA: &str = "0x10de";
    let vendor = std::fs::read_to_string(card.join("vendor")).ok()?;
    if vendor.trim() != NVIDIA {
        return None;
    }
    let output = std::process::Command::new("nvidia-smi")
        .args(["--query-gpu=memory.total", "--format=csv,noheader,nounits"])
        .args(["-i", pci])
        .output()
        .ok()?;
    mebibytes(&String::from_utf8_lossy(&output.stdout))
}

/// `143771`, in MiB.
#[cfg(feature = "wgpu")]
fn mebibytes(text: &str) -> Option<u64> {
    let number: u64 = text.lines().next()?.trim().parse().ok()?;
    (number > 0).then_some(number << 20)
}

#[cfg(all(test, feature = "wgpu"))]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_asked_in_the_way_of_its_driver() {
        let card = tempfile::tempdir().expect("a folder");
        assert_eq!(of_amd(card.path()), None);
        std::fs::write(card.path().join("mem_info_vram_total"), "17163091968\n").expect("a file");
        assert_eq!(of_amd(card.path()), Some(17_163_091_968));
        assert_eq!(mebibytes("143771\n"), Some(143_771 << 20));
        for nothing in ["", "No devices were found", "[N/A]", "0"] {
            assert_eq!(mebibytes(nothing), None, "{nothing}");
        }
        std::fs::write(card.path().join("vendor"), "0x1002\n").expect("a file");
        assert_eq!(of_nvidia(card.path(), "0000:03:00.0"), None);
        assert_eq!(of_system(""), None);
    }

    #[test]
    fn what_is_not_told_is_not_known() {
        let memory: DeviceMemory = serde_json::from_str("{}").expect("JSON");
        assert_eq!(memory, DeviceMemory::default());
    }
}
