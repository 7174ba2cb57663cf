//! Findings about some of the masks: what is proposed is done to these alone.

use super::set::{Set, WIDTH, stripes};
use crate::dataset::check::{
    Depth, Finding, FindingKind, Fix, FixPlan, Severity, check, check_masks, check_predictions,
    check_split, plan_for_all_lists, plan_for_test_list,
};
use crate::dataset::{Dataset, DatasetItem, Split};
use crate::files::{Existing, Outputs};

const RIGHT: [[u8; 3]; 3] = [[0, 0, 0], [128, 0, 0], [0, 128, 0]];
const OTHER: [[u8; 3]; 3] = [[0, 128, 0], [0, 0, 0], [128, 0, 0]];

/// The labels of the three stripes.
fn labels(dataset: &Dataset, item: &DatasetItem) -> [u8; 3] {
    let labels = dataset.mask_reader().read(&item.mask).expect("a mask");
    [0, WIDTH / 2, WIDTH - 1].map(|x| labels.labels[x as usize])
}

/// Writes a mask again, as a prediction is written.
fn predict(set: &Set, name: &str) {
    let path = set.mask_path(name);
    let bytes = std::fs::read(&path).expect("a mask");
    std::fs::remove_file(&path).expect("removed");
    let output = Outputs::new(Existing::Keep).claim(&path).expect("free");
    output
        .write(|file| file.write_all(&bytes))
        .expect("written");
}

#[test]
fn own_predictions_are_no_ground_truth() {
    let set = Set::sound();
    predict(&set, "img1");
    let found = set.only();
    assert_eq!(
        (found.severity, found.kind),
        (Severity::Warning, FindingKind::PredictedMasks)
    );
    assert_eq!(found.files, [set.mask_path("img1")]);
    for name in &set.lists[1] {
        predict(&set, name);
    }
    let report = set.check();
    let counts: Vec<_> = report
        .findings
        .iter()
        .map(|found| (found.severity, found.kind, found.count))
        .collect();
    let kind = FindingKind::PredictedMasks;
    assert_eq!(
        counts,
        [(Severity::Error, kind, 2), (Severity::Warning, kind, 1)]
    );
    assert!(report.findings[0].reason.contains("validation list"));
    let dataset = set.open();
    let scored = check_split(&dataset, Split::Val, &mut |_, _| true).expect("checked");
    assert_eq!(scored.error().map(|found| found.kind), Some(kind));
    // How far two networks agree can be asked.
    let masks: Vec<_> = dataset.val.iter().map(|item| item.mask.clone()).collect();
    let reader = dataset.mask_reader();
    let agree = check_masks(&dataset.classes, &reader, &masks, &mut |_, _| true);
    let agree = agree.expect("checked").findings;
    assert_eq!(
        agree
            .iter()
            .map(|found| (found.severity, found.kind))
            .collect::<Vec<_>>(),
        [(Severity::Warning, kind)]
    );
    // A copy of a prediction by this program is none of a person either; what was changed since is of whoever
    // changed it.
    let copy = set.fixed(&FixPlan::default());
    let report = check(&copy, Depth::Everything, &mut |_, _| true).expect("checked");
    let of_copy = report.findings.iter();
    assert_eq!(
        of_copy
            .map(|found| (found.severity, found.kind, found.count))
            .collect::<Vec<_>>(),
        counts
    );
    for name in ["img1", "img4", "img5"] {
        set.indexed_mask(name, &RIGHT);
    }
    assert_eq!(set.check().findings, []);
}

#[test]
fn palettes_of_some_masks_are_put_right_in_these() {
    let set = Set::sound();
    for name in set.names() {
        set.indexed_mask(&name, if name == "img1" { &OTHER } else { &RIGHT });
    }
    let found = set.only();
    assert_eq!(found.kind, FindingKind::PaletteOrder);
    assert_eq!(found.files, [set.mask_path("img1")]);
    let fixed = set.fixed(&FixPlan::of(&set.check(), false));
    // The green of class 2 is at label 0 there.
    for (item, expected) in fixed.train.iter().zip([[0, 1, 2], [2, 0, 1], [0, 1, 2]]) {
        assert_eq!(labels(&fixed, item), expected, "{}", item.id);
    }
}

