//! Datasets: opening, counting, small pictures of their items.

use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::background::free_beside;
use super::tasks::{Task, guarded, spawn_thread};
use super::{Engine, EngineError, Event, Lost, NoticeLevel};
use crate::dataset::{
    CheckReport, ClassMap, Dataset, DatasetError, DatasetItem, DatasetStats, Depth, LabelMap,
    MaskReader, NoteTopic, Rgb, SampleSpec, Size, Split, check_and_count, ensure_sample,
    resize_labels, resize_rgb,
};
use crate::training::DatasetRef;

/// A dataset that is open in the window.
#[derive(Debug, Clone)]
pub struct OpenDataset {
    /// How it was asked for.
    pub which: DatasetRef,
    /// Its lists and classes.
    pub dataset: Dataset,
    /// Pixel counts, once all masks are read.
    pub stats: Option<DatasetStats>,
    /// What the same reading found; the images themselves are read on request.
    pub checked: Option<Arc<CheckedDataset>>,
}

/// A dataset and what was found.
#[derive(Debug, Clone)]
pub struct CheckedDataset {
    /// How it was asked for.
    pub which: DatasetRef,
    /// Its lists and classes.
    pub dataset: Dataset,
    /// The findings.
    pub report: CheckReport,
}

/// The dataset of the window.
#[derive(Debug, Clone)]
pub enum DatasetState {
    /// Nothing was opened yet.
    None,
    /// It is being read or made; `progress` in `0.0..=1.0` where known.
    Opening {
        label: String,
        progress: Option<f32>,
    },
    /// It can be used.
    Ready(Arc<OpenDataset>),
    /// It cannot be read, and why.
    Failed { label: String, message: String },
    /// A folder of images without masks: they can be predicted, and no more.
    Unlabeled {
        /// The folder.
        folder: PathBuf,
        /// How many images there are.
        images: usize,
        /// What is missing.
        message: String,
    },
}

/// An item in small.
#[derive(Debug, Clone)]
pub struct Thumbnail {
    /// The image.
    pub image: Rgb,
    /// Its mask, the same size.
    pub labels: LabelMap,
}

impl Engine {
    /// Opens a dataset in the background, making the sample where it is not there. If it cannot
    /// be opened, that is told, and what was open before is open again.
    pub fn open_dataset(&mut self, which: DatasetRef) {
        self.dataset_generation += 1;
        self.dataset_problem = None;
        self.dataset_checked = 0.0;
        free_beside(self.dataset_check.take());
        let generation = self.dataset_generation;
        let label = match &which {
            DatasetRef::Sample => "the sample".to_owned(),
            DatasetRef::Folder(path) | DatasetRef::Mapped { folder: path, .. } => {
                path.display().to_string()
            }
        };
        if let DatasetState::Ready(open) = &self.dataset {
            self.dataset_before = Some(Arc::clone(open));
        }
        self.dataset = DatasetState::Opening {
            label,
            progress: None,
        };
        let (sender, waker, data_dir) = (
            self.sender.clone(),
            Arc::clone(&self.waker),
            self.dirs.data.clone(),
        );
        self.dataset_task = Some(spawn_thread(&self.waker, "dataset", move |cancel| {
            let tell = |event| {
                sender.send(event).ok();
                waker();
            };
            let mut advance = |done: usize, total: usize| {
                let share = done as f32 / total.max(1) as f32;
                tell(Event::DatasetProgress { generation, share });
                !cancel.is_cancelled()
            };
            let opened = guarded(|| open(&which, &data_dir, &mut advance));
            let result = match opened {
                Ok(result) => result.map_err(EngineError::from),
                Err(panic) => Err(EngineError::Panicked {
                    what: "reading the dataset",
                    panic,
                    advice: "Check its files, or open another folder",
                }),
            };
            let dataset = match result {
                Ok(dataset) => Arc::new(OpenDataset {
                    which,
                    dataset,
                    stats: None,
                    checked: None,
                }),
                Err(err) => {
                    return tell(Event::DatasetOpened {
                        generation,
                        result: Err(err),
                    });
                }
            };
            tell(Event::DatasetOpened {
                generation,
                result: Ok(Arc::clone(&dataset)),
            });
            let mut told = 0;
            let mut advance = |done: usize, total: usize| {
                // Not for each few pairs of many.
                let percent = done * 100 / total.max(1);
                if percent > told {
                    told = percent;
                    let share = percent as f32 / 100.0;
                    tell(Event::DatasetChecking { generation, share });
                }
                !cancel.is_cancelled()
            };
            let checked = check_and_count(&dataset.dataset, Depth::Labels, &mut advance);
            if let Some((report, stats)) = checked {
                let checked = CheckedDataset {
                    which: dataset.which.clone(),
                    dataset: dataset.dataset.clone(),
                    report,
                };
                tell(Event::DatasetOpened {
                    generation,
                    result: Ok(Arc::new(OpenDataset {
                        stats: Some(stats),
                        checked: Some(Arc::new(checked)),
                        ..(*dataset).clone()
                    })),
                });
            }
        }));
    }

