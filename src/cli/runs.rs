//! `runs`: the run folders, newest first.
//!
//! JSON: one object per run with `run`, `folder`, `created`, `dataset`, `variant`,
//! `trunk`, `device`, `state`, `message`, `steps`, `epochs`, `best_epoch`,
//! `best_mean_iu`, `has_weights` and `can_resume`.

use std::process::ExitCode;

use super::output::{self, percent};
use super::{Session, pass_on_notices};

/// Lists the runs.
#[expect(clippy::unnecessary_wraps, reason = "all subcommands have one shape")]
pub fn run(session: &Session) -> Result<ExitCode, String> {
    let mut engine = session.engine(false);
    for error in pass_on_notices(&mut engine) {
        output::problem("error", &error);
    }
    let header = [
        "run",
        "network",
        "trunk",
        "state",
        "epochs",
        "best mIoU",
        "created",
    ];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for run in engine.runs() {
        let (state, message) = (run.state.word(), run.state.message());
        let best = run.best();
        let best_mean_iu = best.and_then(|best| best.scores.mean_iu);
        if session.json {
            output::json(&serde_json::json!({
                "run": run.name,
                "folder": session.dirs.runs.join(&run.name),
                "created": run.created_text(),
                "dataset": run.dataset_name,
                "variant": run.config.variant,
                "trunk": run.config.trunk,
                "device": run.config.device,
                "state": state,
                "message": message,
                "steps": run.steps.last().map_or(0, |record| record.step),
                "epochs": run.epochs.last().map_or(0, |record| record.epoch),
                "best_epoch": best.map(|best| best.epoch),
                "best_mean_iu": best_mean_iu,
                "has_weights": run.has_weights,
                "can_resume": run.can_resume,
            }));
        }
        rows.push(vec![
            run.name.clone(),
            run.config.variant.to_string(),
            run.config.trunk.to_string(),
            state.to_owned(),
            format!("{}/{}", run.epochs.len(), run.config.epochs),
            percent(best_mean_iu),
            run.created_text(),
        ]);
    }
    if !session.json {
        if rows.len() > 1 {
            output::line(output::table(&rows));
        } else {
            output::line(format!("{}: no runs here", session.dirs.runs.display()));
        }
    }
    Ok(ExitCode::SUCCESS)
}
