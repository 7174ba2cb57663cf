//! The GPU path on whatever adapter there is, a software one included.
//!
//! Built without `vulkan` (WGSL shaders, no autotune): software drivers break on the
//! SPIR-V path. Run it with
//! `cargo test --no-default-features --features wgpu,autotune-cache --test wgpu_path`.
#![cfg(all(feature = "wgpu", not(feature = "vulkan")))]

mod common;
mod gpu_kernels;
mod gpu_memory;

use burn::module::Module as _;
use burn::tensor::{Device, DeviceKind, Tensor, TensorData};
use common::{Recorder, TinySet};
use fcn_workbench::bench::{DeviceCalls, LayersJob, Pass, layers_main, note_log_line};
use fcn_workbench::dataset::{Size, Split};
use fcn_workbench::model::{FinalUpsampling, Geometry, Network, NetworkConfig, Trunk, Variant};
use fcn_workbench::training::checkpoint::RunFolder;
use fcn_workbench::training::{
    Averaging, Control, DeviceId, Outcome, Precision, Predictor, TrainEvent, self_test, train,
};

fn config(variant: Variant) -> NetworkConfig {
    NetworkConfig {
        variant,
        trunk: Trunk::Vgg16Slim,
        geometry: Geometry::Padded,
        aux_head: false,
        widths: None,
        num_classes: 3,
        dropout: 0.0,
        final_upsampling: FinalUpsampling::Learned,
    }
}

fn logits(net: &Network, device: &Device) -> Vec<f32> {
    let values: Vec<f32> = (0..3 * 33 * 47).map(|n| (n as f32 * 0.37).sin()).collect();
    let images = Tensor::from_data(TensorData::new(values, [1, 3, 33, 47]), device);
    net.forward(images)
        .into_data()
        .try_to_vec()
        .expect("floats")
}

/// Hands the lines of libraries to whoever counts them.
struct Lines;

impl log::Log for Lines {
    fn enabled(&self, _metadata: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        note_log_line(record);
    }

    fn flush(&self) {}
}

/// One test: a GPU runtime is set up once per process, by the training loop here.
#[test]
fn the_gpu_follows_the_processor() {
    log::set_logger(&Lines).expect("the first logger");
    three_steps_follow_the_processor();
    gpu_memory::is_what_was_estimated();
    gpu_kernels::equal_those_of_the_processor();
    // What real GPUs must pass before they are offered.
    self_test(DeviceId::Software).expect("the processor's numbers");
    every_part_of_a_step_is_measured();
    steps_are_short_programs();
    a_loss_that_is_no_number_names_its_step();
    steps_in_16_bits_follow_those_in_32();
    logits_equal_those_of_the_processor();
}

/// What a step of a network asks of the device once its programs are there.
fn calls_of_a_step(trunk: Trunk, variant: Variant) -> DeviceCalls {
    let job = LayersJob {
        trunk,
        variant,
        size: Size::new(64, 64),
        batch_size: 1,
        device: DeviceId::Software,
        precision: Precision::F32,
        passes: vec![Pass::Step],
        seconds: 60,
    };
    let mut results = Vec::new();
    let job = serde_json::to_string(&(job, 0)).expect("JSON");
    let end = layers_main(&job, &mut |result| results.push(result.clone()));
    assert_eq!(end, (String::new(), 0));
    let [result] = &results[..] else {
        panic!("{results:?}")
    };
    let first = result.first_calls.as_ref().expect("calls of a GPU");
    assert!(first.tuned.is_empty() && first.waits == 0, "{first:?}");
    result.calls.clone().expect("calls of a GPU")
}

/// Kernels of Burn that a step may still launch. None of them has a choice to tune: they fill, draw
/// random numbers, or compute value by value.
const UNTUNED: [&str; 4] = [
    "FullKernel",
    "KernelBinop",
    "KernelScalarBinop",
    "PrngKernel",
];

