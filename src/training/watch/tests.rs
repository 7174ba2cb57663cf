use super::*;
use crate::metrics::ConfusionMatrix;
use crate::training::learning::{OptimizerKind, Reduction};
use crate::training::preset;

fn config(edit: impl FnOnce(&mut RunConfig)) -> RunConfig {
    let mut config = preset(Trunk::Vgg16Slim);
    edit(&mut config);
    config
}

fn watch(config: &RunConfig, classes: usize) -> Watch {
    let names = (0..classes).map(|class| format!("class {class}"));
    Watch::new(config, names.collect(), 0)
}

fn record(step: usize, loss: f64) -> StepRecord {
    StepRecord {
        step,
        epoch: 1,
        loss,
        learning_rate: 0.05,
        secs: 0.1,
        grad_norm: None,
    }
}

/// The steps at which there was an alarm.
fn alarms(watch: &mut Watch, losses: impl IntoIterator<Item = f64>) -> Vec<(usize, Alarm)> {
    let steps = losses.into_iter().zip(1..);
    steps
        .filter_map(|(loss, step)| Some((step, watch.step(&record(step, loss))?)))
        .collect()
}

fn matrix(truth: &[u8], predicted: &[u8]) -> ConfusionMatrix {
    let mut matrix = ConfusionMatrix::new(3);
    matrix.add(truth, predicted);
    matrix
}

#[test]
fn a_loss_that_stays_at_a_guess_is_told_once_with_a_larger_rate() {
    let guess = 4f64.ln();
    let mut watch = watch(&config(|_| ()), 4);
    let dead = alarms(&mut watch, std::iter::repeat_n(guess * 1.0005, 300));
    let [(100, alarm)] = &dead[..] else {
        panic!("{dead:?}");
    };
    assert_eq!(alarm.kind, AlarmKind::Dead);
    assert_eq!(alarm.remedy, Some(Remedy::LearningRate(0.5)));
    assert!(
        alarm
            .text
            .contains("1.39 after 100 steps, nearly the 1.39 of a guess")
            && alarm.text.contains("raise it to 0.5"),
        "{}",
        alarm.text
    );
}

#[test]
fn a_plain_trunk_that_stands_still_from_random_weights_wants_pretrained_ones() {
    let guess = 4f64.ln();
    let mut config = preset(Trunk::Vgg16);
    let of = |config: &RunConfig| {
        let told = alarms(&mut watch(config, 4), std::iter::repeat_n(guess, 100));
        told.into_iter().next().and_then(|(_, alarm)| alarm.remedy)
    };
    assert_eq!(of(&config), Some(Remedy::PretrainedWeights));
    config.init = InitialWeights::File("vgg16.pth".into());
    assert_eq!(of(&config), Some(Remedy::LearningRate(1e-3)));
}

#[test]
fn a_loss_that_explodes_is_told_once_with_a_smaller_rate() {
    let losses = [4f64.ln(); 5]
        .into_iter()
        .chain(std::iter::repeat_n(20.0, 50));
    let exploded = alarms(&mut watch(&config(|_| ()), 4), losses);
    let [(15, alarm)] = &exploded[..] else {
        panic!("{exploded:?}");
    };
    assert_eq!(alarm.kind, AlarmKind::Exploded);
    assert_eq!(alarm.remedy, Some(Remedy::LearningRate(0.005)));
    assert!(
        alarm.text.contains("20.0 at step 15") && alarm.text.contains("lower it to 0.005"),
        "{}",
        alarm.text
    );
}

#[test]
fn weights_that_are_sure_of_what_is_wrong_are_told_at_the_first_step() {
    let start = config(|config| config.init = InitialWeights::Run("other".to_owned()));
    let told = alarms(&mut watch(&start, 4), [5.0, 4.0, 3.0]);
    assert_eq!((told.len(), told[0].0), (1, 1));
    assert_eq!(told[0].1.kind, AlarmKind::Start);
    let mut resumed = Watch::new(&start, vec!["a".to_owned(); 4], 7);
    assert_eq!(alarms(&mut resumed, [5.0, 4.0, 3.0]), []);
}

#[test]
fn a_loss_that_falls_slowly_or_jumps_now_and_then_is_sound() {
    let guess = 4f64.ln();
    let of = |losses: Vec<f64>| alarms(&mut watch(&config(|_| ()), 4), losses);
    let slow = (0..300).map(|step| guess * (1.0 - 1e-4 * f64::from(step)));
    assert_eq!(of(slow.collect()), []);
    let jumps = (0..300).map(|step| if step % 10 == 5 { 30.0 } else { 1.0 });
    assert_eq!(of(jumps.collect()), []);
    // From trained weights.
    assert_eq!(of(vec![0.2; 300]), []);
}

