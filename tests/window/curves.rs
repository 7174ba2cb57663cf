//! The Curves panel: zoom, pan, fit, the table under the pointer, axes, export.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::{
    Color32, ColorImage, Event, Modifiers, MouseWheelUnit, PointerButton, Pos2, TouchPhase, Vec2,
    ViewportCommand, ViewportId, vec2,
};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use fcn_workbench::engine::plots::PlotKind;
use fcn_workbench::engine::{DatasetState, RunConfig};
use fcn_workbench::ui::command::{Command, PanelKind};
use fcn_workbench::ui::state::AppState;

use super::desk::Desk;
use super::runs::{make_run, step};
use crate::common::TinySet;

/// A window with a trained run, and the middle of its plot of losses.
fn desk() -> (Desk, Pos2) {
    let set = TinySet::new(8, 2);
    let config = RunConfig {
        epochs: 3,
        ..set.config()
    };
    let state = serde_json::json!({
        "train": { "settings": config },
        // Where the file dialog begins.
        "recent": { "folders": [set.dir.path()] },
    });
    let state = serde_json::from_value(state).expect("the saved state of a window");
    let root = set.root();
    let mut desk = Desk::open(set, state, root);
    desk.until("the dataset is open", |desk| {
        matches!(desk.engine().dataset(), DatasetState::Ready(_))
    });
    desk.train();
    desk.until("its curve is there", |desk| {
        let model = desk.app().state().curves.model(&desk.run().name);
        model.is_some_and(|model| model.loss.len() == 12)
    });
    let middle = desk.find("Plot: Loss").rect().center();
    (desk, middle)
}

fn x(desk: &Desk) -> Option<[f64; 2]> {
    desk.app().state().curves.view().x
}

fn y(desk: &Desk) -> [f64; 2] {
    desk.app().state().curves.view().y[&PlotKind::Loss]
}

fn button(desk: &mut Desk, at: Pos2, button: PointerButton, pressed: bool) {
    desk.window.event(Event::PointerButton {
        pos: at,
        button,
        pressed,
        modifiers: Modifiers::NONE,
    });
    desk.frames(2);
}

fn drag(desk: &mut Desk, with: PointerButton, from: Pos2, by: Vec2) {
    desk.window.hover_at(from);
    desk.frames(2);
    button(desk, from, with, true);
    for part in [0.5, 1.0] {
        desk.window.hover_at(from + by * part);
        desk.frames(2);
    }
    button(desk, from + by, with, false);
    desk.frames(2);
}

fn scroll(desk: &mut Desk, delta: f32) {
    desk.window.event(Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: vec2(0.0, delta),
        phase: TouchPhase::Move,
        source: eframe::egui::MouseWheelSource::Unknown,
        modifiers: Modifiers::NONE,
    });
    desk.frames(12);
}

#[test]
fn the_wheel_zooms_to_the_pointer_a_drag_pans_and_a_double_click_fits() {
    let (mut desk, middle) = desk();
    assert!(x(&desk).is_none() && !desk.is_enabled("Fit"));
    desk.window.hover_at(middle);
    desk.frames(2);
    scroll(&mut desk, 120.0);
    let [from, to] = x(&desk).expect("a part");
    // The plot shows 12 steps; the one in the middle stays in the middle.
    assert!(to - from < 9.5, "{from} {to}");
    assert!((f64::midpoint(from, to) - 6.0).abs() < 0.7, "{from} {to}");
    let width = to - from;

    drag(&mut desk, PointerButton::Primary, middle, vec2(60.0, 0.0));
    let [moved, end] = x(&desk).expect("a part");
    assert!(
        moved < from - 0.1 && (end - moved - width).abs() < 1e-6,
        "{moved} {end}"
    );

    for pressed in [true, false, true, false] {
        desk.window.event(Event::PointerButton {
            pos: middle,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        });
        desk.window.step();
    }
    desk.frames(2);
    assert_eq!(x(&desk), None);
    assert!(!desk.is_enabled("Fit"));
}

#[test]
fn a_rectangle_with_the_right_button_is_what_is_shown_next() {
    let (mut desk, middle) = desk();
    drag(
        &mut desk,
        PointerButton::Secondary,
        middle,
        vec2(80.0, 40.0),
    );
    let ([left, right], [low, high]) = (x(&desk).expect("a part"), y(&desk));
    assert!(
        (left - 6.0).abs() < 0.7 && right > left + 0.5 && right < 12.0,
        "{left} {right}"
    );
    assert!(low < high);

    // Far away from everything the plot says so and leads back.
    for _ in 0..12 {
        drag(&mut desk, PointerButton::Primary, middle, vec2(-120.0, 0.0));
    }
    assert!(desk.says("Nothing is in sight here"));
    desk.click("Fit");
    assert!(x(&desk).is_none() && !desk.says("Nothing is in sight here"));
}

