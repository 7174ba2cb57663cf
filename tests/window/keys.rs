//! Keys, the shortcut sheet and the command palette.

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers, ViewportCommand, ViewportEvent, ViewportId};
use egui_kittest::kittest::Queryable as _;
use fcn_workbench::ui::command::{Command, PanelKind, UiCommand, shortcut_text};

use super::desk::Desk;
use crate::common::TinySet;
use fcn_workbench::engine::DatasetState;
use fcn_workbench::ui::state::AppState;

#[test]
fn the_key_of_a_disabled_command_does_nothing_and_says_why() {
    let mut desk = Desk::new(|_| ());
    assert!(desk.is_enabled("Start training"));
    desk.window.key_press_modifiers(Modifiers::SHIFT, Key::F5);
    desk.frames(10);
    assert!(desk.active().is_none(), "Shift+F5 is the key of Stop");
    assert!(desk.has_message("Stop: No run is active"));
    desk.window.key_press_modifiers(Modifiers::ALT, Key::F5);
    desk.window.key_press_modifiers(Modifiers::COMMAND, Key::F5);
    desk.frames(10);
    assert!(desk.active().is_none(), "no command has these keys");
}

#[test]
fn f1_opens_getting_started_and_a_question_mark_the_shortcuts() {
    let mut desk = Desk::new(|_| ());
    let first_step = "Click Start training: the settings suit the sample; how long the run takes here is said above the button";
    desk.window.key_press(Key::F1);
    desk.frames(3);
    assert!(desk.says(first_step));
    desk.window.key_press(Key::Escape);
    desk.frames(3);
    assert!(!desk.says(first_step));

    desk.window.key_press(Key::Questionmark);
    desk.frames(3);
    for command in UiCommand::all() {
        if let Some(shortcut) = command.shortcut() {
            let key = shortcut_text(&desk.window.ctx, &shortcut);
            assert!(desk.says(&key), "{command:?} has {key}");
        }
    }
    desk.window.key_press(Key::Escape);
    desk.frames(3);
    assert!(!desk.says("Shift+F5"));

    // In a text field it is a letter.
    desk.click("Folder path");
    desk.window.key_press(Key::Questionmark);
    desk.frames(3);
    assert!(!desk.says("Shift+F5"));
}

#[test]
fn the_palette_lists_every_command_and_carries_one_out() {
    let set = TinySet::new(2, 1);
    let nowhere = set.dir.path().join("nowhere");
    let mut desk = Desk::open(set, AppState::default(), nowhere);
    desk.until("the wrong folder is refused", |desk| {
        matches!(desk.engine().dataset(), DatasetState::Failed { .. })
    });
    let open = |desk: &mut Desk| {
        desk.window.key_press_modifiers(Modifiers::COMMAND, Key::P);
        desk.frames(3);
    };
    open(&mut desk);
    for label in [
        "File › Open dataset…",
        "File › Check dataset",
        "File › Save › Save mask…",
        "File › Save › Plots as SVG…",
        "Train › Stop",
        "View › Theme › Light",
        "View › Compare",
        "Help › About FCN Workbench",
    ] {
        assert!(desk.says(label), "{label}");
    }
    // Commands that cannot be carried out say why.
    desk.find("Search commands").type_text("start training");
    desk.frames(3);
    assert!(!desk.is_enabled("Train › Start training"));
    assert!(
        desk.window
            .query_all_by_label("Open a dataset first")
            .count()
            >= 2,
        "in the palette and in the Train panel"
    );
    desk.window.key_press(Key::Enter);
    desk.frames(3);
    assert!(desk.says("Search commands") && desk.active().is_none());
    // While it is open, keys are for the palette.
    desk.window.key_press(Key::F1);
    desk.frames(3);
    assert!(!desk.says("Watch"), "a step of Getting started");
    desk.window.key_press(Key::Escape);
    desk.frames(3);
    assert!(!desk.says("Search commands"));

    open(&mut desk);
    desk.find("Search commands").type_text("side by side");
    desk.frames(3);
    assert!(desk.says("View › Compare") && !desk.says("Train › Stop"));
    assert!(!desk.app().state().layout.is_in_front(PanelKind::Compare));
    for key in [Key::ArrowDown, Key::ArrowUp, Key::Enter] {
        desk.window.key_press(key);
        desk.frames(2);
    }
    assert!(!desk.says("Search commands"));
    assert!(desk.app().state().layout.is_in_front(PanelKind::Compare));

    // What is named is shown, also where it is shown already.
    open(&mut desk);
    desk.find("Search commands").type_text("compare");
    desk.frames(2);
    desk.window.key_press(Key::Enter);
    desk.frames(2);
    assert!(desk.app().state().layout.is_in_front(PanelKind::Compare));
}

#[test]
fn enter_and_escape_answer_questions() {
    let mut desk = Desk::new(|config| config.epochs = 1);
    desk.train();
    desk.window
        .state()
        .send(Command::ShowPanel(PanelKind::Runs));
    desk.frames(4);
    let row = desk.run().title();
    desk.window
        .get_by_role_and_label(Role::Button, &row)
        .click();
    desk.frames(3);
    desk.click("Delete");
    desk.until("it is in the trash", |desk| {
        desk.engine().runs_in_trash().count() == 1
    });
    desk.click("Empty trash…");
    assert!(desk.find("Delete for good").is_focused());
    // The keys of commands are off.
    desk.window.key_press(Key::F5);
    desk.frames(3);
    assert!(desk.active().is_none());
    desk.window.key_press_modifiers(Modifiers::COMMAND, Key::P);
    desk.frames(3);
    assert!(!desk.says("Search commands"), "no palette above a question");
    desk.window.key_press(Key::Escape);
    desk.frames(3);
    assert!(!desk.says("Delete for good") && desk.engine().runs_in_trash().count() == 1);
    desk.click("Empty trash…");
    desk.window.key_press(Key::Enter);
    desk.until("it is deleted", |desk| {
        desk.engine().runs_in_trash().count() == 0
    });
    assert!(!desk.says("Delete for good"));
}

