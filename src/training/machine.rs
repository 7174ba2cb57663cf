//! How much memory this machine has. Known on Linux; elsewhere it is not, and nothing is refused
//! for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Memory of the machine, or of the container that the program runs in, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MachineMemory {
    /// All of it; `None` = the system does not tell.
    pub total: Option<u64>,
    /// What programs can have now without swapping.
    pub available: Option<u64>,
}

impl MachineMemory {
    /// As it is now.
    pub fn read() -> Self {
        let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let limit = group_folders(&groups)
            .iter()
            .filter_map(|folder| limit_of(folder))
            .min();
        Self::of(&text, limit)
    }

    /// From the text of `/proc/meminfo` and the limit of a container.
    fn of(meminfo: &str, limit: Option<u64>) -> Self {
        let field = |name: &str| {
            let line = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
            let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
            Some(kib * 1024)
        };
        let smaller = |known: Option<u64>| match (known, limit) {
            (Some(known), Some(limit)) => Some(known.min(limit)),
            (known, _) => known,
        };
        Self {
            total: smaller(field("MemTotal:")),
            available: smaller(field("MemAvailable:")),
        }
    }
}

/// `16.2 GiB`, `310 MiB`.
pub fn memory_text(bytes: u64) -> String {
    let mib = bytes as f64 / f64::from(1 << 20);
    if mib < 1000.0 {
        format!("{mib:.0} MiB")
    } else {
        format!("{:.1} GiB", mib / 1024.0)
    }
}

/// Between two looks at the memory that is left.
const LOOK: Duration = Duration::from_secs(1);

/// Looks now and then whether there is memory left: a system without any ends programs, and
/// a training is the largest of them.
#[derive(Debug, Default)]
pub struct MemoryWatch {
    looked: Option<Instant>,
}

impl MemoryWatch {
    /// What is left in bytes, where that is next to nothing; at most one look a second.
    pub fn low(&mut self) -> Option<u64> {
        if self.looked.is_some_and(|looked| looked.elapsed() < LOOK) {
            return None;
        }
        self.looked = Some(Instant::now());
        MachineMemory::read().low()
    }
}

impl MachineMemory {
    /// What is left, where that is less than 2 % of all.
    fn low(self) -> Option<u64> {
        let available = self.available?;
        (available < self.total? / 50).then_some(available)
    }
}

/// Folders of the control groups that this process is in, and of those above, from the text of
/// `/proc/self/cgroup`: of version 2, and of version 1's memory.
fn group_folders(text: &str) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for line in text.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(kind), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let root = match kind {
            "" => Path::new("/sys/fs/cgroup"),
            kind if kind.split(',').any(|kind| kind == "memory") => {
                Path::new("/sys/fs/cgroup/memory")
            }
            _ => continue,
        };
        let path = Path::new(path.trim_start_matches('/'));
        folders.extend(path.ancestors().map(|above| root.join(above)));
    }
    folders
}

/// What a control group may use; `None` = as much as there is.
fn limit_of(folder: &Path) -> Option<u64> {
    let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
    let text = read("memory.max").or_else(|| read("memory.limit_in_bytes"))?;
    // "max" of version 2. Version 1 has a number near 2^63 for it, larger than any machine.
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMINFO: &str =
        "MemTotal:       16000000 kB\nMemFree:  9 kB\nMemAvailable:   4000000 kB\n";

    #[test]
    fn memory_is_read_from_what_the_system_says() {
        let machine = MachineMemory::of(MEMINFO, None);
        assert_eq!(machine.total, Some(16_000_000 << 10));
        assert_eq!(machine.available, Some(4_000_000 << 10));
        assert_eq!(MachineMemory::of("", Some(5)), MachineMemory::default());
    }

    #[test]
    fn next_to_nothing_is_less_than_a_fiftieth() {
        let of = |available| {
            let machine = MachineMemory {
                total: Some(5000),
                available,
            };
            machine.low()
        };
        assert_eq!(
            [of(Some(100)), of(Some(99)), of(None)],
            [None, Some(99), None]
        );
        assert_eq!(memory_text(512 << 20), "512 MiB");
        assert_eq!(memory_text(3 << 29), "1.5 GiB");
    }

    #[test]
    fn a_container_may_have_less() {
        let machine = MachineMemory::of(MEMINFO, Some(8_000_000 << 10));
        assert_eq!(machine.total, Some(8_000_000 << 10));
        assert_eq!(machine.available, Some(4_000_000 << 10));
        let folders = group_folders("4:cpu,memory:/a/b\n3:pids:/a\n0::/c\n");
        let expected = ["memory/a/b", "memory/a", "memory", "c", ""];
        let expected = expected.map(|path| Path::new("/sys/fs/cgroup").join(path));
        assert_eq!(folders, expected);
        let dir = tempfile::tempdir().expect("a folder");
        assert_eq!(limit_of(dir.path()), None);
        fs::write(dir.path().join("memory.max"), "max\n").expect("written");
        assert_eq!(limit_of(dir.path()), None);
        fs::write(dir.path().join("memory.max"), "1048576\n").expect("written");
        assert_eq!(limit_of(dir.path()), Some(1 << 20));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_machine_has_memory() {
        let machine = MachineMemory::read();
        let (total, available) = (machine.total.expect("known"), machine.available);
        assert!(available.is_some_and(|available| available <= total));
    }
}
