//! A dataset is checked and put right in the Dataset panel.

use eframe::egui::{Key, Pos2, Rect, Vec2, vec2};
use egui_kittest::kittest::Queryable as _;
use fcn_workbench::engine::DatasetState;
use fcn_workbench::ui::command::{Command, PanelKind};
use fcn_workbench::ui::state::AppState;

use super::desk::Desk;
use crate::common::{SIZE, TinySet};

/// The folder that is open.
fn folder(desk: &Desk) -> String {
    match desk.engine().dataset() {
        DatasetState::Ready(open) => open.dataset.root.display().to_string(),
        _ => String::new(),
    }
}

/// A window with a dataset open in which a mask has a label that is no class.
fn with_unknown_label() -> Desk {
    let set = TinySet::new(8, 2);
    set.write_mask("image3", vec![7; (SIZE * SIZE) as usize]);
    let state = serde_json::json!({ "train": { "settings": set.config() } });
    let state = serde_json::from_value(state).expect("the saved state of a window");
    let root = set.root();
    let mut desk = Desk::open(set, state, root);
    desk.app().send(Command::ShowPanel(PanelKind::Dataset));
    desk.until("the label is found", |desk| {
        desk.says("Labels without a class · 1")
    });
    desk
}

#[test]
fn nothing_starts_on_a_dataset_with_an_error_until_it_is_put_right_and_checked() {
    let mut desk = with_unknown_label();
    let reason = "Labels without a class: this dataset cannot be trained on";
    for start in [
        "Start training",
        "Train in stages",
        "8s at once",
        "Try for one minute",
    ] {
        assert!(!desk.is_enabled(start), "{start}");
    }
    assert!(desk.finds(reason), "the reason is beside it");
    desk.find("Start training").hover();
    desk.until("the tooltip says it, too", |desk| {
        desk.window.query_all_by_label_contains(reason).count() == 2
    });

    // Hidden, they are not said in other words.
    let wrong = "labels that are no class: 7";
    assert!(desk.finds(wrong));
    // The window names what it has itself.
    assert!(desk.finds("Dataset settings says which labels") && !desk.finds("data fix"));
    desk.click("Hide findings");
    assert!(desk.says("1 error") && !desk.finds(wrong) && !desk.finds("label 7"));

    let all = (0..SIZE * SIZE).map(|at| u8::from(at % SIZE < 8));
    desk.set.write_mask("image3", all.collect());
    desk.click("Check dataset");
    desk.until("it can be trained on", |desk| {
        desk.is_enabled("Start training")
    });
    assert!(!desk.finds(reason));
}

#[test]
fn in_a_small_window_findings_have_a_window_with_their_buttons_in_sight() {
    let set = TinySet::new(8, 2);
    let half = |at: u32| if at % SIZE < SIZE / 2 { 0 } else { 255 };
    for number in 0..10 {
        let labels = (0..SIZE * SIZE).map(half).collect();
        set.write_mask(&format!("image{number}"), labels);
    }
    let root = set.root();
    let mut desk = Desk::open(set, AppState::default(), root);
    desk.app().send(Command::ShowPanel(PanelKind::Dataset));
    // The second is what 1280 x 720 pixels have at 150 %.
    for [width, height] in [[1280.0, 720.0], [853.0, 480.0]] {
        desk.window.set_size(Vec2::new(width, height));
        desk.until("the error is counted", |desk| {
            desk.says("1 error") && desk.says("Show findings")
        });
        let title = "Objects are marked as void · 10";
        assert!(!desk.says(title), "nothing covers the panel by itself");
        let before = desk.find("Check dataset").rect();
        desk.find("Show findings").click();
        desk.frames(12);
        let window = Rect::from_min_size(Pos2::ZERO, vec2(width, height));
        for shown in [title, "Fix in a copy"] {
            let place = desk.find(shown).rect();
            assert!(
                window.contains_rect(place),
                "{shown} at {place:?} in {window:?}"
            );
        }
        assert_eq!(desk.find("Check dataset").rect(), before);
        desk.window.key_press(Key::Escape);
        desk.frames(4);
        assert!(!desk.says(title));
    }
}

#[test]
fn objects_in_255_are_found_and_fixed_with_clicks() {
    let mut desk = Desk::new(|_| {});
    desk.app().send(Command::ShowPanel(PanelKind::Dataset));
    desk.frames(3);
    desk.click("Check dataset");
    desk.until("the sound set is checked", |desk| {
        desk.says("Nothing found in 10 pairs")
    });
    desk.until("the answer is told", |desk| {
        desk.has_message("Checked 10 images and their masks: nothing found")
    });

    for number in 0..10 {
        let half = |at: u32| if at % SIZE < SIZE / 2 { 0 } else { 255 };
        let labels = (0..SIZE * SIZE).map(half).collect();
        desk.set.write_mask(&format!("image{number}"), labels);
    }
    desk.click("Check dataset");
    desk.until("the finding is there", |desk| {
        desk.says("Objects are marked as void · 10")
    });
    desk.until("the answer is told", |desk| {
        desk.has_message("Checked 10 images and their masks: 1 error")
    });
    let before = folder(&desk);
    desk.find("Fix in a copy").scroll_to_me();
    desk.frames(10);
    desk.click("Fix in a copy");
    desk.until("the copy is open", |desk| {
        folder(desk).ends_with("tiny-fixed")
    });
    assert!(desk.has_message("10 pairs"));
    desk.click("Check dataset");
    desk.until("the copy is checked", |desk| {
        desk.says("Classes that no mask has · 1")
    });
    assert_ne!(folder(&desk), before);
    assert!(!desk.says("Objects are marked as void · 10"));
}
