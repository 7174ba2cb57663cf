//! `export`: the weights of a run as one file.
//!
//! JSON: one object with `run` and `file`.

use std::process::ExitCode;

use super::args::ExportArgs;
use super::{Session, output};
use crate::engine::{Need, SaveTo, SavedWeights};

/// Writes the file and says so.
pub fn run(args: &ExportArgs, session: &Session) -> Result<ExitCode, String> {
    let engine = session.engine(false);
    let name = engine.find_run(&args.run, Need::Weights)?.name.clone();
    let which = if args.raw {
        SavedWeights::Raw
    } else if args.last {
        SavedWeights::Last
    } else {
        SavedWeights::Best
    };
    let to = SaveTo::Path(args.out.clone(), args.existing.choice());
    let file = engine.export_run(&name, which, to).wait()?;
    if session.json {
        output::json(&serde_json::json!({ "run": name, "file": file }));
    } else {
        output::line(format!("{name} -> {}", file.display()));
    }
    Ok(ExitCode::SUCCESS)
}
