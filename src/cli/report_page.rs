//! `report`: runs as a page for a browser, and their histories as a table.
//!
//! JSON: one object with `runs` and `html`, `csv`: the files, `null` where none was asked for.

use std::path::PathBuf;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};

use super::args::ReportArgs;
use super::{Session, TICK, output, usable_device, wait_for_device};
use crate::engine::{
    DeviceId, Engine, EngineError, Need, PlotFile, RunSnapshot, SaveTo, Task, plots,
};

/// Writes what was asked for and says so.
pub fn run(args: &ReportArgs, session: &Session) -> Result<ExitCode, String> {
    let mut engine = session.engine(args.device != Some(DeviceId::Cpu) && args.html.is_some());
    let mut names = Vec::new();
    for wanted in &args.runs {
        let name = engine.find_run(wanted, Need::Training)?.name.clone();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let to = |path: &PathBuf| SaveTo::Path(path.clone(), args.existing.choice());
    let mut csv = None;
    if let Some(path) = &args.csv {
        csv = Some(save_csv(&engine, &names, to(path)).wait()?);
    }
    let mut html = None;
    if let Some(path) = &args.html {
        match args.device {
            Some(device) => usable_device(&mut engine, device)?,
            None => {
                for name in &names {
                    let own = engine.run(name).map(|run| run.config.device);
                    wait_for_device(&mut engine, own);
                }
            }
        }
        let task = engine.save_report(&names, args.device, to(path))?;
        html = Some(finish(task, &mut engine)?);
    }
    if session.json {
        output::json(&serde_json::json!({ "runs": names, "html": html, "csv": csv }));
    } else {
        for path in html.iter().chain(&csv) {
            output::line(format!("{} -> {}", names.join(", "), path.display()));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn save_csv(engine: &Engine, names: &[String], to: SaveTo) -> Task<Result<PathBuf, EngineError>> {
    let runs: Vec<RunSnapshot> = names
        .iter()
        .filter_map(|name| engine.run(name).cloned())
        .collect();
    let table = move || plots::csv(&runs.iter().collect::<Vec<_>>());
    engine.save_plot(PlotFile::Text(Box::new(table)), to)
}

/// Waits for the page, with a bar. Ctrl+C ends the program: the page appears whole or not at all.
fn finish(
    mut task: Task<Result<PathBuf, EngineError>>,
    engine: &mut Engine,
) -> Result<PathBuf, String> {
    let style = ProgressStyle::with_template("{bar:30} predicting masks");
    let bar =
        ProgressBar::new(1000).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    loop {
        if let Some(result) = task.poll_result() {
            bar.finish_and_clear();
            return Ok(result?);
        }
        bar.set_position((task.progress().unwrap_or(0.0) * 1000.0) as u64);
        engine.wait(TICK);
    }
}
