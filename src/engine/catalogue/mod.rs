//! Public weights and datasets: what there is, what of it is here, and how it gets here.
//!
//! Nothing is downloaded without a call of [`Engine::download_weights`](super::Engine::download_weights)
//! or [`Engine::get_dataset`](super::Engine::get_dataset), and nothing is called ready before its bytes
//! were checked. The files of a catalogue lie in one folder: `NAME` is there whole or not at all,
//! `NAME.part` is what has come of a download, `NAME.json` remembers that `NAME` was checked.

mod datasets;
mod download;
mod error;
mod hash;
mod jobs;
mod part;
mod public_file;
mod space;
mod store;
mod unpack;
mod weights;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub use datasets::{PublicDataset, public_datasets};
pub use error::CatalogueError;
pub(super) use jobs::{CatalogueEvent, Reporter};
pub use public_file::{KnownHash, PublicFile};
pub use weights::{PublicWeights, public_weights};

use super::tasks::Cancel;
use jobs::Job;

/// What became of an entry. Sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryState {
    /// Nothing of it is here.
    Missing,
    /// A download was interrupted; the next one continues from there.
    Partial {
        /// What has come so far.
        bytes: u64,
    },
    /// Some of its files are here as a whole.
    Incomplete {
        /// The names of the others; none = they are still to be unpacked.
        missing: Vec<&'static str>,
    },
    /// It is coming.
    Downloading {
        /// What is here.
        bytes: u64,
        /// Size of the whole file, once the server has said it.
        total: Option<u64>,
    },
    /// Its bytes are being checked (and copied, for a file from this machine).
    Verifying {
        /// How far.
        bytes: u64,
        /// Size of the whole file.
        total: u64,
    },
    /// Its archives are being unpacked.
    Unpacking {
        /// How much of the archive is done.
        bytes: u64,
        /// Size of the archive.
        total: u64,
    },
    /// It is here and its bytes are the right ones.
    Ready {
        /// Where it is.
        path: PathBuf,
    },
    /// It is here, but nobody published a hash to check it against.
    Unverified {
        /// Where it is.
        path: PathBuf,
    },
    /// The last try went wrong.
    Failed {
        /// Why, and what to do.
        message: String,
    },
}

impl EntryState {
    /// Where it is, if it can be used.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Ready { path } | Self::Unverified { path } => Some(path),
            _ => None,
        }
    }
}

/// Something that is public and can be had.
pub trait CatalogueEntry: Clone + Send + 'static {
    /// Short name, as in commands.
    fn id(&self) -> &'static str;

    /// What people call it.
    fn label(&self) -> &'static str;

    /// Whether somebody means this entry by `name`.
    fn is_called(&self, name: &str) -> bool {
        self.id() == name || self.label() == name
    }

    /// What of it is in the folder of the catalogue, without reading it; `None` = it has to be checked.
    fn look(&self, folder: &Path) -> Option<EntryState>;

    /// Checks what is there, whoever put it there.
    fn check(&self, folder: &Path, watch: &mut Watch<'_>) -> Result<EntryState, CatalogueError>;
}

/// An entry and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueItem<E> {
    /// What is public.
    pub entry: E,
    /// What of it is here.
    pub state: EntryState,
}

/// All entries of one kind with their states, and the work that is going on.
pub struct Catalogue<E> {
    folder: PathBuf,
    items: Vec<CatalogueItem<E>>,
    /// By the id of their entry; an entry has one at a time.
    jobs: BTreeMap<&'static str, Job>,
    known: bool,
    reporter: Reporter,
}

impl<E: CatalogueEntry> Catalogue<E> {
    pub(super) fn new(folder: PathBuf, entries: Vec<E>, reporter: Reporter) -> Self {
        let items = entries.into_iter().map(|entry| CatalogueItem {
            entry,
            state: EntryState::Missing,
        });
        Self {
            folder,
            items: items.collect(),
            jobs: BTreeMap::new(),
            known: false,
            reporter,
        }
    }

    /// Where the files lie. Made with the first file.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// All entries, in the order of the catalogue.
    pub fn items(&self) -> &[CatalogueItem<E>] {
        &self.items
    }

    /// The entry of this name.
    pub fn find(&self, name: &str) -> Option<&CatalogueItem<E>> {
        self.items.iter().find(|item| item.entry.is_called(name))
    }

    /// Whether the folder was looked at; before, everything is [`EntryState::Missing`].
    pub fn is_known(&self) -> bool {
        self.known
    }

    /// The folder will not be looked at any more.
    pub(super) fn give_up_looking(&mut self) {
        self.known = true;
    }

    /// Whether nothing is going on.
    pub fn is_idle(&self) -> bool {
        self.jobs.is_empty()
    }

    /// Whether something is going on with the entry of this id.
    pub fn is_busy(&self, id: &str) -> bool {
        self.jobs.contains_key(id)
    }
}

/// How often a state is told while bytes come.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// Seen by work on an entry: whether it is still wanted, and where it says how far it is.
pub struct Watch<'a> {
    cancel: &'a Cancel,
    tell: &'a dyn Fn(EntryState),
    told: Option<Instant>,
}

impl<'a> Watch<'a> {
    fn new(cancel: &'a Cancel, tell: &'a dyn Fn(EntryState)) -> Self {
        Self {
            cancel,
            tell,
            told: None,
        }
    }

    /// An error once the work was cancelled.
    fn check(&self) -> Result<(), CatalogueError> {
        if self.cancel.is_cancelled() {
            Err(CatalogueError::Cancelled)
        } else {
            Ok(())
        }
    }

    /// Says how far the work is, unless that was just said.
    fn tell(&mut self, state: EntryState) {
        if self.told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
            self.told = Some(Instant::now());
            (self.tell)(state);
        }
    }
}
