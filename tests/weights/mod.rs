//! Weights files and other runs as starts of runs, and runs as weights files.

mod files;
mod stages;
mod tensors;

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{Recorder, SIZE, TinySet};
use fcn_workbench::dataset::{Augment, Size};
use fcn_workbench::files::{Existing, Output, Outputs};
use fcn_workbench::model::{FinalUpsampling, Trunk, Variant};
use fcn_workbench::training::checkpoint::{EndMark, RunFolder, list_runs};
use fcn_workbench::training::{
    Control, InitialWeights, Outcome, RunConfig, SampleOrder, SavedWeights, export_run, train,
};
use tensors::{Tensors, bilinear, read, write};

/// An FCN-32s in which nothing is random but its weights, and nothing moves them but gradients.
fn plain(config: &mut RunConfig) {
    config.variant = Variant::Fcn32s;
    config.augment = Augment::none(Some(Size::new(SIZE, SIZE)));
    (config.dropout, config.order) = (0.0, SampleOrder::Sequential);
    config.learning.weight_decay = 0.0;
}

/// A finished run of one epoch, and its weights in a file.
fn parent(set: &TinySet) -> (RunFolder, PathBuf) {
    let folder = set.run(plain);
    assert_eq!(trained(set, &folder).outcome(), Some(&Outcome::Finished));
    let file = set.dir.path().join("parent.safetensors");
    export_run(&folder, SavedWeights::Best, &output(&file)).expect("a file");
    (folder, file)
}

/// A file that may be there from before.
fn output(file: &Path) -> Output {
    Outputs::new(Existing::ReplaceOwn)
        .claim(file)
        .expect("a name of ours")
}

fn trained(set: &TinySet, folder: &RunFolder) -> Recorder {
    let mut sink = Recorder::default();
    train(folder, &set.open(), &Control::default(), &mut sink);
    sink
}

/// Stops a run before its first step; gives what it would have started with.
fn start_of(set: &TinySet, folder: &RunFolder) -> Tensors {
    let control = Control::default();
    control.stop();
    let mut sink = Recorder::default();
    train(folder, &set.open(), &control, &mut sink);
    assert_eq!(sink.outcome(), Some(&Outcome::Stopped { step: 0 }));
    exported(set, folder)
}

fn exported(set: &TinySet, folder: &RunFolder) -> Tensors {
    let file = set.dir.path().join("exported.safetensors");
    export_run(folder, SavedWeights::Best, &output(&file)).expect("a file");
    read(&file)
}

#[track_caller]
fn failure(set: &TinySet, folder: &RunFolder) -> String {
    let sink = trained(set, folder);
    let Some(Outcome::Failed(message)) = sink.outcome() else {
        panic!("{:?}", sink.outcome());
    };
    assert_eq!(
        folder.end(),
        Some(EndMark::Failed {
            message: message.clone()
        })
    );
    message.clone()
}

fn change(folder: &RunFolder, edit: impl FnOnce(&mut RunConfig)) {
    let mut meta = folder.meta().expect("the configuration");
    edit(&mut meta.config);
    let text = serde_json::to_string(&meta).expect("JSON");
    fs::write(folder.path().join("config.json"), text).expect("written");
}

/// Layers that the classes or the strides have a part in.
fn is_trunk(name: &str) -> bool {
    !name.starts_with("score") && !name.starts_with("upscore")
}

#[test]
fn a_run_starts_where_the_exported_one_ended_and_learns_on() {
    let set = TinySet::new(8, 2);
    let (parent, file) = parent(&set);
    let child = set.run(|config| {
        plain(config);
        (config.epochs, config.init) = (10, InitialWeights::File(file.clone()));
    });
    let sink = trained(&set, &child);
    assert_eq!(sink.outcome(), Some(&Outcome::Finished));
    // The parent goes on with the same images in the same order.
    change(&parent, |config| config.epochs = 2);
    let rest = trained(&set, &parent);
    assert_eq!(rest.steps()[0].epoch, 2);
    assert_eq!(sink.losses()[0], rest.losses()[0]);
    assert_ne!(sink.losses()[0], sink.losses()[4], "the same images again");

    let epochs = child.epochs();
    let [first, .., last] = &epochs[..] else {
        panic!("{epochs:?}")
    };
    assert!(
        last.train_loss < 0.8 * first.train_loss,
        "{} -> {}",
        first.train_loss,
        last.train_loss
    );
    // Without weight decay only a gradient moves a weight.
    let (before, after) = (read(&file), exported(&set, &child));
    assert!(before.keys().eq(after.keys()));
    assert!(
        before.keys().filter(|name| is_trunk(name)).count() > 60,
        "{:?}",
        before.keys()
    );
    for (name, tensor) in &before {
        assert_ne!(&after[name], tensor, "{name} was not trained");
        assert!(
            after[name].values.iter().all(|value| value.is_finite()),
            "{name}"
        );
    }
}

