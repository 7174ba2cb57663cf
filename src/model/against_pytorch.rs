//! The networks against PyTorch: the same weights and images give the same logits.
//!
//! `tests/reference/make.py` made the fixtures; weights that are too large for a file come
//! from a seeded generator that both sides have (`tests/reference/README.md`).

use std::collections::BTreeMap;

use burn::tensor::{Device, Tensor, TensorData};

use super::pytorch_fixtures::{Case, Tensors, fixture, manifest};
use super::weights::{LoadPlan, Purpose, WeightsFile, save};
use super::{Network, NetworkConfig};
use crate::files::{Existing, Outputs};

/// Largest difference of a logit from PyTorch's.
const TOLERANCE: f32 = 1e-4;

/// The logits, and those of the second head.
fn forward(net: &Network, images: &(Vec<usize>, Vec<f32>)) -> (Vec<f32>, Option<Vec<f32>>) {
    let (shape, values) = images;
    let shape: [usize; 4] = shape.as_slice().try_into().expect("four axes");
    let images = Tensor::from_data(TensorData::new(values.clone(), shape), &Device::flex());
    let floats = |logits: Tensor<4>| logits.into_data().try_to_vec().expect("floats");
    let (logits, aux) = net.forward_with_aux(images);
    (floats(logits), aux.map(floats))
}

#[track_caller]
fn assert_equal(name: &str, logits: &[f32], expected: &[f32]) {
    assert_eq!(logits.len(), expected.len(), "{name}");
    let largest = expected
        .iter()
        .fold(0.0f32, |most, value| most.max(value.abs()));
    assert!(largest > 0.1, "{name}: the logits say nothing");
    let off = logits
        .iter()
        .zip(expected)
        .map(|(left, right)| (left - right).abs());
    let off = off.fold(0.0f32, |most, off| {
        if off.is_nan() {
            f32::NAN
        } else {
            most.max(off)
        }
    });
    assert!(
        off < TOLERANCE,
        "{name}: logits up to {largest} differ by {off}"
    );
}

/// All sizes of the cases whose name starts so, with generated weights.
fn check(start: &str, count: usize) {
    let inputs = Tensors::read(&fixture("inputs.safetensors"));
    let cases: Vec<Case> = Case::all(&manifest())
        .into_iter()
        .filter(|case| case.name.starts_with(start))
        .collect();
    assert_eq!(cases.len(), count, "cases of {start}");
    for case in cases {
        let config = case.config();
        let net = case.fill(config.init(&Device::flex()), &config);
        let outputs = Tensors::read(&fixture(&case.outputs));
        for example in &case.examples {
            let name = format!("{} {}", case.name, example.input);
            let (logits, aux) = forward(&net, &inputs.floats(&example.input));
            assert_equal(&name, &logits, &outputs.floats(&example.logits).1);
            if let Some(expected) = &example.aux {
                assert_equal(
                    &name,
                    &aux.expect("a second head"),
                    &outputs.floats(expected).1,
                );
            }
        }
    }
}

#[test]
fn vgg16_in_the_reference_geometry_equals_pytorch() {
    check("vgg16-", 5);
}

#[test]
fn vgg16_with_batch_normalization_equals_pytorch() {
    check("vgg16_bn-", 1);
    check("vgg-slim-", 3);
}

#[test]
fn alexnet_and_googlenet_equal_pytorch() {
    check("alexnet-", 1);
    check("googlenet-", 3);
}

#[test]
fn the_resnets_equal_torchvision() {
    check("fcn_resnet", 2);
}

/// The network with the weights of a file in it.
fn loaded(case: &Case, path: &std::path::Path) -> (Network, NetworkConfig) {
    let config = case.config();
    let file = WeightsFile::open(path).expect("a weights file");
    let layout = super::weights::WeightsLayout::recognize(&file.shapes()).expect("a known layout");
    let net = config.init(&Device::flex());
    let plan =
        LoadPlan::new(&file, layout, &net, &config, Purpose::Predict).expect("fitting weights");
    (plan.apply(&file, net).expect("readable weights"), config)
}

#[test]
fn stored_weights_give_pytorchs_logits_also_after_writing_and_reading() {
    let inputs = Tensors::read(&fixture("inputs.safetensors"));
    let dir = tempfile::tempdir().expect("a folder");
    let mut checked = 0;
    for case in Case::all(&manifest()) {
        let Some(weights) = &case.weights else {
            continue;
        };
        let (net, config) = loaded(&case, &fixture(weights));
        let copy = dir.path().join("copy.safetensors");
        let output = Outputs::new(Existing::ReplaceOwn)
            .claim(&copy)
            .expect("a name");
        save(&net, &config, BTreeMap::default(), &output).expect("a written file");
        let (again, _) = loaded(&case, &copy);
        let outputs = Tensors::read(&fixture(&case.outputs));
        for example in &case.examples {
            let images = inputs.floats(&example.input);
            let (logits, _) = forward(&net, &images);
            let name = format!("{} {}", case.name, example.input);
            assert_equal(&name, &logits, &outputs.floats(&example.logits).1);
            assert_eq!(forward(&again, &images).0, logits, "{name} read again");
        }
        // What was written has the names, shapes and values of PyTorch's own file.
        let (ours, theirs) = (Tensors::read(&copy), Tensors::read(&fixture(weights)));
        assert_eq!(ours.names(), theirs.names(), "{}", case.name);
        for name in ours.names() {
            assert_eq!(ours.floats(&name), theirs.floats(&name), "{name}");
        }
        checked += 1;
    }
    assert_eq!(checked, 8);
}
