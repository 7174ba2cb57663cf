use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use burn::tensor::Device;

use super::*;
use crate::model::weights::{LoadPlan, Purpose, WeightsLayout};
use crate::model::{FinalUpsampling, Geometry, Trunk, Variant};

/// Small checkpoints in every wrapping, from `tests/reference/pth.py`.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/fixtures")
}

fn cases() -> serde_json::Map<String, serde_json::Value> {
    let text = std::fs::read(folder().join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&text).unwrap();
    manifest["pth"].as_object().unwrap().clone()
}

fn values(path: &Path) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
    let file = WeightsFile::open(path).unwrap_or_else(|err| panic!("{err}"));
    let value = |tensor: &Tensor| {
        let data = bridge::to_data(tensor).unwrap();
        (shape(tensor), data.iter::<f32>().collect())
    };
    file.tensors
        .iter()
        .map(|(name, tensor)| (name.clone(), value(tensor)))
        .collect()
}

/// A network of 3 classes that is made quickly.
fn small() -> NetworkConfig {
    NetworkConfig {
        variant: Variant::Fcn32s,
        trunk: Trunk::Vgg16Slim,
        geometry: Geometry::Padded,
        num_classes: 3,
        dropout: 0.0,
        final_upsampling: FinalUpsampling::Learned,
        aux_head: false,
        widths: None,
    }
}

#[test]
fn no_value_is_read_twice() {
    let target = small();
    let device = Device::flex();
    let source = target.init(&device);
    let mut file = WeightsFile::from_network(Path::new("net.pth"), &source, &target);
    let reads = Arc::new(AtomicUsize::new(0));
    for tensor in file.tensors.values_mut() {
        let reads = Arc::clone(&reads);
        let (name, dtype, shape) = (tensor.name.clone(), tensor.dtype, tensor.shape.clone());
        *tensor = bridge::map_data(tensor.clone(), name, dtype, shape, move |data| {
            reads.fetch_add(1, Ordering::Relaxed);
            data
        });
    }
    let layout = WeightsLayout::of(&file).unwrap();
    let network = target.init(&device);
    let plan = LoadPlan::new(&file, layout, &network, &target, Purpose::Predict).unwrap();
    assert_eq!(reads.load(Ordering::Relaxed), 0);
    plan.apply(&file, network).unwrap();
    assert_eq!(reads.load(Ordering::Relaxed), file.tensors.len());
}

#[test]
fn every_wrapping_of_a_checkpoint_gives_the_same_values() {
    let mut checked = 0;
    for (name, case) in cases() {
        let Some(expected) = case["expected"].as_str() else {
            continue;
        };
        let found = values(&folder().join("pth").join(&name));
        assert_eq!(
            found,
            values(&folder().join("pth").join(expected)),
            "{name}"
        );
        assert!(found.contains_key("conv1_1.weight"), "{name}");
        checked += 1;
    }
    assert_eq!(checked, 11);
}

/// Writes a file of the values 1, 2, ... under these names, in order.
fn write(path: &Path, names: &[&str], change: impl Fn(&str) -> f32) {
    let values: Vec<Vec<u8>> = names
        .iter()
        .map(|name| change(name).to_le_bytes().to_vec())
        .collect();
    let views = names.iter().zip(&values).map(|(name, value)| {
        let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![1], value);
        ((*name).to_owned(), view.unwrap())
    });
    safetensors::serialize_to_file(views, None, path).unwrap();
}

#[test]
fn wrappers_are_taken_off_as_often_as_they_are_there() {
    let dir = tempfile::tempdir().unwrap();
    // The content decides, whatever the name says.
    let path = dir.path().join("compiled.pth");
    for start in [
        "",
        "_orig_mod.",
        "module._orig_mod.",
        "_orig_mod.module.",
        "state_dict.model._orig_mod.",
        "model.net.module.",
    ] {
        let named = [format!("{start}conv1.weight"), format!("{start}conv1.bias")];
        let counters = [
            format!("{start}n_averaged"),
            format!("{start}bn.num_batches_tracked"),
        ];
        let all: Vec<&str> = named.iter().chain(&counters).map(String::as_str).collect();
        write(&path, &all, |_| 1.0);
        let found = values(&path);
        let names: Vec<&str> = found.keys().map(String::as_str).collect();
        assert_eq!(names, ["conv1.bias", "conv1.weight"], "{start}");
    }
    // A part of the network that is compiled by itself.
    write(&path, &["model.backbone._orig_mod.conv1.weight"], |_| 1.0);
    let found = values(&path);
    assert_eq!(found.keys().collect::<Vec<_>>(), ["backbone.conv1.weight"]);
}

#[test]
fn buffers_of_losses_and_metrics_are_left_aside() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lightning.ckpt");
    let names = [
        "model.conv1.weight",
        "model.loss_fn.weight",
        "criterion.weight",
        "val_metrics.confmat",
        "class_weights",
    ];
    write(&path, &names, |_| 1.0);
    assert_eq!(values(&path).keys().collect::<Vec<_>>(), ["conv1.weight"]);
    write(&path, &["conv1.weight", "criterion.weight"], |_| 1.0);
    assert_eq!(values(&path).keys().collect::<Vec<_>>(), ["conv1.weight"]);
}

