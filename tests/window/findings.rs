//! A dataset is checked and put right in the Dataset panel.

use eframe::egui::Vec2;
use egui_kittest::kittest::Queryable as _;
use fcn_workbench::engine::DatasetState;
use fcn_workbench::ui::command::{Command, PanelKind};

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
    desk.until("the label is found", |desk| desk.says("Unknown labels · 1"));
    desk
}

#[test]
fn nothing_starts_on_a_dataset_with_an_error_until_it_is_put_right_and_checked() {
    let mut desk = with_unknown_label();
    let reason = "Unknown labels: this dataset cannot be trained on";
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
fn findings_cover_nothing_of_the_dataset_in_a_small_window() {
    let mut desk = with_unknown_label();
    // The second is what 1280 x 720 pixels have at 200 %.
    for [width, height] in [[1280.0, 720.0], [640.0, 360.0]] {
        desk.window.set_size(Vec2::new(width, height));
        desk.app().send(Command::ShowPanel(PanelKind::Dataset));
        desk.frames(6);
        let button = desk.find("Check dataset").rect();
        let finding = desk.find("Unknown labels · 1").rect();
        assert!(
            finding.top() > button.bottom() + 4.0,
            "at {width} x {height}: {finding:?} is over {button:?}"
        );
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

    for number in 0..10 {
        let half = |at: u32| if at % SIZE < SIZE / 2 { 0 } else { 255 };
        let labels = (0..SIZE * SIZE).map(half).collect();
        desk.set.write_mask(&format!("image{number}"), labels);
    }
    desk.click("Check dataset");
    desk.until("the finding is there", |desk| {
        desk.says("Objects are void · 10")
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
        desk.says("Class never occurs · 1")
    });
    assert_ne!(folder(&desk), before);
    assert!(!desk.says("Objects are void · 10"));
}
