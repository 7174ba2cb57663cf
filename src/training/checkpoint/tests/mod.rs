//! Checkpoints against a disk that fails: cut off at each operation, full, flipped bits.

mod disk;
mod own_files;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use burn::module::Module as _;
use burn::tensor::Device;

use disk::{Done, Loss, after, noted};

use super::own_names::is_part;
use super::save::{Encoded, Parts, Snapshot};
use super::{Position, RunFolder, RunMeta, SavedWeights};
use crate::dataset::{ClassList, ImageReading};
use crate::files::{Operation, watched};
use crate::metrics::ConfusionMatrix;
use crate::model::{Network, NetworkConfig, Trunk, VggWidths};
use crate::training::checkpoint_policy::CheckpointPolicy;
use crate::training::event::EpochRecord;
use crate::training::preset;

/// A network of a few kilobytes.
fn fresh() -> Network {
    let config = NetworkConfig {
        widths: Some(VggWidths {
            stages: [1; 5],
            fc: 1,
        }),
        ..preset(Trunk::Vgg16Slim).network(2)
    };
    config.init(&Device::flex())
}

/// A network whose weights say which step they are of.
fn network(step: usize) -> Network {
    struct Fill(f32);
    impl burn::module::ModuleMapper for Fill {
        fn map_float<const D: usize>(
            &mut self,
            param: burn::module::Param<burn::tensor::Tensor<D>>,
        ) -> burn::module::Param<burn::tensor::Tensor<D>> {
            let Self(value) = *self;
            param.map(|tensor| tensor.full_like(value))
        }
    }
    fresh().map(&mut Fill(step as f32))
}

fn first_weight(network: &Network) -> f32 {
    struct First(Option<f32>);
    impl burn::module::ModuleVisitor for First {
        fn visit_float<const D: usize>(
            &mut self,
            param: &burn::module::Param<burn::tensor::Tensor<D>>,
        ) {
            let value = param.val().flatten::<1>(0, D - 1).narrow(0, 0, 1);
            self.0.get_or_insert(value.into_scalar());
        }
    }
    let mut first = First(None);
    network.visit(&mut first);
    first.0.expect("a weight")
}

fn run(dir: &Path) -> RunFolder {
    let meta = RunMeta {
        config: preset(Trunk::Vgg16Slim),
        classes: ClassList::numbered(2),
        images: ImageReading::default(),
        dataset_name: "none".to_owned(),
        created: 0,
    };
    RunFolder::create(dir, "run", &meta).expect("a folder")
}

fn record(step: usize, mean_iu: f64, best: bool) -> EpochRecord {
    let mut scores = ConfusionMatrix::new(2).scores();
    scores.mean_iu = Some(mean_iu);
    EpochRecord {
        epoch: step,
        step,
        train_loss: 1.0,
        val_loss: None,
        scores,
        elapsed_secs: 1.0,
        best,
    }
}

/// The checkpoint after an epoch of one step.
fn checkpoint(step: usize, validated: Option<&EpochRecord>, policy: &CheckpointPolicy) -> Encoded {
    let parts = Parts {
        weights: network(step),
        optimizer: network(step),
        second_moments: (step > 1).then(|| network(step)),
        updates: step,
        average: (step > 2).then(|| network(step)),
    };
    let at = Position {
        step,
        epoch: step + 1,
        epoch_loss: 0.1 + 0.2,
        ..Position::default()
    };
    Snapshot::take(parts, at, validated, policy)
        .expect("a snapshot")
        .encode()
        .expect("bytes")
}

fn publish(folder: &RunFolder, step: usize) {
    let policy = CheckpointPolicy::default();
    folder
        .publish(&checkpoint(step, Some(&record(step, 0.5, true)), &policy))
        .expect("written");
}

/// The step from which the run is resumed, and how many newer checkpoints were left out.
fn resumed(folder: &RunFolder) -> (usize, usize) {
    let resumed = folder.load_newest(&fresh).expect("a checkpoint");
    let resumed = resumed.expect("a checkpoint");
    assert_eq!(first_weight(&resumed.weights), resumed.last.step as f32);
    assert_eq!(first_weight(&resumed.optimizer), resumed.last.step as f32);
    assert_eq!(resumed.last.epoch_loss.to_bits(), (0.1f64 + 0.2).to_bits());
    (resumed.last.step, resumed.problems.len())
}

fn files(folder: &RunFolder) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = folder.names().map(|name| folder.path().join(name));
    files
        .map(|path| (path.clone(), fs::read(&path).expect("a file")))
        .collect()
}

