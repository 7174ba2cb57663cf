//! Look inside: the scores of the pixel under the pointer in Inspect, taken apart.

use eframe::egui::accesskit::Role;
use eframe::egui::vec2;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use fcn_workbench::ui::command::{Command, PanelKind};

use super::desk::Desk;

/// The accessible names of all bars: `ground: 98.1 %, logit 2.345 = fc7 +2.300, pool4 +0.045`.
fn bars(desk: &Desk) -> Vec<String> {
    let nodes = desk.window.query_all_by_label_contains(", logit ");
    let labels = nodes.filter_map(|node| node.accesskit_node().label());
    labels.collect()
}

fn has_text(desk: &Desk, part: &str) -> bool {
    let mut found = desk.window.query_all_by_label_contains(part);
    found.next().is_some()
}

/// `fc7 +2.300` as its number.
fn last_number(text: &str) -> f64 {
    let number = text.rsplit(' ').next().expect("a word");
    number.parse().expect("a number")
}

#[test]
fn the_scores_of_the_pixel_under_the_pointer_are_taken_apart() {
    let mut desk = Desk::new(|config| config.epochs = 1);
    desk.window
        .state()
        .send(Command::ShowPanel(PanelKind::LookInside));
    desk.until("the panel says what is missing", |desk| {
        desk.says("No trained run yet")
    });
    desk.train();
    desk.window
        .state()
        .send(Command::ShowPanel(PanelKind::LookInside));
    desk.until("it asks for an image", |desk| {
        desk.says("No image in Inspect")
    });

    let image = desk.set.image_path(8);
    desk.drop_files(&[&image]);
    desk.until("the mask is there", |desk| has_text(desk, "predicted in"));
    desk.window
        .state()
        .send(Command::ShowPanel(PanelKind::LookInside));
    desk.until("it waits for a pixel", |desk| {
        has_text(desk, "move the pointer over the image")
    });
    let middle = desk.find("Inspected image").rect().center();
    desk.window.hover_at(middle);
    desk.until("the bars are there", |desk| !bars(desk).is_empty());

    let found = bars(&desk);
    assert_eq!(found.len(), 3, "one for each class: {found:?}");
    for bar in &found {
        let (logit, parts) = bar.split_once(" = ").expect("a sum");
        let sum: f64 = parts.split(", ").map(last_number).sum();
        // Each number is rounded to thousandths.
        assert!((sum - last_number(logit)).abs() < 0.003, "{bar}");
        assert!(parts.starts_with("fc7 "), "{bar}");
    }
    assert!(has_text(&desk, "Entropy ") && has_text(&desk, "Sees by fc7 32x32"));

    // A click pins the pixel: its scores stay while the pointer goes elsewhere.
    desk.window.get_by_label("Inspected image").click();
    desk.until("the pixel is pinned", |desk| has_text(desk, "pinned"));
    let pinned = bars(&desk);
    let corner = desk.find("Inspected image").rect().min;
    desk.window.hover_at(corner + vec2(2.0, 2.0));
    desk.frames(4);
    assert_eq!(bars(&desk), pinned);
    assert!(!desk.is_enabled("Add network"), "there is one run alone");
    maps_are_large_enough_in_a_low_window(&mut desk);
}

fn maps_are_large_enough_in_a_low_window(desk: &mut Desk) {
    desk.window.set_size(eframe::egui::vec2(1280.0, 720.0));
    desk.app().send(Command::ShowPanel(PanelKind::LookInside));
    desk.frames(4);
    desk.click("Probability");
    desk.until("the map is there", |desk| has_text(desk, "Probability of "));
    let map = |desk: &Desk| {
        let images = desk.window.query_all_by_role(Role::Image);
        let named = images.filter(|image| {
            let label = image.accesskit_node().label().unwrap_or_default();
            label.starts_with("Probability of ")
        });
        named.map(|image| image.rect()).next()
    };
    desk.until("it is drawn", |desk| map(desk).is_some());
    let map = map(desk).expect("a map");
    assert!(map.height() >= 170.0 && map.bottom() <= 700.0, "{map:?}");
}

/// The accessible names of the maps that are shown.
fn maps(desk: &Desk) -> Vec<String> {
    let nodes = desk.window.query_all_by_role(Role::Image);
    let labels = nodes.filter_map(|node| node.accesskit_node().label());
    // Each map is followed by what its colors mean.
    let mut shown = Vec::new();
    let mut last = None;
    for label in labels {
        if label.starts_with("Colors from ") {
            shown.extend(last.take());
        } else {
            last = Some(label);
        }
    }
    shown
}

