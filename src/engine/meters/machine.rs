//! Memory and processor, from the files of Linux. Other systems have none of these, and nothing is
//! measured there.

use std::fs;
use std::path::Path;

use super::Meters;
use crate::training::MachineMemory;

/// What two looks at the processor are compared by.
#[derive(Default)]
pub(super) struct Machine {
    before: Option<[u64; 2]>,
}

impl Machine {
    pub fn measure(&mut self, meters: &mut Meters) {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        meters.program_memory = program_memory(&read("/proc/self/status"));
        meters.free_memory = MachineMemory::read().available;
        let now = ticks(&read("/proc/stat"));
        meters.processor_use = self
            .before
            .zip(now)
            .and_then(|(before, now)| busy(before, now));
        self.before = now;
        meters.processor_celsius = processor_celsius(Path::new("/sys/class/hwmon"));
    }
}

/// What is in memory of this program, from `/proc/self/status`.
fn program_memory(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// Ticks of work and of all of the time, from `/proc/stat`.
fn ticks(stat: &str) -> Option<[u64; 2]> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    // user nice system idle iowait irq softirq steal; the guests are in user and nice.
    let ticks: Vec<u64> = line
        .split_whitespace()
        .take(8)
        .map(|ticks| ticks.parse().ok())
        .collect::<Option<_>>()?;
    let all: u64 = ticks.iter().sum();
    let idle = ticks.get(3)? + ticks.get(4).copied().unwrap_or(0);
    Some([all - idle, all])
}

fn busy(before: [u64; 2], now: [u64; 2]) -> Option<f64> {
    let [work, all] = [0, 1].map(|of| now[of].saturating_sub(before[of]));
    (all > 0).then(|| work as f64 / all as f64)
}

/// Drivers that measure processors, of Intel, AMD and ARM.
const PROCESSORS: [&str; 4] = ["coretemp", "k10temp", "zenpower", "cpu_thermal"];

/// The warmest sensor of the processor.
fn processor_celsius(hwmon: &Path) -> Option<f64> {
    let folders = fs::read_dir(hwmon)
        .ok()?
        .flatten()
        .map(|entry| entry.path());
    folders
        .filter(|folder| {
            let name = fs::read_to_string(folder.join("name")).unwrap_or_default();
            PROCESSORS.contains(&name.trim())
        })
        .filter_map(|folder| celsius(&folder))
        .max_by(f64::total_cmp)
}

/// The warmest of the sensors in a folder, whose files have thousandths of degrees.
pub(super) fn celsius(folder: &Path) -> Option<f64> {
    let files = fs::read_dir(folder).ok()?.flatten();
    let sensor = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().ok()?;
        if !(name.starts_with("temp") && name.ends_with("_input")) {
            return None;
        }
        let text = fs::read_to_string(entry.path()).ok()?;
        let degrees = text.trim().parse::<f64>().ok()? / 1000.0;
        // A sensor that is not there says 0 or less, or what no chip survives.
        (degrees > 0.0 && degrees < 150.0).then_some(degrees)
    };
    files.filter_map(sensor).max_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_busy_by_what_is_new() {
        let before = ticks("cpu  100 0 100 700 100 0 0 0 50 0\ncpu0 1 2 3\n");
        assert_eq!(before, Some([200, 1000]));
        assert_eq!(busy([200, 1000], [275, 1100]), Some(0.75));
        assert_eq!(busy([200, 1000], [200, 1000]), None);
        assert_eq!(ticks("intr 1"), None);
        assert_eq!(ticks("cpu  a b"), None);
    }

    #[test]
    fn memory_of_the_program_is_what_is_resident() {
        assert_eq!(
            program_memory("VmPeak: 9 kB\nVmRSS:\t  2048 kB\n"),
            Some(2 << 20)
        );
        assert_eq!(program_memory(""), None);
    }

    #[test]
    fn the_warmest_sensor_of_the_processor_counts() {
        let dir = tempfile::tempdir().expect("a folder");
        let sensor = |chip: &str, driver: &str, file: &str, text: &str| {
            let folder = dir.path().join(chip);
            fs::create_dir_all(&folder).expect("a folder");
            fs::write(folder.join("name"), driver).expect("written");
            fs::write(folder.join(file), text).expect("written");
        };
        assert_eq!(processor_celsius(dir.path()), None);
        sensor("hwmon0", "nvme\n", "temp1_input", "90000\n");
        sensor("hwmon1", "k10temp\n", "temp1_input", "61500\n");
        sensor("hwmon1", "k10temp\n", "temp3_input", "58000\n");
        sensor("hwmon1", "k10temp\n", "temp9_input", "-273000\n");
        sensor("hwmon1", "k10temp\n", "temp1_max", "99000\n");
        assert_eq!(processor_celsius(dir.path()), Some(61.5));
        assert_eq!(processor_celsius(&dir.path().join("absent")), None);
    }
}
