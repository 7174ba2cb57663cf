use super::*;

#[test]
fn classes_that_are_left_out_have_no_score_and_make_no_hit() {
    let mut matrix = ConfusionMatrix::new(3);
    // Of class 0: one hit, one taken for 1, one for 2. Of class 2: one taken for 0.
    matrix.add(&[0, 0, 0, 1, 2], &[0, 1, 2, 1, 0]);
    let only = matrix.only(&[true, true, false]);
    assert_eq!(only.class_iu(0), Some(1.0 / 3.0));
    assert_eq!(only.class_iu(1), Some(0.5));
    assert_eq!(only.class_iu(2), None);
    assert_eq!(only.mean_iu(), Some(f64::midpoint(1.0 / 3.0, 0.5)));
    assert_eq!((only.pixel_accuracy(), only.unanswered()), (Some(0.5), 1));
    assert_eq!(matrix.only(&[true; 3]), matrix);
}

fn assert_close(value: Option<f64>, expected: f64) {
    let value = value.expect("a value");
    assert!((value - expected).abs() < 1e-12, "{value} != {expected}");
}

/// Truth 0,0,0,1,1,2 against 0,0,1,1,2,2, worked out by hand.
fn example() -> ConfusionMatrix {
    let mut matrix = ConfusionMatrix::new(3);
    matrix.add(&[0, 0, 0, 1, 1, 2], &[0, 0, 1, 1, 2, 2]);
    matrix
}

#[test]
fn scores_equal_the_hand_computed_ones() {
    let matrix = example();
    assert_close(matrix.pixel_accuracy(), 4.0 / 6.0);
    assert_close(matrix.mean_accuracy(), (2.0 / 3.0 + 0.5 + 1.0) / 3.0);
    assert_close(matrix.class_iu(0), 2.0 / 3.0);
    assert_close(matrix.class_iu(1), 1.0 / 3.0);
    assert_close(matrix.class_iu(2), 0.5);
    assert_close(matrix.mean_iu(), 0.5);
    let weighted = 0.5 * 2.0 / 3.0 + 2.0 / 6.0 / 3.0 + 0.5 / 6.0;
    assert_close(matrix.frequency_weighted_iu(), weighted);
}

#[test]
fn counts_from_elsewhere_stand_for_the_same_pixels() {
    assert_eq!(
        ConfusionMatrix::from_counts(3, vec![2, 1, 0, 0, 1, 1, 0, 0, 1]),
        example()
    );
}

#[test]
fn void_pixels_do_not_count() {
    let mut matrix = ConfusionMatrix::new(2);
    matrix.add(&[255, 0, 255, 1], &[1, 0, 0, 1]);
    assert_eq!(matrix.total(), 2);
    assert_close(matrix.mean_iu(), 1.0);
}

#[test]
fn an_absent_class_is_left_out_of_the_means() {
    let mut matrix = ConfusionMatrix::new(3);
    matrix.add(&[0, 1], &[0, 1]);
    assert_eq!(matrix.class_iu(2), None);
    assert_close(matrix.mean_iu(), 1.0);
    assert_close(matrix.mean_accuracy(), 1.0);
}

#[test]
fn a_class_predicted_but_never_true_counts_as_zero() {
    let mut matrix = ConfusionMatrix::new(3);
    matrix.add(&[0, 1], &[0, 2]);
    assert_eq!(matrix.class_accuracy(2), None);
    assert_close(matrix.class_iu(2), 0.0);
    assert_close(matrix.mean_iu(), 1.0 / 3.0);
}

#[test]
fn void_in_a_prediction_is_a_miss_of_the_true_class() {
    let mut matrix = ConfusionMatrix::new(2);
    matrix.add(&[0, 0, 1, 1, 255], &[0, 255, 1, 1, 255]);
    assert_eq!((matrix.total(), matrix.unanswered()), (4, 1));
    assert_close(matrix.pixel_accuracy(), 0.75);
    assert_close(matrix.mean_accuracy(), f64::midpoint(0.5, 1.0));
    // No other class is blamed for it.
    assert_eq!(
        (matrix.class_iu(0), matrix.class_iu(1)),
        (Some(0.5), Some(1.0))
    );
    assert_close(matrix.frequency_weighted_iu(), 0.5 * 0.5 + 0.5);
}

#[test]
fn nothing_counted_gives_no_score() {
    let scores = ConfusionMatrix::new(2).scores();
    assert_eq!(scores.pixel_accuracy, None);
    assert_eq!(scores.mean_iu, None);
    assert_eq!(scores.frequency_weighted_iu, None);
    assert_eq!(scores.class_iu, [None, None]);
}

#[test]
fn merging_equals_adding_in_one_go() {
    let mut left = ConfusionMatrix::new(3);
    left.add(&[0, 0, 0], &[0, 0, 1]);
    let mut right = ConfusionMatrix::new(3);
    right.add(&[1, 1, 2], &[1, 2, 2]);
    left.merge(&right);
    assert_eq!(left, example());
    let mut void = ConfusionMatrix::new(3);
    void.add(&[1], &[255]);
    left.merge(&void);
    assert_eq!((left.total(), left.unanswered()), (7, 1));
}

#[test]
#[should_panic(expected = "differ in pixels")]
fn other_lengths_are_a_bug() {
    ConfusionMatrix::new(2).add(&[0], &[0, 1]);
}

#[test]
#[should_panic(expected = "not one of 2 classes")]
fn a_prediction_outside_the_classes_is_a_bug() {
    ConfusionMatrix::new(2).add(&[0], &[2]);
}
