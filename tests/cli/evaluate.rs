//! `evaluate`: what is said about another dataset, a folder that cannot be written, and objects.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::train;
use crate::workshop::Workshop;

/// A copy of a folder of folders.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &place);
        } else {
            fs::copy(entry.path(), place).expect("a copy");
        }
    }
}

#[test]
fn another_dataset_has_not_changed_and_that_of_the_run_has() {
    let shop = Workshop::new();
    let run = train(&shop, 1);
    let list = |root: &Path| {
        let list = root.join("ImageSets/Segmentation/val.txt");
        let text = fs::read_to_string(&list).expect("a list");
        let first = text.lines().next().expect("a name");
        fs::write(&list, first).expect("a list");
    };
    let evaluate = |dataset: &Path| {
        let dataset = dataset.to_str().expect("UTF-8");
        shop.run(&["evaluate", "--run", &run, "--dataset", dataset])
    };
    let words = "the dataset is not as it was when the run began";
    let other = shop.dir().join("another");
    copy(&shop.dataset(), &other);
    list(&other);
    let scored = evaluate(&other);
    assert!(
        !scored.succeeded().stderr.contains(words),
        "{}",
        scored.stderr
    );

    // The same dataset in another place is that of the run.
    let name = shop.dataset();
    let moved = shop
        .dir()
        .join("moved")
        .join(name.file_name().expect("a name"));
    copy(&other, &moved);
    for dataset in [moved, name] {
        list(&dataset);
        let scored = evaluate(&dataset);
        assert!(
            scored.succeeded().stderr.contains(words),
            "{}",
            scored.stderr
        );
    }
}

/// The file in which the scores of the validation list are kept.
fn kept_scores(shop: &Workshop, run: &str) -> PathBuf {
    let files = fs::read_dir(shop.runs().join(run)).expect("the run");
    let mut paths = files.map(|file| file.expect("a file").path());
    let is_kept = |path: &PathBuf| {
        let name = path.file_name().expect("a name").to_string_lossy();
        name.starts_with("evaluation-val-")
    };
    paths.find(is_kept).expect("kept scores")
}

#[test]
fn scores_that_cannot_be_kept_are_shown_and_said() {
    let shop = Workshop::new();
    let run = train(&shop, 1);
    let evaluate = || shop.run(&["evaluate", "--run", &run]);
    evaluate().succeeded();
    let kept = kept_scores(&shop, &run);
    let text = fs::read_to_string(&kept).expect("scores");
    // A damaged file is named once, and made anew.
    fs::write(&kept, &text[..text.len() / 2]).expect("damaged");
    let name = kept.file_name().expect("a name").to_string_lossy();
    for is_told in [true, false] {
        let said = &evaluate().succeeded().stderr.clone();
        let words = "It is made anew with these scores";
        let found = said.contains(words) && said.contains(&*name);
        assert_eq!(found, is_told, "{said}");
    }
    let anew: serde_json::Value =
        serde_json::from_slice(&fs::read(&kept).expect("scores")).expect("whole");
    assert!(!anew["warnings"].to_string().contains("anew"), "{anew}");
    fs::remove_file(&kept).expect("removed");
    // Nobody can write a file in the place of a folder.
    fs::create_dir(&kept).expect("a folder");
    let scored = evaluate();
    assert!(
        scored.succeeded().stdout.contains("mIoU"),
        "{}",
        scored.stdout
    );
    let words = "the scores could not be kept with the run: ";
    assert!(scored.stderr.contains(words), "{}", scored.stderr);
}

#[test]
fn background_is_no_object() {
    let shop = Workshop::new();
    let write = |folder: &str, labels: [u8; 5]| {
        let folder = shop.dir().join(folder);
        fs::create_dir_all(&folder).expect("a folder");
        let mask = image::GrayImage::from_raw(5, 1, labels.to_vec()).expect("a mask");
        mask.save(folder.join("a.png")).expect("a file");
    };
    fs::write(shop.dir().join("classes.txt"), "background\ncar\n").expect("a list");
    // Two cars, one of them found, with background between and around them.
    write("labels", [0, 1, 0, 1, 0]);
    write("predictions", [0, 1, 0, 0, 0]);
    let folders = ["--predictions", "predictions", "--labels", "labels"];
    let words = [&["--json", "evaluate"][..], &folders].concat();
    let scored = shop.run(&words).succeeded().json().remove(0);
    assert_eq!(scored["no_objects"], json!(["background"]));
    assert_eq!(
        scored["objects"][0],
        json!({ "size": "small", "objects": 2, "found": 0.5, "pixels": 2, "mean_accuracy": 0.5 })
    );
    let words = [&["evaluate"][..], &folders].concat();
    let text = shop.run(&words);
    let text = &text.succeeded().stdout;
    for line in [
        "small (under 32 × 32 px)        2       50.0 %  50.0 %",
        "no object: background",
    ] {
        assert!(
            text.lines().any(|shown| shown == line),
            "{line:?} in\n{text}"
        );
    }
}
