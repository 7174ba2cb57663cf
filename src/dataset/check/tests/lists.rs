//! Findings about lists that name a mask or an image more than once, under one name or two.

use super::set::{HEIGHT, Set, WIDTH};
use crate::dataset::check::{CheckReport, Depth, FindingKind, Severity, check, check_split};
use crate::dataset::{Dataset, DatasetItem, Rgb, Split, write_rgb_png};

fn checked(dataset: &Dataset, depth: Depth) -> CheckReport {
    check(dataset, depth, &mut |_, _| true).expect("not stopped")
}

fn kinds(report: &CheckReport) -> Vec<(Severity, FindingKind)> {
    let findings = report.findings.iter();
    findings.map(|found| (found.severity, found.kind)).collect()
}

#[test]
fn a_mask_of_several_images_is_told() {
    let set = Set::sound();
    let mut dataset = set.open();
    // Masks that are alike are no finding: those of the sound set all are.
    assert_eq!(kinds(&checked(&dataset, Depth::Labels)), []);
    dataset.train[0].mask = dataset.train[1].mask.clone();
    let report = checked(&dataset, Depth::Labels);
    assert_eq!(
        kinds(&report),
        [(Severity::Warning, FindingKind::SharedMask)]
    );
    let found = &report.findings[0];
    assert_eq!(found.files, [set.mask_path("img1")]);
    for name in ["img0.png", "img1.png"] {
        assert!(found.reason.contains(name), "{found}");
    }
    let scored = check_split(&dataset, Split::Train, &mut |_, _| true).expect("checked");
    assert_eq!(
        kinds(&scored),
        [(Severity::Warning, FindingKind::SharedMask)]
    );

    // Between the lists too, and not where one image is in both.
    let mut dataset = set.open();
    dataset.val[0].mask = dataset.train[1].mask.clone();
    assert_eq!(
        kinds(&checked(&dataset, Depth::Labels)),
        [(Severity::Warning, FindingKind::SharedMask)]
    );
    let mut dataset = set.open();
    dataset.val[0] = dataset.train[1].clone();
    assert_eq!(
        kinds(&checked(&dataset, Depth::Labels)),
        [(Severity::Warning, FindingKind::SameFileInBoth)]
    );
}

#[test]
fn an_image_with_two_masks_is_worse_than_one_that_is_listed_twice() {
    let set = Set::sound();
    let mut dataset = set.open();
    dataset.train.push(dataset.train[0].clone());
    assert_eq!(
        kinds(&checked(&dataset, Depth::Labels)),
        [(Severity::Info, FindingKind::ListedTwice)]
    );
    set.gray_mask("other", super::set::stripes);
    dataset.train[4].mask = set.mask_path("other");
    let report = checked(&dataset, Depth::Labels);
    assert_eq!(
        kinds(&report),
        [(Severity::Warning, FindingKind::ListedTwice)]
    );
    assert_eq!(report.findings[0].files, [set.image_path("img0")]);
}

#[test]
fn a_copied_file_in_both_lists_is_told_before_a_training_and_a_score() {
    let set = Set::sound();
    let mut state = 1_u32;
    let pixels = (0..WIDTH * HEIGHT * 3).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    let noise = Rgb {
        width: WIDTH,
        height: HEIGHT,
        pixels: pixels.collect(),
    };
    // img1 is trained on, img5 is validated on.
    for name in ["img1", "img5"] {
        write_rgb_png(&set.image_path(name), &noise).expect("an image");
    }
    let dataset = set.open();
    let expected = [(Severity::Warning, FindingKind::SameImageInBoth)];
    for depth in [Depth::Labels, Depth::Readable, Depth::Everything] {
        let report = checked(&dataset, depth);
        assert_eq!(kinds(&report), expected, "{depth:?}");
        let found = &report.findings[0];
        assert_eq!(found.files, [set.image_path("img5")]);
        assert!(found.reason.contains("img1.png"), "{found}");
    }
    let scored = check_split(&dataset, Split::Val, &mut |_, _| true).expect("checked");
    assert_eq!(kinds(&scored), expected);
    let scored = check_split(&dataset, Split::Train, &mut |_, _| true).expect("checked");
    assert_eq!(kinds(&scored), []);
}

