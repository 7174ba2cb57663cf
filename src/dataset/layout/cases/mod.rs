//! Datasets in the shapes that people have them, each with what is right about it.

mod lists;

use std::path::Path;

use super::tests::{write_pair, write_text, write_voc};
use super::*;
use crate::dataset::{Depth, Finding, FindingKind, VOID, check, read_rgb};

const LISTS: &str = "ImageSets/Segmentation";

/// Six images with masks of ground, square and bar, and their class list.
fn write_set(root: &Path) {
    write_voc(root, &["img_0", "img_1", "img_2"], [0, 2]);
    write_text(&root.join("classes.txt"), "ground\nsquare\nbar\n");
}

fn opened(root: &Path) -> Dataset {
    Dataset::open(root).unwrap_or_else(|err| panic!("{err}"))
}

fn message(root: &Path) -> String {
    Dataset::open(root).expect_err("not readable").to_string()
}

fn ids(items: &[DatasetItem]) -> Vec<&str> {
    items.iter().map(|item| item.id.as_str()).collect()
}

fn names(dataset: &Dataset) -> Vec<&str> {
    dataset
        .classes
        .iter()
        .map(|class| class.name.as_str())
        .collect()
}

fn labels(dataset: &Dataset) -> Vec<u8> {
    let read = dataset.mask_reader().read_pair(&dataset.train[0]);
    read.unwrap_or_else(|err| panic!("{err}")).1.labels
}

fn has_note(dataset: &Dataset, assumed: bool, part: &str) -> bool {
    let mut notes = dataset.notes.iter();
    notes.any(|note| note.assumed == assumed && note.to_string().contains(part))
}

/// Writes an RGB mask of two pixels.
fn write_colors(path: &Path, colors: [[u8; 3]; 2]) {
    let image = image::RgbImage::from_raw(2, 1, colors.concat()).expect("two pixels");
    image.save(path).expect("written");
}

fn masks(root: &Path) -> impl Iterator<Item = std::path::PathBuf> {
    (0..3).map(move |index| root.join(format!("SegmentationClass/img_{index}.png")))
}

#[test]
fn rgb_masks_of_equal_channels_are_labels_unless_the_classes_have_colors() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    write_set(root);
    masks(root).for_each(|mask| write_colors(&mask, [[1; 3], [2; 3]]));
    assert_eq!(labels(&opened(root)), [1, 2]);
    // Black and white is what it is in a gray mask: 0 and 255.
    masks(root).for_each(|mask| write_colors(&mask, [[0; 3], [255; 3]]));
    assert_eq!(labels(&opened(root)), [0, VOID]);
    write_text(
        &root.join("classes.txt"),
        "background 0 0 0\nlesion 200 0 0\n",
    );
    let dataset = opened(root);
    let err = dataset
        .mask_reader()
        .read_pair(&dataset.train[0])
        .unwrap_err()
        .to_string();
    assert!(
        err.contains("img_0.png") && err.contains("black and white mask"),
        "{err}"
    );
    write_text(
        &root.join("classes.txt"),
        "background 0 0 0\nlesion 255 255 255\n",
    );
    assert_eq!(labels(&opened(root)), [0, 1]);
}

#[test]
fn cvat_names_its_classes_and_colors_in_labelmap() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    write_voc(root, &["img_0", "img_1", "img_2"], [0, 1]);
    let map =
        "# label:color_rgb:parts:actions\nDog:176,112,32::\nbackground:0,0,0::\nCat:48,112,32::\n";
    write_text(&root.join("labelmap.txt"), map);
    masks(root).for_each(|mask| write_colors(&mask, [[0; 3], [48, 112, 32]]));
    let dataset = opened(root);
    assert_eq!(names(&dataset), ["Dog", "background", "Cat"]);
    assert_eq!(labels(&dataset), [1, 2]);
    assert!(has_note(&dataset, false, "class names: from labelmap.txt"));
    // VOC's colors for other classes, in an indexed mask: the palette decides.
    write_voc(root, &["img_0", "img_1", "img_2"], [0, 2]);
    let map = "spall:0,128,0::\nbackground:0,0,0::\ncrack:128,0,0::\n";
    write_text(&root.join("labelmap.txt"), map);
    let dataset = opened(root);
    assert_eq!(names(&dataset), ["spall", "background", "crack"]);
    assert_eq!(labels(&dataset), [1, 0]);
}

