//! What `predict` and `export` write, and that nothing else is lost by it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::train;
use super::workshop::Workshop;

/// The content of each file of a folder.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).expect("a folder");
    entries
        .map(|entry| {
            let entry = entry.expect("an entry");
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, fs::read(entry.path()).expect("a file"))
        })
        .collect()
}

#[test]
fn no_file_is_lost_to_an_output() {
    let shop = Workshop::new();
    train(&shop, 1);
    let photos = shop.dir().join("photos");
    fs::create_dir(&photos).expect("a folder");
    let image = image::open(shop.dataset().join("JPEGImages/img0.jpg")).expect("an image");
    for name in ["a.jpg", "a.png", "b.png"] {
        image.save(photos.join(name)).expect("an image");
    }
    fs::write(photos.join("._a.jpg"), "a note of the system").expect("a file");
    let before = contents(&photos);
    let unchanged = || {
        let now = contents(&photos);
        before
            .iter()
            .all(|(name, content)| now.get(name) == Some(content))
    };

    // Into the folder of the photos: they keep their names, the masks get others.
    let words = ["--json", "predict", "photos", "--out", "photos"];
    let lines = shop.run(&words).succeeded().json();
    let masks: Vec<_> = lines.iter().map(|line| &line["mask"]).collect();
    assert_eq!(
        masks,
        ["photos/a_2.png", "photos/a_3.png", "photos/b_2.png"]
    );
    assert!(unchanged());
    // Once more: the masks are no photos, and stay without --overwrite.
    shop.run(&words)
        .failed_with(1, &["photos/a_2.png", "--overwrite", "5 more"]);
    let replaced = [&words[..], &["--overwrite"]].concat();
    assert_eq!(shop.run(&replaced).succeeded().json().len(), 3);
    assert!(unchanged());
    // A mask that was corrected by hand is its owner's from then on.
    fs::write(photos.join("b_2.png"), "corrected").expect("a file");
    shop.run(&["predict", "photos/b.png", "--out", "photos", "--overwrite"])
        .failed_with(1, &["photos/b_2.png", "changed"]);

    // The ground truth of the dataset, and an image as a file of logits.
    let truth = shop.dataset().join("SegmentationClass");
    let masks = contents(&truth);
    let images = shop.dataset().join("JPEGImages");
    let [images, out] = [&images, &truth].map(|path| path.to_str().expect("UTF-8"));
    shop.run(&["predict", images, "--out", out, "--overwrite"])
        .failed_with(1, &["SegmentationClass", "of the dataset"]);
    let maps = ["explain", "photos/b.png", "--at", "1,1", "--maps", out];
    shop.run(&maps)
        .failed_with(1, &["SegmentationClass", "of the dataset"]);
    // A folder of masks that the run does not know.
    let other = shop.dir().join("truth");
    fs::create_dir(&other).expect("a folder");
    fs::copy(truth.join("img0.png"), other.join("img0.png")).expect("a mask");
    shop.run(&["predict", images, "--out", "truth", "--overwrite"])
        .failed_with(1, &["truth/img0.png", "did not write"]);
    assert_eq!(contents(&other).len(), 1);
    assert_eq!(contents(&truth), masks);
    let scores = ["predict", "photos/b.png", "--scores", "photos/b.png"];
    shop.run(&scores).failed_with(1, &["photos/b.png"]);
    assert!(unchanged());
    // Archives, annotations, tables and lists are nobody's outputs either.
    for name in [
        "set.zip",
        "set.tar.gz",
        "instances.json",
        "pairs.csv",
        "cls.mat",
        "train.txt",
    ] {
        let path = shop.dir().join(name);
        fs::write(&path, name).expect("a file");
        shop.run(&["predict", "photos/b.png", "--scores", name, "--overwrite"])
            .failed_with(1, &[name, "did not write"]);
        shop.run(&["data", "check", "photos", "--html", name, "--overwrite"])
            .failed_with(1, &[name, "did not write"]);
        assert_eq!(fs::read(&path).expect("the file"), name.as_bytes());
    }

    // Exports.
    fs::write(shop.dir().join("mine.safetensors"), "months of work").expect("a file");
    let export = |name, more: &[&str]| shop.run(&[&["export", "--out", name], more].concat());
    export("mine.safetensors", &["--overwrite"]).failed_with(1, &["mine.safetensors"]);
    export("new.safetensors", &[]).succeeded();
    export("new.safetensors", &[]).failed_with(1, &["new.safetensors", "--overwrite"]);
    export("new.safetensors", &["--overwrite"]).succeeded();
    let kept = fs::read(shop.dir().join("mine.safetensors")).expect("the file");
    assert_eq!(kept, b"months of work");
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_printed_is_an_error() {
    let shop = Workshop::new();
    let dataset = shop.dataset();
    let dataset = dataset.to_str().expect("UTF-8");
    for args in [
        &["--json", "data", "check", dataset][..],
        &["data", "check", dataset],
        &["weights", "list"],
    ] {
        shop.run_with_full_stdout(args)
            .failed_with(1, &["stdout:", "Check that the disk has room"]);
    }
}

#[test]
fn nothing_for_pytorch_is_written_into_a_dataset() {
    let shop = Workshop::new();
    shop.run(&shop.train_args(&["--max-steps", "1"]))
        .succeeded();
    for inside in ["shapes/new", "shapes/JPEGImages/new"] {
        for words in [
            &["reproduce", "latest", "--out", inside][..],
            &["data", "dump", "--run", "latest", "--png", "--out", inside],
        ] {
            shop.run(words)
                .failed_with(1, &[inside, "inside of the dataset", "outside of it"]);
        }
        assert!(!shop.dir().join(inside).exists());
    }
    // Nor among the images of another one.
    shop.run(&["data", "fix", "shapes", "--convert", "--out", "other"])
        .succeeded();
    shop.run(&["reproduce", "latest", "--out", "other/JPEGImages/new"])
        .failed_with(1, &["other", "images or masks of the dataset"]);
}
