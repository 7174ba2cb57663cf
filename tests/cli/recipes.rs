//! Losses and rates beside the papers' own: what is searched, and what is told.

use std::fs;

use serde_json::Value;

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
