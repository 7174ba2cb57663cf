//! Findings about what labels look like: smoothed, spread over gray values, numbers of objects.

use super::set::{Set, WIDTH, stripes};
use crate::dataset::check::{Depth, FindingKind, Fix, FixPlan, Severity, check};

#[test]
fn smoothed_masks_are_named_as_such() {
    let set = Set::sound();
    // Edges that fade, in gray and in color.
    set.gray_mask("img0", |x, y| {
        if y < 40 {
            (x / 32) as u8
        } else {
            (x * 4) as u8
        }
    });
    set.rgb_mask("img1", |x, y| {
        if y < 44 {
            [0; 3]
        } else {
            [(x * 4) as u8, (y * 2) as u8, 0]
        }
    });
    let found = set.only();
    assert_eq!(
        (found.severity, found.kind),
        (Severity::Error, FindingKind::BlendedMasks)
    );
    assert_eq!(found.count, 2);
}

#[test]
fn labels_that_are_spread_over_gray_values_are_an_error_that_can_be_fixed() {
    // With three classes, and with the 128 that are counted without a class list.
    for list in ["ground\nsquare\nbar\n", ""] {
        let set = Set::with_labels([0, 127, 255]);
        set.classes(list);
        if list.is_empty() {
            std::fs::remove_file(set.root().join("classes.txt")).expect("removed");
        }
        let report = set.check();
        let found = &report.findings[0];
        assert_eq!(
            (found.severity, found.kind, found.count),
            (Severity::Error, FindingKind::ObjectsAreVoid, 6)
        );
        assert!(found.reason.contains("0, 127, 255"), "{found}");
        let fixed = set.fixed(&FixPlan::of(&report, false));
        let labels = fixed.mask_reader().read(&fixed.train[0].mask);
        let labels = labels.expect("a mask").labels;
        assert_eq!((labels[0], labels[32], labels[63]), (0, 1, 2));
        assert_eq!(fixed.classes.len(), 3);
        let report = check(&fixed, Depth::Everything, &mut |_, _| true).expect("checked");
        assert_eq!(report.findings, []);
    }
    // Other distances, and other numbers of classes.
    for labels in [[0, 100, 255], [0, 1, 255]] {
        let set = Set::with_labels(labels);
        let kinds: Vec<FindingKind> = set
            .check()
            .findings
            .iter()
            .map(|found| found.kind)
            .collect();
        assert!(!kinds.contains(&FindingKind::ObjectsAreVoid), "{labels:?}");
    }
    let set = Set::with_labels([0, 128, 255]);
    set.classes("ground\nsquare\n");
    let found = set.only();
    assert!(
        found.fix.is_none() && found.reason.contains("name 3 classes"),
        "{found}"
    );
}

#[test]
fn labels_at_even_distances_that_end_before_255_can_be_fixed() {
    let labels_of = |set: &Set, plan: &FixPlan| {
        let fixed = set.fixed(plan);
        let labels = fixed.mask_reader().read(&fixed.train[0].mask);
        let labels = labels.expect("a mask").labels;
        assert_eq!(fixed.classes.len(), 3);
        (labels[0], labels[32], labels[63])
    };
    // As many values as classes, with and without void.
    for labels in [[0, 127, 254], [0, 100, 200], [0, 8, 16]] {
        for void in [false, true] {
            let set = Set::with_labels(labels);
            if void {
                set.gray_mask("img0", |x, y| match x {
                    40 => 255,
                    _ => labels[usize::from(stripes(x, y))],
                });
            }
            let found = set.only();
            assert_eq!(
                (found.severity, found.kind, found.count),
                (Severity::Error, FindingKind::UnknownLabels, 6),
                "{found}"
            );
            let plan = FixPlan::of(&set.check(), false);
            assert_eq!(labels_of(&set, &plan), (0, 1, 2));
        }
    }
    // The second of two values is the second of two classes, and not void, which would leave one class.
    let set = Set::with_labels([0, 2, 2]);
    set.classes("ground\nsquare\n");
    let map = std::collections::BTreeMap::from([(2, 1)]);
    assert_eq!(set.only().fix, Some(Fix::Remap { map }));
    // Without a class list there are 201 classes, and what is meant is a guess.
    let set = Set::with_labels([0, 100, 200]);
    std::fs::remove_file(set.root().join("classes.txt")).expect("removed");
    let report = set.check();
    let found = report
        .findings
        .iter()
        .find(|found| found.kind == FindingKind::UnknownLabels)
        .expect("a finding");
    assert_eq!(found.severity, Severity::Warning);
    assert!(
        found
            .reason
            .contains("0, 100, 200. Each would be the class of its number, of 201 classes"),
        "{found}"
    );
    let guessed = FixPlan::of(&report, true);
    assert_eq!(labels_of(&set, &guessed), (0, 1, 2));
    assert!(FixPlan::of(&report, false).masks.is_empty());
    // So it is for two values. 254 is more than there can be classes.
    for (labels, severity) in [
        ([0, 100, 100], Severity::Warning),
        ([0, 254, 254], Severity::Error),
    ] {
        let set = Set::with_labels(labels);
        std::fs::remove_file(set.root().join("classes.txt")).expect("removed");
        let findings = set.check().findings;
        let found = &findings[0];
        assert_eq!(
            (found.severity, found.kind),
            (severity, FindingKind::UnknownLabels)
        );
        let map = std::collections::BTreeMap::from([(labels[1], 1)]);
        assert_eq!(found.fix, Some(Fix::RemapGuessed { map }));
    }
    // Another number of classes, other distances, and labels of some classes out of many.
    for labels in [[0, 100, 100], [0, 100, 254], [0, 2, 4], [10, 20, 30]] {
        let set = Set::with_labels(labels);
        let findings = set.check().findings;
        let fixes = findings.iter().filter(|found| found.fix.is_some());
        assert_eq!(fixes.count(), 0, "{labels:?}: {findings:#?}");
    }
}

