//! `train`: one run, a resumed run, or three strides one after another.
//!
//! The JSON lines stand in [`report`](super::report); `--compare` and `--plan staged` add one last
//! line, `{"event":"compared","runs":[{"run","variant","state","best_epoch","scores"}]}`.

use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

use super::args::{NotifyArgs, TrainArgs};
use super::expected::Expected;
use super::interrupts::Interrupts;
use super::network::PlanArg;
use super::report::{JsonReport, Report, TextReport};
use super::{
    EXIT_STOPPED, SILENT_WAIT, Session, TICK, auto, output, pass_on_notices, wait_for_device,
};
use crate::engine::{
    ActiveRun, DeviceId, Engine, EngineError, Need, RunConfig, RunEventKind, RunSnapshot, RunState,
    Scores, TrainOptions, Variant,
};

/// Trains as asked and reports until it is over.
pub fn run(args: &TrainArgs, session: &Session) -> Result<ExitCode, String> {
    let started = if let Some(wanted) = &args.resume {
        resume(wanted, args, session)?
    } else {
        start(args, session)?
    };
    follow(started, &args.notify, args.has_table(), session)
}

/// Reports until the last run is over.
pub fn follow(
    mut started: Started,
    notify: &NotifyArgs,
    with_table: bool,
    session: &Session,
) -> Result<ExitCode, String> {
    let notifications = notify.wanted();
    if let Some(problem) = notifications.problem("use --webhook") {
        output::problem("warning", &problem);
    }
    started.engine.set_notifications(notifications);
    let runs_dir = &session.dirs.runs;
    if session.json {
        watch(started, with_table, &mut JsonReport { runs_dir }, session)
    } else {
        watch(started, with_table, &mut TextReport::new(runs_dir), session)
    }
}

/// A training that was asked for.
pub struct Started {
    pub engine: Engine,
    pub interrupts: Interrupts,
}

/// What `train` starts, and `queue add` adds.
pub struct Prepared {
    pub engine: Engine,
    pub configs: Vec<RunConfig>,
    /// Whether each run starts from the one before.
    pub staged: bool,
    /// The device of the runs.
    device: DeviceId,
}

/// The runs that the options describe.
pub fn prepare(args: &TrainArgs, session: &Session) -> Result<Prepared, String> {
    let mut engine = session.engine(args.device != Some(DeviceId::Cpu));
    let start = match &args.network.init {
        Some(wanted) => Some(engine.starting_point(wanted)?),
        None => None,
    };
    let mut config = args.config(start.as_ref())?;
    wait_for_device(&mut engine, args.device);
    if args.device.is_none() {
        config.device = engine.devices().best();
    }
    let device = config.device;
    if args.auto {
        let chosen = auto::choose(&mut engine, &config.dataset, device, session.json)?;
        config = args.config_from(chosen);
        config.device = device;
    }
    let strides = || config.three_strides().map_err(EngineError::from);
    let configs = match args.network.plan {
        Some(PlanArg::Staged) => strides()?,
        Some(PlanArg::AtOnce) => vec![config.at_once().map_err(EngineError::from)?],
        None if args.compare => strides()?,
        None => vec![config],
    };
    Ok(Prepared {
        engine,
        configs,
        staged: args.is_staged(),
        device,
    })
}

fn start(args: &TrainArgs, session: &Session) -> Result<Started, String> {
    let Prepared {
        mut engine,
        configs,
        staged,
        device,
    } = prepare(args, session)?;
    engine.ignore_memory(args.ignore_memory);
    engine.keep_awake();
    let interrupts = Interrupts::install()?;
    engine.keep_run_events();
    if staged {
        engine.start_stages(configs)?;
    } else {
        engine.start_plan(configs)?;
    }
    if args.device.is_none() && !session.json {
        output::line(best_device_text(&engine, device));
    }
    Ok(Started { engine, interrupts })
}

/// Which device was chosen, and how to choose another.
fn best_device_text(engine: &Engine, device: DeviceId) -> String {
    let name = engine.devices().entry(device);
    let name = name.map_or_else(String::new, |entry| format!(" ({})", entry.name));
    let other = match device {
        DeviceId::Cpu => "`devices` lists all",
        _ => "--device cpu for the processor",
    };
    format!("Training on {device}{name}, the best device found; {other}")
}

fn resume(wanted: &str, args: &TrainArgs, session: &Session) -> Result<Started, String> {
    let device = args.device;
    let mut engine = session.engine(device != Some(DeviceId::Cpu));
    let run = engine.find_run(wanted, Need::Training)?;
    let (name, own) = (run.name.clone(), run.config.device);
    wait_for_device(&mut engine, device.or(Some(own)));
    engine.keep_awake();
    let interrupts = Interrupts::install()?;
    engine.keep_run_events();
    let options = TrainOptions {
        device,
        dataset: args.dataset.clone(),
        accept_changes: args.accept_changes,
        ..TrainOptions::default()
    };
    engine
        .resume_run_with(&name, options)
        .map_err(|err| match err {
            EngineError::NoSuchDevice { .. } | EngineError::DeviceProblem { .. } => {
                format!("{err}. `train --resume {name} --device cpu` continues on the processor")
            }
            err => err.into(),
        })?;
    Ok(Started { engine, interrupts })
}

