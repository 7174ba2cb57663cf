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
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

use crate::bench::case::{NUM_CLASSES, config_of};
use crate::bench::layer_calls::Prepared;
use crate::dataset::Size;
use crate::engine::{describe_exit, guarded};
use crate::model::{LayerKind, LayerShape, NetworkConfig, Trunk, Variant};
use crate::training::{DeviceId, TrainError, open_device};

/// What is measured, layer by layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayersJob {
    pub trunk: Trunk,
    pub variant: Variant,
    pub size: Size,
    pub batch_size: usize,
    pub device: DeviceId,
    /// What is measured of them; none = all.
    pub passes: Vec<Pass>,
    /// Seconds that one part may take, its first use included.
    pub seconds: u64,
}

/// A pass of a layer, or a part of a step that is no layer.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    VariantArray,
    IntoStaticStr,
    EnumString,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Pass {
    Forward,
    DataGradient,
    WeightGradient,
    LossForward,
    LossGradient,
    /// The update of all weights at once.
    Optimizer,
    /// All of it, as training does it.
    Step,
}

impl Pass {
    /// As it is written in a table.
    pub fn label(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::DataGradient => "data gradient",
            Self::WeightGradient => "weight gradient",
            Self::LossForward => "loss",
            Self::LossGradient => "loss gradient",
            Self::Optimizer => "optimizer",
            Self::Step => "whole step",
        }
    }
}

/// What is measured at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    /// `None` for what is no layer.
    pub layer: Option<LayerShape>,
    pub pass: Pass,
    /// How many layers of the network are the same.
    pub count: usize,
}

/// A part that was measured, or was not done in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerResult {
    /// The layer in words: `3x3, 64 to 128, 112x112`.
    pub layer: String,
    pub pass: Pass,
    /// How many layers of the network are the same; times are of one.
    pub count: usize,
    /// Milliseconds of the first use: kernels are generated, compiled and, by Burn, tuned.
    pub first_ms: Option<f64>,
    /// Milliseconds of a later use, the middle of `rounds`.
    pub later_ms: Option<f64>,
    pub rounds: usize,
    /// Floating point operations of one call, in billions.
    pub gflop: f64,
    /// Trillions of operations a second, in later use.
    pub tflop_per_sec: Option<f64>,
    /// Billions of bytes that a call reads and writes at least.
    pub gbyte: f64,
    /// Of these a second, in later use.
    pub gbyte_per_sec: Option<f64>,
    /// What computes it.
    pub route: String,
    /// Why there is no time.
    pub problem: Option<String>,
}

impl LayersJob {
    fn network(&self) -> NetworkConfig {
        config_of(self.trunk, self.variant).network(NUM_CLASSES)
    }

    /// Every layer of the network once, with the passes of training, then the rest of a step.
    pub(super) fn parts(&self) -> Vec<Part> {
        let size = [self.size.height as usize, self.size.width as usize];
        let layers = self.network().layers(self.batch_size, size);
        let mut parts: Vec<Part> = Vec::new();
        for (nth, layer) in layers.iter().enumerate() {
            let passes: &[Pass] = match layer.kind {
                LayerKind::Pooling => &[Pass::Forward, Pass::DataGradient],
                // Images get no gradient.
                LayerKind::Convolution if nth == 0 => &[Pass::Forward, Pass::WeightGradient],
                _ => &[Pass::Forward, Pass::DataGradient, Pass::WeightGradient],
            };
            for &pass in passes {
                let same = |part: &&mut Part| part.layer == Some(*layer) && part.pass == pass;
                match parts.iter_mut().find(same) {
                    Some(part) => part.count += 1,
                    None => parts.push(Part {
                        layer: Some(*layer),
                        pass,
                        count: 1,
                    }),
                }
            }
        }
        let rest = [
            Pass::LossForward,
            Pass::LossGradient,
            Pass::Optimizer,
            Pass::Step,
        ];
        parts.extend(rest.map(|pass| Part {
            layer: None,
            pass,
            count: 1,
        }));
        if !self.passes.is_empty() {
            parts.retain(|part| self.passes.contains(&part.pass));
        }
        parts
    }

    /// A result without times.
    fn unmeasured(&self, part: &Part) -> LayerResult {
        let values = |layer: &LayerShape| layer.inputs() + layer.outputs() + layer.weights();
        let pixels = self.batch_size * (self.size.width * self.size.height) as usize;
        let size = [self.size.height as usize, self.size.width as usize];
        let weights = self.network().training_memory(1, size, false).trained as usize / 4;
        let (multiply_adds, values) = match (&part.layer, part.pass) {
            (Some(layer), _) => (layer.multiply_adds(), values(layer)),
            (None, Pass::LossForward) => (0, pixels * NUM_CLASSES),
            (None, Pass::LossGradient) => (0, 2 * pixels * NUM_CLASSES),
            // Reads three and writes two.
            (None, Pass::Optimizer) => (0, 5 * weights),
            (None, _) => {
                let cost = self.network().step_cost(size, false);
                (cost.times(self.batch_size).total(), 0)
            }
        };
        LayerResult {
            layer: describe(part, self),
            pass: part.pass,
            count: part.count,
            first_ms: None,
            later_ms: None,
            rounds: 0,
            gflop: 2.0 * multiply_adds as f64 / 1e9,
            tflop_per_sec: None,
            gbyte: (values * size_of::<f32>()) as f64 / 1e9,
            gbyte_per_sec: None,
            route: String::new(),
            problem: None,
        }
    }
}

fn describe(part: &Part, job: &LayersJob) -> String {
    let size = |[height, width]: [usize; 2]| format!("{width}x{height}");
    match &part.layer {
        Some(layer) => {
            let [input, output] = layer.channels;
            let kernel = size(layer.kernel);
            let stride = match layer.stride {
                [1, 1] => String::new(),
                [stride, _] => format!(" stride {stride}"),
            };
            let kind = match layer.kind {
                LayerKind::Convolution => "",
                LayerKind::Upsampling => "up ",
                LayerKind::Pooling => "pool ",
            };
            format!(
                "{kind}{kernel}{stride}, {input} to {output}, {}",
                size(layer.size)
            )
        }
        None => format!("{}/{}/b{}", job.trunk.id(), job.size, job.batch_size),
    }
}

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
        let mut command = Command::new(program);
        command
            .args(["bench", "--measure-layers", &text])
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
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
                problem: Some(problem),
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
    let first = prepared.call()?;
    let mut later = Vec::new();
    let limit = Duration::from_secs(job.seconds);
    while later.len() < ROUNDS && (later.is_empty() || started.elapsed() < limit / 2) {
        // Where the first use has taken all of the time, there is no other.
        if started.elapsed() >= limit {
            break;
        }
        later.push(prepared.call()?.as_secs_f64() * 1000.0);
    }
    later.sort_by(f64::total_cmp);
    let later_ms = later.get(later.len() / 2).copied();
    let empty = job.unmeasured(part);
    let per_sec = |billions: f64| later_ms.map(|ms| billions / (ms / 1000.0));
    Ok(LayerResult {
        first_ms: Some(first.as_secs_f64() * 1000.0),
        later_ms,
        rounds: later.len(),
        tflop_per_sec: per_sec(empty.gflop / 1000.0).filter(|_| empty.gflop > 0.0),
        gbyte_per_sec: per_sec(empty.gbyte).filter(|_| empty.gbyte > 0.0),
        route: prepared.route(),
        ..empty
    })
}

#[cfg(test)]
mod tests;
