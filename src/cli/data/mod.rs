//! `data`: what is wrong with a dataset, a copy without it, a copy with other lists, its batches; public
//! datasets.
//!
//! JSON of `check`: one object with `dataset`, `root`, `layout`, `train`, `val`, `classes`
//! (names), `notes` (`topic`, `text`, `assumed`), `pairs` and `findings` (`severity`, `kind`,
//! `count`, `files`, `reason`, `fix`); where pairs are a guess, also `review` (`pairs` with `image`, `mask`,
//! `confidence`, `reason` and, of a mask that was drawn, `document`, `free_masks`, `free_images`). JSON of `fix` and `split`: one object with `root`, `train`, `val`,
//! `test` and `left_out` (messages). JSON of `dump`: one object with `folder`, `steps` and `batches`.
//!
//! `check` fails where a finding is an error, so that scripts can ask.

mod catalogue;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::args::{DataCheckArgs, DataCommand, DataDumpArgs};
use super::interrupts::Interrupts;
use super::{EXIT_STOPPED, Session, TICK, hints, output};
use crate::engine::{
    CheckedDataset, Dataset, Engine, EngineError, Finding, FixedDataset, Need, SaveTo, Severity,
    Task,
};
use crate::text::plural;

/// Guessed pairs that are shown.
const REVIEWED: usize = 20;

/// Carries out one subcommand.
pub fn run(command: &DataCommand, session: &Session) -> Result<ExitCode, String> {
    let mut engine = session.engine(false);
    match command {
        DataCommand::Check(args) => check(args, &mut engine, session),
        DataCommand::Split(args) => {
            let task = engine.split_dataset(args.dataset.which(), args.plan(), args.out.clone());
            written(task, &mut engine, session)
        }
        DataCommand::Fix(args) => {
            let task = engine.fix_dataset(args.dataset.which(), args.plan(), args.out.clone());
            written(task, &mut engine, session)
        }
        DataCommand::Dump(args) => dump(args, &mut engine, session),
        DataCommand::Catalogue => Ok(catalogue::list(&mut engine, session)),
        DataCommand::Get(args) => catalogue::get(args, &mut engine, session),
    }
}