/// Few launches, no wait, and nothing that Burn would time candidates for.
fn steps_are_short_programs() {
    for (trunk, variant, launches, uploads) in [
        // Images, labels, and what dropouts draw; no two steps draw the same.
        (Trunk::Vgg16Slim, Variant::Fcn8s, 250, 3),
        (Trunk::Resnet50, Variant::FcnResnet50, 780, 3),
    ] {
        let calls = calls_of_a_step(trunk, variant);
        assert!((1..=launches).contains(&calls.launches), "{calls:?}");
        assert!(calls.uploads <= uploads, "{calls:?}");
        assert_eq!((calls.waits, calls.compiled), (0, 0), "{calls:?}");
        assert!(calls.tuned.is_empty(), "{calls:?}");
        for name in calls.library_launches.keys() {
            assert!(UNTUNED.contains(&name.as_str()), "{name}: {calls:?}");
        }
        // Two for each batch normalization, which averages its running statistics over threads.
        let of_burn: usize = calls.library_launches.values().sum();
        assert!(of_burn * 4 < calls.launches, "{calls:?}");
    }
}

/// `bench --layers`, in this process.
fn every_part_of_a_step_is_measured() {
    let job = LayersJob {
        trunk: Trunk::Vgg16Slim,
        variant: Variant::Fcn8s,
        size: Size::new(32, 32),
        batch_size: 1,
        device: DeviceId::Software,
        precision: Precision::F32,
        passes: Vec::new(),
        seconds: 60,
    };
    let mut results = Vec::new();
    let job = serde_json::to_string(&(job, 0)).expect("JSON");
    let end = layers_main(&job, &mut |result| results.push(result.clone()));
    assert_eq!(end, (String::new(), 0));
    assert!(results.len() > 40, "{}", results.len());
    for result in &results {
        assert!(
            result.problem.is_none() && result.later_ms.is_some(),
            "{result:?}"
        );
        // Nothing of a layer is left to Burn's tuner.
        let ours = result.route.starts_with("GPU kernel") || result.pass == Pass::Step;
        assert!(ours || result.layer.contains("/b1"), "{result:?}");
    }
}

fn logits_equal_those_of_the_processor() {
    let _order = common::exclusive();
    let cpu = Device::flex();
    let gpu = Device::wgpu(DeviceKind::Cpu);
    for variant in Variant::STRIDES {
        cpu.seed(7);
        let net = common::with_random_scores(config(variant).init(&cpu).materialize());
        let expected = logits(&net, &cpu);
        let record = net.into_record();
        let copy = config(variant)
            .init(&gpu)
            .try_load_record(record)
            .expect("the same layers");
        let values = logits(&copy, &gpu);
        let largest = expected
            .iter()
            .fold(0.0f32, |most, value| most.max(value.abs()));
        assert!(largest > 1e-3, "{variant}: the logits say nothing");
        for (value, expected) in values.iter().zip(&expected) {
            assert!(
                (value - expected).abs() < 1e-3 * largest.max(1.0),
                "{variant}: {value} != {expected}"
            );
        }
    }
}

/// What the run's last validation has counted on its device, against masks of the processor.
fn scores_equal_those_of_the_processor(set: &TinySet, folder: &RunFolder, sink: &Recorder) {
    let epochs = sink.events.iter().filter_map(|event| match event {
        TrainEvent::EpochEnded(epoch) => Some(epoch),
        _ => None,
    });
    let best = epochs
        .filter(|epoch| epoch.best)
        .last()
        .expect("a best epoch");
    let predictor = Predictor::load(folder, DeviceId::Cpu).expect("weights");
    let expected = predictor
        .evaluate(
            &set.open(),
            Split::Val,
            (2, &Averaging::default()),
            &Control::default(),
            &mut |_, _| {},
        )
        .expect("scores")
        .expect("not stopped");
    let close = |found: Option<f64>, expected: Option<f64>| {
        let (found, expected) = (found.expect("a value"), expected.expect("a value"));
        assert!((found - expected).abs() < 2e-3, "{found} != {expected}");
    };
    let scores = expected.counts.confusion().scores();
    close(best.scores.pixel_accuracy, scores.pixel_accuracy);
    close(best.scores.mean_iu, scores.mean_iu);
    close(best.val_loss, expected.loss);
}

