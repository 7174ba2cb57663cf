//! Weights from and to files: `export`, `weights inspect`, `weights import`,
//! `predict --weights`, `train --init` and plans in stages.

mod init;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::train;
use super::workshop::{Output, SIZE, Workshop, read_indices};

/// Without a list of classes they are those of VOC.
const CLASSES: usize = 21;

/// A workshop with a run of two steps, and its weights in `net.safetensors`.
fn exported() -> (Workshop, String, PathBuf) {
    let shop = Workshop::new();
    let run = train(&shop, 2);
    // A bare name is a file in the folder that one works in.
    let output = shop.run(&[
        "--json",
        "export",
        "--run",
        &run,
        "--out",
        "net.safetensors",
    ]);
    let line = output.succeeded().json().remove(0);
    assert_eq!(
        (&line["run"], &line["file"]),
        (&run.as_str().into(), &"net.safetensors".into())
    );
    let file = shop.dir().join("net.safetensors");
    assert!(file.is_file());
    (shop, run, file)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn config(shop: &Workshop, run: &Value) -> Value {
    let folder = shop.runs().join(run.as_str().expect("a name"));
    json_file(&folder.join("config.json"))["config"].clone()
}

fn json_file(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("the file")).expect("JSON")
}

/// One error, told once.
#[track_caller]
fn refused(output: &Output, words: &[&str]) {
    output.failed_with(1, words);
    let errors = output
        .stderr
        .lines()
        .filter(|line| line.starts_with("error:"))
        .count();
    assert_eq!(errors, 1, "{}", output.stderr);
}

#[test]
fn weights_are_exported_looked_at_and_imported() {
    let (shop, run, file) = exported();
    let words = ["export", "--run", &run, "--out", "again.safetensors"];
    let said = shop.run(&words).succeeded().stdout.clone();
    assert_eq!(said.trim(), format!("{run} -> again.safetensors"));
    // The texts in the header have no order of their own.
    let values = |name: &str| {
        let bytes = fs::read(shop.dir().join(name)).expect("a file");
        let (length, rest) = bytes.split_first_chunk().expect("the length of the header");
        rest[u64::from_le_bytes(*length) as usize..].to_vec()
    };
    assert_eq!(values("again.safetensors"), values("net.safetensors"));
    refused(
        &shop.run(&["export", "--run", &run, "--out", "net.pth"]),
        &["net.pth", ".safetensors"],
    );
    refused(
        &shop.run(&["export", "--run", "gone", "--out", "net.safetensors"]),
        &["gone", "no such run"],
    );
    are_inspected(&shop, &file);
    are_imported(&shop, &run, &file);
}

fn are_inspected(shop: &Workshop, file: &Path) {
    let table = shop.run(&["weights", "inspect", text(file)]);
    let table = &table.succeeded().stdout;
    for part in [
        "net.safetensors: FCN-16s on VGG16 slim for 21 classes",
        "as FCN-16s on VGG16 slim, padded geometry",
        "conv1_1.weight",
        "score_pool4.bias",
    ] {
        assert!(table.contains(part), "no {part:?} in {table}");
    }
    let line = shop
        .run(&["--json", "weights", "inspect", text(file)])
        .succeeded()
        .json()
        .remove(0);
    assert_eq!(
        (&line["variant"], &line["trunk"]),
        (&"fcn16s".into(), &"vgg16-slim".into())
    );
    assert_eq!(
        line["classes"].as_array().map(Vec::len),
        Some(CLASSES),
        "{line}"
    );
    let layers = line["layers"].as_array().expect("layers");
    assert!(
        layers.len() > 60 && layers.iter().all(|layer| layer["state"] == "loaded"),
        "{line}"
    );

    // Looked at as a finer network it lacks layers, and has one that is of no use.
    let words = [
        "--json",
        "weights",
        "inspect",
        text(file),
        "--variant",
        "fcn8s",
    ];
    let line = shop.run(&words).succeeded().json().remove(0);
    let state = |name: &str| {
        let layers = line["layers"].as_array().expect("layers");
        layers
            .iter()
            .find(|layer| layer["name"] == name)
            .expect(name)["state"]
            .clone()
    };
    assert_eq!(state("score_pool3.weight"), "initialized");
    assert_eq!(state("upscore8.weight"), "initialized");
    assert_eq!(state("upscore16.weight"), "skipped");
    assert_eq!(state("score_fr.weight"), "loaded");
    refused(
        &shop.run(&[
            "weights",
            "inspect",
            text(file),
            "--variant",
            "fcn_resnet50",
        ]),
        &["trunk is VGG16 slim"],
    );
}

