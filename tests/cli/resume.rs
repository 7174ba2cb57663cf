//! Runs that were interrupted go on.

use std::fs;

use super::workshop::{Output, Workshop};
use super::{jsonl, steps, train};

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

/// Starts a run and stops it after `step` steps.
#[cfg(unix)]
fn stopped_after(shop: &Workshop, step: u64) -> String {
    let mut running = shop.start(&shop.train_args(&["--epochs", "8"]));
    running.wait_for(|line| line["event"] == "step" && line["step"] == step);
    running.signal("TERM");
    let output = running.finish();
    let run = output.event("started")["run"].as_str().map(str::to_owned);
    run.expect("a name")
}

#[cfg(unix)]
#[test]
fn a_run_goes_on_where_its_folder_and_its_dataset_were_moved() {
    let shop = Workshop::new();
    let run = stopped_after(&shop, 3);
    let (old, new) = (shop.dataset(), shop.dir().join("renamed"));
    fs::rename(&old, &new).expect("moved");
    // Another machine: another name of the run, and a device that is not there.
    let config = shop.runs().join(&run).join("config.json");
    let text = fs::read_to_string(&config).expect("a configuration");
    let elsewhere = text.replace("\"device\": \"cpu\"", "\"device\": \"cuda:7\"");
    assert_ne!(text, elsewhere);
    fs::write(&config, elsewhere).expect("written");
    fs::rename(shop.runs().join(&run), shop.runs().join("copied")).expect("moved");
    let run = "copied".to_owned();
    let command = |words: &[&str]| shop.run(&[&["--json"], words].concat());

    let listed = command(&["runs"]).succeeded().json();
    assert_eq!(
        (&listed[0]["run"], &listed[0]["can_resume"]),
        (&run.as_str().into(), &true.into())
    );
    let resume = ["train", "--resume", &run, "--device", "cpu"];
    let there = old.to_str().expect("UTF-8");
    let hint = "`train --resume copied --dataset FOLDER`";
    command(&resume).failed_with(1, &["did not begin", there, "Check that", hint]);
    let image = new.join("JPEGImages/img0.jpg");
    let out = shop.dir().join("masks");
    let [image, out] = [&image, &out].map(|path| path.to_str().expect("UTF-8"));
    command(&[
        "predict", image, "--run", &run, "--out", out, "--device", "cpu",
    ])
    .succeeded();

    let new = new.to_str().expect("UTF-8");
    let output = command(&[&resume[..], &["--dataset", new]].concat());
    let first = output.succeeded().event("started")["first_step"].as_u64();
    assert!(first.is_some_and(|first| first >= 3), "{first:?}");
    let started = output.event("started");
    assert_eq!(
        (&started["repeats"], &started["arithmetic"]),
        (&"bit-equal".into(), &"f32".into())
    );
    assert_eq!(output.event("ended")["state"], "finished");
    // The run keeps the new place.
    command(&["evaluate", "--run", &run, "--device", "cpu"]).succeeded();
}

#[cfg(unix)]
#[test]
fn a_run_on_data_that_changed_goes_on_when_that_is_accepted() {
    let shop = Workshop::new();
    let run = stopped_after(&shop, 3);
    let masks = shop.dataset().join("SegmentationClass");
    fs::copy(masks.join("img1.png"), masks.join("img0.png")).expect("another mask");
    let refused = shop.run(&["train", "--resume", &run]);
    refused.failed_with(
        1,
        &["img0", "changed masks", "--accept-changes", "--dataset"],
    );
    let output = shop.run(&["--json", "train", "--resume", &run, "--accept-changes"]);
    assert_eq!(output.succeeded().event("ended")["state"], "finished");
    assert!(output.stderr.contains("img0"), "{}", output.stderr);
}

