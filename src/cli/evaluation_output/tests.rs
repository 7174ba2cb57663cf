use std::sync::Arc;

use super::*;
use crate::engine::{ClassList, SetCounts};

fn evaluation() -> Evaluation {
    let mut counts = SetCounts::new(2, 3);
    // Two rows of class 0 and 1, each with one wrong pixel at the boundary.
    let truth = [0, 0, 1, 1, 0, 0, 1, 1];
    let predicted = [0, 1, 1, 1, 0, 0, 0, 1];
    counts.add_with_confidence(&truth, &predicted, &[0.75; 8], 4);
    Evaluation {
        scores: counts.scores(),
        mean_iu_over_images: Some(0.5),
        boundary: Scores {
            mean_iu: Some(0.4),
            class_iu: vec![Some(0.4), None],
            ..Scores::default()
        },
        boundary_width: 3,
        val_loss: None,
        images: 2,
        secs: 1.0,
        classes: Arc::new(ClassList::numbered(2)),
        warnings: Vec::new(),
        remark: Some("Scored over 1 of 2 classes".to_owned()),
        counts,
        per_image: Vec::new(),
        papers: vec![PaperScore {
            source: "a paper".to_owned(),
            means: [0.9, 0.8, 0.7, 0.6],
        }],
    }
}

#[test]
fn every_mean_iu_says_what_it_is_the_mean_of() {
    let text = evaluation_text(&evaluation());
    assert!(text.starts_with("Scored over 1 of 2 classes\n"), "{text}");
    // Of each class 3 pixels are right of 5.
    for line in [
        "class    IoU     boundary IoU (3 px band)",
        "class 0  60.0 %  40.0 %",
        "class 1  60.0 %  n/a",
        "mIoU (pooled over the set)           60.0 %",
        "mIoU (mean over images)              50.0 %",
        "boundary mIoU (3 px band)            40.0 %",
    ] {
        assert!(
            text.lines().any(|shown| shown == line),
            "{line:?} is not in\n{text}"
        );
    }
}

#[test]
fn what_is_behind_the_means_is_told() {
    let text = evaluation_text(&evaluation());
    for line in [
        // Beside the boundary two of four are right: 1/3 of each class.
        "up to 1 px              33.3 %  50.0 %",
        "whole images            60.0 %  75.0 %",
        "small (under 32 × 32 px)        2       100.0 %  75.0 %",
        "expected calibration error 0.0 %",
        "class 0        class 1    25.0 %",
        "a paper               90.0 %          80.0 %         70.0 %  60.0 %",
    ] {
        assert!(
            text.lines().any(|shown| shown == line),
            "{line:?} is not in\n{text}"
        );
    }
}

#[test]
fn json_has_all_numbers() {
    let evaluation = evaluation();
    let value = serde_json::to_value(evaluation_fields(&evaluation)).unwrap();
    assert_eq!(
        (&value["mean_iu_over_images"], &value["boundary"]["mean_iu"]),
        (&0.5.into(), &0.4.into())
    );
    assert_eq!(
        (&value["scores"]["mean_iu"], &value["boundary_width"]),
        (&0.6.into(), &3.into())
    );
    let class = &value["classes"][0];
    assert_eq!(
        (&class["iu"], &class["boundary_iu"], &class["support"]),
        (&0.6.into(), &0.4.into(), &4.into())
    );
    assert_eq!(class["components"]["count"], 1);
    assert_eq!(class["predicted_components"]["area"], 4);
    assert_eq!(value["confusion"], serde_json::json!([[3, 1], [1, 3]]));
    assert_eq!(value["bands"][0]["pixel_accuracy"], 0.5);
    assert_eq!(value["objects"][0]["size"], "small");
    assert_eq!(value["calibration"]["expected_error"], 0.0);
    assert_eq!(value["calibration"]["bins"].as_array().unwrap().len(), 15);
    assert_eq!(value["papers"][0]["means"][2], 0.7);
}
