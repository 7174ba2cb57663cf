//! The engine's plans in stages, and what it makes of imported runs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fcn_workbench::engine::{
    BandChoice, DatasetRef, Dirs, Engine, EngineError, EngineOptions, InitialWeights, RunConfig,
    RunState, RunWeights, Trunk, Variant, WeightsChoice,
};
use fcn_workbench::training::checkpoint::RunFolder;

use super::tensors::Tensors;
use super::{exported, is_trunk, parent, plain};
use crate::common::TinySet;

/// Past this something hangs; the slowest takes a small share of it.
const LIMIT: Duration = Duration::from_mins(2);

fn engine(set: &TinySet) -> Engine {
    let dirs = Dirs {
        data: set.dir.path().join("data"),
        runs: set.runs(),
    };
    let waker = Arc::new(|| {});
    let mut engine = Engine::new(EngineOptions {
        dirs,
        waker,
        probe_program: None,
        live_masks: false,
    });
    wait(&mut engine, Engine::runs_known);
    engine
}

#[track_caller]
fn wait(engine: &mut Engine, holds: impl Fn(&Engine) -> bool) {
    let since = Instant::now();
    while !holds(engine) {
        assert!(
            since.elapsed() < LIMIT,
            "not in time; {:?}",
            engine.take_notices()
        );
        engine.wait(Duration::from_millis(50));
    }
}

fn stages(set: &TinySet, edit: impl Fn(&mut RunConfig)) -> Vec<RunConfig> {
    let stage = |variant| {
        let mut config = set.config();
        plain(&mut config);
        config.variant = variant;
        edit(&mut config);
        config
    };
    Variant::STRIDES.map(stage).to_vec()
}

#[test]
fn each_stage_starts_from_the_one_before() {
    let set = TinySet::new(4, 1);
    let (_, file) = parent(&set);
    let mut engine = engine(&set);
    // So small a step that each stage keeps what it began with, but for the running values.
    engine
        .start_stages(stages(&set, |config| {
            (config.max_steps, config.learning.learning_rate) = (Some(1), 1e-12);
            config.init = InitialWeights::File(file.clone());
        }))
        .expect("a start");
    wait(&mut engine, |engine| {
        engine.plan().is_some_and(|plan| plan.done)
    });
    let plan = engine.plan().expect("a plan").clone();
    assert_eq!((plan.runs.len(), plan.total), (3, 3));
    let run = |at: usize| engine.run(&plan.runs[at]).expect("a run");
    let variants: Vec<Variant> = (0..3).map(|at| run(at).config.variant).collect();
    assert_eq!(variants, Variant::STRIDES);
    assert!((0..3).all(|at| run(at).state == RunState::Finished && run(at).steps.len() == 1));
    let inits: Vec<&InitialWeights> = (0..3).map(|at| &run(at).config.init).collect();
    let [first, second, _] = &plan.runs[..] else {
        panic!("{plan:?}")
    };
    assert_eq!(
        inits,
        [
            &InitialWeights::File(file),
            &InitialWeights::Run(first.clone()),
            &InitialWeights::Run(second.clone())
        ]
    );

    let of = |at: usize| exported(&set, &RunFolder::at(set.runs().join(&plan.runs[at])));
    let weights = |tensors: Tensors| -> Tensors {
        let learned = |name: &String| {
            !name.contains("running_") && (is_trunk(name) || name.starts_with("score_fr"))
        };
        tensors
            .into_iter()
            .filter(|(name, _)| learned(name))
            .collect()
    };
    let [coarse, middle, fine] = [of(0), of(1), of(2)].map(weights);
    for (name, tensor) in &coarse {
        for other in [&middle, &fine] {
            let apart = std::iter::zip(&tensor.values, &other[name].values)
                .map(|(left, right)| (left - right).abs())
                .fold(0.0, f32::max);
            assert!(apart < 1e-6, "{name}: {apart}");
        }
    }
    assert!(coarse.len() > 30, "{:?}", coarse.keys());
}

#[test]
fn a_plan_with_an_impossible_stage_does_not_begin() {
    let set = TinySet::new(4, 1);
    let mut engine = engine(&set);
    let mut configs = stages(&set, |_| {});
    configs[2].trunk = Trunk::Alexnet;
    // Nobody reads the dataset of a plan that cannot be trained.
    configs[0].dataset = DatasetRef::Sample;
    let refusal = engine.start_stages(configs).expect_err("refused");
    assert!(engine.active().is_none() && engine.plan().is_none());
    assert!(matches!(refusal, EngineError::Train(_)), "{refusal:?}");
    let text = refusal.to_string();
    assert!(text.contains("trunk is AlexNet"), "{text}");
    assert!(!set.runs().exists() && !set.dir.path().join("data").exists());
}

#[test]
fn a_failed_stage_ends_the_plan() {
    let set = TinySet::new(4, 1);
    let mut engine = engine(&set);
    let gone = set.dir.path().join("gone.pth");
    engine
        .start_stages(stages(&set, |config| {
            config.init = InitialWeights::File(gone.clone());
        }))
        .expect("a start");
    wait(&mut engine, |engine| {
        engine.plan().is_some_and(|plan| plan.done)
    });
    assert_eq!(
        engine.plan().map(|plan| plan.runs.len()),
        Some(0),
        "it never began"
    );
    let notices = engine.take_notices();
    assert!(
        notices
            .iter()
            .any(|notice| notice.text.contains("gone.pth")),
        "{notices:?}"
    );
}

#[test]
fn an_imported_run_is_listed_and_cannot_be_resumed() {
    let set = TinySet::new(4, 1);
    let (_, file) = parent(&set);
    let mut engine = engine(&set);
    let choice = WeightsChoice {
        path: file,
        variant: None,
        geometry: None,
        images: BandChoice::default(),
    };
    let name = engine.import_weights(choice).wait().expect("a run");
    assert_eq!(name, "imported-parent");
    engine.refresh_runs();
    wait(&mut engine, |engine| engine.run(&name).is_some());
    let run = engine.run(&name).expect("the run");
    assert_eq!(
        (&run.state, run.has_weights, run.can_resume),
        (&RunState::Finished, true, false)
    );
    let refusal = engine.resume_run(&name, None).expect_err("refused");
    assert!(engine.active().is_none());
    assert!(
        matches!(refusal, EngineError::Finished { .. }),
        "{refusal:?}"
    );
    let mask = engine
        .predict(
            &RunWeights::best(&*name),
            &set.image_path(0),
            None,
            Default::default(),
        )
        .wait()
        .expect("a mask");
    assert_eq!(mask.mask.labels.len(), 32 * 32);
}
