//! A trained run, loaded to predict.

mod inside;
mod tiled;

use burn::tensor::Device;

use super::checkpoint::{RunFolder, RunMeta};
use super::control::Control;
use super::device::{self, DeviceId};
use super::device_fault;
use super::error::TrainError;
use super::evaluate::{EvaluationScores, Scoring, evaluate_in_detail};
use super::external_weights::{WeightsChoice, load_file};
use super::precision::Precision;
use super::predict_options::Averaging;
use super::segmenter::Segmenter;
use crate::dataset::{ClassMatch, Dataset, Split};
pub use inside::{Contributions, InputGradient, LayerMaps};

/// Opens a device whose faults are noticed on all threads.
fn open(id: DeviceId) -> Result<Device, TrainError> {
    device_fault::listen();
    device::open(id)
}

/// The best weights of a run on a device.
pub struct Predictor {
    segmenter: Segmenter,
    meta: RunMeta,
    step: usize,
    device: DeviceId,
}

impl Predictor {
    /// Loads the best weights of `folder`, or its last ones before the first validation.
    pub fn load(folder: &RunFolder, id: DeviceId) -> Result<Self, TrainError> {
        let meta = folder.meta()?;
        let device = open(id)?;
        let num_classes = meta.classes.len();
        let model = meta.config.network(num_classes).init(&device);
        let (model, step) = folder.load_best(model)?;
        let segmenter = Segmenter::new(&model, &meta.config.normalization, num_classes, &device);
        Ok(Self {
            segmenter,
            meta,
            step,
            device: id,
        })
    }

    /// Loads the weights of one checkpoint of `folder`.
    pub fn load_step(folder: &RunFolder, step: usize, id: DeviceId) -> Result<Self, TrainError> {
        let meta = folder.meta()?;
        let device = open(id)?;
        let num_classes = meta.classes.len();
        let model = meta.config.network(num_classes).init(&device);
        let model = folder.load_step(step, model)?;
        let segmenter = Segmenter::new(&model, &meta.config.normalization, num_classes, &device);
        Ok(Self {
            segmenter,
            meta,
            step,
            device: id,
        })
    }

    /// Loads a weights file; `step` is then 0.
    pub fn from_weights(choice: &WeightsChoice, id: DeviceId) -> Result<Self, TrainError> {
        let device = open(id)?;
        let (model, meta) = load_file(choice, &device)?;
        let segmenter = Segmenter::new(
            &model,
            &meta.config.normalization,
            meta.classes.len(),
            &device,
        );
        Ok(Self {
            segmenter,
            meta,
            step: 0,
            device: id,
        })
    }

    /// What the run was started with.
    pub fn meta(&self) -> &RunMeta {
        &self.meta
    }

    /// How what it computes may differ from what the processor computes; `None` on the processor.
    pub fn arithmetic(&self) -> Option<String> {
        let words = || Precision::F32.arithmetic(self.segmenter.device(), self.device);
        let id = self.device;
        (!self.segmenter.on_host()).then(|| format!("Computed on {id}: {}", words()))
    }

    /// Steps after which the loaded weights were saved.
    pub fn step(&self) -> usize {
        self.step
    }

    /// Scores over a split of `dataset`, of the classes that [`ClassMatch`] finds in both the run and
    /// the dataset, with a boundary band of `boundary_width` pixels and probabilities that are averaged
    /// where that is asked for; `None` when `control` was stopped in between.
    ///
    /// # Errors
    /// Also when they have no class in common.
    pub fn evaluate(
        &self,
        dataset: &Dataset,
        split: Split,
        (boundary_width, averaging): (usize, &Averaging),
        control: &Control,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Option<EvaluationScores>, TrainError> {
        let matched = ClassMatch::new(&self.meta.classes, &dataset.classes);
        if matched.num_matched() == 0 {
            return Err(TrainError::Config {
                field: "dataset",
                value: dataset.name.clone(),
                rule: "it has no class of the name of one of the run's, so there is nothing to score; choose the \
                       dataset that the run was trained on",
            });
        }
        let (items, reader) = (dataset.items(split), dataset.mask_reader());
        let num_classes = self.meta.classes.len();
        let how = Scoring {
            reader: &reader,
            num_classes,
            classes: (!matched.is_identity()).then_some(&matched),
            test_size: self.meta.config.test_size,
        };
        evaluate_in_detail(
            &self.segmenter,
            items,
            how,
            (matched.has_partner(), boundary_width, averaging),
            control,
            progress,
        )
    }
}
