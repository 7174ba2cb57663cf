use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::engine::{Dirs, EngineOptions};
use crate::model::Trunk;
use crate::training::preset;

#[test]
fn times_equal_the_calendar() {
    assert_eq!(format_time(0, false), "1970-01-01 00:00");
    assert_eq!(format_time(951_782_400, false), "2000-02-29 00:00");
    assert_eq!(format_time(1_795_442_701, true), "20261123-140501");
}

/// An engine over runs `(name, created, has_weights)`.
fn engine(dir: &TempDir, runs: &[(&str, u64, bool)]) -> Engine {
    let dirs = Dirs {
        data: dir.path().join("data"),
        runs: dir.path().join("runs"),
    };
    for (name, created, _) in runs {
        let meta = RunMeta {
            config: preset(Trunk::Vgg16Slim),
            classes: ClassList::numbered(2),
            dataset_name: "sample".to_owned(),
            created: *created,
        };
        RunFolder::create(&dirs.runs, name, &meta).expect("a folder");
    }
    let mut engine = Engine::new(EngineOptions {
        dirs,
        waker: Arc::new(|| {}),
        probe_program: None,
        live_masks: false,
    });
    while !engine.runs_known() {
        engine.wait(Duration::from_millis(20));
    }
    let weights: BTreeMap<&str, bool> = runs.iter().map(|run| (run.0, run.2)).collect();
    for run in &mut engine.runs {
        run.has_weights = weights[run.name.as_str()];
    }
    engine
}

fn found(engine: &Engine, wanted: &str, need: Need) -> String {
    let run = engine.find_run(wanted, need).expect("a run");
    run.name.clone()
}

#[test]
fn latest_is_the_newest_by_time_within_a_minute_too() {
    let dir = tempfile::tempdir().expect("a folder");
    let runs = [
        ("c-first", 1_795_442_701, true),
        ("a-last", 1_795_442_703, true),
        ("b-middle", 1_795_442_702, true),
    ];
    let engine = engine(&dir, &runs);
    let names: Vec<&str> = engine.runs().iter().map(|run| run.name.as_str()).collect();
    assert_eq!(names, ["a-last", "b-middle", "c-first"]);
    assert_eq!(found(&engine, "latest", Need::Anything), "a-last");
    assert_eq!(found(&engine, "latest", Need::Weights), "a-last");
}

#[test]
fn to_predict_the_latest_is_the_newest_with_weights() {
    let dir = tempfile::tempdir().expect("a folder");
    let runs = [("old", 10, true), ("middle", 20, true), ("new", 30, false)];
    let engine = engine(&dir, &runs);
    assert_eq!(found(&engine, "latest", Need::Anything), "new");
    assert_eq!(found(&engine, "latest", Need::Weights), "middle");
    assert_eq!(found(&engine, "old", Need::Weights), "old");
    let named = engine.find_run("new", Need::Weights);
    assert!(matches!(named, Err(EngineError::NoWeights { run, .. }) if run == "new"));
    let absent = engine.find_run("other", Need::Anything);
    assert!(matches!(absent, Err(EngineError::NoSuchRun { run, .. }) if run == "other"));
}

#[test]
fn without_runs_there_is_no_latest() {
    let dir = tempfile::tempdir().expect("a folder");
    let none = engine(&dir, &[]);
    let latest = none.find_run("latest", Need::Anything);
    assert!(matches!(latest, Err(EngineError::NoRuns { .. })));

    let dir = tempfile::tempdir().expect("a folder");
    let untrained = engine(&dir, &[("new", 30, false)]);
    let latest = untrained.find_run("latest", Need::Weights);
    assert!(matches!(latest, Err(EngineError::NoRunWithWeights { .. })));
}
