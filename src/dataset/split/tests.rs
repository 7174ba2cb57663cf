use std::path::Path;

use super::*;
use crate::dataset::layout::tests::{write_text, write_voc};

fn dataset(ids: &[String], root: &Path) -> Dataset {
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    write_voc(root, &ids, [0, 1]);
    Dataset::open(root).expect("a VOC set")
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("img{number:02}")).collect()
}

fn share(share: f64) -> SplitPlan {
    SplitPlan {
        part: ValidationPart::Share(share),
        seed: 1,
        stratified: false,
        keep_sequences: false,
        images: None,
    }
}

fn lists(dataset: &Dataset, plan: &SplitPlan) -> [Vec<String>; 2] {
    let made = split(dataset, plan, &mut |_, _| true)
        .expect("lists")
        .expect("not stopped");
    [made.train, made.val].map(|list| list.into_iter().map(|item| item.id).collect())
}

#[test]
fn a_share_is_dealt_by_the_seed() {
    let dir = tempfile::tempdir().expect("a folder");
    let set = dataset(&numbered(20), dir.path());
    let [train, val] = lists(&set, &share(0.25));
    assert_eq!((train.len(), val.len()), (15, 5));
    let all: BTreeSet<&String> = train.iter().chain(&val).collect();
    assert_eq!(all.len(), 20);
    assert_eq!(lists(&set, &share(0.25)), [train, val.clone()]);
    let other = SplitPlan {
        seed: 2,
        ..share(0.25)
    };
    assert_ne!(lists(&set, &other)[1], val);
}

#[test]
fn images_of_a_test_are_not_dealt() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut set = dataset(&numbered(20), dir.path());
    // Validated on as well, where nothing else is there for that.
    set.test.clone_from(&set.val);
    let [train, val] = lists(&set, &share(0.25));
    assert_eq!((train.len(), val.len()), (12, 4));
    assert!(
        set.test
            .iter()
            .all(|item| !train.contains(&item.id) && !val.contains(&item.id))
    );
}

#[test]
fn folds_are_validated_on_once_each() {
    let dir = tempfile::tempdir().expect("a folder");
    let set = dataset(&numbered(10), dir.path());
    let mut seen = BTreeSet::new();
    for number in 1..=3 {
        let part = ValidationPart::Fold { number, of: 3 };
        let [train, val] = lists(&set, &SplitPlan { part, ..share(0.5) });
        assert!((3..=4).contains(&val.len()), "{val:?}");
        assert_eq!(train.len() + val.len(), 10);
        seen.extend(val);
    }
    assert_eq!(seen.len(), 10);
}

#[test]
fn plans_that_make_no_sense_are_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let set = dataset(&numbered(4), dir.path());
    let fold = |number, of| SplitPlan {
        part: ValidationPart::Fold { number, of },
        ..share(0.5)
    };
    let few = |images| SplitPlan {
        images: Some(images),
        ..share(0.5)
    };
    for (plan, why) in [
        (share(0.0), "the share to validate on: it must be above 0"),
        (share(1.0), "below 100 %"),
        (share(f64::NAN), "below 100 %"),
        (fold(1, 1), "the number of folds: it must be 2 or more"),
        (fold(0, 3), "the fold to validate on: it must be from 1"),
        (fold(4, 3), "to the number of folds"),
        // Each of more folds than images has one image or none.
        (fold(9, usize::MAX), "none would be left to validate on"),
        (few(1), "the number of images for a trial: it must be 2"),
    ] {
        let told = split(&set, &plan, &mut |_, _| true).expect_err(why);
        assert!(told.to_string().contains(why), "{told}");
    }
    assert_eq!(lists(&set, &fold(3, usize::MAX))[1].len(), 1);
    assert_eq!(lists(&set, &few(2)).map(|list| list.len()), [1, 1]);
}

#[test]
fn sequences_stay_together() {
    assert_eq!(sequence("0001TP_006690"), "0001TP");
    assert_eq!(sequence("0006R0_f01110"), "0006R0");
    assert_eq!(sequence("aachen_000000_000019"), "aachen_000000");
    let dir = tempfile::tempdir().expect("a folder");
    let ids: Vec<String> = (0..12)
        .map(|n| format!("cam{}_{n:03}", "abcd".as_bytes()[n / 3]))
        .collect();
    let set = dataset(&ids, dir.path());
    let plan = SplitPlan {
        keep_sequences: true,
        ..share(0.25)
    };
    let [train, val] = lists(&set, &plan);
    assert_eq!((train.len(), val.len()), (9, 3));
    let of = |ids: &[String]| {
        ids.iter()
            .map(|id| sequence(id).to_owned())
            .collect::<BTreeSet<_>>()
    };
    assert!(of(&train).is_disjoint(&of(&val)));
    let one = SplitPlan {
        keep_sequences: true,
        images: Some(3),
        ..share(0.5)
    };
    let err = split(&set, &one, &mut |_, _| true).expect_err("one sequence");
    assert!(
        err.to_string().contains("validate on") || err.to_string().contains("train on"),
        "{err}"
    );
}

#[test]
fn rare_classes_are_in_both_lists_where_that_is_asked_for() {
    let dir = tempfile::tempdir().expect("a folder");
    let ids = numbered(20);
    let set = dataset(&ids, dir.path());
    // A class in 4 of 20 images: in 1 of 5, whatever the seed.
    write_text(&dir.path().join("classes.txt"), "a\nb\nc\nd\ne\nf\ng\nh\n");
    let set = Dataset::open(&set.root).expect("with eight classes");
    for id in &ids[..4] {
        write_voc(dir.path(), &[id], [0, 7]);
    }
    for seed in 0..8 {
        let plan = SplitPlan {
            seed,
            stratified: true,
            ..share(0.25)
        };
        let [train, val] = lists(&set, &plan);
        let rare = |list: &[String]| list.iter().filter(|id| ids[..4].contains(id)).count();
        assert_eq!((rare(&train), rare(&val)), (3, 1), "seed {seed}");
        assert_eq!((train.len(), val.len()), (15, 5), "seed {seed}");
    }
}

#[test]
fn a_quick_trial_takes_a_few_images() {
    let dir = tempfile::tempdir().expect("a folder");
    let set = dataset(&numbered(20), dir.path());
    let plan = SplitPlan {
        images: Some(6),
        ..share(0.5)
    };
    assert_eq!(lists(&set, &plan).map(|list| list.len()), [3, 3]);
    let plan = SplitPlan {
        images: Some(1),
        ..share(0.5)
    };
    split(&set, &plan, &mut |_, _| true).expect_err("one image");
}
