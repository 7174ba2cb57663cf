use std::fs;

use tempfile::TempDir;

use super::*;
use crate::dataset::{LabelMap, Rgb, write_index_png, write_rgb_png};
use crate::engine::Waker;
use crate::engine::tasks::Promise;

/// Folders `predictions` and `labels` of masks with 4 columns.
struct Desk {
    dir: TempDir,
    folders: MaskFolders,
}

impl Desk {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let [predictions, labels] = ["predictions", "labels"].map(|name| dir.path().join(name));
        for folder in [&predictions, &labels] {
            fs::create_dir(folder).expect("created");
        }
        let folders = MaskFolders {
            predictions,
            labels,
            list: None,
            classes: MaskClasses::Find,
            void: Vec::new(),
            boundary_width: 1,
        };
        Self { dir, folders }
    }

    fn mask(&self, name: &str, labels: &[u8]) {
        let mask = LabelMap {
            width: 4,
            height: labels.len() as u32 / 4,
            labels: labels.to_vec(),
        };
        write_index_png(&self.dir.path().join(name), &mask, &ClassList::voc()).expect("written");
    }

    fn text(&self, name: &str, text: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        fs::write(&path, text).expect("written");
        path
    }

    fn score(&self) -> Result<MaskScores, EngineError> {
        score_masks(&self.folders, &Cancel::default())
    }

    #[track_caller]
    fn refused(&self, words: &[&str]) {
        let message = self
            .score()
            .map(|scores| scores.evaluation.scores)
            .unwrap_err()
            .to_string();
        assert!(
            words.iter().all(|word| message.contains(word)),
            "{words:?} are not all in: {message}"
        );
    }
}

#[test]
fn masks_are_paired_by_name_and_counted() {
    let desk = Desk::new();
    desk.mask("labels/a.png", &[0, 0, 20, 20, 0, 0, 20, VOID]);
    desk.mask("predictions/a.png", &[0, 0, 20, 0, 0, 0, 20, 20]);
    desk.mask("labels/b.png", &[1, 1, 1, 1]);
    desk.mask("predictions/b.png", &[1, VOID, 1, 1]);
    desk.mask("predictions/a_overlay.png", &[0; 4]);
    desk.mask("predictions/c.png", &[0; 4]);
    let scored = desk.score().expect("scores");
    let evaluation = &scored.evaluation;
    assert_eq!((evaluation.images, evaluation.classes.len()), (2, 21));
    assert_eq!(evaluation.scores.pixel_accuracy, Some(9.0 / 11.0));
    let class_iu = |label: usize| evaluation.scores.class_iu[label];
    assert_eq!(
        [0, 1, 2, 20].map(class_iu),
        [Some(0.8), Some(0.75), None, Some(2.0 / 3.0)]
    );
    let over_images = f64::midpoint(f64::midpoint(0.8, 2.0 / 3.0), 0.75);
    assert!((evaluation.mean_iu_over_images.expect("images") - over_images).abs() < 1e-12);
    // The columns on both sides of the boundary, and the pixel above void.
    assert_eq!(evaluation.boundary.pixel_accuracy, Some(0.8));
    assert_eq!((evaluation.val_loss, evaluation.boundary_width), (None, 1));
    assert_eq!(scored.unanswered, 1);
    assert_eq!(scored.unpaired, [desk.folders.predictions.join("c.png")]);
}

#[test]
fn what_does_not_fit_together_is_named() {
    let mut desk = Desk::new();
    desk.refused(&["labels", "no PNG masks"]);
    desk.mask("labels/a.png", &[0; 8]);
    desk.refused(&["predictions/a.png", "missing", "1 of 1 are). Add it"]);
    let jpeg = desk.dir.path().join("predictions/a.jpg");
    std::fs::write(&jpeg, "a JPEG").unwrap();
    desk.refused(&["predictions/a.png", "a.jpg is there, but masks are PNG"]);
    std::fs::remove_file(jpeg).unwrap();
    desk.mask("predictions/a.png", &[0; 4]);
    desk.refused(&["predictions/a.png", "4x1", "labels/a.png", "4x2"]);
    desk.mask("predictions/a.png", &[0, 1, 0, 0, 0, 0, 7, 0]);
    desk.folders.classes = MaskClasses::Numbered(2);
    desk.refused(&[
        "predictions/a.png",
        "label 7 at column 2, row 1",
        "2 classes",
    ]);
    desk.text("predictions/a.png", "no picture");
    desk.refused(&["predictions/a.png", "PNG"]);
    desk.folders.predictions = desk.dir.path().join("absent");
    desk.refused(&["absent"]);
}

#[test]
fn a_list_says_which_are_scored() {
    let mut desk = Desk::new();
    for name in ["a", "b", "c"] {
        desk.mask(&format!("labels/{name}.png"), &[0; 4]);
    }
    desk.mask("predictions/b.png", &[0; 4]);
    desk.mask("predictions/other.png", &[0; 4]);
    desk.folders.list = Some(desk.text("val.txt", "b\n"));
    let scored = desk.score().expect("scores");
    assert_eq!((scored.evaluation.images, scored.unpaired.len()), (1, 0));
    desk.text("val.txt", "b\nc\n");
    desk.refused(&["predictions/c.png", "1 of 2"]);
    desk.text("val.txt", "b\nd\n");
    desk.refused(&["labels/d.png", "list"]);
}

