//! The command line as a person uses it: the real program on a small dataset.

#![expect(
    clippy::expect_used,
    reason = "helpers outside #[test] functions; a failure here is a failed test"
)]

mod averaging;
mod bench;
mod data;
mod devices;
mod evaluate;
mod explain;
mod lists;
mod masks;
mod measure;
mod outputs;
mod public_data;
mod queue;
mod recipes;
mod resume;
mod splits;
mod weights;
#[cfg(target_os = "linux")]
mod window;
mod workshop;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use workshop::{Workshop, read_indices};

/// Trains `steps` steps and returns the name of the run.
fn train(shop: &Workshop, steps: usize) -> String {
    let max_steps = steps.to_string();
    let output = shop.run(&shop.train_args(&["--max-steps", &max_steps]));
    let ended = output.succeeded().event("ended");
    assert_eq!(ended["state"], "finished", "{ended}");
    ended["run"]
        .as_str()
        .expect("the name of the run")
        .to_owned()
}

fn jsonl(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).expect("the file of the run");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a JSON line"))
        .collect()
}

fn steps(lines: &[Value]) -> Vec<u64> {
    let steps = lines.iter().filter(|line| line["event"] == "step");
    steps
        .map(|line| line["step"].as_u64().expect("a step"))
        .collect()
}

#[test]
fn a_run_is_trained_scored_and_used() {
    let shop = Workshop::new();
    let output = shop.run(&shop.train_args(&["--max-steps", "3", "--tensorboard", "--csv"]));
    let lines = output.succeeded().json();
    let events: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["event"].as_str())
        .collect();
    assert_eq!(events.first(), Some(&"started"), "{lines:#?}");
    assert_eq!(events.last(), Some(&"ended"), "{lines:#?}");
    assert_eq!(steps(&lines), [1, 2, 3]);
    assert!(events.contains(&"epoch"), "{lines:#?}");
    let started = output.event("started");
    assert_eq!(
        (&started["total_steps"], &started["variant"]),
        (&3.into(), &"fcn16s".into())
    );
    let loss = output.event("step")["loss"].as_f64().expect("a loss");
    assert!(loss.is_finite() && loss > 0.0, "{loss}");

    let run = started["run"].as_str().expect("a name");
    let folder = shop.runs().join(run);
    assert_eq!(
        Path::new(started["folder"].as_str().expect("a folder")),
        folder
    );
    assert!(folder.join("config.json").is_file());
    assert_eq!(jsonl(&folder.join("steps.jsonl")).len(), 3);

    let listed = shop.run(&["--json", "runs"]).succeeded().json();
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (&listed[0]["run"], &listed[0]["state"]),
        (&run.into(), &"finished".into())
    );

    is_scored(&shop, run);
    is_reported(&shop, run);
    let classes = output.event("ended")["classes"].as_array().map(Vec::len);
    is_used(&shop, run, classes.expect("classes"));
}

/// Both sets are scored, as JSON and as a table.
fn is_scored(shop: &Workshop, run: &str) {
    for split in ["val", "train"] {
        let scored = shop.run(&["--json", "evaluate", "--run", run, "--split", split]);
        let scored = scored.succeeded().json().remove(0);
        let accuracy = scored["scores"]["pixel_accuracy"]
            .as_f64()
            .expect("labeled pixels");
        assert!((0.0..=1.0).contains(&accuracy), "{scored}");
        let images = if split == "val" { 2 } else { 4 };
        assert_eq!(scored["images"], images, "{scored}");
        assert_eq!(scored["run"], run, "{scored}");
        for share in [
            &scored["mean_iu_over_images"],
            &scored["boundary"]["mean_iu"],
        ] {
            assert!(
                (0.0..=1.0).contains(&share.as_f64().expect("labeled pixels")),
                "{scored}"
            );
        }
    }
    let table = shop.run(&["evaluate", "--run", "latest"]);
    for name in [
        "mIoU (pooled over the set)",
        "mIoU (mean over images)",
        "boundary mIoU (5 px band)",
    ] {
        assert!(table.succeeded().stdout.contains(name), "{}", table.stdout);
    }
}

