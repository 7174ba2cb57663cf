//! `weights`: the catalogue of public pretrained weights.
//!
//! JSON of `list`: one object per file with `id`, `file`, `what`, `layout`, `source`,
//! `url`, `page`, `bytes`, `hash_kind`, `hash`, `state`, `path` and `message`. JSON of
//! `get` and `add`: `{"event":"progress","id","doing","bytes","total"}` now and then,
//! then `{"event":"ended","id","state","path","message"}` for each file.

mod inspect;

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::{DecimalBytes, ProgressBar, ProgressStyle};

use super::args::{WeightsAddArgs, WeightsCommand, WeightsGetArgs};
use super::interrupts::Interrupts;
use super::{EXIT_STOPPED, Session, TICK, output, pass_on_notices};
use crate::engine::{CatalogueItem, Engine, EntryState};

/// Pause between two JSON lines of progress.
const JSON_PAUSE: Duration = Duration::from_millis(500);

/// Carries out one subcommand.
pub fn run(command: &WeightsCommand, session: &Session) -> Result<ExitCode, String> {
    let mut engine = session.engine(false);
    match command {
        WeightsCommand::List => {
            wait_until_looked(&mut engine);
            list(&engine, session);
            Ok(ExitCode::SUCCESS)
        }
        WeightsCommand::Get(args) => {
            wait_until_looked(&mut engine);
            get(args, engine, session)
        }
        WeightsCommand::Add(args) => {
            wait_until_looked(&mut engine);
            add(args, engine, session)
        }
        WeightsCommand::Inspect(args) => inspect::inspect(args, &engine, session),
        WeightsCommand::Import(args) => inspect::import(args, &engine, session),
    }
}

/// Waits until the engine knows the state of all files; unchecked files are verified.
fn wait_until_looked(engine: &mut Engine) {
    while !engine.catalogue().is_known() || !engine.catalogue().is_idle() {
        engine.wait(TICK);
    }
    // The states say the same as the notices of these checks.
    engine.take_notices();
}

fn list(engine: &Engine, session: &Session) {
    let header = ["id", "file", "size", "state", "what"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for CatalogueItem { entry, state } in engine.catalogue().items() {
        if session.json {
            output::json(&serde_json::json!({
                "id": entry.id,
                "file": entry.file,
                "what": entry.what,
                "layout": entry.layout,
                "source": entry.source,
                "url": entry.url,
                "page": entry.page,
                "bytes": entry.size,
                "hash_kind": entry.hash.kind(),
                "hash": entry.hash.digits(),
                "state": state_word(state),
                "path": state.path(),
                "message": message_of(state),
            }));
        }
        let browser_only = entry.url.is_none() && *state == EntryState::Missing;
        let state = if browser_only {
            "missing, browser download only".to_owned()
        } else {
            state_text(state)
        };
        let size = entry
            .size
            .map_or_else(|| "n/a".to_owned(), |bytes| DecimalBytes(bytes).to_string());
        rows.push(vec![
            entry.id.to_owned(),
            entry.file.to_owned(),
            size,
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

/// One word for programs.
fn state_word(state: &EntryState) -> &'static str {
    match state {
        EntryState::Missing => "missing",
        EntryState::Partial { .. } => "partial",
        EntryState::Downloading { .. } => "downloading",
        EntryState::Verifying { .. } => "verifying",
        EntryState::Ready { .. } => "ready",
        EntryState::Unverified { .. } => "unverified",
        EntryState::Failed { .. } => "failed",
    }
}

fn state_text(state: &EntryState) -> String {
    match state {
        EntryState::Partial { bytes } => format!("partial, {}", DecimalBytes(*bytes)),
        EntryState::Failed { message } => message.clone(),
        other => state_word(other).to_owned(),
    }
}

fn message_of(state: &EntryState) -> Option<&str> {
    match state {
        EntryState::Failed { message } => Some(message),
        _ => None,
    }
}

fn get(args: &WeightsGetArgs, mut engine: Engine, session: &Session) -> Result<ExitCode, String> {
    let ids: Vec<&'static str> = args
        .names
        .iter()
        .map(|name| find(&engine, name))
        .collect::<Result<_, _>>()?;
    let interrupts = Interrupts::install()?;
    let mut errors = Vec::new();
    for id in ids {
        engine.download_weights(id)?;
        match follow(id, &mut engine, &interrupts, session) {
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
        Some(name) => find(&engine, name)?,
        None => match identify(&file, &mut engine, &interrupts)? {
            Some(id) => id,
            None => return Ok(ExitCode::from(EXIT_STOPPED)),
        },
    };
    engine.add_weights(id, &file)?;
    Ok(follow(id, &mut engine, &interrupts, session)?.unwrap_or(ExitCode::SUCCESS))
}

fn find(engine: &Engine, name: &str) -> Result<&'static str, String> {
    let found = engine.catalogue().find(name).map(|item| item.entry.id);
    found.ok_or_else(|| {
        format!("{name}: no such entry among the public weights. `weights list` shows their names")
    })
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
    find(engine, &found?).map(Some)
}

/// Follows work on an entry to its end and reports. An exit code = Ctrl+C ended it.
fn follow(
    id: &'static str,
    engine: &mut Engine,
    interrupts: &Interrupts,
    session: &Session,
) -> Result<Option<ExitCode>, String> {
    let bar = bar();
    let mut stopping = false;
    let mut told: Option<Instant> = None;
    while engine.catalogue().is_busy(id) {
        engine.wait(TICK);
        if interrupts.any() && !stopping {
            stopping = true;
            engine.cancel_download(id);
        }
        let Some(item) = engine.catalogue().find(id) else {
            break;
        };
        let (doing, bytes, total) = match item.state {
            EntryState::Downloading { bytes, total } => ("downloading", bytes, total),
            EntryState::Verifying { bytes, total } => ("verifying", bytes, Some(total)),
            _ => continue,
        };
        bar.set_message(format!("{doing} {}", item.entry.file));
        match total {
            Some(total) => bar.set_length(total),
            None => bar.unset_length(),
        }
        bar.set_position(bytes);
        if session.json && told.is_none_or(|told| told.elapsed() >= JSON_PAUSE) {
            told = Some(Instant::now());
            output::json(&serde_json::json!({
                "event": "progress", "id": id, "doing": doing, "bytes": bytes, "total": total,
            }));
        }
    }
    bar.finish_and_clear();
    // An error is also in the state, which is reported below.
    pass_on_notices(engine);
    let state = engine
        .catalogue()
        .find(id)
        .map_or(EntryState::Missing, |item| item.state.clone());
    report(id, &state, session);
    match state {
        EntryState::Failed { message } => Err(message),
        _ if stopping => Ok(Some(ExitCode::from(EXIT_STOPPED))),
        _ => Ok(None),
    }
}

fn report(id: &str, state: &EntryState, session: &Session) {
    if session.json {
        output::json(&serde_json::json!({
            "event": "ended",
            "id": id,
            "state": state_word(state),
            "path": state.path(),
            "message": message_of(state),
        }));
        return;
    }
    match state {
        EntryState::Ready { path } => output::line(format!("{id}: ready, {}", path.display())),
        EntryState::Unverified { path } => {
            output::line(format!("{id}: not verified, {}", path.display()));
        }
        EntryState::Partial { bytes } => {
            output::problem(
                "note",
                &format!(
                    "{id}: stopped; the partial file of {} is kept for the next `weights get`",
                    DecimalBytes(*bytes)
                ),
            );
        }
        _ => {}
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::no_length();
    let template = "{msg}  {bar:30} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left";
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
