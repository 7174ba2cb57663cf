//! Losses and rates beside the papers' own: what is searched, and what is told.

use std::fs;

use serde_json::Value;

use fcn_workbench::training::film::read_film;

use super::workshop::Workshop;

/// The options of `lr-find` on the dataset.
fn search(shop: &Workshop, more: &[&str]) -> Vec<String> {
    let dataset = shop.dataset();
    let words = [
        "--json",
        "lr-find",
        "--dataset",
        dataset.to_str().expect("UTF-8"),
        "--device",
        "cpu",
        "--batch-size",
        "2",
        "--train-size",
        "64x48",
    ];
    let words = words.iter().chain(more);
    words.map(|word| (*word).to_owned()).collect()
}

#[test]
fn a_learning_rate_is_searched_and_nothing_is_written() {
    let shop = Workshop::new();
    let found = shop
        .run(&search(
            &shop,
            &["--from", "1e-4", "--to", "0.1", "--steps", "4"],
        ))
        .succeeded()
        .json()
        .remove(0);
    let points = found["points"].as_array().expect("points");
    let number = |point: &Value, key: &str| point[key].as_f64().expect("a number");
    for (point, rate) in points.iter().zip([1e-4, 1e-3, 1e-2, 0.1]) {
        assert!((number(point, "rate") / rate - 1.0).abs() < 1e-9, "{found}");
    }
    assert!(points.len() >= 2, "{found}");
    // Score layers start at 0: the first loss is that of a guess among 21 classes.
    assert!((number(&points[0], "loss") - 21f64.ln()).abs() < 1e-4);
    assert!(!shop.runs().exists() || shop.runs().read_dir().expect("a folder").next().is_none());
    shop.run(&search(&shop, &["--from", "1", "--to", "0.1"]))
        .failed_with(1, &["range of rates is 1 to 0.1"]);
}

#[test]
fn a_rate_for_another_loss_is_told_in_the_first_step() {
    let shop = Workshop::new();
    let output =
        shop.run(&shop.train_args(&["--max-steps", "1", "--reduction", "sum", "--lr", "0.005"]));
    let told = output.succeeded().stderr.clone();
    assert!(told.contains("one for the mean over pixels"), "{told}");
}

