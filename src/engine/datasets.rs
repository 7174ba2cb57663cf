//! The engine's side of datasets: opening, counting, thumbnails.

use std::sync::Arc;

use super::source::{self, DatasetState, OpenDataset, Thumbnail};
use super::tasks::{Task, guarded, spawn_thread};
use super::{Engine, Event, NoticeLevel};
use crate::dataset::{Split, scan};
use crate::training::DatasetRef;

impl Engine {
    /// Opens a dataset in the background, making the sample where it is not there.
    pub fn open_dataset(&mut self, which: DatasetRef) {
        self.dataset_generation += 1;
        let generation = self.dataset_generation;
        let label = match &which {
            DatasetRef::Sample => "the sample".to_owned(),
            DatasetRef::Folder(path) => path.display().to_string(),
        };
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
            let opened = guarded(|| {
                source::open(&which, &data_dir, &mut advance).map_err(|err| err.to_string())
            });
            let result = opened
                .unwrap_or_else(|panic| Err(format!("{panic}: the dataset could not be read")));
            let dataset = match result {
                Ok(dataset) => Arc::new(OpenDataset {
                    which,
                    dataset,
                    stats: None,
                }),
                Err(message) => {
                    return tell(Event::DatasetOpened {
                        generation,
                        result: Err(message),
                    });
                }
            };
            tell(Event::DatasetOpened {
                generation,
                result: Ok(Arc::clone(&dataset)),
            });
            if let Some(stats) = scan(&dataset.dataset, &mut |_, _| !cancel.is_cancelled()) {
                let counted = OpenDataset {
                    stats: Some(stats),
                    ..(*dataset).clone()
                };
                tell(Event::DatasetOpened {
                    generation,
                    result: Ok(Arc::new(counted)),
                });
            }
        }));
    }

    /// The dataset of the window.
    pub fn dataset(&self) -> &DatasetState {
        &self.dataset
    }

    /// An item of the open dataset, the longer side at most `max_side` pixels.
    pub fn thumbnail(
        &self,
        split: Split,
        index: usize,
        max_side: u32,
    ) -> Task<Result<Thumbnail, String>> {
        let item = match &self.dataset {
            DatasetState::Ready(open) => {
                let item = open.dataset.items(split).get(index).cloned();
                item.map(|item| (open.dataset.mask_reader(), item))
            }
            _ => None,
        };
        self.spawn("thumbnail", move |_| {
            let (reader, item) = item.ok_or("there is no such item")?;
            source::thumbnail(&reader, &item, max_side).map_err(|err| err.to_string())
        })
    }

    /// Takes in what the `dataset` thread found.
    pub(super) fn dataset_opened(&mut self, result: Result<Arc<OpenDataset>, String>) {
        self.dataset = match result {
            Ok(dataset) => DatasetState::Ready(dataset),
            Err(message) => {
                self.notify(NoticeLevel::Error, message.clone());
                let label = match &self.dataset {
                    DatasetState::Opening { label, .. } => label.clone(),
                    _ => String::new(),
                };
                DatasetState::Failed { label, message }
            }
        };
    }
}
