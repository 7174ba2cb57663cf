//! The engine's side of predictions: masks, scores, files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::predict::{Evaluation, Logits, Prediction, Request, Scoring, Source};
use super::runs::unix_secs;
use super::score_masks::{MaskFolders, MaskScores, score_masks};
use super::source::DatasetState;
use super::tasks::Task;
use super::{Engine, export};
use crate::dataset::{ClassList, LabelMap, Rgb, Split};
use crate::training::{DeviceId, WeightsChoice, WeightsSummary, export_run, import_run};

/// Which network predicts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NetworkSource {
    /// The best weights of the run of this name.
    Run(String),
    /// A weights file, on a device.
    Weights(WeightsChoice, DeviceId),
}

impl Engine {
    /// Where a run can predict: its own device where that works here, else the processor.
    fn prediction_device(&self, run: &str) -> DeviceId {
        let own = self.run(run).map_or(DeviceId::Cpu, |run| run.config.device);
        if self.devices.refusal(own).is_none() {
            own
        } else {
            DeviceId::Cpu
        }
    }

    /// The mask of an image by the best weights of a run.
    pub fn predict(&self, run: &str, image: &Path) -> Task<Result<Arc<Prediction>, String>> {
        self.predict_with(&NetworkSource::Run(run.to_owned()), image)
    }

    /// The logits of an image.
    pub fn logits_with(
        &self,
        network: &NetworkSource,
        image: &Path,
    ) -> Task<Result<Logits, String>> {
        let (source, device) = self.locate(network);
        self.predictor
            .logits(&self.waker, source, device, image.to_path_buf())
    }

    fn locate(&self, network: &NetworkSource) -> (Source, DeviceId) {
        match network {
            NetworkSource::Run(run) => (Source::Run(self.folder(run)), self.prediction_device(run)),
            NetworkSource::Weights(choice, device) => (Source::Weights(choice.clone()), *device),
        }
    }

    /// The mask of an image.
    pub fn predict_with(
        &self,
        network: &NetworkSource,
        image: &Path,
    ) -> Task<Result<Arc<Prediction>, String>> {
        let (source, device) = self.locate(network);
        let truth = match &self.dataset {
            DatasetState::Ready(open) => [Split::Val, Split::Train]
                .into_iter()
                .flat_map(|split| open.dataset.items(split))
                .find(|item| item.image == image)
                .map(|item| (open.dataset.mask_reader(), item.clone())),
            _ => None,
        };
        let request = Request {
            source,
            device,
            image: image.to_path_buf(),
            truth,
        };
        self.predictor.predict(&self.waker, request)
    }

    /// Scores of a run's best weights over a split of the dataset it was trained on, with
    /// a boundary band of `boundary_width` pixels.
    pub fn evaluate(
        &self,
        run: &str,
        split: Split,
        boundary_width: usize,
    ) -> Task<Result<Evaluation, String>> {
        let scoring = Scoring {
            source: Source::Run(self.folder(run)),
            device: self.prediction_device(run),
            data_dir: self.dirs.data.clone(),
            split,
            boundary_width,
        };
        self.predictor.evaluate(&self.waker, scoring)
    }

    /// Scores of masks that are already there against labels, as [`score_masks`] counts.
    pub fn score_masks(&self, folders: MaskFolders) -> Task<Result<MaskScores, String>> {
        self.spawn("score masks", move |cancel| score_masks(&folders, cancel))
    }

    /// What a weights file holds, and what becomes of each layer.
    pub fn inspect_weights(&self, choice: WeightsChoice) -> Task<Result<WeightsSummary, String>> {
        self.spawn("inspect weights", move |_| {
            WeightsSummary::read(&choice).map_err(|err| err.to_string())
        })
    }

    /// Writes the best weights of a run as one file; gives the path.
    pub fn export_run(&self, run: &str, path: PathBuf) -> Task<Result<PathBuf, String>> {
        let folder = self.folder(run);
        self.spawn_waiting("export", move |_| {
            export_run(&folder, &path)
                .map(|()| path)
                .map_err(|err| err.to_string())
        })
    }

    /// Makes a finished run of a weights file; gives its name. [`refresh_runs`](Self::refresh_runs)
    /// shows it.
    pub fn import_weights(&self, choice: WeightsChoice) -> Task<Result<String, String>> {
        let runs = self.dirs.runs.clone();
        self.spawn_waiting("import", move |_| {
            let stem = choice
                .path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let created = unix_secs();
            let folder = import_run(&runs, &format!("imported-{stem}"), created, &choice);
            folder
                .map(|folder| folder.name())
                .map_err(|err| err.to_string())
        })
    }

    /// Writes logits as a NumPy file; gives the path.
    pub fn save_logits(&self, logits: Logits, path: PathBuf) -> Task<Result<PathBuf, String>> {
        self.spawn("save logits", move |_| {
            export::save_npy(&path, &logits).map(|()| path)
        })
    }

    /// Writes a mask as an indexed PNG; gives the path.
    pub fn save_mask(
        &self,
        mask: Arc<LabelMap>,
        classes: Arc<ClassList>,
        path: PathBuf,
    ) -> Task<Result<PathBuf, String>> {
        self.spawn("save mask", move |_| {
            export::save_mask(&path, &mask, &classes).map(|()| path)
        })
    }

    /// Writes the image with the mask over it; `opacity` in `0.0..=1.0`; gives the path.
    pub fn save_overlay(
        &self,
        image: Arc<Rgb>,
        mask: Arc<LabelMap>,
        classes: Arc<ClassList>,
        opacity: f32,
        shown: impl Fn(u8) -> bool + Send + 'static,
        path: PathBuf,
    ) -> Task<Result<PathBuf, String>> {
        self.spawn("save overlay", move |_| {
            export::save_overlay(&path, &image, &mask, &classes, opacity, shown).map(|()| path)
        })
    }
}
