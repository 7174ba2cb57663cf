//! The engine's side of predictions: masks, scores, files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::predict::{Evaluation, Prediction, Request};
use super::source::DatasetState;
use super::tasks::Task;
use super::{Engine, export};
use crate::dataset::{ClassList, LabelMap, Rgb, Split};
use crate::training::DeviceId;

impl Engine {
    /// Where a run can predict: its own device where that works here, else the processor.
    fn prediction_device(&self, run: &str) -> DeviceId {
        let own = self.run(run).map_or(DeviceId::Cpu, |run| run.config.device);
        if self.devices.refusal(own).is_none() { own } else { DeviceId::Cpu }
    }

    /// The mask of an image by the best weights of a run.
    pub fn predict(&self, run: &str, image: &Path) -> Task<Result<Arc<Prediction>, String>> {
        let truth = match &self.dataset {
            DatasetState::Ready(open) => [Split::Val, Split::Train]
                .into_iter()
                .flat_map(|split| open.dataset.items(split))
                .find(|item| item.image == image)
                .map(|item| (open.dataset.mask_reader(), item.clone())),
            _ => None,
        };
        let request = Request {
            folder: self.folder(run),
            device: self.prediction_device(run),
            image: image.to_path_buf(),
            truth,
        };
        self.predictor.predict(&self.waker, request)
    }

    /// Scores of a run's best weights over a split of the data set it was trained on.
    pub fn evaluate(&self, run: &str, split: Split) -> Task<Result<Evaluation, String>> {
        let device = self.prediction_device(run);
        self.predictor.evaluate(&self.waker, self.folder(run), device, self.dirs.data.clone(), split)
    }

    /// Writes a mask as an indexed PNG; gives the path.
    pub fn save_mask(
        &self,
        mask: Arc<LabelMap>,
        classes: Arc<ClassList>,
        path: PathBuf,
    ) -> Task<Result<PathBuf, String>> {
        self.spawn("save mask", move |_| export::save_mask(&path, &mask, &classes).map(|()| path))
    }

    /// Writes the image with the mask over it; `opacity` in `0.0..=1.0`; gives the path.
    pub fn save_overlay(
        &self,
        image: Arc<Rgb>,
        mask: Arc<LabelMap>,
        classes: Arc<ClassList>,
        opacity: f32,
        path: PathBuf,
    ) -> Task<Result<PathBuf, String>> {
        self.spawn("save overlay", move |_| {
            export::save_overlay(&path, &image, &mask, &classes, opacity).map(|()| path)
        })
    }
}
