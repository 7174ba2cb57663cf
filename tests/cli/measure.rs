//! `benches/gpu/measure`, with a program in the place of this one that notes what it is asked.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::workshop::Workshop;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/gpu/measure");

/// A shell script that notes its arguments, one call to a line, and then does what it is told.
fn program(folder: &Path, does: &str) -> PathBuf {
    let path = folder.join("program");
    let calls = folder.join("calls.txt");
    let text = format!(
        "#!/bin/sh\necho \"$HOME|$*\" >>'{}'\n{does}\n",
        calls.display()
    );
    fs::write(&path, text).expect("a script");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
    path
}

/// Runs the script; the parts that it names and the calls that it makes.
fn measure(folder: &Path, does: &str, limit: &str) -> (String, Vec<String>) {
    let program = program(folder, does);
    let out = folder.join("out");
    let status = Command::new(SCRIPT)
        .arg(&program)
        .arg(&out)
        // In the place of Python, too.
        .arg(&program)
        .env("LIMIT", limit)
        .env("BATCHES", "1 4")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .expect("bash");
    assert!(status.success());
    let calls = fs::read_to_string(folder.join("calls.txt")).unwrap_or_default();
    let times = fs::read_to_string(out.join("times.txt")).expect("the parts");
    (times, calls.lines().map(str::to_owned).collect())
}

#[test]
fn the_first_step_is_asked_first_and_all_calls_are_such_as_the_program_knows() {
    let shop = Workshop::new();
    let steps = [4.0, 0.03, 0.01, 0.02].map(|secs| {
        format!(r#"echo '{{"run":"a","event":"step","step":1,"loss":2.5,"learning_rate":1e-4,"secs":{secs}}}'"#)
    });
    let does = format!("case \"$*\" in *train*) {};; esac", steps.join("; "));
    let (times, calls) = measure(shop.dir(), &does, "400");
    let home = format!("{}/out/home|", shop.dir().display());
    let calls: Vec<&str> = calls
        .iter()
        .map(|call| call.strip_prefix(&home).expect("a home of its own"))
        .collect();
    assert!(
        times.lines().all(|line| line.ends_with("exit 0")),
        "{times}"
    );
    assert_eq!(times.lines().count(), calls.len(), "{times}");
    // The sample is made before the clock of the first step runs.
    assert!(calls[0].ends_with("data check sample"), "{calls:?}");
    let parts: Vec<&str> = times.lines().take(2).collect();
    assert!(
        parts[0].starts_with("sample ") && parts[1].starts_with("train-first "),
        "{times}"
    );
    assert!(
        calls[1].contains(" train ") && calls[1].contains("--batch-size 1 "),
        "{calls:?}"
    );
    for row in [
        "train-b4",
        "resnet",
        "slim",
        "predict",
        "pytorch-b4",
        "pytorch-resnet",
    ] {
        assert!(
            times.lines().any(|line| line.starts_with(row)),
            "{row}: {times}"
        );
    }
    // The median of the second half, 0.01 and 0.02 s, is the lower one.
    let summary = fs::read_to_string(shop.dir().join("out/summary.txt")).expect("a summary");
    assert!(
        summary.starts_with("train-first: first step told "),
        "{summary}"
    );
    assert!(
        summary.contains("median step 10.00 ms (4 steps)"),
        "{summary}"
    );
    for call in calls {
        let mut words: Vec<&str> = call.split(' ').collect();
        if words[0].ends_with("pytorch_steps.py") {
            assert!(
                call.contains("--trunk") && call.contains("--seconds"),
                "{call}"
            );
            continue;
        }
        // Names and values are read up to the help.
        words.push("--help");
        let program = Command::new(env!("CARGO_BIN_EXE_fcn-workbench"))
            .args(words)
            .output()
            .expect("the program");
        let said = String::from_utf8_lossy(&program.stderr);
        assert!(program.status.success(), "{call}: {said}");
    }
}

#[test]
fn one_deadline_holds_for_all_parts() {
    let shop = Workshop::new();
    let (times, calls) = measure(shop.dir(), "exec sleep 600", "3");
    // What hangs is ended when all of the time is over, and nothing is begun then.
    assert!((1..=2).contains(&calls.len()), "{calls:?}");
    let ended = times.lines().filter(|line| line.contains("exit 124"));
    assert_eq!(ended.count(), calls.len(), "{times}");
    let others = times
        .lines()
        .filter(|line| line.contains("not done: the time is over"));
    assert_eq!(
        others.count() + calls.len(),
        times.lines().count(),
        "{times}"
    );
    assert!(times.lines().count() > 15, "{times}");
}
