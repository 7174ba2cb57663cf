//! What the commands say and write beside the common case: other lists, other datasets, other
//! weights of a run.

use std::fs;

use serde_json::Value;

use super::train;
use super::workshop::Workshop;

/// Copies the dataset of `shop` to a folder beside it.
fn copied(shop: &Workshop, name: &str) -> String {
    let copy = shop.dir().join(name);
    for folder in ["JPEGImages", "SegmentationClass", "ImageSets/Segmentation"] {
        fs::create_dir_all(copy.join(folder)).expect("a folder");
        for entry in fs::read_dir(shop.dataset().join(folder)).expect("a folder") {
            let entry = entry.expect("a file");
            fs::copy(entry.path(), copy.join(folder).join(entry.file_name())).expect("a copy");
        }
    }
    let classes = shop.dataset().join("classes.txt");
    if classes.is_file() {
        fs::copy(classes, copy.join("classes.txt")).expect("a copy");
    }
    copy.to_str().expect("UTF-8").to_owned()
}

#[test]
fn a_test_list_and_another_dataset_are_scored() {
    let shop = Workshop::new();
    let run = train(&shop, 1);
    let words = ["--json", "evaluate", "--run", &run, "--split", "test"];
    shop.run(&words)
        .failed_with(1, &["test.txt", "no test list"]);

    let other = copied(&shop, "other");
    let list = shop.dir().join("other/ImageSets/Segmentation/test.txt");
    fs::write(&list, "img0\nimg1\nimg2\n").expect("a list");
    let words = [&words[..], &["--dataset", &other]].concat();
    let scored = shop.run(&words).succeeded().json().remove(0);
    assert_eq!(
        (&scored["split"], &scored["images"]),
        (&Value::from("test"), &Value::from(3))
    );
    let scored = shop.run(&["--json", "evaluate", "--run", &run]);
    assert_eq!(scored.succeeded().json().remove(0)["split"], "val");
    shop.run(&[
        "evaluate",
        "--predictions",
        "p",
        "--labels",
        "l",
        "--dataset",
        "d",
    ])
    .failed_with(2, &["--dataset"]);
}

#[test]
fn the_last_weights_can_be_exported_as_well_as_the_best() {
    let shop = Workshop::new();
    let run = train(&shop, 1);
    let folder = shop.runs().join(&run);
    // As after an epoch that was not the best: the best weights are others than the last ones.
    train(&shop, 2);
    let later = fs::read_dir(shop.runs()).expect("runs").flatten();
    let later = later.map(|entry| entry.path()).find(|path| *path != folder);
    let later = later.expect("the other run").join("weights-00000002.bpk");
    let last = folder.join("last.json");
    let text = fs::read_to_string(&last).expect("a manifest");
    let names_others = text.replace("weights-00000001.bpk", "weights-00000002.bpk");
    fs::copy(later, folder.join("weights-00000002.bpk")).expect("a copy");
    fs::write(&last, without_checksums(&names_others)).expect("written");
    let export = |name: &str, more: &[&str]| {
        let file = shop.dir().join(name);
        let out = file.to_str().expect("UTF-8");
        let words = [&["export", "--run", &run, "--out", out], more].concat();
        shop.run(&words).succeeded();
        fs::read(file).expect("the file")
    };
    let best = export("best.safetensors", &[]);
    let last = export("last.safetensors", &["--last"]);
    assert_eq!(best.len(), last.len());
    assert!(best != last, "different weights");
}

/// A manifest that another program edited.
fn without_checksums(text: &str) -> String {
    let mut value: Value = serde_json::from_str(text).expect("JSON");
    value
        .as_object_mut()
        .expect("an object")
        .remove("checksums");
    value.to_string()
}

#[test]
fn stages_end_with_a_table() {
    let shop = Workshop::new();
    let args: Vec<String> = shop
        .train_args(&["--max-steps", "1", "--plan", "staged"])
        .into_iter()
        .filter(|word| !["--variant", "fcn16s", "--json"].contains(&word.as_str()))
        .collect();
    let output = shop.run(&args);
    let lines: Vec<&str> = output.succeeded().stdout.trim_end().lines().collect();
    let table = &lines[lines.len() - 4..];
    assert!(table[0].starts_with("network"), "{}", output.stdout);
    for (line, name) in table[1..].iter().zip(["FCN-32s", "FCN-16s", "FCN-8s"]) {
        assert!(line.starts_with(name), "{}", output.stdout);
    }
}

#[test]
fn the_first_line_says_what_was_taken_over_from_weights() {
    let shop = Workshop::new();
    let run = train(&shop, 1);
    let args: Vec<String> = shop
        .train_args(&["--max-steps", "1", "--device", "cpu", "--init", &run])
        .into_iter()
        .filter(|word| word != "--json")
        .collect();
    let output = shop.run(&args);
    let first = output.succeeded().stdout.lines().next().expect("a line");
    for part in ["padded geometry", "imagenet input", &run] {
        assert!(first.contains(part), "{first}");
    }
    let args = shop.train_args(&["--max-steps", "1", "--init", &run, "--input", "caffe"]);
    let started = shop.run(&args).succeeded().event("started");
    assert_eq!(
        (&started["geometry"], &started["input"]),
        (&Value::from("padded"), &Value::from("caffe"))
    );
    assert_eq!(started["init"]["run"], run.as_str());
}
