//! What the networks of a report make of some validation images.

use std::path::Path;

use super::ReportRun;
use crate::dataset::{
    ClassList, ClassMatch, Dataset, LabelMap, Rgb, Size, paint_mask, resize_labels, resize_rgb,
};
use crate::engine::tasks::{Cancel, guarded};
use crate::engine::{EngineError, dataset};
use crate::metrics::ConfusionMatrix;
use crate::training::{PredictOptions, Predictor};

/// Images of a page.
const IMAGES: usize = 4;
/// Longest side of a picture, in pixels.
const SIDE: u32 = 250;

/// An image, its ground truth, and what each run makes of it.
pub(super) struct MaskRow {
    pub id: String,
    pub image: Rgb,
    pub truth: Rgb,
    /// In the order of the runs; `None` where a run has no mask, and the page says why.
    pub masks: Vec<Option<ShownMask>>,
}

pub(super) struct ShownMask {
    pub mask: Rgb,
    /// On this image alone.
    pub mean_iu: Option<f64>,
}

/// The masks of a page.
#[derive(Default)]
pub(super) struct Masks {
    /// The dataset of the images.
    pub dataset: String,
    pub rows: Vec<MaskRow>,
    /// What is missing and why, one sentence each.
    pub remarks: Vec<String>,
}

/// Predicts images of the validation list of the first run, spread over the list.
///
/// # Errors
/// When it was cancelled. Data and weights that are missing are a remark.
pub(super) fn predict(
    runs: &[ReportRun],
    data_dir: &Path,
    cancel: &Cancel,
) -> Result<Masks, EngineError> {
    let Some(first) = runs.first() else {
        return Ok(Masks::default());
    };
    let which = &first.snapshot.config.dataset;
    let opened = dataset::open(which, data_dir, &mut |_, _| !cancel.is_cancelled());
    check_wanted(cancel)?;
    let dataset = match opened {
        Ok(dataset) => dataset,
        Err(err) => {
            return Ok(Masks {
                remarks: vec![format!("There are no masks here: {err}")],
                ..Masks::default()
            });
        }
    };
    let mut masks = images(&dataset);
    let images = masks.rows.len().max(1);
    for (done, run) in runs.iter().enumerate() {
        let progress = |row: usize| {
            let share = (done * images + row) as f32 / (images * runs.len()) as f32;
            cancel.set_progress(share);
        };
        let problem = match guarded(|| add_run(run, &dataset, &mut masks, cancel, &progress)) {
            Ok(Ok(())) => None,
            Ok(Err(EngineError::Cancelled)) => return Err(EngineError::Cancelled),
            Ok(Err(err)) => Some(err.to_string()),
            Err(panic) => Some(format!("its network ended unexpectedly ({panic})")),
        };
        if let Some(problem) = problem {
            let title = run.snapshot.title();
            masks
                .remarks
                .push(format!("{title} has no masks here: {problem}"));
        }
        // A run that failed half-way has none of the later ones.
        for row in &mut masks.rows {
            row.masks.resize_with(done + 1, || None);
        }
    }
    Ok(masks)
}

fn images(dataset: &Dataset) -> Masks {
    let mut masks = Masks {
        dataset: dataset.name.clone(),
        ..Masks::default()
    };
    let count = IMAGES.min(dataset.val.len());
    let reader = dataset.mask_reader();
    for number in 0..count {
        let item = &dataset.val[number * dataset.val.len() / count];
        match reader.read_pair(item) {
            Ok((image, truth)) => masks.rows.push(MaskRow {
                id: item.id.clone(),
                truth: painted(&truth, &dataset.classes),
                image: small(&image),
                masks: Vec::new(),
            }),
            Err(err) => masks.remarks.push(err.to_string()),
        }
    }
    if count == 0 {
        masks
            .remarks
            .push(format!("{} has no validation images", dataset.name));
    }
    masks
}

fn add_run(
    run: &ReportRun,
    dataset: &Dataset,
    masks: &mut Masks,
    cancel: &Cancel,
    progress: &dyn Fn(usize),
) -> Result<(), EngineError> {
    if masks.rows.is_empty() {
        return Ok(());
    }
    if !run.snapshot.has_weights {
        return Err(EngineError::NoWeights {
            run: run.snapshot.name.clone(),
            folder: run.folder.path().to_owned(),
        });
    }
    let predictor = Predictor::load(&run.folder, run.device)?;
    let matched = ClassMatch::new(&run.snapshot.classes, &dataset.classes);
    let same_classes = matched.is_identity();
    let reader = dataset.mask_reader();
    for (number, row) in masks.rows.iter_mut().enumerate() {
        progress(number);
        let Some(item) = dataset.val.iter().find(|item| item.id == row.id) else {
            continue;
        };
        let (image, truth) = reader.read_pair(item)?;
        let wanted = cancel.clone();
        let options = PredictOptions::default();
        let plan = predictor.plan(image.size(), &options.tiling);
        let go_on = move |_| !wanted.is_cancelled();
        let mask = predictor.predict(&image.into(), &plan, &options, go_on, &mut |_, _| {})?;
        let mask = mask.ok_or(EngineError::Cancelled)?;
        row.masks.push(Some(ShownMask {
            mean_iu: same_classes
                .then(|| mean_iu(&truth, &mask, dataset.classes.len()))
                .flatten(),
            mask: painted(&mask, &run.snapshot.classes),
        }));
    }
    check_wanted(cancel)
}

fn mean_iu(truth: &LabelMap, mask: &LabelMap, classes: usize) -> Option<f64> {
    let mut matrix = ConfusionMatrix::new(classes);
    matrix.add(&truth.labels, &mask.labels);
    matrix.mean_iu()
}

fn check_wanted(cancel: &Cancel) -> Result<(), EngineError> {
    if cancel.is_cancelled() {
        return Err(EngineError::Cancelled);
    }
    Ok(())
}

/// The size of a picture in the page; `None` = its own.
fn small_size(size: Size) -> Option<Size> {
    let scale = f64::from(SIDE) / f64::from(size.width.max(size.height).max(1));
    let side = |length: u32| ((f64::from(length) * scale) as u32).max(1);
    (scale < 1.0).then(|| Size::new(side(size.width), side(size.height)))
}

fn small(image: &Rgb) -> Rgb {
    small_size(image.size()).map_or_else(|| image.clone(), |size| resize_rgb(image, size))
}

fn painted(mask: &LabelMap, classes: &ClassList) -> Rgb {
    match small_size(Size::new(mask.width, mask.height)) {
        Some(size) => paint_mask(&resize_labels(mask, size), classes),
        None => paint_mask(mask, classes),
    }
}
