//! Tests of the curves: decimation, smoothing, read-out.

use super::*;
use crate::engine::Scores;

pub fn step(step: usize, loss: f64) -> StepRecord {
    StepRecord {
        step,
        epoch: 1,
        loss,
        learning_rate: 0.1,
        grad_norm: None,
        secs: 0.1,
    }
}

pub fn epoch(
    epoch: usize,
    step: usize,
    val_loss: Option<f64>,
    mean_iu: Option<f64>,
) -> EpochRecord {
    EpochRecord {
        epoch,
        step,
        train_loss: 1.0,
        val_loss,
        scores: Scores {
            mean_iu,
            pixel_accuracy: mean_iu,
            ..Scores::default()
        },
        elapsed_secs: 1.0,
        best: false,
    }
}

fn settings() -> CurveSettings {
    CurveSettings {
        smoothing: 0.0,
        log_loss: false,
        axis: Axis::Step,
        columns: 100,
        visible: None,
    }
}

const ALL: usize = usize::MAX / 2;

fn model(steps: &[StepRecord], epochs: &[EpochRecord], settings: CurveSettings) -> CurveModel {
    let mut curves = RunCurves::default();
    assert!(is_rebuilt(&mut curves, steps, epochs, settings));
    curves.model().clone()
}

/// Takes everything in; true when the curves were rebuilt.
fn is_rebuilt(
    curves: &mut RunCurves,
    steps: &[StepRecord],
    epochs: &[EpochRecord],
    settings: CurveSettings,
) -> bool {
    let old = curves.built;
    assert!(curves.update(steps, epochs, settings, ALL));
    curves.built != old
}

#[test]
fn few_points_are_all_kept() {
    let model = model(&[step(1, 3.0), step(2, 2.0), step(3, 1.0)], &[], settings());
    assert_eq!(model.loss, [[1.0, 3.0], [2.0, 2.0], [3.0, 1.0]]);
    assert_eq!(model.smoothed, model.loss);
}

#[test]
fn an_empty_history_has_no_curves() {
    assert_eq!(model(&[], &[], settings()), CurveModel::default());
}

#[test]
fn peaks_survive_decimation() {
    let steps: Vec<_> = (0..10_000)
        .map(|i| step(i, if i == 5_003 { 99.0 } else { 1.0 }))
        .collect();
    let model = model(
        &steps,
        &[],
        CurveSettings {
            columns: 50,
            ..settings()
        },
    );
    assert!(model.loss.len() <= 4 * 51, "{}", model.loss.len());
    assert!(model.loss.contains(&[5_003.0, 99.0]));
    assert_eq!(model.loss.first(), Some(&[0.0, 1.0]));
    assert_eq!(model.loss.last(), Some(&[9_999.0, 1.0]));
    assert!(model.loss.is_sorted_by(|a, b| a[0] <= b[0]));
}

#[test]
fn values_that_are_no_numbers_are_left_out() {
    let steps = [
        step(1, 1.0),
        step(2, f64::NAN),
        step(3, f64::INFINITY),
        step(4, 2.0),
    ];
    let epochs = [
        epoch(1, 2, None, Some(0.5)),
        epoch(2, 4, Some(f64::NAN), None),
    ];
    let model = model(&steps, &epochs, settings());
    assert_eq!(model.loss, [[1.0, 1.0], [4.0, 2.0]]);
    assert!(model.smoothed.iter().all(|point| point[1].is_finite()));
    assert!(model.val_loss.is_empty());
    assert_eq!(model.mean_iu, [[2.0, 0.5]]);
}

#[test]
fn a_logarithmic_axis_leaves_out_zero() {
    let steps = [step(1, 100.0), step(2, 0.0), step(3, 0.1)];
    let epochs = [epoch(1, 3, Some(10.0), Some(0.25))];
    let model = model(
        &steps,
        &epochs,
        CurveSettings {
            log_loss: true,
            ..settings()
        },
    );
    assert_eq!(model.loss, [[1.0, 2.0], [3.0, -1.0]]);
    assert_eq!(model.val_loss, [[3.0, 1.0]]);
    assert_eq!(model.mean_iu, [[3.0, 0.25]]);
}

#[test]
fn smoothing_starts_without_bias_and_only_grows() {
    let mut curves = RunCurves::default();
    let settings = CurveSettings {
        smoothing: 0.5,
        ..settings()
    };
    let mut steps = vec![step(1, 4.0), step(2, 1.0)];
    is_rebuilt(&mut curves, &steps, &[], settings);
    assert_eq!(curves.model().smoothed, [[1.0, 4.0], [2.0, 2.0]]);
    assert!(
        !is_rebuilt(&mut curves, &steps, &[], settings),
        "nothing changed"
    );
    steps.push(step(3, 2.0));
    assert!(is_rebuilt(&mut curves, &steps, &[], settings));
    assert_eq!(curves.model().smoothed[2], [3.0, 2.0]);
    assert_eq!(curves.smoother.values.len(), 3);
}

#[test]
fn steps_that_cannot_be_seen_wait_for_more() {
    let mut steps: Vec<_> = (0..10_000).map(|i| step(i, 1.0)).collect();
    let mut curves = RunCurves::default();
    is_rebuilt(&mut curves, &steps, &[], settings());
    steps.extend((10_000..10_040).map(|i| step(i, 1.0)));
    assert!(!is_rebuilt(&mut curves, &steps, &[], settings()));
    assert_eq!(curves.readout(&steps, &[], 99_999.0).unwrap().step, 10_039);
    steps.extend((10_040..10_080).map(|i| step(i, 1.0)));
    assert!(is_rebuilt(&mut curves, &steps, &[], settings()));
}

