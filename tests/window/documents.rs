//! The documents in the window: tables are tables, and links lead on.

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Rect};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use fcn_workbench::ui::command::UiCommand;

use super::desk::Desk;

fn shown(document: &str) -> Desk {
    let mut desk = Desk::new(|_| ());
    desk.app().send(UiCommand::Documents);
    desk.until("the window is open", |desk| desk.says("Documents"));
    desk.frames(10);
    desk.choose("Document", document);
    desk
}

/// The document whose name is in the list.
fn current(desk: &Desk) -> String {
    let list = desk
        .window
        .get_by_role_and_label(Role::ComboBox, "Document");
    list.accesskit_node().value().unwrap_or_default()
}

#[test]
fn a_table_has_rows_and_columns() {
    let mut desk = shown("Networks and weights");
    desk.until("its first table is there", |desk| desk.says("fcn16s"));
    let place = |text: &str| -> Rect { desk.find(text).rect() };
    let names = [place("fcn32s"), place("fcn16s")];
    let texts = [
        place("one score map at stride 32, upsampled 32 times"),
        place("fused with the scores of pool4, upsampled 16 times"),
    ];
    let same = |a: f32, b: f32| (a - b).abs() < 2.0;
    assert!(same(names[0].left(), names[1].left()));
    assert!(same(texts[0].left(), texts[1].left()));
    for (name, text) in names.iter().zip(&texts) {
        assert!(same(name.top(), text.top()), "{name:?} {text:?}");
        assert!(name.right() < text.left());
    }
    assert!(names[0].bottom() <= names[1].top());
    let header = place("what it is");
    assert!(same(header.left(), texts[0].left()) && header.bottom() <= texts[0].top());
}

#[test]
fn a_link_leads_to_another_document_and_tab_begins_in_the_window() {
    let mut desk = shown("Inspect, Compare and Look inside");
    desk.until("its links are there", |desk| {
        desk.window.query_all_by_role(Role::Link).next().is_some()
    });
    assert_eq!(current(&desk), "Inspect, Compare and Look inside");
    let link = |desk: &Desk, name: &str| {
        let mut links = desk.window.query_all_by_role(Role::Link);
        let named = links.find(|link| link.accesskit_node().label().as_deref() == Some(name));
        named.expect("a link").click_accesskit();
    };
    link(&desk, "Scores");
    desk.until("the other document is there", |desk| {
        current(desk) == "Recipes, settings and scores" && desk.says("Scores")
    });

    desk.window.key_press(Key::Escape);
    desk.until("it is closed", |desk| !desk.says("Documents"));
    desk.app().send(UiCommand::Documents);
    desk.until("it is open again", |desk| desk.says("Documents"));
    desk.frames(10);
    for list in ["Document", "Section"] {
        desk.window.key_press(Key::Tab);
        desk.frames(3);
        let list = desk.window.get_by_role_and_label(Role::ComboBox, list);
        assert!(list.is_focused());
    }
}
