//! `weights inspect` and `weights import`, for any weights file.
//!
//! JSON of `inspect`: one object with `file`, `title`, `variant`, `trunk`, `geometry`,
//! `classes`, `choice` (which weights were taken of several, else null) and `layers` (`name`, `shape`, `state`, `reason`). JSON of `import`: `file`
//! and `run`.

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::cli::args::WeightsInspectArgs;
use crate::cli::{Session, output};
use crate::engine::{Engine, WeightsRow, WeightsRowState, WeightsSummary};

/// Prints a row for each layer of the network, then the rest of the file.
pub fn inspect(
    args: &WeightsInspectArgs,
    engine: &Engine,
    session: &Session,
) -> Result<ExitCode, String> {
    let summary = engine.inspect_weights(args.choice()).wait()?;
    if session.json {
        output::json(&summary_json(args, &summary));
        return Ok(ExitCode::SUCCESS);
    }
    output::line(format!("{}: {}", args.file.display(), summary.layout));
    let config = &summary.config;
    output::line(format!(
        "as {} on {}, {} geometry\n",
        config.variant,
        config.trunk,
        config.geometry.id()
    ));
    if let Some(choice) = &summary.choice {
        output::line(format!("{choice}\n"));
    }
    let mut rows = vec![["layer", "shape", "state"].map(str::to_owned).to_vec()];
    rows.extend(
        summary
            .rows
            .iter()
            .map(|row| vec![row.name.clone(), shape_text(&row.shape), words(row)]),
    );
    output::line(output::table(&rows));
    Ok(ExitCode::SUCCESS)
}

/// Makes a run from the file.
pub fn import(
    args: &WeightsInspectArgs,
    engine: &Engine,
    session: &Session,
) -> Result<ExitCode, String> {
    let run = engine.import_weights(args.choice()).wait()?;
    if session.json {
        output::json(&json!({ "file": args.file, "run": run }));
    } else {
        output::line(format!("{} -> {run}", args.file.display()));
    }
    Ok(ExitCode::SUCCESS)
}

fn summary_json(args: &WeightsInspectArgs, summary: &WeightsSummary) -> Value {
    let classes = summary.classes.as_ref().map(|classes| {
        classes
            .iter()
            .map(|class| class.name.clone())
            .collect::<Vec<_>>()
    });
    let layers: Vec<Value> = summary
        .rows
        .iter()
        .map(|row| {
            let (state, reason) = state(row);
            json!({ "name": row.name, "shape": row.shape, "state": state, "reason": reason })
        })
        .collect();
    json!({
        "file": args.file,
        "title": summary.layout.to_string(),
        "variant": summary.config.variant.id(),
        "trunk": summary.config.trunk.id(),
        "geometry": summary.config.geometry.id(),
        "classes": classes,
        "choice": summary.choice,
        "layers": layers,
    })
}

/// The state for JSON, and the reason.
fn state(row: &WeightsRow) -> (&'static str, Option<String>) {
    match &row.state {
        WeightsRowState::Loaded => ("loaded", None),
        WeightsRowState::Reshaped { from } => (
            "loaded",
            Some(format!("reshaped from {}", shape_text(from))),
        ),
        WeightsRowState::Initialized { reason } => ("initialized", Some(reason.clone())),
        WeightsRowState::Skipped { reason } => ("skipped", Some((*reason).to_owned())),
    }
}

fn words(row: &WeightsRow) -> String {
    let (state, reason) = state(row);
    reason.map_or_else(|| state.to_owned(), |reason| format!("{state}: {reason}"))
}

fn shape_text(shape: &[usize]) -> String {
    shape
        .iter()
        .map(usize::to_string)
        .collect::<Vec<_>>()
        .join("x")
}
