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

#[test]
fn times_equal_the_calendar() {
    assert_eq!(format_time(0, TimeFormat::Minutes), "1970-01-01 00:00");
    assert_eq!(
        format_time(951_782_400, TimeFormat::Seconds),
        "2000-02-29 00:00:00"
    );
    assert_eq!(
        format_time(1_795_442_701, TimeFormat::Name),
        "20261123-140501"
    );
}

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

/// Waits until the threads of dropped engines have let go of their trash.
fn until_unlocked(trash: &Path) {
    for folder in fs::read_dir(trash).expect("a trash") {
        let lock = folder.expect("a folder").path().join("lock");
        let lock = fs::File::open(lock).expect("a lock");
        lock.lock().expect("locked");
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
fn deleted_runs_lie_in_the_trash_and_come_back() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut engine = engine(&dir, &[("a", 10, true), ("b", 20, true), ("c", 30, true)]);
    let runs = dir.path().join("runs");
    engine
        .delete_runs(vec!["a".to_owned(), "c".to_owned()])
        .expect("allowed");
    until(&mut engine, "they are gone", |engine| {
        names(engine) == ["b"]
    });
    assert_eq!(engine.run_undo(), Some("Delete 2 runs"));
    assert_eq!(engine.runs_in_trash(), 2);
    assert!(!runs.join("a").exists());

    // Something took the place of one: the other comes back, and this one stays where it is.
    fs::create_dir(runs.join("a")).expect("a folder");
    engine.undo_run_change();
    until(&mut engine, "one is back", |engine| {
        names(engine) == ["c", "b"]
    });
    until(&mut engine, "the other can be tried again", |engine| {
        engine.runs_in_trash() == 1
    });
    let notices = engine.take_notices();
    assert!(
        notices
            .iter()
            .any(|notice| notice.text.contains("another folder of this name"))
    );
    fs::remove_dir(runs.join("a")).expect("removed");
    engine.undo_run_change();
    until(&mut engine, "all are back", |engine| {
        names(engine) == ["c", "b", "a"]
    });
    assert_eq!((engine.run_undo(), engine.runs_in_trash()), (None, 0));
}

#[test]
fn the_trash_stays_until_it_is_emptied_and_the_next_program_brings_back_what_is_in_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let trash = dir.path().join("runs/.trash");
    let rest = |trash: &Path| fs::read_dir(trash).map_or(0, Iterator::count);
    let mut first = engine(&dir, &[("a", 10, true), ("b", 20, true)]);
    first.delete_runs(vec!["a".to_owned()]).expect("allowed");
    until(&mut first, "it is gone", |engine| {
        engine.runs_in_trash() == 1
    });

    // Another window must not take what the first can still bring back.
    let mut second = more(&dir);
    second.watch_runs();
    make_run(&dir.path().join("runs"), "seen", 5);
    until(&mut second, "it watches", |engine| {
        names(engine) == ["b", "seen"]
    });
    assert_eq!(rest(&trash), 1);
    first.empty_run_trash();
    until(&mut first, "the trash is empty", |_| rest(&trash) == 0);
    assert_eq!(first.run_undo(), None);

    first.delete_runs(vec!["b".to_owned()]).expect("allowed");
    until(&mut first, "it is gone", |engine| {
        engine.runs_in_trash() == 1
    });
    drop(first);
    until_unlocked(&trash);
    until(&mut second, "it is gone there, too", |engine| {
        engine.run("b").is_none()
    });
    let mut third = more(&dir);
    third.watch_runs();
    until(&mut third, "it can come back", |engine| {
        engine.runs_in_trash() == 1
    });
    assert_eq!(third.run_undo(), Some("Delete run"));
    third.undo_run_change();
    until(&mut third, "it is back", |engine| {
        names(engine) == ["b", "seen"]
    });

    third.delete_runs(vec!["b".to_owned()]).expect("allowed");
    until(&mut third, "it is gone", |engine| {
        engine.runs_in_trash() == 1
    });
    drop(third);
    until_unlocked(&trash);
    let mut fourth = more(&dir);
    fourth.watch_runs();
    until(&mut fourth, "it can come back", |engine| {
        engine.runs_in_trash() == 1
    });
    // Emptying takes what others have left, too.
    fourth.empty_run_trash();
    until(&mut fourth, "the trash is empty", |_| rest(&trash) == 0);
    assert_eq!((fourth.run_undo(), fourth.runs_in_trash()), (None, 0));
    assert_eq!(names(&fourth), ["seen"]);
}

#[test]
fn a_run_that_another_program_trains_is_not_deleted() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut engine = engine(&dir, &[("a", 10, true)]);
    let lock = fs::File::create(dir.path().join("runs/a/lock")).expect("a file");
    lock.lock().expect("the lock");
    engine.delete_runs(vec!["a".to_owned()]).expect("asked");
    let since = Instant::now();
    let refusal = loop {
        engine.wait(Duration::from_millis(10));
        if let Some(notice) = engine.take_notices().pop() {
            break notice.text;
        }
        assert!(since.elapsed() < Duration::from_mins(1), "no answer");
    };
    assert!(refusal.contains("a is being trained"), "{refusal}");
    assert_eq!((names(&engine), engine.run_undo()), (vec!["a"], None));
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
