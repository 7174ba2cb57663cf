//! What makes the window comfortable: its scale, words that are explained, names for screen readers.

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use fcn_workbench::ui::command::{Command, PanelKind, UiCommand};

use super::desk::Desk;

/// Roles of what can be clicked, dragged or written into.
const CONTROLS: [Role; 11] = [
    Role::Button,
    Role::CheckBox,
    Role::ColorWell,
    Role::ComboBox,
    Role::Link,
    Role::MultilineTextInput,
    Role::RadioButton,
    Role::Slider,
    Role::SpinButton,
    Role::TextInput,
    Role::SearchInput,
];

/// The controls without a name, with their roles and places.
fn nameless(desk: &Desk) -> Vec<String> {
    let mut found = Vec::new();
    for role in CONTROLS {
        for node in desk.window.query_all_by_role(role) {
            let rect = node.rect();
            let node = node.accesskit_node();
            let label = node.label().unwrap_or_default();
            if label.trim().is_empty() {
                found.push(format!("{role:?} at {rect:?}, value {:?}", node.value()));
            }
        }
    }
    found
}

/// The controls that reach beyond the sides of the window.
pub fn cut_off(desk: &Desk, width: f32) -> Vec<String> {
    let mut found = Vec::new();
    for role in CONTROLS {
        for node in desk.window.query_all_by_role(role) {
            let rect = node.rect();
            if rect.left() < -0.5 || rect.right() > width + 0.5 {
                let name = node.accesskit_node().label().unwrap_or_default();
                found.push(format!("{role:?} {name:?} at {rect:?}"));
            }
        }
    }
    found
}

/// Buttons, boxes and lists that are hard to hit, with their heights. The cross of a window is egui's.
fn low(desk: &Desk) -> Vec<String> {
    const LEAST: f32 = 20.0;
    let mut found = Vec::new();
    for role in [
        Role::Button,
        Role::CheckBox,
        Role::ComboBox,
        Role::RadioButton,
    ] {
        for node in desk.window.query_all_by_role(role) {
            let height = node.rect().height();
            let name = node.accesskit_node().label().unwrap_or_default();
            if height < LEAST && name != "Close window" {
                found.push(format!("{role:?} {name:?} is {height} high"));
            }
        }
    }
    found
}

/// The sizes that screens have, and the smallest window; [`small`](super::small) tells more of that.
const SIZES: [[f32; 2]; 4] = [
    [900.0, 600.0],
    [1280.0, 720.0],
    [1440.0, 900.0],
    [2560.0, 1440.0],
];

#[track_caller]
fn all_are_named(desk: &Desk, place: &str) {
    let found = nameless(desk);
    assert!(found.is_empty(), "{place}: {found:#?}");
}

#[test]
fn every_control_has_a_name_and_is_in_the_window() {
    let mut desk = Desk::new(|config| config.epochs = 1);
    for panel in PanelKind::ALL {
        desk.app().send(Command::ShowPanel(panel));
        desk.frames(3);
        all_are_named(&desk, &format!("{panel:?} before any run"));
    }
    desk.train();
    desk.app().send(Command::ShowPanel(PanelKind::Train));
    desk.frames(2);
    desk.find("Advanced").click_accesskit();
    desk.frames(20);
    all_are_named(&desk, "advanced settings");

    let image = desk.set.image_path(8);
    desk.drop_files(&[&image]);
    desk.until("the mask is there", |desk| {
        desk.says("Inspected image") && desk.is_enabled("Save mask…")
    });
    desk.click("Prediction options");
    all_are_named(&desk, "prediction options");
    desk.window.key_press(Key::Escape);
    let middle = desk.find("Inspected image").rect().center();
    desk.window.hover_at(middle);
    desk.frames(2);
    for panel in PanelKind::ALL {
        desk.app().send(Command::ShowPanel(panel));
        desk.frames(6);
        all_are_named(&desk, &format!("{panel:?}"));
        assert_eq!(low(&desk), [""; 0], "{panel:?}");
    }
    for size in SIZES {
        desk.window.set_size(size.into());
        // The table of runs is scrolled sideways.
        let is_table = |panel: &PanelKind| *panel == PanelKind::Runs;
        for panel in PanelKind::ALL.into_iter().filter(|panel| !is_table(panel)) {
            desk.app().send(Command::ShowPanel(panel));
            desk.frames(3);
            let found = cut_off(&desk, size[0]);
            assert!(found.is_empty(), "{panel:?} in {size:?}: {found:#?}");
        }
    }
    desk.app().send(Command::ShowPanel(PanelKind::LookInside));
    desk.frames(2);
    for view in [
        "Probability",
        "Score maps",
        "Activations",
        "Effective field",
    ] {
        desk.click(view);
        desk.frames(6);
        all_are_named(&desk, view);
    }
    desk.app().send(Command::ShowPanel(PanelKind::Evaluate));
    desk.frames(3);
    desk.click("Start evaluation");
    desk.until("the scores are there", |desk| desk.says("mIoU (pooled)"));
    let tabs = [
        "Classes",
        "Confusion",
        "Images",
        "Boundaries and sizes",
        "Calibration",
    ];
    for tab in tabs {
        desk.window.get_by_role_and_label(Role::Button, tab).click();
        desk.frames(4);
        all_are_named(&desk, tab);
    }
    for command in [
        UiCommand::DatasetSettings,
        UiCommand::Weights,
        UiCommand::Notifications,
        UiCommand::Documents,
        UiCommand::Terms,
        UiCommand::GettingStarted,
        UiCommand::Shortcuts,
        UiCommand::Folders,
        UiCommand::About,
        UiCommand::Palette,
    ] {
        desk.app().send(command);
        desk.frames(5);
        all_are_named(&desk, command.label());
        desk.window.key_press(Key::Escape);
        desk.frames(3);
    }
}

