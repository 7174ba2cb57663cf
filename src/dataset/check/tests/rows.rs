//! Photos as cameras write them, JPEGs whose colors have half the resolution: cut off, and turned
//! by EXIF beside masks that were made for the image as it is stored.

use std::fs;
use std::path::PathBuf;

use image::metadata::Orientation;

use super::set::Set;
use crate::dataset::check::finding::Fix;
use crate::dataset::check::{
    Depth, Finding, FindingKind, FixPlan, Severity, TurnMasks, check, fit,
};
use crate::dataset::image_io::test_jpeg::halved_colors;
use crate::dataset::{Dataset, LabelMap};

const COLUMNS: usize = 8;
const ROWS: usize = 6;
const SIDE: usize = 8;

/// The class of a square of 8x8 pixels: ground, a square and a bar, which differ in brightness by
/// little more than the ground itself.
fn label(column: usize, row: usize, seed: usize) -> u8 {
    let left = 1 + seed % 2;
    match (column, row) {
        (column, 1 | 2) if (left..left + 2).contains(&column) => 1,
        (6, 2..) => 2,
        _ => 0,
    }
}

/// A photo of 64x48 pixels and its mask.
fn photo(seed: usize) -> (Vec<u8>, LabelMap) {
    let level = |block: usize, part: usize| -> i32 {
        let noise = ((block * 31 + part * 17 + seed * 7) % 12) as i32;
        let (column, row) = (2 * (block % 4) + part % 2, 2 * (block / 4) + part / 2);
        match part {
            4 => -10,
            5 => 10 + seed as i32,
            _ => noise + [-20, 35, 60][usize::from(label(column, row, seed))],
        }
    };
    let labels = (0..ROWS * SIDE)
        .flat_map(|y| (0..COLUMNS * SIDE).map(move |x| label(x / SIDE, y / SIDE, seed)))
        .collect();
    let mask = LabelMap {
        width: (COLUMNS * SIDE) as u32,
        height: (ROWS * SIDE) as u32,
        labels,
    };
    (halved_colors(4, 3, level), mask)
}

/// The same file with an EXIF orientation.
fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let tiff = [
        b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(),
        &[orientation, 0, 0, 0, 0, 0, 0],
    ]
    .concat();
    let length = u16::try_from(tiff.len() + 2).expect("short").to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &tiff, &jpeg[2..]].concat()
}

fn photo_path(set: &Set, name: &str) -> PathBuf {
    set.image_path(name).with_extension("jpg")
}

/// The sound set with photos instead of its images and their masks.
fn photos() -> Set {
    let set = Set::sound();
    for (seed, name) in set.names().iter().enumerate() {
        let (jpeg, mask) = photo(seed);
        fs::remove_file(set.image_path(name)).expect("removed");
        fs::write(photo_path(&set, name), jpeg).expect("written");
        set.gray_mask(name, |x, y| mask.labels[(y * mask.width + x) as usize]);
    }
    set
}

fn of_kinds(dataset: &Dataset, depth: Depth, kinds: &[FindingKind]) -> Vec<Finding> {
    let report = check(dataset, depth, &mut |_, _| true).expect("not stopped");
    let found = report.findings.into_iter();
    found
        .filter(|finding| kinds.contains(&finding.kind))
        .collect()
}

#[test]
fn a_cut_photo_is_named_before_a_training_and_a_few_bytes_are_harmless() {
    let set = photos();
    let kinds = [FindingKind::UnreadableImages];
    assert_eq!(of_kinds(&set.open(), Depth::Readable, &kinds), []);
    // img4 is validated on.
    let path = photo_path(&set, "img4");
    let whole = fs::read(&path).expect("read");
    fs::write(&path, &whole[..whole.len() - 7]).expect("cut");
    assert_eq!(of_kinds(&set.open(), Depth::Everything, &kinds), []);
    // Half of the data, which is less than the headers.
    let half = whole.len() - 60;
    let mut zeros = whole.clone();
    zeros[half..].fill(0);
    for bytes in [&whole[..half], &zeros, b"<html>403 Forbidden</html>"] {
        fs::write(&path, bytes).expect("cut");
        let found = of_kinds(&set.open(), Depth::Readable, &kinds);
        assert_eq!((found.len(), found[0].severity), (1, Severity::Error));
        assert!(found[0].reason.contains("img4.jpg"), "{}", found[0]);
    }
}

#[test]
fn masks_of_photos_as_stored_are_found_and_turned() {
    let kinds = [FindingKind::TurnedByExif, FindingKind::ExifUnclear];
    for exif in [2, 3, 4, 5, 6, 7, 8] {
        let set = photos();
        for name in set.names() {
            let path = photo_path(&set, &name);
            let jpeg = fs::read(&path).expect("read");
            fs::write(path, with_exif(&jpeg, exif)).expect("written");
        }
        let found = of_kinds(&set.open(), Depth::Labels, &kinds);
        assert_eq!(found.len(), 1, "{exif}: {found:?}");
        assert_eq!(
            (found[0].severity, found[0].kind, found[0].count),
            (Severity::Error, FindingKind::TurnedByExif, 6),
            "{exif}"
        );
        let fixed = set.fixed(&FixPlan::of(&set.check(), false));
        assert_eq!(of_kinds(&fixed, Depth::Everything, &kinds), [], "{exif}");
        let orientation = Orientation::from_exif(exif).expect("known");
        let reader = fixed.mask_reader();
        for (seed, item) in fixed.train.iter().enumerate() {
            let expected = fit::turned(&photo(seed).1, orientation).expect("a mask");
            let (_, labels) = reader.read_pair(item).expect("they fit");
            assert_eq!(labels, expected, "{exif} {}", item.id);
        }
    }
}

#[test]
fn photos_whose_edges_say_nothing_are_told() {
    let set = photos();
    for name in set.names() {
        // One color everywhere.
        let jpeg = halved_colors(4, 3, |_, _| 0);
        fs::write(photo_path(&set, &name), with_exif(&jpeg, 3)).expect("written");
    }
    let kinds = [FindingKind::TurnedByExif, FindingKind::ExifUnclear];
    let found = of_kinds(&set.open(), Depth::Labels, &kinds);
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].severity, found[0].kind, found[0].fix.clone()),
        (
            Severity::Warning,
            FindingKind::ExifUnclear,
            Some(Fix::TurnUnclear)
        )
    );
    // Only who has looked knows it.
    let report = set.check();
    assert_eq!(FixPlan::of(&report, false).turn_masks, TurnMasks::None);
    let masks = found[0].all_files.iter().cloned().collect();
    let plan = FixPlan::decided(&report, &found[0]);
    assert_eq!(plan.turn_masks, TurnMasks::These(masks));
    let fixed = set.fixed(&plan);
    for (seed, item) in fixed.train.iter().enumerate() {
        let expected = fit::turned(&photo(seed).1, Orientation::Rotate180).expect("a mask");
        let labels = fixed.mask_reader().read(&item.mask).expect("a mask");
        assert_eq!(labels, expected, "{}", item.id);
    }
    assert!(
        found[0].reason.contains("turned or mirrored"),
        "{}",
        found[0]
    );
}
