//! Runs that wait for each other, without a window.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::Value;

use crate::workshop::Workshop;

fn queue(shop: &Workshop, words: &[&str]) -> Vec<Value> {
    let words = [&["--json", "queue"][..], words].concat();
    shop.run(&words).succeeded().json()
}

#[test]
fn runs_are_queued_put_in_order_and_trained_although_one_fails() {
    let shop = Workshop::new();
    let train = shop.train_args(&["--max-steps", "1", "--device", "cpu"]);
    // Without `--json train`.
    let add = |more: &[&str]| {
        let mut words = vec!["--json", "queue", "add"];
        words.extend(train[2..].iter().map(String::as_str));
        words.extend(more);
        shop.run(&words)
    };
    let listed = add(&["--grid", "lr=0.02,0.01"]).succeeded().json();
    let rates = |lines: &[Value]| -> Vec<f64> {
        let rates = lines.iter().map(|line| line["learning_rate"].as_f64());
        rates.map(|rate| rate.expect("a rate")).collect()
    };
    assert_eq!(rates(&listed), [0.02, 0.01]);
    assert_eq!(
        (&listed[0]["max_steps"], &listed[0]["differs"]),
        (&1.into(), &serde_json::json!([]))
    );
    add(&["--grid", "rate=1"]).failed_with(2, &["rate is no setting", "batch-size"]);
    assert_eq!(rates(&queue(&shop, &["move", "2", "1"])), [0.01, 0.02]);
    let listed = queue(&shop, &["duplicate", "1", "lr=0.04", "momentum=0.5"]);
    assert_eq!(rates(&listed), [0.01, 0.02, 0.04]);
    let differs = |place: usize| listed[place]["differs"][0].clone();
    assert_eq!([differs(1), differs(2)], ["momentum 0.9", "momentum 0.5"]);
    let table = shop.run(&["queue"]).succeeded().stdout.clone();
    for part in ["at most 1 step", "momentum 0.5"] {
        assert!(table.contains(part), "{table}");
    }
    assert_eq!(rates(&queue(&shop, &["remove", "2"])), [0.01, 0.04]);
    shop.run(&["queue", "remove", "7"])
        .failed_with(1, &["7: there is no such place"]);
    // One whose data is gone comes first.
    let gone = shop.dir().join("gone");
    let mut words = vec!["queue", "add", "--first", "--device", "cpu", "--dataset"];
    words.push(gone.to_str().expect("UTF-8"));
    shop.run(&words).succeeded();

    shop.run(&["queue", "run"]).failed_with(1, &["gone"]);
    assert_eq!(
        queue(&shop, &[]).len(),
        3,
        "a failure ends it, and nothing is lost"
    );
    let output = shop.run(&["--json", "queue", "run", "--keep-going", "true"]);
    output.failed_with(1, &["gone"]);
    let ended = output.json();
    let ended: Vec<&Value> = ended
        .iter()
        .filter(|line| line["event"] == "ended")
        .collect();
    assert_eq!(ended.len(), 2);
    assert!(ended.iter().all(|line| line["state"] == "finished"));
    assert!(queue(&shop, &["list"]).is_empty());
    shop.run(&["queue", "run"])
        .failed_with(1, &["the queue is empty"]);
}

#[test]
fn a_run_is_tried_and_nothing_is_kept() {
    let shop = Workshop::new();
    let words = shop.train_args(&["--max-steps", "9", "--device", "cpu", "--try", "600"]);
    let tried = shop.run(&words).succeeded().event("tried");
    assert_eq!(
        (&tried["steps"], &tried["images"]),
        (&9.into(), &4.into()),
        "{tried}"
    );
    assert!(
        tried["estimated_secs"]
            .as_f64()
            .is_some_and(|secs| secs > 0.0),
        "{tried}"
    );
    assert!(shop.run(&["--json", "runs"]).succeeded().json().is_empty());
    let broken = shop.train_args(&["--device", "cpu", "--lr", "1e30", "--try"]);
    shop.run(&broken).failed_with(1, &["learning rate"]);
}

