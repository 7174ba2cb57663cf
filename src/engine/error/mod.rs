//! Why the engine did not do what it was asked for.

mod restore;

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::catalogue::CatalogueError;
use super::notify::WebhookError;
use super::score_masks::MaskScoreError;
use crate::dataset::DatasetError;
use crate::files::FileError;
use crate::training::{DeviceId, NoCommandLine, TrainError, memory_text};

pub use restore::RestoreError;

/// Work ended without a result: it panicked, was cancelled before it began, or got no thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the work ended unexpectedly. Try again; the log says more")]
pub struct Lost;

/// A refusal or a failure. Each text says what to do.
#[derive(Debug, Error)]
pub enum EngineError {
    /// Somebody asked for the end of the work before it was done.
    #[error("stopped")]
    Cancelled,
    /// The work ended without a result.
    #[error(transparent)]
    Lost(#[from] Lost),
    /// The work panicked.
    #[error("{what} ended unexpectedly ({panic}). {advice}")]
    Panicked {
        /// The work.
        what: &'static str,
        /// What the panic said.
        panic: String,
        /// What the user can do, one sentence without a period.
        advice: &'static str,
    },
    /// The system gave no thread.
    #[error(
        "the thread `{name}` could not be started: {source}. Close other programs, then try again"
    )]
    Thread {
        /// Name of the thread.
        name: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The settings need more memory than there is.
    #[error(
        "{0}. Start all the same in the Train panel, or --ignore-memory, starts it whatever comes of that"
    )]
    TooLarge(String),
    /// The machine has next to no memory left.
    #[error(
        "the machine had only {} of memory left, so the run was saved after step {step} and ended. \
         Close other programs or choose smaller batches or crops, then resume it",
        memory_text(*.available)
    )]
    LowMemory {
        /// Bytes that were left.
        available: u64,
        /// Steps done.
        step: usize,
    },
    /// The battery is about to be empty.
    #[error(
        "the battery had only {percent} % left and was not charged, so the run was saved after step {step} \
         and ended. Plug the machine in, then resume the run"
    )]
    LowBattery {
        /// Percent that were left.
        percent: u8,
        /// Steps done.
        step: usize,
    },
    /// One run is trained at a time.
    #[error("{run} is being trained. Stop it before another run is started")]
    Busy {
        /// The run that is being trained.
        run: String,
    },
    /// The run was left, and its device did not end what it had begun.
    #[error(
        "{run} was left, and its device is still busy with what the run had begun. Wait for that, or \
         restart the program"
    )]
    StillBusy {
        /// The run.
        run: String,
    },
    /// The queue is empty.
    #[error("the queue is empty. Add a run first")]
    NothingQueued,
    /// Another program works on the queue.
    #[error(
        "{}: another program works on this queue, the window or `queue run`. It trains what is added; stop it \
         first to train here",
        .path.display()
    )]
    QueueOwned {
        /// The file of the queue.
        path: PathBuf,
    },
    /// There is no run to pause, continue or stop.
    #[error("no run is being trained")]
    NotTraining,
    /// The folder of runs is empty.
    #[error("{}: no runs here. Train one, or choose another folder", .folder.display())]
    NoRuns {
        /// The folder of runs.
        folder: PathBuf,
    },
    /// No run has this name.
    #[error("{run}: no such run in {}. Choose one that is there", .folder.display())]
    NoSuchRun {
        /// The name that was asked for.
        run: String,
        /// The folder of runs.
        folder: PathBuf,
    },
    /// The run cannot predict yet.
    #[error(
        "{}: this run has no weights yet. Resume it, and train it for an epoch",
        .folder.join(.run).display()
    )]
    NoWeights {
        /// The run.
        run: String,
        /// The folder of runs.
        folder: PathBuf,
    },
    /// None of the runs can predict yet.
    #[error(
        "{}: none of the runs here has weights yet. Train one for an epoch, or choose another folder",
        .folder.display()
    )]
    NoRunWithWeights {
        /// The folder of runs.
        folder: PathBuf,
    },
    /// A name that stands for no weights.
    #[error("{wanted}: there is no such file. As a run: {as_run}")]
    NoSuchWeights {
        /// The file or run that was asked for.
        wanted: String,
        /// Why it is no run either.
        as_run: Box<EngineError>,
    },
    /// A finished run has no steps left.
    #[error("{}: this run is finished. Start a new one with more epochs or steps", .folder.display())]
    Finished {
        /// Folder of the run.
        folder: PathBuf,
    },
    /// The run was never saved.
    #[error("{}: no checkpoint to resume from. Start a new run with the same settings", .folder.display())]
    NoCheckpoint {
        /// Folder of the run.
        folder: PathBuf,
    },
    /// The run is being trained, here or by another program.
    #[error("{run} is being trained. Stop it first")]
    Active {
        /// The run.
        run: String,
    },
    /// The device does not work.
    #[error("{device} ({name}): {problem}. Choose another device, cpu always works")]
    DeviceProblem {
        /// The device that was asked for.
        device: DeviceId,
        /// Its name.
        name: String,
        /// What its test found.
        problem: String,
    },
    /// The device may work, once it is tested.
    #[error("{device} is still being tested. Try again in a moment")]
    DeviceUntested {
        /// The device that was asked for.
        device: DeviceId,
    },
    /// There is no such device.
    #[error("{device}: this machine has no such device. Choose cpu, or one of its own")]
    NoSuchDevice {
        /// The device that was asked for.
        device: DeviceId,
    },
    /// A run and its dataset do not fit together any more.
    #[error(
        "{}: the classes of the dataset have changed: there are {now}, and {then} when the run was started; \
         {remark}. Start a new run",
        .root.display()
    )]
    ClassesChanged {
        /// Folder of the dataset.
        root: PathBuf,
        /// Classes of the dataset.
        now: usize,
        /// Classes of the run.
        then: usize,
        /// In what they differ.
        remark: String,
    },
    /// The dataset of a run is not where it was.
    #[error(
        "{problem}. Nothing was trained. If the dataset of {run} was moved or renamed, Choose its folder in the Train panel, \
         or `train --resume {run} --dataset FOLDER`, says where it is now, and the run keeps that"
    )]
    DatasetGone {
        /// The run that was to be resumed.
        run: String,
        /// Why its dataset cannot be opened.
        problem: Box<EngineError>,
    },
    /// Nothing can be trained or scored with the dataset as it is.
    #[error(
        "{}: {finding}{}. Check dataset in the window, or `data check`, says more{}",
        .root.display(),
        and_more_errors(*.others),
        if *.can_be_fixed { "; Fix in a copy there, or `data fix`, puts it right in a copy" } else { "" }
    )]
    Unfit {
        /// Folder of the dataset.
        root: PathBuf,
        /// The worst that was found.
        finding: String,
        /// How many more errors there are.
        others: usize,
        /// Whether it can be put right in a copy.
        can_be_fixed: bool,
    },
    /// The open dataset has no such item.
    #[error("the open dataset has no item {index} in this list")]
    NoSuchItem {
        /// From 0.
        index: usize,
    },
    /// A catalogue has no such entry.
    #[error("{name}: neither public weights nor a public dataset. Choose one that is listed")]
    NoSuchEntry {
        /// What was asked for.
        name: String,
    },
    /// Something is going on with this entry of the catalogue.
    #[error("{label}: wait for what is going on, or cancel it")]
    EntryBusy {
        /// What people call the entry.
        label: &'static str,
    },
    /// There is no place for datasets and runs.
    #[error(
        "there is no home folder, in which {what} would be written. Set the variable HOME, or name another folder"
    )]
    NoHome {
        /// What would be there: `runs`.
        what: &'static str,
        /// The option that names its folder.
        option: &'static str,
    },
    /// A path cannot be used.
    #[error("{}: {source}", .path.display())]
    Path {
        /// The path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Names of outputs are taken; nothing was written.
    #[error("{first}{}", and_more(*.others))]
    NamesTaken {
        /// The first of them.
        first: FileError,
        /// How many more there are.
        others: usize,
    },
    /// Outputs would become a part of a dataset.
    #[error(
        "{}: this folder has images or masks of the dataset {}, of which masks written here would become a part. Choose \
         another folder", .folder.display(), .dataset.display()
    )]
    InDataset {
        /// The folder.
        folder: PathBuf,
        /// The folder of the dataset.
        dataset: PathBuf,
    },
    /// A file could not be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A run, its settings or its network.
    #[error(transparent)]
    Train(TrainError),
    /// A dataset, an image or a mask.
    #[error(transparent)]
    Dataset(DatasetError),
    /// Public weights or a public dataset.
    #[error(transparent)]
    Catalogue(CatalogueError),
    /// Settings that no command line can say.
    #[error(transparent)]
    NoCommandLine(#[from] NoCommandLine),
    /// A message about the end of a run.
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    /// A deleted run that does not come back as it was.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// Masks that are scored.
    #[error(transparent)]
    MaskScore(#[from] MaskScoreError),
}

fn and_more_errors(others: usize) -> String {
    match others {
        0 => String::new(),
        1 => ". 1 more error was found".to_owned(),
        _ => format!(". {others} more errors were found"),
    }
}

fn and_more(others: usize) -> String {
    match others {
        0 => String::new(),
        1 => ". 1 more name is taken".to_owned(),
        _ => format!(". {others} more names are taken"),
    }
}

impl From<DatasetError> for EngineError {
    fn from(err: DatasetError) -> Self {
        match err {
            DatasetError::Stopped { .. } => Self::Cancelled,
            err => Self::Dataset(err),
        }
    }
}

impl From<TrainError> for EngineError {
    fn from(err: TrainError) -> Self {
        match err {
            TrainError::Dataset(err) => err.into(),
            err => Self::Train(err),
        }
    }
}

impl From<CatalogueError> for EngineError {
    fn from(err: CatalogueError) -> Self {
        match err {
            CatalogueError::Cancelled => Self::Cancelled,
            err => Self::Catalogue(err),
        }
    }
}

#[cfg(test)]
mod tests;
