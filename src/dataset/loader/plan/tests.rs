use std::path::Path;

use super::*;
use crate::dataset::layout::tests::write_pair;
use crate::dataset::{Size, VOID};

/// A plan over `num_items` pairs of 2x1 pixels, which are written to `dir`.
pub(in crate::dataset) fn plan(dir: &Path, num_items: usize, batch_size: usize) -> BatchPlan {
    let item = |index: usize| {
        let (image, mask) = (
            dir.join(format!("{index}.png")),
            dir.join(format!("{index}-mask.png")),
        );
        write_pair(
            &image,
            &mask,
            [u8::try_from(index).expect("few items"), VOID],
        );
        DatasetItem {
            id: index.to_string(),
            image,
            mask,
        }
    };
    BatchPlan {
        items: Arc::new((0..num_items).map(item).collect()),
        reader: MaskReader {
            num_classes: 100,
            void_labels: Vec::new(),
            ..MaskReader::default()
        },
        augment: Augment {
            random_crop: true,
            scale: [1.0, 1.5],
            flip: true,
            brightness: 0.1,
            ..Augment::none(Some(Size::new(4, 3)))
        },
        normalization: Normalization::IMAGENET,
        batch_size,
        seed: 7,
        shuffle: true,
        sampling: None,
        workers: 1,
        cache: Arc::default(),
        stored: None,
    }
}

#[test]
fn the_order_is_the_seeds_and_another_each_epoch() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let plan = plan(dir.path(), 20, 3);
    let order = plan.order(4);
    assert_eq!(plan.order(4), order);
    assert_ne!(plan.order(5), order);
    assert_ne!(
        BatchPlan {
            seed: 8,
            ..plan.clone()
        }
        .order(4),
        order
    );
    let mut sorted = order;
    sorted.sort_unstable();
    assert_eq!(sorted, (0..20).collect::<Vec<_>>());
    assert_eq!(
        BatchPlan {
            shuffle: false,
            ..plan
        }
        .order(4),
        (0..20).collect::<Vec<_>>()
    );
}

#[test]
fn the_last_batch_is_filled_from_the_start() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let plan = BatchPlan {
        shuffle: false,
        ..plan(dir.path(), 5, 2)
    };
    assert_eq!(plan.batches_per_epoch(), 3);
    assert_eq!(plan.batch(0, 0).expect("read").ids, ["0", "1"]);
    assert_eq!(plan.batch(0, 2).expect("read").ids, ["4", "0"]);
    let large = BatchPlan {
        batch_size: 7,
        ..plan
    };
    assert_eq!(large.batches_per_epoch(), 1);
    assert_eq!(
        large.batch(0, 0).expect("read").ids,
        ["0", "1", "2", "3", "4", "0", "1"]
    );
}

#[test]
fn a_batch_depends_on_its_place_alone() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let plan = plan(dir.path(), 6, 2);
    let batch = plan.batch(3, 1).expect("read");
    plan.batch(0, 0).expect("read");
    assert_eq!(plan.batch(3, 1).expect("read"), batch);
    assert_eq!(
        BatchPlan {
            cache: Arc::default(),
            workers: 9,
            ..plan.clone()
        }
        .batch(3, 1)
        .expect("read"),
        batch
    );
    assert_ne!(plan.batch(4, 1).expect("read").images, batch.images);
    assert_eq!((batch.batch_size, batch.height, batch.width), (2, 3, 4));
    assert_eq!(
        (batch.images.len(), batch.labels.len()),
        (2 * 3 * 3 * 4, 2 * 3 * 4)
    );
}

#[test]
fn values_are_laid_out_by_image_and_channel() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let plan = plan(dir.path(), 2, 2);
    let plan = BatchPlan {
        shuffle: false,
        augment: Augment::none(Some(Size::new(2, 1))),
        normalization: Normalization {
            mean: [0.0; 3],
            std: [1.0 / 255.0; 3],
            ..Normalization::IMAGENET
        },
        ..plan
    };
    let batch = plan.batch(0, 0).expect("read");
    let rounded: Vec<f32> = batch.images.iter().map(|value| value.round()).collect();
    assert_eq!(
        rounded,
        [
            10.0, 40.0, 20.0, 50.0, 30.0, 60.0, 10.0, 40.0, 20.0, 50.0, 30.0, 60.0
        ]
    );
    assert_eq!(batch.labels, [0, VOID, 1, VOID]);
}

#[test]
fn the_images_of_a_batch_are_those_of_its_changes() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut plan = plan(dir.path(), 3, 2);
    (plan.augment.rotation, plan.augment.noise) = (20.0, 0.1);
    plan.normalization = Normalization::CAFFE;
    let batch = plan.batch(1, 0).expect("read");
    for (place, drawn) in plan.drawn(1, 0).expect("read").into_iter().enumerate() {
        let expected = drawn.change.apply(&drawn.pair.0, &drawn.pair.1);
        assert_eq!(batch.image(place, &plan.normalization), expected);
    }
}

#[test]
fn whole_images_give_batches_of_their_own_size() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let plan = plan(dir.path(), 3, 1);
    let plan = BatchPlan {
        shuffle: false,
        augment: Augment::none(None),
        ..plan
    };
    let larger = image::RgbImage::from_pixel(3, 2, image::Rgb([9, 9, 9]));
    larger.save(&plan.items[1].image).expect("an image");
    let mask = image::GrayImage::from_pixel(3, 2, image::Luma([4]));
    mask.save(&plan.items[1].mask).expect("a mask");
    let sizes = [0, 1].map(|index| plan.batch(0, index).expect("read"));
    assert_eq!(
        sizes.each_ref().map(|batch| [batch.width, batch.height]),
        [[2, 1], [3, 2]]
    );
    assert_eq!(sizes.each_ref().map(|batch| batch.images.len()), [6, 18]);
    assert_eq!(sizes[1].labels, [4; 6]);
    let two = BatchPlan {
        batch_size: 2,
        ..plan
    };
    let message = two.batch(0, 0).expect_err("two sizes").to_string();
    assert!(
        message.contains("1.png") && message.contains("3x2") && message.contains("2x1"),
        "{message}"
    );
}

#[test]
fn a_plan_without_chance_gives_every_epoch_the_same_batches() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let plan = plan(dir.path(), 5, 2);
    let plan = BatchPlan {
        shuffle: false,
        augment: Augment::none(Some(Size::new(3, 2))),
        ..plan
    };
    let other_seed = BatchPlan {
        seed: 8,
        ..plan.clone()
    };
    for index in 0..3 {
        let batch = plan.batch(1, index).expect("read");
        assert_eq!(plan.batch(2, index).expect("read"), batch);
        assert_eq!(other_seed.batch(1, index).expect("read"), batch);
    }
}

#[test]
fn without_items_there_are_no_batches() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let plan = plan(dir.path(), 0, 2);
    assert_eq!(plan.batches_per_epoch(), 0);
    assert!(matches!(plan.batch(0, 0), Err(DatasetError::List { .. })));
}
