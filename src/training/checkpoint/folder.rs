//! Which files a run folder has, and who may write them.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::class_names;
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

    /// As [`meta`](Self::meta), to train on: people may have edited the file.
    ///
    /// # Errors
    /// When a value of the configuration makes no sense, by the rules of a start.
    pub fn trainable_meta(&self) -> Result<RunMeta, TrainError> {
        self.meta_by(RunConfig::validate)
    }

    /// As [`meta`](Self::meta), to predict with.
    ///
    /// # Errors
    /// When no network can predict with a value of the configuration.
    pub(in crate::training) fn predicting_meta(&self) -> Result<RunMeta, TrainError> {
        let meta = self.meta_by(RunConfig::check_prediction)?;
        let origin = self.origin().ok().flatten();
        if let Some(text) =
            origin.and_then(|then| class_names::changed(&then.data.classes, &meta.classes))
        {
            log::warn!("{}: {text}", self.file("config.json").display());
        }
        Ok(meta)
    }

    fn meta_by(
        &self,
        rule: impl FnOnce(&RunConfig) -> Result<(), TrainError>,
    ) -> Result<RunMeta, TrainError> {
        let meta = self.meta()?;
        match rule(&meta.config) {
            Ok(()) => Ok(meta),
            Err(err) => Err(TrainError::Unusable {
                path: self.file("config.json"),
                reason: err.to_string(),
                hint: "Correct this value in the file, or put back the file that the run was started with",
            }),
        }
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
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn origin(&self) -> Result<Option<RunOrigin>, FileError> {
        let path = self.file("origin.json");
        if path.symlink_metadata().is_err() {
            return Ok(None);
        }
        read_json(&path).map(Some)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::Size;
    use crate::model::Trunk;
    use crate::training::preset;

    type Edit<'a> = (&'a str, &'a dyn Fn(&mut RunConfig));

    fn run() -> (tempfile::TempDir, RunFolder, RunMeta) {
        let runs = tempfile::tempdir().expect("a folder");
        let meta = RunMeta {
            config: preset(Trunk::Vgg16Slim),
            classes: ClassList::numbered(2),
            images: ImageReading::default(),
            dataset_name: "none".to_owned(),
            created: 0,
        };
        let folder = RunFolder::create(runs.path(), "run", &meta).expect("a folder");
        (runs, folder, meta)
    }

    /// Each edit of a good configuration is refused with these words and the file.
    fn assert_named(
        folder: &RunFolder,
        good: RunMeta,
        edits: [Edit<'_>; 3],
        read: fn(&RunFolder) -> Result<RunMeta, TrainError>,
    ) {
        for (what, edit) in edits {
            let mut meta = good.clone();
            edit(&mut meta.config);
            write_json(&folder.file("config.json"), &meta).expect("edited");
            let message = read(folder).expect_err(what).to_string();
            let whole = ["config.json", what, "Correct this value"];
            assert!(whole.iter().all(|part| message.contains(part)), "{message}");
        }
    }

    #[test]
    fn an_edited_configuration_is_not_trained_on() {
        let (_runs, folder, meta) = run();
        assert_eq!(folder.trainable_meta().expect("usable"), meta);
        let none = Size {
            width: 0,
            height: 0,
        };
        let good = meta.config.clone();
        let edits: [Edit<'_>; 3] = [
            ("training size is 0x0", &|config| {
                config.augment.crop = Some(none);
            }),
            ("dropout is 1.5", &|config| {
                config.dropout = 1.5;
            }),
            ("test size is 0x0", &|config| {
                config.test_size = Some(none);
            }),
        ];
        assert_named(
            &folder,
            RunMeta {
                config: good,
                ..meta
            },
            edits,
            RunFolder::trainable_meta,
        );
    }

    #[test]
    fn an_edited_configuration_is_not_predicted_with() {
        let (_runs, folder, mut meta) = run();
        let good = meta.config.clone();
        // What only a training needs does not matter.
        meta.config.dropout = 1.5;
        write_json(&folder.file("config.json"), &meta).expect("edited");
        assert_eq!(folder.predicting_meta().expect("usable"), meta);
        let edits: [Edit<'_>; 3] = [
            ("test size is 100000x100000", &|config| {
                config.test_size = Some(Size::new(100_000, 100_000));
            }),
            ("standard deviation is 0", &|config| {
                config.normalization.std[1] = 0.0;
            }),
            ("standard deviation is -1", &|config| {
                config.normalization.std[2] = -1.0;
            }),
        ];
        assert_named(
            &folder,
            RunMeta {
                config: good,
                ..meta
            },
            edits,
            RunFolder::predicting_meta,
        );
    }
}
