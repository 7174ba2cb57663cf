//! A trained run, loaded to predict.

mod tiled;

use super::checkpoint::{RunFolder, RunMeta};
use super::control::Control;
use super::device::{self, DeviceId};
use super::error::TrainError;
use super::evaluate::{EvaluationScores, Scoring, evaluate_in_detail};
use super::external_weights::{WeightsChoice, load_file};
use super::segmenter::Segmenter;
use crate::dataset::{ClassMatch, Dataset, Rgb, Size, Split, resize_rgb};
use crate::model::{ReceptiveField, ScoreSource};

/// What each score layer of a network adds to the logits of an image.
#[derive(Debug, Clone)]
pub struct Contributions {
    /// The image's own, or a smaller one where they would take too much memory.
    pub size: Size,
    /// Coarse to fine, each `[num_classes, height, width]`; their sum is the logits.
    pub parts: Vec<(ScoreSource, Vec<f32>)>,
    /// The size at which the network saw the image.
    pub seen: Size,
    /// What a logit depends on through each score layer, in pixels of `seen`.
    pub fields: Vec<ReceptiveField>,
}

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
        let model = meta.config.network(num_classes).init(&device);
        let (model, step) = folder.load_best(model)?;
        let segmenter = Segmenter::new(&model, &meta.config.normalization, num_classes, &device);
        Ok(Self {
            segmenter,
            meta,
            step,
        })
    }

    /// Loads the weights of one checkpoint of `folder`.
    pub fn load_step(
        folder: &RunFolder,
        step: usize,
        device: DeviceId,
    ) -> Result<Self, TrainError> {
        let meta = folder.meta()?;
        let device = device::open(device)?;
        let num_classes = meta.classes.len();
        let model = meta.config.network(num_classes).init(&device);
        let model = folder.load_step(step, model)?;
        let segmenter = Segmenter::new(&model, &meta.config.normalization, num_classes, &device);
        Ok(Self {
            segmenter,
            meta,
            step,
        })
    }

    /// Loads a weights file; `step` is then 0.
    pub fn from_weights(choice: &WeightsChoice, device: DeviceId) -> Result<Self, TrainError> {
        let device = device::open(device)?;
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
        })
    }

    /// What the run was started with.
    pub fn meta(&self) -> &RunMeta {
        &self.meta
    }

    /// Steps after which the loaded weights were saved.
    pub fn step(&self) -> usize {
        self.step
    }

    /// What each score layer adds to the logits.
    ///
    /// # Errors
    /// When the device fails.
    pub fn contributions(&self, image: &Rgb) -> Result<Contributions, TrainError> {
        let config = &self.meta.config;
        let per_pixel = (self.meta.classes.len() * ScoreSource::COUNT) as u64;
        let most = config.trunk.max_pixels().min(MAX_CONTRIBUTIONS / per_pixel);
        let smaller = reduced(image, most).map(|size| resize_rgb(image, size));
        let image = smaller.as_ref().unwrap_or(image);
        let parts = self.segmenter.contributions(image, config.test_size)?;
        let seen = config.test_size.unwrap_or(image.size());
        let network = config.network(self.meta.classes.len());
        Ok(Contributions {
            size: image.size(),
            parts,
            seen,
            fields: network.receptive_fields(seen.dims()),
        })
    }

    /// Scores over a split of `dataset`, of the classes that [`ClassMatch`] finds in both the run and
    /// the dataset, with a boundary band of `boundary_width` pixels; `None` when `control` was
    /// stopped in between.
    ///
    /// # Errors
    /// Also when they have no class in common.
    pub fn evaluate(
        &self,
        dataset: &Dataset,
        split: Split,
        boundary_width: usize,
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
            (matched.has_partner(), boundary_width),
            control,
            progress,
        )
    }
}

/// Numbers that are kept of one image: 1 GiB.
const MAX_CONTRIBUTIONS: u64 = (1 << 30) / 4;

/// A size with the image's aspect and at most `most` pixels; `None` when it has
/// no more than that.
fn reduced(image: &Rgb, most: u64) -> Option<Size> {
    let pixels = image.size().pixels();
    if pixels <= most {
        return None;
    }
    let scale = (most as f64 / pixels as f64).sqrt();
    let side = |side: u32| ((f64::from(side) * scale) as u32).max(1);
    Some(Size::new(side(image.width), side(image.height)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_images_over_the_limit_are_reduced_and_keep_their_aspect() {
        let image = |width, height| Rgb {
            width,
            height,
            pixels: Vec::new(),
        };
        assert_eq!(reduced(&image(100, 100), 10_000), None);
        assert_eq!(reduced(&image(400, 100), 10_000), Some(Size::new(200, 50)));
        assert_eq!(reduced(&image(100_000, 1), 100), Some(Size::new(3162, 1)));
    }
}
