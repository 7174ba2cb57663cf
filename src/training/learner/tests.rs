use super::*;
use crate::model::{Trunk, Variant};
use crate::training::learning::Reduction;
use crate::training::preset;
use burn::module::{ModuleVisitor, Param};

const SIZE: usize = 64;
const RATE: f64 = 0.1;

/// A network without dropout that has no momentum to begin with.
fn learner() -> Learner {
    let mut config = preset(Trunk::Vgg16Slim);
    (config.variant, config.dropout) = (Variant::Fcn32s, 0.0);
    config.learning = Learning::sgd(RATE, 0.9, 0.0);
    Learner::new(&config, 2, &Device::flex())
}

/// The same weights with other values of the optimizer.
fn changed(base: &Learner, edit: impl FnOnce(&mut Learning)) -> Learner {
    let mut learning = base.learning.clone();
    edit(&mut learning);
    Learner {
        arithmetic: Arithmetic::EXACT,
        model: base.model.clone(),
        optimizer: Optimizer::new(&learning),
        loss: Loss::new(learning.objective.clone(), learning.reduction),
        gradients: Accumulated::new(),
        pool: BufferPool::default(),
        loss_scale: base.loss_scale,
        norm: None,
        read_norm: None,
        learning,
        precision: base.precision,
        recompute_activations: base.recompute_activations,
        device: base.device.clone(),
        num_classes: base.num_classes,
        reads_at_once: base.reads_at_once,
        looks: false,
        look: None,
    }
}

/// One image: a row of void, then some rows of class 0, then more of class 1.
fn batch() -> Batch {
    let label = |pixel: usize| match pixel / SIZE {
        0 => 255,
        1..20 => 0,
        _ => 1,
    };
    Batch {
        images: (0..3 * SIZE * SIZE)
            .map(|n| (n * 37 % 101) as f32 / 50.0 - 1.0)
            .collect(),
        labels: (0..SIZE * SIZE).map(label).collect(),
        batch_size: 1,
        height: SIZE,
        width: SIZE,
        ids: vec!["image".to_owned()],
    }
}

/// How far each weight goes in one step with the gradients of equal batches.
fn changes(base: &Learner, mut learner: Learner, batches: usize, learning_rate: f64) -> Vec<f32> {
    for _ in 0..batches {
        let loss = read(learner.add(batch(), learning_rate, 1).expect("a loss")).expect("a number");
        // Score layers start at 0, so both classes are as likely.
        assert!((loss - std::f64::consts::LN_2).abs() < 1e-6, "{loss}");
    }
    let learner = learner.step(learning_rate, 1).expect("a step");
    let after = weights(&learner.model);
    std::iter::zip(weights(&base.model), after)
        .map(|(before, after)| after - before)
        .collect()
}

/// All weights but the running statistics of batch normalization, which have no gradient.
fn weights(model: &Network) -> Vec<f32> {
    values(model, false)
}

/// The running statistics of batch normalization.
fn statistics(model: &Network) -> Vec<f32> {
    values(&model.valid(), true)
}

fn values(model: &Network, running: bool) -> Vec<f32> {
    struct Seen {
        values: Vec<f32>,
        name: String,
        running: bool,
    }
    impl ModuleVisitor for Seen {
        fn enter_module(&mut self, name: &str, _container_type: &str) {
            name.clone_into(&mut self.name);
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if self.name.starts_with("running") == self.running {
                self.values
                    .extend(param.val().into_data().try_to_vec::<f32>().expect("floats"));
            }
        }
    }
    let mut seen = Seen {
        values: Vec::new(),
        name: String::new(),
        running,
    };
    model.visit(&mut seen);
    seen.values
}

fn length(changes: &[f32]) -> f64 {
    changes
        .iter()
        .map(|change| f64::from(*change).powi(2))
        .sum::<f64>()
        .sqrt()
}

#[track_caller]
fn assert_close(changes: &[f32], expected: &[f32]) {
    assert!(length(expected) > 1e-3, "nothing was learned");
    let apart: Vec<f32> = std::iter::zip(changes, expected)
        .map(|(a, b)| a - b)
        .collect();
    assert!(
        length(&apart) < 1e-4 * length(expected),
        "{} of {}",
        length(&apart),
        length(expected)
    );
}

#[test]
fn the_same_batch_over_and_over_makes_the_step_of_one() {
    let base = learner();
    let once = changes(&base, changed(&base, |_| {}), 1, RATE);
    assert_close(&changes(&base, changed(&base, |_| {}), 3, RATE), &once);
}

#[test]
fn the_sum_steps_as_far_as_the_mean_with_the_rate_divided_by_the_pixels() {
    let base = learner();
    let mean = changes(&base, changed(&base, |_| {}), 1, RATE);
    let summed = changed(&base, |learning| learning.reduction = Reduction::Sum);
    let labeled = (SIZE * SIZE - SIZE) as f64;
    assert_close(&changes(&base, summed, 1, RATE / labeled), &mean);
}

/// Weights and running statistics after steps of two batches each.
fn after(
    base: &Learner,
    recompute_activations: bool,
    steps: usize,
    learning_rate: f64,
) -> [Vec<f32>; 2] {
    // Copies made in this way do not share what batch normalization gathers.
    let model = base.model.valid().train();
    let mut learner = Learner {
        model,
        recompute_activations,
        ..changed(base, |_| {})
    };
    for step in 1..=steps {
        for _ in 0..2 {
            learner.add(batch(), learning_rate, step).expect("a loss");
        }
        learner = learner.step(learning_rate, step).expect("a step");
    }
    [weights(&learner.model), statistics(&learner.model)]
}