fn restore(folder: &RunFolder, files: &BTreeMap<PathBuf, Vec<u8>>) {
    for name in folder.names() {
        fs::remove_file(folder.path().join(name)).expect("removed");
    }
    for (path, bytes) in files {
        fs::write(path, bytes).expect("written");
    }
}

#[test]
fn the_power_may_go_at_any_operation() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = run(dir.path());
    fs::write(folder.path().join("steps.jsonl"), "").expect("a log");
    for step in [1, 2] {
        publish(&folder, step);
    }
    let before = files(&folder);
    let operations: Rc<RefCell<Vec<Done>>> = Rc::default();
    let noting = Rc::clone(&operations);
    watched(
        move |operation| {
            noting.borrow_mut().push(noted(operation));
            Ok(())
        },
        || publish(&folder, 3),
    );
    let operations = operations.take();
    assert!(operations.len() > 20, "{operations:#?}");
    for loss in [Loss::Nothing, Loss::Unsynced, Loss::Content] {
        let mut steps = Vec::new();
        for cut in 0..=operations.len() {
            restore(&folder, &after(&before, &operations[..cut], loss));
            let (step, problems) = resumed(&folder);
            assert_eq!(problems, 0, "{loss:?}, cut after {cut}");
            steps.push(step);
            let (best, step) = folder.load_best(fresh()).expect("weights");
            assert_eq!(
                first_weight(&best),
                step as f32,
                "{loss:?}, cut after {cut}"
            );
            // It goes on from there.
            folder.forget_behind(steps[cut]);
            publish(&folder, 4);
            assert_eq!(resumed(&folder), (4, 0), "{loss:?}, cut after {cut}");
        }
        assert!(steps.is_sorted(), "never back: {steps:?}");
        assert_eq!((steps[0], steps[operations.len()]), (2, 3), "{loss:?}");
    }
}

#[test]
fn a_disk_may_be_full_at_any_operation_and_a_second_try_succeeds() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = run(dir.path());
    publish(&folder, 1);
    let before = files(&folder);
    let policy = CheckpointPolicy::default();
    for full_at in 0.. {
        restore(&folder, &before);
        let next = checkpoint(2, Some(&record(2, 0.6, true)), &policy);
        let mut done = 0;
        let failing = move |_: Operation<'_>| {
            done += 1;
            if done > full_at {
                return Err(io::ErrorKind::StorageFull.into());
            }
            Ok(())
        };
        let result = watched(failing, || folder.publish(&next));
        let Err(err) = result else {
            // Deleting what is old may fail; all else has succeeded.
            assert!(full_at > 10);
            return;
        };
        assert!(err.is_failed_write(), "{err}");
        let (step, problems) = resumed(&folder);
        assert!((1..=2).contains(&step) && problems == 0, "{full_at}");
        folder.publish(&next).expect("there is room again");
        assert_eq!(resumed(&folder), (2, 0));
    }
}

#[test]
fn a_flipped_bit_is_noticed_and_the_checkpoint_before_is_used() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = run(dir.path());
    for step in [1, 2] {
        publish(&folder, step);
    }
    let sound = files(&folder);
    for name in ["weights-00000002.bpk", "optimizer-00000002.bpk"] {
        let path = folder.path().join(name);
        let bytes = &sound[&path];
        for place in 0..500 {
            let bit = place * (8 * bytes.len() / 500) + place % 8;
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, &flipped).expect("written");
            assert_eq!(resumed(&folder), (1, 1), "bit {bit} of {name}");
        }
        fs::write(&path, &bytes[..bytes.len() / 2]).expect("torn");
        let found = folder.load_newest(&fresh).expect("one").expect("one");
        let problem = &found.problems[0];
        assert!(
            problem.contains(name) && problem.contains("bytes instead of"),
            "{problem}"
        );
        assert!(
            problem.ends_with("resumed from the checkpoint of step 1"),
            "{problem}"
        );
        fs::write(&path, bytes).expect("written");
    }
    // The best weights are those of step 2, and those of step 1 are still there.
    fs::write(folder.path().join("weights-00000002.bpk"), b"torn").expect("written");
    for which in [SavedWeights::Best, SavedWeights::Last] {
        let (network, step) = folder.load_saved(which, fresh()).expect("weights");
        assert_eq!((step, first_weight(&network)), (1, 1.0));
    }
}