#[test]
fn escape_closes_every_window_but_the_palette_above_it_first() {
    let mut desk = Desk::new(|_| ());
    for (command, title) in [
        (UiCommand::DatasetSettings, "Dataset settings"),
        (UiCommand::PublicDatasets, "Public datasets"),
        (UiCommand::Weights, "Pretrained weights"),
        (UiCommand::Notifications, "Notifications"),
        (UiCommand::GettingStarted, "Getting started"),
        (UiCommand::Shortcuts, "Keyboard shortcuts"),
        (UiCommand::Documents, "Documents"),
        (UiCommand::Terms, "Terms"),
        (UiCommand::Folders, "Folders"),
        (UiCommand::About, "About FCN Workbench"),
    ] {
        let is_open = |desk: &Desk| {
            let window = desk.window.query_by_role_and_label(Role::Window, title);
            window.is_some()
        };
        assert!(!is_open(&desk), "{title}");
        desk.app().send(command);
        desk.until("it is open", is_open);
        desk.app().send(UiCommand::Palette);
        desk.until("the palette is open", |desk| desk.says("Search commands"));
        for (searches, stays) in [(false, true), (false, false)] {
            desk.window.key_press(Key::Escape);
            // It fades.
            desk.frames(15);
            assert_eq!(desk.says("Search commands"), searches, "{title}");
            assert_eq!(is_open(&desk), stays, "{title}");
        }
    }
}

/// Asks the window to close, as the desktop does; tells whether it refuses.
fn stays_open(desk: &mut Desk) -> bool {
    let viewports = &mut desk.window.input_mut().viewports;
    let window = viewports.get_mut(&ViewportId::ROOT).expect("the window");
    window.events.push(ViewportEvent::Close);
    desk.frames(1);
    let output = &desk.window.output().viewport_output[&ViewportId::ROOT];
    output.commands.contains(&ViewportCommand::CancelClose)
}

#[test]
fn closing_the_window_on_a_run_is_a_question_that_enter_and_escape_answer() {
    let mut desk = Desk::new(|config| config.epochs = 5_000);
    desk.click("Start training");
    desk.until("some steps are done", |desk| {
        desk.active().is_some_and(|active| active.step >= 2)
    });
    for key in [Key::Escape, Key::Enter] {
        assert!(stays_open(&mut desk));
        desk.until("it is asked", |desk| desk.says("A run is active"));
        assert!(desk.find("Stop and quit").is_focused());
        desk.window.key_press(key);
        desk.until("it is answered", |desk| !desk.says("A run is active"));
        assert!(desk.active().is_some());
        if key == Key::Enter {
            assert!(!stays_open(&mut desk), "that was confirmed");
        }
    }
}

#[test]
fn tab_reaches_all_panels_and_comes_around() {
    let mut desk = Desk::new(|_| ());
    let stops = [
        "Folder path",
        "Check dataset",
        "Set for me",
        "Start training",
    ];
    let mut reached: Vec<&str> = Vec::new();
    for _ in 0..200 {
        desk.window.key_press(Key::Tab);
        desk.frames(2);
        let now = stops.into_iter().find(|stop| desk.find(stop).is_focused());
        reached.extend(now.filter(|now| reached.last() != Some(now)));
        if reached.len() > stops.len() {
            break;
        }
    }
    // All of them, and then the first one again.
    assert!(
        stops.iter().all(|stop| reached.contains(stop)),
        "{reached:?}"
    );
    assert_eq!(reached.last(), reached.first());
}

#[test]
fn what_has_the_focus_scrolls_no_other_panel() {
    for size in [[900.0, 600.0], [1280.0, 720.0]] {
        let mut desk = Desk::new(|_| ());
        desk.window.set_size(size.into());
        desk.frames(4);
        let place = |desk: &Desk| desk.find("Check dataset").rect();
        let before = place(&desk);
        for field in ["Epochs", "Batch size", "Learning rate"] {
            let field = desk.window.get_by_role_and_label(Role::SpinButton, field);
            field.focus();
            desk.frames(8);
            assert_eq!(place(&desk), before, "{size:?}");
        }
    }
}

#[test]
fn what_tab_reaches_below_the_fold_is_scrolled_to() {
    let mut desk = Desk::new(|_| ());
    desk.window.set_size([900.0, 600.0].into());
    desk.frames(4);
    let place = |desk: &Desk| {
        let field = desk
            .window
            .get_by_role_and_label(Role::SpinButton, "Learning rate");
        (field.rect(), field.is_focused())
    };
    // The form ends above the button.
    let end = desk.find("Start training").rect().top();
    assert!(end < place(&desk).0.top(), "it is out of sight");
    for _ in 0..100 {
        desk.window.key_press(Key::Tab);
        desk.frames(2);
        if place(&desk).1 {
            break;
        }
    }
    desk.frames(60);
    let (field, has_focus) = place(&desk);
    assert!(has_focus);
    assert!(field.top() > 0.0 && field.bottom() <= end, "{field:?}");
}
