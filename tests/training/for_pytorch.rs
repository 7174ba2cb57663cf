//! Batches as files, and runs as scripts for PyTorch.

use std::fs;
use std::path::Path;

use fcn_workbench::dataset::{Normalization, Size, read_rgb};
use fcn_workbench::training::{
    BatchTarget, Control, RunConfig, StepRange, batch_plan, train, write_batches,
    write_reproduction,
};

use crate::common::{Recorder, TinySet};

fn json(path: &Path) -> serde_json::Value {
    let text = fs::read_to_string(path).expect("a file");
    serde_json::from_str(&text).expect("JSON")
}

/// The header of an array, and its values.
fn array(path: &Path) -> (String, Vec<u8>) {
    let bytes = fs::read(path).expect("an array");
    let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = String::from_utf8_lossy(&bytes[10..start]).into_owned();
    (header, bytes[start..].to_vec())
}

fn arrays(folder: &Path) -> BatchTarget {
    BatchTarget {
        folder: folder.to_owned(),
        pictures: false,
    }
}

#[test]
fn written_batches_are_those_that_are_trained_on() {
    let set = TinySet::new(4, 1);
    let mut config = set.config();
    // Wider than the images, so that it sticks out.
    (config.augment.crop, config.epochs) = (Some(Size::new(40, 24)), 2);
    let out = set.dir.path().join("new").join("batches");
    let target = |folder: &Path, pictures| BatchTarget {
        folder: folder.to_owned(),
        pictures,
    };
    let arrays = target(&out, false);
    let dataset = set.open();
    let range = StepRange {
        first: 2,
        count: Some(2),
    };
    let written = write_batches(&config, &dataset, range, &arrays, &mut |_| true).expect("written");
    assert_eq!((written.steps, written.batches), (2, 2));
    assert_eq!(written.folder, out);
    let manifest = json(&out.join("manifest.json"));
    assert_eq!(manifest["void_label"], 255);
    let plan = batch_plan(&config, &dataset);
    // Two batches an epoch.
    for (entry, (step, epoch, place)) in [(2, 1, 1), (3, 2, 0)].into_iter().enumerate() {
        let entry = &manifest["batches"][entry];
        assert_eq!(entry["step"], step);
        assert_eq!(entry["epoch"], epoch);
        let batch = plan.batch(epoch, place).expect("a batch");
        let read = |name: &str| array(&out.join(entry[name].as_str().expect("a name")));
        let (header, values) = read("images");
        assert!(
            header.contains("'<f4'") && header.contains("(2, 3, 24, 40)"),
            "{header}"
        );
        let expected: Vec<u8> = batch.images.iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(values, expected);
        let (header, values) = read("labels");
        assert!(
            header.contains("'|u1'") && header.contains("(2, 24, 40)"),
            "{header}"
        );
        assert_eq!(values, batch.labels);
        for (sample, id) in batch.ids.iter().enumerate() {
            let sample = &entry["samples"][sample];
            assert_eq!(sample["id"], id.as_str());
            assert_eq!(sample["change"]["width"], 40);
        }
    }
    let again = write_batches(&config, &dataset, range, &arrays, &mut |_| true);
    let message = again.expect_err("it is there").to_string();
    assert!(
        message.contains("batches: there is something of this name already"),
        "{message}"
    );
    let late = StepRange {
        first: 5,
        count: None,
    };
    let other = set.dir.path().join("other");
    let elsewhere = target(&other, false);
    let message = write_batches(&config, &dataset, late, &elsewhere, &mut |_| true)
        .expect_err("no such step")
        .to_string();
    assert!(message.starts_with("first step is 5"), "{message}");
    write_batches(&config, &dataset, range, &elsewhere, &mut |_| false).expect_err("stopped");
    assert!(!other.exists());

    // The same as pictures.
    assert!(manifest["batches"][0]["samples"][0]["pictures"].is_null());
    let looked_at = target(&other, true);
    write_batches(&config, &dataset, range, &looked_at, &mut |_| true).expect("written");
    let manifest = json(&other.join("manifest.json"));
    let batch = plan.batch(1, 1).expect("a batch");
    let reader = dataset.mask_reader();
    for slot in 0..2 {
        let pictures = &manifest["batches"][0]["samples"][slot]["pictures"];
        let path = |kind: &str| other.join(pictures[kind].as_str().expect("a name"));
        assert!(path("image").ends_with(format!("00000002-{slot:02}-image.png")));
        let (image, labels) = batch.image(slot, &config.normalization);
        assert_eq!(read_rgb(&path("image")).expect("an image"), image);
        assert_eq!(reader.read(&path("mask")).expect("a mask"), labels);
    }
}

