//! Whether the battery is about to be empty.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Time between two looks.
const LOOK: Duration = Duration::from_secs(20);

/// Percent of the battery at which a run is saved and ends. Desktops begin to suspend at about 5 %.
const LOW: u8 = 7;

/// Looks now and then how much is left in the battery, where the machine runs on one and the system says
/// so (Linux: `/sys/class/power_supply`).
#[derive(Debug)]
pub struct PowerWatch {
    folder: PathBuf,
    looked: Option<Instant>,
}

impl Default for PowerWatch {
    fn default() -> Self {
        Self::at(Path::new("/sys/class/power_supply"))
    }
}

impl PowerWatch {
    /// Reads another folder.
    pub fn at(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            looked: None,
        }
    }

    /// What is left in percent, where that is little and nothing charges; at most one look in twenty
    /// seconds.
    pub fn low(&mut self) -> Option<u8> {
        if self.looked.is_some_and(|looked| looked.elapsed() < LOOK) {
            return None;
        }
        self.looked = Some(Instant::now());
        low(&self.folder)
    }
}

/// The fullest battery of the machine, where all are low and none is charged.
fn low(folder: &Path) -> Option<u8> {
    let mut fullest = None;
    for entry in fs::read_dir(folder).ok()?.flatten() {
        let read = |name: &str| {
            let text = fs::read_to_string(entry.path().join(name)).unwrap_or_default();
            text.trim().to_owned()
        };
        // Those of mice and headsets have a scope of their own.
        if read("scope") == "Device" || read("present") == "0" {
            continue;
        }
        if read("type") != "Battery" {
            // Mains or USB.
            if read("online") == "1" {
                return None;
            }
            continue;
        }
        // Where there are two, one of them may wait ("Not charging").
        if ["Charging", "Full"].contains(&read("status").as_str()) {
            return None;
        }
        let Ok(left) = read("capacity").parse::<u8>() else {
            continue;
        };
        fullest = fullest.max(Some(left));
    }
    fullest.filter(|left| *left <= LOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder as the kernel has it: names of supplies and what is in their files.
    fn machine(supplies: &[(&str, &[(&str, &str)])]) -> Option<u8> {
        let dir = tempfile::tempdir().expect("a folder");
        for (name, files) in supplies {
            let supply = dir.path().join(name);
            fs::create_dir(&supply).expect("a folder");
            for (file, text) in *files {
                fs::write(supply.join(file), format!("{text}\n")).expect("written");
            }
        }
        PowerWatch::at(dir.path()).low()
    }

    fn battery<'a>(status: &'a str, capacity: &'a str) -> [(&'a str, &'a str); 3] {
        [
            ("type", "Battery"),
            ("status", status),
            ("capacity", capacity),
        ]
    }

    #[test]
    fn a_battery_is_low_when_nothing_charges_it() {
        let mains = |online| [("type", "Mains"), ("online", online)];
        let low = battery("Discharging", "6");
        assert_eq!(machine(&[("BAT0", &low)]), Some(6));
        assert_eq!(machine(&[("AC", &mains("0")), ("BAT0", &low)]), Some(6));
        assert_eq!(machine(&[("AC", &mains("1")), ("BAT0", &low)]), None);
        assert_eq!(machine(&[("BAT0", &battery("Charging", "3"))]), None);
        assert_eq!(machine(&[("BAT0", &battery("Discharging", "8"))]), None);
        let second = battery("Not charging", "40");
        assert_eq!(machine(&[("BAT0", &low), ("BAT1", &second)]), None);
        let mouse = [
            ("type", "Battery"),
            ("scope", "Device"),
            ("status", "Discharging"),
            ("capacity", "1"),
        ];
        assert_eq!(machine(&[("mouse", &mouse)]), None);
        assert_eq!(machine(&[("BAT0", &battery("Discharging", "?"))]), None);
        assert_eq!(machine(&[]), None);
        assert_eq!(PowerWatch::at(Path::new("/no such folder")).low(), None);
    }
}
