//! Work on entries, on threads of its own, and what the engine makes of what they send.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crossbeam_channel::Sender;
use ureq::Agent;

use super::{
    Catalogue, CatalogueEntry, CatalogueError, EntryState, PublicDataset, PublicFile,
    PublicWeights, Watch, download, store, unpack,
};
use crate::engine::background::Background;
use crate::engine::tasks::{Poll, Task, guarded, spawn_thread};
use crate::engine::{Engine, EngineError, Event, Lost, NoticeLevel, Waker};

/// What threads at work on a catalogue send.
pub(in crate::engine) enum CatalogueEvent {
    /// What is there, in the order of the catalogue; `None` = it has to be checked.
    Looked(Vec<Option<EntryState>>),
    /// How far work on an entry is.
    Told { id: &'static str, state: EntryState },
    /// Work on an entry is over.
    Ended { id: &'static str, state: EntryState },
}

/// Where the work on a catalogue sends its events.
#[derive(Clone)]
pub(in crate::engine) struct Reporter {
    pub sender: Sender<Event>,
    pub waker: Waker,
    /// Says which catalogue an event belongs to.
    pub event: fn(CatalogueEvent) -> Event,
    /// Name of the threads.
    pub thread: &'static str,
}

impl Reporter {
    /// Waits until it is taken.
    fn send(&self, event: CatalogueEvent) {
        self.sender.send((self.event)(event)).ok();
        (self.waker)();
    }

    /// News of progress may be lost where nobody listens; the end may not.
    fn tell(&self, event: CatalogueEvent) {
        self.sender.try_send((self.event)(event)).ok();
        (self.waker)();
    }
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

impl<E: CatalogueEntry> Catalogue<E> {
    fn entries(&self) -> Vec<E> {
        self.items.iter().map(|item| item.entry.clone()).collect()
    }

    fn set(&mut self, id: &str, state: EntryState) {
        if let Some(item) = self.items.iter_mut().find(|item| item.entry.id() == id) {
            item.state = state;
        }
    }

    /// Looks at the folder; the work to do on another thread.
    fn look(&self) -> impl FnOnce() + Send + use<E> {
        let (entries, folder, reporter) =
            (self.entries(), self.folder.clone(), self.reporter.clone());
        move || {
            let found = entries.iter().map(|entry| entry.look(&folder)).collect();
            reporter.send(CatalogueEvent::Looked(found));
        }
    }

    fn start(
        &mut self,
        name: &str,
        agent: Option<Agent>,
        work: impl FnOnce(&E, &Path, &mut Watch<'_>) -> Result<EntryState, CatalogueError>
        + Send
        + 'static,
    ) -> Result<(), EngineError> {
        let entry = self
            .find(name)
            .map(|item| item.entry.clone())
            .ok_or_else(|| EngineError::NoSuchEntry {
                name: name.to_owned(),
            })?;
        let id = entry.id();
        if self.is_busy(id) {
            return Err(EngineError::EntryBusy {
                label: entry.label(),
            });
        }
        let (folder, reporter) = (self.folder.clone(), self.reporter.clone());
        let waker = Arc::clone(&reporter.waker);
        let task = spawn_thread(&waker, reporter.thread, move |cancel| {
            let tell = |state| reporter.tell(CatalogueEvent::Told { id, state });
            let mut watch = Watch::new(cancel, &tell);
            let result = guarded(|| work(&entry, &folder, &mut watch));
            let state = end_state(&entry, &folder, result);
            reporter.send(CatalogueEvent::Ended { id, state });
        });
        self.jobs.insert(id, Job { task, agent });
        Ok(())
    }

    fn cancel(&self, id: &str) {
        if let Some(job) = self.jobs.get(id) {
            job.cancel();
        }
    }

    /// The ids of entries whose work will not report its end.
    fn lost(&mut self) -> Vec<&'static str> {
        let is_lost = |job: &mut Job| job.task.poll() == Poll::Lost;
        let jobs = self.jobs.iter_mut();
        jobs.filter_map(|(id, job)| is_lost(job).then_some(*id))
            .collect()
    }

    /// Applies what work sent; a notice where people should know.
    fn apply(&mut self, event: CatalogueEvent) -> Option<(NoticeLevel, String)> {
        match event {
            CatalogueEvent::Looked(found) => {
                let mut unchecked = Vec::new();
                for (item, state) in self.items.iter_mut().zip(found) {
                    match state {
                        // A download that was faster knows better.
                        _ if self.jobs.contains_key(item.entry.id()) => {}
                        Some(state) => item.state = state,
                        None => unchecked.push(item.entry.id()),
                    }
                }
                for id in unchecked {
                    // It is an entry, and nothing is going on with it.
                    self.start(id, None, E::check)
                        .unwrap_or_else(|err| log::warn!("{err}"));
                }
                self.known = true;
                None
            }
            CatalogueEvent::Told { id, state } => {
                self.set(id, state);
                None
            }
            CatalogueEvent::Ended { id, state } => {
                self.jobs.remove(id);
                let label = self.find(id).map_or(id, |item| item.entry.label());
                let notice = end_notice(label, &state);
                self.set(id, state);
                notice
            }
        }
    }
}

/// What people are told when work on an entry is over.
fn end_notice(label: &str, state: &EntryState) -> Option<(NoticeLevel, String)> {
    match state {
        EntryState::Ready { .. } => Some((
            NoticeLevel::Info,
            format!("{label} is here, checked and ready"),
        )),
        EntryState::Unverified { .. } => Some((
            NoticeLevel::Warning,
            format!("{label} is here, but nobody published a hash to check it against"),
        )),
        EntryState::Incomplete { missing } if !missing.is_empty() => Some((
            NoticeLevel::Info,
            format!(
                "{label}: still missing: {}. Add it, or download it",
                missing.join(", ")
            ),
        )),
        EntryState::Failed { message } => Some((NoticeLevel::Error, message.clone())),
        _ => None,
    }
}

impl Engine {
    /// The public weights, and what of them is here.
    pub fn catalogue(&self) -> &Catalogue<PublicWeights> {
        &self.catalogue
    }

    /// The public datasets, and what of them is here.
    pub fn public_datasets(&self) -> &Catalogue<PublicDataset> {
        &self.public_datasets
    }

    /// Downloads the weights with this id or file name, from where an earlier try ended.
    pub fn download_weights(&mut self, name: &str) -> Result<(), EngineError> {
        let agent = download::new_agent();
        let client = agent.clone();
        let work = move |entry: &PublicWeights, folder: &Path, watch: &mut Watch<'_>| {
            download::download(&entry.file, folder, &client, watch)
        };
        self.catalogue.start(name, Some(agent), work)
    }

    /// Copies a file of this machine to its place in the catalogue, if it is the one
    /// that the id or file name `name` means.
    pub fn add_weights(&mut self, name: &str, file: &Path) -> Result<(), EngineError> {
        let file = file.to_owned();
        let work = move |entry: &PublicWeights, folder: &Path, watch: &mut Watch<'_>| {
            store::add(&entry.file, &file, folder, watch)
        };
        self.catalogue.start(name, None, work)
    }

    /// Downloads what is missing of a dataset, from where an earlier try ended, and unpacks it.
    pub fn get_dataset(&mut self, name: &str) -> Result<(), EngineError> {
        let agent = download::new_agent();
        let client = agent.clone();
        let work = move |entry: &PublicDataset, folder: &Path, watch: &mut Watch<'_>| {
            unpack::get(entry, folder, &client, watch)
        };
        self.public_datasets.start(name, Some(agent), work)
    }

