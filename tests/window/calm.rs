//! Nothing moves under the pointer, and nobody is taken away from what they do.

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Rect};
use egui_kittest::kittest::Queryable as _;
use fcn_workbench::dataset::read_rgb;
use fcn_workbench::engine::{DatasetState, NoticeLevel, Phase};
use fcn_workbench::ui::command::{Command, PanelKind, UiCommand};
use fcn_workbench::ui::view_model::ColorChoice;

use super::desk::Desk;
use crate::common::{SIZE, TinySet};

/// Controls that are there whether a run is active or not, by role and name.
const CONTROLS: [(Role, &str); 15] = [
    (Role::Button, "Open sample"),
    (Role::Button, "Open dataset…"),
    (Role::TextInput, "Folder path"),
    (Role::Button, "Check dataset"),
    (Role::Button, "Show Train images"),
    (Role::Button, "Show Val images"),
    (Role::Button, "Set for me"),
    (Role::SpinButton, "Epochs"),
    (Role::SpinButton, "Batch size"),
    (Role::SpinButton, "Learning rate"),
    (Role::Button, "File"),
    (Role::Button, "Help"),
    (Role::Button, "Messages"),
    (Role::CheckBox, "Show image"),
    (Role::CheckBox, "Show ground truth"),
];

/// Where the controls are; those that another panel covers have no place.
fn places(desk: &Desk) -> Vec<(&'static str, Option<Rect>)> {
    let place = |(role, name): &(Role, &'static str)| {
        // The bell says how many messages are unread.
        let found = desk.window.query_all_by(|node| {
            node.role() == *role && node.label().is_some_and(|label| label.starts_with(name))
        });
        let mut found: Vec<Rect> = found.map(|node| node.rect()).collect();
        (*name, (found.len() == 1).then(|| found.remove(0)))
    };
    CONTROLS.iter().map(place).collect()
}

#[track_caller]
fn assert_stayed(before: &[(&str, Option<Rect>)], desk: &Desk, when: &str) {
    for ((name, was), (_, is)) in before.iter().zip(places(desk)) {
        if let (Some(was), Some(is)) = (was, is) {
            let by = (was.min - is.min).abs();
            // The bell grows to the left by the number of messages.
            let moved = if *name == "Messages" {
                by.y
            } else {
                by.max_elem()
            };
            assert!(moved < 0.5, "{name} moved from {was:?} to {is:?} {when}");
        }
    }
}

#[test]
fn no_control_moves_while_a_run_starts_trains_validates_and_stops() {
    let mut desk = Desk::new(|config| config.epochs = 400);
    desk.until("the classes are counted and the run is estimated", |desk| {
        let counted =
            matches!(desk.engine().dataset(), DatasetState::Ready(open) if open.stats.is_some());
        counted && desk.finds("of memory")
    });
    let before = places(&desk);
    for (name, place) in &before {
        assert!(place.is_some(), "{name} is not there");
    }
    desk.click("Start training");
    let mut phases = Vec::new();
    desk.until("two epochs are over", |desk| {
        if let Some(active) = desk.active() {
            phases.push(active.phase.clone());
            assert_stayed(&before, desk, &format!("in {:?}", active.phase));
        }
        let epochs = desk
            .engine()
            .runs()
            .first()
            .map_or(0, |run| run.epochs.len());
        epochs >= 2 && desk.finds("after step")
    });
    assert!(phases.contains(&Phase::Training), "{phases:?}");
    let stop = desk.find("Stop").rect();
    desk.click("Pause");
    desk.until("it waits", |desk| desk.phase() == Some(&Phase::Paused));
    assert_stayed(&before, &desk, "at the pause");
    assert_eq!(desk.find("Stop").rect(), stop, "Stop stays where it is");
    desk.click("Stop");
    desk.until("it has stopped", |desk| {
        assert_stayed(&before, desk, "at the stop");
        desk.active().is_none()
    });
    desk.frames(10);
    assert_stayed(&before, &desk, "after the stop");
}

#[test]
fn nothing_moves_when_a_dataset_tells_its_problems() {
    let mut desk = Desk::new(|_| ());
    desk.until(
        "the classes are counted",
        |desk| matches!(desk.engine().dataset(), DatasetState::Ready(open) if open.stats.is_some()),
    );
    let before = places(&desk);
    let labels = vec![255; (SIZE * SIZE) as usize];
    for number in 0..10 {
        desk.set
            .write_mask(&format!("image{number}"), labels.clone());
    }
    desk.click("Check dataset");
    desk.until("findings are listed", |desk| {
        let is_done = desk.says("Check dataset");
        if is_done {
            assert_stayed(&before, desk, "when findings came");
        }
        is_done && desk.finds(" · 10")
    });
}

