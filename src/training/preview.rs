//! The pinned validation images and those of one's own, shown again and again while the network learns.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::checkpoint::RunFolder;
use super::clock::Now;
use super::config::RunConfig;
use super::error::TrainError;
use super::evaluate::Kept;
use super::event::{Preview, PreviewItem};
use super::film::{FilmWriter, Moment};
use super::segmenter::Segmenter;
use crate::dataset::{Dataset, DatasetError, ImageReading, LabelMap, Rgb, Size, VOID, resize_rgb};
use crate::metrics::ConfusionMatrix;

/// Pixels of an image of one's own; larger ones are made smaller, so that they take no longer than
/// others.
const MAX_OWN: u64 = 1 << 20;

/// Share of the time that masks may take; those after an epoch come from its validation.
const SHARE: f64 = 0.01;

/// The images, read once, and when they were last predicted.
pub(super) struct Pinned {
    images: Vec<PinnedImage>,
    num_classes: usize,
    /// Whether somebody looks at the masks.
    is_watched: bool,
    /// `None` = only after epochs: nobody looks, and the film needs no more.
    every: Option<Duration>,
    time: Now,
    shown: Instant,
    /// What the last masks took.
    cost: Duration,
    /// Images that were left out, and why.
    problems: Vec<String>,
}

struct PinnedImage {
    /// Place in the validation list; `None` = it is not in there.
    place: Option<usize>,
    id: String,
    image: Arc<Rgb>,
    truth: Arc<LabelMap>,
    /// From the current validation.
    mask: Option<Arc<LabelMap>>,
}

impl Pinned {
    /// Validation images spread over the list, and those that were chosen; none where the settings want none. Where they are not
    /// `watched`, their masks come from the validation after each epoch alone, and cost nothing, unless more are to be filmed.
    pub fn read(
        dataset: &Dataset,
        config: &RunConfig,
        watched: bool,
        time: Now,
    ) -> Result<Self, TrainError> {
        let interval = |secs: f64| Duration::try_from_secs_f64(secs).ok();
        let is_wanted = config.preview_secs > 0.0;
        let secs = if watched {
            Some(config.preview_secs)
        } else {
            config.film_secs
        };
        let every = secs.filter(|_| is_wanted).and_then(interval);
        let count = if is_wanted {
            config.preview_images.min(dataset.val.len())
        } else {
            0
        };
        let chosen = config.probe_images.iter().filter(|_| is_wanted);
        let mut places: Vec<usize> = (0..count).map(|n| n * dataset.val.len() / count).collect();
        let (mut problems, mut own_images) = (Vec::new(), Vec::new());
        for path in chosen {
            // One of the validation list has a ground truth.
            if let Some(place) = dataset.val.iter().position(|item| item.image == *path) {
                if !places.contains(&place) {
                    places.push(place);
                }
                continue;
            }
            match PinnedImage::read_own(&dataset.images, path) {
                Ok(image) => own_images.push(image),
                Err(err) => problems.push(format!("a probe image is left out: {err}")),
            }
        }
        let reader = dataset.mask_reader();
        let mut images: Vec<PinnedImage> = places
            .into_iter()
            .map(|place| {
                let item = &dataset.val[place];
                let (image, truth) = reader.read_pair(item)?;
                let (image, truth) = (Arc::new(image), Arc::new(truth));
                Ok(PinnedImage {
                    place: Some(place),
                    id: item.id.clone(),
                    image,
                    truth,
                    mask: None,
                })
            })
            .collect::<Result<_, TrainError>>()?;
        images.extend(own_images);
        Ok(Self {
            images,
            num_classes: dataset.classes.len(),
            is_watched: watched && is_wanted,
            every,
            time,
            shown: time.now(),
            cost: Duration::ZERO,
            problems,
        })
    }

    /// Images that were left out, and why; said once.
    pub fn take_problems(&mut self) -> Vec<String> {
        std::mem::take(&mut self.problems)
    }

    /// Segments what no validation does.
    pub fn segment_own(
        &mut self,
        segmenter: &Segmenter,
        test_size: Option<Size>,
    ) -> Result<(), TrainError> {
        for own in self.images.iter_mut().filter(|image| image.place.is_none()) {
            own.mask = Some(Arc::new(segmenter.segment(&own.image, test_size)?));
        }
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        self.images.is_empty()
    }

    /// Whether somebody looks at the masks.
    pub fn is_watched(&self) -> bool {
        self.is_watched
    }

    /// Whether masks are made between epochs too.
    pub fn is_timed(&self) -> bool {
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
        self.every.is_some_and(|every| {
            self.time.waited(self.shown) >= every.max(self.cost.div_f64(SHARE))
        })
    }

    /// The masks after `step`.
    pub fn preview(
        &mut self,
        segmenter: &Segmenter,
        test_size: Option<Size>,
        step: usize,
    ) -> Result<Preview, TrainError> {
        let started = self.time.now();
        for pinned in &mut self.images {
            pinned.mask = Some(Arc::new(segmenter.segment(&pinned.image, test_size)?));
        }
        let preview = self.collect(step);
        self.cost = self.time.since(started);
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
        self.shown = self.time.now();
        Preview { step, items }
    }
}

impl PinnedImage {
    /// An image without ground truth, all of it void; its bands are read as those of the dataset.
    fn read_own(reading: &ImageReading, path: &Path) -> Result<Self, DatasetError> {
        let mut image = reading.read(path)?;
        let pixels = image.size().pixels();
        if pixels > MAX_OWN {
            let scale = (MAX_OWN as f64 / pixels as f64).sqrt();
            let side = |side: u32| ((f64::from(side) * scale) as u32).max(1);
            image = resize_rgb(&image, Size::new(side(image.width), side(image.height)));
        }
        let name = path.file_name().unwrap_or_default();
        let truth = LabelMap {
            width: image.width,
            height: image.height,
            labels: vec![VOID; image.size().pixels() as usize],
        };
        Ok(Self {
            place: None,
            id: name.to_string_lossy().into_owned(),
            image: Arc::new(image),
            truth: Arc::new(truth),
            mask: None,
        })
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
        self.images.iter().any(|pinned| pinned.place == Some(place))
    }

    fn take(&mut self, place: usize, mask: LabelMap) {
        let mut images = self.images.iter_mut();
        if let Some(pinned) = images.find(|pinned| pinned.place == Some(place)) {
            pinned.mask = Some(Arc::new(mask));
        }
    }
}
