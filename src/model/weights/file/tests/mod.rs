mod wrapped;

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
    // A number beside them is of neither.
    let mut two = under(&["student", "teacher"]);
    let number = sound.tensors.values().next().expect("a tensor").clone();
    two.tensors.insert("temperature".to_owned(), number);
    let message_of_two = WeightsLayout::of(&two).expect_err("unknown").to_string();
    assert!(
        message_of_two.contains("several networks"),
        "{message_of_two}"
    );
    // A known part beside others is no second network: it cannot be saved alone by its name.
    let mut part = under(&["encoder"]);
    let head = sound.tensors.values().next().expect("a tensor").clone();
    part.tensors.insert("decoder.weight".to_owned(), head);
    let message = WeightsLayout::of(&part).expect_err("unknown").to_string();
    assert!(message.contains("unknown layers"), "{message}");
}
