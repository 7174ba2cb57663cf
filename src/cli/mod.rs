//! The command line: the same engine as the window, without a window.
//!
//! Results go to stdout, everything else to stderr. With `--json` stdout carries
//! one JSON object per line; the module of each subcommand lists its fields. Must not
//! import what is below the engine, except the benchmark.

mod args;
mod bench;
mod devices;
mod evaluate;
mod export;
mod interrupts;
mod network;
mod output;
mod predict;
mod report;
mod runs;
mod settings;
mod train;
mod values;
mod weights;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::{DeviceId, Dirs, Engine, EngineError, EngineOptions, Need, NoticeLevel};

pub use args::{Args, Command};

/// Longest wait for the engine before Ctrl+C is checked.
const TICK: Duration = Duration::from_millis(100);

/// The exit code of a run that Ctrl+C stopped, as shells use it.
const EXIT_STOPPED: u8 = 130;

/// Runs one subcommand. The error is a message for the user.
pub fn run(command: &Command, args: &Args) -> Result<ExitCode, String> {
    let session = Session {
        dirs: args.dirs()?,
        json: args.json,
    };
    match command {
        Command::Train(train) => train::run(train, &session),
        Command::Evaluate(evaluate) => evaluate::run(evaluate, &session),
        Command::Predict(predict) => predict::run(predict, &session),
        Command::Export(export) => export::run(export, &session),
        Command::Runs => runs::run(&session),
        Command::Devices(devices) => devices::run(devices, &session),
        Command::Bench(bench) => bench::run(bench, &session),
        Command::Weights(weights) => weights::run(&weights.command, &session),
    }
}

/// Writes one message to stderr.
pub fn print_error(message: &str) {
    output::problem("error", message);
}

/// The program that probes GPUs in a process of its own: this one.
pub fn probe_program() -> Option<PathBuf> {
    std::env::current_exe().ok()
}

/// What all subcommands share.
struct Session {
    dirs: Dirs,
    json: bool,
}

impl Session {
    /// An engine that knows the runs on disk; `probe` = it also looks for GPUs.
    fn engine(&self, probe: bool) -> Engine {
        let mut engine = Engine::new(EngineOptions {
            dirs: self.dirs.clone(),
            waker: Arc::new(|| {}),
            probe_program: if probe { probe_program() } else { None },
            live_masks: false,
        });
        while !engine.runs_known() {
            engine.wait(TICK);
        }
        engine
    }
}

/// The name of a run that has weights, once it is known whether its device works.
fn find_weights(engine: &mut Engine, wanted: &str) -> Result<String, String> {
    let run = engine.find_run(wanted, Need::Weights)?;
    let (name, device) = (run.name.clone(), run.config.device);
    // The engine decides where a network runs; it needs to know the GPUs for that.
    if device != DeviceId::Cpu {
        wait_for_devices(engine);
    }
    Ok(name)
}

/// Waits until the GPUs are known.
fn wait_for_devices(engine: &mut Engine) {
    while engine.devices().probing {
        engine.wait(TICK);
    }
}

/// The command line ends with one message.
impl From<EngineError> for String {
    fn from(err: EngineError) -> Self {
        err.to_string()
    }
}

/// Passes the engine's notices on to stderr; returns the errors among them.
fn pass_on_notices(engine: &mut Engine) -> Vec<String> {
    let mut errors = Vec::new();
    for notice in engine.take_notices() {
        match notice.level {
            NoticeLevel::Info => log::info!("{}", notice.text),
            NoticeLevel::Warning => output::problem("warning", &notice.text),
            NoticeLevel::Error => errors.push(notice.text),
        }
    }
    errors
}
