//! `train --try`: whether a run learns, before it is started.
//!
//! JSON: one line `{"event":"tried","steps","images","first_loss","last_loss","verdict","step_secs",
//! "estimated_secs","text"}`; `verdict` is `learns`, `unclear`, `rises` or `too-slow`.

use std::process::ExitCode;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::args::TrainArgs;
use super::interrupts::Interrupts;
use super::train::{Prepared, prepare};
use super::{EXIT_STOPPED, Session, TICK, output};
use crate::engine::EngineError;

/// Tries the run and says what was found.
pub fn run(args: &TrainArgs, secs: usize, session: &Session) -> Result<ExitCode, String> {
    let Prepared {
        mut engine,
        mut configs,
        ..
    } = prepare(args, session)?;
    let Some(config) = configs.pop() else {
        return Err("there is nothing to try".to_owned());
    };
    let interrupts = Interrupts::install()?;
    let mut task = engine.try_run(config, Duration::from_secs(secs as u64))?;
    let style = ProgressStyle::with_template("{bar:30} trying");
    let bar =
        ProgressBar::new(1000).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let tried = loop {
        if interrupts.any() {
            task.cancel();
        }
        if let Some(result) = task.poll_result() {
            break result;
        }
        bar.set_position((task.progress().unwrap_or(0.0) * 1000.0) as u64);
        engine.wait(TICK);
    };
    bar.finish_and_clear();
    let trial = match tried {
        Err(EngineError::Cancelled) => return Ok(ExitCode::from(EXIT_STOPPED)),
        tried => tried?,
    };
    if session.json {
        let mut line = serde_json::json!({ "event": "tried", "text": trial.text() });
        if let (Some(line), Ok(serde_json::Value::Object(fields))) =
            (line.as_object_mut(), serde_json::to_value(&trial))
        {
            line.extend(fields);
        }
        output::json(&line);
    } else {
        output::line(trial.text());
    }
    Ok(ExitCode::SUCCESS)
}
