//! What survives a restart: places of panels, settings.

use std::collections::BTreeMap;

use eframe::egui::{self, Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use fcn_workbench::engine::{DatasetState, Queue};
use fcn_workbench::ui::command::{Command, PanelKind};
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
fn what_is_left_of_a_plan_survives_a_restart() {
    let mut desk = Desk::new(|config| config.epochs = 300);
    desk.click("Train 32s, 16s, 8s");
    desk.until("some steps are done", |desk| {
        desk.active().is_some_and(|active| active.step >= 2)
    });
    desk.click("Stop");
    desk.until("it has stopped", |desk| desk.active().is_none());
    let stopped = desk.run().name.clone();
    let Desk { window, set } = desk;
    drop(window);

    let folder = set.root();
    let mut desk = Desk::open(set, AppState::default(), folder);
    let left = "In the queue: FCN-32s, FCN-16s, FCN-8s";
    desk.until("it is told", |desk| {
        desk.engine().runs_known() && desk.says(left)
    });
    desk.click("Run queue");
    desk.until("it goes on", |desk| {
        desk.active().is_some_and(|active| active.run == stopped)
    });
    // Also while it is trained: the program may be killed.
    let file = desk.set.runs().join("queue.json");
    let text = std::fs::read_to_string(file).expect("a queue");
    let kept: Queue = serde_json::from_str(&text).expect("a queue");
    assert_eq!(kept.entries.len(), 3);
    assert_eq!(kept.entries[0].run.as_ref(), Some(&stopped));
    desk.click("Stop");
    desk.until("it has stopped again", |desk| desk.active().is_none());
    desk.click("Clear queue");
    assert!(!desk.says(left));
}

#[test]
fn widths_of_panels_are_restored_to_the_last_fraction() {
    let set = TinySet::new(8, 2);
    let mut config = set.config();
    config.epochs = 1;
    let widths = [
        ("layout", "left_width", 391.37),
        ("inspect", "list_width", 204.0),
        ("inspect", "legend_width", 187.0),
        ("compare", "scores_height", 143.0),
    ];
    let mut state = serde_json::to_value(AppState::default()).expect("JSON");
    state["train"]["settings"] = serde_json::to_value(config).expect("JSON");
    for (panel, field, width) in widths {
        let place = &mut state[panel][field];
        assert!(place.is_number(), "{panel} has no {field}");
        *place = width.into();
    }
    let state = serde_json::from_value(state).expect("the saved state of a window");
    let folder = set.root();
    let mut desk = Desk::open(set, state, folder);
    desk.until("the dataset is open", |desk| {
        matches!(desk.engine().dataset(), DatasetState::Ready(_))
    });
    desk.train();
    let image = desk.set.image_path(8);
    desk.drop_files(&[&image]);
    desk.until("the mask is there", |desk| {
        desk.says("Inspected image") && desk.is_enabled("Save mask…")
    });
    desk.app().send(Command::Compare {
        runs: vec![desk.run().name.clone()],
        image: Some(image),
    });
    desk.until("the scores are there", |desk| {
        desk.says("Whole validation set of tiny, best epoch of each run")
    });
    desk.frames(20);
    let mut storage = Memory::default();
    eframe::App::save(desk.window.state_mut(), &mut storage);
    let state: AppState = eframe::get_value(&storage, eframe::APP_KEY).expect("a saved state");
    let state = serde_json::to_value(state).expect("JSON");
    for (panel, field, width) in widths {
        let found = state[panel][field].as_f64().expect("a number");
        assert!((found - width).abs() < 1e-3, "{panel} {field}: {found}");
    }
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