    /// The dataset of the window.
    pub fn dataset(&self) -> &DatasetState {
        &self.dataset
    }

    /// A number that is another one each time a dataset is opened, so that what was computed for one is
    /// not taken for that of another.
    pub fn dataset_generation(&self) -> u64 {
        self.dataset_generation
    }

    /// Whether the dataset is being read or its pixels are being counted.
    pub fn is_reading_dataset(&self) -> bool {
        self.dataset_task.is_some()
    }

    /// The share of the open dataset whose masks are checked, while they are.
    pub fn dataset_check_progress(&self) -> Option<f32> {
        let is_checking =
            matches!(&self.dataset, DatasetState::Ready(open) if open.stats.is_none());
        (is_checking && self.is_reading_dataset()).then_some(self.dataset_checked)
    }

    /// Ends the check of the open dataset, which stays open.
    pub fn cancel_dataset_check(&mut self) {
        if self.dataset_check_progress().is_some() {
            // Dropping the task asks its work to end.
            self.dataset_task = None;
        }
    }

    /// An item of the open dataset, the longer side at most `max_side` pixels.
    pub fn thumbnail(
        &self,
        split: Split,
        index: usize,
        max_side: u32,
    ) -> Task<Result<Thumbnail, EngineError>> {
        let item = match &self.dataset {
            DatasetState::Ready(open) => {
                let item = open.dataset.items(split).get(index).cloned();
                item.map(|item| (open.dataset.mask_reader(), item))
            }
            _ => None,
        };
        self.spawn("thumbnail", move |_| {
            let (reader, item) = item.ok_or(EngineError::NoSuchItem { index })?;
            Ok(read_thumbnail(&reader, &item, max_side)?)
        })
    }

    /// Applies what the `dataset` thread found.
    pub(super) fn dataset_opened(&mut self, result: Result<Arc<OpenDataset>, EngineError>) {
        match result {
            Ok(dataset) => {
                let state = mem::replace(&mut self.dataset, DatasetState::Ready(dataset));
                free_beside((self.dataset_before.take(), state));
            }
            Err(EngineError::Dataset(
                ref err @ DatasetError::NoMasks {
                    ref path, images, ..
                },
            )) => {
                free_beside(self.dataset_before.take());
                self.dataset = DatasetState::Unlabeled {
                    folder: path.clone(),
                    images,
                    message: err.to_string(),
                };
            }
            Err(err) => self.dataset_failed(err.to_string()),
        }
    }

    /// The `dataset` thread will not send anything any more.
    pub(super) fn dataset_lost(&mut self) {
        match &self.dataset {
            DatasetState::Opening { label, .. } => {
                self.dataset_failed(format!("{label}: {Lost}"));
            }
            DatasetState::Ready(open) if open.stats.is_none() => {
                let text = format!(
                    "{}: its pixels could not be counted. The dataset can be used; the log says more",
                    open.dataset.root.display()
                );
                self.notify(NoticeLevel::Error, text);
            }
            _ => {}
        }
    }

    /// Why the dataset that was asked for last could not be opened; nothing once another one is asked for.
    pub fn dataset_problem(&self) -> Option<&str> {
        self.dataset_problem.as_deref()
    }

