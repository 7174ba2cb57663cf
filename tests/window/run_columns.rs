//! The columns of the table of runs: their widths, and names that stay while the others are scrolled; the
//! newest runs in Train.

use eframe::egui::accesskit::Role;
use eframe::egui::{Event, Modifiers, MouseWheelUnit, TouchPhase, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use fcn_workbench::ui::command::{Command, PanelKind};

use super::desk::Desk;
use super::runs::{desk, title};

#[test]
fn columns_are_as_wide_as_people_drag_them() {
    let mut desk = desk(2);
    desk.window.set_size([1280.0, 720.0].into());
    desk.frames(4);
    // What matters is in sight in a window of this size.
    let panel = desk.find("Search runs").rect().left()..1280.0;
    for column in [
        "Name",
        "State",
        "Best mIoU",
        "Started (UTC)",
        "Duration",
        "Dataset",
        "Network",
        "Settings",
    ] {
        let header = format!("Sort by {column}");
        let rect = desk.find(&header).rect();
        assert!(
            panel.contains(&rect.left()) && panel.contains(&rect.right()),
            "{column}"
        );
    }
    let left = |desk: &Desk| desk.find("Sort by State").rect().left();
    let before = left(&desk);
    let edge = desk.find("Resize Name").rect().center();
    desk.window.drag_at(edge);
    desk.frames(2);
    for by in [20.0, 60.0] {
        desk.window.hover_at(edge + vec2(by, 0.0));
        desk.frames(2);
    }
    desk.window.drop_at(edge + vec2(60.0, 0.0));
    desk.frames(4);
    assert!(
        (left(&desk) - before - 60.0).abs() < 2.0,
        "{} {before}",
        left(&desk)
    );
    desk.click("Columns");
    desk.click("Default columns");
    desk.frames(4);
    assert_eq!(left(&desk), before);

    // In a small window the table is scrolled to the side, and the names stay.
    desk.window.set_size([900.0, 600.0].into());
    desk.app().send(Command::ShowPanel(PanelKind::Runs));
    desk.frames(4);
    let name = |desk: &Desk| desk.find("Sort by Name").rect().left();
    let tick = |desk: &Desk| {
        let tick = format!("Show {}", title(desk, "run001"));
        desk.find(&tick).rect().left()
    };
    // Not the first column, which goes behind the names.
    let score = |desk: &Desk| desk.find("Sort by Best mIoU").rect().left();
    let (names, ticks, others) = (name(&desk), tick(&desk), score(&desk));
    desk.window
        .hover_at(desk.find("Sort by Name").rect().center() + vec2(0.0, 30.0));
    desk.frames(2);
    desk.window.event(Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: vec2(-60.0, 0.0),
        phase: TouchPhase::Move,
        source: eframe::egui::MouseWheelSource::Unknown,
        modifiers: Modifiers::NONE,
    });
    desk.frames(12);
    assert!(score(&desk) < others - 40.0, "{} {others}", score(&desk));
    assert_eq!((name(&desk), tick(&desk)), (names, ticks));
}

#[test]
fn train_lists_as_many_of_the_newest_runs_as_have_room() {
    let mut desk = desk(12);
    // Texts: the table, whose rows are buttons, has them all.
    let listed = |desk: &Desk| {
        let texts = desk.window.query_all_by_role(Role::Label);
        let texts = texts.filter_map(|node| node.accesskit_node().value());
        let titles = texts.filter(|text| text.contains(" on street, "));
        titles.collect::<Vec<String>>()
    };
    let newest = title(&desk, "run011");
    desk.window.set_size([900.0, 600.0].into());
    desk.app().send(Command::ShowPanel(PanelKind::Train));
    desk.frames(4);
    assert_eq!(listed(&desk), [newest.as_str()]);
    desk.window.set_size([2560.0, 1440.0].into());
    desk.frames(4);
    let titles = listed(&desk);
    assert!((2..=8).contains(&titles.len()), "{titles:?}");
    assert_eq!(titles[..2], [newest, title(&desk, "run010")]);
}