/// One page, one table, and the logs that were asked for.
fn is_reported(shop: &Workshop, run: &str) {
    let [page, table] = ["report.html", "steps.csv"].map(|name| shop.dir().join(name));
    let words = |more: &[&'static str]| {
        let mut words = vec!["--json", "report", run, "--html"];
        words.extend([page.to_str().expect("UTF-8"), "--csv"]);
        words.push(table.to_str().expect("UTF-8"));
        words.extend(more);
        shop.run(&words)
    };
    let written = words(&[]).succeeded().json().remove(0);
    assert_eq!(written["runs"], serde_json::json!([run]));
    assert_eq!(Path::new(written["html"].as_str().expect("a file")), page);
    let text = fs::read_to_string(&page).expect("a page");
    for part in [
        "class 20",
        "Ground truth of img4",
        "Prediction, mIoU",
        "--max-steps 3",
    ] {
        assert!(text.contains(part), "no {part}");
    }
    let lines = fs::read_to_string(&table).expect("a table");
    assert!(lines.lines().count() > 3, "{lines}");
    words(&[]).failed_with(1, &["steps.csv", "--overwrite"]);
    words(&["--overwrite"]).succeeded();
    shop.run(&["report", run]).failed_with(2, &["--html"]);
    let folder = shop.runs().join(run);
    let history = fs::read_to_string(folder.join("history.csv")).expect("a table");
    assert_eq!(history.lines().count(), lines.lines().count());
    let events = fs::read_dir(folder.join("tensorboard")).expect("a folder");
    assert_eq!(events.count(), 1);
}

/// All images get a mask, and the masks of the validation set the scores of the run.
fn is_used(shop: &Workshop, run: &str, num_classes: usize) {
    let out = shop.dir().join("masks");
    let images = shop.dataset().join("JPEGImages");
    let args = [
        "--json",
        "predict",
        images.to_str().expect("UTF-8"),
        "--run",
        run,
        "--out",
        out.to_str().expect("UTF-8"),
    ];
    let predicted = shop.run(&args).succeeded().json();
    assert_eq!(predicted.len(), 6);
    // The masks on disk get the scores of the network that drew them.
    let scored = |words: &[&str]| shop.run(words).succeeded().json().remove(0);
    let of_run = scored(&["--json", "evaluate", "--run", run]);
    let labels = shop.dataset().join("SegmentationClass");
    let list = shop.dataset().join("ImageSets/Segmentation/val.txt");
    let [out_text, labels, list] = [&out, &labels, &list].map(|path| path.to_str().expect("UTF-8"));
    let words = [
        "--json",
        "evaluate",
        "--predictions",
        out_text,
        "--labels",
        labels,
        "--list",
        list,
    ];
    let of_masks = scored(&words);
    for key in ["images", "scores", "mean_iu_over_images", "boundary"] {
        assert_eq!(of_masks[key], of_run[key], "{key}");
    }
    for line in predicted {
        let (size, labels) = read_indices(Path::new(line["mask"].as_str().expect("a mask")));
        assert_eq!(size, workshop::SIZE);
        assert!(
            labels.iter().all(|&label| usize::from(label) < num_classes),
            "{line}"
        );
        let overlay = image::open(line["overlay"].as_str().expect("an overlay")).expect("an image");
        assert_eq!([overlay.width(), overlay.height()], workshop::SIZE);
    }
}

#[test]
fn a_comparison_trains_all_strides() {
    let shop = Workshop::new();
    let args: Vec<String> = shop
        .train_args(&["--max-steps", "1", "--compare"])
        .into_iter()
        .filter(|word| word != "--variant" && word != "fcn16s")
        .collect();
    let output = shop.run(&args);
    let compared = output.succeeded().event("compared");
    let runs = compared["runs"].as_array().expect("runs");
    let variants: Vec<&Value> = runs.iter().map(|run| &run["variant"]).collect();
    assert_eq!(variants, ["fcn32s", "fcn16s", "fcn8s"]);
    let names: BTreeSet<&str> = runs.iter().filter_map(|run| run["run"].as_str()).collect();
    assert_eq!(names.len(), 3, "each has a folder of its own: {compared}");
}

#[test]
fn one_bad_image_does_not_stop_the_others() {
    let shop = Workshop::new();
    let run = train(&shop, 1);
    let images = shop.dir().join("images");
    fs::create_dir(&images).expect("a folder");
    for name in ["a.jpg", "c.jpg"] {
        fs::copy(
            shop.dataset().join("JPEGImages/img0.jpg"),
            images.join(name),
        )
        .expect("a copy");
    }
    let mask = fs::read(shop.dataset().join("SegmentationClass/img0.png")).expect("a mask");
    fs::write(images.join("b.png"), &mask[..mask.len() / 2]).expect("a truncated image");
    let out = shop.dir().join("out");
    let words = [
        "predict",
        images.to_str().expect("UTF-8"),
        "--run",
        &run,
        "--out",
        out.to_str().expect("UTF-8"),
    ];
    let output = shop.run(&words);
    output.failed_with(1, &["b.png", "1 of 3"]);
    for name in ["a.png", "a_overlay.png", "c.png", "c_overlay.png"] {
        assert!(out.join(name).is_file(), "{name} is missing");
    }
    assert!(!out.join("b.png").exists());
}