#[test]
fn the_table_under_the_pointer_has_the_values_of_the_run() {
    let (mut desk, middle) = desk();
    desk.window.hover_at(middle);
    desk.frames(4);
    let row = desk
        .window
        .query_all_by_label_contains("FCN-8s: step ")
        .next();
    let rect = row.expect("a row").rect();
    let panel = desk
        .find("Plot: Loss")
        .rect()
        .union(desk.find("Plot: Validation scores").rect());
    assert!(panel.expand(60.0).contains_rect(rect), "{rect} in {panel}");

    // It is where the pointer is not, so that the curve there is in sight.
    let plot = desk.find("Plot: Loss").rect();
    for (share, is_right) in [(0.02, true), (0.98, false)] {
        let pointer = plot.lerp_inside(vec2(share, 0.5));
        desk.window.hover_at(pointer);
        desk.frames(4);
        let rows = desk.window.query_all_by_label_contains("FCN-8s: step ");
        let rect = rows.map(|row| row.rect()).next().expect("a row");
        let is_off = if is_right {
            rect.left() > pointer.x
        } else {
            rect.right() < pointer.x
        };
        assert!(is_off, "{share}: {rect} at {pointer}");
        // Not over the other plot, whose newest values are looked at too.
        assert!(plot.contains_rect(rect), "{share}: {rect} in {plot}");
    }
}

#[test]
fn the_table_of_forty_runs_stays_in_the_panel() {
    let set = TinySet::new(4, 2);
    let state: AppState = serde_json::from_value(serde_json::json!({
        "selection": { "shown": (0..40).map(|number| serde_json::json!({
            "run": format!("run{number:03}"), "slot": number % 32, "by_user": true,
        })).collect::<Vec<_>>() },
    }))
    .expect("the saved state of a window");
    for number in 0..40 {
        let name = format!("run{number:03}");
        make_run(&set.runs(), &name, 1_795_442_701 + number, &set.config());
        let steps: String = (1..=9).map(step).collect();
        fs::write(set.runs().join(name).join("steps.jsonl"), steps).expect("a file");
    }
    let root = set.root();
    let mut desk = Desk::open(set, state, root);
    desk.until("all curves are there", |desk| {
        let curves = &desk.app().state().curves;
        (0..40).all(|number| {
            let model = curves.model(&format!("run{number:03}"));
            model.is_some_and(|model| model.loss.len() == 9)
        })
    });
    for size in [[1440.0, 1300.0], [1280.0, 720.0], [900.0, 600.0]] {
        desk.window.set_size(size.into());
        // In a low window it is one of the tabs.
        desk.app().send(Command::ShowPanel(PanelKind::Curves));
        desk.frames(4);
        assert!(desk.says("pixel accuracy"), "lines have names in {size:?}");
        let plot = desk.find("Plot: Loss").rect();
        let mut panel = plot;
        if let Some(other) = desk.window.query_by_label("Plot: Validation scores") {
            panel = panel.union(other.rect());
        }
        // Around the plots are their titles and axes.
        let panel = panel.expand2(vec2(70.0, 60.0));
        for share in [0.05, 0.5, 0.95] {
            // The lower part of a plot may be scrolled out of sight.
            desk.window.hover_at(plot.lerp_inside(vec2(share, 0.3)));
            desk.frames(4);
            let mut rows = Vec::new();
            let mut told = 0;
            for node in desk.window.query_all_by_label_contains(": step ") {
                rows.push(node.rect());
                told += 1;
            }
            for node in desk.window.query_all_by_label_contains(" more") {
                // Of a text it is the value.
                let node_text = node.accesskit_node();
                let label = node_text.label().or(node_text.value()).unwrap_or_default();
                if let Some(count) = label.strip_prefix("and ") {
                    rows.push(node.rect());
                    let count = count.split(' ').next().and_then(|count| count.parse().ok());
                    told += count.unwrap_or(0);
                }
            }
            assert_eq!(told, 40, "{size:?} {share}");
            for row in rows {
                assert!(
                    panel.contains_rect(row),
                    "{size:?} {share}: {row} in {panel}"
                );
            }
        }
    }
}

