//! An evaluation as text and as JSON. The window shows the same numbers in Evaluate.

use serde::Serialize;

use super::output::{percent, table};
use crate::engine::{
    BandScore, CalibrationBin, ComponentCounts, Evaluation, ObjectScore, PaperScore, Scores,
};
use crate::text;

/// Confusions that are named.
const NAMED: usize = 5;

/// An evaluation with every class, as text. Each mIoU says what it is the mean of.
pub fn evaluation_text(evaluation: &Evaluation) -> String {
    let remark = evaluation.remark.as_ref();
    let remark = remark.map_or_else(String::new, |remark| format!("{remark}\n\n"));
    let mut parts = vec![
        format!("{remark}{}", classes_text(evaluation)),
        means_text(evaluation),
        bands_text(&evaluation.counts.bands()),
        objects_text(evaluation),
    ];
    if let Some((_, error)) = evaluation.counts.calibration() {
        parts.push(format!(
            "expected calibration error {}",
            text::percent(error)
        ));
    }
    parts.extend(confusions_text(evaluation));
    parts.extend(papers_text(evaluation));
    parts.join("\n\n")
}

fn classes_text(evaluation: &Evaluation) -> String {
    let band = format!("{} px band", evaluation.boundary_width);
    let mut rows = vec![vec![
        "class".to_owned(),
        "IoU".to_owned(),
        format!("boundary IoU ({band})"),
    ]];
    let ius = evaluation.scores.class_iu.iter();
    let ius = ius.zip(&evaluation.boundary.class_iu);
    for (class, (&iu, &boundary_iu)) in evaluation.classes.iter().zip(ius) {
        rows.push(vec![class.name.clone(), percent(iu), percent(boundary_iu)]);
    }
    table(&rows)
}

fn means_text(evaluation: &Evaluation) -> String {
    let Evaluation {
        scores, boundary, ..
    } = evaluation;
    let band = format!("{} px band", evaluation.boundary_width);
    let means = [
        ("pixel accuracy".to_owned(), scores.pixel_accuracy),
        ("mean accuracy".to_owned(), scores.mean_accuracy),
        ("mIoU (pooled over the set)".to_owned(), scores.mean_iu),
        (
            "frequency weighted IoU".to_owned(),
            scores.frequency_weighted_iu,
        ),
        (
            "mIoU (mean over images)".to_owned(),
            evaluation.mean_iu_over_images,
        ),
        (format!("boundary mIoU ({band})"), boundary.mean_iu),
        (
            format!("boundary pixel accuracy ({band})"),
            boundary.pixel_accuracy,
        ),
    ];
    table(&means.map(|(name, share)| vec![name, percent(share)]))
}

