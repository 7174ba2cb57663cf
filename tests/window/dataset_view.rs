//! What is in a dataset: classes, sizes, images by class and finding, pairs in full size, and what
//! the network sees of them.

use eframe::egui::Key;
use fcn_workbench::engine::{RunConfig, SeenStep};
use fcn_workbench::training::batch_plan;
use fcn_workbench::ui::command::{Command, PanelKind};

use super::desk::Desk;
use crate::common::SIZE;

/// A window with the Dataset panel in front and all masks read.
fn dataset_panel(edit: impl FnOnce(&mut RunConfig)) -> Desk {
    let mut desk = Desk::new(edit);
    desk.app().send(Command::ShowPanel(PanelKind::Dataset));
    desk.until("the masks are read", |desk| {
        desk.engine().dataset_check_progress().is_none() && !desk.engine().is_reading_dataset()
    });
    desk
}

/// The ids of a batch as training makes it.
fn batch_ids(desk: &Desk, seed: u64, epoch: usize, place: usize) -> Vec<String> {
    let config = RunConfig {
        seed,
        ..desk.set.config()
    };
    let plan = batch_plan(&config, &desk.set.open());
    plan.batch(epoch, place).expect("a batch").ids
}

#[track_caller]
fn assert_batch(desk: &Desk, ids: &[String]) {
    for (place, id) in ids.iter().enumerate() {
        let name = format!("Batch image {}: {id}", place + 1);
        assert!(desk.says(&name), "{name}");
    }
}

#[test]
fn the_batch_of_a_step_is_the_one_that_is_trained_on() {
    let mut desk = dataset_panel(|config| config.augment.rotation = 10.0);
    desk.click("Show a training batch");
    // Four batches an epoch.
    desk.until("the first step is there", |desk| {
        desk.finds("Step 1 of 4 · epoch 1 · 2 images")
    });
    let seed = desk.set.config().seed;
    assert_batch(&desk, &batch_ids(&desk, seed, 1, 0));
    desk.click("Next step");
    desk.until("the second step is there", |desk| desk.finds("Step 2 of 4"));
    assert_batch(&desk, &batch_ids(&desk, seed, 1, 1));
    desk.set("Seed of the batch", 77.0);
    desk.until("the batch of the other seed is there", |desk| {
        desk.finds("Step 2 of 4")
    });
    assert_batch(&desk, &batch_ids(&desk, 77, 1, 1));
    desk.click("As in Train");
    desk.until("the batch is there again", |desk| desk.finds("Step 2 of 4"));

    // In full size, with what was done to it.
    let ids = batch_ids(&desk, seed, 1, 1);
    desk.click(&format!("Batch image 1: {}", ids[0]));
    desk.until("the image is shown", |desk| {
        desk.says("Image and mask in full size")
    });
    assert!(desk.finds("turned by"));
    desk.click("Next pair");
    desk.until("the second image is shown", |desk| {
        desk.says(&format!("Pair: {}", ids[1])) && desk.says("Image and mask in full size")
    });
    desk.window.key_press(Key::Escape);
    desk.frames(3);
    assert!(!desk.says("Image and mask in full size"));

    desk.set("Step of the batch", 5.0);
    desk.until("the run has no such step", |desk| {
        desk.says("The batch cannot be made")
    });
    assert!(
        !desk.finds("Batch image 1"),
        "nothing of another step is shown"
    );
}

#[test]
fn what_is_seen_of_a_step_is_what_its_batches_hold() {
    let desk = dataset_panel(|_| {});
    let dataset = desk.set.open();
    let mut config = desk.set.config();
    config.learning.accumulation = 2;
    config.augment.noise = 0.1;
    // What the batches do not depend on may be wrong.
    config.learning.learning_rate = -1.0;
    let seen = SeenStep::of(&config, &dataset, 2, None, &mut || true).expect("a step");
    assert_eq!(
        (seen.step, seen.epoch, seen.steps, seen.count),
        (2, 1, 2, 4)
    );
    let plan = batch_plan(&config, &dataset);
    let mut images = seen.images.iter();
    for place in 2..4 {
        let batch = plan.batch(1, place).expect("a batch");
        for (slot, id) in batch.ids.iter().enumerate() {
            let image = images.next().expect("an image");
            let (rgb, labels) = batch.image(slot, &config.normalization);
            assert_eq!(
                (&image.id, &*image.image, &*image.labels),
                (id, &rgb, &labels)
            );
            assert_eq!(image.change, batch.changes[slot]);
        }
    }
    assert!(images.next().is_none());
    SeenStep::of(&config, &dataset, 2, None, &mut || false).expect_err("not wanted");
}

#[test]
fn images_are_filtered_by_class_and_by_finding() {
    let mut desk = dataset_panel(|_| {});
    // Every other image has each square.
    assert!(desk.finds("ground 7") && desk.says("Show Train images"));
    desk.click("Classes by images");
    assert!(desk.says("ground 100.0 %") && desk.says("red square 50.0 %"));
    assert!(desk.says("void 100.0 %"));
    desk.click("Image sizes");
    desk.frames(20);
    assert!(desk.says("32 × 32: 10 images"));
    desk.click("Image sizes");
    desk.frames(20);

    desk.choose("Class filter", "blue square");
    desk.until("they are found", |desk| desk.says("4 of 8 images"));
    assert!(desk.says("image1") && !desk.says("image0"));
    desk.click("Show Val images");
    desk.until("they are found in the other list", |desk| {
        desk.says("1 of 2 images")
    });
    assert!(desk.says("image9") && !desk.says("image8"));
    desk.click("Show Train images");
    desk.click("Clear filter");
    assert!(desk.says("image0") && desk.says("image1"));

    // Masks with nothing but ground.
    for number in [2, 3] {
        let ground = vec![0; (SIZE * SIZE) as usize];
        desk.set.write_mask(&format!("image{number}"), ground);
    }
    desk.click("Check dataset");
    desk.until("the dataset is checked", |desk| {
        desk.finds("Masks with a single class · 2")
    });
    desk.choose("Finding filter", "Masks with a single class");
    desk.until("they are found", |desk| desk.says("2 of 8 images"));
    assert!(desk.says("image2") && desk.says("image3") && !desk.says("image0"));
}

#[test]
fn a_pair_is_shown_in_full_size_and_leads_to_inspect() {
    let mut desk = dataset_panel(|_| {});
    desk.click("image3");
    desk.until("the pair is shown", |desk| {
        desk.says("Image and mask in full size")
    });
    assert!(desk.says("Pair: image3"));
    for view in ["Pair as mask", "Pair as image", "Pair as overlay"] {
        desk.click(view);
        desk.until("it is colored", |desk| {
            desk.says("Image and mask in full size")
        });
    }
    // To zoom, as in Inspect.
    desk.click("1:1");
    desk.until("one pixel is one pixel", |desk| desk.says("100 %"));
    desk.click("Next pair");
    desk.until("the next one is shown", |desk| {
        desk.says("Pair: image4") && desk.says("Image and mask in full size")
    });
    desk.click("Open in Inspect");
    desk.until("it is in Inspect", |desk| {
        desk.app().state().layout.is_in_front(PanelKind::Inspect)
    });
    assert!(!desk.says("Pair: image4"));
}
