//! Logs of a run for other programs, beside its own: event files of TensorBoard and a CSV table.
//!
//! They are copies: where they cannot be written, the run says so and continues without them.

mod events_file;

use std::fs::File;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use super::checkpoint::RunFolder;
use super::config::ExtraLogs;
use super::event::{EpochRecord, Preview, StepRecord, TrainEvent, TrainSink};
use super::history_table::{HistoryTable, TableRun};
use crate::dataset::{ClassList, paint_mask};
use crate::files::{FileError, append, write_atomic};
use events_file::{EventsFile, Summary};

/// Folder of the event files, in that of the run.
const TENSORBOARD: &str = "tensorboard";
/// The table, in the folder of the run.
const TABLE: &str = "history.csv";

/// Passes events on, and writes the logs on the way.
pub(super) struct LoggedSink<'a> {
    inner: &'a mut dyn TrainSink,
    folder: &'a RunFolder,
    wanted: ExtraLogs,
    classes: ClassList,
    events: Option<Events>,
    table: Option<Table>,
}

impl<'a> LoggedSink<'a> {
    pub fn new(folder: &'a RunFolder, inner: &'a mut dyn TrainSink) -> Self {
        // A run that cannot be read fails soon, and says so itself.
        let meta = folder.meta().ok();
        let (wanted, classes) = meta.map_or_else(
            || (ExtraLogs::default(), ClassList::numbered(0)),
            |meta| (meta.config.extra_logs, meta.classes),
        );
        Self {
            inner,
            folder,
            wanted,
            classes,
            events: None,
            table: None,
        }
    }

    fn open(&mut self, first_step: usize) {
        if self.wanted.tensorboard {
            let folder = self.folder.path().join(TENSORBOARD);
            let events = Events::open(folder, first_step);
            self.events = self.kept(events);
        }
        if self.wanted.csv {
            let table = Table::open(self.folder, &self.classes, first_step);
            self.table = self.kept(table);
        }
    }

    /// The log that could be opened or written; that of one that could not ends.
    fn kept<T>(&mut self, log: Result<T, FileError>) -> Option<T> {
        log.map_err(|err| {
            self.inner.send(TrainEvent::Warning(format!(
                "{err}. The run continues without this copy of its log; its own logs are complete"
            )));
        })
        .ok()
    }

    fn write(&mut self, event: &TrainEvent) {
        if let Some(events) = self.events.take() {
            let written = events.write(event, &self.classes);
            self.events = self.kept(written);
        }
        if let Some(table) = self.table.take() {
            let written = table.write(event, self.folder, &self.classes);
            self.table = self.kept(written);
        }
    }
}

impl TrainSink for LoggedSink<'_> {
    fn send(&mut self, event: TrainEvent) {
        if let TrainEvent::Started(info) = &event {
            self.open(info.first_step);
        }
        if let TrainEvent::Alarm(alarm) = &event {
            // Who listens hears it; the file is for other programs.
            self.folder
                .add_alarm(alarm)
                .unwrap_or_else(|err| log::warn!("{err}"));
        }
        self.write(&event);
        if !matches!(event, TrainEvent::Preview(_)) || self.inner.wants_previews() {
            self.inner.send(event);
        }
    }

    fn wants_previews(&self) -> bool {
        self.wanted.tensorboard || self.inner.wants_previews()
    }
}

/// What TensorBoard is told.
struct Events {
    file: EventsFile,
    /// Whether images and ground truth were written.
    has_images: bool,
    /// The step of the last epoch; masks between two epochs are left out.
    epoch_step: Option<usize>,
}

impl Events {
    fn open(folder: PathBuf, first_step: usize) -> Result<Self, FileError> {
        Ok(Self {
            file: EventsFile::create(&folder, now(), first_step)?,
            has_images: false,
            epoch_step: None,
        })
    }

    fn write(mut self, event: &TrainEvent, classes: &ClassList) -> Result<Self, FileError> {
        match event {
            TrainEvent::Step(step) => self.file.write(now(), step.step, &step_values(step))?,
            TrainEvent::EpochEnded(epoch) => {
                self.epoch_step = Some(epoch.step);
                let values = epoch_values(epoch, classes);
                self.file.write(now(), epoch.step, &values)?;
            }
            TrainEvent::Preview(preview)
                if !self.has_images || self.epoch_step == Some(preview.step) =>
            {
                self.write_masks(preview, classes)?;
            }
            _ => {}
        }
        Ok(self)
    }

