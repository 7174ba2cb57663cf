//! The command line: the same engine as the window, without a window.
//!
//! Results go to stdout, everything else to stderr. With `--json` stdout carries
//! one JSON object per line; the module of each subcommand lists its fields. Must not
//! import what is below the engine, except the benchmark.

mod args;
mod auto;
mod bench;
mod bench_layers;
mod catalogue;
mod data;
mod devices;
mod evaluate;
mod evaluation_output;
mod expected;
mod explain;
mod explain_maps;
mod export;
mod hints;
mod interrupts;
mod lr_find;
mod network;
mod output;
mod predict;
mod queue;
mod report;
mod report_page;
mod reproduce;
mod runs;
mod settings;
mod train;
mod trial;
mod values;
mod weights;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::engine::{
    DeviceId, Dirs, Engine, EngineError, EngineOptions, Need, NetworkSource, NoticeLevel,
};

pub use crate::bench::note_log_line;
use args::SourceArgs;
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
    let code = match command {
        Command::Train(train) => match train.try_out {
            Some(secs) => trial::run(train, secs, &session),
            None => train::run(train, &session),
        },
        Command::LrFind(lr_find) => lr_find::run(lr_find, &session),
        Command::Evaluate(evaluate) => evaluate::run(evaluate, &session),
        Command::Predict(predict) => predict::run(predict, &session),
        Command::Explain(explain) => explain::run(explain, &session),
        Command::Export(export) => export::run(export, &session),
        Command::Reproduce(reproduce) => reproduce::run(reproduce, &session),
        Command::Data(data) => data::run(&data.command, &session),
        Command::Queue(queue) => queue::run(queue, &session),
        Command::Report(report) => report_page::run(report, &session),
        Command::Runs => runs::run(&session),
        Command::Devices(devices) => devices::run(devices, &session),
        Command::Bench(bench) => bench::run(bench, &session),
        Command::Weights(weights) => weights::run(&weights.command, &session),
    }?;
    output::check()?;
    Ok(code)
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

/// The name of a run that has weights, once it is known whether its device works, or the one that
/// is wanted instead.
fn find_weights(
    engine: &mut Engine,
    wanted: &str,
    device: Option<DeviceId>,
) -> Result<String, String> {
    let run = engine.find_run(wanted, Need::Weights)?;
    if run.is_imported() && run.name != wanted {
        let text = format!("the latest run is {}, which was imported", run.name);
        output::problem("note", &text);
    }
    let (name, own) = (run.name.clone(), run.config.device);
    match device {
        Some(device) => usable_device(engine, device)?,
        // The engine decides where a network runs; it needs to know the GPUs for that.
        None => wait_for_device(engine, Some(own)),
    }
    Ok(name)
}

/// The network that `--run` or `--weights` names, once it is known that its device works.
fn find_network(engine: &mut Engine, source: &SourceArgs) -> Result<NetworkSource, String> {
    match source.weights() {
        Some(choice) => {
            let device = source.device.unwrap_or(DeviceId::Cpu);
            usable_device(engine, device)?;
            Ok(NetworkSource::Weights(choice, device))
        }
        None => Ok(NetworkSource::Run(
            find_weights(engine, &source.run, source.device)?,
            source.device,
        )),
    }
}

/// An error where a device does not work here.
fn usable_device(engine: &mut Engine, device: DeviceId) -> Result<(), String> {
    wait_for_device(engine, Some(device));
    Ok(engine.devices().check(device)?)
}

/// A wait for devices that lasts longer says that it is one.
const SILENT_WAIT: Duration = Duration::from_secs(1);

/// Waits until it is known whether `wanted` works, or which device is the best one where none is
/// wanted. Nothing has begun yet, so that Ctrl+C ends the program as always.
fn wait_for_device(engine: &mut Engine, wanted: Option<DeviceId>) {
    let mut since = Some(Instant::now());
    while engine.devices().may_change(wanted) {
        engine.wait(TICK);
        if since.is_some_and(|since| since.elapsed() > SILENT_WAIT) {
            since = None;
            output::problem(
                "note",
                "testing the devices of this machine; with --device cpu nothing is tested",
            );
        }
    }
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
        hints::with_hint(&err)
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