/// Maps of one kind are, also where the panel is low and has no room for all of them.
fn maps_are_equally_large(desk: &mut Desk) {
    let before = desk.window.ctx.content_rect().size();
    desk.window.set_size(vec2(1280.0, 720.0));
    desk.frames(6);
    let nodes = desk
        .window
        .query_all_by_label_contains("red square from fc7, ");
    let heights: Vec<f32> = nodes.map(|node| node.rect().height()).collect();
    assert_eq!(heights, [heights[0]; 3]);
    desk.window.set_size(before);
    desk.frames(6);
}

#[test]
fn maps_of_a_class_of_a_layer_and_of_the_gradient_are_shown_for_each_network() {
    let mut desk = Desk::new(|config| config.max_steps = Some(3));
    desk.click("Train 32s, 16s, 8s");
    desk.until("all runs are over", |desk| {
        desk.engine().plan().is_some_and(|plan| plan.done)
    });
    let image = desk.set.image_path(8);
    desk.drop_files(&[&image]);
    desk.until("the mask is there", |desk| has_text(desk, "predicted in"));
    let middle = desk.find("Inspected image").rect().center();
    desk.window.hover_at(middle);
    desk.frames(3);
    desk.window.get_by_label("Inspected image").click();
    desk.frames(3);
    desk.window
        .state()
        .send(Command::ShowPanel(PanelKind::LookInside));
    desk.until("the bars are there", |desk| !bars(desk).is_empty());
    desk.click("Add network");
    desk.click("Add network");
    // What each of them sees is outlined in Inspect.
    let outlines = |desk: &Desk| -> Vec<String> {
        let state = desk.app().state();
        let inspected = state.inspect.inspected();
        let outlines = state
            .look_inside
            .outlines(desk.engine(), inspected.as_ref());
        outlines.into_iter().map(|outline| outline.label).collect()
    };
    desk.until("the fields of all networks are there", |desk| {
        // The image is so small that some see all of it by every layer.
        let labels = outlines(desk).join("; ");
        [
            "FCN-32s",
            "FCN-16s",
            "FCN-8s",
            "fc7 · ",
            "pool4 · ",
            "pool3 · ",
        ]
        .iter()
        .all(|part| labels.contains(part))
    });

    desk.click("Probability");
    desk.until("a map for each network", |desk| maps(desk).len() == 3);
    assert!(has_text(&desk, "Colors from 0 over 0.5 to 1"));
    desk.choose("Class", "red square");
    desk.until("maps of the other class", |desk| {
        let shown = maps(desk);
        shown.len() == 3
            && shown
                .iter()
                .all(|name| name.starts_with("Probability of red square"))
    });

    // FCN-32s has one part, 16s two and 8s three, and each has a sum.
    desk.click("Score maps");
    desk.until("the parts of each network", |desk| {
        maps(desk).len() == 2 + 3 + 4
    });
    let shown = maps(&desk);
    let count = |part: &str| shown.iter().filter(|name| name.starts_with(part)).count();
    assert_eq!(count("red square from fc7"), 3, "{shown:?}");
    assert_eq!(count("red square from pool3"), 1, "{shown:?}");
    assert_eq!(count("Logit of red square"), 3, "{shown:?}");
    maps_are_equally_large(&mut desk);

    desk.click("Activations");
    desk.until("a layer of each network", |desk| {
        maps(desk)
            .iter()
            .filter(|name| name.starts_with("pool3: mean of 32 channels"))
            .count()
            == 3
    });
    desk.choose("Channels", "One");
    desk.until("one channel", |desk| {
        maps(desk)
            .iter()
            .filter(|name| name.starts_with("pool3: channel 0 of 32"))
            .count()
            == 3
    });
    desk.set("Channel number", 31.0);
    desk.until("the last channel", |desk| {
        maps(desk)
            .iter()
            .filter(|name| name.starts_with("pool3: channel 31 of 32"))
            .count()
            == 3
    });

    desk.click("Effective field");
    desk.until("a field of each network", |desk| {
        maps(desk)
            .iter()
            .filter(|name| name.contains(" hold 95.0 %"))
            .count()
            == 3
    });
    // Without a pinned pixel there is nothing to differentiate.
    desk.window.get_by_label("Inspected image").click();
    desk.until("it asks for a pixel", |desk| {
        has_text(desk, "Click the image in Inspect to pin a pixel")
    });
    assert_eq!(maps(&desk), [] as [String; 0]);
}