    fn write_masks(&mut self, preview: &Preview, classes: &ClassList) -> Result<(), FileError> {
        for item in &preview.items {
            let mask = paint_mask(&item.mask, classes);
            let tag = |what: &str| format!("{}/{what}", item.id);
            let mut values = vec![(tag("prediction"), Summary::Image(&mask))];
            let truth = paint_mask(&item.truth, classes);
            if !self.has_images {
                values.push((tag("image"), Summary::Image(&item.image)));
                values.push((tag("ground truth"), Summary::Image(&truth)));
            }
            self.file.write(now(), preview.step, &values)?;
        }
        self.has_images |= !preview.items.is_empty();
        // A validation and a live mask may have the same step.
        self.epoch_step = None;
        Ok(())
    }
}

fn step_values(step: &StepRecord) -> Vec<(String, Summary<'static>)> {
    let values = [
        ("loss/training", Some(step.loss)),
        ("learning rate", Some(step.learning_rate)),
        ("gradient norm", step.grad_norm),
        ("seconds per step", Some(step.secs)),
    ];
    scalars(values)
}

fn epoch_values(epoch: &EpochRecord, classes: &ClassList) -> Vec<(String, Summary<'static>)> {
    let scores = &epoch.scores;
    let mut values = scalars([
        ("loss/training, mean of the epoch", Some(epoch.train_loss)),
        ("loss/validation", epoch.val_loss),
        ("validation/mIoU", scores.mean_iu),
        ("validation/pixel accuracy", scores.pixel_accuracy),
        ("validation/mean accuracy", scores.mean_accuracy),
        ("validation/f.w. IoU", scores.frequency_weighted_iu),
    ]);
    for (class, iu) in classes.iter().zip(&scores.class_iu) {
        if let Some(iu) = iu {
            values.push((format!("IoU/{}", class.name), Summary::Scalar(*iu)));
        }
    }
    values
}

fn scalars<const N: usize>(values: [(&str, Option<f64>); N]) -> Vec<(String, Summary<'static>)> {
    let known = |(tag, value): (&str, Option<f64>)| Some((tag.to_owned(), Summary::Scalar(value?)));
    values.into_iter().filter_map(known).collect()
}

/// Now, in Unix seconds.
fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}

/// The table of a run.
struct Table {
    columns: HistoryTable,
    /// What people call the run.
    name: String,
    path: PathBuf,
    file: File,
}

impl Table {
    /// Writes what is known up to `first_step`, from which the run goes on.
    fn open(folder: &RunFolder, classes: &ClassList, first_step: usize) -> Result<Self, FileError> {
        let path = folder.path().join(TABLE);
        let columns = HistoryTable::new(std::iter::once(classes));
        let run = folder.name();
        let name = folder.short_title();
        let of = TableRun {
            run: &run,
            name: &name,
            classes,
        };
        let mut text = columns.header();
        let mut epochs = folder.epochs().into_iter().peekable();
        for step in folder.steps() {
            if step.step > first_step {
                break;
            }
            text.push_str(&columns.step(of, &step));
            while let Some(epoch) = epochs.next_if(|epoch| epoch.step <= step.step) {
                text.push_str(&columns.epoch(of, &epoch));
            }
        }
        write_atomic(&path, |file| file.write_all(text.as_bytes()))?;
        let file = File::options().append(true).open(&path);
        Ok(Self {
            columns,
            name,
            file: file.map_err(FileError::write(&path))?,
            path,
        })
    }

    fn write(
        mut self,
        event: &TrainEvent,
        folder: &RunFolder,
        classes: &ClassList,
    ) -> Result<Self, FileError> {
        let run = folder.name();
        let of = TableRun {
            run: &run,
            name: &self.name,
            classes,
        };
        let line = match event {
            TrainEvent::Step(step) => self.columns.step(of, step),
            TrainEvent::EpochEnded(epoch) => self.columns.epoch(of, epoch),
            _ => return Ok(self),
        };
        append(&self.path, &mut self.file, line.as_bytes())
            .map_err(FileError::write(&self.path))?;
        Ok(self)
    }
}

#[cfg(test)]
mod tests;
