//! Run folders that earlier versions wrote still open, predict and resume.
//!
//! `2026-11/run` was trained for one epoch by the version of November 2026 (before activation
//! checkpointing was called `recompute_activations`), from weights that repeat a short pattern,
//! so that its files are small when compressed. `logits.npy` holds what that version's
//! `predict --scores` computed for `img2.png`; `*-resumed.jsonl` hold its logs after it resumed
//! the run up to epoch 3. `2026-12` is the same training by the version that moves the running variances as
//! PyTorch does. `DATASET` in `config.json` stands for the dataset's folder.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use fcn_workbench::dataset::{Dataset, Size, read_rgb};
use fcn_workbench::training::checkpoint::{RunFolder, read_lines};
use fcn_workbench::training::{
    Control, DeviceId, EpochRecord, Outcome, Predictor, SampleOrder, StepRecord, Tiling, train,
};
use flate2::read::GzDecoder;
use tempfile::TempDir;

use crate::common::{Recorder, exclusive};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/old_runs")
        .join(name)
}

/// The run of a version in a folder of its own, as that version left it.
fn unpacked(dir: &TempDir, version: &str) -> RunFolder {
    let run = dir.path().join("20261128-044629-fcn8s-vgg16-slim");
    fs::create_dir(&run).expect("a folder");
    for entry in fs::read_dir(fixture(version).join("run")).expect("the fixture") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy();
        if let Some(unpacked) = name.strip_suffix(".gz") {
            let mut packed = GzDecoder::new(File::open(&path).expect("a file"));
            let mut file = File::create(run.join(unpacked)).expect("a file");
            io::copy(&mut packed, &mut file).expect("unpacked");
        } else {
            let text = fs::read_to_string(&path).expect("text");
            let shapes = serde_json::to_string(&fixture("2026-11/shapes")).expect("JSON");
            let text = text.replace("\"DATASET\"", &shapes);
            fs::write(run.join(name.as_ref()), text).expect("written");
        }
    }
    RunFolder::at(run)
}

#[track_caller]
fn assert_close(values: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(values.len(), expected.len());
    for (value, expected) in values.iter().zip(expected) {
        assert!(
            (value - expected).abs() <= tolerance * expected.abs().max(1.0),
            "{value} instead of {expected}"
        );
    }
}

#[test]
fn a_run_of_november_2026_opens() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = unpacked(&dir, "2026-11");
    let config = folder.meta().expect("a configuration").config;
    assert!(config.recompute_activations, "its name was `checkpointing`");
    assert_eq!(config.augment.crop, Some(Size::new(32, 32)));
    assert_eq!(
        (config.order, config.epochs, config.batch_size),
        (SampleOrder::Sequential, 3, 2)
    );
    assert_eq!((folder.steps().len(), folder.epochs().len()), (1, 1));
    let last = folder.last().expect("a checkpoint");
    assert_eq!((last.step, last.epoch, last.batch), (1, 2, 0));
    assert_eq!(folder.best().expect("weights").mean_iu, Some(0.375));
}

#[test]
fn a_run_of_november_2026_predicts_as_that_version_did() {
    let _order = exclusive();
    let dir = tempfile::tempdir().expect("a folder");
    let predictor = Predictor::load(&unpacked(&dir, "2026-11"), DeviceId::Cpu).expect("a network");
    let image = read_rgb(&fixture("2026-11/shapes/JPEGImages/img2.png")).expect("an image");
    let plan = predictor.plan(image.size(), &Tiling::default());
    let logits = predictor.logits(&image.into(), &plan).expect("logits");
    let logits: Vec<f64> = logits.into_iter().map(f64::from).collect();
    let bytes = fs::read(fixture("2026-11/logits.npy")).expect("a file");
    // Version 1.0: the header takes 128 bytes.
    let floats = bytes[128..].as_chunks::<4>().0;
    let expected: Vec<f64> = floats
        .iter()
        .map(|bytes| f64::from(f32::from_le_bytes(*bytes)))
        .collect();
    assert_close(&logits, &expected, 1e-6);
}

/// Losses within 1e-5 of those of that version, scores within `tolerance`.
#[track_caller]
fn assert_resumes(version: &str, tolerance: f64) {
    let _order = exclusive();
    let dir = tempfile::tempdir().expect("a folder");
    let folder = unpacked(&dir, version);
    let dataset = Dataset::open(&fixture("2026-11/shapes")).expect("a dataset");
    let mut recorder = Recorder::default();
    train(&folder, &dataset, &Control::default(), &mut recorder);
    assert_eq!(recorder.outcome(), Some(&Outcome::Finished));

    let losses = |steps: &[StepRecord]| steps.iter().map(|step| step.loss).collect::<Vec<_>>();
    let expected: Vec<StepRecord> = read_lines(&fixture(version).join("steps-resumed.jsonl"));
    assert_close(&losses(&folder.steps()), &losses(&expected), 1e-5);
    let scores = |epochs: &[EpochRecord]| {
        let of = |epoch: &EpochRecord| {
            [
                epoch.val_loss.expect("a loss"),
                epoch.scores.mean_iu.expect("a score"),
            ]
        };
        epochs.iter().flat_map(of).collect::<Vec<_>>()
    };
    let expected: Vec<EpochRecord> = read_lines(&fixture(version).join("epochs-resumed.jsonl"));
    assert_close(&scores(&folder.epochs()), &scores(&expected), tolerance);
}

#[test]
fn a_run_of_november_2026_resumes_as_in_that_version() {
    // That version moved the running variances with the variance of the population.
    assert_resumes("2026-11", 1e-4);
}

#[test]
fn a_run_with_unbiased_variances_resumes_as_in_its_version() {
    assert_resumes("2026-12", 1e-5);
}
