//! How a step is computed: in which numbers, and what of it twice.

use std::fs;

use fcn_workbench::training::checkpoint::RunFolder;
use fcn_workbench::training::{
    Control, InitialWeights, Learning, Outcome, Precision, Reduction, RunConfig, train,
};

use super::epochs;
use crate::common::{Recorder, TinySet};

/// What is kept of the scale of the loss.
fn loss_scale(folder: &RunFolder) -> Option<serde_json::Value> {
    let text = fs::read_to_string(folder.path().join("last.json")).ok()?;
    let last: serde_json::Value = serde_json::from_str(&text).ok()?;
    Some(last["loss_scale"].clone())
}

#[test]
fn losses_of_rounded_convolutions_follow_those_of_full_ones() {
    let set = TinySet::new(4, 1);
    let losses = |precision: Precision| {
        let folder = set.run(|config| {
            (config.precision, config.epochs, config.dropout) = (precision, 3, 0.0);
            config.learning = Learning {
                learning_rate: 0.01,
                clip_norm: Some(1.0),
                ..config.learning.clone()
            };
        });
        let mut sink = Recorder::default();
        train(&folder, &set.open(), &Control::default(), &mut sink);
        assert_eq!(sink.outcome(), Some(&Outcome::Finished));
        if precision == Precision::F16 {
            // At most a step or two were left out.
            let factor = loss_scale(&folder).and_then(|scale| scale["factor"].as_f64());
            assert!(factor.is_some_and(|factor| factor >= 16384.0), "{factor:?}");
        }
        sink.losses()
    };
    let exact = losses(Precision::F32);
    assert!(exact.len() == 6 && exact[5] < 0.9 * exact[0], "{exact:?}");
    for (precision, epsilon) in [(Precision::Bf16, 0.1), (Precision::F16, 0.05)] {
        let rounded = losses(precision);
        assert_ne!(rounded, exact, "nothing was rounded");
        for (rounded, exact) in rounded.iter().zip(&exact) {
            assert!(
                (rounded - exact).abs() < epsilon * exact,
                "{precision:?}: {rounded} for {exact}"
            );
        }
    }
}

#[test]
fn a_run_that_recomputes_its_stages_drops_the_same_and_is_the_same_run() {
    let set = TinySet::new(4, 1);
    // Weights that are random are drawn when they are first needed, which is in another order.
    let parent = set.run(|_| {});
    train(
        &parent,
        &set.open(),
        &Control::default(),
        &mut Recorder::default(),
    );
    let run = |recompute_activations: bool, dropout: f64| {
        let folder = set.run(|config| {
            (config.recompute_activations, config.epochs, config.dropout) =
                (recompute_activations, 2, dropout);
            config.init = InitialWeights::Run(parent.name());
        });
        let mut sink = Recorder::default();
        train(&folder, &set.open(), &Control::default(), &mut sink);
        assert_eq!(sink.outcome(), Some(&Outcome::Finished));
        // Validation computes with the running statistics of batch normalization.
        let scores: Vec<_> = epochs(&sink)
            .iter()
            .map(|epoch| (epoch.val_loss, epoch.scores.clone()))
            .collect();
        (sink.losses(), scores)
    };
    let expected = run(false, 0.5);
    assert_eq!(run(true, 0.5), expected);
    assert_ne!(run(true, 0.0), expected, "nothing was dropped");
}

#[test]
fn a_resumed_run_keeps_its_loss_scale() {
    let set = TinySet::new(4, 1);
    // The sum over 2048 pixels, 65536 times: too much for 16 bits in the first steps.
    let edit = |config: &mut RunConfig| {
        (config.precision, config.epochs) = (Precision::F16, 3);
        config.learning = Learning {
            reduction: Reduction::Sum,
            learning_rate: 1e-6,
            ..config.learning.clone()
        };
    };
    let unbroken = set.run(edit);
    let mut whole = Recorder::default();
    train(&unbroken, &set.open(), &Control::default(), &mut whole);
    assert_eq!(whole.outcome(), Some(&Outcome::Finished));
    let factor = loss_scale(&unbroken)
        .and_then(|scale| scale["factor"].as_f64())
        .expect("a factor");
    assert!(factor < 65536.0, "no step was left out: {factor}");

    let broken = set.run(edit);
    let control = Control::default();
    let stopper = control.clone();
    let mut first = Recorder::after(3, move || stopper.stop());
    train(&broken, &set.open(), &control, &mut first);
    let mut rest = Recorder::default();
    train(&broken, &set.open(), &Control::default(), &mut rest);
    let joined: Vec<f64> = first.losses().into_iter().chain(rest.losses()).collect();
    assert_eq!(joined, whole.losses());
    assert_eq!(loss_scale(&broken), loss_scale(&unbroken));
}
