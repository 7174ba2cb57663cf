//! Peak resident memory of this process, on Linux.

const STATUS_FILE: &str = "/proc/self/status";
/// Writing 5 to it sets the peak back to what is resident (`proc_pid_clear_refs(5)`).
const RESET_FILE: &str = "/proc/self/clear_refs";

/// Resets the peak. Where the system refuses, it stays that since the start.
pub fn reset_peak() {
    std::fs::write(RESET_FILE, "5").ok();
}

/// The peak since the start or the last [reset](reset_peak), in MiB.
pub fn peak_mib() -> Option<f64> {
    peak_of(&std::fs::read_to_string(STATUS_FILE).ok()?)
}

/// `VmHWM` ("high water mark") of a status file, which has kB.
fn peak_of(status: &str) -> Option<f64> {
    let text = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = text.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_from_the_status_file() {
        assert_eq!(
            peak_of("Name:\tx\nVmPeak:\t 9 kB\nVmHWM:\t   2560 kB\nVmRSS:\t 5 kB\n"),
            Some(2.5)
        );
        assert_eq!(peak_of("Name:\tx\n"), None);
        assert_eq!(peak_of("VmHWM:\tmuch\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn memory_that_was_used_is_in_the_peak() {
        // 64 MiB that are written to; other tests run beside this one and only add to it.
        let used = std::hint::black_box(vec![1_u8; 64 << 20]);
        assert!(peak_mib().expect("a peak") > 64.0);
        drop(used);
    }
}