#[test]
fn recomputed_stages_of_a_vgg_give_the_same_gradients_and_statistics() {
    let mut config = preset(Trunk::Vgg16Slim);
    (config.variant, config.dropout) = (Variant::Fcn8s, 0.0);
    config.learning = Learning::sgd(RATE, 0.9, 0.0);
    let base = Learner::new(&config, 2, &Device::flex());
    let before = [weights(&base.model), statistics(&base.model)];
    let expected = after(&base, false, 2, RATE);
    for (before, expected) in std::iter::zip(&before, &expected) {
        assert!(expected.len() > 100 && before.len() == expected.len() && before != expected);
    }
    // Not `assert_eq!`, which would print a million numbers.
    assert!(after(&base, true, 2, RATE) == expected);
}

#[test]
fn recomputed_blocks_of_a_resnet_with_two_heads_give_the_same_gradients_and_statistics() {
    const RATE: f64 = 0.01;
    let mut config = preset(Trunk::Resnet50);
    (config.variant, config.dropout, config.aux_head) = (Variant::FcnResnet50, 0.0, true);
    config.learning = Learning::sgd(RATE, 0.9, 0.0);
    let base = Learner::new(&config, 2, &Device::flex());
    let [before, first] = [weights(&base.model), statistics(&base.model)];
    let [expected, statistics] = after(&base, false, 1, RATE);
    let [found, found_statistics] = after(&base, true, 1, RATE);
    assert!(first.len() > 100 && first != statistics && found_statistics == statistics);
    // The block that the second head listens to adds three gradients, in another order.
    let change = |after: Vec<f32>| -> Vec<f32> {
        std::iter::zip(&before, after)
            .map(|(before, after)| after - before)
            .collect()
    };
    assert_close(&change(found), &change(expected));
}

#[test]
fn a_clipped_step_is_as_long_as_the_limit_and_goes_the_same_way() {
    let base = learner();
    let free = changes(&base, changed(&base, |_| {}), 1, RATE);
    let norm = length(&free) / RATE;
    let clipped = |most| {
        changes(
            &base,
            changed(&base, |learning| learning.clip_norm = Some(most)),
            1,
            RATE,
        )
    };
    let quarter: Vec<f32> = free.iter().map(|change| 0.25 * change).collect();
    assert_close(&clipped(0.25 * norm), &quarter);
    assert_close(&clipped(2.0 * norm), &free);
}

#[test]
fn the_processor_measures_the_gradients_of_every_step() {
    let base = learner();
    let free = changes(&base, changed(&base, |_| {}), 1, RATE);
    let mut learner = changed(&base, |_| {});
    learner.add(batch(), RATE, 1).expect("a loss");
    let learner = learner.step(RATE, 1).expect("a step");
    let (norm, expected) = (learner.read_norm().expect("a norm"), length(&free) / RATE);
    assert!((norm / expected - 1.0).abs() < 1e-3, "{norm} {expected}");
}

#[test]
fn gradients_of_large_networks_are_measured_now_and_then() {
    assert!((1..20).all(|step| is_norm_measured(1_300_000, step)));
    let measured: Vec<usize> = (1..20)
        .filter(|step| is_norm_measured(134_000_000, *step))
        .collect();
    assert_eq!(measured, [1, 9, 17]);
}

#[test]
fn gradients_beyond_numbers_are_refused_where_they_are_measured() {
    let base = learner();
    let mut learner = changed(&base, |learning| learning.clip_norm = Some(1.0));
    let logits = learner
        .model
        .forward(Tensor::zeros([1, 3, 8, 8], &learner.device));
    learner
        .gradients
        .add(&learner.model, logits.sum().mul_scalar(f32::INFINITY));
    let message = learner.step(RATE, 7).err().expect("no norm").to_string();
    assert!(
        message.contains("gradients") && message.contains("step 7"),
        "{message}"
    );
}

#[test]
fn a_step_that_reads_nothing_goes_as_far_and_leaves_what_was_not_looked_at() {
    let base = learner();
    let unread = |learner: Learner| Learner {
        reads_at_once: false,
        looks: false,
        look: None,
        ..learner
    };
    let free = changes(&base, changed(&base, |_| {}), 2, RATE);
    assert_eq!(
        changes(&base, unread(changed(&base, |_| {})), 2, RATE),
        free
    );
    let most = Some(0.25 * length(&free) / RATE);
    let clipping = || changed(&base, |learning| learning.clip_norm = most);
    let clipped = changes(&base, clipping(), 2, RATE);
    assert!(length(&clipped) < 0.3 * length(&free));
    assert_close(&changes(&base, unread(clipping()), 2, RATE), &clipped);

    // Before it is broken: copies share what batch normalization has gathered.
    base.check_weights(0, RATE).expect("sound weights");
    let mut learner = unread(clipping());
    let mut broken = batch();
    broken.images[0] = f32::NAN;
    let loss = learner.add(broken, RATE, 7).expect("nobody looked");
    assert!(read(loss).expect("a number").is_nan());
    let mut learner = learner.step(RATE, 7).expect("nobody looked");
    assert!(
        read(learner.take_norm().expect("a norm"))
            .expect("a number")
            .is_nan()
    );
    let message = learner
        .check_weights(7, RATE)
        .expect_err("broken")
        .to_string();
    assert!(
        message.contains("weights") && message.contains("step 7"),
        "{message}"
    );
}