#[test]
fn a_pytorch_file_may_be_called_safetensors() {
    let dir = tempfile::tempdir().unwrap();
    let (name, case) = cases()
        .into_iter()
        .find(|(_, case)| case["expected"].as_str().is_some())
        .unwrap();
    let original = folder().join("pth").join(&name);
    let renamed = dir.path().join("renamed.safetensors");
    std::fs::copy(&original, &renamed).unwrap();
    let expected = folder()
        .join("pth")
        .join(case["expected"].as_str().unwrap());
    assert_eq!(values(&renamed), values(&expected));
}

#[test]
fn damaged_files_are_refused() {
    let mut checked = 0;
    for (name, _) in cases()
        .into_iter()
        .filter(|(name, _)| name.starts_with("truncated"))
    {
        match WeightsFile::open(&folder().join("pth").join(&name)) {
            // Cut off within the values: the names can be read, the values cannot.
            Ok(file) => {
                let broken = file
                    .tensors
                    .values()
                    .any(|tensor| bridge::to_data(tensor).is_err());
                assert!(broken, "{name} was read");
            }
            Err(err) => assert!(err.to_string().contains(&name), "{err}"),
        }
        checked += 1;
    }
    assert_eq!(checked, 3);
}

#[test]
fn of_a_whole_pickled_module_the_weights_are_read() {
    let found = values(&folder().join("pth/whole-module.pth"));
    let names: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(names, ["0.bias", "0.weight"]);
}

#[test]
fn a_pickle_is_parsed_and_never_run() {
    // Beside its weights each of these calls `open("pickle-was-executed", "w")`.
    for name in ["malicious.pth", "malicious-legacy.pth"] {
        // What the call would give is of no interest, so the weights may be read all the same.
        if let Ok(file) = WeightsFile::open(&folder().join("pth").join(name)) {
            assert!(file.get("conv1_1.weight").is_some(), "{name}");
        }
        assert!(!Path::new("pickle-was-executed").exists(), "{name}");
    }
}

#[test]
fn what_is_no_file_of_weights_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let text = dir.path().join("notes.pth");
    std::fs::write(&text, "hello").unwrap();
    let pointer = dir.path().join("pointer.safetensors");
    std::fs::write(&pointer, "version https://git-lfs.github.com/spec/v1\n").unwrap();
    let message = WeightsFile::open(&pointer).err().unwrap().to_string();
    assert!(message.contains("git lfs pull"), "{message}");
    let header = dir.path().join("long.safetensors");
    std::fs::write(&header, u64::MAX.to_le_bytes()).unwrap();
    for path in [
        text.as_path(),
        header.as_path(),
        dir.path(),
        &dir.path().join("none.pth"),
    ] {
        let message = WeightsFile::open(path).err().unwrap().to_string();
        assert!(message.contains(&path.display().to_string()), "{message}");
    }
}

#[test]
fn of_several_weights_of_a_network_it_is_said_which_are_taken() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("checkpoint.pth");
    let open = |names: &[&str]| {
        write(&path, names, |name| {
            if name.starts_with("model.") { 1.0 } else { 2.0 }
        });
        WeightsFile::open(&path).unwrap()
    };
    let plain = ["model.conv1.weight", "model.conv1.bias"];
    let averaged = ["model_ema.conv1.weight", "model_ema.conv1.bias"];
    let file = open(&[&plain[..], &averaged].concat());
    let choice = file.choice().expect("two");
    assert!(
        choice.starts_with(
            "the weights under `model` are taken; those under `model_ema` are left out"
        ) && choice.contains("begin with `model_ema.`"),
        "{choice}"
    );
    let weight = bridge::to_data(file.get("conv1.weight").unwrap()).unwrap();
    assert_eq!(weight.iter::<f32>().collect::<Vec<_>>(), [1.0]);
    // An average beside plain weights is left out, whatever is wrapped around it, and numbers of a recipe are no network.
    for start in ["ema.", "model_ema.module."] {
        let names = ["conv1.weight".to_owned(), "conv1.bias".to_owned()];
        let averaged = names.each_ref().map(|name| format!("{start}{name}"));
        let all: Vec<&str> = names.iter().chain(&averaged).map(String::as_str).collect();
        write(
            &path,
            &all,
            |name| if name.starts_with(start) { 2.0 } else { 1.0 },
        );
        let file = WeightsFile::open(&path).unwrap();
        let choice = file.choice().expect("two");
        assert!(choice.contains("are left out"), "{choice}");
        let weight = bridge::to_data(file.get("conv1.weight").unwrap()).unwrap();
        assert_eq!(weight.iter::<f32>().collect::<Vec<_>>(), [1.0], "{start}");
    }
    let file = open(&["conv1.weight", "conv1.bias", "ema.decay", "params.alpha"]);
    assert_eq!(file.choice(), None);
    assert_eq!(
        file.shapes().keys().collect::<Vec<_>>(),
        [&"conv1.bias", &"conv1.weight"]
    );
    // A classifier of four tensors is not the one beside it, and an average alone is taken without a word.
    let four = [
        "model.conv1.weight",
        "model.conv1.bias",
        "model.fc.weight",
        "model.fc.bias",
    ];
    assert_eq!(
        open(&[&four[..], &["scaler.scale"]].concat()).choice(),
        None
    );
    // Nor is the state of an optimizer, which has two for each, as Lightning calls it.
    let state = ["exp_avg", "exp_avg_sq"];
    let state: Vec<String> = state
        .iter()
        .flat_map(|kind| {
            (0..4).map(move |place| format!("optimizer_states.0.state.{place}.{kind}"))
        })
        .collect();
    let state: Vec<&str> = state.iter().map(String::as_str).collect();
    assert_eq!(open(&[&four[..], &state].concat()).choice(), None);
    assert_eq!(open(&averaged).choice(), None);
    assert_eq!(open(&plain).choice(), None);
}

