//! Runs that were interrupted go on.

use super::workshop::{Output, Workshop};
use super::{jsonl, steps};

/// Takes up the run of `shop` and checks that it goes on behind its checkpoint.
fn resume_to_the_end(shop: &Workshop, total: u64) -> Output {
    let output = shop.run(&["--json", "train", "--resume", "latest"]);
    let started = output.succeeded().event("started");
    let first = started["first_step"].as_u64().expect("a first step");
    assert!(first > 0 && first < total, "{started}");
    let lines = output.json();
    let expected: Vec<u64> = (first + 1..=total).collect();
    assert_eq!(
        steps(&lines),
        expected,
        "every step after the checkpoint, once"
    );
    assert_eq!(output.event("ended")["state"], "finished");
    let folder = shop.runs().join(started["run"].as_str().expect("a name"));
    let on_disk: Vec<u64> = jsonl(&folder.join("steps.jsonl"))
        .iter()
        .map(|line| line["step"].as_u64().expect("a step"))
        .collect();
    assert_eq!(
        on_disk,
        (1..=total).collect::<Vec<_>>(),
        "no step twice and none missing"
    );
    output
}

#[test]
fn a_killed_run_is_listed_and_goes_on() {
    let shop = Workshop::new();
    // Two steps an epoch; step 5 comes after the checkpoint of the second epoch.
    let mut running = shop.start(&shop.train_args(&["--epochs", "5"]));
    running.wait_for(|line| line["event"] == "step" && line["step"] == 5);
    running.kill();
    let listed = shop.run(&["--json", "runs"]).succeeded().json();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["state"], "interrupted", "{}", listed[0]);
    assert_eq!(listed[0]["can_resume"], true, "{}", listed[0]);
    resume_to_the_end(&shop, 10);
    let again = shop.run(&["train", "--resume", "latest"]);
    again.failed_with(1, &["finished"]);
}

#[cfg(unix)]
#[test]
fn ctrl_c_saves_and_the_run_goes_on() {
    a_signal_saves_and_the_run_goes_on("INT");
}

#[cfg(unix)]
#[test]
fn the_end_of_a_session_saves_and_the_run_goes_on() {
    for signal in ["TERM", "HUP"] {
        a_signal_saves_and_the_run_goes_on(signal);
    }
}

#[cfg(unix)]
fn a_signal_saves_and_the_run_goes_on(signal: &str) {
    let shop = Workshop::new();
    let mut running = shop.start(&shop.train_args(&["--epochs", "8"]));
    running.wait_for(|line| line["event"] == "step" && line["step"] == 3);
    running.signal(signal);
    let output = running.finish();
    assert_eq!(output.code, Some(130), "{}", output.stderr);
    assert_eq!(output.event("ended")["state"], "stopped");
    let last = steps(&output.json()).last().copied().expect("steps");
    let listed = shop.run(&["--json", "runs"]).succeeded().json();
    assert_eq!(listed[0]["state"], "stopped", "{}", listed[0]);
    let resumed = resume_to_the_end(&shop, 16);
    assert_eq!(
        resumed.event("started")["first_step"],
        last,
        "a stop loses no step"
    );
}
