//! Findings about files: damage, sizes, bands, lists, and copies of datasets.

use std::fs;
use std::path::{Path, PathBuf};

use super::set::{HEIGHT, Set, WIDTH, picture, stripes};
use crate::dataset::check::{
    DatasetRecord, Depth, FindingKind, Fix, FixPlan, Severity, check, check_split, fix,
};
use crate::dataset::image_io::test_tiff::{SIX, tiff};
use crate::dataset::layout::tests::write_pair;
use crate::dataset::{Dataset, DatasetError, Split, write_rgb_png};

#[test]
fn damaged_files_are_named() {
    let set = Set::sound();
    for (path, kind) in [
        (set.image_path("img0"), FindingKind::UnreadableImages),
        (set.mask_path("img1"), FindingKind::UnreadableMasks),
    ] {
        let bytes = fs::read(&path).expect("read");
        fs::write(&path, &bytes[..bytes.len() / 2]).expect("cut");
        let found = set.only();
        assert_eq!((found.severity, found.kind), (Severity::Error, kind));
        assert!(
            found.reason.contains(&path.display().to_string()),
            "{found}"
        );
        // Left out on request, and only then.
        let out = set.dir.path().join("out");
        let plan = FixPlan::of(&set.check(), false);
        fix(&set.open(), &plan, &out, &mut |_, _| true).expect_err("damaged");
        assert!(!out.exists());
        let plan = FixPlan {
            leave_out: true,
            ..plan
        };
        let fixed = fix(&set.open(), &plan, &out, &mut |_, _| true)
            .expect("written")
            .expect("all");
        assert_eq!((fixed.train, fixed.val, fixed.left_out.len()), (3, 2, 1));
        fs::remove_dir_all(&out).expect("removed");
        fs::write(&path, bytes).expect("whole again");
    }
}

#[test]
fn what_is_no_file_is_named_and_can_be_left_out() {
    let set = Set::sound();
    for path in [set.image_path("img0"), set.mask_path("img1")] {
        fs::remove_file(&path).expect("removed");
        fs::create_dir(&path).expect("a folder");
    }
    let report = set.check();
    assert_eq!(report.of(Severity::Error).count(), 2);
    for found in report.of(Severity::Error) {
        assert!(
            found.reason.contains("it is a folder and no file"),
            "{found}"
        );
        assert_eq!(found.fix, Some(Fix::LeaveOut));
    }
    let out = set.dir.path().join("out");
    let fixed = |leave_out: bool| {
        let plan = FixPlan {
            leave_out,
            ..FixPlan::default()
        };
        fix(&set.open(), &plan, &out, &mut |_, _| true)
    };
    let message = fixed(false).expect_err("a folder").to_string();
    assert!(message.contains("leave out"), "{message}");
    let fixed = fixed(true).expect("written").expect("all");
    assert_eq!((fixed.train, fixed.val, fixed.left_out.len()), (2, 2, 2));
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused_and_not_waited_for() {
    let set = Set::sound();
    let path = set.mask_path("img1");
    fs::remove_file(&path).expect("removed");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.expect("a pipe").success());
    let report = set.check();
    let found = report.error().expect("an error");
    assert!(found.reason.contains("a pipe or a device"), "{found}");
}

#[test]
fn sizes_that_differ_are_an_error_and_exif_is_named() {
    let set = Set::sound();
    write_rgb_png(&set.image_path("img0"), &picture(9, 60, 40)).expect("an image");
    let found = set.only();
    assert_eq!(found.kind, FindingKind::SizeMismatch);
    assert!(
        found.reason.contains("64x48") && found.reason.contains("60x40"),
        "{found}"
    );

    let set = Set::sound();
    let exif = turned_jpeg(&set.root().join("JPEGImages"), "img0");
    fs::remove_file(set.image_path("img0")).expect("removed");
    let found = set.only();
    assert_eq!(
        (found.kind, found.fix.clone()),
        (FindingKind::TurnedByExif, Some(Fix::TurnMasks))
    );
    let fixed = set.fixed(&FixPlan::of(&set.check(), false));
    let item = fixed
        .train
        .iter()
        .find(|item| item.id == "img0")
        .expect("the pair");
    let (image, labels) = fixed.mask_reader().read_pair(item).expect("they fit");
    assert_eq!(
        (image.width, labels.width, labels.height),
        (HEIGHT, HEIGHT, WIDTH)
    );
    // Turned to the right: what was at the left is on top.
    assert_eq!(
        (labels.labels[0], labels.labels.last().copied()),
        (0, Some(2))
    );
    assert!(exif.exists());
}