#[test]
fn classes_are_given_found_or_assumed() {
    let mut desk = Desk::new();
    desk.mask("labels/a.png", &[0, 1, 3, 0]);
    desk.mask("predictions/a.png", &[0, 1, 30, 0]);
    desk.refused(&[
        "predictions/a.png",
        "label 30",
        "numbered from 0 to 3",
        "number of classes",
    ]);
    // The names of VOC's classes are for VOC's files alone.
    desk.mask("predictions/a.png", &[0, 1, 3, 0]);
    let numbered = desk.score().expect("scores").evaluation;
    assert_eq!(
        (numbered.classes.len(), numbered.classes.name(3)),
        (4, "class 3")
    );
    assert!(
        numbered
            .warnings
            .iter()
            .any(|text| text.contains("numbered from 0 to 3")),
        "{:?}",
        numbered.warnings
    );
    for folder in ["labels", "predictions"] {
        let mask = |name: &str| desk.dir.path().join(folder).join(name);
        fs::rename(mask("a.png"), mask("2007_000033.png")).expect("renamed");
    }
    let voc = desk.score().expect("scores").evaluation;
    assert_eq!((voc.classes.len(), voc.classes.name(3)), (21, "bird"));
    for folder in ["labels", "predictions"] {
        let mask = |name: &str| desk.dir.path().join(folder).join(name);
        fs::remove_file(mask("2007_000033.png")).expect("removed");
    }
    desk.mask("labels/a.png", &[0, 1, 30, 0]);
    desk.mask("predictions/a.png", &[0, 1, 30, 0]);
    desk.folders.classes = MaskClasses::Numbered(31);
    assert_eq!(
        desk.score()
            .expect("scores")
            .evaluation
            .scores
            .class_iu
            .len(),
        31
    );
    desk.folders.classes = MaskClasses::Numbered(255);
    desk.refused(&["255", "1 to 254"]);
    desk.folders.classes = MaskClasses::Find;
    desk.text("classes.txt", "a\nb\n");
    desk.refused(&["label 30", "the 2 classes"]);
    desk.folders.classes = MaskClasses::File(desk.text("other.txt", &"thing\n".repeat(40)));
    assert_eq!(desk.score().expect("scores").evaluation.classes.len(), 40);
}

#[test]
fn rgb_masks_are_read_by_the_colors_of_the_classes() {
    let mut desk = Desk::new();
    desk.folders.classes = MaskClasses::File(desk.text("colors.txt", "sky 1 2 3\nroad 9 8 7\n"));
    desk.mask("labels/a.png", &[0, 0, 1, 1]);
    let colors = [[1, 2, 3], [9, 8, 7], [9, 8, 7], [224, 224, 192]];
    let rgb = Rgb {
        width: 4,
        height: 1,
        pixels: colors.concat(),
    };
    write_rgb_png(&desk.dir.path().join("predictions/a.png"), &rgb).expect("written");
    let scored = desk.score().expect("scores");
    assert_eq!(scored.evaluation.scores.pixel_accuracy, Some(0.5));
    assert_eq!(scored.unanswered, 1, "VOC's color of void");
}

#[test]
fn a_cancelled_scoring_ends() {
    let desk = Desk::new();
    desk.mask("labels/a.png", &[0; 4]);
    desk.mask("predictions/a.png", &[0; 4]);
    let waker: Waker = Arc::new(|| {});
    let (promise, task) = Promise::<()>::new(&waker);
    drop(task);
    let scored = score_masks(&desk.folders, &promise.cancel);
    assert!(matches!(scored, Err(EngineError::Cancelled)));
}

#[test]
fn predictions_that_mean_something_else_are_told() {
    let desk = Desk::new();
    for name in ["a", "b"] {
        desk.mask(&format!("labels/{name}.png"), &[0, 1, 1, 0]);
        desk.mask(&format!("predictions/{name}.png"), &[0, VOID, VOID, 0]);
    }
    desk.refused(&["predictions", "only 0 and 255", "counts as wrong"]);
    // Another order of the same colors.
    let mut classes = Vec::<crate::dataset::Class>::from(ClassList::voc());
    classes.swap(0, 1);
    let swapped = ClassList::new(classes).expect("few enough");
    for name in ["a", "b"] {
        let mask = LabelMap {
            width: 4,
            height: 1,
            labels: vec![1, 0, 0, 1],
        };
        let path = desk.dir.path().join(format!("predictions/{name}.png"));
        write_index_png(&path, &mask, &swapped).expect("written");
    }
    let scored = desk.score().expect("scores");
    let warnings = &scored.evaluation.warnings;
    assert!(
        warnings
            .iter()
            .any(|line| line.contains("in another order")),
        "{warnings:?}"
    );
}

#[test]
fn names_in_another_case_are_the_same() {
    let desk = Desk::new();
    for name in ["a", "b"] {
        desk.mask(&format!("labels/{name}.png"), &[0, 1, 1, 0]);
    }
    desk.mask("predictions/A.PNG", &[0, 1, 1, 0]);
    desk.refused(&["b.png", "1 of 2 are"]);
    desk.mask("predictions/b.png", &[0, 0, 1, 0]);
    let scored = desk.score().expect("scores");
    assert_eq!(scored.evaluation.images, 2);
    assert!(scored.unpaired.is_empty());
}

#[test]
fn masks_are_not_scored_against_themselves() {
    let mut desk = Desk::new();
    desk.mask("labels/a.png", &[0, 1, 2, 0]);
    desk.folders.predictions = desk.dir.path().join("predictions/../labels");
    desk.refused(&["labels", "same folder"]);
}

#[test]
fn two_masks_of_one_name_are_named() {
    for folder in ["labels", "predictions"] {
        let desk = Desk::new();
        desk.mask("labels/a.png", &[0, 1, 2, 0]);
        desk.mask("predictions/a.png", &[0, 1, 2, 0]);
        desk.score().expect("one each");
        desk.text(&format!("{folder}/a.bmp"), "another");
        desk.refused(&[folder, "a.bmp", "a.png"]);
    }
}
