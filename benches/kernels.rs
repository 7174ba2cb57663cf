//! The loops that run for every image and every frame: `cargo bench`.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use fcn_workbench::dataset::{
    Augment, ClassList, LabelMap, Normalization, Rgb, Rng, Size, VOID, resize_rgb,
};
use fcn_workbench::engine::StepRecord;
use fcn_workbench::engine::plots::curves::{Axis, CurveSettings, RunCurves};
use fcn_workbench::metrics::{BOUNDARY_WIDTH, ConfusionMatrix, boundary_band};
use fcn_workbench::ui::view_model::{ClassSet, mask};
use rand::SeedableRng as _;

const WIDTH: u32 = 500;
const HEIGHT: u32 = 375;
const NUM_CLASSES: usize = 21;

/// Patches of 25x25 pixels of one label, with some void, as masks have them.
fn labels(offset: u32) -> LabelMap {
    let label = |x: u32, y: u32| {
        let patch = (x / 25 + y / 25 * 7 + offset) % (NUM_CLASSES as u32 + 1);
        if patch as usize == NUM_CLASSES {
            VOID
        } else {
            patch as u8
        }
    };
    let labels = (0..HEIGHT)
        .flat_map(|y| (0..WIDTH).map(move |x| label(x, y)))
        .collect();
    LabelMap {
        width: WIDTH,
        height: HEIGHT,
        labels,
    }
}

fn photo() -> Rgb {
    let pixels = (0..WIDTH * HEIGHT * 3)
        .map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    Rgb {
        width: WIDTH,
        height: HEIGHT,
        pixels,
    }
}

fn pixels(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("500x375");
    group.throughput(Throughput::Elements(u64::from(WIDTH * HEIGHT)));
    let (truth, predicted, photo) = (labels(0), labels(1), photo());
    // No void among what is predicted.
    let predicted = LabelMap {
        labels: predicted
            .labels
            .iter()
            .map(|&label| if label == VOID { 0 } else { label })
            .collect(),
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
        bench.iter(|| resize_rgb(black_box(&photo), Size::new(256, 256)));
    });
    let augment = Augment {
        random_crop: true,
        scale: [0.5, 2.0],
        flip: true,
        brightness: 0.2,
        ..Augment::none(Some(Size::new(224, 224)))
    };
    let all = Augment {
        rotation: 15.0,
        elastic: 10.0,
        saturation: 0.2,
        hue: 18.0,
        blur: 2.0,
        noise: 0.05,
        ..augment.clone()
    };
    for (name, augment) in [
        ("augmentation to 224x224", augment),
        ("all augmentations to 224x224", all),
    ] {
        let mut rng = Rng::seed_from_u64(1);
        group.bench_function(name, |bench| {
            bench.iter(|| {
                let change = augment.draw(photo.size(), &mut rng);
                change.apply(black_box(&photo), black_box(&truth))
            });
        });
    }
    group.finish();
}

fn points(criterion: &mut Criterion) {
    const STEPS: usize = 1_000_000;
    let record = |step: usize| StepRecord {
        step,
        epoch: 1,
        loss: (step as f64).sin() + 2.0,
        learning_rate: 0.1,
        secs: 0.1,
        grad_norm: None,
    };
    let steps: Vec<StepRecord> = (1..=STEPS).map(record).collect();
    let settings = CurveSettings {
        smoothing: 0.9,
        log_loss: false,
        axis: Axis::Step,
        columns: 1000,
        visible: None,
    };
    let mut group = criterion.benchmark_group("curve of a million steps");
    group.sample_size(20);
    group.bench_function("taken in", |bench| {
        bench.iter(|| RunCurves::default().update(black_box(&steps), &[], settings, STEPS));
    });
    let mut curves = RunCurves::default();
    curves.update(&steps, &[], settings, STEPS);
    let mut left = 0.0;
    group.bench_function("moved by a step, 1000 columns", |bench| {
        bench.iter(|| {
            left = (left + 1.0) % 1000.0;
            let visible = Some([left, STEPS as f64 - left]);
            curves.update(
                black_box(&steps),
                &[],
                CurveSettings {
                    visible,
                    ..settings
                },
                STEPS,
            )
        });
    });
    group.finish();
}

criterion_group!(benches, pixels, points);
criterion_main!(benches);
