//! A dataset is checked and put right in the Dataset panel.

use fcn_workbench::engine::DatasetState;
use fcn_workbench::ui::command::{Command, PanelKind};

use super::desk::Desk;
use crate::common::SIZE;

/// The folder that is open.
fn folder(desk: &Desk) -> String {
    match desk.engine().dataset() {
        DatasetState::Ready(open) => open.dataset.root.display().to_string(),
        _ => String::new(),
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