fn are_imported(shop: &Workshop, run: &str, file: &Path) {
    let line = shop
        .run(&["--json", "weights", "import", text(file)])
        .succeeded()
        .json()
        .remove(0);
    assert_eq!(line["run"], "imported-net", "{line}");
    let listed = shop.run(&["--json", "runs"]).succeeded().json();
    let imported = listed
        .iter()
        .find(|line| line["run"] == "imported-net")
        .expect("in the list");
    assert_eq!(
        (&imported["state"], &imported["can_resume"]),
        (&"finished".into(), &false.into())
    );
    let scored = |run: &str| {
        shop.run(&["--json", "evaluate", "--run", run])
            .succeeded()
            .json()
            .remove(0)
    };
    assert_eq!(scored("imported-net")["scores"], scored(run)["scores"]);
    refused(
        &shop.run(&["train", "--resume", "imported-net"]),
        &["imported-net", "finished"],
    );
    // To use, it is the latest, and that is said; to resume, the latest is the one that was trained.
    let latest = shop.run(&["evaluate", "--run", "latest"]);
    let said = &latest.succeeded().stderr;
    assert!(
        said.contains("the latest run is imported-net, which was imported"),
        "{said}"
    );
    refused(
        &shop.run(&["train", "--resume", "latest"]),
        &[run, "finished"],
    );
}

#[test]
fn files_that_are_no_weights_are_named() {
    let shop = Workshop::new();
    let notes = shop.dir().join("notes.pth");
    fs::write(&notes, "hello").expect("a file");
    for file in ["gone.pth", "gone.safetensors", "notes.pth"] {
        for command in ["inspect", "import"] {
            refused(
                &shop.run(&["weights", command, file]),
                &[file, "Choose a .pth"],
            );
        }
        refused(
            &shop.run(&[
                "predict",
                text(&image(&shop)),
                "--weights",
                file,
                "--scores",
                "s.npy",
            ]),
            &[file],
        );
    }
    assert!(!shop.runs().exists() && !shop.dir().join("s.npy").exists());
}

fn image(shop: &Workshop) -> PathBuf {
    shop.dataset().join("JPEGImages/img0.jpg")
}

