//! Runs on a GPU, their scores and predictions, against those of the processor.

pub mod inside;
pub mod settings;

use fcn_workbench::dataset::{Pixels, Rgb, Split};
use fcn_workbench::training::checkpoint::RunFolder;
use fcn_workbench::training::{
    Averaging, Control, DeviceId, Outcome, Precision, PredictOptions, Predictor, TrainEvent, train,
};

use crate::common::{Recorder, TinySet};

/// What the run's last validation has counted on its device, against masks of the processor; and what
/// the device predicts later.
fn scores_equal_those_of_the_processor(
    set: &TinySet,
    folder: &RunFolder,
    sink: &Recorder,
    device: DeviceId,
) {
    let best = sink.events.iter().rev().find_map(|event| match event {
        TrainEvent::EpochEnded(epoch) if epoch.best => Some(epoch),
        _ => None,
    });
    let best = best.expect("a best epoch");
    let [expected, later] = [DeviceId::Cpu, device].map(|device| {
        let predictor = Predictor::load(folder, device).expect("weights");
        evaluated(&predictor, set, &Averaging::default())
    });
    close(best.scores.pixel_accuracy, expected[0]);
    close(best.scores.mean_iu, expected[1]);
    close(best.val_loss, expected[2]);
    for (later, expected) in later.into_iter().zip(expected) {
        close(later, expected);
    }
    predictions_equal_those_of_the_processor(set, folder, device);
}

fn close(found: Option<f64>, expected: Option<f64>) {
    let (found, expected) = (found.expect("a value"), expected.expect("a value"));
    assert!((found - expected).abs() < 2e-3, "{found} != {expected}");
}

/// Pixel accuracy, mean IU and loss.
fn evaluated(predictor: &Predictor, set: &TinySet, averaging: &Averaging) -> [Option<f64>; 3] {
    let found = predictor
        .evaluate(
            &set.open(),
            Split::Val,
            (2, averaging),
            &Control::default(),
            &mut |_, _| {},
        )
        .expect("scores")
        .expect("not stopped");
    let scores = found.counts.confusion().scores();
    [scores.pixel_accuracy, scores.mean_iu, found.loss]
}

/// A mask, and probabilities that are averaged over mirror images and sizes.
fn predictions_equal_those_of_the_processor(set: &TinySet, folder: &RunFolder, device: DeviceId) {
    let averaging = Averaging {
        scales: vec![0.75, 1.0],
        flip: true,
    };
    let image = Pixels::from(Rgb {
        width: 70,
        height: 45,
        pixels: (0..3 * 70 * 45u32).map(|n| (n * 37 % 251) as u8).collect(),
    });
    let [expected, found] = [DeviceId::Cpu, device].map(|device| {
        let predictor = Predictor::load(folder, device).expect("weights");
        let averaged = evaluated(&predictor, set, &averaging);
        let options = PredictOptions::default();
        let plan = predictor.plan(image.size(), &options.tiling);
        let mask = predictor
            .predict(&image, &plan, &options, |_| true, &mut |_, _| {})
            .expect("no error")
            .expect("a mask");
        (averaged, mask.labels)
    });
    close(found.0[0], expected.0[0]);
    close(found.0[1], expected.0[1]);
    let pairs = found.1.iter().zip(&expected.1);
    let others = pairs.filter(|(found, expected)| found != expected).count();
    assert!(others * 100 <= expected.1.len(), "{others} pixels");
}

/// A loss that is no number is found where losses are read together, and by its step.
pub fn a_loss_that_is_no_number_names_its_step() {
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
pub fn steps_in_16_bits_follow_those_in_32() {
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
        let origin = folder.origin().expect("readable").expect("a note");
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

pub fn three_steps_follow_the_processor() {
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
        scores_equal_those_of_the_processor(&set, &folder, &sink, device);
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
