//! `weights`: the catalogue of public pretrained weights.
//!
//! JSON of `list`: one object per file with `id`, `file`, `what`, `layout`, `source`,
//! `url`, `page`, `bytes`, `hash_kind`, `hash`, `state`, `path` and `message`. JSON of
//! `get` and `add`: `{"event":"progress","id","doing","bytes","total"}` now and then,
//! then `{"event":"ended","id","state","path","message"}` for each file.

mod inspect;

use std::path::Path;
use std::process::ExitCode;

use super::args::{WeightsAddArgs, WeightsCommand, WeightsGetArgs};
use super::catalogue::{WEIGHTS, bar, message_of, size_text, text, word};
use super::interrupts::Interrupts;
use super::{EXIT_STOPPED, Session, TICK, output};
use crate::engine::{CatalogueItem, Engine, EntryState};

/// Carries out one subcommand.
pub fn run(command: &WeightsCommand, session: &Session) -> Result<ExitCode, String> {
    let mut engine = session.engine(false);
    match command {
        WeightsCommand::List => {
            WEIGHTS.wait_until_looked(&mut engine);
            list(&engine, session);
            Ok(ExitCode::SUCCESS)
        }
        WeightsCommand::Get(args) => {
            WEIGHTS.wait_until_looked(&mut engine);
            get(args, engine, session)
        }
        WeightsCommand::Add(args) => {
            WEIGHTS.wait_until_looked(&mut engine);
            add(args, engine, session)
        }
        WeightsCommand::Inspect(args) => inspect::inspect(args, &engine, session),
        WeightsCommand::Import(args) => inspect::import(args, &engine, session),
    }
}

fn list(engine: &Engine, session: &Session) {
    let header = ["id", "file", "size", "state", "what"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for CatalogueItem { entry, state } in engine.catalogue().items() {
        if session.json {
            output::json(&serde_json::json!({
                "id": entry.id,
                "file": entry.file.name,
                "what": entry.what,
                "layout": entry.layout,
                "source": entry.source,
                "url": entry.file.urls.first(),
                "page": entry.file.page,
                "bytes": entry.file.size,
                "hash_kind": entry.file.hash.kind(),
                "hash": entry.file.hash.digits(),
                "state": word(state),
                "path": state.path(),
                "message": message_of(state),
            }));
        }
        let browser_only = entry.file.urls.is_empty() && *state == EntryState::Missing;
        let state = if browser_only {
            "missing, browser download only".to_owned()
        } else {
            text(state)
        };
        rows.push(vec![
            entry.id.to_owned(),
            entry.file.name.to_owned(),
            size_text(entry.file.size),
            state,
            entry.what.to_owned(),
        ]);
    }
    if !session.json {
        output::line(output::table(&rows));
        output::line(format!(
            "\nfolder: {}",
            engine.catalogue().folder().display()
        ));
    }
}

fn get(args: &WeightsGetArgs, mut engine: Engine, session: &Session) -> Result<ExitCode, String> {
    let ids: Vec<&'static str> = args
        .names
        .iter()
        .map(|name| WEIGHTS.find(&engine, name))
        .collect::<Result<_, _>>()?;
    let interrupts = Interrupts::install()?;
    let mut errors = Vec::new();
    for id in ids {
        engine.download_weights(id)?;
        match WEIGHTS.follow(id, &mut engine, &interrupts, session) {
            Ok(Some(code)) => return Ok(code),
            Ok(None) => {}
            Err(message) => errors.push(message),
        }
    }
    if errors.is_empty() {
        Ok(ExitCode::SUCCESS)
    } else {
        Err(errors.join("\n"))
    }
}

fn add(args: &WeightsAddArgs, mut engine: Engine, session: &Session) -> Result<ExitCode, String> {
    let file =
        std::path::absolute(&args.file).map_err(|err| format!("{}: {err}", args.file.display()))?;
    let interrupts = Interrupts::install()?;
    let id = match &args.name {
        Some(name) => WEIGHTS.find(&engine, name)?,
        None => match identify(&file, &mut engine, &interrupts)? {
            Some(id) => id,
            None => return Ok(ExitCode::from(EXIT_STOPPED)),
        },
    };
    engine.add_weights(id, &file)?;
    Ok(WEIGHTS
        .follow(id, &mut engine, &interrupts, session)?
        .unwrap_or(ExitCode::SUCCESS))
}

/// The entry that a file is, by its hash; `None` after Ctrl+C.
fn identify(
    file: &Path,
    engine: &mut Engine,
    interrupts: &Interrupts,
) -> Result<Option<&'static str>, String> {
    let mut task = engine.identify_weights(file.to_owned());
    let bar = bar();
    bar.set_message("reading");
    let total = std::fs::metadata(file).map_or(0, |meta| meta.len());
    bar.set_length(total);
    let found = loop {
        if let Some(result) = task.poll_result() {
            break result;
        }
        if interrupts.any() {
            return Ok(None);
        }
        bar.set_position((f64::from(task.progress().unwrap_or(0.0)) * total as f64) as u64);
        engine.wait(TICK);
    };
    bar.finish_and_clear();
    WEIGHTS.find(engine, &found?).map(Some)
}
