//! The loops that run for every image and every frame: `cargo bench`.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fcn_workbench::dataset::{Augment, ClassList, LabelMap, Normalization, Rgb, Rng, VOID, resize_rgb};
use fcn_workbench::metrics::{BOUNDARY_WIDTH, ConfusionMatrix, boundary_band};
use fcn_workbench::ui::view_model::{ClassSet, curves, mask};
use rand::SeedableRng as _;

const WIDTH: u32 = 500;
const HEIGHT: u32 = 375;
const NUM_CLASSES: usize = 21;

/// Patches of 25x25 pixels of one label, with some void, as masks have them.
fn labels(offset: u32) -> LabelMap {
    let label = |x: u32, y: u32| {
        let patch = (x / 25 + y / 25 * 7 + offset) % (NUM_CLASSES as u32 + 1);
        if patch as usize == NUM_CLASSES { VOID } else { patch as u8 }
    };
    let labels = (0..HEIGHT).flat_map(|y| (0..WIDTH).map(move |x| label(x, y))).collect();
    LabelMap { width: WIDTH, height: HEIGHT, labels }
}

fn photo() -> Rgb {
    let pixels =
        (0..WIDTH * HEIGHT * 3).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    Rgb { width: WIDTH, height: HEIGHT, pixels }
}

fn pixels(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("500x375");
    group.throughput(Throughput::Elements(u64::from(WIDTH * HEIGHT)));
    let (truth, predicted, photo) = (labels(0), labels(1), photo());
    // No void among what is predicted.
    let predicted = LabelMap {
        labels: predicted.labels.iter().map(|&label| if label == VOID { 0 } else { label }).collect(),
        ..predicted
    };
    let classes = ClassList::numbered(NUM_CLASSES);
    let mut matrix = ConfusionMatrix::new(NUM_CLASSES);
    group.bench_function("confusion matrix", |bench| {
        bench.iter(|| matrix.add(black_box(&truth.labels), black_box(&predicted.labels)));
    });
    group.bench_function("boundary band", |bench| {
        bench.iter(|| boundary_band(black_box(&truth.labels), WIDTH as usize, BOUNDARY_WIDTH));
    });
    group.bench_function("mask colors", |bench| {
        bench.iter(|| mask::fill(black_box(&predicted), &classes, ClassSet::default()));
    });
    group.bench_function("mask outlines", |bench| {
        bench.iter(|| mask::outline(black_box(&predicted), &classes, ClassSet::default(), 2));
    });
    let mut tensor = vec![0.0; photo.pixels.len()];
    group.bench_function("normalization", |bench| {
        bench.iter(|| Normalization::IMAGENET.write_chw(black_box(&photo), &mut tensor));
    });
    group.bench_function("resize to 256x256", |bench| {
        bench.iter(|| resize_rgb(black_box(&photo), 256, 256));
    });
    let augment =
        Augment { crop: Some([224, 224]), random_crop: true, scale: [0.5, 2.0], flip: true, brightness: 0.2 };
    let mut rng = Rng::seed_from_u64(1);
    group.bench_function("augmentation to 224x224", |bench| {
        bench.iter(|| augment.apply(black_box(&photo), black_box(&truth), &mut rng));
    });
    group.finish();
}

fn points(criterion: &mut Criterion) {
    const STEPS: usize = 1_000_000;
    let losses: Vec<[f64; 2]> = (0..STEPS).map(|step| [step as f64, (step as f64).sin()]).collect();
    let mut group = criterion.benchmark_group("curve of a million steps");
    group.throughput(Throughput::Elements(STEPS as u64)).sample_size(20);
    group.bench_function("decimation to 1000 columns", |bench| {
        bench.iter(|| curves::decimate(black_box(&losses).iter().copied(), [0.0, STEPS as f64], 1000));
    });
    group.finish();
}

criterion_group!(benches, pixels, points);
criterion_main!(benches);
