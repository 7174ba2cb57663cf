//! What training scripts put around the names of a network's tensors, and beside them.

use super::*;

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
