//! The engine's side of the catalogue: starts work on entries and applies what it sends.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ureq::Agent;

use super::{Catalogue, CatalogueEntry, CatalogueError, EntryState, Watch, download, store};
use crate::engine::background::Background;
use crate::engine::tasks::{Poll, Task, guarded, spawn_thread};
use crate::engine::{Engine, EngineError, Event, Lost, NoticeLevel};

/// What threads at work on the catalogue send.
pub(in crate::engine) enum WeightsEvent {
    /// What is there, in the order of the catalogue; `None` = a file to check.
    Looked(Vec<Option<EntryState>>),
    /// How far work on an entry is.
    Told { id: &'static str, state: EntryState },
    /// Work on an entry is over.
    Ended { id: &'static str, state: EntryState },
}

/// Work on one entry.
pub(super) struct Job {
    task: Task<()>,
    /// Waits on the network, where the work is a download.
    agent: Option<Agent>,
}

impl Job {
    /// Asks the work to end, also while it waits for a server.
    fn cancel(&self) {
        self.task.cancel();
        if let Some(agent) = &self.agent {
            agent.clone().shutdown();
        }
    }
}

impl Catalogue {
    fn entries(&self) -> Vec<CatalogueEntry> {
        self.items.iter().map(|item| item.entry.clone()).collect()
    }

    fn set(&mut self, id: &str, state: EntryState) {
        if let Some(item) = self.items.iter_mut().find(|item| item.entry.id == id) {
            item.state = state;
        }
    }
}

impl Engine {
    /// The public weights, and what of them is here.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Downloads the entry with this id or file name, from where an earlier try ended.
    pub fn download_weights(&mut self, name: &str) -> Result<(), EngineError> {
        let agent = download::new_agent();
        let client = agent.clone();
        self.start_job(name, Some(agent), move |entry, folder, watch| {
            download::download(entry, folder, &client, watch)
        })
    }

    /// Copies a file of this machine to its place in the catalogue, if it is the one
    /// that the id or file name `name` means.
    pub fn add_weights(&mut self, name: &str, file: &Path) -> Result<(), EngineError> {
        let file = file.to_owned();
        self.start_job(name, None, move |entry, folder, watch| {
            store::add(entry, &file, folder, watch)
        })
    }

    /// The id of the entry that a file is, by its hash.
    pub fn identify_weights(&self, file: PathBuf) -> Task<Result<String, EngineError>> {
        let entries = self.catalogue.entries();
        self.spawn_waiting("identify", move |cancel| {
            Ok(store::identify(&entries, &file, cancel)?.to_owned())
        })
    }

    /// Cancels work on an entry. The partial file of a download is kept.
    pub fn cancel_download(&mut self, id: &str) {
        if let Some(job) = self.catalogue.jobs.get(id) {
            job.cancel();
        }
    }

    /// Looks at the folder, in the background.
    pub(in crate::engine) fn look_for_weights(&mut self) {
        let sender = self.sender.clone();
        let (entries, folder) = (self.catalogue.entries(), self.catalogue.folder.clone());
        self.spawn_background(Background::Weights, move || {
            let found = entries
                .iter()
                .map(|entry| store::look(entry, &folder))
                .collect();
            sender
                .send(Event::Weights(WeightsEvent::Looked(found)))
                .ok();
        });
    }

    fn start_job(
        &mut self,
        name: &str,
        agent: Option<Agent>,
        work: impl FnOnce(&CatalogueEntry, &Path, &mut Watch<'_>) -> Result<EntryState, CatalogueError>
        + Send
        + 'static,
    ) -> Result<(), EngineError> {
        let item = self.catalogue.find(name);
        let entry =
            item.map(|item| item.entry.clone())
                .ok_or_else(|| EngineError::NoSuchEntry {
                    name: name.to_owned(),
                })?;
        let id = entry.id;
        if self.catalogue.is_busy(id) {
            return Err(EngineError::EntryBusy { file: entry.file });
        }
        let folder = self.catalogue.folder.clone();
        let (sender, waker) = (self.sender.clone(), Arc::clone(&self.waker));
        let task = spawn_thread(&self.waker, "weights", move |cancel| {
            let tell = |state| {
                // News of progress may be lost where nobody listens; the end may not.
                sender
                    .try_send(Event::Weights(WeightsEvent::Told { id, state }))
                    .ok();
                waker();
            };
            let mut watch = Watch::new(cancel, &tell);
            let result = guarded(|| work(&entry, &folder, &mut watch));
            let state = end_state(&entry, &folder, result);
            sender
                .send(Event::Weights(WeightsEvent::Ended { id, state }))
                .ok();
            waker();
        });
        self.catalogue.jobs.insert(id, Job { task, agent });
        Ok(())
    }

    /// Ends work on entries that will not report its end.
    pub(in crate::engine) fn lose_weights_jobs(&mut self) {
        let is_lost = |job: &mut Job| job.task.poll() == Poll::Lost;
        let jobs = self.catalogue.jobs.iter_mut();
        let lost: Vec<&'static str> = jobs
            .filter_map(|(id, job)| is_lost(job).then_some(*id))
            .collect();
        // The end may have come in between; then the next call finds no such job.
        if !self.events.is_empty() {
            return;
        }
        for id in lost {
            let message = format!("{id}: {Lost}");
            let state = EntryState::Failed { message };
            self.apply_weights(WeightsEvent::Ended { id, state });
        }
    }

    /// Applies what work on the catalogue sent.
    pub(in crate::engine) fn apply_weights(&mut self, event: WeightsEvent) {
        match event {
            WeightsEvent::Looked(found) => {
                let mut unchecked = Vec::new();
                for (item, state) in self.catalogue.items.iter_mut().zip(found) {
                    match state {
                        // A download that was faster knows better.
                        _ if self.catalogue.jobs.contains_key(item.entry.id) => {}
                        Some(state) => item.state = state,
                        None => unchecked.push(item.entry.id),
                    }
                }
                for id in unchecked {
                    // It is an entry, and nothing is going on with it.
                    self.start_job(id, None, store::check)
                        .unwrap_or_else(|err| log::warn!("{err}"));
                }
                self.catalogue.known = true;
            }
            WeightsEvent::Told { id, state } => self.catalogue.set(id, state),
            WeightsEvent::Ended { id, state } => {
                self.catalogue.jobs.remove(id);
                let file = self.catalogue.find(id).map_or(id, |item| item.entry.file);
                match &state {
                    EntryState::Ready { .. } => {
                        self.notify(
                            NoticeLevel::Info,
                            format!("{file} is here, checked and ready"),
                        );
                    }
                    EntryState::Unverified { .. } => self.notify(
                        NoticeLevel::Warning,
                        format!("{file} is here, but nobody published a hash to check it against"),
                    ),
                    EntryState::Failed { message } => {
                        self.notify(NoticeLevel::Error, message.clone());
                    }
                    _ => {}
                }
                self.catalogue.set(id, state);
            }
        }
    }
}

/// What became of an entry when work on it is over.
fn end_state(
    entry: &CatalogueEntry,
    folder: &Path,
    result: Result<Result<EntryState, CatalogueError>, String>,
) -> EntryState {
    let message = match result {
        Ok(Ok(state)) => return state,
        Ok(Err(CatalogueError::Cancelled)) => match store::look(entry, folder) {
            Some(state) => return state,
            None => format!(
                "{}: the file is here, but its check was cancelled. Try again",
                entry.file
            ),
        },
        Ok(Err(err)) => err.to_string(),
        Err(panic) => format!("{}: {panic}. Try again; the log may say more", entry.file),
    };
    EntryState::Failed { message }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::engine::{Dirs, EngineOptions};

    #[test]
    fn an_entry_whose_work_is_lost_has_failed_and_says_so() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut engine = Engine::new(EngineOptions {
            dirs: Dirs {
                data: dir.path().join("data"),
                runs: dir.path().join("runs"),
            },
            waker: Arc::new(|| {}),
            probe_program: None,
            live_masks: false,
        });
        let id = engine.catalogue().entries()[0].id;
        // Unlike the engine's own work, it does not turn its panic into a message.
        let task = spawn_thread(&engine.waker, "weights", |_| panic!("on purpose"));
        engine.catalogue.jobs.insert(id, Job { task, agent: None });
        let since = Instant::now();
        while engine.catalogue.is_busy(id) {
            assert!(since.elapsed() < Duration::from_mins(1), "not in time");
            engine.wait(Duration::from_millis(10));
        }
        let state = engine.catalogue().find(id).map(|item| &item.state);
        assert!(
            matches!(state, Some(EntryState::Failed { .. })),
            "{state:?}"
        );
        let notices = engine.take_notices();
        let text = format!("{id}: {Lost}");
        assert!(notices.iter().any(|notice| notice.text == text));
    }
}