#[test]
fn upsampling_that_is_not_trained_stays_as_it_was_in_the_file() {
    let set = TinySet::new(4, 1);
    let (_, file) = parent(&set);
    let child = set.run(|config| {
        plain(config);
        (config.init, config.final_upsampling) = (
            InitialWeights::File(file.clone()),
            FinalUpsampling::AllFixed,
        );
    });
    assert_eq!(trained(&set, &child).outcome(), Some(&Outcome::Finished));
    let (before, after) = (read(&file), exported(&set, &child));
    assert_ne!(
        before["upscore.weight"],
        bilinear(3, 64),
        "the parent learned it"
    );
    assert_eq!(before["upscore.weight"], after["upscore.weight"]);
    assert_ne!(before["score_fr.weight"], after["score_fr.weight"]);
}

#[test]
fn a_finer_stride_starts_from_a_coarser_run() {
    let set = TinySet::new(4, 1);
    let (parent, file) = parent(&set);
    let child = set.run(|config| {
        plain(config);
        (config.variant, config.init) = (Variant::Fcn16s, InitialWeights::Run(parent.name()));
    });
    let coarse = read(&file);
    let mut fine = start_of(&set, &child);
    assert!(
        coarse["score_fr.weight"]
            .values
            .iter()
            .any(|value| *value != 0.0),
        "it was trained"
    );
    for (name, tensor) in coarse.iter().filter(|(name, _)| *name != "upscore.weight") {
        assert_eq!(fine.remove(name).as_ref(), Some(tensor), "{name}");
    }
    for (name, shape) in [
        (
            "score_pool4.weight",
            vec![3, coarse["conv4_3.weight"].shape[0], 1, 1],
        ),
        ("score_pool4.bias", vec![3]),
    ] {
        let tensor = fine.remove(name).expect(name);
        assert!(tensor.values.iter().all(|value| *value == 0.0), "{name}");
        assert_eq!(tensor.shape, shape, "{name}");
    }
    assert_eq!(fine.remove("upscore2.weight"), Some(bilinear(3, 4)));
    assert_eq!(fine.remove("upscore16.weight"), Some(bilinear(3, 32)));
    assert!(fine.is_empty(), "{:?}", fine.keys());
    assert_eq!(trained(&set, &child).outcome(), Some(&Outcome::Finished));
}

#[test]
fn with_other_classes_only_the_trunk_is_taken_over() {
    let set = TinySet::new(4, 1);
    let (parent, file) = parent(&set);
    fs::write(set.root().join("classes.txt"), "ground\nred\nblue\ngreen\n").expect("a list");
    let trunk = read(&file);
    for init in [
        InitialWeights::Run(parent.name()),
        InitialWeights::File(file.clone()),
    ] {
        let child = set.run(|config| {
            plain(config);
            config.init = init;
        });
        let start = start_of(&set, &child);
        assert!(start.keys().eq(trunk.keys()));
        for (name, tensor) in trunk.iter().filter(|(name, _)| is_trunk(name)) {
            assert_eq!(&start[name], tensor, "{name}");
        }
        let score = &start["score_fr.weight"];
        assert_eq!(
            (
                score.shape[0],
                score.values.iter().all(|value| *value == 0.0)
            ),
            (4, true)
        );
        assert_eq!(start["score_fr.bias"].values, [0.0; 4]);
        assert_eq!(start["upscore.weight"], bilinear(4, 64));
    }
}

