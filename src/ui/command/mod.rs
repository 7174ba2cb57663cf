//! What widgets, menus and keys ask for. Only the app carries it out.
//!
//! A [`UiCommand`] is an entry of a menu, with its label, tooltip and key. A [`Command`] is a
//! change with its data: the app makes one of a [`UiCommand`], panels send it themselves.

mod ask;
mod keys;
mod shortcut;
mod ui_command;

use std::borrow::Cow;
use std::path::PathBuf;

use crossbeam_channel::{Receiver, Sender};
use serde::{Deserialize, Serialize};

pub use ask::{Ask, AskKind, CompareFile, InspectedFile, PlotFormat};
pub use keys::{Pressed, VIEW_KEYS, ViewKey, take_pressed};
pub use shortcut::shortcut_text;
pub use ui_command::{MENUS, Menu, Section, UiCommand};

use crate::engine::{
    DatasetRef, FilmFile, NoticeLevel, Notifications, QueueEdit, RunConfig, RunNotes,
};

/// The dockable panels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PanelKind {
    /// The open dataset.
    Dataset,
    /// Settings and progress.
    Train,
    /// Losses and scores against steps.
    Curves,
    /// Masks of the network in training.
    Live,
    /// Masks for any image.
    Inspect,
    /// Runs side by side.
    Compare,
    /// The scores of a pixel, taken apart.
    LookInside,
    /// All runs as a table.
    Runs,
    /// Scores of runs on a list of images.
    Evaluate,
}

impl PanelKind {
    /// All panels, in the order of their keys.
    pub const ALL: [Self; 9] = [
        Self::Dataset,
        Self::Train,
        Self::Curves,
        Self::Live,
        Self::Inspect,
        Self::Compare,
        Self::Runs,
        Self::LookInside,
        Self::Evaluate,
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
            Self::LookInside => "Look inside",
            Self::Runs => "Runs",
            Self::Evaluate => "Evaluate",
        }
    }

    /// Words for what is in it, by which the palette finds it beside its title and its tooltip.
    pub fn holds(self) -> &'static str {
        match self {
            Self::Dataset => "findings void split batch augmentation sizes filter",
            Self::Train => {
                "network trunk start from device recipe epochs learning rate optimizer momentum weight decay loss \
                 class balance augmentation crop precision checkpoints early stop film queue estimate alarms"
            }
            Self::Curves => {
                "mIoU IoU accuracy learning rate gradient validation checkpoints smoothing plot time"
            }
            Self::Live => "film filmed images predictions preview ground truth",
            Self::Inspect => {
                "predict segment overlay ground truth errors pixel legend opacity tiles averaging"
            }
            Self::Compare => {
                "checkpoints swipe divider disagreement errors ground truth ranking figure mIoU"
            }
            Self::LookInside => {
                "logits probability entropy score maps activations effective receptive field explanation heat map"
            }
            Self::Runs => {
                "checkpoints differences report notes tags archive trash export command line duplicate columns"
            }
            Self::Evaluate => {
                "evaluation mIoU IoU confusion matrix classes boundaries calibration worst images object sizes test"
            }
        }
    }

    /// What it is for.
    pub fn tooltip(self) -> &'static str {
        match self {
            Self::Dataset => "Classes, images and masks of the open dataset",
            Self::Train => "Settings of the next run, and progress",
            Self::Curves => "Loss and scores over the training steps",
            Self::Live => "Masks of validation images while a run trains",
            Self::Inspect => "Masks that a trained run predicts for any image",
            Self::Compare => "Masks and scores of several runs side by side",
            Self::Evaluate => "Scores of runs on a list of images, down to the pixels behind them",
            Self::LookInside => {
                "Why a pixel has its class: what each score layer adds to each class"
            }
            Self::Runs => "All runs as a table: search, sort, name, resume, delete",
        }
    }
}