#[test]
fn a_second_name_of_a_part_takes_nothing_away() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("lightning.ckpt");
    let opened = |names: &[&str]| {
        // What is under `model` has other values than the rest.
        let value = |name: &str| if name.starts_with("model.") { 1.0 } else { 2.0 };
        write(&path, names, value);
        let file = WeightsFile::open(&path).unwrap();
        (values(&path), file.choice().map(str::to_owned))
    };
    let whole = [
        "model.backbone.bn1.bias",
        "model.backbone.bn1.weight",
        "model.backbone.conv1.weight",
        "model.classifier.0.weight",
    ];
    // `self.backbone = self.model.backbone` in a Lightning module: three of four are there twice.
    let alias = whole[..3]
        .iter()
        .map(|name| name.trim_start_matches("model."));
    let names: Vec<&str> = whole.iter().copied().chain(alias).collect();
    let (found, choice) = opened(&names);
    let expected: Vec<String> = whole.iter().map(|name| name[6..].to_owned()).collect();
    assert_eq!(found.keys().cloned().collect::<Vec<_>>(), expected);
    assert!(found.values().all(|(_, values)| *values == [1.0]));
    let choice = choice.expect("the others are named");
    assert!(
        choice.starts_with(
            "the weights under `model` are taken; those under `backbone` are left out"
        ),
        "{choice}"
    );
    // Layers that lie there plainly are groups of one or two tensors each, which are named together.
    let names = [
        "model.conv1_1.weight",
        "model.conv1_2.weight",
        "model.score_fr.weight",
        "conv1_1.weight",
        "conv1_2.weight",
    ];
    let (found, choice) = opened(&names);
    assert_eq!(found.len(), 3);
    let choice = choice.expect("the others are named");
    assert!(
        choice.contains("those beside it, such as `conv1_1.weight`, are left out")
            && choice.contains("do not begin with `model.`"),
        "{choice}"
    );
}

#[test]
fn tensors_without_a_weight_are_there_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("other.pth");
    for (names, expected) in [
        (&["model.alpha", "model.beta"][..], &["alpha", "beta"][..]),
        (&["module.conv1/kernel"], &["conv1/kernel"]),
        (&["ema.decay", "params.alpha"], &["alpha"]),
    ] {
        write(&path, names, |_| 1.0);
        let found = values(&path);
        assert_eq!(found.keys().collect::<Vec<_>>(), expected);
    }
    write(&path, &["criterion.weight", "n_averaged"], |_| 1.0);
    let message = WeightsFile::open(&path).err().unwrap().to_string();
    assert!(
        message.contains("its tensors, such as `criterion.weight`, are those of losses")
            && !message.contains("download"),
        "{message}"
    );
}

#[test]
fn several_networks_in_a_file_are_named() {
    let network = small().init(&Device::flex());
    let sound = WeightsFile::from_network(Path::new("net.pth"), &network, &small());
    WeightsLayout::of(&sound).expect("known");
    let under = |groups: &[&str]| WeightsFile {
        tensors: groups
            .iter()
            .flat_map(|group| {
                let tensors = sound.tensors.iter();
                tensors.map(move |(name, tensor)| (format!("{group}.{name}"), tensor.clone()))
            })
            .collect(),
        ..sound.clone()
    };
    let message = |groups: &[&str]| {
        let err = WeightsLayout::of(&under(groups)).expect_err("unknown");
        err.to_string()
    };
    let several = message(&["student", "teacher"]);
    assert!(
        several.contains("several networks in the file: `student` (")
            && several.contains(") and `teacher` (")
            && several.contains("begin with `student.`"),
        "{several}"
    );
    assert!(message(&["student"]).contains("unknown layers"));
    // A known part beside others is no second network: it cannot be saved alone by its name.
    let mut part = under(&["encoder"]);
    let head = sound.tensors.values().next().expect("a tensor").clone();
    part.tensors.insert("decoder.weight".to_owned(), head);
    let message = WeightsLayout::of(&part).expect_err("unknown").to_string();
    assert!(message.contains("unknown layers"), "{message}");
}
