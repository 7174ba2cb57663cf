//! GPUs: AMD's driver tells in files, NVIDIA's by a program. Which card a device is, nobody tells; so a
//! machine with several cards of a maker is not measured, unless CUDA counts them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Meters;
use super::machine::celsius;
use crate::training::DeviceId;

/// A card that tells.
pub(super) enum Card {
    /// The folder of its device.
    Amd(PathBuf),
    /// How NVIDIA counts it; `None` = it is the only one.
    Nvidia(Option<usize>),
}

impl Card {
    /// The card that a device is, where that is clear.
    pub fn of(device: DeviceId) -> Option<Self> {
        match device {
            DeviceId::Cpu | DeviceId::Software | DeviceId::VirtualGpu(_) => None,
            DeviceId::Cuda(index) => Some(Self::Nvidia(Some(index))),
            DeviceId::Gpu(_) | DeviceId::IntegratedGpu(_) => {
                match &amd_cards(Path::new("/sys/class/drm"))[..] {
                    [] if has_nvidia() => Some(Self::Nvidia(None)),
                    [card] if !has_nvidia() => Some(Self::Amd(card.clone())),
                    _ => None,
                }
            }
        }
    }

    pub fn measure(&self, meters: &mut Meters) {
        match self {
            Self::Amd(device) => of_amd(device, meters),
            Self::Nvidia(index) => {
                if let Some(text) = ask_nvidia(*index) {
                    of_nvidia(&text, meters);
                }
            }
        }
    }
}

/// Cards of AMD's driver.
fn amd_cards(drm: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(drm).into_iter().flatten().flatten();
    let mut cards: Vec<PathBuf> = entries
        .filter(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            // `card0-HDMI-A-1` is a plug of card0.
            name.starts_with("card") && !name.contains('-')
        })
        .map(|entry| entry.path().join("device"))
        .filter(|device| device.join("gpu_busy_percent").is_file())
        .collect();
    cards.sort();
    cards
}

/// Elsewhere than on Linux its program is asked.
fn has_nvidia() -> bool {
    !cfg!(target_os = "linux") || Path::new("/proc/driver/nvidia").is_dir()
}

fn of_amd(device: &Path, meters: &mut Meters) {
    let number = |name: &str| -> Option<f64> {
        let text = fs::read_to_string(device.join(name)).ok()?;
        text.trim().parse().ok()
    };
    meters.gpu_use = number("gpu_busy_percent").map(|percent| percent / 100.0);
    meters.gpu_memory = number("mem_info_vram_used").map(|bytes| bytes as u64);
    let sensors = fs::read_dir(device.join("hwmon")).into_iter().flatten();
    meters.gpu_celsius = sensors
        .flatten()
        .filter_map(|sensor| celsius(&sensor.path()))
        .max_by(f64::total_cmp);
}

/// Use in percent, temperature, memory in MiB: a line for each card.
fn ask_nvidia(index: Option<usize>) -> Option<String> {
    let mut command = Command::new("nvidia-smi");
    command
        .args(["--query-gpu=utilization.gpu,temperature.gpu,memory.used"])
        .arg("--format=csv,noheader,nounits")
        .stdin(Stdio::null());
    if let Some(index) = index {
        command.args(["-i", &index.to_string()]);
    }
    let output = command.output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn of_nvidia(text: &str, meters: &mut Meters) {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    // Of several cards nobody knows which it is.
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return;
    };
    let mut numbers = line.split(',').map(|part| part.trim().parse::<f64>().ok());
    let mut next = || numbers.next().flatten();
    meters.gpu_use = next().map(|percent| percent / 100.0);
    meters.gpu_celsius = next();
    meters.gpu_memory = next().map(|mib| (mib * f64::from(1 << 20)) as u64);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nvidias_program_says_is_understood() {
        let of = |text: &str| {
            let mut meters = Meters::default();
            of_nvidia(text, &mut meters);
            (meters.gpu_use, meters.gpu_celsius, meters.gpu_memory)
        };
        assert_eq!(
            of("87, 64, 2048\n"),
            (Some(0.87), Some(64.0), Some(2 << 30))
        );
        assert_eq!(of("[N/A], 64, [N/A]\n"), (None, Some(64.0), None));
        assert_eq!(of("87, 64, 2048\n3, 40, 1\n"), (None, None, None));
        assert_eq!(of("No devices were found\n"), (None, None, None));
    }

    #[test]
    fn what_amds_driver_writes_is_understood() {
        let dir = tempfile::tempdir().expect("a folder");
        let device = dir.path().join("card1/device");
        let sensors = device.join("hwmon/hwmon3");
        fs::create_dir_all(&sensors).expect("a folder");
        fs::create_dir_all(dir.path().join("card1-DP-1/device")).expect("a folder");
        assert!(amd_cards(dir.path()).is_empty());
        for (path, text) in [
            (device.join("gpu_busy_percent"), "42\n"),
            (device.join("mem_info_vram_used"), "1048576\n"),
            (sensors.join("temp1_input"), "55000\n"),
        ] {
            fs::write(path, text).expect("written");
        }
        assert_eq!(amd_cards(dir.path()), std::slice::from_ref(&device));
        let mut meters = Meters::default();
        of_amd(&device, &mut meters);
        assert_eq!(
            (meters.gpu_use, meters.gpu_celsius, meters.gpu_memory),
            (Some(0.42), Some(55.0), Some(1 << 20))
        );
    }
}
