//! What is told of real runs: nothing of sound ones, and of others what mends them.

use fcn_workbench::model::Trunk;
use fcn_workbench::training::checkpoint::RunFolder;
use fcn_workbench::training::{
    Alarm, AlarmKind, Control, InitialWeights, Outcome, Reduction, Remedy, RunConfig, TrainEvent,
    preset, train,
};

use crate::common::{Recorder, TinySet};

/// More than the steps in which alarms of the start come.
const STEPS: usize = 105;

/// Enough to see a loss fall.
const SOME: usize = 40;

/// Trains, and returns the folder, the losses and the alarms.
fn trained(
    set: &TinySet,
    steps: usize,
    edit: impl FnOnce(&mut RunConfig),
) -> (RunFolder, Vec<f64>, Vec<Alarm>) {
    let folder = set.run(|config| {
        (config.epochs, config.max_steps, config.preview_images) = (steps, Some(steps), 0);
        (config.checkpoints.minutes, config.checkpoints.epochs) = (0.0, 1000);
        edit(config);
    });
    let mut sink = Recorder {
        unwatched: true,
        ..Recorder::default()
    };
    train(&folder, &set.open(), &Control::default(), &mut sink);
    assert_eq!(sink.outcome(), Some(&Outcome::Finished));
    let alarms = sink.events.iter().filter_map(|event| match event {
        TrainEvent::Alarm(alarm) => Some(alarm.clone()),
        _ => None,
    });
    let alarms = alarms.collect();
    (folder, sink.losses(), alarms)
}

fn assert_falls(losses: &[f64]) {
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    let (first, last) = (mean(&losses[..5]), mean(&losses[losses.len() - 10..]));
    assert!(last < 0.8 * first, "{first} and then {last}: {losses:?}");
}

#[test]
fn the_rates_of_the_presets_raise_no_alarm() {
    // Few epochs, so that little is validated and saved.
    let set = TinySet::new(32, 1);
    // Random weights learn with these.
    let presets = [Trunk::Vgg16Slim, Trunk::Resnet50];
    let mut start = None;
    for trunk in presets {
        let learning = preset(trunk).learning;
        let (folder, losses, alarms) = trained(&set, STEPS, |config| config.learning = learning);
        assert_eq!(alarms, [], "{trunk}: {losses:?}");
        if trunk == Trunk::Vgg16Slim {
            assert_falls(&losses[..SOME]);
        }
        start = start.or(Some(folder));
    }
    // The others are for trained weights.
    let start = start.expect("a run").name();
    for trunk in [Trunk::Vgg16, Trunk::Alexnet] {
        let mut learning = preset(trunk).learning;
        learning.accumulation = 1;
        let (_, losses, alarms) = trained(&set, STEPS, |config| {
            config.learning = learning;
            config.init = InitialWeights::Run(start.clone());
        });
        assert_eq!(alarms, [], "{trunk}: {losses:?}");
    }
}

#[test]
fn what_is_offered_instead_of_a_rate_far_off_learns() {
    // Few epochs, so that little is validated and saved.
    let set = TinySet::new(32, 1);
    // Two images without their rows of void.
    let sum = Remedy::LearningRate(2.5e-5);
    let usual = set.config().learning;
    for (reduction, rate, remedy) in [
        (Reduction::Mean, 1e-9, Remedy::LearningRate(0.05)),
        (Reduction::Sum, 0.05, Remedy::Reduction(Reduction::Mean)),
        (Reduction::Sum, 1e-10, sum),
    ] {
        let wrong = |config: &mut RunConfig| {
            config.learning.reduction = reduction;
            config.learning.learning_rate = rate;
        };
        let (_, _, alarms) = trained(&set, 1, wrong);
        let [alarm] = &alarms[..] else {
            panic!("{reduction:?} {rate}: {alarms:?}")
        };
        assert_eq!(alarm.kind, AlarmKind::Rate, "{reduction:?} {rate}");
        assert_eq!(alarm.remedy.as_ref(), Some(&remedy), "{}", alarm.text);
        let mut mended = set.config();
        wrong(&mut mended);
        assert!(remedy.apply(&mut mended));
        if mended.learning == usual {
            // Which learns, as the test of the presets sees.
            continue;
        }
        let (_, losses, alarms) = trained(&set, SOME, |config| config.learning = mended.learning);
        assert_eq!(alarms, [], "{remedy:?}: {losses:?}");
        assert_falls(&losses);
    }
}