#[test]
fn a_long_history_is_taken_in_over_several_frames() {
    let steps: Vec<_> = (0..250).map(|i| step(i, 1.0)).collect();
    let mut curves = RunCurves::default();
    assert!(!curves.update(&steps, &[], settings(), 100));
    assert!(!curves.update(&steps, &[], settings(), 100));
    assert!(curves.model().loss.is_empty());
    assert!(curves.update(&steps, &[], settings(), 100));
    assert_eq!(curves.model().loss.last(), Some(&[249.0, 1.0]));
}

#[test]
fn other_settings_wait_for_the_history_and_the_old_curves_stay() {
    let steps: Vec<_> = (0..250).map(|i| step(i, 10.0)).collect();
    let mut curves = RunCurves::default();
    is_rebuilt(&mut curves, &steps, &[], settings());
    let log = CurveSettings {
        log_loss: true,
        ..settings()
    };
    assert!(!curves.update(&steps, &[], log, 200));
    assert_eq!(curves.model().loss.first(), Some(&[0.0, 10.0]));
    // Changed once more before it is through: the one in hand is finished.
    assert!(!curves.update(&steps, &[], settings(), 200));
    assert_eq!(curves.model().loss.first(), Some(&[0.0, 1.0]));
    assert!(!curves.update(&steps, &[], settings(), 200));
    assert!(curves.update(&steps, &[], settings(), 200));
    assert_eq!(curves.model().loss.first(), Some(&[0.0, 10.0]));
}

#[test]
fn a_million_steps_are_no_more_points_than_the_plot_has_pixels() {
    let mut steps: Vec<_> = (1..=1_000_000)
        .map(|i| step(i, 2.0 + (i as f64 * 0.7).sin()))
        .collect();
    (steps[123_456].loss, steps[700_001].loss) = (50.0, -1.0);
    let epochs: Vec<_> = (1..=20_000)
        .map(|i| epoch(i, 50 * i, Some(2.0), Some(0.5)))
        .collect();
    let mut curves = RunCurves::default();
    for visible in [
        None,
        Some([100_000.0, 720_000.0]),
        Some([123_450.5, 123_470.5]),
    ] {
        let settings = CurveSettings {
            columns: 500,
            visible,
            smoothing: 0.9,
            ..settings()
        };
        is_rebuilt(&mut curves, &steps, &epochs, settings);
        let model = curves.model();
        for points in [
            &model.loss,
            &model.smoothed,
            &model.val_loss,
            &model.mean_iu,
            &model.pixel_accuracy,
        ] {
            assert!(points.len() <= 4 * 502, "{}", points.len());
        }
        assert!(model.loss.contains(&[123_457.0, 50.0]), "{visible:?}");
        assert!(model.loss.is_sorted_by(|a, b| a[0] < b[0]));
    }
    assert_eq!(curves.model().loss.len(), 22);
}

#[test]
fn a_history_that_was_cut_starts_again() {
    let mut curves = RunCurves::default();
    is_rebuilt(&mut curves, &[step(1, 4.0), step(2, 1.0)], &[], settings());
    is_rebuilt(&mut curves, &[step(1, 4.0), step(2, 3.0)], &[], settings());
    assert_eq!(curves.model().loss, [[1.0, 4.0], [2.0, 3.0]]);
    assert!(is_rebuilt(&mut curves, &[step(1, 4.0)], &[], settings()));
    assert_eq!(curves.smoother.values, [4.0]);
}

#[test]
fn a_zoomed_plot_gets_the_steps_in_view_and_their_neighbors() {
    let steps: Vec<_> = (0..1000).map(|i| step(i, i as f64)).collect();
    let settings = CurveSettings {
        visible: Some([499.5, 502.5]),
        ..settings()
    };
    let model = model(&steps, &[], settings);
    assert_eq!(
        model
            .loss
            .iter()
            .map(|point| point[0] as usize)
            .collect::<Vec<_>>(),
        [499, 500, 501, 502, 503]
    );
    let nothing = CurveSettings {
        visible: Some([5000.0, 6000.0]),
        ..settings
    };
    let mut curves = RunCurves::default();
    is_rebuilt(&mut curves, &steps, &[], nothing);
    assert!(curves.model().loss.len() <= 1);
}

#[test]
fn the_readout_is_of_the_nearest_step() {
    let steps = [step(10, 3.0), step(20, 2.0), step(30, 1.0)];
    let epochs = [epoch(1, 20, Some(2.5), Some(0.4))];
    let mut curves = RunCurves::default();
    is_rebuilt(&mut curves, &steps, &epochs, settings());
    let at = |position: f64| curves.readout(&steps, &epochs, position).unwrap();
    assert_eq!(
        (at(-5.0).step, at(14.0).step, at(16.0).step, at(99.0).step),
        (10, 10, 20, 30)
    );
    assert_eq!(at(0.0).epoch, None);
    assert_eq!(
        at(30.0).epoch,
        Some(EpochReadout {
            epoch: 1,
            val_loss: Some(2.5),
            mean_iu: Some(0.4),
            pixel_accuracy: Some(0.4),
        })
    );
    assert_eq!(curves.readout(&[], &epochs, 1.0), None);
}
