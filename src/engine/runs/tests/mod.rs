mod trash;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::*;
use crate::dataset::ImageReading;
use crate::engine::{Dirs, EngineOptions};
use crate::model::Trunk;
use crate::training::preset;

/// An engine over runs `(name, created, has_weights)`.
fn engine(dir: &TempDir, runs: &[(&str, u64, bool)]) -> Engine {
    let dirs = Dirs {
        data: dir.path().join("data"),
        runs: dir.path().join("runs"),
    };
    for (name, created, _) in runs {
        make_run(&dirs.runs, name, *created);
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
        run.has_weights = weights.get(run.name.as_str()).copied().unwrap_or_default();
    }
    engine
}

fn make_run(runs: &Path, name: &str, created: u64) {
    let meta = RunMeta {
        config: preset(Trunk::Vgg16Slim),
        classes: ClassList::numbered(2),
        images: ImageReading::default(),
        dataset_name: "sample".to_owned(),
        created,
    };
    RunFolder::create(runs, name, &meta).expect("a folder");
}

/// One more program over the same folders.
fn more(dir: &TempDir) -> Engine {
    engine(dir, &[])
}

/// Lets events in until `holds`.
#[track_caller]
fn until(engine: &mut Engine, what: &str, holds: impl Fn(&Engine) -> bool) {
    let since = Instant::now();
    while !holds(engine) {
        assert!(
            since.elapsed() < Duration::from_mins(1),
            "not in time: {what}"
        );
        engine.wait(Duration::from_millis(10));
    }
}

fn names(engine: &Engine) -> Vec<&str> {
    engine.runs().iter().map(|run| run.name.as_str()).collect()
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
    assert_eq!(found(&engine, "latest", Need::Training), "a-last");
    assert_eq!(found(&engine, "latest", Need::Weights), "a-last");
}

#[test]
fn to_predict_the_latest_is_the_newest_with_weights() {
    let dir = tempfile::tempdir().expect("a folder");
    let runs = [("old", 10, true), ("middle", 20, true), ("new", 30, false)];
    let engine = engine(&dir, &runs);
    assert_eq!(found(&engine, "latest", Need::Training), "new");
    assert_eq!(found(&engine, "latest", Need::Weights), "middle");
    assert_eq!(found(&engine, "old", Need::Weights), "old");
    let named = engine.find_run("new", Need::Weights);
    assert!(matches!(named, Err(EngineError::NoWeights { run, .. }) if run == "new"));
    let absent = engine.find_run("other", Need::Training);
    assert!(matches!(absent, Err(EngineError::NoSuchRun { run, .. }) if run == "other"));
}

#[test]
fn imported_weights_are_the_latest_to_predict_with_and_not_to_resume() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut engine = engine(&dir, &[("trained", 10, true), ("imported", 20, true)]);
    let imported = engine.runs.iter_mut().find(|run| run.name == "imported");
    imported.expect("the run").state = RunState::Finished;
    assert_eq!(found(&engine, "latest", Need::Weights), "imported");
    assert_eq!(found(&engine, "latest", Need::Training), "trained");
    assert_eq!(found(&engine, "imported", Need::Training), "imported");
    // Where there is nothing else, it says why it cannot be resumed.
    engine.runs.retain(|run| run.name == "imported");
    assert_eq!(found(&engine, "latest", Need::Training), "imported");
}

#[test]
fn without_runs_there_is_no_latest() {
    let dir = tempfile::tempdir().expect("a folder");
    let none = engine(&dir, &[]);
    let latest = none.find_run("latest", Need::Training);
    assert!(matches!(latest, Err(EngineError::NoRuns { .. })));

    let dir = tempfile::tempdir().expect("a folder");
    let untrained = engine(&dir, &[("new", 30, false)]);
    let latest = untrained.find_run("latest", Need::Weights);
    assert!(matches!(latest, Err(EngineError::NoRunWithWeights { .. })));
}

#[test]
fn notes_are_written_and_taken_back() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut engine = engine(&dir, &[("a", 1_795_442_701, true)]);
    let title = |engine: &Engine| engine.run("a").expect("a run").title();
    assert_eq!(
        title(&engine),
        "FCN-8s VGG16 slim on sample, 2026-11-23 14:05:01"
    );
    let notes = RunNotes {
        name: " baseline ".to_owned(),
        ..RunNotes::default()
    };
    engine.set_run_notes("Rename run", vec![("a".to_owned(), notes)]);
    until(&mut engine, "it has a name", |engine| {
        title(engine) == "baseline"
    });
    until(&mut engine, "that can be taken back", |engine| {
        engine.run_undo() == Some("Rename run")
    });
    engine.undo_run_change();
    until(&mut engine, "the name is gone", |engine| {
        title(engine).starts_with("FCN-8s")
    });

    // Damaged notes are not replaced by new ones.
    let path = dir.path().join("runs/a/notes.json");
    fs::write(&path, "{").expect("a file");
    engine.set_run_notes("Rename run", vec![("a".to_owned(), RunNotes::default())]);
    let since = Instant::now();
    loop {
        engine.wait(Duration::from_millis(10));
        if engine
            .take_notices()
            .iter()
            .any(|notice| notice.text.contains("notes.json"))
        {
            break;
        }
        assert!(since.elapsed() < Duration::from_mins(1), "no answer");
    }
    assert_eq!(fs::read_to_string(&path).expect("a file"), "{");
}

#[test]
fn runs_of_other_programs_are_followed() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut engine = engine(&dir, &[]);
    engine.watch_runs();
    let runs = dir.path().join("runs");
    make_run(&runs, "other", 10);
    let run = |engine: &Engine| engine.run("other").cloned();
    until(&mut engine, "it is there", |engine| {
        run(engine).is_some_and(|run| run.state == RunState::Interrupted)
    });
    let lock = fs::File::create(runs.join("other/lock")).expect("a file");
    lock.lock().expect("the lock");
    until(&mut engine, "it is trained", |engine| {
        run(engine).is_some_and(|run| run.state == RunState::Active)
    });
    let mut log = fs::File::create(runs.join("other/steps.jsonl")).expect("a log");
    for step in 1..=3 {
        let line = format!(
            "{{\"step\":{step},\"epoch\":1,\"loss\":0.5,\"learning_rate\":0.1,\"secs\":2.0}}\n"
        );
        log.write_all(line.as_bytes()).expect("written");
        until(&mut engine, "the step is there", |engine| {
            run(engine).is_some_and(|run| run.steps.len() == step)
        });
    }
    assert_eq!(run(&engine).expect("a run").trained_secs(), 6.0);
    fs::write(runs.join("other/end.json"), r#"{"outcome":"finished"}"#).expect("a mark");
    drop(lock);
    until(&mut engine, "it is finished", |engine| {
        run(engine).is_some_and(|run| run.state == RunState::Finished)
    });
    fs::remove_dir_all(runs.join("other")).expect("removed");
    until(&mut engine, "it is gone", |engine| engine.runs().is_empty());
}
