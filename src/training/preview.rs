//! The pinned validation images, shown again and again while the network learns.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::checkpoint::RunFolder;
use super::config::RunConfig;
use super::error::TrainError;
use super::evaluate::Kept;
use super::event::{Preview, PreviewItem};
use super::film::{FilmWriter, Moment};
use super::segmenter::Segmenter;
use crate::dataset::{Dataset, LabelMap, Rgb, Size};
use crate::metrics::ConfusionMatrix;

/// Share of the time that masks may take; those after an epoch come from its validation.
const SHARE: f64 = 0.01;

/// The images, read once, and when they were last predicted.
pub(super) struct Pinned {
    images: Vec<PinnedImage>,
    num_classes: usize,
    /// `None` = only after epochs: nobody looks.
    every: Option<Duration>,
    shown: Instant,
    /// What the last masks took.
    cost: Duration,
}

struct PinnedImage {
    /// Place in the validation list.
    place: usize,
    id: String,
    image: Arc<Rgb>,
    truth: Arc<LabelMap>,
    /// From the current validation.
    mask: Option<Arc<LabelMap>>,
}

impl Pinned {
    /// Validation images spread over the list; none where the settings want none. Where they are not
    /// `watched`, their masks come from the validation after each epoch alone, and cost nothing.
    pub fn read(dataset: &Dataset, config: &RunConfig, watched: bool) -> Result<Self, TrainError> {
        let every = (config.preview_secs > 0.0)
            .then(|| Duration::try_from_secs_f64(config.preview_secs).ok())
            .flatten();
        let count = match every {
            Some(_) => config.preview_images.min(dataset.val.len()),
            None => 0,
        };
        let reader = dataset.mask_reader();
        let images = (0..count)
            .map(|n| {
                let place = n * dataset.val.len() / count;
                let item = &dataset.val[place];
                let (image, truth) = reader.read_pair(item)?;
                let (image, truth) = (Arc::new(image), Arc::new(truth));
                Ok(PinnedImage {
                    place,
                    id: item.id.clone(),
                    image,
                    truth,
                    mask: None,
                })
            })
            .collect::<Result<_, TrainError>>()?;
        Ok(Self {
            images,
            num_classes: dataset.classes.len(),
            every: every.filter(|_| watched),
            shown: Instant::now(),
            cost: Duration::ZERO,
        })
    }

    pub fn is_empty(&self) -> bool {
        self.images.is_empty()
    }

    /// Whether somebody looks at the masks.
    pub fn is_watched(&self) -> bool {
        self.every.is_some()
    }

    /// The film of the run, which goes on behind `step`; `None` = there are no images.
    pub fn film(&self, folder: &RunFolder, step: usize) -> Option<FilmWriter> {
        let image = |pinned: &PinnedImage| {
            let (image, truth) = (Arc::clone(&pinned.image), Arc::clone(&pinned.truth));
            (pinned.id.clone(), image, truth)
        };
        let images = self.images.iter().map(image).collect();
        (!self.is_empty()).then(|| FilmWriter::start(folder.film(), images, step))
    }

    /// Whether it is time for new masks.
    pub fn due(&self) -> bool {
        self.every
            .is_some_and(|every| self.shown.elapsed() >= every.max(self.cost.div_f64(SHARE)))
    }

    /// The masks after `step`.
    pub fn preview(
        &mut self,
        segmenter: &Segmenter,
        test_size: Option<Size>,
        step: usize,
    ) -> Result<Preview, TrainError> {
        let started = Instant::now();
        for pinned in &mut self.images {
            pinned.mask = Some(Arc::new(segmenter.segment(&pinned.image, test_size)?));
        }
        let preview = self.collect(step);
        self.cost = started.elapsed();
        Ok(preview)
    }

    /// The masks that are there and have not been shown, after `step`.
    pub fn collect(&mut self, step: usize) -> Preview {
        let num_classes = self.num_classes;
        let item = |pinned: &mut PinnedImage| {
            let mask = pinned.mask.take()?;
            let mut matrix = ConfusionMatrix::new(num_classes);
            matrix.add(&pinned.truth.labels, &mask.labels);
            Some(PreviewItem {
                id: pinned.id.clone(),
                image: Arc::clone(&pinned.image),
                truth: Arc::clone(&pinned.truth),
                mask,
                mean_iu: matrix.mean_iu(),
            })
        };
        let items = self.images.iter_mut().filter_map(item).collect();
        // Counted from the end, so that slow masks leave time for steps between them.
        self.shown = Instant::now();
        Preview { step, items }
    }
}

impl Moment {
    /// What is shown at `secs` of training.
    pub(super) fn of(preview: &Preview, secs: f64, always: bool) -> Self {
        let mask = |item: &PreviewItem| (Arc::clone(&item.mask), item.mean_iu);
        Self {
            step: preview.step,
            secs,
            masks: preview.items.iter().map(mask).collect(),
            always,
        }
    }
}

/// Validation computes the masks of pinned images anyway.
impl Kept for Pinned {
    fn wants(&self, place: usize) -> bool {
        self.images.iter().any(|pinned| pinned.place == place)
    }

    fn take(&mut self, place: usize, mask: LabelMap) {
        if let Some(pinned) = self.images.iter_mut().find(|pinned| pinned.place == place) {
            pinned.mask = Some(Arc::new(mask));
        }
    }
}
