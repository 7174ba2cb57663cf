//! The GPU path on whatever adapter there is, a software one included.
//!
//! Built as it is shipped, with `vulkan`, it takes the same SPIR-V that GPUs get, through Burn's queue
//! and with autotune; what Mesa's software driver lacks for that, a [layer](vulkan_layer) has. Built
//! with `wgpu` alone, it takes WGSL.
#![cfg(all(feature = "wgpu", target_os = "linux"))]
#![expect(
    clippy::expect_used,
    reason = "helpers outside #[test] functions; a failure here is a failed test"
)]

mod common;
mod gpu_kernels;
mod gpu_memory;
mod gpu_runs;
mod vulkan_layer;

use std::sync::Mutex;

use burn::module::Module as _;
use burn::tensor::{Device, DeviceKind, Tensor, TensorData};
use fcn_workbench::bench::{DeviceCalls, LayersJob, Pass, layers_main, note_log_line};
use fcn_workbench::dataset::Size;
use fcn_workbench::model::{FinalUpsampling, Geometry, Network, NetworkConfig, Trunk, Variant};
use fcn_workbench::training::{DeviceId, Precision, self_test};
use vulkan_layer::Memory;

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

/// What Burn's tuner was asked for and did not know, in this process.
static TUNED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Hands the lines of libraries to whoever counts them, and keeps the tuner's.
struct Lines;

impl log::Log for Lines {
    fn enabled(&self, _metadata: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        note_log_line(record);
        if record.target().starts_with("cubecl_runtime::tune") {
            let line = record.args().to_string();
            if line.starts_with("Tuning ") {
                TUNED.lock().expect("no panic").push(line);
            }
        }
    }

    fn flush(&self) {}
}

/// One test: a GPU runtime is set up once per process, by the training loop here.
#[test]
fn the_gpu_follows_the_processor() {
    if !vulkan_layer::is_entered() {
        let status = vulkan_layer::run("the_gpu_follows_the_processor", Memory::Pooled);
        assert!(status.success(), "{status}");
        return;
    }
    log::set_logger(&Lines).expect("the first logger");
    log::set_max_level(log::LevelFilter::Info);
    let parts: [(&str, fn()); 12] = [
        ("runs", gpu_runs::three_steps_follow_the_processor),
        (
            "settings",
            gpu_runs::settings::settings_follow_the_processor,
        ),
        (
            "resume",
            gpu_runs::settings::a_resumed_run_goes_on_as_an_unbroken_one,
        ),
        (
            "looks inside",
            gpu_runs::inside::looks_equal_those_of_the_processor,
        ),
        (
            "parts of images",
            gpu_runs::inside::parts_of_images_of_a_resnet_equal_those_of_the_processor,
        ),
        ("memory", gpu_memory::is_what_was_estimated),
        // What real GPUs must pass before they are offered.
        ("self-test", || {
            self_test(DeviceId::Software).expect("the processor's numbers");
        }),
        ("layers", every_part_of_a_step_is_measured),
        ("steps", steps_are_short_programs),
        ("NaN", gpu_runs::a_loss_that_is_no_number_names_its_step),
        ("16 bits", gpu_runs::steps_in_16_bits_follow_those_in_32),
        ("logits", logits_equal_those_of_the_processor),
    ];
    for (name, part) in parts {
        part();
        // Training, validation, evaluation, prediction and looks inside: there is no candidate to time.
        assert_eq!(*TUNED.lock().expect("no panic"), [""; 0], "{name}");
    }
    // Of Burn's own sum there are several.
    let ones = Tensor::<2>::ones([40, 50], &Device::wgpu(DeviceKind::Cpu));
    assert!((ones.sum().into_scalar::<f32>() - 2000.0).abs() < 1e-3);
    let is_seen = !TUNED.lock().expect("no panic").is_empty();
    assert_eq!(is_seen, cfg!(feature = "vulkan"), "autotune");
}

/// To Vulkan's programs buffers are addresses, and nobody else checks what they read and write.
#[test]
fn kernels_equal_those_of_the_processor_and_keep_to_their_buffers() {
    let name = "kernels_equal_those_of_the_processor_and_keep_to_their_buffers";
    if vulkan_layer::is_entered() {
        gpu_kernels::equal_those_of_the_processor();
    } else {
        let status = vulkan_layer::run(name, Memory::Fenced);
        assert!(status.success(), "{status}");
    }
}

/// Or nothing would tell that they do.
#[cfg(feature = "vulkan")]
#[test]
fn what_reads_behind_a_buffer_ends_its_process() {
    use std::os::unix::process::ExitStatusExt as _;
    use vulkan_layer::reading::{LENGTH, read};

    let name = "what_reads_behind_a_buffer_ends_its_process";
    if vulkan_layer::is_entered() {
        assert_eq!(read(LENGTH - 1), (LENGTH - 1) as f32);
        read(LENGTH);
    } else {
        let status = vulkan_layer::run(name, Memory::Fenced);
        // SIGSEGV
        assert_eq!(status.signal(), Some(11), "{status}");
    }
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
/// random numbers, or compute value by value, several operations at once or one.
const UNTUNED: [&str; 5] = [
    "ElemwiseFuse",
    "FullKernel",
    "KernelBinop",
    "KernelScalarBinop",
    "PrngKernel",
];

/// Few launches, no wait, and nothing that Burn would time candidates for.
fn steps_are_short_programs() {
    for (trunk, variant, launches, uploads) in [
        // Images, labels, and what dropouts draw; no two steps draw the same. Mesa's driver takes the
        // addresses of 16 buffers with a launch, and those of a group of weights are 25: an upload each.
        (Trunk::Vgg16Slim, Variant::Fcn8s, 250, 3 + 7),
        (Trunk::Resnet50, Variant::FcnResnet50, 780, 3 + 21),
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
        assert_eq!(result.tuning_ms, Some(0.0), "{result:?}");
    }
    let of = |start: &str, pass: Pass| {
        let result = results
            .iter()
            .find(|result| result.layer.starts_with(start) && result.pass == pass);
        result.unwrap_or_else(|| panic!("no {pass:?} of {start}"))
    };
    // What each pass of each kind of layer is computed by, and how fast.
    for (start, pass, name) in [
        ("3x3", Pass::Forward, "GPU kernel"),
        ("3x3", Pass::DataGradient, "GPU kernel"),
        ("3x3", Pass::WeightGradient, "GPU kernel"),
        ("up ", Pass::Forward, "GPU kernel"),
        ("pool ", Pass::Forward, "GPU kernel pool::"),
        ("pool ", Pass::DataGradient, "GPU kernel pool::"),
        ("batch norm", Pass::Forward, "GPU kernel batch_norm::"),
        (
            "vgg16-slim",
            Pass::LossForward,
            "GPU kernel cross_entropy::",
        ),
        ("vgg16-slim", Pass::Optimizer, "GPU kernel sgd_group::"),
    ] {
        let result = of(start, pass);
        assert!(result.route.starts_with(name), "{result:?}");
        let convolves = start == "3x3" || start == "up ";
        assert_eq!(result.tflop_per_sec.is_some(), convolves, "{result:?}");
        assert!(result.gbyte_per_sec.is_some(), "{result:?}");
    }
    // Programs are compiled at their first use, here or in the runs before, and at no later one.
    let later = results.iter().filter_map(|result| result.calls.as_ref());
    assert_eq!(later.map(|calls| calls.compiled).sum::<usize>(), 0);
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