#[test]
fn masks_that_are_called_as_other_images_are_told() {
    let set = Set::sound();
    let mut dataset = set.open();
    // Of a list whose masks were shifted by one.
    let masks: Vec<_> = dataset.train.iter().map(|item| item.mask.clone()).collect();
    let count = masks.len();
    for (number, item) in dataset.train.iter_mut().enumerate() {
        item.mask = masks[(number + 1) % count].clone();
    }
    let report = checked(&dataset, Depth::Labels);
    assert_eq!(
        kinds(&report),
        [(Severity::Warning, FindingKind::CrossedPairs)]
    );
    let found = &report.findings[0];
    assert_eq!(found.count, 4);
    assert!(
        found.reason.contains(
            "SegmentationClass/img1.png for JPEGImages/img0.png, while the image of its name has \
             SegmentationClass/img2.png"
        ),
        "{found}"
    );
    let scored = check_split(&dataset, Split::Train, &mut |_, _| true).expect("checked");
    assert_eq!(kinds(&scored), kinds(&report));
    // Names that are no image's say nothing.
    let mut dataset = set.open();
    let renamed = set.mask_path("img0").with_file_name("labels_7.png");
    std::fs::rename(set.mask_path("img0"), &renamed).expect("renamed");
    dataset.train[0].mask = renamed;
    assert_eq!(kinds(&checked(&dataset, Depth::Labels)), []);
}

/// Gives the masks of a list to the images before theirs, and that of the first to the last.
fn shift(items: &mut [DatasetItem]) {
    let mut masks: Vec<_> = items.iter().map(|item| item.mask.clone()).collect();
    masks.rotate_left(1);
    for (item, mask) in items.iter_mut().zip(masks) {
        item.mask = mask;
    }
}

/// Gives the masks of all pairs other names, on the disk as well.
fn rename_masks(dataset: &mut Dataset, name: impl Fn(usize) -> String) {
    let pairs: Vec<&mut DatasetItem> = dataset.train.iter_mut().chain(&mut dataset.val).collect();
    // From the last, so that no name is taken.
    for (number, item) in pairs.into_iter().enumerate().rev() {
        let renamed = item.mask.with_file_name(name(number));
        std::fs::rename(&item.mask, &renamed).expect("renamed");
        item.mask = renamed;
    }
}

#[test]
fn crossed_masks_are_known_by_what_their_names_share_with_those_of_images() {
    let names: [fn(usize) -> String; 2] = [
        |number| format!("img{number}_mask.png"),
        |number| format!("mask_img{number}.png"),
    ];
    for name in names {
        let set = Set::sound();
        let mut dataset = set.open();
        rename_masks(&mut dataset, name);
        assert_eq!(kinds(&checked(&dataset, Depth::Labels)), []);
        shift(&mut dataset.train);
        let report = checked(&dataset, Depth::Labels);
        let expected = [(Severity::Warning, FindingKind::CrossedPairs)];
        assert_eq!(kinds(&report), expected);
        let found = &report.findings[0];
        let told = format!("such as SegmentationClass/{} for", name(1));
        assert!(found.count == 4 && found.reason.contains(&told), "{found}");
    }
}

#[test]
fn crossed_masks_of_the_test_list_are_told() {
    let set = Set::sound();
    let mut dataset = set.open();
    dataset.test = dataset.train.split_off(2);
    shift(&mut dataset.test);
    let expected = [(Severity::Warning, FindingKind::CrossedPairs)];
    let report = checked(&dataset, Depth::Labels);
    let crossed = report.findings.iter();
    let crossed = crossed.filter(|found| found.kind == FindingKind::CrossedPairs);
    assert_eq!(crossed.map(|found| found.count).collect::<Vec<_>>(), [2]);
    let scored = check_split(&dataset, Split::Test, &mut |_, _| true).expect("checked");
    assert_eq!(kinds(&scored), expected);
    // The other lists are sound.
    let scored = check_split(&dataset, Split::Val, &mut |_, _| true).expect("checked");
    assert_eq!(kinds(&scored), []);
}

#[test]
fn numbers_that_begin_elsewhere_are_not_crossed_unless_the_first_masks_are_left_over() {
    let set = Set::sound();
    let mut dataset = set.open();
    // Images from 0, masks from 1.
    rename_masks(&mut dataset, |number| format!("img{}.png", number + 1));
    assert_eq!(kinds(&checked(&dataset, Depth::Labels)), []);
    let scored = check_split(&dataset, Split::Val, &mut |_, _| true).expect("checked");
    assert_eq!(kinds(&scored), []);
    // With a mask 0 beside them the list left it out, and all others moved up.
    std::fs::copy(&dataset.train[0].mask, set.mask_path("img0")).expect("copied");
    let expected = [(Severity::Warning, FindingKind::CrossedPairs)];
    assert_eq!(kinds(&checked(&dataset, Depth::Labels)), expected);
}
