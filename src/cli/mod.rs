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
mod follow;
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

use crate::engine::{DeviceId, Dirs, Engine, EngineOptions, NoticeLevel};

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

    /// The name of a run on disk from what the user wrote: a name or `latest`.
    fn find_run(&self, engine: &Engine, wanted: &str) -> Result<String, String> {
        let found = if wanted == "latest" {
            engine.runs().first()
        } else {
            engine.run(wanted)
        };
        found.map(|run| run.name.clone()).ok_or_else(|| {
            let folder = self.dirs.runs.display();
            if engine.runs().is_empty() {
                format!(
                    "{folder}: no runs here. Train one, or choose another folder with --runs-dir"
                )
            } else {
                format!("{wanted}: no such run in {folder}. The `runs` subcommand lists them")
            }
        })
    }

    /// A run as [`find_run`](Self::find_run) finds it, that has weights and a usable device.
    fn find_weights(&self, engine: &mut Engine, wanted: &str) -> Result<String, String> {
        let name = self.find_run(engine, wanted)?;
        let (has_weights, device) = engine.run(&name).map_or((false, DeviceId::Cpu), |run| {
            (run.has_weights, run.config.device)
        });
        if !has_weights {
            return Err(format!(
                "{}: this run has no weights yet. Train it for an epoch with `train --resume {name}`",
                self.dirs.runs.join(&name).display()
            ));
        }
        // The engine decides where a network runs; it needs to know the GPUs for that.
        if device != DeviceId::Cpu {
            wait_for_devices(engine);
        }
        Ok(name)
    }
}

/// Waits until the GPUs are known.
fn wait_for_devices(engine: &mut Engine) {
    while engine.devices().probing {
        engine.wait(TICK);
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