#[test]
fn a_missing_optimizer_is_named_with_its_step() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = run(dir.path());
    for step in [1, 2] {
        publish(&folder, step);
    }
    fs::remove_file(folder.path().join("optimizer-00000002.bpk")).expect("removed");
    let found = folder.load_newest(&fresh).expect("one").expect("one");
    let [problem] = &found.problems[..] else {
        panic!("{:?}", found.problems);
    };
    assert_eq!(found.last.step, 1);
    assert!(
        problem.contains(
            "optimizer-00000002.bpk: the file is missing, so the run cannot continue from step 2"
        ) && problem.ends_with("resumed from the checkpoint of step 1"),
        "{problem}"
    );
    // Without any the run must not begin anew, which would drop its logs.
    fs::remove_file(folder.path().join("optimizer-00000001.bpk")).expect("removed");
    let err = folder.load_newest(&fresh).err().expect("nothing is whole");
    let message = err.to_string();
    assert!(message.contains("optimizer-00000002.bpk"), "{message}");
}

#[test]
fn a_damaged_manifest_falls_back_to_what_lies_beside_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = run(dir.path());
    for step in [1, 2] {
        publish(&folder, step);
    }
    let last = folder.path().join("last.json");
    for text in ["", "{\"step\": 7", "null"] {
        fs::write(&last, text).expect("written");
        assert_eq!(folder.last().expect("a checkpoint").step, 2);
        assert_eq!(resumed(&folder).0, 2, "{text:?}");
    }
    // As in folders of before December 2026: no other manifest, and no checksums.
    for step in [1, 2] {
        fs::remove_file(folder.path().join(format!("checkpoint-{step:08}.json"))).expect("removed");
    }
    let step = |step: usize| {
        format!("{{\"step\":{step},\"epoch\":1,\"loss\":0.5,\"learning_rate\":0.1,\"secs\":2.0}}\n")
    };
    fs::write(
        folder.path().join("steps.jsonl"),
        [step(1), step(2)].concat(),
    )
    .expect("a log");
    let found = folder.load_newest(&fresh).expect("one").expect("one");
    let at = &found.last;
    assert_eq!((at.step, at.epoch, at.batch), (2, 1, 2));
    assert_eq!((at.epoch_loss, at.elapsed_secs), (1.0, 4.0));
}

#[test]
fn when_all_is_damaged_the_newest_is_named() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = run(dir.path());
    assert!(folder.load_newest(&fresh).expect("nothing").is_none());
    publish(&folder, 1);
    fs::write(folder.path().join("weights-00000001.bpk"), b"torn").expect("written");
    let message = folder
        .load_newest(&fresh)
        .err()
        .expect("damaged")
        .to_string();
    assert!(message.contains("weights-00000001.bpk"), "{message}");
}

#[test]
fn the_last_the_best_and_every_third_are_kept() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = run(dir.path());
    let policy = CheckpointPolicy {
        keep_last: 1,
        keep_best: 2,
        keep_every: Some(3),
        ..CheckpointPolicy::default()
    };
    let scores = [0.1, 0.9, 0.2, 0.8, 0.3, 0.4, 0.5];
    for (index, score) in scores.into_iter().enumerate() {
        let step = index + 1;
        let record = record(step, score, step <= 2);
        folder
            .publish(&checkpoint(step, Some(&record), &policy))
            .expect("written");
    }
    let mut kept: Vec<String> = folder.names().filter(|name| is_part(name)).collect();
    kept.sort();
    // 7 is the last, 2 and 4 are the best, 3 and 6 are every third.
    // Those with an average predict with it: what 4 was trained to is not kept.
    let of = |what: &str, steps: &[usize]| -> Vec<String> {
        let names = steps.iter().map(|step| format!("{what}-{step:08}.bpk"));
        names.collect()
    };
    let expected = [
        of("average", &[3, 4, 6, 7]),
        of("moments", &[3, 6, 7]),
        of("optimizer", &[3, 6, 7]),
        of("weights", &[2, 3, 6, 7]),
    ]
    .concat();
    assert_eq!(kept, expected);
    assert_eq!(folder.load_best(fresh()).expect("weights").1, 2);
    assert_eq!(resumed(&folder), (7, 0));
}

#[test]
fn a_folder_that_was_moved_away_is_not_made_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = run(dir.path());
    let away = dir.path().join("away");
    fs::rename(folder.path(), &away).expect("moved");
    let policy = CheckpointPolicy::default();
    let next = checkpoint(1, None, &policy);
    let err = folder.publish(&next).expect_err("nowhere");
    assert!(
        err.is_failed_write() && err.to_string().contains("run"),
        "{err}"
    );
    fs::rename(&away, folder.path()).expect("back");
    folder.publish(&next).expect("written");
    assert_eq!(resumed(&folder), (1, 0));
}
