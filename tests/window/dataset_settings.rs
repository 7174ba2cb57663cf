//! What a dataset means, said in the window and kept beside the dataset.

use std::fs;

use eframe::egui::{Key, Modifiers};
use fcn_workbench::dataset::{Dataset, DatasetItem};
use fcn_workbench::engine::{DatasetRef, DatasetState, OpenDataset};
use fcn_workbench::ui::command::{Command, PanelKind, UiCommand};
use fcn_workbench::ui::state::AppState;

use super::desk::Desk;
use crate::common::{SIZE, TinySet};

fn open_dataset(desk: &Desk) -> Option<&OpenDataset> {
    match desk.engine().dataset() {
        DatasetState::Ready(open) => Some(open),
        _ => None,
    }
}

/// Opens the settings with a click in the Dataset panel.
fn show_settings(desk: &mut Desk) {
    desk.app().send(Command::ShowPanel(PanelKind::Dataset));
    desk.frames(3);
    desk.click("Dataset settings…");
    desk.until("the settings are there", |desk| desk.says("Save settings"));
}

/// Saves, and waits until the dataset is open anew with `is_new`.
fn save(desk: &mut Desk, is_new: impl Fn(&Dataset) -> bool) {
    desk.click("Save settings");
    desk.until("the dataset is open anew", |desk| {
        open_dataset(desk).is_some_and(|open| is_new(&open.dataset))
    });
    assert!(desk.has_message("class-map.toml"));
}

#[test]
fn images_without_masks_can_be_opened_and_what_is_missing_is_said() {
    let set = TinySet::new(3, 1);
    let photos = set.dir.path().join("photos");
    fs::create_dir(&photos).expect("a folder");
    for number in 0..3 {
        fs::copy(set.image_path(number), photos.join(format!("{number}.png"))).expect("copied");
    }
    let mut desk = Desk::open(set, AppState::default(), photos);
    desk.app().send(Command::ShowPanel(PanelKind::Dataset));
    desk.until("the images are there", |desk| {
        desk.says("3 images without masks")
    });
    assert!(desk.finds("nothing to train on") && desk.says("Go to Train"));
    assert!(!desk.is_enabled("Start training"));
    assert!(desk.finds("have no masks"), "the Train panel says why");
}

#[test]
fn a_dataset_is_checked_when_it_is_opened() {
    let set = TinySet::new(4, 2);
    for number in 0..6 {
        let half = |at: u32| if at % SIZE < SIZE / 2 { 0 } else { 255 };
        set.write_mask(
            &format!("image{number}"),
            (0..SIZE * SIZE).map(half).collect(),
        );
    }
    let root = set.root();
    let mut desk = Desk::open(set, AppState::default(), root);
    desk.app().send(Command::ShowPanel(PanelKind::Dataset));
    desk.until("it was checked by itself", |desk| {
        desk.says("1 error") && desk.says("Objects are marked as void · 6")
    });
    assert!(open_dataset(&desk).is_some_and(|open| open.stats.is_some()));
    desk.click("Hide findings");
    assert!(desk.says("1 error") && !desk.says("Objects are marked as void · 6"));
    desk.click("Show findings");
    assert!(desk.says("Objects are marked as void · 6"));
}