#[test]
fn batches_of_void_are_told() {
    let void = config(|_| ());
    let mut found = watch(&void, 2);
    let mut told = 0;
    for batch in 1..=30 {
        let alarm = found.batch(&[255, 255]);
        told += usize::from(alarm.is_some());
        assert_eq!(told, usize::from(batch >= 10));
        assert!(alarm.is_none_or(|alarm| alarm.remedy == Some(Remedy::Labels)));
    }
    let mut sound = watch(&void, 2);
    for batch in 0..30 {
        let label = if batch % 9 == 8 { 1 } else { 255 };
        assert_eq!(sound.batch(&[255, label]), None);
    }
}

#[test]
fn rates_that_are_meant_for_another_loss_or_optimizer_are_told_at_the_first_batch() {
    use OptimizerKind::{AdamW, Sgd};
    use Reduction::{Mean, Sum};
    let set = |mut config: RunConfig, optimizer, reduction, rate: f64| {
        let learning = &mut config.learning;
        (learning.optimizer, learning.reduction) = (optimizer, reduction);
        learning.learning_rate = rate;
        let alarm = watch(&config, 2).batch(&vec![1; 20_000]);
        alarm.map(|alarm| (alarm.kind, alarm.remedy.expect("a remedy")))
    };
    let of = |optimizer, reduction, rate| set(config(|_| ()), optimizer, reduction, rate);
    let told = |remedy| Some((AlarmKind::Rate, remedy));
    assert_eq!(of(Sgd, Mean, 1e-6), told(Remedy::Reduction(Sum)));
    // The sum over 20,000 pixels would not make it learn.
    assert_eq!(of(Sgd, Mean, 1e-10), told(Remedy::LearningRate(0.05)));
    assert_eq!(of(Sgd, Mean, 1e-5), told(Remedy::LearningRate(0.05)));
    assert_eq!(of(Sgd, Sum, 1e-10), told(Remedy::LearningRate(2.5e-6)));
    assert_eq!(of(Sgd, Sum, 0.05), told(Remedy::Reduction(Mean)));
    assert_eq!(of(Sgd, Mean, 20.0), told(Remedy::LearningRate(0.05)));
    assert_eq!(of(AdamW, Mean, 0.05), told(Remedy::LearningRate(1e-3)));
    assert_eq!(of(AdamW, Mean, 1e-10), told(Remedy::LearningRate(1e-3)));
    for (optimizer, reduction, rate) in [
        (Sgd, Mean, 1e-4),
        (Sgd, Mean, 0.05),
        (Sgd, Sum, 3e-6),
        (AdamW, Sum, 1e-3),
    ] {
        assert_eq!(of(optimizer, reduction, rate), None, "{rate}");
    }
    // The papers' nets start from trained weights and move little.
    let trained = |reduction, rate| {
        let mut config = preset(Trunk::Vgg16);
        config.init = InitialWeights::File("vgg16.pth".into());
        set(config, Sgd, reduction, rate)
    };
    for rate in [1e-10, 1e-12, 1e-14] {
        assert_eq!(trained(Sum, rate), None, "{rate}");
    }
    assert_eq!(trained(Mean, 1e-9), told(Remedy::Reduction(Sum)));
    assert_eq!(trained(Mean, 1e-4), None);
    assert_eq!(trained(Sum, 1e-4), told(Remedy::Reduction(Mean)));
    // A resumed run was told before.
    let config = config(|config| config.learning.learning_rate = 1e-5);
    let mut resumed = Watch::new(&config, vec!["a".to_owned(); 2], 7);
    assert_eq!(resumed.batch(&[1; 100]), None);
}

/// What is told after 100 steps with a loss and looks.
fn after_looks(config: &RunConfig, losses: &[f64], looks: &ConfusionMatrix) -> Option<Alarm> {
    after_looks_of(watch(config, 3), losses, looks)
}

fn after_looks_of(mut watch: Watch, losses: &[f64], looks: &ConfusionMatrix) -> Option<Alarm> {
    let looks = ClassShares::of(looks);
    let mut told = None;
    for (step, loss) in (1..=100).zip(losses) {
        if let (true, Some(looks)) = (watch.wants_look(step - 1), &looks) {
            watch.look(looks.clone());
        }
        told = told.or(watch.step(&record(step, *loss)));
    }
    told
}

