//! `evaluate` and `predict` with probabilities averaged over sizes and mirror images.

use serde_json::{Value, json};

use crate::train;
use crate::workshop::Workshop;

/// What is scored with averages is what `predict` writes with them, and is kept apart.
#[test]
fn averaged_scores_are_those_of_averaged_masks_and_have_a_file_of_their_own() {
    let shop = Workshop::new();
    let run = train(&shop, 3);
    let scored = |more: &[&str]| -> Value {
        let words = ["--json", "evaluate", "--run", &run];
        let words: Vec<&str> = words.iter().chain(more).copied().collect();
        shop.run(&words).succeeded().json().remove(0)
    };
    let plain = scored(&[]);
    let averaged = scored(&["--flip", "--scales", "0.5,1"]);
    assert!(plain.get("averaging").is_none(), "{plain}");
    assert_eq!(
        averaged["averaging"],
        json!({ "scales": [0.5, 1.0], "flip": true })
    );
    let loss = |scored: &Value| scored["val_loss"].as_f64().expect("a loss");
    assert!(loss(&averaged) > 0.0 && loss(&averaged) != loss(&plain));
    let files = std::fs::read_dir(shop.runs().join(&run)).expect("the run");
    let names = files.map(|file| {
        file.expect("a file")
            .file_name()
            .to_string_lossy()
            .into_owned()
    });
    let kept = names.filter(|name| name.starts_with("evaluation-val-"));
    assert_eq!(kept.count(), 2, "neither has taken the place of the other");
    let text = shop.run(&["evaluate", "--run", &run, "--flip"]);
    assert!(
        text.succeeded()
            .stdout
            .contains("averaged over mirror images")
    );

    let (images, labels) = (
        shop.dataset().join("JPEGImages"),
        shop.dataset().join("SegmentationClass"),
    );
    let (list, out) = (
        shop.dataset().join("ImageSets/Segmentation/val.txt"),
        shop.dir().join("averaged"),
    );
    let [images, labels, list, out] =
        [&images, &labels, &list, &out].map(|path| path.to_str().expect("UTF-8"));
    let words = [
        "predict", images, "--run", &run, "--out", out, "--flip", "--scales", "0.5,1",
    ];
    shop.run(&words).succeeded();
    let words = [
        "--json",
        "evaluate",
        "--predictions",
        out,
        "--labels",
        labels,
        "--list",
        list,
    ];
    let of_masks = shop.run(&words).succeeded().json().remove(0);
    for key in ["images", "scores", "mean_iu_over_images", "boundary"] {
        assert_eq!(of_masks[key], averaged[key], "{key}");
    }
    let words = [
        "evaluate",
        "--predictions",
        out,
        "--labels",
        labels,
        "--flip",
    ];
    shop.run(&words).failed_with(2, &["--flip"]);
}
