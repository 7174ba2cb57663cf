//! `explain`: the scores of pixels, taken apart.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

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

/// The numbers of a NumPy file of floats.
fn numbers(path: &Value) -> Vec<f32> {
    let bytes = fs::read(path.as_str().expect("a path")).expect("a file");
    let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let values = bytes[10 + header..].chunks_exact(4);
    values
        .map(|bytes| f32::from_le_bytes(bytes.try_into().expect("four bytes")))
        .collect()
}

#[test]
fn maps_of_a_class_and_of_layers_are_written_with_their_numbers() {
    let shop = Workshop::new();
    let run = train(&shop, 1);
    let image = shop.dataset().join("JPEGImages/img5.jpg");
    let image = image.to_str().expect("UTF-8");
    let folder = shop.dir().join("maps");
    let folder = folder.to_str().expect("UTF-8");
    let args = [
        "--json",
        "explain",
        image,
        "--run",
        &run,
        "--at",
        "9,7",
        "--effective",
        "--maps",
        folder,
        "--layer",
        "pool3",
        "--layer",
        "fc7",
        "--channel",
        "max",
    ];
    let found = shop.run(&args).succeeded().json();
    let [pixel, maps] = &found[..] else {
        panic!("a pixel and the maps: {found:?}");
    };
    let label = &pixel["classes"][0]["label"];
    assert_eq!(&pixel["effective_field"]["label"], label);
    let edges = |rect: &Value| {
        let edges = rect.as_array().expect("a rectangle").iter().map(number);
        edges.collect::<Vec<_>>()
    };
    let (effective, all) = (
        edges(&pixel["effective_field"]["outline"]),
        edges(&pixel["receptive_fields"]["fc7"]),
    );
    assert!(
        effective[0] >= all[0] && effective[1] >= all[1],
        "{effective:?}"
    );
    assert!(
        effective[2] <= all[2] && effective[3] <= all[3],
        "{effective:?}"
    );

    let maps = maps["maps"].as_array().expect("maps");
    let class = pixel["classes"][0]["name"].as_str().expect("a name");
    let class = class.replace(' ', "-");
    let map = |name: &str| {
        let found = maps.iter().find(|map| map["map"] == name);
        found.unwrap_or_else(|| panic!("no {name} in {maps:?}"))
    };
    let [logit, fc7, pool4, share] = ["logit", "from_fc7", "from_pool4", "probability"]
        .map(|what| numbers(&map(&format!("{class}_{what}"))["numbers"]));
    for ((logit, fc7), pool4) in logit.iter().zip(&fc7).zip(&pool4) {
        assert!(
            (logit - fc7 - pool4).abs() < 1e-4,
            "{logit}: {fc7} and {pool4}"
        );
    }
    let shape = &map(&format!("{class}_logit"))["shape"];
    let width = number(&shape[1]) as usize;
    let at = 7 * width + 9;
    let class_scores = &pixel["classes"][0];
    assert!((f64::from(logit[at]) - number(&class_scores["logit"])).abs() < 1e-4);
    assert!((f64::from(share[at]) - number(&class_scores["probability"])).abs() < 1e-5);
    assert!(share.iter().all(|share| (0.0..=1.0).contains(share)));
    let gradient = numbers(&map(&format!("{class}_gradient_9_7"))["numbers"]);
    assert!(gradient.iter().all(|value| *value >= 0.0));

    let pool3 = map("pool3");
    let channels = number(&pool3["shape"][0]) as usize;
    let plane = number(&pool3["shape"][1]) as usize * number(&pool3["shape"][2]) as usize;
    let values = numbers(&pool3["numbers"]);
    assert_eq!(values.len(), channels * plane);
    // The picture goes to the largest number of any channel.
    let largest = values.iter().fold(0.0_f32, |most, value| most.max(*value));
    assert!((number(&pool3["range"][1]) - f64::from(largest)).abs() < 1e-6);
    assert!(number(&map("fc7")["shape"][0]) > number(&pool3["shape"][0]));
    for map in maps {
        let picture = Path::new(map["picture"].as_str().expect("a path"));
        let size = image::image_dimensions(picture).expect("a picture");
        assert!(size.0 > 100 && size.1 > 100, "{map}");
    }

    // Nothing is written over, unless that is asked for.
    shop.run(&args).failed_with(1, &["img5", "--overwrite"]);
    let again: Vec<&str> = args.iter().copied().chain(["--overwrite"]).collect();
    shop.run(&again).succeeded();

    let layers = ["--json", "explain", image, "--run", &run, "--layers"];
    let found = shop.run(&layers).succeeded().json();
    let names = found[0]["layers"].as_array().expect("layers");
    assert!(names.iter().any(|layer| layer["name"] == json!("conv1_1")));
    let wrong = ["explain", image, "--run", &run, "--maps", folder, "--class"];
    let wrong = |more: &[&'static str]| {
        let args: Vec<&str> = wrong.iter().copied().chain(more.iter().copied()).collect();
        shop.run(&args)
    };
    wrong(&["zebra"]).failed_with(1, &["no class zebra", "Choose one of"]);
    wrong(&["0", "--layer", "conv9"]).failed_with(1, &["no layer conv9", "conv1_1, conv1_2"]);
    wrong(&["0", "--layer", "pool3", "--channel", "4000"])
        .failed_with(1, &["channels. Choose one from 0"]);
    wrong(&["0", "--channel", "most"]).failed_with(2, &["mean, max"]);
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
