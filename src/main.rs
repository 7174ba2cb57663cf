//! Starts the window, or the command line where a subcommand is given.

mod logger;

use std::process::ExitCode;

use fcn_workbench::cli::{self, Args};
use fcn_workbench::engine;
use fcn_workbench::ui::{self, WindowOptions};

fn main() -> ExitCode {
    engine::keep_freed_memory();
    let args = Args::read();
    logger::install(args.verbose, cli::note_log_line);
    let result = match &args.command {
        Some(command) => cli::run(command, &args),
        None => open_window(&args),
    };
    result.unwrap_or_else(|message| {
        cli::print_error(&message);
        ExitCode::FAILURE
    })
}

fn open_window(args: &Args) -> Result<ExitCode, String> {
    let problems = logger::problems();
    ui::run(WindowOptions {
        dirs: args.dirs()?,
        probe_program: cli::probe_program(),
        problems,
        files: args.files.clone(),
        supervised: false,
    })?;
    Ok(ExitCode::SUCCESS)
}
