//! Deleted runs: the way back, and for good.

use std::path::PathBuf;

use super::*;

/// Waits until the threads of dropped engines have let go of their trash.
fn until_unlocked(trash: &Path) {
    for path in entries(trash) {
        if path.extension().is_some_and(|end| end == "lock") {
            let lock = fs::File::open(path).expect("a lock");
            lock.lock().expect("locked");
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

/// Deletes for good what is in the trash now.
fn empty(engine: &mut Engine) {
    let counted: Vec<PathBuf> = engine.runs_in_trash().cloned().collect();
    engine.empty_run_trash(&counted);
}

/// The next notice.
#[track_caller]
fn notice(engine: &mut Engine) -> String {
    let since = Instant::now();
    loop {
        engine.wait(Duration::from_millis(10));
        if let Some(notice) = engine.take_notices().pop() {
            return notice.text;
        }
        assert!(since.elapsed() < Duration::from_mins(1), "no notice");
    }
}

#[track_caller]
fn delete(engine: &mut Engine, run: &str) {
    let before = engine.runs_in_trash().count();
    engine.delete_runs(vec![run.to_owned()]).expect("allowed");
    until(engine, "it is deleted", |engine| {
        engine.runs_in_trash().count() == before + 1
    });
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
    assert_eq!(engine.runs_in_trash().count(), 2);
    assert!(!runs.join("a").exists());

    // Something took the place of one: the other comes back, and this one stays where it is.
    fs::create_dir(runs.join("a")).expect("a folder");
    engine.undo_run_change();
    until(&mut engine, "one is back", |engine| {
        names(engine) == ["c", "b"]
    });
    until(&mut engine, "the other can be tried again", |engine| {
        engine.runs_in_trash().count() == 1
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
    assert_eq!(
        (engine.run_undo(), engine.runs_in_trash().count()),
        (None, 0)
    );
}

#[test]
fn the_trash_stays_until_it_is_emptied_and_the_next_program_brings_back_what_is_in_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let trash = dir.path().join("runs/.trash");
    let rest = |trash: &Path| entries(trash).len();
    let mut first = engine(&dir, &[("a", 10, true), ("b", 20, true)]);
    delete(&mut first, "a");

    // Another window must not take what the first can still bring back.
    let mut second = more(&dir);
    second.watch_runs();
    make_run(&dir.path().join("runs"), "seen", 5);
    until(&mut second, "it watches", |engine| {
        names(engine) == ["b", "seen"]
    });
    assert_eq!(rest(&trash), 2, "the folder and its lock");
    empty(&mut first);
    until(&mut first, "the trash is empty", |_| rest(&trash) == 0);
    assert_eq!(first.run_undo(), None);

    delete(&mut first, "b");
    drop(first);
    until_unlocked(&trash);
    until(&mut second, "it is gone there, too", |engine| {
        engine.run("b").is_none()
    });
    let mut third = more(&dir);
    third.watch_runs();
    until(&mut third, "it can come back", |engine| {
        engine.runs_in_trash().count() == 1
    });
    assert_eq!(third.run_undo(), Some("Delete run"));
    third.undo_run_change();
    until(&mut third, "it is back", |engine| {
        names(engine) == ["b", "seen"]
    });

    delete(&mut third, "b");
    drop(third);
    until_unlocked(&trash);
    let mut fourth = more(&dir);
    fourth.watch_runs();
    until(&mut fourth, "it can come back", |engine| {
        engine.runs_in_trash().count() == 1
    });
    // Emptying takes what others have left, too.
    empty(&mut fourth);
    until(&mut fourth, "the trash is empty", |_| rest(&trash) == 0);
    assert_eq!(
        (fourth.run_undo(), fourth.runs_in_trash().count()),
        (None, 0)
    );
    assert_eq!(names(&fourth), ["seen"]);
}

#[test]
fn a_run_that_another_program_trains_is_not_deleted() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut engine = engine(&dir, &[("a", 10, true)]);
    let lock = fs::File::create(dir.path().join("runs/a/lock")).expect("a file");
    lock.lock().expect("the lock");
    engine.delete_runs(vec!["a".to_owned()]).expect("asked");
    let refusal = notice(&mut engine);
    assert!(refusal.contains("a is being trained"), "{refusal}");
    assert_eq!((names(&engine), engine.run_undo()), (vec!["a"], None));
}

#[cfg(unix)]
#[test]
fn a_run_that_is_a_link_comes_back_after_a_restart_and_what_it_leads_to_is_never_deleted() {
    let dir = tempfile::tempdir().expect("a folder");
    let elsewhere = dir.path().join("elsewhere");
    make_run(&elsewhere, "far", 10);
    let mut first = engine(&dir, &[("near", 20, true)]);
    let runs = dir.path().join("runs");
    std::os::unix::fs::symlink(elsewhere.join("far"), runs.join("link")).expect("a link");
    first.refresh_runs();
    until(&mut first, "it is there", |engine| {
        names(engine) == ["near", "link"]
    });
    delete(&mut first, "link");
    drop(first);
    until_unlocked(&runs.join(".trash"));

    let mut second = more(&dir);
    second.watch_runs();
    until(&mut second, "it can come back", |engine| {
        engine.runs_in_trash().count() == 1
    });
    // A link that leads nowhere for now is not lost, either.
    fs::rename(&elsewhere, dir.path().join("away")).expect("moved");
    second.undo_run_change();
    let link = runs.join("link");
    until(&mut second, "it is back", |_| {
        link.symlink_metadata().is_ok()
    });
    fs::rename(dir.path().join("away"), &elsewhere).expect("moved");
    until(&mut second, "it is listed", |engine| {
        names(engine) == ["near", "link"]
    });

    delete(&mut second, "link");
    empty(&mut second);
    until(&mut second, "the trash is empty", |_| {
        entries(&runs.join(".trash")).is_empty()
    });
    assert!(elsewhere.join("far/config.json").is_file());
}

#[test]
fn a_run_deleted_while_the_trash_is_emptied_comes_back() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut engine = engine(&dir, &[("a", 10, true), ("b", 20, true)]);
    delete(&mut engine, "a");
    // One more, of which nothing is known yet when the trash is emptied.
    engine.delete_runs(vec!["b".to_owned()]).expect("allowed");
    empty(&mut engine);
    until(&mut engine, "the other is told", |engine| {
        engine.run_undo().is_some()
    });
    assert_eq!(engine.runs_in_trash().count(), 1);
    let trash = dir.path().join("runs/.trash");
    until(&mut engine, "the first is deleted", |_| {
        entries(&trash).len() == 2
    });
    engine.undo_run_change();
    until(&mut engine, "it is back", |engine| names(engine) == ["b"]);
    assert_eq!(engine.take_notices(), []);
    until(&mut engine, "nothing is left", |_| {
        entries(&trash).is_empty()
    });
}

#[test]
fn what_is_half_deleted_is_deleted_by_the_next_program() {
    let dir = tempfile::tempdir().expect("a folder");
    let trash = dir.path().join("runs/.trash");
    // A run without its settings, in which the program before this one ended, and folders without anything.
    let half = trash.join("emptied-100-1-1");
    fs::create_dir_all(half.join("tensorboard")).expect("a folder");
    fs::write(half.join("weights-1.bpk"), "weights").expect("a file");
    fs::create_dir_all(trash.join("100-1/1")).expect("a folder");
    make_run(&trash.join("100-2/1"), "whole", 10);
    let mut engine = engine(&dir, &[]);
    engine.watch_runs();
    until(&mut engine, "only the whole one is left", |engine| {
        entries(&trash).len() == 2 && engine.runs_in_trash().count() == 1
    });
    engine.undo_run_change();
    until(&mut engine, "it is back", |engine| {
        names(engine) == ["whole"]
    });
}

#[test]
fn a_trash_that_is_removed_by_hand_is_made_anew() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut engine = engine(&dir, &[("a", 10, true), ("b", 20, true)]);
    delete(&mut engine, "a");
    fs::remove_dir_all(dir.path().join("runs/.trash")).expect("removed");
    delete(&mut engine, "b");
    until(&mut engine, "both are gone", |engine| {
        engine.runs().is_empty()
    });
    engine.undo_run_change();
    until(&mut engine, "it is back", |engine| names(engine) == ["b"]);
    assert_eq!(engine.take_notices(), []);
    // The other is gone, and that is said.
    engine.undo_run_change();
    let told = notice(&mut engine);
    assert!(told.starts_with("a: this deleted run is not in"), "{told}");
    assert_eq!(
        (engine.run_undo(), engine.runs_in_trash().count()),
        (None, 0)
    );
}

#[test]
fn what_comes_back_and_is_no_run_is_told() {
    let dir = tempfile::tempdir().expect("a folder");
    // An earlier version ended while it deleted this for good.
    let half = dir.path().join("runs/.trash/100-1/1/half");
    fs::create_dir_all(&half).expect("a folder");
    fs::write(half.join("weights-1.bpk"), "weights").expect("a file");
    let mut engine = engine(&dir, &[]);
    engine.watch_runs();
    until(&mut engine, "it can come back", |engine| {
        engine.runs_in_trash().count() == 1
    });
    engine.undo_run_change();
    let told = notice(&mut engine);
    assert!(
        told.contains("half: this is back, but it is not listed"),
        "{told}"
    );
    assert!(dir.path().join("runs/half/weights-1.bpk").is_file());
}
