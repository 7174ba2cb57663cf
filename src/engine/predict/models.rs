//! The networks of the `predict` thread, and what is computed with them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use super::image_scores::scores_of;
use super::inside::wanted;
use super::request::Request;
use super::source::Source;
use super::{Explanation, Logits, Prediction, Truth};
use crate::dataset::{ClassMatch, ImageFacts, LabelMap, Pixels};
use crate::engine::tasks::Cancel;
use crate::engine::{EngineError, Waker};
use crate::training::{Averaging, DeviceId, Predictor, Tile, TilePlan, Tiling};

/// Networks kept loaded: as many as Compare shows.
const LOADED: usize = 6;

/// A network in memory.
struct Loaded {
    source: Source,
    device: DeviceId,
    /// What was the newest step when it was loaded; damaged weights are replaced by older ones.
    newest: Option<usize>,
    predictor: Predictor,
}

/// Loaded networks, the last used at the end.
#[derive(Default)]
pub(super) struct Models {
    loaded: Vec<Loaded>,
}

impl Models {
    /// Forgets all, where one may be left half used.
    pub fn clear(&mut self) {
        self.loaded.clear();
    }

    pub fn get(&mut self, source: &Source, device: DeviceId) -> Result<&Predictor, EngineError> {
        let newest = source.newest_step();
        let found = self.loaded.iter().position(|loaded| {
            loaded.source == *source && loaded.device == device && loaded.newest == newest
        });
        let entry = if let Some(index) = found {
            self.loaded.remove(index)
        } else {
            // An older state of the same.
            self.loaded.retain(|loaded| loaded.source != *source);
            if self.loaded.len() >= LOADED {
                self.loaded.remove(0);
            }
            let predictor = source.load(device)?;
            Loaded {
                source: source.clone(),
                device,
                newest,
                predictor,
            }
        };
        self.loaded.push(entry);
        let newest = self.loaded.len() - 1;
        Ok(&self.loaded[newest].predictor)
    }

    pub fn logits(
        &mut self,
        source: &Source,
        device: DeviceId,
        image: &Path,
        tiling: &Tiling,
    ) -> Result<Logits, EngineError> {
        let predictor = self.get(source, device)?;
        let image = Pixels::open(image, &predictor.meta().images)?;
        let plan = predictor.plan(image.size(), tiling);
        let values = predictor.logits(&image, &plan)?;
        let num_classes = predictor.meta().classes.len();
        Ok(Logits {
            num_classes,
            size: image.size(),
            values,
        })
    }

    /// The averaged probabilities of each class, in the form of [`Logits`].
    pub fn averaged(
        &mut self,
        source: &Source,
        device: DeviceId,
        image: &Path,
        averaging: &Averaging,
    ) -> Result<Logits, EngineError> {
        let predictor = self.get(source, device)?;
        let image = Pixels::open(image, &predictor.meta().images)?;
        let plan = predictor.plan(image.size(), &Tiling::default());
        Ok(Logits {
            num_classes: predictor.meta().classes.len(),
            size: image.size(),
            values: predictor.averaged(&image, &plan, averaging)?,
        })
    }

    pub fn explain(
        &mut self,
        source: &Source,
        device: DeviceId,
        path: PathBuf,
        cancel: &Cancel,
    ) -> Result<Explanation, EngineError> {
        let predictor = self.get(source, device)?;
        let image = Pixels::open(&path, &predictor.meta().images)?;
        let started = Instant::now();
        let contributions = predictor.contributions(&image, wanted(cancel))?;
        let contributions = contributions.ok_or(EngineError::Cancelled)?;
        let meta = predictor.meta();
        Ok(Explanation::new(
            (source.name(), path),
            image.size(),
            Arc::new(meta.classes.clone()),
            meta.config.trunk,
            contributions,
            started.elapsed().as_secs_f64(),
        ))
    }

    pub fn predict(
        &mut self,
        request: &Request,
        cancel: &Cancel,
        wake: &Waker,
    ) -> Result<Prediction, EngineError> {
        let predictor = self.get(&request.source, request.device)?;
        // What was read already was read as the file's format says.
        let reading = &predictor.meta().images;
        let image = match &request.pixels {
            Some(pixels) if reading.is_plain() => pixels.clone(),
            _ => Pixels::open(&request.image, reading)?,
        };
        let started = Instant::now();
        let watch = cancel.clone();
        let plan = predictor.plan_of(image.facts(), &request.options.tiling);
        if let Some(partial) = &request.partial {
            partial.begin(plan.tiles.len());
        }
        let go_on = move |share: f32| {
            watch.set_progress(share);
            !watch.is_cancelled()
        };
        let mut on_tile = |tile: &Tile, labels: &LabelMap| {
            if let Some(partial) = &request.partial {
                partial.add(image.size(), tile.core, labels);
                wake();
            }
        };
        let mask = predictor
            .predict(&image, &plan, &request.options, go_on, &mut on_tile)?
            .ok_or(EngineError::Cancelled)?;
        let secs = started.elapsed().as_secs_f64();
        let classes = Arc::new(predictor.meta().classes.clone());
        // A mask that cannot be read is no reason to hide the prediction.
        let truth = request.truth.as_ref().and_then(|known| {
            let (_, labels) = known
                .reader
                .read_pair(&known.item)
                .map_err(|err| log::warn!("{err}"))
                .ok()?;
            let matched = ClassMatch::new(&classes, &known.classes);
            let own = Truth {
                classes: Arc::new(known.classes.clone()),
                labels: Arc::new(labels),
            };
            Some((own, matched))
        });
        let score_remark = truth.as_ref().and_then(|(_, matched)| matched.remark());
        let scored_over = truth
            .as_ref()
            .and_then(|(_, matched)| matched.scored_over());
        let has_partner = |(_, matched): &&(Truth, ClassMatch)| matched.num_matched() > 0;
        let comparable = truth.as_ref().filter(has_partner).map(|(own, matched)| {
            let same = matched.is_identity();
            let in_labels = |own: &Truth| Arc::new(matched.in_network_labels(&own.labels));
            let labels = if same {
                Arc::clone(&own.labels)
            } else {
                in_labels(own)
            };
            (labels, matched)
        });
        let scores = comparable
            .as_ref()
            .and_then(|(truth, matched)| scores_of(truth, &mask, matched));
        Ok(Prediction {
            run: request.source.name(),
            image_path: request.image.clone(),
            image,
            mask: Arc::new(mask),
            classes,
            secs,
            truth: comparable.map(|(labels, _)| labels),
            dataset_truth: truth.map(|(own, _)| own),
            scores,
            scored_over,
            score_remark,
            tiles: plan.tiles.len(),
            memory: plan.memory,
            options: request.options.clone(),
        })
    }

    pub fn plan(
        &mut self,
        source: &Source,
        device: DeviceId,
        image: ImageFacts,
        tiling: &Tiling,
    ) -> Result<TilePlan, EngineError> {
        Ok(self.get(source, device)?.plan_of(image, tiling))
    }
}
