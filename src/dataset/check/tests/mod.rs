//! Each finding has a set that triggers it; the sound set triggers none.

mod files;
mod headers;
mod labels;
mod lists;
mod partial;
mod rows;
mod set;

use super::*;
use crate::dataset::VOID;
use set::{Set, stripes};

#[test]
fn a_sound_set_has_no_findings() {
    let report = Set::sound().check();
    assert_eq!(report.findings, []);
    assert_eq!(report.pairs, 6);
}

#[test]
fn a_stopped_check_gives_nothing() {
    let dataset = Set::sound().open();
    assert_eq!(check(&dataset, Depth::Labels, &mut |_, _| false), None);
}

#[test]
fn objects_in_255_are_an_error_that_can_be_fixed() {
    let set = Set::with_labels([0, 255, 255]);
    set.classes("background\nlesion\n");
    let found = set.only();
    assert_eq!(
        (found.severity, found.kind),
        (Severity::Error, FindingKind::ObjectsAreVoid)
    );
    assert_eq!(found.count, 6);
    assert!(found.reason.contains("lesion"), "{found}");
    assert!(found.to_string().contains("img0.png and 5 more"), "{found}");
    let plan = FixPlan::of(&set.check(), false);
    let fixed = set.fixed(&plan);
    assert_eq!(
        check(&fixed, Depth::Everything, &mut |_, _| true)
            .expect("checked")
            .findings,
        []
    );
    let labels = fixed
        .mask_reader()
        .read(&fixed.train[0].mask)
        .expect("a mask")
        .labels;
    assert_eq!((labels[0], labels[63]), (0, 1));
    // The same with gray values in a palette.
    let gray: Vec<[u8; 3]> = (0..=255).map(|value| [value; 3]).collect();
    for name in set.names() {
        set.mask(&name, png::ColorType::Indexed, Some(&gray), |x, y| {
            vec![if stripes(x, y) == 0 { 0 } else { 255 }]
        });
    }
    assert_eq!(set.only().kind, FindingKind::ObjectsAreVoid);
}

#[test]
fn nothing_labeled_and_one_class_are_errors() {
    let all = Set::with_labels([255; 3]).only();
    assert_eq!(
        (all.severity, all.kind),
        (Severity::Error, FindingKind::NothingLabeled)
    );
    let one = Set::with_labels([1, 1, 255]).only();
    assert_eq!(
        (one.severity, one.kind),
        (Severity::Error, FindingKind::OneClass)
    );
    assert!(one.reason.contains("square (label 1)"), "{one}");
}

#[test]
fn a_list_without_labels_is_an_error_and_a_void_mask_is_not() {
    let set = Set::sound();
    set.gray_mask("img0", |_, _| VOID);
    let found = set.only();
    assert_eq!(
        (found.severity, found.kind),
        (Severity::Warning, FindingKind::VoidMasks)
    );
    assert_eq!(found.files, [set.mask_path("img0")]);
    for name in &set.lists[1] {
        set.gray_mask(name, |_, _| VOID);
    }
    let report = set.check();
    let kinds: Vec<FindingKind> = report.findings.iter().map(|found| found.kind).collect();
    assert_eq!(
        kinds,
        [FindingKind::NothingToValidateOn, FindingKind::VoidMasks]
    );
    // To score the other list is fine.
    let dataset = set.open();
    let train = check_split(&dataset, Split::Train, &mut |_, _| true).expect("checked");
    assert_eq!(train.error(), None);
    let val = check_split(&dataset, Split::Val, &mut |_, _| true).expect("checked");
    assert_eq!(
        val.error().map(|found| found.kind),
        Some(FindingKind::NothingLabeled)
    );
    let set = Set::sound();
    for name in &set.lists[0] {
        set.gray_mask(name, |_, _| VOID);
    }
    let report = set.check();
    let kinds: Vec<FindingKind> = report.findings.iter().map(|found| found.kind).collect();
    assert_eq!(
        kinds,
        [FindingKind::NothingToTrainOn, FindingKind::VoidMasks]
    );
}