#[test]
fn numbers_of_objects_are_told() {
    let set = Set::sound();
    set.classes("a\nb\nc\nd\ne\nf\n");
    let numbered = |skipped: u32| {
        for (number, name) in (0..).zip(set.names()) {
            let objects = 2 + number % 4;
            set.gray_mask(&name, |x, _| {
                let object = x * (objects + 1) / WIDTH;
                (object + u32::from(object >= skipped)) as u8
            });
        }
        let findings = set.check().findings;
        let found = findings
            .into_iter()
            .find(|found| found.kind == FindingKind::NumberedObjects);
        found.map(|found| (found.severity, found.count))
    };
    assert_eq!(numbered(9), Some((Severity::Warning, 6)));
    // Classes are there or not, whatever their labels.
    assert_eq!(numbered(2), None);
}

#[test]
fn lines_of_the_class_between_two_others_are_told() {
    let set = Set::sound();
    // A square of 2 in 0 with a line of the class between around it, above areas of all three.
    let smoothed = |line: u8| {
        move |x: u32, y: u32| match (x, y) {
            (_, 40..) => stripes(x, y),
            (21..=42, 11..=28) => 2,
            (20..=43, 10..=29) => line,
            _ => 0,
        }
    };
    for name in set.names() {
        set.gray_mask(&name, smoothed(1));
    }
    let found = set.only();
    assert_eq!(
        (found.severity, found.kind, found.count),
        (Severity::Warning, FindingKind::BlendedMasks, 6)
    );
    assert!(
        found
            .reason
            .contains("square (1) between ground (0) and bar (2)"),
        "{found}"
    );
    // Gray values as colors are the same masks, and sharp edges in most of them are none.
    set.classes("ground\nsquare\nbar\n");
    for (number, name) in set.names().iter().enumerate() {
        let label = smoothed(u8::from(number < 3));
        set.rgb_mask(name, |x, y| [label(x, y); 3]);
    }
    let found = set.only();
    assert_eq!((found.kind, found.count), (FindingKind::BlendedMasks, 3));
    for name in ["img0", "img1"] {
        set.gray_mask(name, smoothed(0));
    }
    assert_eq!(set.check().findings, []);
}

#[test]
fn a_class_beside_the_edges_of_another_in_one_direction_is_no_smoothing() {
    for turned in [false, true] {
        let set = Set::sound();
        for name in set.names() {
            // A strip of 1 on both sides of a square of 2, whose other edges are sharp.
            set.gray_mask(&name, |x, y| {
                let (along, across) = if turned { (y, x) } else { (x, y) };
                match (along, across) {
                    _ if y >= 40 => stripes(x, y),
                    (14..=29, 14..=29) => 2,
                    (12..=31, 14..=29) => 1,
                    _ => 0,
                }
            });
        }
        assert_eq!(set.check().findings, []);
    }
}