#[test]
fn a_reproduction_has_all_that_the_script_needs() {
    let set = TinySet::new(4, 1);
    let folder = set.run(|config| (config.epochs, config.dropout) = (2, 0.0));
    let mut sink = Recorder::default();
    train(&folder, &set.open(), &Control::default(), &mut sink);
    let out = set.dir.path().join("repeated");
    let written = write_reproduction(&folder, &set.open(), Some(3), &out, &mut |_| true);
    let written = written.expect("written");
    assert_eq!((written.steps, written.images), (3, 4));
    assert!(written.differs.is_empty(), "{:?}", written.differs);
    let run = json(&out.join("run.json"));
    let steps = run["steps"].as_array().expect("steps");
    let losses: Vec<f64> = steps
        .iter()
        .filter_map(|step| step["loss"].as_f64())
        .collect();
    assert_eq!(losses.len(), 3);
    for (written, told) in losses.iter().zip(sink.losses()) {
        assert!((written - told).abs() < 1e-12, "{written} is not {told}");
    }
    assert_eq!(run["network"]["trunk"], "vgg16-slim");
    assert_eq!(run["network"]["classes"], 3);
    let batch = steps[2]["batches"][0].as_array().expect("a batch");
    assert_eq!(batch.len(), 2);
    let item = batch[0]["item"].as_u64().expect("a place");
    let (header, values) = array(&out.join(format!("images/{item:06}.npy")));
    assert!(header.contains("(32, 32, 3)"), "{header}");
    assert_eq!(values.len(), 32 * 32 * 3);
    let (_, mask) = array(&out.join(format!("masks/{item:06}.npy")));
    assert!(
        mask[..32].iter().all(|label| *label == 255),
        "a row of void"
    );
    for name in ["reproduce.py", "fcn.py", "initial.safetensors"] {
        assert!(out.join(name).is_file(), "{name}");
    }
}

#[test]
fn training_on_dumped_batches_is_the_same_training() {
    let set = TinySet::new(4, 1);
    let settings = |config: &mut RunConfig| {
        (config.epochs, config.max_steps, config.dropout) = (2, Some(3), 0.5);
    };
    let out = set.dir.path().join("batches");
    let dataset = set.open();
    let all = StepRange {
        first: 1,
        count: None,
    };
    let mut config = set.config();
    settings(&mut config);
    let written =
        write_batches(&config, &dataset, all, &arrays(&out), &mut |_| true).expect("written");
    assert_eq!(written.steps, 3);
    let losses = |batches: Option<&Path>| {
        let folder = set.run(|config| {
            settings(config);
            config.batches = batches.map(Path::to_path_buf);
        });
        let mut sink = Recorder::default();
        train(&folder, &dataset, &Control::default(), &mut sink);
        let ended = sink.outcome().cloned();
        (sink.losses(), ended)
    };
    let own = losses(None);
    assert_eq!(own.0.len(), 3, "{:?}", own.1);
    assert_eq!(losses(Some(&out)), own);
    // They are read, and not made again: another array is another loss.
    let first = out.join("00000001-images.npy");
    let mut bytes = fs::read(&first).expect("an array");
    let last = bytes.len() - 4;
    bytes[last..].copy_from_slice(&9.0_f32.to_le_bytes());
    fs::write(&first, bytes).expect("written");
    let other = losses(Some(&out));
    // The scores are zero before the first step, whatever the image.
    assert!(other.0.len() == 3 && other.0[1] != own.0[1], "{other:?}");
}

#[test]
fn batches_of_another_run_are_refused() {
    let set = TinySet::new(4, 1);
    let out = set.dir.path().join("batches");
    let dataset = set.open();
    let mut config = set.config();
    (config.epochs, config.max_steps) = (2, Some(3));
    let all = StepRange {
        first: 1,
        count: None,
    };
    write_batches(&config, &dataset, all, &arrays(&out), &mut |_| true).expect("written");
    let whole = json(&out.join("manifest.json"));
    config.batches = Some(out.clone());
    let refused = |config: &RunConfig, parts: &[&str]| {
        let again = set.dir.path().join("again");
        let message = write_batches(config, &dataset, all, &arrays(&again), &mut |_| true)
            .expect_err("refused")
            .to_string();
        for part in parts {
            assert!(message.contains(part), "no {part:?} in: {message}");
        }
    };
    let mut longer = config.clone();
    longer.max_steps = None;
    refused(
        &longer,
        &["manifest.json", "3 steps", "takes 4", "fewer steps"],
    );
    let mut other = config.clone();
    other.learning.accumulation = 2;
    refused(&other, &["manifest.json", "step 2", "accumulation"]);
    let mut other = config.clone();
    other.normalization = Normalization::CAFFE;
    refused(&other, &["manifest.json", "input normalization"]);
    let edited = |key: &str, value: serde_json::Value| {
        let mut manifest = whole.clone();
        manifest[key] = value;
        fs::write(out.join("manifest.json"), manifest.to_string()).expect("written");
    };
    edited("classes", serde_json::json!(["a"]));
    refused(&config, &["manifest.json", "of 1 class,", "has 3"]);
    edited("batches", serde_json::json!([]));
    refused(&config, &["manifest.json", "no batches"]);
    fs::write(out.join("manifest.json"), "{").expect("written");
    refused(&config, &["manifest.json"]);
    // What another program writes needs no more than the arrays.
    let bare: Vec<serde_json::Value> = (1..=3)
        .map(|number| {
            serde_json::json!({
                "images": format!("{number:08}-images.npy"),
                "labels": format!("{number:08}-labels.npy"),
            })
        })
        .collect();
    let manifest = serde_json::json!({ "batches": bare, "batches_per_epoch": 2 });
    fs::write(out.join("manifest.json"), manifest.to_string()).expect("written");
    let again = set.dir.path().join("again");
    let written = write_batches(&config, &dataset, all, &arrays(&again), &mut |_| true);
    assert_eq!(written.expect("read").steps, 3);
    for name in ["00000003-images.npy", "00000003-labels.npy"] {
        let of = |folder: &Path| fs::read(folder.join(name)).expect("an array");
        assert!(of(&out) == of(&again), "{name}");
    }
}
