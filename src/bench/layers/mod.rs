//! The time of each layer and pass of a training step, one part after the other, so that a slow
//! or a hanging one is seen: what a step consists of on a device that nobody knows yet.
//!
//! The parts are measured in a child process that tells each when it is done. Where one takes longer
//! than its limit, the child is ended and another goes on behind it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::RecvTimeoutError;

use crate::bench::child::SetAside;
use crate::bench::device_calls::DeviceCalls;
use crate::bench::layer_calls::{Counted, GPU_KERNEL, Prepared};
use crate::bench::layer_parts::{LayerResult, LayersJob, Part, Pass};
use crate::engine::{describe_exit, guarded};
use crate::training::{TrainError, open_device};

/// Has `program` measure every part and calls `done` with each; `false` when `stopped` said so.
///
/// # Errors
/// A sentence for the user where the program cannot be started.
pub fn measure_layers(
    program: &Path,
    job: &LayersJob,
    threads: Option<usize>,
    stopped: &dyn Fn() -> bool,
    done: &mut dyn FnMut(LayerResult),
) -> Result<bool, String> {
    let parts = job.parts();
    let mut next = 0;
    while next < parts.len() {
        let text = serde_json::to_string(&(job, next)).map_err(|err| err.to_string())?;
        let aside = SetAside::new()?;
        let mut command = Command::new(program);
        command
            .args(["bench", "--measure-layers", &text])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(aside.for_child()?);
        if let Some(threads) = threads {
            command.env("RAYON_NUM_THREADS", threads.to_string());
        }
        let mut child = command
            .spawn()
            .map_err(|err| format!("{}: {err}", program.display()))?;
        let (sender, lines) = crossbeam_channel::bounded(16);
        if let Some(stdout) = child.stdout.take() {
            let read = move || {
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        return;
                    }
                }
            };
            thread::Builder::new()
                .name("layers".to_owned())
                .spawn(read)
                .map_err(|err| err.to_string())?;
        }
        let mut started = Instant::now();
        // Beside a part's own time, the start of a process and of a driver.
        let limit = Duration::from_secs(job.seconds + 20);
        let problem = loop {
            if next == parts.len() {
                break None;
            }
            match lines.recv_timeout(Duration::from_millis(50)) {
                Ok(line) => match serde_json::from_str::<LayerResult>(&line) {
                    Ok(result) => {
                        done(result);
                        next += 1;
                        started = Instant::now();
                    }
                    Err(_) => break Some(line),
                },
                Err(RecvTimeoutError::Timeout) if stopped() => {
                    child.kill().ok();
                    child.wait().ok();
                    return Ok(false);
                }
                Err(RecvTimeoutError::Timeout) if started.elapsed() > limit => {
                    break Some(format!("not done within {} s", limit.as_secs()));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let end = child.wait().map_err(|err| err.to_string())?;
                    break Some(format!("its process ended early ({})", describe_exit(end)));
                }
            }
        };
        child.kill().ok();
        child.wait().ok();
        if stopped() {
            return Ok(false);
        }
        if let Some(problem) = problem {
            done(LayerResult {
                problem: Some(aside.behind(problem)),
                ..job.unmeasured(&parts[next])
            });
            next += 1;
        }
    }
    Ok(true)
}

/// The child's side: tells each part from the named one on when it is done; the parent reads them as
/// JSON objects, one in a line. Gives what went wrong as text, and the exit code.
pub fn layers_main(job: &str, tell: &mut dyn FnMut(&LayerResult)) -> (String, u8) {
    let parsed = serde_json::from_str::<(LayersJob, usize)>(job);
    let (job, first) = match parsed {
        Ok(parsed) => parsed,
        Err(err) => return (format!("this is no job: {err}"), 1),
    };
    for part in job.parts().iter().skip(first) {
        let measured = guarded(|| measure(&job, part).map_err(|err| err.to_string())).flatten();
        tell(&measured.unwrap_or_else(|problem| LayerResult {
            problem: Some(problem),
            ..job.unmeasured(part)
        }));
    }
    (String::new(), 0)
}

/// Rounds of later use at most.
const ROUNDS: usize = 10;

fn measure(job: &LayersJob, part: &Part) -> Result<LayerResult, TrainError> {
    let device = open_device(job.device)?;
    let mut prepared = Prepared::new(job, part, &device)?;
    let started = Instant::now();
    let first = prepared.call(Counted::Yes)?;
    let mut later = Vec::new();
    let limit = Duration::from_secs(job.seconds);
    while later.len() < ROUNDS && (later.is_empty() || started.elapsed() < limit / 2) {
        // Where the first use has taken all of the time, there is no other.
        if started.elapsed() >= limit {
            break;
        }
        later.push(prepared.call(Counted::No)?.time.as_secs_f64() * 1000.0);
    }
    let calls = if later.is_empty() {
        None
    } else {
        prepared.call(Counted::Yes)?.calls
    };
    // The processor is asked directly.
    let on_gpu = |calls: Option<DeviceCalls>| calls.filter(|calls| calls.launches > 0);
    later.sort_by(f64::total_cmp);
    let later_ms = later.get(later.len() / 2).copied();
    let empty = job.unmeasured(part);
    let per_sec = |billions: f64| later_ms.map(|ms| billions / (ms / 1000.0));
    let first_ms = first.time.as_secs_f64() * 1000.0;
    let first_calls = on_gpu(first.calls);
    let calls = on_gpu(calls);
    let tuning_ms = first_calls.as_ref().map(|first| {
        if first.tuned.is_empty() {
            return 0.0;
        }
        let known = first.generating_ms + first.compiling_ms + later_ms.unwrap_or(0.0);
        (first_ms - known).max(0.0)
    });
    let route = named_route(prepared.route(), part.pass, first_calls.as_ref());
    Ok(LayerResult {
        first_ms: Some(first_ms),
        first_calls,
        calls,
        tuning_ms,
        later_ms,
        rounds: later.len(),
        tflop_per_sec: per_sec(empty.gflop / 1000.0).filter(|_| empty.gflop > 0.0),
        gbyte_per_sec: per_sec(empty.gbyte).filter(|_| empty.gbyte > 0.0),
        route,
        ..empty
    })
}

/// The route with the names of its kernels, where it says nothing of them. A step has too many.
fn named_route(route: String, pass: Pass, calls: Option<&DeviceCalls>) -> String {
    let Some(calls) = calls.filter(|_| route == GPU_KERNEL && pass != Pass::Step) else {
        return route;
    };
    let own = calls.own_launches.keys().cloned();
    let of_burn = calls.library_launches.keys();
    let names: Vec<String> = own
        .chain(of_burn.map(|name| format!("Burn's {name}")))
        .collect();
    if names.is_empty() {
        return route;
    }
    format!("{route} {}", names.join(", "))
}

#[cfg(test)]
mod tests;