#[test]
fn masks_of_one_class_are_told_where_nothing_but_shares_was_learned() {
    // Shares of 1/2, 1/4 and 1/4: an entropy of 1.04.
    let one = matrix(&[0, 0, 1, 2], &[1; 4]);
    let start = config(|_| ());
    let alarm = after_looks(&start, &[1.05; 100], &one).expect("an alarm");
    assert_eq!(alarm.kind, AlarmKind::OneClass);
    assert!(
        alarm.text.contains(
            "100.0 % of the pixels of the last batches are predicted as class 1, which has 25.0 %"
        ),
        "{}",
        alarm.text
    );
    assert_eq!(alarm.remedy, Some(Remedy::LearningRate(0.005)));
    // Where the rate was told already, it is not told to be too large as well.
    let mut tiny = watch(&start, 3);
    tiny.told.push(AlarmKind::Rate);
    assert_eq!(after_looks_of(tiny, &[1.05; 100], &one), None);
    // Most pixels are of one class, and the loss is that of their shares, 0.8.
    let rare = matrix(&[0, 0, 0, 0, 0, 0, 0, 1, 1, 2], &[0; 10]);
    let alarm = after_looks(&start, &[0.8; 100], &rare).expect("an alarm");
    assert_eq!(
        alarm.remedy,
        Some(Remedy::ClassWeights(ClassWeights::Median))
    );
    // It knows more than the shares, or learns, or one class is nearly all there is.
    assert_eq!(after_looks(&start, &[0.7; 100], &one), None);
    let falling: Vec<f64> = (0..100).map(|step| 1.2 - 0.002 * f64::from(step)).collect();
    assert_eq!(after_looks(&start, &falling, &one), None);
    // By 1 % in 25 steps, which is little, but more than it scatters; and less than that.
    let slowly = |scatter: f64| -> Vec<f64> {
        let loss = |step: u32| 1.15 - 0.0005 * f64::from(step);
        let jump = |step: u32| scatter * f64::from(step * 7 % 5) - 2.0 * scatter;
        (0..100).map(|step| loss(step) + jump(step)).collect()
    };
    assert_eq!(after_looks(&start, &slowly(0.005), &one), None);
    assert!(after_looks(&start, &slowly(0.05), &one).is_some());
    assert_eq!(
        after_looks(&start, &[0.2; 100], &matrix(&[1; 4], &[1; 4])),
        None
    );
    assert_eq!(
        after_looks(&start, &[1.05; 100], &matrix(&[255; 4], &[1; 4])),
        None
    );
    let two = matrix(&[0, 0, 1, 2], &[0, 0, 1, 1]);
    assert_eq!(after_looks(&start, &[1.05; 100], &two), None);
}

#[test]
fn random_weights_that_do_not_even_learn_how_frequent_the_classes_are_are_told() {
    // Between 1.10, the loss of a guess, and 1.04, that of the shares.
    let looks = matrix(&[0, 0, 1, 2], &[0, 1, 1, 2]);
    let start = config(|_| ());
    let slow = |to: f64| -> Vec<f64> {
        let guess = 3f64.ln();
        (0..100)
            .map(|step| guess - (guess - to) * f64::from(step) / 100.0)
            .collect()
    };
    let alarm = after_looks(&start, &slow(1.096), &looks).expect("an alarm");
    assert_eq!(alarm.kind, AlarmKind::Dead);
    assert!(
        alarm.text.contains("nearly the 1.10 of a guess"),
        "{}",
        alarm.text
    );
    assert_eq!(after_looks(&start, &slow(1.08), &looks), None);
    let jumps: Vec<f64> = (0..100)
        .map(|step| if step % 2 == 0 { 0.9 } else { 1.3 })
        .collect();
    assert_eq!(after_looks(&start, &jumps, &looks), None);
    // Trained weights may move little, and other losses lead elsewhere.
    for other in [
        config(|config| config.init = InitialWeights::Run("other".to_owned())),
        config(|config| config.learning.objective.focal_gamma = 2.0),
        config(|config| config.learning.warmup_steps = 200),
    ] {
        assert_eq!(after_looks(&other, &slow(1.096), &looks), None);
    }
}