#[test]
fn weights_of_another_trunk_are_refused_by_both_names() {
    let set = TinySet::new(4, 1);
    let (parent, _) = parent(&set);
    let child = set.run(|config| {
        plain(config);
        (config.trunk, config.init) = (Trunk::Googlenet, InitialWeights::Run(parent.name()));
    });
    for _ in 0..2 {
        // Nobody holds it after the first time.
        let message = failure(&set, &child);
        assert!(
            message.contains("VGG16 slim") && message.contains("FCN-32s on GoogLeNet"),
            "{message}"
        );
    }
    let mut files: Vec<String> = fs::read_dir(child.path())
        .expect("the folder")
        .map(|entry| {
            entry
                .expect("a file")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    files.sort();
    assert_eq!(files, ["config.json", "end.json", "lock"]);
    assert!(list_runs(&set.runs()).contains(&child) && !child.is_locked());
    change(&child, |config| config.init = InitialWeights::Random);
    assert_eq!(trained(&set, &child).outcome(), Some(&Outcome::Finished));
}

#[test]
fn starts_that_are_not_there_are_named() {
    let set = TinySet::new(4, 1);
    let gone = set.dir.path().join("gone.safetensors");
    let folder = set.run(|config| config.init = InitialWeights::File(gone.clone()));
    let message = failure(&set, &folder);
    assert!(message.contains(&gone.display().to_string()), "{message}");
    let folder = set.run(|config| config.init = InitialWeights::Run("gone-run".to_owned()));
    let message = failure(&set, &folder);
    assert!(
        message.contains("gone-run") && message.contains("is not there"),
        "{message}"
    );
    let untrained = set.run(|_| {}).name();
    let folder = set.run(|config| config.init = InitialWeights::Run(untrained.clone()));
    let message = failure(&set, &folder);
    assert!(
        message.contains(&untrained) && message.contains("no saved weights"),
        "{message}"
    );
}

type Edit = fn(&mut Tensors, &str);

#[test]
fn a_file_that_lacks_a_layer_or_has_it_in_another_shape_names_it() {
    let set = TinySet::new(4, 1);
    let (_, file) = parent(&set);
    let layer = "conv3_1.weight";
    let wanted = format!("{:?}", read(&file)[layer].shape);
    let cases: [(Edit, &[&str]); 2] = [
        (
            |tensors, layer| drop(tensors.remove(layer)),
            &["is not in the file"],
        ),
        (
            |tensors, layer| {
                tensors
                    .get_mut(layer)
                    .expect("the layer")
                    .shape
                    .rotate_left(1);
            },
            &["has shape"],
        ),
    ];
    for (edit, words) in cases {
        let mut tensors = read(&file);
        edit(&mut tensors, layer);
        let broken = set.dir.path().join("broken.safetensors");
        write(&broken, &tensors);
        let folder = set.run(|config| {
            plain(config);
            config.init = InitialWeights::File(broken.clone());
        });
        let message = failure(&set, &folder);
        let found = tensors
            .get(layer)
            .map(|tensor| format!("{:?}", tensor.shape));
        assert_ne!(found.as_ref(), Some(&wanted));
        let name = broken.display().to_string();
        for word in words
            .iter()
            .copied()
            .chain([layer, &wanted, &name])
            .chain(found.as_deref())
        {
            assert!(message.contains(word), "no {word:?} in {message}");
        }
    }
}

#[test]
fn a_run_that_goes_on_does_not_start_again() {
    let set = TinySet::new(8, 1);
    let (parent, _) = parent(&set);
    let edit = |config: &mut RunConfig| {
        plain(config);
        config.init = InitialWeights::Run(parent.name());
    };
    let unbroken = trained(&set, &set.run(edit));
    let broken = set.run(edit);
    let control = Control::default();
    let stopper = control.clone();
    let mut first = Recorder::after(2, move || stopper.stop());
    train(&broken, &set.open(), &control, &mut first);
    assert_eq!(first.outcome(), Some(&Outcome::Stopped { step: 2 }));
    fs::remove_dir_all(parent.path()).expect("the parent goes");
    let rest = trained(&set, &broken);
    assert_eq!(rest.outcome(), Some(&Outcome::Finished));
    let joined: Vec<f64> = first.losses().into_iter().chain(rest.losses()).collect();
    assert_eq!(joined, unbroken.losses());
}

#[test]
fn both_heads_of_torchvisions_network_are_trained() {
    let set = TinySet::new(2, 1);
    let folder = set.run(|config| {
        plain(config);
        (config.variant, config.trunk, config.aux_head) =
            (Variant::FcnResnet50, Trunk::Resnet50, true);
        config.preview_images = 0;
    });
    let before = start_of(&set, &folder);
    let sink = trained(&set, &folder);
    assert_eq!(sink.outcome(), Some(&Outcome::Finished));
    assert_eq!(sink.losses().len(), 1);
    let after = exported(&set, &folder);
    for head in ["classifier.", "aux_classifier."] {
        let names = || before.keys().filter(|name| name.starts_with(head));
        assert!(names().count() > 5, "{head}");
        for name in names() {
            assert_ne!(before[name], after[name], "{name} was not trained");
            assert!(
                after[name].values.iter().all(|value| value.is_finite()),
                "{name}"
            );
        }
    }
}
