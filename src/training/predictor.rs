//! A trained run, loaded to predict.

use super::checkpoint::{RunFolder, RunMeta};
use super::control::Control;
use super::device::{self, DeviceId};
use super::error::TrainError;
use super::evaluate::{Evaluation, evaluate};
use super::learner::fcn_config;
use super::segmenter::Segmenter;
use crate::dataset::{Dataset, LabelMap, Rgb, Split};

/// The best weights of a run on a device.
pub struct Predictor {
    segmenter: Segmenter,
    meta: RunMeta,
    step: usize,
}

impl Predictor {
    /// Loads the best weights of `folder`, or its last ones before the first validation.
    pub fn load(folder: &RunFolder, device: DeviceId) -> Result<Self, TrainError> {
        let meta = folder.meta()?;
        let device = device::open(device)?;
        let num_classes = meta.classes.len();
        let model = fcn_config(&meta.config, num_classes).init(&device);
        let (model, step) = folder.load_best(model)?;
        let segmenter = Segmenter::new(&model, &meta.config.normalization, num_classes, &device);
        Ok(Self { segmenter, meta, step })
    }

    /// What the run was started with.
    pub fn meta(&self) -> &RunMeta {
        &self.meta
    }

    /// Steps after which the loaded weights were saved.
    pub fn step(&self) -> usize {
        self.step
    }

    /// The most likely class of every pixel, at the image's own size.
    pub fn predict(&self, image: &Rgb) -> Result<LabelMap, TrainError> {
        self.segmenter.segment(image, self.meta.config.test_size)
    }

    /// Scores over a split of `dataset`, which must have the run's number of classes;
    /// `None` when `control` was stopped in between.
    pub fn evaluate(
        &self,
        dataset: &Dataset,
        split: Split,
        control: &Control,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Option<Evaluation>, TrainError> {
        if dataset.classes.len() != self.meta.classes.len() {
            return Err(TrainError::Config {
                field: "data set",
                value: format!("{} with {} classes", dataset.name, dataset.classes.len()),
                rule: "the run was trained on another number of classes",
            });
        }
        let test_size = self.meta.config.test_size;
        evaluate(&self.segmenter, dataset.items(split), &dataset.mask_reader(), test_size, control, progress)
    }
}
