//! `evaluate --predictions`: masks on disk, scored without a network.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::workshop::Workshop;

/// Writes a grey mask of `width` columns.
fn write_mask(path: &Path, labels: &[u8], width: u32) {
    let file = fs::File::create(path).expect("a file");
    let mut encoder = png::Encoder::new(file, width, labels.len() as u32 / width);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(labels).expect("a mask");
}

fn bytes(labels: &Value) -> Vec<u8> {
    let labels = labels.as_array().expect("labels").iter();
    labels
        .map(|label| {
            label
                .as_u64()
                .and_then(|label| u8::try_from(label).ok())
                .expect("a byte")
        })
        .collect()
}

/// Equal in shape, with numbers within 1e-12.
fn assert_close(what: &str, value: &Value, expected: &Value) {
    match (value, expected) {
        (Value::Number(value), Value::Number(expected)) => {
            let gap = value.as_f64().expect("a number") - expected.as_f64().expect("a number");
            assert!(
                gap.abs() <= 1e-12,
                "{what}: {value}, and {expected} by the reference"
            );
        }
        (Value::Array(values), Value::Array(expected)) => {
            assert_eq!(values.len(), expected.len(), "{what}");
            values
                .iter()
                .zip(expected)
                .for_each(|(value, expected)| assert_close(what, value, expected));
        }
        (Value::Object(values), Value::Object(expected)) => {
            assert_eq!(values.len(), expected.len(), "{what}");
            for (key, value) in values {
                assert_close(&format!("{what}: {key}"), value, &expected[key]);
            }
        }
        _ => assert_eq!(value, expected, "{what}"),
    }
}

/// Folders `predictions` and `labels` in the workshop.
fn folders(shop: &Workshop) -> [std::path::PathBuf; 2] {
    ["predictions", "labels"].map(|name| {
        let folder = shop.dir().join(name);
        fs::create_dir_all(&folder).expect("a folder");
        folder
    })
}

#[test]
fn masks_on_disk_get_the_reference_scores() {
    let shop = Workshop::new();
    let [predictions, labels] = folders(&shop);
    let cases: Vec<Value> =
        serde_json::from_str(include_str!("../reference/metrics.json")).expect("the cases");
    for name in [
        "with void",
        "classes predicted but not there",
        "void predicted",
    ] {
        let case = cases
            .iter()
            .find(|case| case["name"] == name)
            .expect("the case");
        let width = case["width"].as_u64().expect("a width") as u32;
        for (number, image) in case["images"]
            .as_array()
            .expect("images")
            .iter()
            .enumerate()
        {
            let file = format!("image{number}.png");
            write_mask(&labels.join(&file), &bytes(&image["truth"]), width);
            write_mask(&predictions.join(&file), &bytes(&image["predicted"]), width);
        }
        let (num_classes, band) = (
            case["num_classes"].to_string(),
            case["boundary_width"].to_string(),
        );
        let words = [
            "--json",
            "evaluate",
            "--predictions",
            "predictions",
            "--labels",
            "labels",
            "--num-classes",
            &num_classes,
            "--boundary-width",
            &band,
        ];
        let scored = shop.run(&words).succeeded().json().remove(0);
        for key in [
            "scores",
            "mean_iu_over_images",
            "boundary",
            "boundary_width",
        ] {
            assert_close(&format!("{name}: {key}"), &scored[key], &case[key]);
        }
        assert_eq!(scored["images"], 3, "{scored}");
        let classes = scored["classes"].as_array().expect("classes");
        assert_eq!(classes.len().to_string(), num_classes);
        assert_close(name, &classes[1]["iu"], &case["scores"]["class_iu"][1]);
        assert_close(
            name,
            &classes[1]["boundary_iu"],
            &case["boundary"]["class_iu"][1],
        );
        assert_eq!(
            scored["unanswered_pixels"] != 0,
            name == "void predicted",
            "{scored}"
        );
    }
}

#[test]
fn people_see_three_means_by_name_and_what_was_left_out() {
    let shop = Workshop::new();
    let [predictions, labels] = folders(&shop);
    fs::write(shop.dir().join("classes.txt"), "sky\nroad\n").expect("a list");
    write_mask(&labels.join("a.png"), &[0, 0, 1, 255], 2);
    write_mask(&predictions.join("a.png"), &[0, 255, 1, 1], 2);
    write_mask(&predictions.join("stray.png"), &[0; 4], 2);
    let words = [
        "evaluate",
        "--predictions",
        "predictions",
        "--labels",
        "labels",
    ];
    let output = shop.run(&words);
    let text = &output.succeeded().stdout;
    for words in [
        "1 mask in",
        "road",
        "mIoU (pooled over the set)",
        "mIoU (mean over images)",
        "boundary mIoU (5 px band)",
        "1 labeled pixel is void",
    ] {
        assert!(text.contains(words), "no {words:?} in:\n{text}");
    }
    assert!(
        !text.contains("aeroplane"),
        "classes.txt beside the folder counts:\n{text}"
    );
    assert!(output.stderr.contains("stray.png"), "{}", output.stderr);
}

#[test]
fn masks_that_do_not_fit_are_named() {
    let shop = Workshop::new();
    let [predictions, labels] = folders(&shop);
    let words = [
        "evaluate",
        "--predictions",
        "predictions",
        "--labels",
        "labels",
    ];
    shop.run(&words).failed_with(1, &["labels", "no PNG masks"]);
    write_mask(&labels.join("a.png"), &[0, 0, 1, 1], 2);
    shop.run(&words).failed_with(1, &["a.png", "missing"]);
    write_mask(&predictions.join("a.png"), &[0, 0, 1, 1], 4);
    shop.run(&words).failed_with(1, &["a.png", "4x1", "2x2"]);
    write_mask(&predictions.join("a.png"), &[0, 0, 1, 40], 2);
    shop.run(&words)
        .failed_with(1, &["predictions/a.png", "label 40", "--num-classes"]);
    let both = [
        "evaluate",
        "--run",
        "latest",
        "--predictions",
        "predictions",
        "--labels",
        "labels",
    ];
    shop.run(&both).failed_with(2, &["--predictions"]);
    shop.run(&["evaluate"]).failed_with(2, &["--run"]);
}
