//! What becomes of memory that was freed.
//!
//! A training step frees what the next one takes again: a few hundred MiB in large pieces. As glibc
//! is set up, such pieces go back to the system at once and are requested again, and the system
//! hands them out page by page, each filled with zeros: up to a fifth of the time of a step. So
//! this program keeps them while it works, and gives them back when it rests. Only Linux with glibc
//! is told; other systems do as they are set up.

/// Freed memory is kept from now on. To be called before the first thread starts: all of them
/// share one heap then, the only kind that grows as large as a network needs.
///
/// Returns whether the system's allocator can be told and agreed.
pub fn keep_freed_memory() -> bool {
    allocator::keep()
}

/// Gives memory that was freed back to the system.
pub(super) fn give_back_freed_memory() {
    allocator::give_back();
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(
    unsafe_code,
    reason = "the settings of glibc's allocator have no other interface"
)]
mod allocator {
    /// As `mallopt(3)` has them: never a mapping of its own for a large piece, never a heap that
    /// shrinks by itself, no second heap.
    const SETTINGS: [(i32, i32); 3] = [
        (libc::M_MMAP_MAX, 0),
        (libc::M_TRIM_THRESHOLD, -1),
        (libc::M_ARENA_MAX, 1),
    ];

    pub fn keep() -> bool {
        SETTINGS.iter().all(|(name, value)| {
            // SAFETY: sets a number of the allocator, under the allocator's own lock.
            unsafe { libc::mallopt(*name, *value) == 1 }
        })
    }

    pub fn give_back() {
        // SAFETY: frees nothing that is in use; takes the allocator's own locks.
        unsafe { libc::malloc_trim(0) };
    }
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
mod allocator {
    pub fn keep() -> bool {
        false
    }

    pub fn give_back() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In MiB.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn resident() -> usize {
        let status = std::fs::read_to_string("/proc/self/status").expect("a status");
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .expect("a line");
        line.trim()
            .trim_end_matches("kB")
            .trim()
            .parse::<usize>()
            .expect("a number")
            / 1024
    }

    /// Set in the process that measures.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    const MEASURES: &str = "FCN_WORKBENCH_TEST_OF_FREED_MEMORY";

    /// The memory is the whole process's, and where it lies depends on which threads there were
    /// before: the test runs in a process of its own.
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[test]
    fn freed_memory_is_kept_until_it_is_given_back() {
        if std::env::var_os(MEASURES).is_none() {
            let name = "engine::memory::tests::freed_memory_is_kept_until_it_is_given_back";
            let program = std::env::current_exe().expect("a path");
            let output = std::process::Command::new(program)
                .args(["--exact", name, "--test-threads", "1", "--nocapture"])
                .env(MEASURES, "1")
                .output()
                .expect("the tests start again");
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(
                output.status.success() && text.contains("1 passed"),
                "{text}"
            );
            return;
        }
        assert!(keep_freed_memory(), "glibc knows these settings");
        // Small pieces that stay in use hold the place of each large one.
        let (large, small): (Vec<_>, Vec<_>) = (0..2048)
            .map(|_| (vec![1_u8; 256 << 10], Box::new([1_u8; 64])))
            .unzip();
        drop(std::hint::black_box(large));
        let kept = resident();
        give_back_freed_memory();
        let left = resident();
        drop(std::hint::black_box(small));
        assert!(
            kept > left + 256,
            "512 MiB were freed; MiB that were resident then: {kept}, after giving back: {left}"
        );
    }
}