/// A JPEG that EXIF turns by a quarter to the right.
fn turned_jpeg(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(format!("{name}.jpg"));
    let rgb = picture(20, WIDTH, HEIGHT);
    let image = image::RgbImage::from_raw(rgb.width, rgb.height, rgb.pixels).expect("an image");
    image.save(&path).expect("a JPEG");
    let bytes = fs::read(&path).expect("read");
    // APP1 with "Exif", a big-endian TIFF header and one entry: 0x0112 (orientation) is 6.
    let tiff = b"MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00";
    let length = (2 + 6 + tiff.len()) as u16;
    let exif = [
        b"\xff\xe1",
        &length.to_be_bytes()[..],
        b"Exif\x00\x00",
        tiff,
    ]
    .concat();
    fs::write(&path, [&bytes[..2], &exif, &bytes[2..]].concat()).expect("written");
    path
}

#[test]
fn images_of_both_lists_are_found_by_file_and_by_content() {
    let mut set = Set::sound();
    set.lists[1].push("img0".to_owned());
    let found = set.only();
    assert_eq!((found.kind, found.count), (FindingKind::SameFileInBoth, 1));
    let fixed = set.fixed(&FixPlan::default());
    assert_eq!((fixed.train.len(), fixed.val.len()), (4, 3));
    // Who scores a list is told as well, unless it is the training list.
    for (split, told) in [(Split::Val, true), (Split::Train, false)] {
        let report = check_split(&set.open(), split, &mut |_, _| true).expect("checked");
        let found = report.findings.iter();
        let kinds: Vec<FindingKind> = found.map(|found| found.kind).collect();
        let expected = [FindingKind::SameFileInBoth];
        assert_eq!(kinds, expected[..usize::from(told)], "{split:?}");
    }

    let set = Set::sound();
    // img4 is validated on; a copy of another size is still a copy.
    write_rgb_png(&set.image_path("img4"), &picture(1, WIDTH, HEIGHT)).expect("an image");
    let found = set.only();
    assert_eq!(found.kind, FindingKind::SameImageInBoth);
    assert!(
        found.reason.contains("img1.png") && found.files == [set.image_path("img4")],
        "{found}"
    );

    let mut set = Set::sound();
    set.lists[0].push("img0".to_owned());
    assert_eq!(set.only().kind, FindingKind::ListedTwice);
}

#[test]
fn files_without_their_other_half_are_told() {
    let set = Set::sound();
    set.gray_mask("alone", stripes);
    let found = set.only();
    assert_eq!(
        (found.severity, found.kind),
        (Severity::Warning, FindingKind::MasksWithoutImage)
    );
    fs::remove_file(set.mask_path("alone")).expect("removed");
    set.image("alone", 30);
    fs::write(set.root().join("JPEGImages/._alone.png"), "").expect("written");
    let found = set.only();
    assert_eq!(
        (found.severity, found.kind),
        (Severity::Info, FindingKind::ImagesWithoutMask)
    );
    assert_eq!(found.count, 1);
}

#[test]
fn pairs_against_their_folders_are_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let found = |image_folder: &str, mask_folder: &str| {
        let root = dir.path().join(format!("{image_folder}-{mask_folder}"));
        for name in ["a", "b"] {
            let mask = root.join(format!("masks/{mask_folder}/{name}.png"));
            write_pair(
                &root.join(format!("images/{image_folder}/{name}.png")),
                &mask,
                [0, 1],
            );
        }
        let dataset = Dataset::open(&root).expect("folders");
        let report = check(&dataset, Depth::Labels, &mut |_, _| true).expect("not stopped");
        let mut findings = report.findings.into_iter();
        findings.find(|found| found.kind == FindingKind::GuessedPairs)
    };
    let guessed = found("spring", "autumn").expect("a guess");
    assert_eq!((guessed.severity, guessed.count), (Severity::Warning, 2));
    assert!(guessed.reason.contains("in different folders"), "{guessed}");
    assert_eq!(found("spring", "spring"), None);
}

#[test]
fn odd_images_are_told() {
    let set = Set::sound();
    let rgb = picture(0, WIDTH, HEIGHT);
    let rgb = image::RgbImage::from_raw(WIDTH, HEIGHT, rgb.pixels).expect("an image");
    let image = image::DynamicImage::ImageRgb8(rgb);
    let save = |image: image::DynamicImage| image.save(set.image_path("img0")).expect("saved");
    save(image.to_luma8().into());
    assert_eq!(set.only().kind, FindingKind::GrayImages);
    save(image.to_rgb16().into());
    assert_eq!(set.only().kind, FindingKind::DeepImages);
    let mut rgba = image.to_rgba8();
    save(rgba.clone().into());
    assert_eq!(set.check().findings, [], "opaque");
    rgba.pixels_mut().for_each(|pixel| pixel.0[3] = pixel.0[0]);
    save(rgba.into());
    assert_eq!(set.only().kind, FindingKind::FourthBand);
    let fixed = set.fixed(&FixPlan::of(&set.check(), false));
    let item = &fixed.train[0];
    let colors = crate::dataset::read_rgb(&item.image)
        .expect("an image")
        .pixels;
    assert_eq!(colors, image.to_rgb8().into_raw());
}