#[test]
fn the_end_of_a_run_is_posted_where_that_is_wanted() {
    let shop = Workshop::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
    let server = std::thread::Builder::new().name("server".into());
    let server = server.spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let (mut text, mut piece) = (Vec::new(), [0; 1024]);
        while !text.ends_with(b"}") {
            let count = stream.read(&mut piece).expect("a message");
            assert!(count > 0, "it ends too early");
            text.extend(&piece[..count]);
        }
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        stream.write_all(answer.as_bytes()).expect("an answer");
        String::from_utf8(text).expect("text")
    });
    let words = shop.train_args(&["--max-steps", "1", "--device", "cpu", "--webhook", &url]);
    let ended = shop.run(&words).succeeded().event("ended");
    let text = server.expect("a thread").join().expect("no panic");
    let (_, body) = text.split_once("\r\n\r\n").expect("a body");
    let body: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(
        (&body["event"], &body["state"]),
        (&"run_ended".into(), &"finished".into())
    );
    assert_eq!((&body["run"], &body["steps"]), (&ended["run"], &1.into()));
    assert_eq!(body["mean_iu"], ended["scores"]["mean_iu"]);
}

#[test]
fn what_cannot_tell_of_the_end_is_said_before_the_start() {
    let shop = Workshop::new();
    let words = shop.train_args(&["--max-steps", "1", "--webhook", "htp:/bad"]);
    shop.run(&words)
        .failed_with(2, &["htp:/bad", "begins with http:// or https://"]);
    assert!(!shop.runs().exists(), "nothing began");
    // Where no program shows a notification.
    let words = shop.train_args(&["--max-steps", "1", "--device", "cpu", "--notify"]);
    let output = shop.run_without_path(&words);
    output.succeeded();
    assert!(
        output.stderr.contains("no notification will be shown")
            && output.stderr.contains("use --webhook"),
        "{}",
        output.stderr
    );
}

/// A program in the folder of `shop`, which does what `script` says.
#[cfg(target_os = "linux")]
fn add_program(shop: &Workshop, name: &str, script: &str) {
    // Written by a process of its own: what this one has open is open in the programs of other tests
    // for a moment too, and what is open cannot be started.
    let path = shop.dir().join(name);
    let done = std::process::Command::new("sh")
        .args(["-c", "printf '%s' \"$1\" > \"$2\" && chmod +x \"$2\"", "sh"])
        .arg(format!("#!/bin/sh\n{script}\n"))
        .arg(path)
        .status();
    assert!(done.expect("a shell").success());
}

#[cfg(target_os = "linux")]
#[test]
fn the_desktop_shows_the_end_and_the_computer_is_kept_awake_until_then() {
    let shop = Workshop::new();
    add_program(
        &shop,
        "notify-send",
        "for word; do echo \"$word\"; done > \"${0%/*}/shown\"",
    );
    // In the place of the program that it starts, which ends with its input.
    add_program(
        &shop,
        "systemd-inhibit",
        "echo \"$@\" > \"${0%/*}/held\"; read -r line; exit 0",
    );
    let words = shop.train_args(&["--max-steps", "4", "--device", "cpu", "--notify"]);
    let output = shop.run_without_path(&words);
    output.succeeded();
    assert!(!output.stderr.contains("notification"), "{}", output.stderr);
    let read = |name: &str| std::fs::read_to_string(shop.dir().join(name)).expect("it was called");
    let shown = read("shown");
    let shown: Vec<&str> = shown.lines().collect();
    assert_eq!(shown[..2], ["--app-name=FCN Workbench", "--"]);
    assert!(shown[2].ends_with("finished") && shown[3].starts_with("Best validation mIoU"));
    assert!(read("held").starts_with("--what=idle:sleep "));

    // A desktop that shows nothing is no secret.
    add_program(&shop, "notify-send", "echo 'no bus' >&2; exit 1");
    let output = shop.run_without_path(&words);
    output.succeeded();
    assert!(
        output
            .stderr
            .contains("no notification was shown: notify-send: no bus"),
        "{}",
        output.stderr
    );
}
