//! Numbers are rounded for people, wherever the window shows one.

use egui_kittest::kittest::{NodeT as _, Queryable as _};
use fcn_workbench::ui::command::{Command, PanelKind};

use eframe::egui::accesskit::Role;

use super::desk::Desk;

/// What a scheduled or computed rate looks like.
const RATE: f64 = 9.915_585_312_589_867e-3;
/// Nobody writes more.
const MOST_DIGITS: usize = 6;

/// Significant digits of the number in `text` that has a point and the most of them.
fn digits(text: &str) -> usize {
    let numbers = text.split(|letter: char| !letter.is_ascii_digit() && letter != '.');
    let fractions = numbers.filter(|number| {
        let point = number.find('.');
        point.is_some_and(|at| at > 0 && at + 1 < number.len())
    });
    let significant = |number: &str| {
        let digits = number.replace('.', "");
        digits.trim_start_matches('0').len()
    };
    fractions.map(significant).max().unwrap_or(0)
}

/// Everything that the window says.
fn texts(desk: &Desk) -> Vec<String> {
    let nodes = desk.window.query_all_by(|_| true);
    nodes
        .flat_map(|node| {
            let node = node.accesskit_node();
            [node.label(), node.value()]
        })
        .flatten()
        .collect()
}

#[track_caller]
fn assert_rounded(desk: &Desk, what: &str) {
    let texts = texts(desk);
    let long: Vec<_> = texts
        .iter()
        .filter(|text| digits(text) > MOST_DIGITS)
        .collect();
    assert!(long.is_empty(), "{what}: {long:?}");
}

#[test]
fn no_panel_shows_more_digits_than_people_read() {
    assert_eq!(digits("lr 9.915585312589867 (run 1234567)"), 16);
    assert_eq!(digits("/tmp/1234567890/a.png, 0.00992"), 3);

    let mut desk = Desk::new(|config| {
        config.epochs = 2;
        config.learning.learning_rate = RATE;
        config.learning.weight_decay = RATE / 3.0;
        config.learning.clip_norm = Some(10.0 / 3.0);
    });
    let rate = desk
        .window
        .get_by_role_and_label(Role::SpinButton, "Learning rate")
        .value();
    assert_eq!(rate.as_deref(), Some("0.00992"));
    desk.find("Advanced").click_accesskit();
    desk.frames(20);
    assert_rounded(&desk, "the form");
    desk.train();
    let image = desk.set.image_path(8);
    desk.drop_files(&[&image]);
    desk.until("the mask is there", |desk| {
        desk.says("Inspected image") && desk.is_enabled("Save mask…")
    });
    let run = desk.run().name.clone();
    desk.app().send(Command::Compare {
        runs: vec![run],
        image: Some(image),
    });
    desk.until("the scores are there", |desk| {
        desk.says("Whole validation set of tiny, best epoch of each run")
    });
    for panel in PanelKind::ALL {
        desk.app().send(Command::ShowPanel(panel));
        desk.frames(10);
        assert_rounded(&desk, panel.title());
    }
    desk.app().send(Command::ShowPanel(PanelKind::Runs));
    desk.frames(10);
    assert!(desk.finds("lr 0.00992"), "the table of runs");
}