#[test]
fn the_scale_goes_by_keys_and_menu_and_is_kept() {
    let mut desk = Desk::new(|_| ());
    let scale = |desk: &Desk| desk.window.ctx.zoom_factor();
    assert_eq!(scale(&desk), 1.0);
    for _ in 0..2 {
        desk.window
            .key_press_modifiers(Modifiers::COMMAND, Key::Plus);
        desk.frames(3);
    }
    assert_eq!((scale(&desk), desk.app().state().prefs.scale), (1.25, 125));
    desk.window
        .key_press_modifiers(Modifiers::COMMAND, Key::Minus);
    desk.frames(3);
    assert_eq!(scale(&desk), 1.1);
    // Where a plus needs Shift.
    let shifted = Modifiers::COMMAND | Modifiers::SHIFT;
    desk.window.key_press_modifiers(shifted, Key::Equals);
    desk.frames(3);
    assert_eq!(scale(&desk), 1.25);
    desk.window
        .key_press_modifiers(Modifiers::COMMAND, Key::Num0);
    desk.frames(3);
    assert_eq!(scale(&desk), 1.0);
    // Everything can be drawn at the largest one, in a small window too.
    for _ in 0..20 {
        desk.window
            .key_press_modifiers(Modifiers::COMMAND, Key::Plus);
        desk.frames(1);
    }
    assert_eq!(desk.app().state().prefs.scale, 300);
    for size in [[1280.0, 720.0], [1440.0, 1300.0]] {
        desk.window.set_size(size.into());
        for panel in PanelKind::ALL {
            desk.app().send(Command::ShowPanel(panel));
            desk.frames(2);
        }
    }
    let saved = serde_json::to_value(desk.app().state()).expect("the state");
    assert_eq!(saved["prefs"]["scale"], 300);
}

#[test]
fn a_word_is_explained_where_it_stands_and_leads_into_the_documents() {
    let mut desk = Desk::new(|_| ());
    let (title, link) = ("Void", "More: Data, Masks");
    assert!(!desk.says(link));
    // The Dataset panel says what void is.
    let heading = desk.window.get_by_role_and_label(Role::Label, "Classes");
    let middle = heading.rect().center();
    desk.window.hover_at(middle);
    desk.until("the word is explained", |desk| {
        desk.says(title) && desk.says(link)
    });
    // What comes up by a key is not covered by it.
    desk.app().send(UiCommand::Palette);
    desk.until("it makes way", |desk| {
        desk.says("Search commands") && !desk.says(link)
    });
    desk.window.key_press(Key::Escape);
    desk.frames(4);
    desk.window.hover_at(middle + eframe::egui::vec2(1.0, 0.0));
    desk.until("the word is explained again", |desk| desk.says(link));
    desk.find(link).click_accesskit();
    desk.until("the document is open", |desk| {
        desk.finds("It counts in no loss and in no score")
    });
    desk.choose("Document", "Networks and weights");
    desk.until("another one", |desk| desk.says("Agreement with PyTorch"));
    desk.window.key_press(Key::Escape);
    desk.until("it is closed", |desk| !desk.says("Agreement with PyTorch"));

    desk.app().send(UiCommand::Terms);
    desk.until("all words are listed", |desk| {
        desk.says("Stride (32s, 16s, 8s)") && desk.says("Calibration")
    });
}

#[test]
fn tooltips_make_way_for_what_comes_up_above_their_widgets() {
    let mut desk = Desk::new(|_| ());
    // The controls of Live lie in the middle, where windows come up.
    desk.window.set_size([1440.0, 900.0].into());
    desk.frames(4);
    let tooltip = "Draw the borders between classes";
    let place = desk.find("Outlines").rect().center();
    for (number, command) in [UiCommand::PublicDatasets, UiCommand::Palette]
        .into_iter()
        .enumerate()
    {
        desk.window
            .hover_at(place + eframe::egui::vec2(number as f32, 0.0));
        desk.until("it is explained", |desk| desk.says(tooltip));
        // By a key: the pointer stays where it is.
        desk.app().send(command);
        desk.until("it makes way", |desk| !desk.says(tooltip));
        desk.frames(40);
        assert!(!desk.says(tooltip), "{command:?}");
        desk.window.key_press(Key::Escape);
        desk.frames(15);
    }
    assert!(!desk.says("Search commands"));
}

#[test]
fn tooltips_go_when_a_window_comes_up_beside_them() {
    let mut desk = Desk::new(|_| ());
    desk.window.set_size([1440.0, 900.0].into());
    desk.frames(4);
    // Far from the middle, where the window comes up.
    let tooltip = "Reads all images and masks and lists what is wrong";
    let place = desk.find("Check dataset").rect().center();
    desk.window.hover_at(place);
    desk.until("it is explained", |desk| desk.finds(tooltip));
    desk.app().send(UiCommand::GettingStarted);
    desk.until("it makes way", |desk| {
        desk.says("Getting started") && !desk.finds(tooltip)
    });
    desk.frames(40);
    assert!(!desk.finds(tooltip), "not until the pointer is used");
    desk.window.hover_at(place + eframe::egui::vec2(1.0, 0.0));
    desk.until("it is explained again", |desk| desk.finds(tooltip));
}
