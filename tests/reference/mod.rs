//! Scores against those that `tests/reference/metrics.py` computed from the definitions.

use fcn_workbench::metrics::{Scores, SetCounts};
use serde::Deserialize;

/// How far a score may be from the reference.
const TOLERANCE: f64 = 1e-12;

/// A set of label maps with its scores; fields are named as in the script.
#[derive(Deserialize)]
struct Case {
    name: String,
    num_classes: usize,
    width: usize,
    height: usize,
    boundary_width: usize,
    images: Vec<Image>,
    scores: Scores,
    mean_iu_over_images: Option<f64>,
    boundary: Scores,
}

#[derive(Deserialize)]
struct Image {
    truth: Vec<u8>,
    predicted: Vec<u8>,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("metrics.json")).expect("the cases of the script")
}

#[track_caller]
fn assert_close(what: &str, value: Option<f64>, expected: Option<f64>) {
    let close = match (value, expected) {
        (Some(value), Some(expected)) => (value - expected).abs() <= TOLERANCE,
        (None, None) => true,
        _ => false,
    };
    assert!(
        close,
        "{what}: {value:?}, and {expected:?} by the reference"
    );
}

#[track_caller]
fn assert_scores(what: &str, scores: &Scores, expected: &Scores) {
    let close = |name: &str, of: fn(&Scores) -> Option<f64>| {
        assert_close(&format!("{what}: {name}"), of(scores), of(expected));
    };
    close("pixel accuracy", |scores| scores.pixel_accuracy);
    close("mean accuracy", |scores| scores.mean_accuracy);
    close("mIoU", |scores| scores.mean_iu);
    close("frequency weighted IU", |scores| {
        scores.frequency_weighted_iu
    });
    assert_eq!(scores.class_iu.len(), expected.class_iu.len(), "{what}");
    for (label, (&value, &expected)) in scores.class_iu.iter().zip(&expected.class_iu).enumerate() {
        assert_close(&format!("{what}: IU of class {label}"), value, expected);
    }
}

#[test]
fn scores_equal_the_reference() {
    let cases = cases();
    assert_eq!(cases.len(), 9);
    for case in &cases {
        let mut counts = SetCounts::new(case.num_classes, case.boundary_width);
        for image in &case.images {
            assert_eq!(image.truth.len(), case.width * case.height, "{}", case.name);
            counts.add(&image.truth, &image.predicted, case.width);
        }
        assert_scores(&case.name, &counts.scores(), &case.scores);
        assert_scores(
            &format!("{}, boundary", case.name),
            &counts.boundary_scores(),
            &case.boundary,
        );
        let over_images = counts.mean_iu_over_images();
        assert_close(
            &format!("{}, mean over images", case.name),
            over_images,
            case.mean_iu_over_images,
        );
    }
}

#[test]
fn the_reference_tells_the_three_mean_ius_apart() {
    // Scores that are mixed up would pass where they are equal.
    let told_apart = |case: &&Case| {
        let means = [
            case.scores.mean_iu,
            case.mean_iu_over_images,
            case.boundary.mean_iu,
        ];
        let [Some(pooled), Some(over_images), Some(boundary)] = means else {
            return false;
        };
        [
            pooled - over_images,
            over_images - boundary,
            boundary - pooled,
        ]
        .iter()
        .all(|gap| gap.abs() > 1e-3)
    };
    assert!(cases().iter().filter(told_apart).count() >= 6);
}
