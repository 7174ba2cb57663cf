//! What is typed is not lost in silence.

use std::fs;

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;

use super::desk::Desk;
use super::runs::{click_row, desk, title};

fn typed(desk: &Desk) -> String {
    let node = desk.find("Note");
    node.value().unwrap_or_default()
}

#[test]
fn a_note_that_is_being_typed_is_not_lost_by_escape() {
    let mut desk = desk(2);
    let row = title(&desk, "run000");
    click_row(&mut desk, &row, Modifiers::NONE);
    desk.click("Name and notes…");
    desk.click("Note");
    desk.find("Note").type_text("at night");
    desk.frames(2);
    desk.window.key_press(Key::Escape);
    desk.until("it is asked", |desk| {
        desk.says("What was typed is not saved")
    });
    desk.window.key_press(Key::Escape);
    desk.until("it is there", |desk| desk.says("Note"));
    assert_eq!(typed(&desk), "at night");
    desk.window.key_press(Key::Escape);
    desk.until("it is asked again", |desk| desk.says("Keep writing"));
    desk.window.key_press(Key::Enter);
    let notes = desk.set.runs().join("run000/notes.json");
    desk.until("it is saved", |_| {
        fs::read_to_string(&notes).is_ok_and(|text| text.contains("\"at night\""))
    });

    // Where nothing was typed, nothing is asked.
    desk.click("Name and notes…");
    desk.until("the fields are there", |desk| desk.says("Note"));
    assert_eq!(typed(&desk), "at night");
    desk.window.key_press(Key::Escape);
    desk.until("they are gone", |desk| !desk.says("Note"));
    assert!(!desk.says("Keep writing"));

    // Who discards it has said so.
    desk.click("Name and notes…");
    let tags = |desk: &Desk| {
        let field = desk.window.get_by_role_and_label(Role::TextInput, "Tags");
        field.click();
        field.type_text("old");
    };
    tags(&desk);
    desk.frames(2);
    desk.window.key_press(Key::Escape);
    desk.until("it is asked about tags too", |desk| desk.says("Discard"));
    desk.click("Discard");
    desk.frames(3);
    assert!(!desk.says("Note") && !desk.says("Discard"));
    let saved = fs::read_to_string(&notes).expect("notes");
    assert!(!saved.contains("old"), "{saved}");
}