/// Follows the runs until the last is over.
fn watch(
    started: Started,
    with_table: bool,
    report: &mut impl Report,
    session: &Session,
) -> Result<ExitCode, String> {
    let Started {
        mut engine,
        interrupts,
    } = started;
    let mut stopping = false;
    let mut errors = Vec::new();
    let mut expected = Expected::default();
    let mut is_prepared = false;
    loop {
        engine.wait(TICK);
        if interrupts.any() && !stopping {
            stopping = true;
            let again = interrupts.once_more();
            let text = format!(
                "stopping after this step and saving a checkpoint. {again} at once, without saving"
            );
            output::problem("note", &text);
            // Where the last run has just ended there is nothing left to stop.
            engine.stop().ok();
        }
        errors.extend(pass_on_notices(&mut engine));
        let preparing = engine.active().and_then(ActiveRun::preparing_for);
        if preparing.is_some_and(|time| time > SILENT_WAIT) && !is_prepared {
            is_prepared = true;
            output::problem(
                "note",
                "preparing the GPU. Its kernels are compiled at first use, which can take minutes; Ctrl+C \
                 twice leaves it",
            );
        }
        for event in engine.take_run_events() {
            if let RunEventKind::Started(_) = event.kind {
                expected = Expected::of(&engine);
            }
            if let Some(run) = engine.run(&event.run) {
                report.event(run, &event.kind, &expected);
            }
        }
        if let Some(active) = engine.active()
            && let Some(run) = engine.run(&active.run)
        {
            report.progress(run, active);
        }
        if engine.plan().is_none_or(|plan| plan.done) {
            break;
        }
    }
    engine.finish_notifications();
    // What was not sent is no failure of the run.
    for notice in engine.take_notices() {
        output::problem("warning", &notice.text);
    }
    let names = engine.plan().map_or(&[][..], |plan| &plan.runs);
    let runs: Vec<&RunSnapshot> = names.iter().filter_map(|name| engine.run(name)).collect();
    if with_table {
        print_comparison(&runs, session.json);
    }
    outcome(&runs, errors, stopping, &session.dirs.runs)
}

/// The exit code; a failure counts for more than a stop.
fn outcome(
    runs: &[&RunSnapshot],
    mut errors: Vec<String>,
    stopping: bool,
    runs_dir: &Path,
) -> Result<ExitCode, String> {
    let mut stopped = runs.is_empty() && stopping;
    for run in runs {
        match &run.state {
            // The engine has told of a failure in a notice.
            RunState::Finished | RunState::Failed(_) => {}
            RunState::Stopped => stopped = true,
            RunState::Active | RunState::Interrupted => errors.push(format!(
                "{}: training ended without a result. `train --resume {}` resumes it from the last checkpoint",
                runs_dir.join(&run.name).display(),
                run.name
            )),
        }
    }
    if runs.is_empty() && errors.is_empty() && !stopped {
        errors.push("nothing was trained".to_owned());
    }
    if !errors.is_empty() {
        return Err(errors.join("\n"));
    }
    Ok(if stopped {
        ExitCode::from(EXIT_STOPPED)
    } else {
        ExitCode::SUCCESS
    })
}

#[derive(Serialize)]
struct Compared<'a> {
    run: &'a str,
    variant: Variant,
    state: &'static str,
    best_epoch: Option<usize>,
    scores: Option<&'a Scores>,
}

fn print_comparison(runs: &[&RunSnapshot], json: bool) {
    if json {
        let of = |run: &&'_ RunSnapshot| -> serde_json::Value {
            let best = run.best();
            serde_json::json!(Compared {
                run: &run.name,
                variant: run.config.variant,
                state: run.state.word(),
                best_epoch: best.map(|best| best.epoch),
                scores: best.map(|best| &best.scores),
            })
        };
        let runs: Vec<serde_json::Value> = runs.iter().map(of).collect();
        output::json(&serde_json::json!({ "event": "compared", "runs": runs }));
        return;
    }
    let header = [
        "network",
        "pixel acc.",
        "mean acc.",
        "mIoU",
        "f.w. IoU",
        "run",
    ];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for run in runs {
        let scores = run.best().map(|best| &best.scores);
        rows.push(output::comparison_row(
            run.config.variant,
            &run.name,
            scores,
        ));
    }
    output::line(format!("\n{}", output::table(&rows)));
}
