//! Which files a run folder has, and who may write them.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::log::{LineLog, read_lines};
use crate::dataset::{ClassList, DatasetRecord, ImageReading};
use crate::files::{FileError, open_regular, read_json, write_json};
use crate::training::alarm::Alarm;
use crate::training::config::{DatasetRef, RunConfig};
use crate::training::error::TrainError;
use crate::training::event::{EpochRecord, StepRecord};
use crate::training::origin::RunOrigin;

/// `config.json`: what never changes after the start, but for where the dataset lies.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunMeta {
    /// The full configuration.
    pub config: RunConfig,
    /// Classes and colors, so that a run is enough to show a mask.
    pub classes: ClassList,
    /// How the images of the dataset became 8-bit RGB, and so others do; those of earlier versions
    /// were read as their format says.
    #[serde(default, skip_serializing_if = "ImageReading::is_plain")]
    pub images: ImageReading,
    /// Name of the dataset.
    pub dataset_name: String,
    /// Start in Unix seconds.
    pub created: u64,
}

/// `end.json`: how the run ended; absent while it runs and after a crash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "outcome")]
pub enum EndMark {
    /// All steps are done.
    Finished,
    /// Stopped on request.
    Stopped,
    /// Failed with this message.
    Failed { message: String },
}

/// A run folder on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFolder {
    path: PathBuf,
}

const ALARMS: &str = "alarms.json";

/// Held while a run is trained; the system releases it when the program ends.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

impl RunFolder {
    /// Makes a new folder under `runs`, named `name` or `name-2`, `name-3`, ...
    pub fn create(runs: &Path, name: &str, meta: &RunMeta) -> Result<Self, TrainError> {
        fs::create_dir_all(runs).map_err(FileError::write(runs))?;
        let mut path = runs.join(name);
        let mut copy = 1;
        while let Err(err) = fs::create_dir(&path) {
            if err.kind() != std::io::ErrorKind::AlreadyExists {
                return Err(FileError::write(&path)(err).into());
            }
            copy += 1;
            path = runs.join(format!("{name}-{copy}"));
        }
        let folder = Self { path };
        write_json(&folder.file("config.json"), meta)?;
        Ok(folder)
    }

    /// A folder that is there. Nothing is read yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Another run beside this one. Nothing is read yet.
    pub(in crate::training) fn sibling(&self, name: &str) -> Self {
        Self::at(self.path.with_file_name(name))
    }

    /// The folder's name, which is the run's.
    pub fn name(&self) -> String {
        self.path
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// Path of one of its files.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The film of the run.
    pub fn film(&self) -> PathBuf {
        self.file("film.bin")
    }

    /// What the run was started with.
    pub fn meta(&self) -> Result<RunMeta, TrainError> {
        Ok(read_json(&self.file("config.json"))?)
    }

    /// What the dataset was when the run began; `None` in runs of earlier versions.
    pub fn dataset(&self) -> Option<DatasetRecord> {
        read_json(&self.file("dataset.json")).ok()
    }

    /// Writes what the dataset is.
    pub fn set_dataset(&self, record: &DatasetRecord) -> Result<(), TrainError> {
        Ok(write_json(&self.file("dataset.json"), record)?)
    }

    /// What it was started with beside its settings; runs of before December 2026 do not say.
    pub fn origin(&self) -> Option<RunOrigin> {
        read_json(&self.file("origin.json")).ok()
    }

    /// Notes that.
    pub(in crate::training) fn set_origin(&self, origin: &RunOrigin) -> Result<(), TrainError> {
        Ok(write_json(&self.file("origin.json"), origin)?)
    }

    /// Notes where its dataset lies now.
    pub(in crate::training) fn move_dataset(
        &self,
        which: &DatasetRef,
        name: &str,
    ) -> Result<(), TrainError> {
        let mut meta = self.meta()?;
        meta.config.dataset = which.clone();
        name.clone_into(&mut meta.dataset_name);
        Ok(write_json(&self.file("config.json"), &meta)?)
    }

    /// How it ended; `None` while it runs and after a crash.
    pub fn end(&self) -> Option<EndMark> {
        read_json(&self.file("end.json")).ok()
    }

    /// Writes how it ended.
    pub fn set_end(&self, end: &EndMark) -> Result<(), TrainError> {
        Ok(write_json(&self.file("end.json"), end)?)
    }

    /// What is likely to be wrong with its training, for programs that only read it.
    pub fn alarms(&self) -> Vec<Alarm> {
        read_json(&self.file(ALARMS)).unwrap_or_default()
    }

    /// Notes an alarm, in the place of an earlier one of its kind.
    pub(in crate::training) fn add_alarm(&self, alarm: &Alarm) -> Result<(), TrainError> {
        let mut alarms = self.alarms();
        alarms.retain(|known| known.kind != alarm.kind);
        alarms.push(alarm.clone());
        Ok(write_json(&self.file(ALARMS), &alarms)?)
    }

    /// All complete step lines.
    pub fn steps(&self) -> Vec<StepRecord> {
        read_lines(&self.file("steps.jsonl"))
    }

    /// All complete epoch lines.
    pub fn epochs(&self) -> Vec<EpochRecord> {
        read_lines(&self.file("epochs.jsonl"))
    }

    /// Opens the logs to append, after removing what lies behind `step`: a resumed
    /// run does those steps again.
    pub(in crate::training) fn open_logs(
        &self,
        step: usize,
    ) -> Result<(LineLog<StepRecord>, LineLog<EpochRecord>), TrainError> {
        let steps = LineLog::open(self.file("steps.jsonl"), |line: &StepRecord| {
            line.step <= step
        })?;
        let epochs = LineLog::open(self.file("epochs.jsonl"), |line: &EpochRecord| {
            line.step <= step
        })?;
        Ok((steps, epochs))
    }

    /// Makes this program the only one that trains the run, and removes the end mark.
    pub(in crate::training) fn lock(&self) -> Result<RunLock, TrainError> {
        let path = self.file("lock");
        if path.exists() {
            open_regular(&path).map_err(FileError::read(&path))?;
        }
        let file = File::create(&path).map_err(FileError::write(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(TrainError::Locked {
                    path: self.path.clone(),
                });
            }
            // A file system without locks: assume that there is no other program.
            Err(TryLockError::Error(err)) => {
                ::log::info!("{}: no file lock: {err}", path.display());
            }
        }
        let end = self.file("end.json");
        if end.exists() {
            fs::remove_file(&end).map_err(FileError::write(&end))?;
        }
        Ok(RunLock { _file: file })
    }

    /// Whether a program is training it.
    pub fn is_locked(&self) -> bool {
        open_regular(&self.file("lock"))
            .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }
}

/// The run folders under `runs`, those that have a `config.json`, in the order of their names. Hidden
/// folders are none: the trash, and trials.
pub fn list_runs(runs: &Path) -> Vec<RunFolder> {
    let Ok(entries) = fs::read_dir(runs) else {
        return Vec::new();
    };
    let mut folders: Vec<RunFolder> = entries
        .flatten()
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
        .map(|entry| RunFolder::at(entry.path()))
        .filter(|folder| folder.file("config.json").is_file())
        .collect();
    folders.sort_by(|left, right| left.path.cmp(&right.path));
    folders
}
