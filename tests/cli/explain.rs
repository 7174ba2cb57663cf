//! `explain`: the scores of pixels, taken apart.

use serde_json::Value;

use crate::train;
use crate::workshop::{Workshop, read_indices};

fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

#[test]
fn the_parts_of_a_score_sum_to_its_logit_and_the_mask_takes_the_largest() {
    let shop = Workshop::new();
    let run = train(&shop, 3);
    let image = shop.dataset().join("JPEGImages/img5.jpg");
    let image = image.to_str().expect("UTF-8");
    let out = shop.dir().join("masks");
    let masks = out.to_str().expect("UTF-8");
    shop.run(&["predict", image, "--run", &run, "--out", masks])
        .succeeded();
    let ([width, height], mask) = read_indices(&out.join("img5.png"));

    let last = format!("{},{}", width - 1, height - 1);
    let args = [
        "--json", "explain", image, "--run", &run, "--at", "0,0", "--at", &last,
    ];
    let found = shop.run(&args).succeeded().json();
    assert_eq!(found.len(), 2);
    for (pixel, label) in found.iter().zip([mask[0], mask[mask.len() - 1]]) {
        let field = &pixel["receptive_fields"]["fc7"];
        assert_eq!(
            field,
            &serde_json::json!([0, 0, width - 1, height - 1]),
            "all of it"
        );
        let ranked = pixel["classes"].as_array().expect("classes");
        assert_eq!(ranked[0]["label"], label);
        for class in ranked {
            let parts = class["contributions"].as_object().expect("parts");
            let names: Vec<&str> = parts.keys().map(String::as_str).collect();
            assert_eq!(names, ["fc7", "pool4"], "the run is an FCN-16s");
            let sum: f64 = parts.values().map(number).sum();
            assert!((sum - number(&class["logit"])).abs() < 1e-4, "{class}");
        }
        let logits: Vec<f64> = ranked.iter().map(|c| number(&c["logit"])).collect();
        assert!(logits.is_sorted_by(|a, b| a >= b), "the most likely first");
        let sum: f64 = ranked.iter().map(|c| number(&c["probability"])).sum();
        assert!((sum - 1.0).abs() < 1e-9);
    }
    let table = shop.run(&args[1..]);
    let text = table.succeeded().stdout.clone();
    assert!(
        text.contains("from fc7") && text.contains("entropy"),
        "{text}"
    );
}

#[test]
fn a_pixel_outside_the_image_is_named() {
    let shop = Workshop::new();
    let run = train(&shop, 1);
    let image = shop.dataset().join("JPEGImages/img5.jpg");
    let image = image.to_str().expect("UTF-8");
    shop.run(&["explain", image, "--run", &run, "--at", "0,5000"])
        .failed_with(1, &["no pixel at 0,5000", "img5.jpg"]);
    shop.run(&["explain", image, "--run", &run, "--at", "7"])
        .failed_with(2, &["120,80"]);
}