#[test]
fn classes_are_named_and_left_out() {
    let mut desk = Desk::new(|_| {});
    show_settings(&mut desk);
    desk.click("Name of class 2");
    desk.window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    desk.find("Name of class 2").type_text("box");
    desk.frames(3);
    desk.click("Class 3 is void");
    // What does not fit is said, and cannot be saved.
    desk.click("Labels of class 1");
    desk.find("Labels of class 1").type_text("1");
    desk.frames(3);
    assert!(!desk.is_enabled("Save settings") && desk.finds("label 1 of class"));
    // Nothing of it is lost by Esc.
    desk.window.key_press(Key::Escape);
    desk.until("it is told", |desk| desk.has_message("not saved yet"));
    assert!(!desk.says("Save settings"));
    show_settings(&mut desk);
    let name = desk.find("Name of class 2").value();
    assert_eq!(name.as_deref(), Some("box"));
    assert!(!desk.is_enabled("Save settings") && desk.is_enabled("Discard changes"));
    desk.click("Labels of class 1");
    desk.window.key_press(Key::End);
    desk.window.key_press(Key::Backspace);
    desk.frames(3);
    save(&mut desk, |dataset| dataset.classes.len() == 2);
    let open = Dataset::open(&desk.set.root()).expect("as the command line opens it");
    assert_eq!((open.classes.len(), open.classes.name(1)), (2, "box"));
    let labels = open
        .mask_reader()
        .read(&open.train[1].mask)
        .expect("a mask");
    assert!(!labels.labels.contains(&2) && labels.labels.contains(&255));
}

#[test]
fn lists_are_made_and_single_images_moved() {
    let mut desk = Desk::new(|_| {});
    show_settings(&mut desk);
    desk.click("Lists");
    desk.click("Make lists");
    // What makes no sense is marked as it is typed, and not made into something else.
    desk.set("Validate on", 120.0);
    assert!(desk.says("it must be above 0 and below 100 %"));
    assert!(!desk.is_enabled("Deal images"));
    desk.click("One of several folds");
    desk.set("Validate on fold", 6.0);
    assert!(desk.says("it must be from 1 to the number of folds"));
    desk.click("A share");
    desk.set("Validate on", 20.0);
    desk.click("Deal images");
    desk.until("the lists are made", |desk| {
        desk.says("Train 8") && desk.says("Val 2")
    });
    let first = (0..10)
        .map(|number| format!("Move image{number}"))
        .find(|name| desk.says(name))
        .expect("an image of the training list");
    desk.click(&first);
    assert!(desk.says("Train 7") && desk.says("Val 3"));
    save(&mut desk, |dataset| {
        (dataset.train.len(), dataset.val.len()) == (7, 3)
    });
    let open = Dataset::open(&desk.set.root()).expect("as the command line opens it");
    let moved = first.trim_start_matches("Move ");
    assert!(open.val.iter().any(|item| item.id == moved));
    assert!(desk.set.root().join("images-to-train.txt").is_file());
}

#[test]
fn an_image_of_both_lists_is_taken_off_one_and_the_saved_lists_are_edited_on() {
    let mut desk = Desk::new(|_| {});
    let root = desk.set.root();
    let item = |number: usize| {
        let path = desk.set.image_path(number);
        path.strip_prefix(&root)
            .expect("in the dataset")
            .display()
            .to_string()
    };
    let lines = |numbers: &[usize]| -> String {
        numbers.iter().map(|number| item(*number) + "\n").collect()
    };
    fs::write(root.join("mine.txt"), lines(&[0, 1, 2])).expect("written");
    fs::write(root.join("yours.txt"), lines(&[2, 3])).expect("written");
    show_settings(&mut desk);
    desk.click("Lists");
    desk.click("From list files");
    desk.choose("Train on", "mine.txt · 3 images");
    desk.choose("Validate on", "yours.txt · 2 images");
    desk.click("Use these lists");
    desk.until("the lists are read", |desk| {
        desk.says("1 image is in both lists")
    });
    // Moved, it would be in a list twice.
    assert!(!desk.is_enabled("Move image2") && desk.is_enabled("Move image1"));
    desk.click("Show only these");
    assert!(desk.says("Move image2") && !desk.says("Move image1"));
    desk.click("Take image2 off the list");
    assert!(desk.says("Train 2") && desk.says("Val 2") && !desk.finds("in both lists"));
    save(&mut desk, |dataset| {
        (dataset.train.len(), dataset.val.len()) == (2, 2)
    });

    // What was saved is what is edited next.
    desk.until("it is read again", |desk| {
        desk.finds("2 images to train on and 2 images to validate on, as images-to-train.txt")
    });
    desk.click("Edit these lists");
    desk.until("the lists are there", |desk| {
        desk.says("Take image1 off the list")
    });
    desk.click("Take image1 off the list");
    assert!(
        !desk.is_enabled("Take image0 off the list"),
        "the last one stays"
    );
    save(&mut desk, |dataset| {
        (dataset.train.len(), dataset.val.len()) == (1, 2)
    });
    let open = Dataset::open(&root).expect("as the command line opens it");
    let ids = |items: &[DatasetItem]| -> Vec<String> {
        items.iter().map(|item| item.id.clone()).collect()
    };
    assert_eq!(ids(&open.train), ["image0"]);
    assert_eq!(ids(&open.val), ["image2", "image3"]);
}

