//! What widgets, menus and keys ask for. Only the app carries it out.
//!
//! A [`UiCommand`] is an entry of a menu, with its label, tooltip and key. A [`Command`] is a
//! change with its data: the app makes one of a [`UiCommand`], panels send it themselves.

mod ui_command;

use std::path::PathBuf;

use crossbeam_channel::{Receiver, Sender};
use serde::{Deserialize, Serialize};

pub use ui_command::UiCommand;

use crate::engine::{DatasetRef, NoticeLevel, RunConfig};

/// The dockable panels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PanelKind {
    /// The open dataset.
    Dataset,
    /// Settings, progress and the list of runs.
    Train,
    /// Losses and scores against steps.
    Curves,
    /// Masks of the network in training.
    Live,
    /// Masks for any image.
    Inspect,
    /// Runs side by side.
    Compare,
}

impl PanelKind {
    /// All panels, in the order of their keys.
    pub const ALL: [Self; 6] = [
        Self::Dataset,
        Self::Train,
        Self::Curves,
        Self::Live,
        Self::Inspect,
        Self::Compare,
    ];

    /// The title on its tab.
    pub fn title(self) -> &'static str {
        match self {
            Self::Dataset => "Dataset",
            Self::Train => "Train",
            Self::Curves => "Curves",
            Self::Live => "Live",
            Self::Inspect => "Inspect",
            Self::Compare => "Compare",
        }
    }
}

/// A change to make, with its data.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Opens a dataset.
    OpenDataset(DatasetRef),
    /// Asks for a folder, then opens it as a dataset.
    PickDataset,
    /// Trains one run.
    StartRun(Box<RunConfig>),
    /// Trains runs one after another, then compares them.
    StartPlan(Vec<RunConfig>),
    /// Trains stages, each from the weights of the one before, then compares them.
    StartStages(Vec<RunConfig>),
    /// A run was made of a weights file.
    RunImported(String),
    /// Goes on with a run from its last checkpoint.
    ResumeRun(String),
    /// Pause, go on with, stop the active run.
    Pause,
    Unpause,
    Stop,
    /// Deletes a run folder (after the panel has asked).
    DeleteRun(String),
    /// Shows images or folders of images in Inspect.
    Inspect(Vec<PathBuf>),
    /// Asks for images, then shows them in Inspect.
    PickImages,
    /// Shows runs side by side, over an image where one is given.
    Compare {
        runs: Vec<String>,
        image: Option<PathBuf>,
    },
    /// Downloads the public weights with this id.
    DownloadWeights(&'static str),
    /// Breaks off what is going on with the public weights of this id.
    CancelDownload(&'static str),
    /// Asks for the file of the public weights with this id, then adds it.
    PickWeights(&'static str),
    /// Checks a file and copies it to the public weights, as the entry `id`.
    AddWeights {
        id: &'static str,
        path: PathBuf,
    },
    /// Chooses a file of weights to start from.
    UseWeights(PathBuf),
    /// Brings a panel to the front, opening it where it was closed.
    ShowPanel(PanelKind),
    /// Shows a toast.
    Notify(NoticeLevel, String),
}

/// Queues commands; both ends live on the window's thread.
#[derive(Debug, Clone)]
pub struct CommandSender(Sender<Command>);

impl CommandSender {
    /// Queues one command.
    pub fn send(&self, command: Command) {
        self.0.send(command).ok();
    }
}

/// A queue that cannot fill up: blocking would lock the one thread that uses it.
#[expect(clippy::disallowed_methods, reason = "both ends are on one thread")]
pub fn command_channel() -> (CommandSender, Receiver<Command>) {
    let (sender, receiver) = crossbeam_channel::unbounded();
    (CommandSender(sender), receiver)
}
