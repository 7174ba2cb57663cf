//! Starts the window, or the command line where a subcommand is given.

mod logger;

use std::process::ExitCode;

use fcn_workbench::cli::{self, Args};
use fcn_workbench::engine::Dirs;

fn main() -> ExitCode {
    let args = Args::read();
    logger::install(args.verbose);
    let result = match &args.command {
        Some(command) => cli::run(command, &args),
        None => args.dirs().and_then(open_window),
    };
    result.unwrap_or_else(|message| {
        cli::print_error(&message);
        ExitCode::FAILURE
    })
}

fn open_window(dirs: Dirs) -> Result<ExitCode, String> {
    // Placeholder: `ui::run(dirs, cli::probe_program()).map(|()| ExitCode::SUCCESS)`.
    Err(format!(
        "the window is not built yet (data sets would be looked for in {})",
        dirs.data.display()
    ))
}