#[test]
fn damaged_masks_are_named() {
    let shop = Workshop::new();
    let path = shop.dataset().join("SegmentationClass/img1.png");
    let mask = fs::read(&path).expect("a mask");
    fs::write(&path, &mask[..mask.len() / 2]).expect("a truncated mask");
    shop.run(&shop.train_args(&["--max-steps", "4"]))
        .failed_with(1, &["img1.png"]);
}

#[test]
fn a_folder_without_a_data_set_is_named() {
    let shop = Workshop::new();
    let empty = shop.dir().join("nothing-here");
    fs::create_dir(&empty).expect("a folder");
    let words = [
        "train",
        "--dataset",
        empty.to_str().expect("UTF-8"),
        "--max-steps",
        "1",
    ];
    shop.run(&words)
        .failed_with(1, &["nothing-here", "JPEGImages"]);
}

#[test]
fn unknown_runs_and_devices_are_named() {
    let shop = Workshop::new();
    shop.run(&["evaluate", "--run", "gone"])
        .failed_with(1, &["no runs here", "--runs-dir"]);
    shop.run(&["train", "--resume", "gone"])
        .failed_with(1, &["no runs here"]);
    let out = shop.dir().join("out");
    let words = ["predict", "a.png", "--out", out.to_str().expect("UTF-8")];
    shop.run(&words).failed_with(1, &["no runs here"]);
    assert!(!out.exists(), "nothing is made before the run is found");
    shop.run(&["train", "--device", "gpu:99", "--max-steps", "1"])
        .failed_with(1, &["gpu:99", "cpu"]);
}

#[test]
fn wrong_usage_has_a_code_of_its_own() {
    let shop = Workshop::new();
    shop.run(&["train", "--device", "toaster"])
        .failed_with(2, &["toaster"]);
    shop.run(&["train", "--lr", "fast"])
        .failed_with(2, &["fast"]);
    shop.run(&["train", "--resume", "latest", "--epochs", "3"])
        .failed_with(2, &["--epochs"]);
    shop.run(&["predict", "--out", "x"])
        .failed_with(2, &["IMAGE"]);
    shop.run(&["--help"]).succeeded();
    assert_eq!(
        fs::read_dir(shop.dir()).expect("a folder").count(),
        1,
        "only the dataset is there"
    );
}

#[test]
fn the_processor_is_always_listed() {
    let shop = Workshop::new();
    let devices = shop.run(&["--json", "devices"]).succeeded().json();
    assert_eq!(
        (&devices[0]["id"], &devices[0]["problem"]),
        (&"cpu".into(), &Value::Null)
    );
}

#[test]
fn public_weights_are_listed_and_nothing_is_downloaded() {
    let shop = Workshop::new();
    let listed = shop.run(&["--json", "weights", "list"]).succeeded().json();
    let ids: Vec<&str> = listed
        .iter()
        .filter_map(|line| line["id"].as_str())
        .collect();
    for id in ["vgg16", "fcn-resnet50-coco", "fcn8s-caffe"] {
        assert!(ids.contains(&id), "{ids:?}");
    }
    for line in &listed {
        assert_eq!(
            (&line["state"], &line["path"]),
            (&"missing".into(), &Value::Null),
            "{line}"
        );
        assert!(
            line["hash"].as_str().is_some_and(|hash| hash.len() >= 32),
            "{line}"
        );
    }
    let table = shop.run(&["weights", "list"]);
    assert!(
        table.succeeded().stdout.contains("vgg16-397923af.pth"),
        "{}",
        table.stdout
    );
    assert!(!shop.runs().exists(), "looking makes no folder");
}

#[test]
fn weights_that_cannot_be_had_are_named() {
    let shop = Workshop::new();
    shop.run(&["weights", "get", "vgg17"])
        .failed_with(1, &["vgg17", "weights list"]);
    shop.run(&["weights", "get", "fcn8s-caffe"])
        .failed_with(1, &["fcn8s_from_caffe.pth", "browser"]);
    shop.run(&["weights", "get"]).failed_with(2, &["NAME"]);
    let file = shop.dir().join("other.pth");
    fs::write(&file, b"abc").expect("a file");
    let file = file.to_str().expect("UTF-8");
    // The SHA-256 of "abc" in FIPS 180-4.
    shop.run(&["weights", "add", file])
        .failed_with(1, &["other.pth", "ba7816bf8f01cfea414140de5dae2223"]);
    let words = ["--json", "weights", "add", file, "--as", "vgg16"];
    let output = shop.run(&words);
    output.failed_with(1, &["other.pth", "vgg16-397923af.pth", "553433881"]);
    assert_eq!(output.event("ended")["state"], "failed");
    shop.run(&["weights", "add", file, "--as", "vgg16-caffe"])
        .failed_with(
            1,
            &[
                "aa75b158f4181e7f6230029eb96c1b13",
                "900150983cd24fb0d6963f7d28e17f72",
            ],
        );
}