fn bands_text(bands: &[BandScore]) -> String {
    let mut rows = vec![
        ["distance to a boundary", "mIoU", "pixel accuracy"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for band in bands {
        let name = band.width.map_or_else(
            || "whole images".to_owned(),
            |width| format!("up to {width} px"),
        );
        let shares = [band.mean_iu, band.pixel_accuracy].map(percent);
        rows.push([vec![name], shares.to_vec()].concat());
    }
    table(&rows)
}

fn objects_text(evaluation: &Evaluation) -> String {
    let mut rows = vec![
        ["objects", "number", "found", "mean accuracy"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for score in evaluation.objects() {
        let number = score
            .objects
            .map_or_else(|| percent(None), |number| number.to_string());
        rows.push(vec![
            format!("{} ({})", score.size, score.size.range()),
            number,
            percent(score.found),
            percent(score.mean_accuracy),
        ]);
    }
    let left_out = evaluation.background_classes();
    if left_out.is_empty() {
        return table(&rows);
    }
    format!("{}\nno object: {}", table(&rows), left_out.join(", "))
}

/// The largest confusions of the set; `None` where every pixel is right.
fn confusions_text(evaluation: &Evaluation) -> Option<String> {
    let matrix = evaluation.counts.confusion();
    let classes = 0..matrix.num_classes();
    let mut found: Vec<(u64, usize, usize)> = classes
        .clone()
        .flat_map(|truth| classes.clone().map(move |predicted| (truth, predicted)))
        .filter(|(truth, predicted)| truth != predicted)
        .map(|(truth, predicted)| (matrix.count(truth, predicted), truth, predicted))
        .filter(|(pixels, ..)| *pixels > 0)
        .collect();
    found.sort_by_key(|(pixels, ..)| std::cmp::Reverse(*pixels));
    let name = |class: usize| evaluation.classes.name(class as u8).to_owned();
    let mut rows = vec![
        ["most confused", "taken for", "share of its pixels"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for (pixels, truth, predicted) in found.into_iter().take(NAMED) {
        let share = pixels as f64 / matrix.true_pixels(truth).max(1) as f64;
        rows.push(vec![name(truth), name(predicted), text::percent(share)]);
    }
    (rows.len() > 1).then(|| table(&rows))
}

/// Published scores beside ours; `None` where there are none of this list and network.
fn papers_text(evaluation: &Evaluation) -> Option<String> {
    let header = [
        "same list, same rule",
        "pixel accuracy",
        "mean accuracy",
        "mIoU",
        "f.w. IoU",
    ];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    let row = |name: &str, shares: [Option<f64>; 4]| {
        [vec![name.to_owned()], shares.map(percent).to_vec()].concat()
    };
    rows.push(row("this run", evaluation.scores.means()));
    for PaperScore { source, means } in &evaluation.papers {
        rows.push(row(source, means.map(Some)));
    }
    (rows.len() > 2).then(|| table(&rows))
}

/// The fields of an evaluation that every `evaluate` has, for JSON: the four scores of the papers
/// (`scores`, from one confusion matrix over the set), `mean_iu_over_images`, `boundary` (`scores`
/// of the band along boundaries), `boundary_width` (pixels), the classes, the confusion matrix,
/// bands of several widths, objects by size, calibration (a run's alone), and each image.
#[derive(Serialize)]
pub struct EvaluationFields<'a> {
    images: usize,
    secs: f64,
    scores: &'a Scores,
    mean_iu_over_images: Option<f64>,
    boundary: &'a Scores,
    boundary_width: usize,
    /// Only where the run and the dataset have other classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    remark: Option<&'a str>,
    classes: Vec<EvaluatedClass<'a>>,
    /// Rows of true classes, columns of predicted ones, in pixels.
    confusion: Vec<Vec<u64>>,
    bands: Vec<BandScore>,
    objects: Vec<ObjectScore>,
    /// Names of the classes that `objects` leaves out.
    no_objects: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    calibration: Option<Calibration>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    papers: &'a [PaperScore],
    per_image: Vec<EvaluatedImage<'a>>,
}

/// A class by name with its intersections over union.
#[derive(Serialize)]
struct EvaluatedClass<'a> {
    label: usize,
    name: &'a str,
    iu: Option<f64>,
    boundary_iu: Option<f64>,
    /// Labeled pixels.
    support: u64,
    components: ComponentCounts,
    predicted_components: ComponentCounts,
}

/// The reliability diagram.
#[derive(Serialize)]
struct Calibration {
    expected_error: f64,
    bins: Vec<CalibrationBin>,
}

/// The scores of an image alone.
#[derive(Serialize)]
struct EvaluatedImage<'a> {
    id: &'a str,
    mean_iu: Option<f64>,
    pixel_accuracy: Option<f64>,
}

/// See [`EvaluationFields`].
pub fn evaluation_fields(evaluation: &Evaluation) -> EvaluationFields<'_> {
    let Evaluation {
        scores,
        boundary,
        counts,
        ..
    } = evaluation;
    let matrix = counts.confusion();
    let labels = 0..matrix.num_classes();
    let class = |label: usize| EvaluatedClass {
        label,
        name: evaluation.classes.name(label as u8),
        iu: scores.class_iu[label],
        boundary_iu: boundary.class_iu[label],
        support: matrix.true_pixels(label),
        components: counts.true_components()[label],
        predicted_components: counts.predicted_components()[label],
    };
    let row = |truth: usize| {
        let counts = labels
            .clone()
            .map(|predicted| matrix.count(truth, predicted));
        counts.collect()
    };
    let calibration = counts.calibration();
    EvaluationFields {
        images: evaluation.images,
        secs: evaluation.secs,
        scores,
        mean_iu_over_images: evaluation.mean_iu_over_images,
        boundary,
        boundary_width: evaluation.boundary_width,
        remark: evaluation.remark.as_deref(),
        classes: labels.clone().map(class).collect(),
        confusion: labels.clone().map(row).collect(),
        bands: counts.bands(),
        objects: evaluation.objects(),
        no_objects: evaluation.background_classes(),
        calibration: calibration.map(|(bins, expected_error)| Calibration {
            expected_error,
            bins,
        }),
        papers: &evaluation.papers,
        per_image: (evaluation.per_image.iter())
            .map(|image| EvaluatedImage {
                id: &image.id,
                mean_iu: image.score.mean_iu,
                pixel_accuracy: image.score.pixel_accuracy,
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests;