#[test]
fn labelme_keeps_masks_and_names_elsewhere() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    write_voc(root, &["img_0", "img_1", "img_2"], [0, 2]);
    std::fs::rename(
        root.join("SegmentationClass"),
        root.join("SegmentationClassPNG"),
    )
    .expect("renamed");
    write_text(&root.join("SegmentationClass/img_0.npy"), "");
    write_text(
        &root.join("class_names.txt"),
        "__ignore__\n_background_\nsquare\nbar",
    );
    let dataset = opened(root);
    assert_eq!(names(&dataset), ["background", "square", "bar"]);
    assert_eq!(labels(&dataset), [0, 2]);
    assert!(has_note(
        &dataset,
        false,
        "masks are those of SegmentationClassPNG"
    ));
}

#[test]
fn vocs_names_are_for_vocs_images_only() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let voc = dir.path().join("VOC2012");
    write_voc(&voc, &["2007_000033", "2007_000042"], [0, 15]);
    let dataset = opened(&voc);
    assert_eq!(dataset.classes, ClassList::voc());
    assert!(has_note(&dataset, false, "class names: VOC's 21"));
    let own = dir.path().join("own");
    write_voc(&own, &["img_0", "img_1"], [0, 1]);
    let dataset = opened(&own);
    assert_eq!(names(&dataset), ["class 0", "class 1"]);
    assert!(has_note(&dataset, true, "numbered from 0 to 1"));
}

#[test]
fn names_of_files_may_be_decomposed() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    write_voc(root, &["Mu\u{308}ller_0", "Mu\u{308}ller_1"], [0, 1]);
    write_text(&root.join(LISTS).join("train.txt"), "M\u{fc}ller_0\n");
    write_text(&root.join(LISTS).join("val.txt"), "M\u{fc}ller_1\n");
    assert_eq!(ids(&opened(root).train), ["M\u{fc}ller_0"]);
}

#[test]
fn masks_of_other_names_and_formats_are_found() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    write_set(root);
    let gray = image::GrayImage::from_raw(2, 1, vec![0, 2]).expect("two pixels");
    for (end, part) in [
        ("_mask.png", Some("_mask")),
        (".tif", None),
        (".bmp", None),
        (".gif", None),
    ] {
        std::fs::remove_dir_all(root.join("SegmentationClass")).expect("removed");
        std::fs::create_dir(root.join("SegmentationClass")).expect("created");
        for index in 0..3 {
            let path = root.join(format!("SegmentationClass/img_{index}{end}"));
            if end == ".gif" {
                image::DynamicImage::ImageLuma8(gray.clone())
                    .to_rgb8()
                    .save(path)
            } else {
                gray.save(path)
            }
            .expect("written");
        }
        let dataset = opened(root);
        assert_eq!(
            (dataset.train.len(), labels(&dataset)),
            (2, vec![0, 2]),
            "{end}"
        );
        if let Some(part) = part {
            assert!(has_note(&dataset, true, part));
        }
    }
}

#[test]
fn jpeg_masks_are_refused_with_the_reason() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    write_set(root);
    let gray = image::GrayImage::from_raw(2, 1, vec![0, 2]).expect("two pixels");
    for (index, mask) in masks(root).enumerate() {
        std::fs::remove_file(mask).expect("removed");
        gray.save(root.join(format!("SegmentationClass/img_{index}.jpg")))
            .expect("written");
    }
    let dataset = opened(root);
    let err = dataset
        .mask_reader()
        .read_pair(&dataset.train[0])
        .unwrap_err()
        .to_string();
    assert!(
        err.contains("img_0.jpg") && err.contains("it is a JPEG"),
        "{err}"
    );
}