#[cfg(unix)]
#[test]
fn a_resumed_runs_logs_are_those_of_an_unbroken_one() {
    let shop = Workshop::new();
    let whole = shop.run(&shop.train_args(&["--epochs", "4"]));
    let of = |output: &Output| {
        let run = output.event("started")["run"]
            .as_str()
            .expect("a name")
            .to_owned();
        shop.runs().join(run)
    };
    let whole = of(whole.succeeded());
    let mut running = shop.start(&shop.train_args(&["--epochs", "4", "--checkpoint-steps", "1"]));
    running.wait_for(|line| line["event"] == "step" && line["step"] == 5);
    running.kill();
    let output = resume_to_the_end(&shop, 8);
    let broken = of(&output);
    // All but the times, which are no part of the training, digit by digit.
    let texts = |folder: &std::path::Path, name: &str, time: &str| -> Vec<String> {
        let text = fs::read_to_string(folder.join(name)).expect("a log");
        let without = |line: &str| {
            let (before, after) = line.split_once(&format!("\"{time}\":")).expect("a time");
            let after = after.trim_start_matches(|letter: char| !",}".contains(letter));
            format!("{before}{after}")
        };
        text.lines().map(without).collect()
    };
    for (name, time) in [("steps.jsonl", "secs"), ("epochs.jsonl", "elapsed_secs")] {
        assert_eq!(
            texts(&broken, name, time),
            texts(&whole, name, time),
            "{name}"
        );
    }
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
    let named = output.stderr.contains("Press Ctrl+C again to quit at once");
    assert_eq!(named, signal == "INT", "{}", output.stderr);
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

#[cfg(unix)]
#[test]
fn a_run_whose_folder_is_away_waits_and_says_when_it_continues() {
    let shop = Workshop::new();
    let mut running =
        shop.start(&shop.train_args(&["--epochs", "5000", "--checkpoint-steps", "1"]));
    running.wait_for(|line| line["event"] == "step");
    let runs = shop.runs();
    let folder = fs::read_dir(&runs)
        .expect("runs")
        .flatten()
        .map(|entry| entry.path());
    let folder = folder.filter(|path| path.join("config.json").is_file());
    let folder = folder.last().expect("the run");
    let away = shop.dir().join("away");
    fs::rename(&folder, &away).expect("moved");
    running.wait_for(|line| line["event"] == "waiting" && line["problem"].is_string());
    fs::rename(&away, &folder).expect("back");
    running.wait_for(|line| line["event"] == "continues");
    running.signal("TERM");
    let output = running.finish();
    assert_eq!(output.event("ended")["state"], "stopped");
    assert!(output.stderr.contains("waits, since it cannot be saved"));
}

#[cfg(unix)]
#[test]
fn an_edited_configuration_that_makes_no_sense_is_named() {
    let shop = Workshop::new();
    let run = stopped_after(&shop, 3);
    let path = shop.runs().join(&run).join("config.json");
    let text = fs::read_to_string(&path).expect("a configuration");
    let mut meta: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    for (setting, value, why) in [
        ("test_size", serde_json::json!([0, 0]), "test size is 0x0"),
        ("dropout", serde_json::json!(1.5), "dropout is 1.5"),
    ] {
        let before = meta["config"][setting].take();
        meta["config"][setting] = value;
        fs::write(&path, meta.to_string()).expect("edited");
        let resumed = shop.run(&["train", "--resume", &run]);
        resumed.failed_with(1, &["config.json", why, "Correct this value"]);
        meta["config"][setting] = before;
    }
}

/// A pipe that nobody writes to never ends, and is no file of a run.
#[cfg(unix)]
#[test]
fn pipes_in_a_runs_folder_are_not_waited_for() {
    let shop = Workshop::new();
    train(&shop, 1);
    let mut entries = fs::read_dir(shop.runs()).expect("a folder").flatten();
    let run = entries.find(|entry| entry.path().join("config.json").is_file());
    let run = run.expect("the run").path();
    let files = [
        "steps.jsonl",
        "epochs.jsonl",
        "end.json",
        "notes.json",
        "best.json",
        "last.json",
        "lock",
        "config.json",
    ];
    for (nth, file) in files.into_iter().enumerate() {
        let path = run.join(file);
        fs::remove_file(&path).ok();
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.expect("mkfifo").success());
        let listed = shop.run(&["--json", "runs"]).succeeded().json();
        assert_eq!(listed.len(), usize::from(nth + 1 < files.len()), "{file}");
    }
}

/// What the data of a run was cannot be known from half of its record.
#[cfg(unix)]
#[test]
fn a_damaged_record_of_the_data_is_named_and_may_be_passed_over() {
    let shop = Workshop::new();
    let run = stopped_after(&shop, 3);
    let origin = shop.runs().join(&run).join("origin.json");
    let text = fs::read_to_string(&origin).expect("the record");
    fs::write(&origin, &text[..text.len() / 2]).expect("cut");
    let resumed = shop.run(&["train", "--resume", &run]);
    resumed.failed_with(1, &["origin.json", "may have", "--accept-changes"]);
    let accepted = ["train", "--resume", &run, "--accept-changes"];
    shop.run(&accepted).succeeded();
    let text = fs::read_to_string(&origin).expect("the record");
    serde_json::from_str::<serde_json::Value>(&text).expect("written anew");
}

#[test]
fn a_log_that_lost_the_best_epoch_is_told() {
    let shop = Workshop::new();
    train(&shop, 2);
    let untouched = shop.run(&["runs"]);
    untouched.succeeded();
    assert!(
        !untouched.stderr.contains("epochs.jsonl"),
        "{}",
        untouched.stderr
    );
    let entries = fs::read_dir(shop.runs()).expect("a folder").flatten();
    let mut logs = entries.map(|entry| entry.path().join("epochs.jsonl"));
    let log = logs.find(|log| log.is_file()).expect("a log");
    fs::write(&log, "").expect("emptied");
    let listed = shop.run(&["runs"]);
    listed.succeeded();
    assert!(listed.stderr.contains("epochs.jsonl"), "{}", listed.stderr);
}

#[test]
fn a_run_whose_configuration_is_damaged_is_not_called_absent() {
    let shop = Workshop::new();
    let run = train(&shop, 1);
    let config = shop.runs().join(&run).join("config.json");
    let text = fs::read_to_string(&config).expect("the configuration");
    fs::write(&config, &text[..text.len() / 2]).expect("cut");
    let evaluated = shop.run(&["evaluate", "--run", &run]);
    assert_eq!(evaluated.code, Some(1));
    assert!(
        !evaluated.stderr.contains("no such run"),
        "{}",
        evaluated.stderr
    );
    evaluated.failed_with(1, &["error: ", "config.json"]);
}

#[cfg(unix)]
#[test]
fn a_damaged_film_is_told_when_its_run_is_resumed() {
    let shop = Workshop::new();
    let run = stopped_after(&shop, 5);
    let film = shop.runs().join(&run).join("film.bin");
    let mut bytes = fs::read(&film).expect("a film");
    // In the record of the images, behind the mark and the length.
    bytes[20] ^= 4;
    fs::write(&film, &bytes).expect("damaged");
    let output = shop.run(&["train", "--resume", &run]);
    let said = &output.succeeded().stderr;
    for part in ["film.bin: this film", "is kept as film.before.bin"] {
        assert!(said.contains(part), "no {part}: {said}");
    }
    let kept = fs::read(film.with_file_name("film.before.bin"));
    assert_eq!(kept.expect("the film before"), bytes);
}
