//! Findings about some of the masks: what is proposed is done to these alone.

use super::set::{Set, WIDTH, stripes};
use crate::dataset::check::{Depth, FindingKind, FixPlan, check, plan_for_test_list};
use crate::dataset::{Dataset, DatasetItem};

const RIGHT: [[u8; 3]; 3] = [[0, 0, 0], [128, 0, 0], [0, 128, 0]];
const OTHER: [[u8; 3]; 3] = [[0, 128, 0], [0, 0, 0], [128, 0, 0]];

/// The labels of the three stripes.
fn labels(dataset: &Dataset, item: &DatasetItem) -> [u8; 3] {
    let labels = dataset.mask_reader().read(&item.mask).expect("a mask");
    [0, WIDTH / 2, WIDTH - 1].map(|x| labels.labels[x as usize])
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
    let fixed = set.fixed(&FixPlan::of(&set.check()));
    // The green of class 2 is at label 0 there.
    for (item, expected) in fixed.train.iter().zip([[0, 1, 2], [2, 0, 1], [0, 1, 2]]) {
        assert_eq!(labels(&fixed, item), expected, "{}", item.id);
    }
}

#[test]
fn masks_without_the_last_class_are_shifted_with_the_others() {
    let set = Set::with_labels([1, 2, 3]);
    set.gray_mask("img0", |x, y| stripes(x, y).min(1) + 1);
    let found = set.only();
    assert_eq!((found.kind, found.count), (FindingKind::OffByOne, 6));
    let fixed = set.fixed(&FixPlan::of(&set.check()));
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
        let mut plan = FixPlan::of(&report);
        plan_for_test_list(&mut plan, &dataset, &mut |_, _| true).expect("read");
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
