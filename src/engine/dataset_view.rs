//! What the window shows of the open dataset: parts of its lists, and what the network sees of it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use strum::VariantArray as _;

use super::dataset::shrunk;
use super::for_pytorch::stopped;
use super::tasks::Task;
use super::{DatasetState, Engine, EngineError, OpenDataset, Thumbnail};
use crate::dataset::{DatasetItem, RareSampling, Split};
use crate::training::{RunConfig, SeenStep};

/// A part of a list.
#[derive(Debug, Clone)]
pub struct ItemFilter {
    /// Which list.
    pub split: Split,
    /// Only items whose masks have this class; none before the masks were read.
    pub class: Option<u8>,
    /// Only items of which one of these files is the image or the mask: those of a finding.
    pub files: Option<Arc<[PathBuf]>>,
}

/// How rare classes are drawn, known from an earlier step.
pub type Sampling = Arc<RareSampling>;

/// A step as the network sees it.
#[derive(Debug)]
pub struct StepPreview {
    /// Its images.
    pub seen: SeenStep,
    /// The same in small.
    pub small: Vec<Thumbnail>,
}

impl OpenDataset {
    /// Whether one of its lists has this image, under this path. Long lists take a few milliseconds: who asks in each
    /// frame keeps the answer.
    pub fn lists_image(&self, image: &Path) -> bool {
        // Compared as it is written: part by part takes many times as long.
        let is_it = |item: &DatasetItem| item.image.as_os_str() == image.as_os_str();
        let mut lists = Split::VARIANTS.iter();
        lists.any(|split| self.dataset.items(*split).iter().any(is_it))
    }

    /// The places in their list of the items that a filter lets through, from 0.
    pub fn places(&self, filter: &ItemFilter) -> Vec<u32> {
        let items = self.dataset.items(filter.split);
        let labels = self
            .stats
            .as_ref()
            .map(|stats| stats.labels_of(filter.split));
        let has_class = |place: usize| {
            filter.class.is_none_or(|class| {
                let labels = labels.and_then(|labels| labels.get(place));
                labels.is_some_and(|labels| labels.contains(class))
            })
        };
        let files: Option<HashSet<&Path>> = filter
            .files
            .as_ref()
            .map(|files| files.iter().map(PathBuf::as_path).collect());
        let is_named = |image: &Path, mask: &Path| {
            let files = files.as_ref();
            files.is_none_or(|files| files.contains(image) || files.contains(mask))
        };
        (0..)
            .zip(items)
            .filter(|(place, item)| has_class(*place as usize) && is_named(&item.image, &item.mask))
            .map(|(place, _)| place)
            .collect()
    }
}

impl Engine {
    /// The places in their list of the items of the open dataset that a filter lets through.
    pub fn filtered_items(&self, filter: ItemFilter) -> Task<Result<Vec<u32>, EngineError>> {
        let open = self.open();
        self.spawn("filter", move |_| {
            Ok(open.map_or_else(Vec::new, |open| open.places(&filter)))
        })
    }

    /// The images of a step of a run with these settings on the open dataset, as the network would see
    /// them; in small, the longer side has at most `max_side` pixels. `sampling` is that of an
    /// earlier step.
    pub fn preview_step(
        &self,
        config: RunConfig,
        step: usize,
        sampling: Option<Sampling>,
        max_side: u32,
    ) -> Task<Result<StepPreview, EngineError>> {
        let open = self.open();
        self.spawn_waiting("step preview", move |cancel| {
            let open = open.ok_or(EngineError::NoSuchItem { index: 0 })?;
            let mut goes_on = || !cancel.is_cancelled();
            let seen = SeenStep::of(&config, &open.dataset, step, sampling, &mut goes_on)
                .map_err(stopped)?;
            let images = seen.images.iter();
            let small = images.map(|seen| shrunk(&seen.image, &seen.labels, max_side));
            let small = small.collect();
            Ok(StepPreview { seen, small })
        })
    }

    fn open(&self) -> Option<Arc<OpenDataset>> {
        match &self.dataset {
            DatasetState::Ready(open) => Some(Arc::clone(open)),
            _ => None,
        }
    }
}
