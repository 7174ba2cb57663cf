//! `queue`: runs that are trained one after another, kept in a file of the folder of the runs.
//!
//! JSON of `list`, `add`, `duplicate`, `move`, `remove` and `clear`: one object per run that is then in the
//! queue, with `place`, `id`, `run` (its folder, once it has begun), `staged` (whether it starts from the
//! run before it), `variant`, `trunk`, `dataset`, `device`, `epochs`, `max_steps`, `learning_rate` and `differs`
//! (other settings that are not the same in all runs of the queue). That of `run` is that of `train`.

use std::process::ExitCode;

use super::args::{QueueAddArgs, QueueArgs, QueueCommand, QueueRunArgs};
use super::interrupts::Interrupts;
use super::train::{self, Prepared, Started};
use super::{Session, output, wait_for_device};
use crate::engine::{
    DatasetRef, DeviceId, Engine, EngineError, Grid, GridError, Queue, QueueEdit, QueuedRun,
    RunConfig, own_settings,
};
use crate::text::{plural, setting};

/// Does what was asked for.
pub fn run(args: &QueueArgs, session: &Session) -> Result<ExitCode, String> {
    let edits = match args.command.as_ref().unwrap_or(&QueueCommand::List) {
        QueueCommand::List => Vec::new(),
        QueueCommand::Add(add) => vec![added(add, session)?],
        QueueCommand::Duplicate { place, changes } => {
            let base = entry(&read(session)?, *place)?;
            let configs = grid(changes, &base.config)?;
            vec![add(configs, false, false)]
        }
        QueueCommand::Move { from, to } => {
            let id = entry(&read(session)?, *from)?.id;
            vec![QueueEdit::Move { id, to: to - 1 }]
        }
        QueueCommand::Remove { places } => {
            let queue = read(session)?;
            let ids = places.iter().map(|place| Ok(entry(&queue, *place)?.id));
            vec![QueueEdit::Remove(ids.collect::<Result<_, String>>()?)]
        }
        QueueCommand::Clear => {
            let all = read(session)?.entries;
            vec![QueueEdit::Remove(
                all.iter().map(|entry| entry.id).collect(),
            )]
        }
        QueueCommand::Run(run) => {
            return train_all(run, session);
        }
    };
    let queue = Engine::change_queue(&session.dirs, &edits)?;
    print(&queue, session);
    Ok(ExitCode::SUCCESS)
}

fn read(session: &Session) -> Result<Queue, String> {
    Ok(Engine::change_queue(&session.dirs, &[])?)
}

fn entry(queue: &Queue, place: usize) -> Result<QueuedRun, String> {
    let found = queue.entries.get(place - 1).cloned();
    found.ok_or_else(|| match queue.entries.len() {
        0 => "the queue is empty".to_owned(),
        count => format!("{place}: there is no such place in the queue, which has {count}"),
    })
}

fn added(args: &QueueAddArgs, session: &Session) -> Result<QueueEdit, String> {
    let Prepared {
        configs, staged, ..
    } = train::prepare(&args.train, session)?;
    let mut all = Vec::new();
    for config in &configs {
        all.extend(grid(&args.grid, config)?);
    }
    Ok(add(all, staged, args.first))
}

fn grid(words: &[String], base: &RunConfig) -> Result<Vec<RunConfig>, String> {
    let grid = Grid::parse(words.iter().map(String::as_str));
    let configs = grid.and_then(|grid| grid.configs(base));
    configs.map_err(|err: GridError| err.to_string())
}

fn add(configs: Vec<RunConfig>, staged: bool, first: bool) -> QueueEdit {
    let queued = |(place, config)| QueuedRun::new(config, staged && place > 0);
    QueueEdit::Add {
        runs: configs.into_iter().enumerate().map(queued).collect(),
        first,
    }
}

fn print(queue: &Queue, session: &Session) {
    let header = [
        "place",
        "network",
        "trunk",
        "dataset",
        "device",
        "length",
        "rate",
        "differs in",
        "run",
    ];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    let configs: Vec<&RunConfig> = queue.entries.iter().map(|entry| &entry.config).collect();
    let differs = own_settings(&configs, &SHOWN);
    for ((place, entry), differs) in (1..).zip(&queue.entries).zip(differs) {
        let config = &entry.config;
        if session.json {
            output::json(&serde_json::json!({
                "place": place,
                "id": entry.id,
                "run": entry.run,
                "staged": entry.staged,
                "variant": config.variant,
                "trunk": config.trunk,
                "dataset": config.dataset,
                "device": config.device,
                "epochs": config.epochs,
                "max_steps": config.max_steps,
                "learning_rate": config.learning.learning_rate,
                "differs": differs,
            }));
        }
        let dataset = match &config.dataset {
            DatasetRef::Sample => "sample".to_owned(),
            DatasetRef::Folder(folder) | DatasetRef::Mapped { folder, .. } => {
                folder.display().to_string()
            }
        };
        let from_before = if entry.staged {
            "from the run before"
        } else {
            ""
        };
        let begun = entry.run.clone();
        rows.push(vec![
            place.to_string(),
            config.variant.to_string(),
            config.trunk.to_string(),
            dataset,
            config.device.to_string(),
            length(config),
            setting(config.learning.learning_rate),
            differs.join(", "),
            begun.unwrap_or_else(|| from_before.to_owned()),
        ]);
    }
    if session.json {
        return;
    }
    if rows.len() > 1 {
        output::line(output::table(&rows));
    } else {
        output::line("The queue is empty");
    }
}

/// Settings that have a column of their own.
const SHOWN: [&str; 7] = [
    "variant",
    "trunk",
    "dataset",
    "device",
    "epochs",
    "max steps",
    "learning rate",
];

/// `40 epochs`, `40 epochs, at most 100 steps`.
fn length(config: &RunConfig) -> String {
    let epochs = plural(config.epochs, "epoch", "epochs");
    match config.max_steps {
        Some(steps) => format!("{epochs}, at most {}", plural(steps, "step", "steps")),
        None => epochs,
    }
}

fn train_all(args: &QueueRunArgs, session: &Session) -> Result<ExitCode, String> {
    let queue = read(session)?;
    let devices: Vec<DeviceId> = queue
        .entries
        .iter()
        .map(|entry| entry.config.device)
        .collect();
    let mut engine = session.engine(devices.iter().any(|device| *device != DeviceId::Cpu));
    for device in devices {
        wait_for_device(&mut engine, Some(device));
    }
    engine.ignore_memory(args.ignore_memory);
    engine.keep_awake();
    let interrupts = Interrupts::install()?;
    engine.keep_run_events();
    if !engine.own_queue()? {
        return Err(EngineError::QueueOwned {
            path: session.dirs.runs.join("queue.json"),
        }
        .to_string());
    }
    if let Some(keep_going) = args.keep_going {
        engine.edit_queue(QueueEdit::KeepGoing(keep_going));
    }
    engine.run_queue()?;
    let started = Started { engine, interrupts };
    train::follow(started, &args.notify, true, session)
}
