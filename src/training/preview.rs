//! The pinned validation images, shown again and again while the network learns.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::config::RunConfig;
use super::error::TrainError;
use super::event::{Preview, PreviewItem};
use super::segmenter::Segmenter;
use crate::dataset::{Dataset, LabelMap, Rgb};
use crate::metrics::ConfusionMatrix;

/// Share of the time that masks may take, between epochs apart.
const SHARE: f64 = 0.02;

/// The images, read once, and when they were last predicted.
pub(super) struct Pinned {
    images: Vec<(String, Arc<Rgb>, Arc<LabelMap>)>,
    num_classes: usize,
    every: Option<Duration>,
    shown: Instant,
    /// What the last masks took.
    cost: Duration,
}

impl Pinned {
    /// Validation images spread over the list; none where nobody looks (`wanted` is false).
    pub fn read(dataset: &Dataset, config: &RunConfig, wanted: bool) -> Result<Self, TrainError> {
        let every = (wanted && config.preview_secs > 0.0)
            .then(|| Duration::try_from_secs_f64(config.preview_secs).ok())
            .flatten();
        let count = match every {
            Some(_) => config.preview_images.min(dataset.val.len()),
            None => 0,
        };
        let reader = dataset.mask_reader();
        let images = (0..count)
            .map(|n| {
                let item = &dataset.val[n * dataset.val.len() / count];
                let (image, truth) = reader.read_pair(item)?;
                Ok((item.id.clone(), Arc::new(image), Arc::new(truth)))
            })
            .collect::<Result<_, TrainError>>()?;
        Ok(Self {
            images,
            num_classes: dataset.classes.len(),
            every,
            shown: Instant::now(),
            cost: Duration::ZERO,
        })
    }

    pub fn is_empty(&self) -> bool {
        self.images.is_empty()
    }

    /// Whether it is time for new masks.
    pub fn due(&self) -> bool {
        self.every.is_some_and(|every| self.shown.elapsed() >= every.max(self.cost.div_f64(SHARE)))
    }

    /// The masks after `step`.
    pub fn preview(
        &mut self,
        segmenter: &Segmenter,
        test_size: Option<[u32; 2]>,
        step: usize,
    ) -> Result<Preview, TrainError> {
        let started = Instant::now();
        let items = self
            .images
            .iter()
            .map(|(id, image, truth)| {
                let mask = segmenter.segment(image, test_size)?;
                let mut matrix = ConfusionMatrix::new(self.num_classes);
                matrix.add(&truth.labels, &mask.labels);
                Ok(PreviewItem {
                    id: id.clone(),
                    image: Arc::clone(image),
                    truth: Arc::clone(truth),
                    mask: Arc::new(mask),
                    mean_iu: matrix.mean_iu(),
                })
            })
            .collect::<Result<_, TrainError>>()?;
        // Counted from the end, so that slow masks leave time for steps between them.
        self.shown = Instant::now();
        self.cost = self.shown - started;
        Ok(Preview { step, items })
    }
}
