//! Scores a run: opens its dataset, looks at the labels, segments and counts.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::kept::{KeptEvaluation, Origin};
use super::paper::paper_scores;
use super::{About, Evaluation, ScoredSplit};
use crate::dataset::{BandChoice, ClassMatch, Split, list_digest};
use crate::engine::EngineError;
use crate::engine::dataset::open;
use crate::engine::dataset_check::before_scoring;
use crate::engine::memory::give_back_freed_memory;
use crate::engine::runs::unix_secs;
use crate::engine::tasks::{Cancel, guarded};
use crate::training::checkpoint::RunFolder;
use crate::training::{Control, DeviceId, Predictor};

/// Which list to score, and how.
pub(super) struct Request {
    pub folder: RunFolder,
    pub device: DeviceId,
    pub data_dir: PathBuf,
    pub on: ScoredSplit,
    /// In pixels.
    pub boundary_width: usize,
    pub void: Vec<u8>,
}

pub(super) fn evaluate(request: &Request, cancel: &Cancel) -> Result<KeptEvaluation, EngineError> {
    let result = guarded(|| score(request, cancel)).unwrap_or_else(|panic| {
        Err(EngineError::Panicked {
            what: "the evaluation",
            panic,
            advice: "Choose the device cpu, or a dataset of smaller images",
        })
    });
    give_back_freed_memory();
    let mut evaluation = result.map_err(|err| err.on_device(request.device))?;
    let damaged = evaluation.damaged_before(&request.folder);
    // The scores are there even so.
    if let Err(err) = evaluation.keep(&request.folder) {
        let warning = format!("the scores could not be kept with the run: {err}");
        evaluation.evaluation.warnings.push(warning);
    } else {
        // Told now, and not kept with the scores.
        evaluation.evaluation.warnings.extend(damaged);
    }
    Ok(evaluation)
}

fn score(request: &Request, cancel: &Cancel) -> Result<KeptEvaluation, EngineError> {
    let folder = &request.folder;
    // Before they are loaded: weights that are replaced meanwhile make the scores outdated.
    let weights_mark = folder.weights_mark();
    let predictor = Predictor::load(folder, request.device)?;
    let (split, averaging) = (request.on.split, &request.on.averaging);
    let config = &predictor.meta().config;
    let which = request.on.dataset.as_ref().unwrap_or(&config.dataset);
    let which = which
        .clone()
        .mapped(None, &request.void, &BandChoice::default());
    let mut go_on = |_, _| !cancel.is_cancelled();
    let mut dataset = open(&which, &request.data_dir, &mut go_on)?;
    // Another dataset may have other bands; without a word of it, as in the training.
    if which == config.dataset || dataset.images.is_plain() {
        dataset.images = predictor.meta().images.clone();
    }
    if split == Split::Test {
        dataset.read_test_list()?;
    }
    let mut warnings = before_scoring(&dataset, split, &mut go_on)?;
    // Another dataset is another one; it has not changed. That of the run may have been moved.
    let is_its_own = which == config.dataset || dataset.name == predictor.meta().dataset_name;
    let then = folder.dataset().filter(|_| is_its_own);
    let change = then.and_then(|then| then.changes(&dataset));
    warnings.extend(change.map(|change| format!("{}: {change}", dataset.name)));
    let matched = ClassMatch::new(&predictor.meta().classes, &dataset.classes);
    let control = Control::default();
    let started = Instant::now();
    let found = predictor
        .evaluate(
            &dataset,
            split,
            (request.boundary_width, averaging),
            &control,
            &mut |done, total| {
                cancel.set_progress(done as f32 / total.max(1) as f32);
                if cancel.is_cancelled() {
                    control.stop();
                }
            },
        )?
        .ok_or(EngineError::Cancelled)?;
    let about = About {
        val_loss: found.loss,
        secs: started.elapsed().as_secs_f64(),
        classes: Arc::new(predictor.meta().classes.clone()),
        warnings,
        remark: joined([matched.remark(), predictor.arithmetic()]),
        // The papers average over nothing.
        papers: if averaging.is_off() {
            paper_scores(config, &dataset, split)
        } else {
            Vec::new()
        },
    };
    let origin = Origin {
        dataset: which,
        dataset_name: dataset.name.clone(),
        split,
        averaging: averaging.normalized(),
        created: unix_secs(),
        weights_step: predictor.step(),
        weights_mark,
        data_sha256: list_digest(dataset.items(split)),
    };
    Ok(KeptEvaluation::new(
        folder.name(),
        origin,
        Evaluation::new(found.counts, found.images, about),
    ))
}

/// Sentences behind each other.
fn joined(remarks: [Option<String>; 2]) -> Option<String> {
    let remarks: Vec<String> = remarks.into_iter().flatten().collect();
    (!remarks.is_empty()).then(|| remarks.join(". "))
}
