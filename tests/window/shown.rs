//! What is shown belongs together: image, mask, truth and numbers.

use std::path::PathBuf;

use eframe::egui::{Key, vec2};
use egui_kittest::kittest::Queryable as _;
use fcn_workbench::dataset::{Rgb, write_rgb_png};
use fcn_workbench::ui::command::{Command, PanelKind};

use super::desk::Desk;
use crate::common::TinySet;

/// An image that a network needs more than a moment for.
fn large_image(desk: &Desk) -> PathBuf {
    let (width, height) = (3000, 2000);
    let path = desk.set.dir.path().join("large.png");
    let image = Rgb {
        width,
        height,
        pixels: vec![90; 3 * (width * height) as usize],
    };
    write_rgb_png(&path, &image).expect("an image");
    path
}

/// Whether a label has `part` in it.
fn has_text(desk: &Desk, part: &str) -> bool {
    desk.window
        .query_all_by_label_contains(part)
        .next()
        .is_some()
}

#[test]
fn inspect_shows_the_numbers_and_buttons_of_the_image_it_shows() {
    let mut desk = Desk::new(|config| config.epochs = 1);
    desk.train();
    let wide = desk.set.dir.path().join("wide.png");
    let image = Rgb {
        width: 64,
        height: 16,
        pixels: vec![200; 3 * 64 * 16],
    };
    write_rgb_png(&wide, &image).expect("an image");
    let known = desk.set.image_path(8);
    desk.drop_files(&[&wide, &known]);
    let is_shown =
        |desk: &Desk, summary: &str| has_text(desk, summary) && has_text(desk, "predicted in");
    desk.until("the first mask is there", |desk| {
        is_shown(desk, "wide.png  ·  64 × 16") && desk.is_enabled("Save mask…")
    });
    assert!(!desk.is_enabled("Ground truth"));
    // The other image has ground truth, and so a score: all of it comes in one frame.
    let middle = desk.find("Inspected image").rect().center();
    desk.window.hover_at(middle);
    desk.frames(2);
    desk.window.key_press(Key::ArrowDown);
    desk.until("the second mask is there", |desk| {
        let is_second = is_shown(desk, "image8.png  ·  32 × 32");
        assert_eq!(is_second, has_text(desk, "%  ·  image8.png"), "its score");
        assert_eq!(is_second, desk.is_enabled("Ground truth"), "its truth");
        is_second
    });
    assert!(desk.is_enabled("Save mask…"));
}

#[test]
fn a_slow_prediction_shows_its_image_and_can_be_cancelled() {
    let mut desk = Desk::new(|config| config.epochs = 1);
    desk.train();
    let (large, small) = (large_image(&desk), desk.set.image_path(8));
    desk.drop_files(&[&small]);
    desk.until("the small one is predicted", |desk| {
        has_text(desk, "image8.png  ·  32 × 32")
    });
    desk.drop_files(&[&large]);
    desk.until("the large one is shown without a mask", |desk| {
        has_text(desk, "large.png  ·  3000 × 2000  ·  not predicted")
    });
    assert!(desk.says("Inspected image") && has_text(&desk, "Predicting large.png"));
    assert!(!desk.is_enabled("Save mask…") && !desk.is_enabled("Ground truth"));
    assert!(!desk.says("red square"), "the classes are the mask's");
    desk.click("Cancel the prediction");
    assert!(desk.says("The prediction was cancelled") && desk.says("Inspected image"));
    desk.app().send(Command::ShowPanel(PanelKind::LookInside));
    desk.until("Look inside says what it waits for", |desk| {
        desk.says("large.png has no mask yet")
    });
    desk.click("Predict");
    desk.until("it is predicted again", |desk| {
        desk.says("Cancel the prediction")
    });
    desk.click("Cancel the prediction");
    // The thread is free for the next one.
    desk.click("image8.png");
    desk.until("the small one is shown", |desk| {
        has_text(desk, "image8.png  ·  32 × 32") && desk.is_enabled("Save mask…")
    });

    let run = desk.run().name.clone();
    desk.window.state().send(Command::Compare {
        runs: vec![run],
        image: Some(large),
    });
    let cancel = "Cancel the prediction of ";
    desk.until("Compare shows it too", |desk| has_text(desk, cancel));
    desk.window.get_by_label_contains(cancel).click();
    desk.frames(3);
    assert!(desk.says("Cancelled"));
}

#[test]
fn live_shows_the_masks_of_the_run_that_trains() {
    let mut desk = Desk::new(|config| config.epochs = 2);
    desk.train();
    desk.until("the last masks are drawn", |desk| {
        desk.says("masks after step 8")
    });
    let first = desk.run().name.clone();
    desk.click("Start training");
    desk.until("the run has begun", |desk| desk.active().is_some());
    assert!(desk.engine().live().is_none_or(|live| live.run != first));
    let mut drawn = false;
    desk.until("the run is over", |desk| {
        if let Some(live) = desk.engine().live() {
            assert_ne!(live.run, first);
            drawn = true;
        }
        assert!(drawn || !has_text(desk, "after step"), "old masks");
        desk.active().is_none()
    });
    assert!(drawn);
}

#[test]
fn live_masks_take_the_room_of_a_large_screen() {
    let mut desk = Desk::with_set(TinySet::new(4, 4), |config| {
        config.epochs = 1;
        config.preview_images = 4;
    });
    desk.until("it can be trained on", |desk| {
        desk.is_enabled("Start training")
    });
    desk.train();
    desk.window.set_size(vec2(2560.0, 1440.0));
    desk.app().send(Command::ShowPanel(PanelKind::Live));
    let last = "Prediction of image7";
    desk.until("the masks are there", |desk| desk.says(last));
    desk.frames(6);
    // Two rows of two images with three tiles each; four side by side would be 171 points wide.
    let tile = desk.find(last).rect();
    assert!(tile.width() > 190.0 && tile.bottom() < 1420.0, "{tile:?}");
}
