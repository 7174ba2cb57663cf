//! `--device`: a run that was made on one device continues and predicts on another.

use std::fs;

use serde_json::Value;

use crate::workshop::Workshop;

/// No machine has it.
const ABSENT: &str = "gpu:99";

/// A run that was killed in its third epoch, and says that it was made on a device that this machine
/// does not have.
fn run_of_another_machine(shop: &Workshop) -> String {
    let mut running = shop.start(&shop.train_args(&["--epochs", "4", "--device", "cpu"]));
    running.wait_for(|line| line["event"] == "step" && line["step"] == 5);
    running.kill();
    let listed = shop.run(&["--json", "runs"]).succeeded().json();
    let name = listed[0]["run"].as_str().expect("a name").to_owned();
    let mut meta = config(shop, &name);
    meta["config"]["device"] = ABSENT.into();
    let file = shop.runs().join(&name).join("config.json");
    fs::write(file, meta.to_string()).expect("config.json");
    name
}

fn config(shop: &Workshop, name: &str) -> Value {
    let text = fs::read_to_string(shop.runs().join(name).join("config.json"));
    serde_json::from_str(&text.expect("config.json")).expect("JSON")
}

#[test]
fn a_run_of_one_device_continues_and_predicts_on_another() {
    let shop = Workshop::new();
    let name = run_of_another_machine(&shop);
    shop.run(&["train", "--resume", "latest"])
        .failed_with(1, &[ABSENT, "no such device", "--device cpu"]);
    shop.run(&["train", "--resume", "latest", "--device", "gpu:98"])
        .failed_with(1, &["gpu:98", "no such device"]);

    let image = shop.dataset().join("JPEGImages/img4.jpg");
    let image = image.to_str().expect("UTF-8");
    let predict = [
        "predict",
        "--run",
        &name,
        "--out",
        "masks",
        "--overwrite",
        image,
    ];
    // Without a word about the device its own is taken, and where that is not there the processor.
    let fallback = shop.run(&predict);
    let said = fallback
        .succeeded()
        .stderr
        .matches("predicts on the processor");
    assert_eq!(said.count(), 1, "{}", fallback.stderr);
    let chosen = shop.run(&[&predict[..], &["--device", "cpu"]].concat());
    assert_eq!(chosen.succeeded().stderr, "");
    shop.run(&[&predict[..], &["--device", "gpu:98"]].concat())
        .failed_with(1, &["gpu:98", "no such device"]);
    shop.run(&["evaluate", "--run", &name, "--device", "cpu"])
        .succeeded();
    shop.run(&["evaluate", "--run", &name, "--device", "gpu:98"])
        .failed_with(1, &["gpu:98", "no such device"]);

    let resumed = shop.run(&["--json", "train", "--resume", "latest", "--device", "cpu"]);
    let started = resumed.succeeded().event("started");
    assert_eq!(started["first_step"], 4, "{started}");
    assert!(
        started["device"]
            .as_str()
            .is_some_and(|device| device.starts_with("CPU")),
        "{started}"
    );
    assert_eq!(resumed.event("ended")["state"], "finished");
    // What the run was started with stays.
    assert_eq!(config(&shop, &name)["config"]["device"], ABSENT);
}

#[test]
fn training_without_a_device_says_which_one_it_takes() {
    let shop = Workshop::new();
    let args = shop.train_args(&["--max-steps", "1"]);
    let args: Vec<&String> = args.iter().filter(|word| *word != "--json").collect();
    let output = shop.run(&args);
    let first = output.succeeded().stdout.lines().next().unwrap_or_default();
    assert!(
        first.starts_with("Training on ") && first.contains("the best device found"),
        "{first}"
    );
    let named = shop.run(&[args, vec![&"--device".to_owned(), &"cpu".to_owned()]].concat());
    assert!(!named.succeeded().stdout.contains("the best device found"));
}
