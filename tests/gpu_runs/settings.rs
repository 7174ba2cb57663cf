//! Steps with the settings that most runs do without, on a GPU against the processor.

use fcn_workbench::training::checkpoint::RunFolder;
use fcn_workbench::training::{
    ClassWeights, Control, DeviceId, InitialWeights, Learning, Objective, OptimizerKind, Outcome,
    Reduction, Repeats, RunConfig, Schedule, TrainEvent, train,
};

use crate::common::{Recorder, TinySet};

type Edit = fn(&mut RunConfig);

/// Losses that are made of many operations, and a step that is.
fn rare_classes(config: &mut RunConfig) {
    config.batch_size = 1;
    config.ema = Some(0.9);
    config.learning = Learning {
        optimizer: OptimizerKind::AdamW,
        accumulation: 2,
        clip_norm: Some(0.5),
        objective: Objective {
            class_weights: ClassWeights::Median,
            focal_gamma: 2.0,
            dice_share: 0.3,
        },
        ..Learning::sgd(1e-4, 0.9, 0.01)
    };
}

/// A rate that changes, frozen stages, and activations that are computed twice.
fn changing_rates(config: &mut RunConfig) {
    config.recompute_activations = true;
    config.learning = Learning {
        schedule: Schedule::Poly { power: 0.9 },
        warmup_steps: 2,
        bias_rate: 2.0,
        decay_biases: false,
        reduction: Reduction::Sum,
        stage_rates: "stage1=0,head=2".parse().expect("rates"),
        ..Learning::sgd(1e-6, 0.9, 5e-4)
    };
}

pub fn settings_follow_the_processor() {
    let set = TinySet::new(4, 1);
    let start = set.run(|config| config.epochs = 3);
    trained(&set, &start);
    let edits: [(&str, Edit); 2] = [
        ("rare classes", rare_classes),
        ("changing rates", changing_rates),
    ];
    for (name, edit) in edits {
        let [expected, found] = [DeviceId::Cpu, DeviceId::Software].map(|device| {
            let folder = set.run(|config| {
                config.dropout = 0.0;
                config.epochs = 2;
                config.init = InitialWeights::Run(start.name());
                edit(config);
                config.device = device;
            });
            trained(&set, &folder)
        });
        assert!(expected.len() > 4, "{name}: {expected:?}");
        assert_eq!(found.len(), expected.len(), "{name}");
        for (found, expected) in found.iter().zip(&expected) {
            // AdamW makes steps of one size also of gradients that are nothing but rounding.
            assert!(
                (found - expected).abs() < 1e-2 * expected.abs().max(0.1),
                "{name}: {found} is not {expected}"
            );
        }
    }
}

/// The losses of a run's steps, and that of each validation.
fn trained(set: &TinySet, folder: &RunFolder) -> Vec<f64> {
    let sink = finished(set, folder);
    let mut losses = sink.losses();
    losses.extend(sink.events.iter().filter_map(|event| match event {
        TrainEvent::EpochEnded(epoch) => epoch.val_loss,
        _ => None,
    }));
    losses
}

fn finished(set: &TinySet, folder: &RunFolder) -> Recorder {
    let mut sink = Recorder::default();
    train(folder, &set.open(), &Control::default(), &mut sink);
    assert_eq!(sink.outcome(), Some(&Outcome::Finished));
    sink
}

/// Dropout, momentum and the order of the images included; and it says that rounding may differ.
pub fn a_resumed_run_goes_on_as_an_unbroken_one() {
    let set = TinySet::new(4, 1);
    let edit = |config: &mut RunConfig| {
        config.device = DeviceId::Software;
        config.epochs = 3;
    };
    let unbroken = finished(&set, &set.run(edit)).losses();

    let broken = set.run(edit);
    let control = Control::default();
    let stopper = control.clone();
    let mut first = Recorder::after(1, move || stopper.stop());
    train(&broken, &set.open(), &control, &mut first);
    let Some(Outcome::Stopped { step }) = first.outcome() else {
        panic!("{:?}", first.outcome());
    };
    // Steps are told some at a time, so that it may have gone on meanwhile; all of them before a validation.
    assert!((1..6).contains(step), "{step}");
    let rest = finished(&set, &broken);
    let joined = [first.losses(), rest.losses()].concat();
    assert_eq!(joined.len(), unbroken.len());
    for (found, expected) in joined.iter().zip(&unbroken) {
        assert!(
            (found - expected).abs() < 1e-3 * expected,
            "{joined:?} is not {unbroken:?}"
        );
    }
    let repeats = rest.events.iter().find_map(|event| match event {
        TrainEvent::Started(info) => info.repeats,
        _ => None,
    });
    assert_eq!(repeats, Some(Repeats::UpToRounding));
}
