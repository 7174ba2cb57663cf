//! What survives a restart: places of panels, settings.

use std::collections::BTreeMap;

use eframe::egui::{self, Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use fcn_workbench::ui::command::PanelKind;
use fcn_workbench::ui::state::AppState;

use super::desk::Desk;
use crate::common::TinySet;

#[derive(Default)]
struct Memory(BTreeMap<String, String>);

impl eframe::Storage for Memory {
    fn get_string(&self, key: &str) -> Option<String> {
        self.0.get(key).cloned()
    }
    fn set_string(&mut self, key: &str, value: String) {
        self.0.insert(key.to_owned(), value);
    }
    fn remove_string(&mut self, key: &str) {
        self.0.remove(key);
    }
    fn flush(&mut self) {}
}

#[test]
fn layout_and_settings_survive_a_restart_and_can_be_reset() {
    let mut desk = Desk::new(|_| ());
    desk.set("Epochs", 123.0);
    desk.click("View");
    // The tab is a button that is pressed, the menu entry is none.
    let entry = desk
        .window
        .query_all_by_label("Curves")
        .find(|node| node.accesskit_node().toggled().is_none());
    entry.expect("the menu entry").click();
    desk.frames(3);
    desk.window
        .key_press_modifiers(Modifiers::COMMAND, Key::Num6);
    desk.frames(2);
    let mut storage = Memory::default();
    eframe::App::save(desk.window.state_mut(), &mut storage);
    drop(desk);

    let state: AppState = eframe::get_value(&storage, eframe::APP_KEY).expect("a saved state");
    let set = TinySet::new(2, 1);
    let folder = set.root();
    let mut desk = Desk::open(set, state, folder);
    desk.frames(5);
    let layout = |desk: &Desk, panel| {
        let layout = &desk.app().state().layout;
        (layout.is_open(panel), layout.is_in_front(panel))
    };
    assert_eq!(layout(&desk, PanelKind::Curves), (false, false));
    assert_eq!(layout(&desk, PanelKind::Compare), (true, true));
    assert!(!desk.says("No curves yet") && desk.says("No trained runs to compare"));
    let epochs = desk
        .window
        .get_by_role_and_label(egui::accesskit::Role::SpinButton, "Epochs")
        .value();
    assert_eq!(epochs.as_deref(), Some("123"));

    desk.click("View");
    desk.click("Reset layout");
    assert_eq!(layout(&desk, PanelKind::Curves), (true, true));
    assert_eq!(layout(&desk, PanelKind::Compare), (true, false));
    assert!(desk.says("No curves yet"));
}