#[test]
fn a_mask_of_one_class_with_a_palette_of_its_own_is_told() {
    let set = Set::sound();
    for name in set.names() {
        set.indexed_mask(&name, &RIGHT);
    }
    let only = |palette: &[[u8; 3]], label: u8| {
        set.mask("img1", png::ColorType::Indexed, Some(palette), |_, _| {
            vec![label]
        });
        let findings = set.check().findings;
        let is_palette = |found: &&Finding| found.kind == FindingKind::PaletteOrder;
        let found: Vec<_> = findings
            .into_iter()
            .filter(|found| is_palette(&found))
            .collect();
        found
    };
    // All red, which is label 1 in the others.
    let found = only(&[[128, 0, 0]], 0);
    assert_eq!(found[0].files, [set.mask_path("img1")]);
    assert!(found[0].reason.contains("than those of other masks"));
    assert_eq!(found[0].fix, Some(Fix::NumberByPalette));
    // The same color at its own label.
    assert_eq!(only(&RIGHT, 1), []);
}

#[test]
fn palettes_that_differ_from_mask_to_mask_are_told() {
    let third = [[128, 0, 0], [0, 128, 0], [0, 0, 0]];
    let set = Set::sound();
    let palettes = [&RIGHT, &OTHER, &third, &RIGHT, &OTHER, &third];
    for (name, palette) in set.names().iter().zip(palettes) {
        set.indexed_mask(name, palette);
    }
    let found = set.only();
    assert_eq!((found.kind, found.count), (FindingKind::PaletteOrder, 4));
    let fixed = set.fixed(&FixPlan::of(&set.check(), false));
    for (item, expected) in fixed.train.iter().zip([[0, 1, 2], [2, 0, 1], [1, 2, 0]]) {
        assert_eq!(labels(&fixed, item), expected, "{}", item.id);
    }
    let report = check(&fixed, Depth::Everything, &mut |_, _| true);
    assert_eq!(report.expect("checked").findings, []);
    // Labels and predictions that are compared are looked at alike.
    let dataset = set.open();
    let masks: Vec<_> = dataset.train.iter().map(|item| item.mask.clone()).collect();
    let (classes, reader) = (&dataset.classes, dataset.mask_reader());
    for look in [check_masks, check_predictions] {
        let found = look(classes, &reader, &masks, &mut |_, _| true).expect("checked");
        let kinds: Vec<_> = found.findings.iter().map(|found| found.kind).collect();
        assert_eq!(kinds, [FindingKind::PaletteOrder]);
        let found = look(classes, &reader, &masks[..1], &mut |_, _| true);
        assert_eq!(found.expect("checked").findings, []);
    }
    // Colors that no class has cannot number labels.
    set.classes("ground 0 0 0\nsquare 1 2 3\nbar 4 5 6\n");
    let found = set.only();
    assert_eq!((found.kind, &found.fix), (FindingKind::PaletteOrder, &None));
    assert!(found.reason.contains("0 0 0 is label 0 in"), "{found}");
    // Without a class list, the colors of one of the masks number the others.
    std::fs::remove_file(set.root().join("classes.txt")).expect("removed");
    let found = set.only();
    assert_eq!(found.fix, Some(Fix::NumberByPalette));
    // Gray values that are stretched over as many labels as a mask has.
    for (name, last) in set.names().iter().zip([1, 2, 2, 2, 2, 2]) {
        let gray: Vec<[u8; 3]> = (0..=last).map(|label| [label * (255 / last); 3]).collect();
        set.mask(name, png::ColorType::Indexed, Some(&gray), |x, y| {
            vec![stripes(x, y).min(last)]
        });
    }
    assert_eq!(set.check().findings, []);
}

#[test]
fn masks_without_the_last_class_are_shifted_with_the_others() {
    let set = Set::with_labels([1, 2, 3]);
    set.gray_mask("img0", |x, y| stripes(x, y).min(1) + 1);
    let found = set.only();
    assert_eq!((found.kind, found.count), (FindingKind::OffByOne, 6));
    let fixed = set.fixed(&FixPlan::of(&set.check(), false));
    assert_eq!(labels(&fixed, &fixed.train[0]), [0, 1, 1]);
    assert_eq!(labels(&fixed, &fixed.train[1]), [0, 1, 2]);
}

