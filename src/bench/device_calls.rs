//! What a program asks of a GPU: kernels, uploads, waits, programs that are compiled, and what the
//! tuner is asked.
//!
//! Kernels are told by the runtime as they are launched, those of Burn among them. The rest is read
//! from the lines that the graphics library and the tuner log: whoever installs a logger hands them
//! to [`note_log_line`]. They are in the log at its finest level, which is set for as long as
//! something is counted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use log::LevelFilter;
use serde::{Deserialize, Serialize};

use crate::kernels::{LaunchWatch, watch_launches};

/// What was asked of a GPU.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DeviceCalls {
    /// Kernels that were launched.
    pub launches: usize,
    /// Of them, those of the library below, by name.
    pub library_launches: BTreeMap<String, usize>,
    /// Of them, the program's own, by file and function.
    pub own_launches: BTreeMap<String, usize>,
    /// Writes of the program to the device: data, and arguments of kernels that are not there yet.
    pub uploads: usize,
    /// Commands that were handed to the driver together.
    pub submissions: usize,
    /// How often the program waited until the device was done, reading from it included.
    pub waits: usize,
    /// How often it waited for work of several hundred kernels before, so that no more pile up: the
    /// device has work meanwhile.
    pub paced: usize,
    /// Programs that the driver compiled.
    pub compiled: usize,
    /// Time from the launch of a new kernel to its source, in milliseconds: our part.
    pub generating_ms: f64,
    /// Time from the source to the program, in milliseconds: the driver's part.
    pub compiling_ms: f64,
    /// What the tuner was asked for and did not know.
    pub tuned: Vec<String>,
}

impl DeviceCalls {
    /// These calls without those of `others`, of which there are at most as many.
    pub fn without(mut self, others: &Self) -> Self {
        self.submissions = self.submissions.saturating_sub(others.submissions);
        self.waits = self.waits.saturating_sub(others.waits);
        self
    }
}

/// What is being counted.
struct Count {
    calls: DeviceCalls,
    /// When what is being generated or compiled began.
    since: Instant,
}

static COUNT: Mutex<Option<Count>> = Mutex::new(None);

fn count() -> MutexGuard<'static, Option<Count>> {
    COUNT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts from its start to [`end`](Self::end), of the whole process; there is one at a time.
pub(super) struct Counting {
    _watch: LaunchWatch,
    level: LevelFilter,
}

impl Counting {
    pub fn start() -> Self {
        *count() = Some(Count {
            calls: DeviceCalls::default(),
            since: Instant::now(),
        });
        let level = log::max_level();
        log::set_max_level(LevelFilter::Trace);
        Self {
            _watch: watch_launches(Arc::new(note_launch)),
            level,
        }
    }

    /// What was called. Whoever wants all that was asked for waits for the device first.
    pub fn end(self) -> DeviceCalls {
        log::set_max_level(self.level);
        count().take().map(|count| count.calls).unwrap_or_default()
    }
}

fn note_launch(kernel: &'static str) {
    if let Some(count) = count().as_mut() {
        count.since = Instant::now();
        count.calls.launches += 1;
        let (launches, name) = match own_name(kernel) {
            Some(name) => (&mut count.calls.own_launches, name),
            None => (&mut count.calls.library_launches, library_name(kernel)),
        };
        *launches.entry(name.to_owned()).or_default() += 1;
    }
}

/// File and function of a kernel of the program: what it is a type of is a module of that name.
fn own_name(kernel: &str) -> Option<&str> {
    let path = kernel.strip_prefix(concat!(env!("CARGO_CRATE_NAME"), "::kernels::gpu::"))?;
    let path = path.split('<').next().unwrap_or(path);
    Some(
        path.rsplit_once("::")
            .map_or(path, |(function, _)| function),
    )
}

fn library_name(kernel: &str) -> &str {
    let path = kernel.split('<').next().unwrap_or(kernel);
    path.rsplit("::").next().unwrap_or(path)
}

/// Counts what a line of a library says, where something is counted.
pub fn note_log_line(record: &log::Record<'_>) {
    let target = record.target();
    if !(target.starts_with("wgpu_core") || target.starts_with("cubecl_runtime::tune")) {
        return;
    }
    let mut count = count();
    let Some(Count { calls, since }) = count.as_mut() else {
        return;
    };
    let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
    let line = record.args().to_string();
    if line == "Queue::write_buffer" {
        calls.uploads += 1;
    } else if line == "Queue::submit" {
        calls.submissions += 1;
    } else if is_wait(&line) {
        calls.waits += 1;
    } else if is_pace(&line) {
        calls.paced += 1;
    } else if line.starts_with("Device::create_shader_module") {
        calls.generating_ms += milliseconds(since.elapsed());
        *since = Instant::now();
    } else if line.starts_with("Device::create_compute_pipeline") {
        calls.compiled += 1;
        calls.compiling_ms += milliseconds(since.elapsed());
        *since = Instant::now();
    } else if let Some(key) = line.strip_prefix("Tuning ") {
        calls.tuned.push(key.to_owned());
    }
}

/// A read of the device's memory, or a wait for all of its work.
fn is_wait(line: &str) -> bool {
    line.starts_with("Buffer::map_async") || line == "Queue::on_submitted_work_done"
}

/// A wait for one submission. The thread that waits in the background names none.
fn is_pace(line: &str) -> bool {
    line.starts_with("Device::poll") && line.contains("submission_index: Some")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_libraries_are_counted_while_something_is() {
        let note = |target: &str, line: &str| {
            let args = format_args!("{line}");
            note_log_line(&log::Record::builder().target(target).args(args).build());
        };
        let lines = || {
            note("wgpu_core::device::queue", "Queue::write_buffer");
            note("wgpu_core::device::queue", "Queue::submit");
            note(
                "wgpu_core::device::queue",
                "Queue::submit returned submit index 7",
            );
            note(
                "wgpu_core::device::global",
                "Buffer::map_async Id(1,1) offset 0",
            );
            note(
                "wgpu_core::device::global",
                "Device::poll Wait { submission_index: None, timeout: None }",
            );
            note(
                "wgpu_core::device::global",
                "Device::poll Wait { submission_index: Some(8), timeout: None }",
            );
            note(
                "wgpu_core::device::global",
                "Device::create_shader_module -> Id(1,1)",
            );
            note(
                "wgpu_core::device::global",
                "Device::create_compute_pipeline -> Id(1,1)",
            );
            note("cubecl_runtime::tune::tuner", "Tuning Sum(8)");
            note("elsewhere", "Queue::submit");
        };
        lines();
        let counting = Counting::start();
        note_launch("a::b::Reduce<f32, c::D>");
        note_launch("fcn_workbench::kernels::gpu::pool::forward::Forward<f32, u::V>");
        lines();
        let calls = counting.end();
        assert_eq!((calls.launches, calls.compiled), (2, 1));
        assert_eq!(calls.library_launches, [("Reduce".to_owned(), 1)].into());
        let own = [("pool::forward".to_owned(), 1)].into();
        assert_eq!(calls.own_launches, own);
        assert_eq!((calls.uploads, calls.submissions), (1, 1));
        assert_eq!((calls.waits, calls.paced), (1, 1));
        assert_eq!(calls.tuned, ["Sum(8)"]);
        assert!(calls.generating_ms >= 0.0 && calls.compiling_ms >= 0.0);
        lines();
        let none = Counting::start().end();
        assert_eq!(none, DeviceCalls::default());
    }
}