#[test]
fn bands_have_to_mean_something_and_a_stated_range_is_no_finding() {
    let set = Set::sound();
    let deep = image::open(set.image_path("img0"))
        .expect("an image")
        .to_rgb16();
    let mut twelve = deep.clone();
    twelve
        .pixels_mut()
        .for_each(|pixel| pixel.0 = pixel.0.map(|value| value / 16));
    twelve.save(set.image_path("img0")).expect("saved");
    let found = set.only();
    let (low, high) = (
        twelve.as_raw().iter().min().expect("a value"),
        twelve.as_raw().iter().max().expect("a value"),
    );
    assert!(
        found.reason.contains(&format!("range = [{low}, {high}]")),
        "{found}"
    );
    let map = set.root().join("class-map.toml");
    fs::write(&map, "range = [0, 4095]\n").expect("written");
    assert_eq!(set.check().findings, []);
    // A copy holds what is seen, and needs no map.
    let fixed = set.fixed(&FixPlan::default());
    let seen = crate::dataset::read_rgb(&fixed.train[0].image).expect("an image");
    assert_eq!(
        seen.pixels[0],
        (f64::from(twelve.as_raw()[0]) * 255.0 / 4095.0).round() as u8
    );

    fs::write(&map, "bands = [5]\n").expect("written");
    let report = set.check();
    let found = report.error().expect("no band 5");
    assert_eq!((found.kind, found.count), (FindingKind::BandChoice, 6));
    assert!(found.reason.contains("band 5"), "{found}");
    fs::write(&map, "").expect("written");
    deep.save(set.image_path("img0")).expect("saved");
    let six = set.image_path("img0").with_extension("tif");
    fs::remove_file(set.image_path("img0")).expect("removed");
    fs::write(&six, tiff(SIX)).expect("written");
    let report = set.check();
    let found = report.error().expect("six bands");
    assert_eq!(found.kind, FindingKind::BandChoice);
    assert!(found.reason.contains("6 bands"), "{found}");
}

#[test]
fn very_small_images_are_a_note() {
    let set = Set::sound();
    write_rgb_png(&set.image_path("img0"), &picture(0, 400, 20)).expect("an image");
    let report = set.check();
    assert_eq!(
        report
            .of(Severity::Info)
            .map(|found| found.kind)
            .collect::<Vec<_>>(),
        [FindingKind::ExtremeSizes]
    );
}

#[test]
fn a_change_since_a_run_is_told() {
    let mut set = Set::sound();
    let record = DatasetRecord::of(&set.open());
    assert_eq!(record.changes(&set.open()), None);
    set.lists[0].pop();
    let found = record.changes(&set.open()).expect("a change");
    assert_eq!(
        (found.severity, found.kind),
        (Severity::Warning, FindingKind::ChangedSinceRun)
    );
    assert!(
        found
            .reason
            .contains("training list has 3 images instead of 4"),
        "{found}"
    );
    let text = serde_json::to_string(&record).expect("JSON");
    assert_eq!(
        serde_json::from_str::<DatasetRecord>(&text).expect("a record"),
        record
    );
}

#[test]
fn a_copy_has_the_test_list_too() {
    let mut set = Set::sound();
    let test = set.lists[0].pop().expect("a name");
    let list = set.root().join("ImageSets/Segmentation/test.txt");
    fs::write(list, test).expect("a list");
    let mut dataset = set.open();
    dataset.read_test_list().expect("its masks are there");
    let out = set.dir.path().join("copy");
    let copy = fix(&dataset, &FixPlan::default(), &out, &mut |_, _| true).expect("written");
    let copy = copy.expect("not stopped");
    assert_eq!((copy.train, copy.val, copy.test), (3, 2, 1));
    let mut copy = Dataset::open(&copy.root).expect("a dataset");
    copy.read_test_list().expect("a list");
    assert_eq!((copy.train.len(), copy.test.len()), (3, 1));
    assert_eq!(copy.test[0].id, dataset.test[0].id);
}

#[test]
fn a_fixed_dataset_replaces_nothing() {
    let set = Set::sound();
    let out = set.dir.path().join("fixed");
    fs::create_dir(&out).expect("a folder");
    let message = fix(&set.open(), &FixPlan::default(), &out, &mut |_, _| true)
        .expect_err("it is there")
        .to_string();
    assert!(
        message.contains("fixed") && message.contains("new folder"),
        "{message}"
    );
    fs::remove_dir(&out).expect("removed");
    assert_eq!(
        fix(&set.open(), &FixPlan::default(), &out, &mut |_, _| false).ok(),
        Some(None)
    );
    assert!(!out.exists(), "a stop leaves nothing");
    let wrong = FixPlan {
        remap: [(0, 9)].into(),
        ..FixPlan::default()
    };
    let err = fix(&set.open(), &wrong, &out, &mut |_, _| true).expect_err("no class");
    let is_label =
        |err: &DatasetError| matches!(err, DatasetError::LabelOutOfRange { label: 9, .. });
    assert!(
        matches!(&err, DatasetError::NotFixed { source } if is_label(source)),
        "{err}"
    );
}