#[test]
fn batches_that_cannot_be_trained_on_leave_no_run() {
    let shop = Workshop::new();
    let batches = shop.dir().join("batches");
    fs::create_dir(&batches).expect("a folder");
    let train = shop.train_args(&["--batches", "batches"]);
    shop.run(&train).failed_with(1, &["manifest.json"]);
    fs::write(batches.join("manifest.json"), r#"{"batches": []}"#).expect("a manifest");
    shop.run(&train)
        .failed_with(1, &["manifest.json", "names no batches"]);
    let runs = fs::read_dir(shop.runs()).map_or(0, Iterator::count);
    assert_eq!(runs, 0, "no run began");
}

#[test]
fn a_run_with_what_the_papers_do_not_have_is_trained_dumped_and_written_for_pytorch() {
    let shop = Workshop::new();
    let more = [
        "--epochs",
        "4",
        "--early-stop",
        "3",
        "--ema",
        "0.9",
        "--rare-sampling",
        "0.5",
        "--class-weights",
        "median",
        "--checkpoint-minutes",
        "0",
        "--checkpoint-epochs",
        "3",
        "--keep-last",
        "1",
        "--keep-best",
        "2",
        "--keep-every",
        "2",
        "--best-by",
        "val-loss",
        "--tensorboard",
        "--csv",
        "--dropout",
        "0",
        "--device",
        "cpu",
    ];
    let output = shop.run(&shop.train_args(&more));
    let run = output.succeeded().event("started")["run"].clone();
    let run = run.as_str().expect("a name");
    let folder = shop.runs().join(run);
    assert_eq!(output.event("ended")["state"], "finished");
    // Two steps an epoch; epochs 2 and 4 are kept, also where they are neither the last nor the best.
    for step in [4, 8] {
        let kept = folder.join(format!("checkpoint-{step:08}.json"));
        assert!(kept.is_file(), "{}", kept.display());
    }
    let config = fs::read_to_string(folder.join("config.json")).expect("a configuration");
    let config: Value = serde_json::from_str(&config).expect("JSON");
    let policy = &config["config"]["checkpoints"];
    assert_eq!(
        (
            &policy["best_by"],
            &policy["keep_every"],
            &policy["keep_last"]
        ),
        (&"val-loss".into(), &2.into(), &1.into())
    );
    let table = fs::read_to_string(folder.join("history.csv")).expect("a table");
    let first = table.lines().nth(1).expect("a step");
    assert!(
        first.starts_with(&format!("{run},FCN-16s VGG16 slim on shapes,step,1,1,")),
        "{first}"
    );
    let events = fs::read_dir(folder.join("tensorboard")).expect("event files");
    assert_eq!(events.count(), 1);

    // Its batches, and all of it for PyTorch.
    let out = shop.dir().join("batches");
    let out = out.to_str().expect("UTF-8");
    let words = [
        "--json", "data", "dump", "--run", run, "--steps", "2", "--out", out,
    ];
    let dumped = shop.run(&words).succeeded().json().remove(0);
    assert_eq!(dumped["steps"], 2, "{dumped}");
    assert!(shop.dir().join("batches/00000002-labels.npy").is_file());
    let out = shop.dir().join("repeated");
    let out_text = out.to_str().expect("UTF-8");
    let words = [
        "--json",
        "reproduce",
        run,
        "--steps",
        "2",
        "--out",
        out_text,
    ];
    let written = shop.run(&words).succeeded().json().remove(0);
    assert_eq!(
        (&written["run"], &written["steps"]),
        (&run.into(), &2.into())
    );
    for name in ["reproduce.py", "fcn.py", "run.json", "initial.safetensors"] {
        assert!(out.join(name).is_file(), "{name}");
    }
    let text = shop.run(&["reproduce", run, "--steps", "1", "--out", "again"]);
    let said = &text.succeeded().stdout;
    assert!(
        said.contains(": 1 step on ") && said.contains("Repeat them with `python "),
        "{said}"
    );
    let text = shop.run(&["data", "dump", "--run", run, "--steps", "1", "--out", "one"]);
    let said = &text.succeeded().stdout;
    assert!(said.contains(": 1 batch of 1 step written"), "{said}");
    // What is there stays, and a run that is not there cannot be repeated.
    shop.run(&words)
        .failed_with(1, &["repeated", "of this name already"]);
    shop.run(&["reproduce", "other", "--out", "third"])
        .failed_with(1, &["other"]);
}

#[test]
fn settings_are_chosen_and_told_with_their_reasons() {
    let shop = Workshop::new();
    let dataset = shop.dataset();
    let dataset = dataset.to_str().expect("UTF-8");
    let words = [
        "--json",
        "train",
        "--auto",
        "--dataset",
        dataset,
        "--device",
        "cpu",
        "--max-steps",
        "1",
        "--train-size",
        "64x48",
        "--batch-size",
        "2",
    ];
    let output = shop.run(&words);
    let choices = output.succeeded().event("configured")["choices"].clone();
    let choices = choices.as_array().expect("choices");
    for choice in choices {
        for key in ["field", "value", "reason"] {
            assert!(
                choice[key].as_str().is_some_and(|text| !text.is_empty()),
                "{choice}"
            );
        }
    }
    assert!(
        choices
            .iter()
            .any(|choice| choice["field"] == "Learning rate"),
        "{choices:?}"
    );
    assert_eq!(output.event("started")["total_steps"], 1);
}

#[test]
fn weights_that_are_no_numbers_leave_no_run() {
    let shop = Workshop::new();
    let run = crate::train(&shop, 1);
    let out = shop.dir().join("mine.safetensors");
    let words = [
        "export",
        "--run",
        &run,
        "--out",
        out.to_str().expect("UTF-8"),
    ];
    shop.run(&words).succeeded();
    let mut bytes = fs::read(&out).expect("weights");
    let length = bytes.len();
    bytes[length - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    fs::write(&out, bytes).expect("written");
    let before = fs::read_dir(shop.runs()).expect("runs").count();
    let words = shop.train_args(&["--init", out.to_str().expect("UTF-8"), "--max-steps", "1"]);
    shop.run(&words)
        .failed_with(1, &["mine.safetensors", "did not begin"]);
    assert_eq!(fs::read_dir(shop.runs()).expect("runs").count(), before);
}

#[test]
fn a_run_is_filmed_from_its_start_where_an_interval_is_given() {
    let shop = Workshop::new();
    let frames = |more: &[&str]| -> Vec<usize> {
        let args = [&["--max-steps", "2"], more].concat();
        let output = shop.run(&shop.train_args(&args));
        let started = output.succeeded().event("started");
        let folder = shop.runs().join(started["run"].as_str().expect("a name"));
        let film = read_film(&folder.join("film.bin"), None).expect("read");
        let frames = film.expect("a film").frames;
        frames.iter().map(|frame| frame.step).collect()
    };
    assert_eq!(frames(&[]), [2], "after the epoch alone");
    assert_eq!(frames(&["--film-every", "3600"]), [0, 2]);
    shop.run(&shop.train_args(&["--film-every", "3601"]))
        .failed_with(1, &["film interval is 3601", "at most 3600 seconds"]);
}