#[test]
fn one_value_far_away_does_not_flatten_a_plot_and_is_marked() {
    let set = TinySet::new(4, 2);
    make_run(&set.runs(), "run", 1_795_442_701, &set.config());
    let steps: String = (1..=40).map(step).collect();
    let line = step(17);
    let far = line.replace("\"loss\":0.5", "\"loss\":500000.0");
    assert_ne!(far, line);
    fs::write(
        set.runs().join("run/steps.jsonl"),
        steps.replace(&line, &far),
    )
    .expect("a file");
    let state = serde_json::json!({
        "selection": { "shown": [{ "run": "run", "slot": 0, "by_user": true }] },
    });
    let state = serde_json::from_value(state).expect("the saved state of a window");
    let root = set.root();
    let mut desk = Desk::open(set, state, root);
    desk.until("it is told", |desk| desk.says("1 value above"));
    // Who asks for it sees it.
    let middle = desk.find("Plot: Loss").rect().center();
    desk.window.hover_at(middle);
    desk.frames(2);
    for _ in 0..3 {
        scroll(&mut desk, -120.0);
    }
    assert!(!desk.says("1 value above"));
    desk.click("Fit");
    assert!(desk.says("1 value above"));
}

#[test]
fn plots_and_the_axis_are_chosen() {
    let (mut desk, _) = desk();
    for plot in ["Learning rate", "IoU per class", "Gradient norm"] {
        desk.click("Plots");
        let entry = desk
            .window
            .get_by_role_and_label(eframe::egui::accesskit::Role::CheckBox, plot);
        entry.click();
        desk.frames(3);
        desk.window.key_press(eframe::egui::Key::Escape);
        desk.frames(4);
        assert!(desk.says(&format!("Plot: {plot}")), "{plot}");
    }
    let model = |desk: &Desk| {
        desk.app()
            .state()
            .curves
            .model(&desk.run().name)
            .expect("curves")
            .clone()
    };
    assert_eq!(
        (
            model(&desk).learning_rate.len(),
            model(&desk).grad_norm.len(),
            model(&desk).class_iu.len()
        ),
        (12, 12, 3)
    );

    desk.window
        .get_by_role_and_label(eframe::egui::accesskit::Role::ComboBox, "Horizontal axis")
        .click();
    desk.frames(4);
    desk.click("Epoch");
    desk.until("epochs are to the right", |desk| {
        model(desk).extent.is_some_and(|extent| extent[1] == 3.0)
    });
}

/// Opens an entry of the menu and saves under the proposed name.
fn export(desk: &mut Desk, entry: &str, name: &str) -> PathBuf {
    desk.click("Export");
    desk.find(entry).click();
    desk.until("the place is asked for", |desk| {
        // The graphics card of a real window answers by itself.
        screenshot(desk);
        desk.says("Save plots as")
    });
    desk.frames(5);
    let path = PathBuf::from(desk.find("Path").value().expect("a path"));
    assert!(path.ends_with(name), "{}", path.display());
    desk.click("Save");
    desk.until("it is told", |desk| desk.has_message(name));
    path
}

#[test]
fn plots_and_values_are_saved_where_people_want_them() {
    let (mut desk, _) = desk();
    let values = export(&mut desk, "Values as CSV…", "curves.csv");
    assert_eq!(values, desk.set.dir.path().join("curves.csv"));
    let text = fs::read_to_string(values).expect("a file");
    // A header, 12 steps, 3 epochs.
    assert_eq!(text.lines().count(), 16);

    let drawing = export(&mut desk, "Plots as SVG…", "curves.svg");
    let text = fs::read_to_string(drawing).expect("a file");
    assert!(text.starts_with("<svg") && text.contains("<polyline") && text.contains("Step"));
    assert!(text.contains("Validation scores"), "both plots are in it");

    let picture = export(&mut desk, "Plots as PNG…", "curves.png");
    let plots = desk
        .find("Plot: Loss")
        .rect()
        .union(desk.find("Plot: Validation scores").rect());
    let png = image::open(picture).expect("a picture");
    assert!(png.width() >= plots.width() as u32 && png.height() >= plots.height() as u32);
}

/// The picture that is asked for in the last frame, answered as a graphics card does.
fn screenshot(desk: &Desk) -> Option<()> {
    let output = desk
        .window
        .output()
        .viewport_output
        .get(&ViewportId::ROOT)?;
    output.commands.iter().find_map(|command| match command {
        ViewportCommand::Screenshot(callback) => {
            let image = ColorImage::filled([1440, 1300], Color32::GRAY);
            callback.clone().complete(Arc::new(image));
            Some(())
        }
        _ => None,
    })
}