#[test]
fn messages_cover_nothing_and_close_together() {
    let mut desk = Desk::new(|_| ());
    let before = places(&desk);
    for number in 0..12 {
        desk.app().send(Command::Notify(
            NoticeLevel::Error,
            format!("/data/image_{number}.png: cannot be decoded"),
        ));
    }
    let full = "The disk is full";
    desk.app()
        .send(Command::Notify(NoticeLevel::Error, full.to_owned()));
    desk.frames(5);
    assert_stayed(&before, &desk, "when messages came");
    let close = desk.find("Close message").rect();
    let all = desk.find("Close all").rect();
    for (name, place) in &before {
        let Some(place) = place.filter(|_| *name != "Messages") else {
            continue;
        };
        assert!(
            !place.intersects(close) && !place.intersects(all),
            "a message covers {name}"
        );
    }
    // The newest of its kind, and the other kind behind it.
    assert!(desk.finds(full));
    desk.click("Close message");
    assert!(desk.finds("image_11.png: cannot be decoded (× 12)"));
    assert_eq!(
        desk.find("Close message").rect(),
        close,
        "a second click hits it too"
    );
    desk.app()
        .send(Command::Notify(NoticeLevel::Warning, full.to_owned()));
    desk.frames(3);
    desk.click("Close all");
    assert_eq!(desk.app().toasts().shown().count(), 0);
}

#[test]
fn a_long_message_ends_beside_the_menus() {
    let mut desk = Desk::new(|_| ());
    let text = "The run did not begin: ".to_owned() + &"the masks hold only 0 and 255, ".repeat(20);
    desk.app().send(Command::Notify(NoticeLevel::Error, text));
    for width in [1440.0, 640.0, 427.0] {
        desk.window.set_size([width, 720.0].into());
        desk.frames(4);
        let menus = desk.find("Help").rect().right();
        let mut lines = desk.window.query_all_by_label_contains("did not begin");
        let line = lines.next().expect("the message").rect();
        // Its icon is between them.
        assert!(
            line.left() - 16.0 > menus,
            "{line:?} is over the menus, which end at {menus}, in {width}"
        );
    }
}

#[test]
fn a_plan_that_ends_does_not_take_people_away_from_another_panel() {
    let mut desk = Desk::new(|config| config.max_steps = Some(2));
    desk.click("Train 32s, 16s, 8s");
    desk.until("the first run has begun", |desk| desk.active().is_some());
    desk.app().send(Command::ShowPanel(PanelKind::Inspect));
    desk.frames(3);
    desk.until("all runs are over", |desk| {
        desk.engine().plan().is_some_and(|plan| plan.done)
    });
    desk.frames(10);
    let layout = &desk.app().state().layout;
    assert!(layout.is_in_front(PanelKind::Inspect) && !layout.is_in_front(PanelKind::Compare));
}

#[test]
fn classes_are_shown_in_color_blind_safe_colors_by_choice() {
    let set = TinySet::new(8, 2);
    let mut config = set.config();
    config.epochs = 1;
    // Nothing of the image is seen through the mask.
    let state =
        serde_json::json!({ "train": { "settings": config }, "inspect": { "opacity": 1.0 } });
    let state = serde_json::from_value(state).expect("the saved state of a window");
    let root = set.root();
    let mut desk = Desk::open(set, state, root);
    desk.until("the dataset is open", |desk| {
        matches!(desk.engine().dataset(), DatasetState::Ready(_))
    });
    desk.train();
    let out = desk.set.dir.path().join("out");
    std::fs::create_dir(&out).expect("a folder");
    let own = out.join("own.png");
    std::fs::copy(desk.set.image_path(5), &own).expect("a copy");
    desk.drop_files(&[&own]);
    desk.until("the mask is there", |desk| {
        desk.says("Inspected image") && desk.is_enabled("Save mask…")
    });

    desk.click("View");
    desk.find("Class colors").hover();
    desk.frames(10);
    desk.click("Color-blind safe");
    assert_eq!(
        desk.app().state().prefs.class_colors,
        ColorChoice::ColorBlind
    );
    desk.frames(10);
    desk.click("Save overlay…");
    desk.frames(5);
    desk.window.key_press(Key::Enter);
    desk.until("it is saved", |desk| desk.has_message("Overlay saved"));
    let saved = read_rgb(&out.join("own_overlay.png"));
    let saved = saved.expect("the overlay");
    let palette = [[0, 0, 0], [0, 0, 255], [187, 85, 187]];
    for pixel in saved.pixels.chunks_exact(3) {
        assert!(palette.iter().any(|color| color == pixel), "{pixel:?}");
    }
    // The palette of commands and the menu are one list.
    let own = UiCommand::ClassColors(ColorChoice::Dataset);
    assert!(UiCommand::all().any(|command| command == own));
    desk.app().send(own);
    desk.frames(5);
    assert_eq!(desk.app().state().prefs.class_colors, ColorChoice::Dataset);
}