    fn dataset_failed(&mut self, message: String) {
        self.notify(NoticeLevel::Error, message.clone());
        self.reopen_before(message.clone());
        self.dataset_problem = Some(message);
    }

    /// Takes up the dataset that was open again, where there was one.
    fn reopen_before(&mut self, message: String) {
        if let Some(before) = self.dataset_before.take() {
            if before.stats.is_some() {
                self.dataset = DatasetState::Ready(before);
            } else {
                // Its pixels were being counted.
                self.open_dataset(before.which.clone());
            }
            return;
        }
        let label = match &self.dataset {
            DatasetState::Opening { label, .. } => label.clone(),
            _ => String::new(),
        };
        self.dataset = DatasetState::Failed { label, message };
    }
}

/// Where a dataset lies.
pub fn dataset_folder(which: &DatasetRef, data_dir: &Path) -> PathBuf {
    match which {
        DatasetRef::Sample => data_dir.join("sample"),
        DatasetRef::Folder(path) | DatasetRef::Mapped { folder: path, .. } => path.clone(),
    }
}

/// Opens a dataset, making the sample where it is not there yet and unpacking archives. What is
/// assumed about it is logged. `progress` is told how many of how many images are made, and
/// returns whether to continue.
pub(super) fn open(
    which: &DatasetRef,
    data_dir: &Path,
    progress: &mut dyn FnMut(usize, usize) -> bool,
) -> Result<Dataset, DatasetError> {
    let dataset = open_quietly(which, data_dir, progress)?;
    for note in dataset.notes.iter().filter(|note| note.assumed) {
        log::warn!("{}: assumed {note}", dataset.name);
    }
    Ok(dataset)
}

/// As [`open`], of a dataset about which everything was said.
pub(super) fn open_quietly(
    which: &DatasetRef,
    data_dir: &Path,
    progress: &mut dyn FnMut(usize, usize) -> bool,
) -> Result<Dataset, DatasetError> {
    let started = Instant::now();
    let root = dataset_folder(which, data_dir);
    if *which == DatasetRef::Sample {
        ensure_sample(&root, &SampleSpec::default(), progress)?;
    }
    let mut dataset = Dataset::open_any(&root, &data_dir.join("cache"), progress)?;
    if let DatasetRef::Mapped {
        class_map,
        void,
        images,
        ..
    } = which
    {
        if let Some(path) = class_map {
            ClassMap::read(path)?.apply(&mut dataset)?;
        }
        if !void.is_empty() {
            ClassMap::of_void(void).apply(&mut dataset)?;
        }
        dataset
            .choose_bands(images, "the options")
            .map_err(|reason| DatasetError::List {
                path: root.clone(),
                reason,
            })?;
    }
    log::info!(
        "{}: opened in {:.2} s, {} train, {} val",
        dataset.name,
        started.elapsed().as_secs_f64(),
        dataset.train.len(),
        dataset.val.len()
    );
    dataset.measure_range(progress)?;
    for note in dataset
        .notes
        .iter()
        .filter(|note| note.topic == NoteTopic::Images)
    {
        log::info!("{}: {note}", dataset.name);
    }
    Ok(dataset)
}

/// Reads an item and makes it small: the longer side has at most `max_side` pixels.
pub(super) fn read_thumbnail(
    reader: &MaskReader,
    item: &DatasetItem,
    max_side: u32,
) -> Result<Thumbnail, DatasetError> {
    let (image, labels) = reader.read_pair(item)?;
    if image.width.max(image.height) <= max_side {
        return Ok(Thumbnail { image, labels });
    }
    Ok(shrunk(&image, &labels, max_side))
}

/// An image and its labels in small: the longer side has at most `max_side` pixels.
pub(super) fn shrunk(image: &Rgb, labels: &LabelMap, max_side: u32) -> Thumbnail {
    let scale = f64::from(max_side) / f64::from(image.width.max(image.height).max(1));
    if scale >= 1.0 {
        return Thumbnail {
            image: image.clone(),
            labels: labels.clone(),
        };
    }
    let side = |length: u32| ((f64::from(length) * scale) as u32).max(1);
    let size = Size::new(side(image.width), side(image.height));
    Thumbnail {
        image: resize_rgb(image, size),
        labels: resize_labels(labels, size),
    }
}
