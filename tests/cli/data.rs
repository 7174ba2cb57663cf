//! `data check` and `data fix`, and what `train` and `evaluate` do about findings.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::workshop::{SIZE, Workshop, read_indices};

/// Writes a gray mask with these labels for dark and light; the border between is void.
fn write_mask(shop: &Workshop, name: &str, labels: [u8; 2]) {
    let path = shop.dataset().join(format!("SegmentationClass/{name}.png"));
    let [width, height] = SIZE;
    let label = |x: u32, y: u32| labels[usize::from(x > width / 2 && y > height / 2)];
    let samples = (0..height).flat_map(|y| (0..width).map(move |x| label(x, y)));
    image::GrayImage::from_raw(width, height, samples.collect())
        .expect("a mask")
        .save(&path)
        .expect("written");
}

fn relabel(shop: &Workshop, names: std::ops::Range<usize>, labels: [u8; 2]) {
    for number in names {
        write_mask(shop, &format!("img{number}"), labels);
    }
}

fn two_classes(shop: &Workshop) {
    fs::write(shop.dataset().join("classes.txt"), "background\nlesion\n").expect("a list");
}

fn lists(shop: &Workshop, name: &str, text: &str) {
    let path = shop.dataset().join("ImageSets/Segmentation").join(name);
    fs::write(path, text).expect("a list");
}

fn kinds(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().expect("findings");
    findings
        .iter()
        .map(|finding| finding["kind"].as_str().expect("a kind"))
        .collect()
}

fn check(shop: &Workshop, folder: &Path) -> Value {
    let folder = folder.to_str().expect("UTF-8");
    let output = shop.run(&["--json", "data", "check", folder]);
    output.json().remove(0)
}

#[test]
fn objects_in_255_are_refused_and_can_be_fixed() {
    let shop = Workshop::new();
    two_classes(&shop);
    relabel(&shop, 0..6, [0, 255]);
    shop.run(&shop.train_args(&["--max-steps", "1"]))
        .failed_with(1, &["shapes", "only 0 and 255", "lesion", "data fix"]);
    assert_eq!(fs::read_dir(shop.runs()).map_or(0, Iterator::count), 0);

    let output = shop.run(&["data", "check", "shapes"]);
    output.failed_with(1, &[]);
    for words in [
        "error: objects-are-void (6)",
        "img0.png and 5 more",
        "1 error",
    ] {
        assert!(
            output.stdout.contains(words),
            "no {words:?} in:\n{}",
            output.stdout
        );
    }
    let report = check(&shop, &shop.dataset());
    assert_eq!(kinds(&report), ["objects-are-void"]);
    assert_eq!(report["findings"][0]["fix"]["map"]["255"], 1);

    let fixed = shop.run(&["--json", "data", "fix", "shapes", "--out", "fixed"]);
    let line = fixed.succeeded().json().remove(0);
    assert_eq!((&line["train"], &line["val"]), (&4.into(), &2.into()));
    let folder = shop.dir().join("fixed");
    assert_eq!(kinds(&check(&shop, &folder)), Vec::<&str>::new());
    let (size, labels) = read_indices(&folder.join("SegmentationClass/img0.png"));
    assert_eq!((size, labels[0], labels.last()), (SIZE, 0, Some(&1)));
    // The old set is as it was, and the new one is not replaced.
    assert_eq!(kinds(&check(&shop, &shop.dataset())), ["objects-are-void"]);
    shop.run(&["data", "fix", "shapes", "--out", "fixed"])
        .failed_with(1, &["fixed", "new folder"]);
    // By hand: another number, and a wrong one.
    shop.run(&[
        "data", "fix", "shapes", "--map", "255=1", "--out", "by-hand",
    ])
    .succeeded();
    shop.run(&["data", "fix", "shapes", "--map", "255=9", "--out", "wrong"])
        .failed_with(1, &["img", "label 9"]);
    assert!(!shop.dir().join("wrong").exists());
    shop.run(&["data", "fix", "shapes", "--map", "255", "--out", "x"])
        .failed_with(2, &["255=1"]);
    // A label becomes one other, and the dataset has one name.
    let twice = [
        "data",
        "fix",
        "shapes",
        "--map",
        "255=1,255=0",
        "--out",
        "x",
    ];
    shop.run(&twice)
        .failed_with(2, &["label 255 both 1 and 0", "Write it once"]);
    let named = ["data", "check", "--dataset", "shapes"];
    let output = shop.run(&named);
    output.failed_with(1, &[]);
    assert!(
        output.stdout.contains("objects-are-void (6)"),
        "{}",
        output.stdout
    );
    let both = ["data", "check", "shapes", "--dataset", "shapes"];
    shop.run(&both).failed_with(2, &["cannot be used with"]);
    shop.run(&["data", "check"]).failed_with(2, &["FOLDER"]);
}

