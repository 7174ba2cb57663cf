//! `evaluate`: scores of a run's best weights over a list of its data set.
//!
//! JSON: one object with `run`, `split`, `images`, `secs`, `val_loss`, `scores` and
//! `classes` (`label`, `name`, `iu`).

use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};

use super::args::EvaluateArgs;
use super::output::{self, duration};
use super::{Session, TICK, pass_on_notices};

/// Steps of the progress bar, which knows only a share.
const BAR_LENGTH: u64 = 1000;

/// Scores and prints.
pub fn run(args: &EvaluateArgs, session: &Session) -> Result<ExitCode, String> {
    let mut engine = session.engine(true);
    let name = session.find_weights(&mut engine, &args.run)?;
    let mut task = engine.evaluate(&name, args.split.into());
    let bar = ProgressBar::new(BAR_LENGTH);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent} %  {elapsed}, {eta} left") {
        bar.set_style(style);
    }
    let result = loop {
        if let Some(result) = task.poll() {
            break result;
        }
        if let Some(share) = task.progress() {
            bar.set_position((share * BAR_LENGTH as f32) as u64);
        }
        engine.wait(TICK);
        for error in pass_on_notices(&mut engine) {
            output::problem("error", &error);
        }
    };
    bar.finish_and_clear();
    let evaluation = result?;
    if session.json {
        output::json(&serde_json::json!({
            "run": name,
            "split": crate::engine::Split::from(args.split),
            "images": evaluation.images,
            "secs": evaluation.secs,
            "val_loss": evaluation.val_loss,
            "scores": evaluation.scores,
            "classes": output::class_scores(&evaluation.scores, &evaluation.classes),
        }));
    } else {
        let loss = evaluation.val_loss.map_or_else(String::new, |loss| format!(", loss {loss:.4}"));
        output::line(format!(
            "{name}: {} images in {}{loss}\n\n{}",
            evaluation.images,
            duration(evaluation.secs),
            output::scores_text(&evaluation.scores, &evaluation.classes),
        ));
    }
    Ok(ExitCode::SUCCESS)
}