#[test]
fn masks_of_the_test_list_are_put_right_as_they_need_it() {
    let mut set = Set::with_labels([1, 2, 3]);
    let test = set.lists[0].split_off(2);
    let list = set.root().join("ImageSets/Segmentation/test.txt");
    std::fs::write(list, test.join("\n")).expect("a list");
    let planned = |set: &Set| {
        let mut dataset = set.open();
        dataset.read_test_list().expect("its masks are there");
        let report = check(&dataset, Depth::Everything, &mut |_, _| true).expect("checked");
        let mut plan = FixPlan::of(&report, false);
        plan_for_test_list(&mut plan, &dataset, false, &mut |_, _| true).expect("read");
        // The same from one reading of the six.
        let mut seen = (0, 0);
        let at_once = plan_for_all_lists(&dataset, false, &mut |done, total| {
            seen = (done, total);
            true
        });
        assert_eq!((at_once.as_ref(), seen), (Some(&plan), (6, 6)));
        let in_test = |item: &&DatasetItem| plan.masks.contains_key(&item.mask);
        (
            plan.masks.len(),
            dataset.test.iter().filter(in_test).count(),
        )
    };
    // One of them has no 3 and no 0, and is shifted like all others.
    set.gray_mask(&test[0], |x, y| stripes(x, y).min(1) + 1);
    assert_eq!(planned(&set), (6, 2));
    // These count from 0 already.
    for name in &test {
        set.gray_mask(name, stripes);
    }
    assert_eq!(planned(&set), (4, 0));
}

#[test]
fn masks_that_count_from_1_among_others_are_a_guess() {
    // Those of a list, with one that lacks the last class; and one among others.
    for (shifted, list) in [(vec!["img4", "img5"], true), (vec!["img1"], false)] {
        let set = Set::sound();
        for name in &shifted {
            set.gray_mask(name, |x, y| stripes(x, y) + 1);
        }
        if list {
            set.gray_mask("img5", |x, y| stripes(x, y).min(1) + 1);
        }
        let found = set.only();
        assert_eq!(
            (found.severity, found.kind),
            (Severity::Error, FindingKind::OffByOne)
        );
        let masks: Vec<_> = shifted.iter().map(|name| set.mask_path(name)).collect();
        assert_eq!(found.files, masks);
        assert_eq!(found.reason.contains("validation list"), list, "{found}");
        // Not without being asked; then in these masks alone.
        let report = set.check();
        assert_eq!(FixPlan::of(&report, false), FixPlan::default());
        let fixed = set.fixed(&FixPlan::of(&report, true));
        for item in fixed.train.iter().chain(&fixed.val) {
            let last = if list && item.id == "img5" { 1 } else { 2 };
            assert_eq!(labels(&fixed, item), [0, 1, last], "{}", item.id);
        }
    }
    // Whether this one is shifted, too, nobody can tell.
    let set = Set::sound();
    set.gray_mask("img1", |x, y| stripes(x, y) + 1);
    set.gray_mask("img2", |x, y| stripes(x, y).min(1) + 1);
    let found = set.only();
    assert_eq!((found.kind, &found.fix), (FindingKind::OffByOne, &None));
    assert!(
        found.reason.contains("1 other mask has neither 0 nor 3"),
        "{found}"
    );
    // A 3 beside a 0 is something else.
    set.gray_mask("img0", |x, y| [0, 1, 3][usize::from(stripes(x, y))]);
    let found = set.only();
    assert_eq!(found.kind, FindingKind::LabelIsClassCount);
    assert!(matches!(found.fix, Some(Fix::Remap { .. })), "{found}");
    // But not if a whole list has it and no 0.
    for name in &set.lists[1] {
        set.gray_mask(name, |x, y| stripes(x, y) + 1);
    }
    let found = set.only();
    assert!(
        matches!(found.fix, Some(Fix::RemapGuessed { .. })),
        "{found}"
    );
}