#[test]
fn a_cut_image_of_the_validation_list_is_refused_before_a_run_begins() {
    let shop = Workshop::new();
    let image = shop.dataset().join("JPEGImages/img5.jpg");
    let bytes = fs::read(&image).expect("an image");
    fs::write(&image, &bytes[..bytes.len() / 2]).expect("cut");
    shop.run(&shop.train_args(&["--max-steps", "1"]))
        .failed_with(1, &["img5.jpg", "cut off"]);
    assert_eq!(fs::read_dir(shop.runs()).map_or(0, Iterator::count), 0);
    let checked = shop.run(&["data", "check", "shapes"]);
    assert!(
        checked.stdout.contains("data fix --leave-out"),
        "{}",
        checked.stdout
    );
    shop.run(&["data", "fix", "shapes", "--out", "fixed"])
        .failed_with(1, &["img5.jpg", "--leave-out"]);
    shop.run(&["data", "fix", "shapes", "--leave-out", "--out", "fixed"])
        .succeeded();
}

#[test]
fn what_cannot_be_scored_is_refused() {
    let shop = Workshop::new();
    let labels = shop.dataset().join("SegmentationClass");
    relabel(&shop, 0..6, [0, 255]);
    let predictions = shop.dir().join("predictions");
    fs::create_dir(&predictions).expect("a folder");
    for number in 0..6 {
        let name = format!("img{number}.png");
        image::GrayImage::new(SIZE[0], SIZE[1])
            .save(predictions.join(name))
            .expect("a mask");
    }
    let words = [
        "evaluate",
        "--predictions",
        "predictions",
        "--labels",
        labels.to_str().expect("UTF-8"),
        "--num-classes",
        "2",
    ];
    shop.run(&words)
        .failed_with(1, &["SegmentationClass", "only 0 and 255", "100 %"]);
    relabel(&shop, 0..6, [255, 255]);
    shop.run(&words).failed_with(1, &["no pixel of any mask"]);
    relabel(&shop, 0..6, [0, 1]);
    shop.run(&words).succeeded();
}

#[test]
fn void_frames_are_said_and_void_lists_refused() {
    let shop = Workshop::new();
    two_classes(&shop);
    relabel(&shop, 0..6, [0, 1]);
    relabel(&shop, 0..1, [255, 255]);
    let output = shop.run(&shop.train_args(&["--max-steps", "4"]));
    let losses = output.succeeded().json();
    let steps = losses.iter().filter(|line| line["event"] == "step");
    assert_eq!(steps.filter(|line| line["loss"].is_f64()).count(), 4);
    let warning = "no pixel of these masks is labeled";
    assert!(output.stderr.contains(warning), "{}", output.stderr);

    relabel(&shop, 4..6, [255, 255]);
    let args = shop.train_args(&["--max-steps", "1"]);
    shop.run(&args).failed_with(1, &["nothing to validate on"]);
    relabel(&shop, 0..6, [255, 255]);
    shop.run(&args).failed_with(1, &["no pixel of any mask"]);
}

