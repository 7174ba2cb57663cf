//! Steps of SGD against `torch.optim.SGD`: the same weights, batches and values give the
//! same losses (`tests/reference/sgd.py`).

use burn::module::ModuleVisitor;
use burn::module::Param;
use serde_json::Value;

use super::*;
use crate::model::pytorch_fixtures::{Case, Tensors, fixture, manifest};
use crate::model::weights::parameters;
use crate::model::{FinalUpsampling, NetworkConfig};
use crate::training::learning::Reduction;

fn learner(run: &Value, manifest: &Value) -> (Learner, NetworkConfig) {
    let name = run["network"].as_str().unwrap();
    let case = Case::all(manifest)
        .into_iter()
        .find(|case| case.name == name)
        .unwrap();
    let caffe = run["groups"] == "caffe";
    let config = NetworkConfig {
        dropout: 0.0,
        final_upsampling: if caffe {
            FinalUpsampling::AllFixed
        } else {
            FinalUpsampling::Learned
        },
        ..case.config()
    };
    let device = Device::flex().autodiff();
    let model = case.fill(config.init(&device), &config);
    let number = |key: &str| run[key].as_f64().unwrap();
    let learning = Learning {
        reduction: if run["reduction"] == "sum" {
            Reduction::Sum
        } else {
            Reduction::Mean
        },
        bias_rate: if caffe { 2.0 } else { 1.0 },
        decay_biases: !caffe,
        ..Learning::sgd(number("lr"), number("momentum"), number("weight_decay"))
    };
    let optimizer = Optimizer::new(&learning);
    let loss = Loss::new(learning.objective.clone(), learning.reduction);
    let num_classes = config.num_classes;
    let gradients = Accumulated::new();
    let learner = Learner {
        arithmetic: Arithmetic::EXACT,
        model,
        optimizer,
        gradients,
        pool: BufferPool::default(),
        loss_scale: None,
        norm: None,
        read_norm: None,
        learning,
        loss,
        precision: Precision::F32,
        recompute_activations: false,
        device,
        num_classes,
        reads_at_once: true,
        looks: false,
        look: None,
    };
    (learner, config)
}

fn batch(images: &(Vec<usize>, Vec<f32>), labels: &[u8], indices: &[usize]) -> Batch {
    let [_, channels, height, width] = images.0[..] else {
        panic!("four axes")
    };
    let (plane, pixels) = (channels * height * width, height * width);
    Batch {
        images: indices
            .iter()
            .flat_map(|index| &images.1[index * plane..(index + 1) * plane])
            .copied()
            .collect(),
        labels: indices
            .iter()
            .flat_map(|index| &labels[index * pixels..(index + 1) * pixels])
            .copied()
            .collect(),
        batch_size: indices.len(),
        height,
        width,
        ids: indices.iter().map(usize::to_string).collect(),
    }
}

/// Sum of the absolute values of each weight, in the network's order.
#[derive(Default)]
struct AbsSums(Vec<f64>);

impl ModuleVisitor for AbsSums {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let values = param.val().into_data().try_to_vec::<f32>().unwrap();
        self.0
            .push(values.iter().map(|value| f64::from(value.abs())).sum());
    }
}

fn check(name: &str) {
    let manifest = manifest();
    let run = &manifest["sgd"]["runs"][name];
    let (mut learner, config) = learner(run, &manifest);
    let samples = Tensors::read(&fixture("sgd-samples.safetensors"));
    let (images, labels) = (samples.floats("images"), samples.bytes("labels"));
    let expected = Tensors::read(&fixture(run["file"].as_str().unwrap())).doubles("losses.mean");
    let batches: Vec<Vec<usize>> = serde_json::from_value(run["batches"].clone()).unwrap();
    let learning_rate = learner.learning.learning_rate;
    for (step, (indices, expected)) in std::iter::zip(&batches, &expected).enumerate() {
        let loss = learner
            .add(batch(&images, &labels, indices), learning_rate, step + 1)
            .unwrap();
        let loss = read(loss).unwrap();
        assert!(
            (loss / expected - 1.0).abs() < 1e-3,
            "{name}: step {} has loss {loss}, not {expected}",
            step + 1
        );
        learner = learner.step(learning_rate, step + 1).unwrap();
    }
    let mut sums = AbsSums::default();
    learner.model.valid().visit(&mut sums);
    let names = parameters(&learner.model, config.variant, config.trunk);
    for (parameter, sum) in names.iter().zip(sums.0) {
        // PyTorch gathers the unbiased variance, Burn the biased one.
        if !parameter.name.ends_with("running_var") {
            let expected = run["final_abs_sums"][&parameter.name].as_f64().unwrap();
            let apart = (sum - expected).abs();
            assert!(
                apart < 1e-3 * expected.max(0.1),
                "{name}: {} is {sum}, not {expected}",
                parameter.name
            );
        }
    }
}

#[test]
fn mean_loss_with_decay_and_momentum() {
    check("sgd-mean");
}

#[test]
fn summed_loss_with_caffes_biases_and_fixed_upsampling() {
    check("sgd-sum");
    check("sgd-sum-reference");
}

#[test]
fn batch_normalization() {
    check("sgd-batch-norm");
}