#[test]
fn a_plain_trunk_that_learns_no_more_than_shares_from_random_weights_is_told() {
    // A loss that falls, as the biases learn how frequent the classes are, to 1.04 and not below.
    let slowly: Vec<f64> = (0..100).map(|step| 1.3 - 0.002 * f64::from(step)).collect();
    let one = matrix(&[0, 0, 1, 2], &[1; 4]);
    let plain = preset(Trunk::Vgg16);
    let alarm = after_looks(&plain, &slowly, &one).expect("an alarm");
    assert_eq!(alarm.kind, AlarmKind::OneClass);
    assert_eq!(alarm.remedy, Some(Remedy::PretrainedWeights));
    assert!(
        alarm.text.contains("starts from random weights"),
        "{}",
        alarm.text
    );
    // One class a batch, but not the same.
    let looks = [0, 1, 2, 1, 0].map(|class| matrix(&[0, 0, 1, 2], &[class; 4]));
    let of = |config: &RunConfig, losses: &[f64], last: &ConfusionMatrix| {
        let mut watch = watch(config, 3);
        for look in looks[..4].iter().chain([last]) {
            watch.look(ClassShares::of(look).expect("labeled"));
        }
        alarms(&mut watch, losses.iter().copied())
    };
    let told = of(&plain, &slowly, &looks[4]);
    assert_eq!((told.len(), told[0].0), (1, 100));
    assert_eq!(told[0].1.remedy, Some(Remedy::PretrainedWeights));
    // With two classes, the loss still being that of the shares.
    let two = matrix(&[0, 0, 1, 2], &[0, 0, 1, 1]);
    let told = of(&plain, &slowly, &two);
    assert_eq!((told.len(), told[0].1.kind), (1, AlarmKind::Dead));
    assert_eq!(told[0].1.remedy, Some(Remedy::PretrainedWeights));
    // It knows two classes and a little more than the shares, or much more, or began with trained weights, or has another trunk.
    let more: Vec<f64> = slowly.iter().map(|loss| loss - 0.15).collect();
    assert_eq!(of(&plain, &more, &two), []);
    let known: Vec<f64> = slowly.iter().map(|loss| loss - 0.4).collect();
    assert_eq!(of(&plain, &known, &looks[4]), []);
    let mut trained = plain.clone();
    trained.init = InitialWeights::File("vgg16.pth".into());
    assert_eq!(of(&trained, &slowly, &looks[4]), []);
    assert_eq!(of(&config(|_| ()), &slowly, &looks[4]), []);
}

#[test]
fn another_setting_that_is_far_off_is_to_blame_and_not_the_rate() {
    let explodes = |config: &RunConfig| {
        let losses = [4f64.ln(); 5].into_iter().chain([20.0; 20]);
        let told = alarms(&mut watch(config, 4), losses);
        told.into_iter().next().map(|(_, alarm)| alarm)
    };
    let decay = config(|config| config.learning.weight_decay = 1e30);
    let alarm = explodes(&decay).expect("an alarm");
    assert_eq!(alarm.remedy, Some(Remedy::WeightDecay(5e-4)));
    assert!(
        alarm.text.contains("the weight decay of 1e30"),
        "{}",
        alarm.text
    );
    let momentum = config(|config| config.learning.momentum = 0.9999);
    assert_eq!(
        watch(&momentum, 4).batch(&[1; 4]),
        None,
        "the rate is usual"
    );
    let alarm = explodes(&momentum).expect("an alarm");
    assert_eq!(alarm.remedy, Some(Remedy::Momentum(0.9)));

    // Of a focal loss, which does not begin at that of a guess.
    let focal = config(|config| config.learning.objective.focal_gamma = 10.0);
    let dead = alarms(&mut watch(&focal, 4), [0.08; 100]);
    assert_eq!((dead.len(), dead[0].0), (1, 100));
    assert_eq!(dead[0].1.kind, AlarmKind::Dead);
    assert_eq!(dead[0].1.remedy, Some(Remedy::FocalGamma(2.0)));
    let text = &dead[0].1.text;
    assert!(text.contains("nearly the 0.08 of the first step"), "{text}");
    // Trained weights that are moved little are no alarm.
    let trained = config(|config| config.init = InitialWeights::Run("other".to_owned()));
    assert_eq!(alarms(&mut watch(&trained, 4), [0.08; 100]), []);
}

#[test]
fn masks_of_the_validation_are_looked_at_after_the_start() {
    let one = ClassShares::of(&matrix(&[0, 0, 1, 2], &[1; 4])).expect("labeled");
    let mut watch = watch(&config(|_| ()), 3);
    let told = |watch: &mut Watch, steps: std::ops::Range<usize>| {
        for step in steps {
            assert_eq!(watch.step(&record(step, 1.05)), None);
        }
        watch.masks(&one, 100)
    };
    assert_eq!(told(&mut watch, 1..100), None, "it has only begun");
    let alarm = told(&mut watch, 100..101).expect("an alarm");
    assert!(alarm.text.contains("of the validation are predicted"));
    assert_eq!(watch.masks(&one, 200), None, "once");
}