/// A change to make, with its data.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// An entry of the menus, also from a button or a key.
    Ui(UiCommand),
    /// Opens a dataset.
    OpenDataset(DatasetRef),
    /// Shows a folder in the file manager of the desktop.
    OpenFileManager(PathBuf),
    /// Reports that a run was made from a weights file.
    RunImported(String),
    /// A run was made of a moment of a film: what it is called.
    RunMade(String),
    /// Copies the folder of a run from elsewhere into the runs.
    CopyRun(PathBuf),
    /// Resumes a run from its last checkpoint.
    ResumeRun(String),
    /// The same of a run whose data changed, on the data as it is now at this place.
    ResumeOnChangedData { run: String, dataset: DatasetRef },
    /// The same of a run whose dataset was moved, where it is now; the data must be those of the run.
    ResumeElsewhere { run: String, dataset: DatasetRef },
    /// Moves runs into the trash.
    DeleteRuns(Vec<String>),
    /// Writes what people say about runs, each for the run of this name; `what` says it in a few
    /// words.
    SetRunNotes {
        what: String,
        notes: Vec<(String, RunNotes)>,
    },
    /// Deletes these runs in the trash for good; the panel has counted them and asked for confirmation.
    EmptyRunTrash(Vec<PathBuf>),
    /// Copies the command line that trains a run with the settings of this one.
    CopyCommandLine(String),
    /// Shows images or folders of images in Inspect.
    Inspect(Vec<PathBuf>),
    /// Shows runs side by side, on `image` if one is given.
    Compare {
        runs: Vec<String>,
        image: Option<PathBuf>,
    },
    /// Shows the compared runs on this image.
    CompareImage(PathBuf),
    /// Shows Inspect with the masks of a run.
    InspectRun(String),
    /// Saves what of the inspected image a place was asked for.
    SaveInspected(PathBuf),
    /// Writes masks and overlays of all images in Inspect into a folder.
    SaveAllInspected(PathBuf),
    /// Saves the plots for which a place was asked.
    SavePlots(PathBuf),
    /// Saves what of the comparison a place was asked for.
    SaveComparison(PathBuf),
    /// Saves the table of an evaluation for which a place was asked.
    SaveTable(PathBuf),
    /// Films these images in the next run.
    AddProbes(Vec<PathBuf>),
    /// Saves the film for which a place was asked.
    SaveFilm(FilmFile, PathBuf),
    /// Saves a page about runs to the place that was asked for.
    SaveReport { runs: Vec<String>, path: PathBuf },
    /// Forgets the recent datasets and images.
    ClearRecent,
    /// Downloads the public weights with this id.
    DownloadWeights(&'static str),
    /// Cancels the download or check of the public weights with this id.
    CancelDownload(&'static str),
    /// Downloads the public dataset with this id, and unpacks it.
    GetDataset(&'static str),
    /// Cancels work on the public dataset with this id.
    CancelDataset(&'static str),
    /// Takes a file as an archive of the public dataset `id`, and unpacks it.
    AddDataset { id: &'static str, path: PathBuf },
    /// Opens a file dialog.
    Ask(Ask),
    /// Checks a file and copies it to the public weights, as the entry `id`.
    AddWeights { id: &'static str, path: PathBuf },
    /// Reads a weights file and asks what to do with it.
    UseWeights(PathBuf),
    /// Brings a panel to the front; opens it first if it is closed.
    ShowPanel(PanelKind),
    /// Puts runs into the queue.
    AddToQueue(Vec<RunConfig>),
    /// Tells these from now on when a run ends.
    SetNotifications(Notifications),
    /// Changes the queue.
    EditQueue(QueueEdit),
    /// Shows settings in the form of the next run.
    ShowSettings(Box<RunConfig>),
    /// Stops the active run, and starts one with these settings, which the form shows.
    StartAgain(Box<RunConfig>),
    /// Forgets what was noticed of the runs.
    CloseAlarms,
    /// Ends the check of the open dataset, which stays open.
    CancelDatasetCheck,
    /// Shows a toast.
    Notify(NoticeLevel, String),
}

/// Why something cannot be done now, as a tooltip or a toast.
pub type Problem = Cow<'static, str>;

impl From<UiCommand> for Command {
    fn from(command: UiCommand) -> Self {
        Self::Ui(command)
    }
}

/// Queues commands; both ends live on the window's thread.
#[derive(Debug, Clone)]
pub struct CommandSender(Sender<Command>);

impl CommandSender {
    pub fn send(&self, command: impl Into<Command>) {
        self.0.send(command.into()).ok();
    }
}

/// A queue that cannot fill up: blocking would lock the one thread that uses it.
#[expect(clippy::disallowed_methods, reason = "both ends are on one thread")]
pub fn command_channel() -> (CommandSender, Receiver<Command>) {
    let (sender, receiver) = crossbeam_channel::unbounded();
    (CommandSender(sender), receiver)
}