#[test]
fn a_file_is_enough_to_predict_with() {
    let (shop, run, file) = exported();
    let image = image(&shop);
    let words = [
        "--json",
        "predict",
        text(&image),
        "--weights",
        text(&file),
        "--scores",
        "S.npy",
    ];
    let line = shop.run(&words).succeeded().json().remove(0);
    let [width, height] = SIZE;
    assert_eq!(line["shape"], serde_json::json!([CLASSES, height, width]));
    let scores = fs::read(shop.dir().join("S.npy")).expect("scores");
    assert_eq!(&scores[..8], b"\x93NUMPY\x01\x00");
    let header = String::from_utf8_lossy(&scores[10..128]).into_owned();
    let expected = format!(
        "{{'descr': '<f4', 'fortran_order': False, 'shape': ({CLASSES}, {height}, {width}), }}"
    );
    assert!(
        header.starts_with(&expected) && header.ends_with('\n'),
        "{header:?}"
    );
    assert_eq!(scores.len(), 128 + 4 * CLASSES * (width * height) as usize);

    // The class with the highest score is the one in the mask, of the file as of the run.
    let (words, []) = scores[128..].as_chunks() else {
        panic!("floats of four bytes")
    };
    let values: Vec<f32> = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
    let pixels = values.len() / CLASSES;
    let score = |class: u8, pixel: usize| values[usize::from(class) * pixels + pixel];
    // Of equal scores the first one counts.
    let highest = |pixel: usize| {
        (0..CLASSES as u8)
            .rev()
            .max_by(|left, right| score(*left, pixel).total_cmp(&score(*right, pixel)))
    };
    let expected: Vec<u8> = (0..pixels)
        .map(|pixel| highest(pixel).expect("a class"))
        .collect();
    assert!(
        values.iter().any(|value| *value != 0.0),
        "something was learned"
    );
    for source in [["--weights", text(&file)], ["--run", &run]] {
        let out = source[0].trim_start_matches('-');
        let words = [
            "--json",
            "predict",
            text(&image),
            source[0],
            source[1],
            "--out",
            out,
        ];
        let line = shop.run(&words).succeeded().json().remove(0);
        let (size, labels) = read_indices(&shop.dir().join(line["mask"].as_str().expect("a mask")));
        assert_eq!((size, labels), (SIZE, expected.clone()), "{out}");
    }

    let other = shop.dataset().join("JPEGImages/img1.jpg");
    let words = [
        "predict",
        text(&image),
        text(&other),
        "--weights",
        text(&file),
        "--scores",
        "two.npy",
    ];
    refused(
        &shop.run(&words),
        &["--scores takes one image, but 2 are given"],
    );
    assert!(!shop.dir().join("two.npy").exists());
    shop.run(&["predict", text(&image), "--weights", text(&file)])
        .failed_with(2, &["--out"]);
    shop.run(&[
        "predict",
        text(&image),
        "--weights",
        text(&file),
        "--run",
        &run,
        "--out",
        "x",
    ])
    .failed_with(2, &["--run"]);
}

#[test]
fn a_file_from_elsewhere_predicts_on_chosen_bands() {
    let (shop, _, file) = exported();
    let image = image::open(shop.dataset().join("JPEGImages/img0.jpg")).expect("an image");
    let rgb = image.into_rgb8();
    rgb.save(shop.dir().join("rgb.png")).expect("an image");
    let turned = image::RgbImage::from_fn(rgb.width(), rgb.height(), |x, y| {
        let [red, green, blue] = rgb.get_pixel(x, y).0;
        image::Rgb([blue, green, red])
    });
    turned.save(shop.dir().join("bgr.png")).expect("an image");
    let scores = |image: &str, more: &[&str]| {
        let out = format!("{image}.npy");
        let words = [
            "predict",
            image,
            "--weights",
            text(&file),
            "--overwrite",
            "--scores",
            &out,
        ];
        shop.run(&[&words[..], more].concat()).succeeded();
        fs::read(shop.dir().join(out)).expect("scores")
    };
    let expected = scores("rgb.png", &[]);
    assert_eq!(scores("bgr.png", &["--bands", "3,2,1"]), expected);
    assert_ne!(scores("bgr.png", &[]), expected);

    let refused_with = |more: &[&str], code: i32, parts: &[&str]| {
        let words = ["predict", "rgb.png", "--scores", "no.npy"];
        shop.run(&[&words[..], more].concat())
            .failed_with(code, parts);
    };
    let weights = ["--weights", text(&file)];
    refused_with(
        &[&weights[..], &["--bands", "1,2,7"]].concat(),
        1,
        &["rgb.png", "band 7", "3 bands"],
    );
    refused_with(
        &[&weights[..], &["--bands", "1,2"]].concat(),
        1,
        &["2 bands"],
    );
    refused_with(
        &[&weights[..], &["--range", "measured"]].concat(),
        2,
        &["no training images"],
    );
    // A run reads images as it was trained.
    refused_with(&["--bands", "3,2,1"], 2, &["--weights"]);
}