    /// Takes files of this machine as those of a dataset, if they are that, and unpacks it once all
    /// are there. Nothing is downloaded.
    pub fn add_dataset(&mut self, name: &str, files: Vec<PathBuf>) -> Result<(), EngineError> {
        let work = move |entry: &PublicDataset, folder: &Path, watch: &mut Watch<'_>| {
            unpack::add(entry, &files, folder, watch)
        };
        self.public_datasets.start(name, None, work)
    }

    /// The id of the entry that a file is, by its hash.
    pub fn identify_weights(&self, file: PathBuf) -> Task<Result<String, EngineError>> {
        let items = self.catalogue.items().iter();
        let (ids, files): (Vec<&str>, Vec<PublicFile>) = items
            .map(|item| (item.entry.id, item.entry.file.clone()))
            .unzip();
        self.spawn_waiting("identify", move |cancel| {
            let place = store::identify(&files, &file, cancel)?;
            Ok(ids[place].to_owned())
        })
    }

    /// Cancels work on public weights. The partial file of a download is kept.
    pub fn cancel_download(&mut self, id: &str) {
        self.catalogue.cancel(id);
    }

    /// Cancels work on a public dataset. The partial file of a download is kept.
    pub fn cancel_dataset(&mut self, id: &str) {
        self.public_datasets.cancel(id);
    }

    /// Looks at the folders of the catalogues, in the background.
    pub(in crate::engine) fn look_at_catalogues(&mut self) {
        let weights = self.catalogue.look();
        self.spawn_background(Background::Weights, weights);
        let datasets = self.public_datasets.look();
        self.spawn_background(Background::PublicDatasets, datasets);
    }

    /// Ends work on entries that will not report its end.
    pub(in crate::engine) fn lose_catalogue_jobs(&mut self) {
        let lost = [self.catalogue.lost(), self.public_datasets.lost()];
        // The end may have come in between; then the next call finds no such job.
        if !self.events.is_empty() {
            return;
        }
        let ended = |id: &'static str| {
            let message = format!("{id}: {Lost}");
            let state = EntryState::Failed { message };
            CatalogueEvent::Ended { id, state }
        };
        let [weights, datasets] = lost;
        for id in weights {
            self.apply_weights(ended(id));
        }
        for id in datasets {
            self.apply_public_datasets(ended(id));
        }
    }

    /// Applies what work on public weights sent.
    pub(in crate::engine) fn apply_weights(&mut self, event: CatalogueEvent) {
        if let Some((level, text)) = self.catalogue.apply(event) {
            self.notify(level, text);
        }
    }

    /// Applies what work on public datasets sent.
    pub(in crate::engine) fn apply_public_datasets(&mut self, event: CatalogueEvent) {
        if let Some((level, text)) = self.public_datasets.apply(event) {
            self.notify(level, text);
        }
    }
}

/// What became of an entry when work on it is over.
fn end_state<E: CatalogueEntry>(
    entry: &E,
    folder: &Path,
    result: Result<Result<EntryState, CatalogueError>, String>,
) -> EntryState {
    let message = match result {
        Ok(Ok(state)) => return state,
        Ok(Err(CatalogueError::Cancelled)) => match entry.look(folder) {
            Some(state) => return state,
            None => format!(
                "{}: the file is here, but its check was cancelled. Try again",
                entry.label()
            ),
        },
        Ok(Err(err)) => err.to_string(),
        Err(panic) => format!(
            "{}: {panic}. Try again; the log may say more",
            entry.label()
        ),
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
        let id = engine.catalogue().entries()[0].id();
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