#[test]
fn labels_that_are_no_class_are_told_apart() {
    let off = Set::with_labels([1, 2, 3]);
    let found = off.only();
    assert_eq!(found.kind, FindingKind::OffByOne);
    let fixed = off.fixed(&FixPlan::of(&off.check(), false));
    let labels = fixed
        .mask_reader()
        .read(&fixed.val[0].mask)
        .expect("a mask")
        .labels;
    assert_eq!((labels[0], labels[32], labels[63]), (0, 1, 2));

    let count = Set::with_labels([0, 1, 3]);
    let found = count.only();
    assert_eq!(found.kind, FindingKind::LabelIsClassCount);
    let map = std::collections::BTreeMap::from([(3, VOID)]);
    assert_eq!(found.fix, Some(Fix::Remap { map }));

    let found = Set::with_labels([0, 7, 128]).only();
    assert_eq!((found.kind, found.fix), (FindingKind::UnknownLabels, None));
    assert!(
        found.reason.contains("7, 128") && found.reason.contains("0 to 2"),
        "{}",
        found.reason
    );
}

#[test]
fn palettes_in_another_order_are_told() {
    let right = [[0, 0, 0], [128, 0, 0], [0, 128, 0]];
    let set = Set::sound();
    for name in set.names() {
        set.indexed_mask(&name, &right);
    }
    assert_eq!(set.check().findings, []);
    for name in set.names() {
        set.indexed_mask(&name, &[[0, 0, 0], [0, 128, 0], [128, 0, 0]]);
    }
    let found = set.only();
    assert_eq!(
        (found.severity, found.kind),
        (Severity::Warning, FindingKind::PaletteOrder)
    );
    assert!(
        found
            .reason
            .contains("label 1 (square) is shown in the color of bar"),
        "{found}"
    );
    assert_eq!(found.fix, Some(Fix::NumberByPalette));
    // Colors that are no class's say nothing about classes.
    for name in set.names() {
        set.indexed_mask(&name, &[[9, 9, 9], [0, 128, 0], [128, 0, 0]]);
    }
    assert_eq!(set.check().findings, []);
}

#[test]
fn classes_that_are_not_where_they_should_be_are_named() {
    let set = Set::sound();
    set.classes("ground\nsquare\nbar\nghost\n");
    let never = set.only();
    assert_eq!(
        (never.kind, never.count),
        (FindingKind::ClassNeverOccurs, 1)
    );
    assert!(never.reason.contains("ghost (3)"), "{never}");
    set.classes("ground\nsquare\nbar\n");
    for name in &set.lists[0] {
        set.gray_mask(name, |x, y| stripes(x, y).min(1));
    }
    let one = set.only();
    assert_eq!(one.kind, FindingKind::ClassInOneSplit);
    assert!(
        one.reason.contains("training list") && one.reason.contains("bar (2)"),
        "{one}"
    );
    // One pixel of 4 * 3072.
    set.gray_mask("img0", |x, y| {
        if (x, y) == (0, 0) {
            2
        } else {
            stripes(x, y).min(1)
        }
    });
    let rare = set.only();
    assert_eq!(
        (rare.severity, rare.kind),
        (Severity::Info, FindingKind::ClassIsRare)
    );
}

