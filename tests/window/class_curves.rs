//! The plot of classes: every class is told from the others, in small windows too.

use std::fs;

use eframe::egui::accesskit::Role;
use eframe::egui::{Rect, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use fcn_workbench::ui::command::{Command, PanelKind};

use super::desk::Desk;
use super::runs::make_run;
use crate::common::TinySet;

const EPOCHS: usize = 6;

/// The score of a class after an epoch: the higher the label, the better.
fn score(label: usize, epoch: usize) -> f64 {
    0.02 + 0.04 * label as f64 + 0.01 * epoch as f64
}

/// A window that shows the classes of a run with so many of them.
fn desk(classes: usize) -> Desk {
    let set = TinySet::new(4, 2);
    make_run(&set.runs(), "run", 1_795_442_701, &set.config());
    let folder = set.runs().join("run");
    let config = fs::read_to_string(folder.join("config.json")).expect("a file");
    let mut config: serde_json::Value = serde_json::from_str(&config).expect("JSON");
    let class = |label| serde_json::json!({"name": format!("class {label}"), "color": [9, 9, 9]});
    config["classes"] = (0..classes).map(class).collect::<Vec<_>>().into();
    fs::write(folder.join("config.json"), config.to_string()).expect("written");
    let epoch = |epoch: usize| {
        let scores: Vec<f64> = (0..classes).map(|label| score(label, epoch)).collect();
        let record = serde_json::json!({
            "epoch": epoch, "step": 4 * epoch, "train_loss": 1.0, "val_loss": null,
            "elapsed_secs": epoch as f64, "best": false,
            "scores": {
                "pixel_accuracy": null, "mean_accuracy": null, "mean_iu": 0.5,
                "frequency_weighted_iu": null, "class_iu": scores,
            },
        });
        format!("{record}\n")
    };
    let epochs: String = (1..=EPOCHS).map(epoch).collect();
    fs::write(folder.join("epochs.jsonl"), epochs).expect("written");
    let state = serde_json::json!({
        "selection": { "shown": [{ "run": "run", "slot": 0, "by_user": true }] },
        "curves": { "plots": { "class_iu": true } },
    });
    let state = serde_json::from_value(state).expect("the saved state of a window");
    let root = set.root();
    let mut desk = Desk::open(set, state, root);
    desk.until("its curves are there", |desk| {
        let model = desk.app().state().curves.model("run");
        model.is_some_and(|model| model.class_iu.len() == classes)
    });
    desk
}

/// The rows of the table under the pointer, and how many it only counts.
fn rows(desk: &Desk) -> (Vec<(String, Rect)>, usize) {
    let mut rows = Vec::new();
    let mut counted = 0;
    for node in desk.window.query_all_by(|_| true) {
        // Of a text it is the value.
        let found = node.accesskit_node();
        let Some(label) = found.label().or(found.value()) else {
            continue;
        };
        if label.contains(": epoch ") {
            rows.push((label, node.rect()));
        } else if let Some(more) = label
            .strip_prefix("and ")
            .and_then(|rest| rest.strip_suffix(" more"))
        {
            counted = more.parse().expect("a number");
        }
    }
    rows.sort_by(|(_, a), (_, b)| {
        let place = |rect: &Rect| (rect.left() as i64, rect.top() as i64);
        place(a).cmp(&place(b))
    });
    (rows, counted)
}

#[test]
fn all_classes_are_named_beside_the_plot_and_under_the_pointer() {
    for classes in [12, 21] {
        let mut desk = desk(classes);
        for size in [[1440.0, 1300.0], [1280.0, 720.0], [900.0, 600.0]] {
            desk.window.set_size(size.into());
            // In a low window it is one of the tabs.
            desk.app().send(Command::ShowPanel(PanelKind::Curves));
            desk.frames(4);
            let plot = desk.find("Plot: IoU per class").rect();
            // Around the plot are its title, the names of its lines, and its axes.
            let panel = plot.expand2(vec2(70.0, 110.0));
            desk.window.hover_at(plot.lerp_inside(vec2(0.95, 0.3)));
            desk.frames(4);
            let (rows, counted) = rows(&desk);
            assert_eq!(rows.len() + counted, classes, "{size:?}");
            // The best one first.
            let best = format!("class {}: epoch {EPOCHS}, IoU ", classes - 1);
            assert!(rows[0].0.starts_with(&best), "{size:?}: {rows:?}");
            for (row, rect) in &rows {
                assert!(
                    panel.contains_rect(*rect),
                    "{size:?}: {row} {rect} in {panel}"
                );
            }
            desk.window.remove_cursor();
        }
        desk.window.set_size([1440.0, 1300.0].into());
        desk.frames(4);
        for label in 0..classes {
            assert!(desk.says(&format!("class {label}")), "{label}");
        }
    }
}

#[test]
fn one_class_of_a_run_is_chosen() {
    let mut desk = desk(3);
    desk.click("Plots");
    desk.click("Class");
    let entries = desk.window.query_all_by_label("class 1");
    let mut entries = entries.filter(|node| node.accesskit_node().role() != Role::Label);
    entries.next().expect("an entry of the menu").click();
    drop(entries);
    desk.frames(3);
    desk.window.key_press(eframe::egui::Key::Escape);
    desk.frames(4);
    assert!(desk.says("IoU per class · class 1"));
    let plot = desk.find("Plot: IoU per class").rect();
    desk.window.hover_at(plot.lerp_inside(vec2(0.95, 0.3)));
    desk.frames(4);
    let (rows, _) = rows(&desk);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert!(rows[0].0.ends_with(": epoch 6, IoU 12.0 %"), "{rows:?}");
}
