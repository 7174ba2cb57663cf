//! `train --init` and plans in stages.

use std::fs;

use serde_json::Value;

use super::super::jsonl;
use super::super::workshop::Workshop;
use super::{config, exported, refused, text};

/// `train` on the dataset of the workshop, for one step.
fn train_words(shop: &Workshop, more: &[&str]) -> Vec<String> {
    let own = ["--variant", "fcn16s", "--trunk", "vgg16-slim"];
    let words = shop.train_args(&["--max-steps", "1", "--epochs", "1"]);
    let words = words
        .into_iter()
        .filter(|word| !own.contains(&word.as_str()));
    words
        .chain(more.iter().map(|word| (*word).to_owned()))
        .collect()
}

#[test]
fn stages_start_from_one_another() {
    let shop = Workshop::new();
    let lines = shop
        .run(&train_words(&shop, &["--plan", "staged"]))
        .succeeded()
        .json();
    let ended: Vec<&Value> = lines
        .iter()
        .filter(|line| line["event"] == "ended")
        .collect();
    let runs: Vec<&Value> = ended.iter().map(|line| &line["run"]).collect();
    assert_eq!(runs.len(), 3, "{lines:#?}");
    assert!(
        ended.iter().all(|line| line["state"] == "finished"),
        "{lines:#?}"
    );
    let configs: Vec<Value> = runs.iter().map(|run| config(&shop, run)).collect();
    let variants: Vec<&Value> = configs.iter().map(|config| &config["variant"]).collect();
    assert_eq!(variants, ["fcn32s", "fcn16s", "fcn8s"]);
    assert_eq!(configs[0]["init"], "random");
    for at in 1..3 {
        assert_eq!(
            configs[at]["init"],
            serde_json::json!({ "run": runs[at - 1] })
        );
    }
    // A trunk that lacks a stride is refused before anything is trained.
    let words = [
        "train",
        "--plan",
        "staged",
        "--trunk",
        "alexnet",
        "--max-steps",
        "1",
    ];
    refused(&shop.run(&words), &["trunk is AlexNet"]);
    assert_eq!(shop.run(&["--json", "runs"]).succeeded().json().len(), 3);
}

#[test]
fn training_starts_from_a_file_or_a_run_and_takes_over_what_they_say() {
    let (shop, run, file) = exported();
    for (start, init) in [
        (text(&file), serde_json::json!({ "file": &file })),
        (&run, serde_json::json!({ "run": &run })),
    ] {
        let output = shop.run(&train_words(&shop, &["--init", start]));
        let started = output.succeeded().event("started");
        let config = config(&shop, &started["run"]);
        assert_eq!(config["init"], init);
        assert_eq!(
            (&config["variant"], &config["trunk"]),
            (&"fcn16s".into(), &"vgg16-slim".into())
        );
    }
    // From the same weights the first step has the same loss, from other ones another.
    let loss = |run: &Value| {
        let folder = shop.runs().join(run.as_str().expect("a name"));
        jsonl(&folder.join("steps.jsonl"))[0]["loss"].clone()
    };
    let listed = shop.run(&["--json", "runs"]).succeeded().json();
    let losses: Vec<Value> = listed.iter().map(|line| loss(&line["run"])).collect();
    assert_eq!(losses.len(), 3);
    let of_parent = loss(&run.as_str().into());
    assert_eq!(
        losses.iter().filter(|loss| **loss == of_parent).count(),
        1,
        "{losses:?}"
    );
    let mut started = losses.into_iter().filter(|loss| *loss != of_parent);
    assert_eq!(started.next(), started.next());
}

#[test]
fn starts_and_networks_that_cannot_be_are_refused() {
    let (shop, _, file) = exported();
    let before = shop.run(&["--json", "runs"]).succeeded().json().len();
    refused(
        &shop.run(&["train", "--init", "gone.pth"]),
        &["gone.pth", "no such file", "no such run"],
    );
    let notes = shop.dir().join("notes.pth");
    fs::write(&notes, "hello").expect("a file");
    refused(
        &shop.run(&["train", "--init", text(&notes)]),
        &["notes.pth", "Choose a .pth"],
    );
    refused(
        &shop.run(&["train", "--variant", "fcn_resnet50", "--trunk", "vgg16"]),
        &["trunk is VGG16", "choose another trunk"],
    );
    refused(
        &shop.run(&["train", "--variant", "fcn_resnet50", "--init", text(&file)]),
        &["trunk is VGG16 slim"],
    );
    refused(
        &shop.run(&["train", "--trunk", "googlenet", "--geometry", "reference"]),
        &["geometry is"],
    );
    let output = shop.run(&train_words(
        &shop,
        &["--init", text(&file), "--trunk", "googlenet"],
    ));
    refused(&output, &["trunk is GoogLeNet", "VGG16 slim"]);
    assert_eq!(
        shop.run(&["--json", "runs"]).succeeded().json().len(),
        before,
        "nothing was begun"
    );
    assert!(
        !shop.dir().join("data").exists(),
        "and no sample was made for it"
    );
}