#[test]
fn sixteen_bits_are_read_where_labels_fit() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    write_set(root);
    let write = |values: Vec<u16>| {
        let deep = image::ImageBuffer::<image::Luma<u16>, _>::from_raw(2, 1, values).expect("two");
        deep.save(masks(root).next().expect("three"))
            .expect("written");
    };
    write(vec![1, 2]);
    assert_eq!(labels(&opened(root)), [1, 2]);
    write(vec![0, 65535]);
    let dataset = opened(root);
    let err = dataset
        .mask_reader()
        .read_pair(&dataset.train[0])
        .unwrap_err()
        .to_string();
    assert!(
        err.contains("img_0.png") && err.contains("the value 65535"),
        "{err}"
    );
}

/// A JPEG of 32x20 pixels with an EXIF orientation.
fn write_turned(path: &Path, orientation: u8) {
    let image = image::RgbImage::from_fn(32, 20, |x, y| {
        image::Rgb([if x < 8 && y < 8 { 230 } else { 20 }; 3])
    });
    let mut jpeg = std::io::Cursor::new(Vec::new());
    image
        .write_to(&mut jpeg, image::ImageFormat::Jpeg)
        .expect("encoded");
    let mut jpeg = jpeg.into_inner();
    let tiff = [
        b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(),
        &[orientation, 0, 0, 0, 0, 0, 0],
    ]
    .concat();
    let length = u16::try_from(tiff.len() + 2).expect("short").to_be_bytes();
    jpeg.splice(2..2, [[0xff, 0xe1].as_slice(), &length, &tiff].concat());
    std::fs::write(path, jpeg).expect("written");
}

#[test]
fn images_are_not_turned_against_their_masks() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let root = dir.path();
    let image = root.join("images/a.jpg");
    let mask = root.join("masks/a.png");
    for name in ["a", "b"] {
        write_pair(&image, &root.join(format!("masks/{name}.png")), [0, 1]);
    }
    write_text(&root.join("classes.txt"), "dark\nbright\n");
    let error = |orientation: u8, stored: &image::GrayImage| {
        write_turned(&image, orientation);
        std::fs::copy(&image, root.join("images/b.jpg")).expect("copied");
        for mask in [&mask, &root.join("masks/b.png")] {
            stored.save(mask).expect("written");
        }
        let report = check(&opened(root), Depth::Labels, &mut |_, _| true).expect("not stopped");
        let is_about_exif = |finding: &&Finding| {
            use FindingKind::{ExifUnclear, TurnedByExif};
            matches!(finding.kind, ExifUnclear | TurnedByExif)
        };
        match report.findings.iter().find(is_about_exif) {
            Some(finding) => Err(format!("{:?}: {finding}", finding.kind)),
            None => Ok(()),
        }
    };
    let stored = image::GrayImage::from_fn(32, 20, |x, y| image::Luma([u8::from(x < 8 && y < 8)]));
    let seen = |orientation: u8| {
        let mut mask = image::DynamicImage::ImageLuma8(stored.clone());
        let turn = image::metadata::Orientation::from_exif(orientation).expect("known");
        mask.apply_orientation(turn);
        mask.to_luma8()
    };
    for orientation in 2..=8 {
        let read = error(orientation, &seen(orientation));
        assert!(read.is_ok(), "{orientation}: {read:?}");
        let message = error(orientation, &stored).expect_err("turned against its mask");
        assert!(
            message.contains("a.png") && message.starts_with("TurnedByExif"),
            "{message}"
        );
    }
    assert!(error(1, &stored).is_ok());
    assert_eq!(read_rgb(&image).expect("read").size().to_string(), "32x20");
}