#[test]
fn guessed_pairs_are_reviewed_and_accepted() {
    let set = TinySet::new(3, 1);
    let pairs = set.dir.path().join("pairs");
    for folder in ["images", "masks"] {
        fs::create_dir_all(pairs.join(folder)).expect("a folder");
    }
    for number in 0..4 {
        let image = pairs.join(format!("images/{number}.png"));
        fs::copy(set.image_path(number), image).expect("copied");
        let mask = pairs.join(format!("masks/{number}_mask.png"));
        fs::copy(set.mask_path(number), mask).expect("copied");
    }
    let mut desk = Desk::open(set, AppState::default(), pairs.clone());
    desk.until("the dataset is open", |desk| open_dataset(desk).is_some());
    show_settings(&mut desk);
    desk.click("Pairs");
    assert!(desk.finds("4 pairs by a guess: 4 of high"));
    assert!(desk.says("Mask of images/0.png"));
    // A change can be discarded, and leaves the dataset's own pairs alone.
    desk.choose("Mask of images/0.png", "masks/1_mask.png");
    desk.until("it is made", |desk| desk.is_enabled("Save settings"));
    desk.click("Discard changes");
    assert!(!desk.is_enabled("Discard changes"));
    desk.click("Accept these pairs");
    desk.choose("Mask of images/0.png", "masks/2_mask.png");
    desk.until("it is made", |desk| desk.is_enabled("Save settings"));
    save(&mut desk, |dataset| dataset.review.is_none());
    assert!(pairs.join("pairs.txt").is_file());
    let open = Dataset::open(&pairs).expect("as the command line opens it");
    let mask = |number: usize| {
        let image = pairs.join(format!("images/{number}.png"));
        let items = open.train.iter().chain(&open.val);
        let item = items.into_iter().find(|item| item.image == image);
        item.map(|item| item.mask.clone())
    };
    let masks = [2, 1, 0, 3].map(|number| Some(pairs.join(format!("masks/{number}_mask.png"))));
    assert_eq!([0, 1, 2, 3].map(mask), masks);
    let which = DatasetRef::Folder(pairs);
    assert_eq!(open_dataset(&desk).map(|open| &open.which), Some(&which));
}

#[test]
fn bands_are_chosen() {
    let mut desk = Desk::new(|_| {});
    desk.app().send(UiCommand::DatasetSettings);
    desk.until("the settings are there", |desk| desk.says("Save settings"));
    desk.click("Bands");
    desk.click("Three, as colors");
    desk.set("Red is band", 9.0);
    assert!(desk.says("it must be from 1 to 8") && !desk.is_enabled("Save settings"));
    desk.set("Red is band", 3.0);
    desk.set("Blue is band", 1.0);
    save(&mut desk, |dataset| dataset.images.bands == [3, 2, 1]);
    let open = Dataset::open(&desk.set.root()).expect("as the command line opens it");
    let (image, _) = open
        .mask_reader()
        .read_pair(&open.train[0])
        .expect("a pair");
    assert!(image.pixels.chunks(3).any(|pixel| pixel == [30, 40, 220]));
}