#[test]
fn lists_of_0_and_255_are_an_error_and_single_masks_a_warning() {
    let binary = |set: &Set, names: &[String]| {
        for name in names {
            set.gray_mask(name, |x, y| if stripes(x, y) == 0 { 0 } else { VOID });
        }
    };
    for list in [0, 1] {
        let set = Set::sound();
        binary(&set, &set.lists[list]);
        let report = set.check();
        let found = report.error().expect("an error");
        assert_eq!(
            (found.kind, found.count, found.fix.clone()),
            (FindingKind::ObjectsAreVoid, set.lists[list].len(), None)
        );
        let name = ["training", "validation"][list];
        assert!(found.reason.contains(name), "{found}");
    }
    // With two classes there is only one that 255 can be.
    let set = Set::with_labels([0, 1, 1]);
    set.classes("background\nlesion\n");
    binary(&set, &set.lists[1]);
    let report = set.check();
    let map = std::collections::BTreeMap::from([(VOID, 1)]);
    let fix = Some(Fix::Remap { map });
    let error = report.error().expect("an error");
    assert!(
        error.fix == fix && error.reason.contains("lesion"),
        "{error}"
    );
    let fixed = set.fixed(&FixPlan::of(&report, false));
    let sound = check(&fixed, Depth::Everything, &mut |_, _| true);
    assert_eq!(sound.expect("checked").findings, []);

    let set = Set::sound();
    binary(&set, &["img1".to_owned()]);
    let report = set.check();
    let kinds: Vec<_> = report.findings.iter().map(|found| found.kind).collect();
    assert_eq!(kinds, [FindingKind::ObjectsAreVoid, FindingKind::MuchVoid]);
    let found = &report.findings[0];
    assert_eq!(found.severity, Severity::Warning);
    assert_eq!(found.files, [set.mask_path("img1")]);
    // A line of void around objects, in a picture without any.
    let set = Set::sound();
    for name in set.names() {
        set.gray_mask(&name, |x, y| if x == 40 { VOID } else { stripes(x, y) });
    }
    set.gray_mask("img1", |x, _| if x == 40 { VOID } else { 0 });
    assert_eq!(set.check().findings, []);
}

#[test]
fn class_lists_that_are_ambiguous_are_told() {
    let set = Set::sound();
    for (text, part) in [
        (
            "ground\nsquare\nSquare\n",
            "square (1) and Square (2) have one name",
        ),
        (
            "ground 0 0 0\nsquare 9 9 9\nbar 9 9 9\n",
            "square (1) and bar (2) have one color",
        ),
        ("ground\nsquare\nvoid\n", "void (2) is trained and scored"),
    ] {
        set.classes(text);
        let found = set.only();
        assert_eq!(
            (found.severity, found.kind),
            (Severity::Warning, FindingKind::AmbiguousClasses)
        );
        assert!(found.reason.contains(part), "{found}");
    }
}

#[test]
fn areas_of_void_are_a_warning_and_lines_are_not() {
    let set = Set::sound();
    for name in set.names() {
        set.gray_mask(&name, |x, y| if x % 21 < 3 { VOID } else { stripes(x, y) });
    }
    assert_eq!(set.check().findings, []);
    for name in set.names() {
        set.gray_mask(&name, |x, y| if y < 24 { VOID } else { stripes(x, y) });
    }
    let found = set.only();
    assert_eq!(
        (found.severity, found.kind),
        (Severity::Warning, FindingKind::MuchVoid)
    );
    assert!(found.reason.contains("50 %"), "{found}");
}

#[test]
fn masks_of_one_class_are_a_note() {
    let set = Set::sound();
    set.gray_mask("img1", |_, _| 0);
    let found = set.only();
    assert_eq!(
        (found.severity, found.kind),
        (Severity::Info, FindingKind::OneClassMasks)
    );
}

#[test]
fn a_copy_is_not_a_part_of_the_set() {
    let set = Set::sound();
    for inside in [
        set.root(),
        set.root().join("new/fixed"),
        set.dir.path().join("x/../set/fixed"),
    ] {
        let message = refuse_inside(&inside, &set.root())
            .expect_err("inside")
            .to_string();
        assert!(message.contains("outside of it"), "{message}");
    }
    let out = set.root().join("fixed");
    fix(&set.open(), &FixPlan::default(), &out, &mut |_, _| true).expect_err("inside");
    assert!(!out.exists());
    refuse_inside(&set.dir.path().join("set-fixed"), &set.root()).expect("beside");
}