#[test]
fn an_image_in_both_lists_and_a_changed_dataset_are_said() {
    let shop = Workshop::new();
    two_classes(&shop);
    let stay = shop.run(&shop.train_args(&["--max-steps", "1"]));
    assert!(
        !stay.succeeded().stderr.contains("warning"),
        "{}",
        stay.stderr
    );
    lists(&shop, "val.txt", "img0\nimg4\nimg5\n");
    let scored = shop.run(&["evaluate", "--run", "latest"]);
    let words = "validation list has 3 images instead of 2";
    assert!(
        scored.succeeded().stderr.contains(words),
        "{}",
        scored.stderr
    );

    let output = shop.run(&shop.train_args(&["--max-steps", "1"]));
    let words = "both trained on and validated on";
    assert!(
        output.succeeded().stderr.contains(words),
        "{}",
        output.stderr
    );
    let report = check(&shop, &shop.dataset());
    assert_eq!(report["findings"][0]["kind"], "same-file-in-both");
    assert_eq!(report["findings"][0]["count"], 1);
}

#[test]
fn findings_become_a_page_that_replaces_nothing() {
    let shop = Workshop::new();
    two_classes(&shop);
    relabel(&shop, 1..2, [0, 7]);
    let words = ["data", "check", "shapes", "--html", "findings.html"];
    shop.run(&words).failed_with(1, &[]);
    let page = fs::read_to_string(shop.dir().join("findings.html")).expect("a page");
    for words in [
        "Labels without a class",
        "img1.png",
        "<title>shapes</title>",
    ] {
        assert!(page.contains(words), "no {words:?} in:\n{page}");
    }
    shop.run(&words)
        .failed_with(1, &["findings.html", "--overwrite"]);
    let sound = shop.run(&[
        "data",
        "check",
        "sample",
        "--html",
        "findings.html",
        "--overwrite",
    ]);
    let text = &sound.succeeded().stdout;
    assert!(text.contains("0 errors, 0 warnings and 0 notes"), "{text}");
}

#[test]
fn lists_are_made_anew_in_a_copy() {
    let shop = Workshop::new();
    let words = ["--json", "data", "split", "shapes", "--out"];
    let split = |more: &[&str]| shop.run(&[&words[..], more].concat());
    let half = split(&["half", "--val", "50", "--seed", "3", "--stratified"]);
    let line = half.succeeded().json().remove(0);
    assert_eq!((&line["train"], &line["val"]), (&3.into(), &3.into()));
    let fold = split(&["fold", "--fold", "2/3", "--keep-sequences"]);
    // All names are of one sequence.
    fold.failed_with(1, &["shapes", "Choose another share"]);
    let fold = split(&["fold", "--fold", "2/3"])
        .succeeded()
        .json()
        .remove(0);
    assert_eq!((&fold["train"], &fold["val"]), (&4.into(), &2.into()));
    let few = split(&["few", "--images", "2", "--val", "50"]);
    assert_eq!(few.succeeded().json()[0]["val"], 1);
    split(&["x", "--fold", "4/3"]).failed_with(2, &["1/5"]);
    split(&["x", "--val", "100"]).failed_with(2, &["below 100"]);
}

#[test]
fn guessed_pairs_are_listed_and_the_list_is_read() {
    let shop = Workshop::new();
    let root = shop.dir().join("pairs");
    for folder in ["images", "masks"] {
        fs::create_dir_all(root.join(folder)).expect("a folder");
    }
    for number in 0..6 {
        let image = shop.dataset().join(format!("JPEGImages/img{number}.jpg"));
        fs::copy(image, root.join(format!("images/{number}.jpg"))).expect("copied");
        let mask = shop
            .dataset()
            .join(format!("SegmentationClass/img{number}.png"));
        fs::copy(mask, root.join(format!("masks/{number}_label.png"))).expect("copied");
    }
    let words = ["data", "check", "pairs", "--pairs", "pairs/mine.txt"];
    let output = shop.run(&words);
    assert!(
        output
            .stdout
            .contains("high   images/0.jpg  masks/0_label.png"),
        "{}",
        output.stdout
    );
    let report = check(&shop, &root);
    assert_eq!(report["review"]["pairs"].as_array().map(Vec::len), Some(6));
    assert_eq!(report["review"]["pairs"][0]["confidence"], "high");
    // Accepted, with one pair less.
    let list = fs::read_to_string(root.join("mine.txt")).expect("the list");
    let kept: Vec<&str> = list
        .lines()
        .filter(|line| !line.contains("images/5"))
        .collect();
    fs::write(root.join("mine.txt"), kept.join("\n")).expect("written");
    fs::write(root.join("class-map.toml"), "pairs = \"mine.txt\"\n").expect("written");
    let report = check(&shop, &root);
    assert!(report["review"].is_null(), "{report}");
    assert_eq!(report["pairs"], 5);
}