fn dump(args: &DataDumpArgs, engine: &mut Engine, session: &Session) -> Result<ExitCode, String> {
    let config = if let Some(run) = &args.run {
        engine.find_run(run, Need::Training)?.config.clone()
    } else {
        let start = match &args.network.init {
            Some(wanted) => Some(engine.starting_point(wanted)?),
            None => None,
        };
        args.config(start.as_ref())?
    };
    let task = engine.write_batches(config, args.range(), args.target());
    let Some(written) = wait(task, engine)? else {
        return Ok(ExitCode::from(EXIT_STOPPED));
    };
    if session.json {
        output::json(&json!(written));
    } else {
        output::line(format!(
            "{}: {} of {} written, named in manifest.json",
            written.folder.display(),
            plural(written.batches, "batch", "batches"),
            plural(written.steps, "step", "steps")
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn check(args: &DataCheckArgs, engine: &mut Engine, session: &Session) -> Result<ExitCode, String> {
    let page = match &args.html {
        Some(path) => Some(SaveTo::Path(path.clone(), args.existing.choice()).planned()?),
        None => None,
    };
    let pairs = match &args.pairs {
        Some(path) => Some(SaveTo::Path(path.clone(), args.existing.choice()).planned()?),
        None => None,
    };
    let task = engine.check_dataset(args.dataset.which());
    let Some(checked) = wait(task, engine)? else {
        return Ok(ExitCode::from(EXIT_STOPPED));
    };
    if session.json {
        print_json(&checked);
    } else {
        output::line(text(&checked));
    }
    if let Some(to) = pairs {
        let path = engine.save_pairs(&checked.dataset, to).wait()?;
        if !session.json {
            let of_none = if checked.dataset.review.is_none() {
                ": a list without pairs, since none is a guess"
            } else {
                ""
            };
            output::line(format!("\npairs written to {}{of_none}", path.display()));
        }
    }
    if let Some(to) = page {
        let path = engine.save_findings(Arc::clone(&checked), to).wait()?;
        if !session.json {
            output::line(format!("\nwritten to {}", path.display()));
        }
    }
    Ok(match checked.report.error() {
        Some(_) => ExitCode::FAILURE,
        None => ExitCode::SUCCESS,
    })
}

fn print_json(checked: &CheckedDataset) {
    let dataset = &checked.dataset;
    let classes: Vec<&str> = dataset
        .classes
        .iter()
        .map(|class| class.name.as_str())
        .collect();
    let mut object = json!({
        "dataset": dataset.name,
        "root": dataset.root,
        "layout": dataset.layout.to_string(),
        "train": dataset.train.len(),
        "val": dataset.val.len(),
        "classes": classes,
        "notes": dataset.notes,
        "pairs": checked.report.pairs,
        "findings": checked.report.findings,
    });
    if let Some(review) = &dataset.review {
        object["review"] = json!(review.as_ref());
    }
    output::json(&object);
}

fn text(checked: &CheckedDataset) -> String {
    let dataset = &checked.dataset;
    let mut lines = vec![format!(
        "{}: {}, {} train, {} val, {}",
        dataset.root.display(),
        dataset.layout,
        dataset.train.len(),
        dataset.val.len(),
        plural(dataset.classes.len(), "class", "classes")
    )];
    for note in &dataset.notes {
        let mark = if note.assumed { " (assumed)" } else { "" };
        lines.push(format!("  {note}{mark}"));
    }
    lines.extend(review_lines(dataset));
    lines.push(String::new());
    lines.extend(checked.report.findings.iter().map(finding_text));
    lines.push(summary(checked));
    lines.join("\n")
}

/// Pairs that are a guess, the least sure first.
fn review_lines(dataset: &Dataset) -> Vec<String> {
    let Some(review) = &dataset.review else {
        return Vec::new();
    };
    let seen = |path: &Path| {
        let seen = path.strip_prefix(&dataset.root).unwrap_or(path);
        seen.display().to_string()
    };
    let mut lines = vec!["  pairs that are a guess:".to_owned()];
    let shown = review.pairs.iter().take(REVIEWED);
    lines.extend(shown.map(|pair| {
        format!(
            "    {:<6} {}  {}  ({})",
            pair.confidence.to_string(),
            seen(&pair.image),
            seen(&pair.mask),
            pair.reason
        )
    }));
    let more = review.pairs.len().saturating_sub(REVIEWED);
    if more > 0 {
        lines.push(format!(
            "    {more} more; --json shows all, --pairs FILE.txt writes them"
        ));
    }
    lines
}

fn finding_text(finding: &Finding) -> String {
    let hint = hints::of_finding(finding);
    let hint = hint.map_or_else(String::new, |hint| format!("\n  {hint}"));
    format!(
        "{}: {} ({})\n  {finding}{hint}\n",
        finding.severity, finding.kind, finding.count
    )
}

fn summary(checked: &CheckedDataset) -> String {
    let report = &checked.report;
    let count = |severity, one: &str, many: &str| plural(report.of(severity).count(), one, many);
    format!(
        "{}, {} and {} in {} of image and mask",
        count(Severity::Error, "error", "errors"),
        count(Severity::Warning, "warning", "warnings"),
        count(Severity::Info, "note", "notes"),
        plural(report.pairs, "pair", "pairs")
    )
}

/// Waits for a copy and says what is in it.
fn written(
    task: Task<Result<FixedDataset, EngineError>>,
    engine: &mut Engine,
    session: &Session,
) -> Result<ExitCode, String> {
    let Some(fixed) = wait(task, engine)? else {
        return Ok(ExitCode::from(EXIT_STOPPED));
    };
    if session.json {
        output::json(&json!(fixed));
    } else {
        let test = match fixed.test {
            0 => String::new(),
            count => format!(", {count} test"),
        };
        output::line(format!(
            "{}: {} train and {} val{test} pairs written",
            fixed.root.display(),
            fixed.train,
            fixed.val
        ));
    }
    for message in &fixed.left_out {
        output::problem("left out", message);
    }
    Ok(ExitCode::SUCCESS)
}

/// Waits with a bar; `None` after Ctrl+C.
pub(super) fn wait<T>(
    mut task: Task<Result<T, EngineError>>,
    engine: &mut Engine,
) -> Result<Option<T>, String> {
    let interrupts = Interrupts::install()?;
    let bar = ProgressBar::new(1000);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent} %  {elapsed}, {eta} left") {
        bar.set_style(style);
    }
    let result = loop {
        if let Some(result) = task.poll_result() {
            break result;
        }
        if interrupts.any() {
            task.cancel();
        }
        bar.set_position((task.progress().unwrap_or(0.0) * 1000.0) as u64);
        engine.wait(TICK);
    };
    bar.finish_and_clear();
    match result {
        Ok(value) => Ok(Some(value)),
        Err(EngineError::Cancelled) => Ok(None),
        Err(err) => Err(err.into()),
    }
}
