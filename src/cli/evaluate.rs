//! `evaluate`: scores of the best weights of a run on a split of its dataset, or of existing
//! masks.
//!
//! JSON: one object. Both have `images`, `secs` and the fields of
//! [`EvaluationFields`]. A run has also `run`, `split` and `val_loss`; masks have `predictions`,
//! `labels`, `unanswered_pixels` (labeled, but predicted as void: wrong) and
//! `unpaired_predictions` (skipped: no label has their name).

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::args::{EvaluateArgs, MaskArgs};
use super::evaluation_output::{EvaluationFields, evaluation_fields, evaluation_text};
use super::output::{self, duration};
use super::{Session, TICK, find_weights, pass_on_notices};
use crate::engine::{
    Averaging, DeviceId, Engine, EngineError, Evaluation, MaskClasses, MaskFolders, ScoredSplit,
    Split, Task,
};
use crate::text;

/// Steps of the progress bar.
const BAR_LENGTH: u64 = 1000;

/// Unpaired files that are named; the others are counted.
const NAMED: usize = 5;

/// Scores and prints.
pub fn run(args: &EvaluateArgs, session: &Session) -> Result<ExitCode, String> {
    match (&args.run, mask_folders(args)) {
        (Some(run), None) => score_run(run, args, session)?,
        (None, Some(folders)) => score_masks(folders, session)?,
        _ => {
            return Err(
                "nothing to score. Name a run with --run, or two folders with --predictions and --labels".to_owned(),
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn mask_folders(args: &EvaluateArgs) -> Option<MaskFolders> {
    let MaskArgs {
        predictions,
        labels,
        classes,
        num_classes,
        list,
    } = &args.masks;
    let classes = match (classes, num_classes) {
        (Some(file), _) => MaskClasses::File(file.clone()),
        (None, Some(number)) => MaskClasses::Numbered(*number),
        (None, None) => MaskClasses::Find,
    };
    Some(MaskFolders {
        predictions: predictions.clone()?,
        labels: labels.clone()?,
        list: list.clone(),
        classes,
        void: args.void.clone(),
        boundary_width: args.boundary_width,
    })
}

fn score_run(run: &str, args: &EvaluateArgs, session: &Session) -> Result<(), String> {
    #[derive(Serialize)]
    struct Line<'a> {
        run: &'a str,
        split: Split,
        /// Only where probabilities were averaged.
        #[serde(skip_serializing_if = "Option::is_none")]
        averaging: Option<&'a Averaging>,
        val_loss: Option<f64>,
        #[serde(flatten)]
        evaluation: EvaluationFields<'a>,
    }
    let mut engine = session.engine(args.device != Some(DeviceId::Cpu));
    let name = find_weights(&mut engine, run, args.device)?;
    let split = args.split;
    let on = ScoredSplit {
        dataset: args.dataset()?,
        split,
        averaging: args.averaging(),
    };
    let task = engine.evaluate(
        &name,
        args.device,
        on,
        args.boundary_width,
        args.void.clone(),
    );
    let kept = wait_with_bar(task, &mut engine)?;
    let evaluation = &kept.evaluation;
    warn(evaluation);
    if session.json {
        let fields = evaluation_fields(evaluation);
        output::json(&Line {
            run: &name,
            split,
            averaging: Some(&kept.averaging).filter(|averaging| !averaging.is_off()),
            val_loss: evaluation.val_loss,
            evaluation: fields,
        });
    } else {
        let loss = evaluation
            .val_loss
            .map_or_else(String::new, |loss| format!(", loss {}", text::loss(loss)));
        let how = kept.averaging.text();
        let how = how.map_or_else(String::new, |how| format!(", {how}"));
        output::line(format!(
            "{name}: {} in {}{loss}{how}\n\n{}",
            text::plural(evaluation.images, "image", "images"),
            duration(evaluation.secs),
            evaluation_text(evaluation),
        ));
    }
    Ok(())
}

fn score_masks(folders: MaskFolders, session: &Session) -> Result<(), String> {
    #[derive(Serialize)]
    struct Line<'a> {
        predictions: &'a Path,
        labels: &'a Path,
        unanswered_pixels: u64,
        unpaired_predictions: &'a [PathBuf],
        #[serde(flatten)]
        evaluation: EvaluationFields<'a>,
    }
    let mut engine = session.engine(false);
    let task = engine.score_masks(folders.clone());
    let scored = wait_with_bar(task, &mut engine)?;
    if !scored.unpaired.is_empty() {
        output::problem("warning", &unpaired_text(&scored.unpaired));
    }
    let evaluation = &scored.evaluation;
    warn(evaluation);
    if session.json {
        output::json(&Line {
            predictions: &folders.predictions,
            labels: &folders.labels,
            unanswered_pixels: scored.unanswered,
            unpaired_predictions: &scored.unpaired,
            evaluation: evaluation_fields(evaluation),
        });
        return Ok(());
    }
    output::line(format!(
        "{} against {}: {} in {}\n\n{}",
        folders.predictions.display(),
        folders.labels.display(),
        text::plural(evaluation.images, "mask", "masks"),
        duration(evaluation.secs),
        evaluation_text(evaluation),
    ));
    if scored.unanswered > 0 {
        output::line(format!(
            "\n{} void in the predictions: what has no answer counts as wrong",
            text::plural(
                scored.unanswered as usize,
                "labeled pixel is",
                "labeled pixels are"
            )
        ));
    }
    Ok(())
}

/// What people should know about the labels.
fn warn(evaluation: &Evaluation) {
    for warning in &evaluation.warnings {
        output::problem("warning", warning);
    }
}

fn unpaired_text(unpaired: &[PathBuf]) -> String {
    let mut names: Vec<String> = unpaired
        .iter()
        .take(NAMED)
        .map(|path| path.display().to_string())
        .collect();
    if unpaired.len() > NAMED {
        names.push(format!("{} more", unpaired.len() - NAMED));
    }
    format!(
        "predictions without a label of the same name were skipped: {}",
        names.join(", ")
    )
}

/// Waits for a task and shows its progress.
fn wait_with_bar<T>(
    mut task: Task<Result<T, EngineError>>,
    engine: &mut Engine,
) -> Result<T, EngineError> {
    let bar = ProgressBar::new(BAR_LENGTH);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent} %  {elapsed}, {eta} left") {
        bar.set_style(style);
    }
    let result = loop {
        if let Some(result) = task.poll_result() {
            break result;
        }
        if let Some(share) = task.progress() {
            bar.set_position((share * BAR_LENGTH as f32) as u64);
        }
        engine.wait(TICK);
        for error in pass_on_notices(engine) {
            output::problem("error", &error);
        }
    };
    bar.finish_and_clear();
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_files_only_a_few_are_named() {
        let paths = |count: usize| {
            (0..count)
                .map(|n| PathBuf::from(format!("{n}.png")))
                .collect::<Vec<_>>()
        };
        assert!(unpaired_text(&paths(2)).ends_with(": 0.png, 1.png"));
        assert!(unpaired_text(&paths(7)).ends_with("3.png, 4.png, 2 more"));
    }
}
