//! `train`: one run, a resumed run, or three strides one after another.
//!
//! The JSON lines stand in [`report`](super::report); `--compare` adds one last
//! line, `{"event":"compared","runs":[{"run","variant","state","best_epoch","scores"}]}`.

use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

use super::args::TrainArgs;
use super::follow::{Follower, Report, state_words};
use super::interrupts::Interrupts;
use super::network::{PlanArg, Start};
use super::report::{JsonReport, TextReport};
use super::{EXIT_STOPPED, Session, TICK, output, pass_on_notices, wait_for_devices};
use crate::engine::{DeviceId, Engine, RunSnapshot, RunState, Scores, Variant};

/// Trains as asked and reports until it is over.
pub fn run(args: &TrainArgs, session: &Session) -> Result<ExitCode, String> {
    let started = if let Some(wanted) = &args.resume {
        resume(wanted, session)?
    } else {
        start(args, session)?
    };
    if session.json {
        watch(
            started,
            args.compare,
            &mut JsonReport {
                runs_dir: &session.dirs.runs,
            },
            session,
        )
    } else {
        watch(
            started,
            args.compare,
            &mut TextReport::new(&session.dirs.runs),
            session,
        )
    }
}

/// A training that was asked for.
struct Started {
    engine: Engine,
    interrupts: Interrupts,
    follower: Follower,
}

fn start(args: &TrainArgs, session: &Session) -> Result<Started, String> {
    let mut engine = session.engine(args.settings.device != DeviceId::Cpu);
    let start = match &args.network.init {
        Some(wanted) => Some(Start::find(wanted, &engine, |name| {
            session.find_run(&engine, name)
        })?),
        None => None,
    };
    args.network.check(start.as_ref())?;
    let config = args.config(start.as_ref());
    know_device(&mut engine, config.device);
    let interrupts = Interrupts::install()?;
    let strides = || {
        Variant::STRIDES
            .map(|variant| config.with_variant(variant))
            .to_vec()
    };
    match args.network.plan {
        Some(PlanArg::Staged) => engine.start_stages(strides()),
        None if args.compare => engine.start_plan(strides()),
        Some(PlanArg::AtOnce) | None => engine.start_run(config),
    }
    if engine.active().is_none() {
        return Err(refusal(&mut engine));
    }
    Ok(Started {
        engine,
        interrupts,
        follower: Follower::default(),
    })
}

fn resume(wanted: &str, session: &Session) -> Result<Started, String> {
    let mut engine = session.engine(true);
    let name = session.find_run(&engine, wanted)?;
    let run = engine
        .run(&name)
        .ok_or_else(|| format!("{name}: the run is gone"))?;
    let folder = session.dirs.runs.join(&name);
    if !run.can_resume {
        return Err(match run.state {
            RunState::Finished => format!(
                "{}: this run is finished. Start a new one with more --epochs or --max-steps",
                folder.display()
            ),
            _ => format!(
                "{}: no checkpoint to resume from. Start a new run with the same settings",
                folder.display()
            ),
        });
    }
    let device = run.config.device;
    let follower = Follower::after(run);
    know_device(&mut engine, device);
    let interrupts = Interrupts::install()?;
    engine.resume_run(&name);
    if engine.active().is_none() {
        return Err(refusal(&mut engine));
    }
    Ok(Started {
        engine,
        interrupts,
        follower,
    })
}

/// Why the engine did not start, from its notices.
fn refusal(engine: &mut Engine) -> String {
    let errors = pass_on_notices(engine);
    if errors.is_empty() {
        "the run did not start".to_owned()
    } else {
        errors.join("\n")
    }
}

/// The engine turns down a device it does not know, so it must have looked for GPUs first.
fn know_device(engine: &mut Engine, device: DeviceId) {
    if device != DeviceId::Cpu {
        wait_for_devices(engine);
    }
}

/// Follows the runs until the last is over.
fn watch(
    started: Started,
    compare: bool,
    report: &mut impl Report,
    session: &Session,
) -> Result<ExitCode, String> {
    let Started {
        mut engine,
        interrupts,
        mut follower,
    } = started;
    let mut names: Vec<String> = Vec::new();
    let mut reported = 0;
    let mut stopping = false;
    let mut errors = Vec::new();
    loop {
        engine.wait(TICK);
        if interrupts.any() && !stopping {
            stopping = true;
            output::problem(
                "note",
                "stopping after this step and saving a checkpoint. Press Ctrl+C again to quit at once",
            );
            engine.stop();
        }
        errors.extend(pass_on_notices(&mut engine));
        if let Some(plan) = engine.plan() {
            names.clone_from(&plan.runs);
        }
        while let Some(name) = names.get(reported) {
            let active = engine.active().filter(|active| &active.run == name);
            let Some(run) = engine.run(name) else { break };
            follower.look(run, active, report);
            if active.is_some() {
                break;
            }
            follower = Follower::default();
            reported += 1;
        }
        if engine.plan().is_none_or(|plan| plan.done) {
            break;
        }
    }
    let runs: Vec<&RunSnapshot> = names.iter().filter_map(|name| engine.run(name)).collect();
    if compare {
        print_comparison(&runs, session.json);
    }
    outcome(&runs, errors, &session.dirs.runs)
}

/// The exit code; a failure counts for more than a stop.
fn outcome(
    runs: &[&RunSnapshot],
    mut errors: Vec<String>,
    runs_dir: &Path,
) -> Result<ExitCode, String> {
    let mut stopped = false;
    for run in runs {
        let message = match &run.state {
            RunState::Finished => continue,
            RunState::Stopped => {
                stopped = true;
                continue;
            }
            RunState::Failed(message) => message.clone(),
            RunState::Active | RunState::Interrupted => format!(
                "{}: training ended without a result. `train --resume {}` resumes it from the last checkpoint",
                runs_dir.join(&run.name).display(),
                run.name
            ),
        };
        // The engine's notice of the same failure says it already.
        if !errors.iter().any(|error| error.contains(&message)) {
            errors.push(message);
        }
    }
    if runs.is_empty() && errors.is_empty() {
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
                state: state_words(&run.state).0,
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