#[test]
fn images_alone_and_images_of_other_bands_are_told_apart() {
    let shop = Workshop::new();
    let photos = shop.dir().join("photos");
    fs::create_dir(&photos).expect("a folder");
    for number in 0..2 {
        let image = shop.dataset().join(format!("JPEGImages/img{number}.jpg"));
        fs::copy(image, photos.join(format!("{number}.jpg"))).expect("copied");
    }
    let words = ["2 in the folder itself", "nothing to train on", "predict"];
    shop.run(&["data", "check", "photos"])
        .failed_with(1, &words);
    let train = ["train", "--dataset", "photos", "--device", "cpu"];
    shop.run(&train).failed_with(1, &words);

    // Bands in another order, by an option and by the map; a band that is not there is refused.
    let set = ["data", "check", "shapes"];
    let bands = [&set[..], &["--bands", "3,2,1"]].concat();
    let text = shop.run(&bands).stdout;
    assert!(
        text.contains("bands 3, 2 and 1 as red, green and blue"),
        "{text}"
    );
    let wrong = [&set[..], &["--bands", "4"]].concat();
    let output = shop.run(&wrong);
    output.failed_with(1, &[]);
    assert!(output.stdout.contains("band-choice"), "{}", output.stdout);
    let wrong = [&set[..], &["--bands", "1,2"]].concat();
    shop.run(&wrong).failed_with(1, &["2 bands are named"]);
    let wrong = [&set[..], &["--range", "5"]].concat();
    shop.run(&wrong).failed_with(2, &["0,4095"]);
}

#[test]
fn a_run_remembers_the_bands_of_its_images() {
    let shop = Workshop::new();
    let args = shop.train_args(&["--max-steps", "1", "--bands", "1,2,3", "--range", "0,255"]);
    let output = shop.run(&args);
    output.succeeded();
    let run = fs::read_dir(shop.runs())
        .expect("the runs")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| path.join("config.json").is_file())
        .expect("a run");
    let config = fs::read_to_string(run.join("config.json")).expect("a configuration");
    let config: Value = serde_json::from_str(&config).expect("JSON");
    assert_eq!(config["images"]["bands"], serde_json::json!([1, 2, 3]));
    assert_eq!(config["images"]["range"], serde_json::json!([0, 255]));
    // To the run the fourth band of a photo is no transparency.
    let photo = image::open(shop.dataset().join("JPEGImages/img0.jpg")).expect("an image");
    let mut clear = photo.to_rgba8();
    clear.pixels_mut().for_each(|pixel| pixel.0[3] = 9);
    photo.save(shop.dir().join("solid.png")).expect("saved");
    clear.save(shop.dir().join("clear.png")).expect("saved");
    let scores = |name: &str| {
        let file = format!("{name}.npy");
        let image = format!("{name}.png");
        shop.run(&["predict", &image, "--scores", &file])
            .succeeded();
        fs::read(shop.dir().join(file)).expect("scores")
    };
    assert_eq!(scores("solid"), scores("clear"));
    shop.run(&["evaluate", "--run", "latest"]).succeeded();
    shop.run(&["evaluate", "--run", "latest", "--bands", "3,2,1"])
        .failed_with(1, &["--dataset"]);
}
