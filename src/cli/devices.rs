//! `devices`: the devices that networks can run on, and the probe that the engine runs as a
//! child process.
//!
//! JSON: one object per device with `id`, `name`, `kind`, `backend`, `memory_bytes`,
//! `largest_buffer_bytes`, `matrix_units` and `problem`.

use std::process::ExitCode;

use super::args::DevicesArgs;
use super::{Session, output, pass_on_notices, wait_for_devices};
use crate::engine::{self, DeviceEntry, DeviceKind, MatrixUnitsState, memory_text};

/// Lists the devices, or answers as the probe.
#[expect(clippy::unnecessary_wraps, reason = "all subcommands have one shape")]
pub fn run(args: &DevicesArgs, session: &Session) -> Result<ExitCode, String> {
    if let Some(what) = &args.probe {
        let (answer, code) = engine::probe_main(what, args.matrix_units);
        output::line(answer);
        return Ok(ExitCode::from(code));
    }
    let mut engine = session.engine(true);
    wait_for_devices(&mut engine);
    for error in pass_on_notices(&mut engine) {
        output::problem("error", &error);
    }
    let header = [
        "id",
        "name",
        "kind",
        "backend",
        "memory",
        "matrix units",
        "problem",
    ];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for entry in &engine.devices().entries {
        if session.json {
            output::json(entry);
        }
        rows.push(vec![
            entry.id.to_string(),
            entry.name.clone(),
            entry.kind.to_string(),
            entry.backend.clone(),
            memory(entry),
            matrix_units(entry).to_owned(),
            entry.problem.clone().unwrap_or_default(),
        ]);
    }
    if !session.json {
        output::line(output::table(&rows));
        if let Some(file) = engine::tested_devices_file() {
            output::line(format!(
                "Results of their tests are kept in {}",
                file.display()
            ));
        }
        if let Some(folder) = engine::autotune_folder() {
            output::line(format!(
                "Autotune results are stored in {}",
                folder.display()
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What was found of its units that multiply matrices.
fn matrix_units(entry: &DeviceEntry) -> &str {
    match &entry.matrix_units {
        MatrixUnitsState::Absent => "",
        MatrixUnitsState::Working => "for 16 bits",
        MatrixUnitsState::Faulty(reason) => reason,
    }
}

/// What a device has in memory of its own; the processor's is the machine's.
fn memory(entry: &DeviceEntry) -> String {
    match (entry.kind, entry.memory.total) {
        (DeviceKind::Cpu, _) => String::new(),
        (_, Some(bytes)) => memory_text(bytes),
        (_, None) => "not known".to_owned(),
    }
}
