//! Convolutions on the processor, Burn's and ours: `cargo bench --bench convolution`.

use std::hint::black_box;
use std::time::Duration;

use burn::nn::PaddingConfig2d;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::tensor::{Device, Distribution, Tensor, activation::relu};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use fcn_workbench::kernels::{BufferPool, conv2d};

/// Name, batch size, channels in and out, height, width, kernel, padding.
type Layer = (&'static str, usize, [usize; 2], [usize; 2], usize, usize);

const LAYERS: [Layer; 7] = [
    ("slim conv1_1", 4, [3, 8], [128, 160], 3, 1),
    ("slim conv1_2", 4, [8, 8], [128, 160], 3, 1),
    ("slim conv3_2", 4, [32, 32], [32, 40], 3, 1),
    ("vgg16 conv1_2", 1, [64, 64], [224, 224], 3, 1),
    ("vgg16 conv3_2", 1, [256, 256], [56, 56], 3, 1),
    ("vgg16 conv5_2", 1, [512, 512], [14, 14], 3, 1),
    ("vgg16 fc6", 1, [512, 4096], [7, 7], 7, 3),
];

fn layer(channels: [usize; 2], kernel: usize, padding: usize, device: &Device) -> Conv2d {
    Conv2dConfig::new(channels, [kernel; 2])
        .with_padding(PaddingConfig2d::Explicit(
            padding, padding, padding, padding,
        ))
        .init(device)
}

fn step(input: &Tensor<4>, run: impl Fn(Tensor<4>) -> Tensor<4>) {
    black_box(run(input.clone().require_grad()).sum().backward());
}

fn convolutions(criterion: &mut Criterion) {
    for (name, batch, channels, [height, width], kernel, padding) in LAYERS {
        let mut group = criterion.benchmark_group(name);
        // Two operations for each weight and pixel; a step does them three times.
        let flop = 2 * batch * channels[0] * channels[1] * height * width * kernel * kernel;
        group
            .sample_size(10)
            .warm_up_time(Duration::from_millis(300));
        group.measurement_time(Duration::from_secs(2));
        let device = Device::flex();
        let input = |device: &Device| {
            Tensor::<4>::random(
                [batch, channels[0], height, width],
                Distribution::Default,
                device,
            )
        };
        let (images, conv) = (input(&device), layer(channels, kernel, padding, &device));
        group.throughput(Throughput::Elements(flop as u64));
        group.bench_function(BenchmarkId::new("forward", "burn"), |bench| {
            bench.iter(|| relu(conv.forward(images.clone())));
        });
        group.bench_function(BenchmarkId::new("forward", "ours"), |bench| {
            bench.iter(|| conv2d(&conv, images.clone(), true));
        });
        let device = device.autodiff();
        let (images, conv) = (input(&device), layer(channels, kernel, padding, &device));
        group.throughput(Throughput::Elements(3 * flop as u64));
        group.bench_function(BenchmarkId::new("step", "burn"), |bench| {
            bench.iter(|| step(&images, |images| relu(conv.forward(images))));
        });
        group.bench_function(BenchmarkId::new("step", "ours"), |bench| {
            let pool = BufferPool::default();
            let _entered = pool.enter();
            bench.iter(|| {
                step(&images, |images| conv2d(&conv, images, true));
                pool.end_step();
            });
        });
        group.finish();
    }
}

criterion_group!(benches, convolutions);
criterion_main!(benches);
