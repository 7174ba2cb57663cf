//! The smallest window: every control is in it, and images keep their room.

use eframe::egui::Vec2;
use eframe::egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use fcn_workbench::ui::command::{Command, PanelKind, UiCommand};

use super::comfort::cut_off;
use super::desk::Desk;

const SIZE: Vec2 = Vec2::new(900.0, 600.0);
const CLASSES: [&str; 3] = ["ground", "red square", "blue square"];
/// Heights that images keep at least, in points.
const INSPECTED: f32 = 250.0;
/// Of a run beside the ground truth.
const COMPARED: f32 = 120.0;
const LIVE: f32 = 90.0;

/// The highest image whose name begins so, as far as it is in the window.
fn height(desk: &Desk, name: &str) -> f32 {
    let images = desk.window.query_all_by_role(Role::Image);
    let named = images.filter(|image| {
        let label = image.accesskit_node().label().unwrap_or_default();
        label.starts_with(name)
    });
    named
        .map(|image| image.rect().bottom().min(SIZE.y) - image.rect().top())
        .fold(0.0, f32::max)
}

/// The shares of classes in Inspect, in percent.
fn shares(desk: &Desk) -> Vec<f64> {
    let labels = desk.window.query_all_by_role(Role::Label);
    labels
        .filter_map(|label| {
            let node = label.accesskit_node();
            let text = node.value().or_else(|| node.label())?;
            let number = text.strip_suffix(" %")?;
            number.contains('.').then(|| number.parse().ok())?
        })
        .collect()
}

#[test]
fn in_the_smallest_window_controls_are_in_sight_and_images_keep_their_room() {
    let mut desk = Desk::new(|config| {
        config.max_steps = Some(2);
        config.batch_size = 8;
        config.checkpoints.steps = Some(1);
    });
    desk.train();
    let image = desk.set.image_path(8);
    desk.drop_files(&[&image]);
    desk.until("the mask is there", |desk| {
        desk.says("Inspected image") && desk.is_enabled("Save mask…")
    });
    desk.window.set_size(SIZE);
    desk.frames(4);
    let inspected = height(&desk, "Inspected image");
    assert!(inspected >= INSPECTED, "{inspected}");
    // The share of each class is beside the image, and below it where that is narrower still.
    for width in [SIZE.x, 740.0] {
        desk.window.set_size(Vec2::new(width, SIZE.y));
        desk.frames(4);
        for class in CLASSES {
            let class = desk.window.get_by_role_and_label(Role::CheckBox, class);
            let rect = class.rect();
            assert!(rect.right() < width && rect.bottom() < SIZE.y, "{rect:?}");
        }
        let shares = shares(&desk);
        assert_eq!(shares.len(), CLASSES.len(), "{shares:?} at {width}");
        let sum: f64 = shares.iter().sum();
        assert!((sum - 100.0).abs() < 0.2, "{shares:?}");
    }
    desk.window.set_size(SIZE);
    desk.frames(4);

    desk.app().send(Command::ShowPanel(PanelKind::Compare));
    desk.frames(3);
    desk.click("Compare the newest runs");
    desk.until("two panes are there", |desk| {
        desk.says("Run 1") && height(desk, "Ground truth") > 0.0
    });
    for pane in ["FCN-8s", "Ground truth"] {
        let compared = height(&desk, pane);
        assert!(compared >= COMPARED, "{pane}: {compared}");
    }
    // The line of the pixel under the pointer is as high as that of the classes: nothing below it moves.
    let scores = "Whole validation set of tiny, best epoch of each run";
    let before = desk.find(scores).rect();
    let mut images = desk.window.query_all_by_role(Role::Image);
    let truth = images.find(|image| {
        let label = image.accesskit_node().label();
        label.is_some_and(|label| label.starts_with("Ground truth"))
    });
    let middle = truth.expect("a pane").rect().center();
    drop(images);
    desk.window.hover_at(middle);
    desk.frames(4);
    assert!(desk.finds("  ·  Ground truth: "), "a pixel is hovered");
    assert_eq!(desk.find(scores).rect(), before);
    // What is folded there can be unfolded.
    assert!(!desk.says("Disagreement"));
    desk.click("What is shown");
    desk.frames(20);
    assert!(desk.says("Disagreement") && desk.says("Truth pane"));
    assert_eq!(cut_off(&desk, SIZE.x), [""; 0]);
    desk.click("What is shown");
    desk.frames(20);

    desk.app().send(Command::ShowPanel(PanelKind::Live));
    desk.until("the film is there", |desk| {
        desk.says("Film scrubber") && height(desk, "Prediction of ") > 0.0
    });
    let live = height(&desk, "Prediction of ");
    assert!(live >= LIVE, "{live}");

    // The table of runs is scrolled sideways.
    let is_table = |panel: &PanelKind| *panel == PanelKind::Runs;
    for panel in PanelKind::ALL.into_iter().filter(|panel| !is_table(panel)) {
        desk.app().send(Command::ShowPanel(panel));
        desk.frames(3);
        let found = cut_off(&desk, SIZE.x);
        assert!(found.is_empty(), "{panel:?}: {found:#?}");
    }

    desk.app().send(Command::ShowPanel(PanelKind::Evaluate));
    desk.frames(3);
    let center = |role| {
        let node = desk.window.get_by_role_and_label(role, "Split");
        node.rect().center().y
    };
    let apart = (center(Role::Label) - center(Role::ComboBox)).abs();
    assert!(
        apart < 2.0,
        "the list is {apart} higher or lower than its label"
    );

    desk.app().send(Command::Ui(UiCommand::PublicDatasets));
    desk.frames(20);
    assert!(desk.says("Add local file CamVid"));
    assert_eq!(cut_off(&desk, SIZE.x), [""; 0]);
}
