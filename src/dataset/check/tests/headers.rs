//! Files whose headers announce more than there is memory for.

use std::path::Path;

use super::set::Set;
use crate::dataset::check::{Depth, FindingKind, Fix, FixPlan, Severity, check, fix};
use crate::dataset::{DatasetError, MaskReader, read_image_size, read_rgb};

/// A PNG of this size and 1 bit a pixel, without pixels: who decodes it finds it damaged.
fn announce(path: &Path, width: u32, height: u32) {
    let file = std::fs::File::create(path).expect("a file");
    let mut encoder = png::Encoder::new(file, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().expect("a header");
    writer
        .write_chunk(png::chunk::IDAT, &[])
        .expect("no pixels");
}

#[test]
fn a_mask_that_is_far_too_large_is_told_by_its_header() {
    let set = Set::sound();
    announce(&set.mask_path("img1"), 32_768, 32_768);
    let found = set.only();
    assert_eq!(
        (found.severity, found.kind, &found.fix),
        (
            Severity::Error,
            FindingKind::SizeMismatch,
            &Some(Fix::LeaveOut)
        )
    );
    assert!(
        found.reason.contains("32768x32768 instead of 64x48"),
        "{found}"
    );
    assert_eq!(found.files, [set.mask_path("img1")]);
    let dataset = set.open();
    let reader = dataset.mask_reader();
    let item = &dataset.train[1];
    for read in [
        reader.read_pair(item).map(drop),
        reader.read_mask_of(item).map(drop),
        fix(
            &dataset,
            &FixPlan::default(),
            &set.dir.path().join("copy"),
            &mut |_, _| true,
        )
        .map(drop),
    ] {
        let message = read.expect_err("refused").to_string();
        assert!(
            message.contains("img1.png: the mask is 32768x32768 pixels"),
            "{message}"
        );
    }
    // Without a class list, the others say which classes there are.
    std::fs::remove_file(set.root().join("classes.txt")).expect("removed");
    assert_eq!(set.open().classes.len(), 3);
    let report = check(&set.open(), Depth::Labels, &mut |_, _| true).expect("checked");
    let kinds: Vec<FindingKind> = report.findings.iter().map(|found| found.kind).collect();
    assert_eq!(kinds, [FindingKind::SizeMismatch]);
}

#[test]
fn an_image_that_would_not_fit_into_memory_is_told_by_its_header() {
    let set = Set::sound();
    let (image, mask) = (set.image_path("img1"), set.mask_path("img1"));
    announce(&image, 32_768, 32_768);
    let told =
        "its 32768x32768 pixels are decoded at once and to RGB, which may take 1 GiB at most";
    for read in [
        read_image_size(&image).map(drop),
        read_rgb(&image).map(drop),
    ] {
        let message = read.expect_err("refused").to_string();
        assert!(
            message.contains("img1.png") && message.contains(told),
            "{message}"
        );
    }
    // Its mask is as large; there is one finding, about the image.
    announce(&mask, 32_768, 32_768);
    let found = set.only();
    assert_eq!(
        (found.severity, found.kind),
        (Severity::Error, FindingKind::UnreadableImages)
    );
    assert!(found.reason.contains(told), "{found}");
    // Of a mask alone as well: 3 GiB of colors.
    let file = std::fs::File::create(&mask).expect("a file");
    let mut encoder = png::Encoder::new(file, 32_768, 32_768);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().expect("a header");
    writer
        .write_chunk(png::chunk::IDAT, &[])
        .expect("no pixels");
    drop(writer);
    let read = MaskReader::default().read(&mask);
    assert!(
        matches!(&read, Err(DatasetError::Mask { reason, .. }) if reason.contains("more than can be read")),
        "{read:?}"
    );
}
