//! What the commands of public weights and public datasets share: states in words, and the work on an
//! entry, followed to its end.
//!
//! JSON: `{"event":"progress","id","doing","bytes","total"}` now and then, then
//! `{"event":"ended","id","state","path","message"}`.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::{DecimalBytes, ProgressBar, ProgressStyle};

use super::interrupts::Interrupts;
use super::{EXIT_STOPPED, Session, TICK, output, pass_on_notices};
use crate::engine::{Catalogue, CatalogueEntry, Engine, EntryState, PublicDataset, PublicWeights};

/// Pause between two JSON lines of progress.
const JSON_PAUSE: Duration = Duration::from_millis(500);

/// One of the catalogues, and what is asked of the engine about it.
pub struct Shelf<E: 'static> {
    of: fn(&Engine) -> &Catalogue<E>,
    cancel: fn(&mut Engine, &str),
    /// What its entries are called together.
    entries: &'static str,
    /// The command that lists them.
    list: &'static str,
    /// The command that downloads them.
    get: &'static str,
}

pub const WEIGHTS: Shelf<PublicWeights> = Shelf {
    of: Engine::catalogue,
    cancel: Engine::cancel_download,
    entries: "public weights",
    list: "weights list",
    get: "weights get",
};

pub const DATASETS: Shelf<PublicDataset> = Shelf {
    of: Engine::public_datasets,
    cancel: Engine::cancel_dataset,
    entries: "public datasets",
    list: "data catalogue",
    get: "data get",
};

impl<E: CatalogueEntry> Shelf<E> {
    /// Waits until the engine knows the state of all entries; unchecked files are verified.
    pub fn wait_until_looked(&self, engine: &mut Engine) {
        while !(self.of)(engine).is_known() || !(self.of)(engine).is_idle() {
            engine.wait(TICK);
        }
        // The states say the same as the notices of these checks.
        engine.take_notices();
    }

    /// The id of the entry that somebody means.
    pub fn find(&self, engine: &Engine, name: &str) -> Result<&'static str, String> {
        let found = (self.of)(engine).find(name).map(|item| item.entry.id());
        found.ok_or_else(|| {
            format!(
                "{name}: no such entry among the {}. `{}` shows their names",
                self.entries, self.list
            )
        })
    }

    /// Follows work on an entry to its end and reports. An exit code = Ctrl+C ended it.
    pub fn follow(
        &self,
        id: &'static str,
        engine: &mut Engine,
        interrupts: &Interrupts,
        session: &Session,
    ) -> Result<Option<ExitCode>, String> {
        let bar = bar();
        let mut stopping = false;
        let mut told: Option<Instant> = None;
        while (self.of)(engine).is_busy(id) {
            engine.wait(TICK);
            if interrupts.any() && !stopping {
                stopping = true;
                (self.cancel)(engine, id);
            }
            let Some(item) = (self.of)(engine).find(id) else {
                break;
            };
            let (doing, bytes, total) = match item.state {
                EntryState::Downloading { bytes, total } => ("downloading", bytes, total),
                EntryState::Verifying { bytes, total } => ("verifying", bytes, Some(total)),
                EntryState::Unpacking { bytes, total } => ("unpacking", bytes, Some(total)),
                _ => continue,
            };
            bar.set_message(format!("{doing} {}", item.entry.label()));
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
        let state = (self.of)(engine)
            .find(id)
            .map_or(EntryState::Missing, |item| item.state.clone());
        self.report(id, &state, session);
        match state {
            EntryState::Failed { message } => Err(message),
            _ if stopping => Ok(Some(ExitCode::from(EXIT_STOPPED))),
            _ => Ok(None),
        }
    }

    fn report(&self, id: &str, state: &EntryState, session: &Session) {
        if session.json {
            output::json(&serde_json::json!({
                "event": "ended",
                "id": id,
                "state": word(state),
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
                        "{id}: stopped; the partial file of {} is kept for the next `{}`",
                        DecimalBytes(*bytes),
                        self.get
                    ),
                );
            }
            _ => {}
        }
    }
}

/// One word for programs.
pub fn word(state: &EntryState) -> &'static str {
    match state {
        EntryState::Missing => "missing",
        EntryState::Partial { .. } => "partial",
        EntryState::Incomplete { .. } => "incomplete",
        EntryState::Downloading { .. } => "downloading",
        EntryState::Verifying { .. } => "verifying",
        EntryState::Unpacking { .. } => "unpacking",
        EntryState::Ready { .. } => "ready",
        EntryState::Unverified { .. } => "unverified",
        EntryState::Failed { .. } => "failed",
    }
}

/// A state in a table for people.
pub fn text(state: &EntryState) -> String {
    match state {
        EntryState::Partial { bytes } => format!("partial, {}", DecimalBytes(*bytes)),
        EntryState::Incomplete { missing } if missing.is_empty() => "not unpacked yet".to_owned(),
        EntryState::Incomplete { missing } => format!("without {}", missing.join(", ")),
        EntryState::Failed { message } => message.clone(),
        other => word(other).to_owned(),
    }
}

/// Why it failed.
pub fn message_of(state: &EntryState) -> Option<&str> {
    match state {
        EntryState::Failed { message } => Some(message),
        _ => None,
    }
}

/// A size in a table for people.
pub fn size_text(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "n/a".to_owned(), |bytes| DecimalBytes(bytes).to_string())
}

/// A bar for bytes.
pub fn bar() -> ProgressBar {
    let bar = ProgressBar::no_length();
    let template = "{msg}  {bar:30} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left";
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