/// A loss that is no number is found where losses are read together, and by its step.
fn a_loss_that_is_no_number_names_its_step() {
    let set = TinySet::new(4, 1);
    let folder = set.run(|config| {
        config.device = DeviceId::Software;
        config.learning.learning_rate = 1e30;
    });
    let mut sink = Recorder::default();
    train(&folder, &set.open(), &Control::default(), &mut sink);
    let Some(Outcome::Failed(message)) = sink.outcome() else {
        panic!("{:?}", sink.outcome());
    };
    let told = sink.losses();
    assert!(
        !told.is_empty() && told.iter().all(|loss| loss.is_finite()),
        "{told:?}"
    );
    let loss = message.contains("the loss became")
        && message.contains(&format!("at step {} (learning rate", told.len() + 1));
    let weights = message.contains("the weights became")
        && message.contains(&format!("at step {} (learning rate", told.len()));
    assert!(loss || weights, "{message} after {told:?}");
    assert_eq!(folder.last(), None, "nothing broken was saved");
}

/// WGSL has no `bf16`, and needs none: maps are kept in 16 bits, and sums are `f32`.
fn steps_in_16_bits_follow_those_in_32() {
    let losses = |precision| {
        let set = TinySet::new(4, 2);
        let folder = set.run(|config| {
            (config.device, config.precision) = (DeviceId::Software, precision);
            config.dropout = 0.0;
            config.epochs = 1;
            config.max_steps = Some(2);
        });
        let mut sink = Recorder::default();
        train(&folder, &set.open(), &Control::default(), &mut sink);
        assert_eq!(sink.outcome(), Some(&Outcome::Finished));
        let origin = folder.origin().expect("a note of its origin");
        (sink.losses(), origin.arithmetic)
    };
    let (exact, words) = losses(Precision::F32);
    assert!(words.starts_with("exact f32"), "{words}");
    for precision in [Precision::Bf16, Precision::F16] {
        let (rounded, words) = losses(precision);
        assert!(words.starts_with(precision.id()), "{words}");
        assert_eq!(rounded.len(), exact.len());
        for (rounded, exact) in rounded.iter().zip(&exact) {
            assert!((rounded - exact).abs() < 0.05 * exact, "{rounded} {exact}");
        }
        assert_ne!(rounded[1], exact[1], "something was rounded");
    }
}

fn three_steps_follow_the_processor() {
    let losses = |device| {
        let set = TinySet::new(4, 2);
        let folder = set.run(|config| {
            config.device = device;
            config.dropout = 0.0;
            config.batch_size = 2;
            config.epochs = 2;
            config.max_steps = Some(3);
        });
        let mut sink = Recorder::default();
        train(&folder, &set.open(), &Control::default(), &mut sink);
        assert_eq!(sink.outcome(), Some(&Outcome::Finished));
        let steps: Vec<usize> = sink.steps().iter().map(|step| step.step).collect();
        assert_eq!(steps, [1, 2, 3]);
        assert_eq!(folder.steps().len(), 3);
        scores_equal_those_of_the_processor(&set, &folder, &sink);
        sink.losses()
    };
    let (cpu, gpu) = (losses(DeviceId::Cpu), losses(DeviceId::Software));
    assert_eq!(gpu.len(), 3);
    // Weights are drawn on the device, so only the first loss (zero scores: ln 3) is the
    // same; then both must learn.
    assert!(
        (cpu[0] - 3f64.ln()).abs() < 1e-4 && (gpu[0] - 3f64.ln()).abs() < 1e-4,
        "{cpu:?} {gpu:?}"
    );
    assert!(
        gpu.iter().all(|loss| loss.is_finite()) && gpu[2] < gpu[0],
        "{gpu:?}"
    );
}
